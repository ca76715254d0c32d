"""The registry's tables: organisations and offices, contacts and outlets, media lists, suppression."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.database import Base


class ContactKind(StrEnum):
    """What a contact is to us."""

    JOURNALIST = "journalist"
    OFFICER = "officer"
    """A communications officer, of one of our organisations' offices."""


class City(Base):
    """A city in its country and time zone, by its English, Arabic and French names."""

    __tablename__ = "city"
    __table_args__ = (UniqueConstraint("name", "country"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    arabic: Mapped[str] = mapped_column(String(120))
    french: Mapped[str] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(2))
    """ISO 3166-1 alpha-2."""
    zone: Mapped[str] = mapped_column(String(60))
    """IANA name."""

    def name_in(self, language: str) -> str:
        """The city's name in that language; the English one where we have no other."""
        return {"ar": self.arabic, "fr": self.french}.get(language.partition("-")[0]) or self.name


class Organisation(Base):
    """A body that issues releases."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    acronym: Mapped[str] = mapped_column(String(40))
    texts: Mapped[list["OrganisationText"]] = relationship(
        cascade="all, delete-orphan", order_by="OrganisationText.language", lazy="selectin"
    )
    offices: Mapped[list["Office"]] = relationship(order_by="Office.id", lazy="selectin")

    def name_in(self, language: str) -> str:
        """Its name in that language; else its first name; else its acronym."""
        names = {text.language: text.name for text in self.texts}
        exact = names.get(language) or names.get(language.partition("-")[0])
        return exact or next(iter(names.values()), self.acronym)


class OrganisationText(Base):
    """An organisation's name and boilerplate in one language."""

    __tablename__ = "organisation_text"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(300))
    about: Mapped[str] = mapped_column(Text)


class Office(Base):
    """An organisation's press office in one city."""

    __tablename__ = "office"
    __table_args__ = (UniqueConstraint("organisation_id", "city_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    city_id: Mapped[int] = mapped_column(ForeignKey("city.id"))
    city: Mapped[City] = relationship(lazy="joined")


class Outlet(Base):
    """A newspaper, agency, broadcaster, site or freelance practice."""

    __tablename__ = "outlet"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    """The name folded (see ``contacts.spelling``), so that two spellings are one outlet."""


class Contact(Base):
    """A person: journalist or communications officer."""

    __tablename__ = "contact"
    __table_args__ = (
        Index("ix_contact_city_id", "city_id"),
        CheckConstraint("(kind = 'officer') = (office_id IS NOT NULL)", name="office_of_officers"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ContactKind] = mapped_column(
        Enum(ContactKind, values_callable=lambda kinds: [k.value for k in kinds], native_enum=False, length=20)
    )
    name: Mapped[str] = mapped_column(String(200))
    arabic_name: Mapped[str] = mapped_column(String(200), default="")
    """As she writes it herself; empty where not known."""
    address: Mapped[str] = mapped_column(String(320))
    address_key: Mapped[str] = mapped_column(String(320), unique=True)
    """The address folded: one mailbox, one contact."""
    phone: Mapped[str] = mapped_column(String(60), default="")
    title: Mapped[str] = mapped_column(String(200), default="")
    arabic_title: Mapped[str] = mapped_column(String(200), default="")
    city_id: Mapped[int] = mapped_column(ForeignKey("city.id"))
    office_id: Mapped[int | None] = mapped_column(ForeignKey("office.id"))
    embargo_terms: Mapped[date | None]
    """The day on which she accepted the embargo terms; nothing is sent under embargo without it."""
    added_at: Mapped[datetime]

    city: Mapped[City] = relationship(lazy="joined")
    office: Mapped[Office | None] = relationship(lazy="joined")
    languages: Mapped[list["ContactLanguage"]] = relationship(
        cascade="all, delete-orphan", order_by="ContactLanguage.position", lazy="selectin"
    )
    beats: Mapped[list["ContactBeat"]] = relationship(
        cascade="all, delete-orphan", order_by="ContactBeat.beat", lazy="selectin"
    )
    affiliations: Mapped[list["Affiliation"]] = relationship(
        cascade="all, delete-orphan", order_by="Affiliation.id", lazy="selectin"
    )


class ContactLanguage(Base):
    """A language that a contact reads; position 0 is the one she likes best."""

    __tablename__ = "contact_language"
    __table_args__ = (Index("ix_contact_language_language", "language"),)

    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(20), primary_key=True)
    position: Mapped[int]


class ContactBeat(Base):
    """A subject that a contact covers."""

    __tablename__ = "contact_beat"
    __table_args__ = (Index("ix_contact_beat_beat", "beat"),)

    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), primary_key=True)
    beat: Mapped[str] = mapped_column(String(60), primary_key=True)


class Affiliation(Base):
    """A contact's place at an outlet, with her role there."""

    __tablename__ = "affiliation"
    __table_args__ = (
        UniqueConstraint("contact_id", "outlet_id"),
        Index("ix_affiliation_outlet_id", "outlet_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    outlet_id: Mapped[int] = mapped_column(ForeignKey("outlet.id"))
    role: Mapped[str] = mapped_column(String(120), default="")
    outlet: Mapped[Outlet] = relationship(lazy="joined")


class MediaList(Base):
    """A named audience: members picked by hand, plus saved queries, less exclusions."""

    __tablename__ = "media_list"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(120), unique=True)
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


class Suppression(Base):
    """An address that must not be written to."""

    __tablename__ = "suppression"

    address_key: Mapped[str] = mapped_column(String(320), primary_key=True)
    reason: Mapped[str] = mapped_column(String(300))
    since: Mapped[datetime]
