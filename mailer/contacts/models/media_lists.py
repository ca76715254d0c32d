"""Media lists: who is on one by hand, and the queries that find the rest."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.database import Base


class MediaList(Base):
    """A named audience: members picked by hand, plus saved queries, less exclusions."""

    __tablename__ = "media_list"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(120), unique=True)
    archived_at: Mapped[datetime | None]
    """Since when it is kept for the record only; null while it is in use."""
    members: Mapped[list["MediaListMember"]] = relationship(cascade="all, delete-orphan")
    """Many thousands, maybe, so they are not loaded with the list; see ``contacts.lists.members_of``."""
    queries: Mapped[list["MediaListQuery"]] = relationship(
        cascade="all, delete-orphan", order_by="MediaListQuery.id", lazy="selectin"
    )


class MediaListMember(Base):
    """A contact put on a media list by hand, or kept off it whatever its queries say."""

    __tablename__ = "media_list_member"

    list_id: Mapped[int] = mapped_column(ForeignKey("media_list.id"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), primary_key=True)
    excluded: Mapped[bool] = mapped_column(default=False)


class MediaListQuery(Base):
    """A saved query of a media list, in the text form that officers write (``city:Beirut beat:migration``)."""

    __tablename__ = "media_list_query"
    __table_args__ = (UniqueConstraint("list_id", "query"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("media_list.id"))
    query: Mapped[str] = mapped_column(String(1000))
