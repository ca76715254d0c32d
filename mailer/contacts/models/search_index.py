"""The index of full-text search: the words of each contact, and whose words have yet to be brought up to date."""

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from mailer.database import Base


class ContactText(Base):
    """The words by which a contact is found, as ``contacts.words`` makes them, with a space between them.

    The database's own index on them is in the migration alone: SQLite has a table ``contact_search`` beside it, and
    PostgreSQL a further column ``lexemes``.
    """

    __tablename__ = "contact_text"

    contact_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    words: Mapped[str] = mapped_column(Text)


class ContactUnindexed(Base):
    """A contact that has changed since her words were made. Triggers of the database write it, so that no part of the
    program can forget to; ``contacts.search_index`` makes the words before the change is committed."""

    __tablename__ = "contact_unindexed"

    contact_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
