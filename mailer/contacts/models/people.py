"""Contacts and the outlets that they work for, with what has become of either."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.contacts.models.issuers import City, Office
from mailer.contacts.models.lawful import EmbargoAcceptance, LawfulBasis
from mailer.database import Base, kept_as_text


class ContactKind(StrEnum):
    """What a contact is to us."""

    JOURNALIST = "journalist"
    OFFICER = "officer"
    """A communications officer, of one of our organisations' offices."""


class ContactStatus(StrEnum):
    """Whether a contact can be on a media list: only who is active is, whatever names her."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    """Set aside by an officer: retired, gone to another trade."""
    MERGED = "merged"
    """Turned out to be the same person as another contact, who is kept; its history stays under its own number."""
    ERASED = "erased"
    """At her own request or by age; what identified her is gone."""


class OutletType(StrEnum):
    """What kind of outlet it is."""

    AGENCY = "agency"
    NEWSPAPER = "newspaper"
    MAGAZINE = "magazine"
    TELEVISION = "television"
    RADIO = "radio"
    ONLINE = "online"
    FREELANCE = "freelance"
    OTHER = "other"


class PointKind(StrEnum):
    """How a contact can be reached besides her first address and telephone."""

    ADDRESS = "address"
    PHONE = "phone"


class NoteKind(StrEnum):
    """What a note tells of."""

    NOTE = "note"
    REQUEST = "request"
    """She asked for something: an interview, figures, a correction."""


class Outlet(Base):
    """A newspaper, agency, broadcaster, site or freelance practice."""

    __tablename__ = "outlet"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    """The name folded (see ``contacts.spelling``), so that two spellings are one outlet."""
    type: Mapped[OutletType | None] = mapped_column(kept_as_text(OutletType))
    """Null where nobody has said."""


class Contact(Base):
    """A person: journalist or communications officer."""

    __tablename__ = "contact"
    __table_args__ = (
        Index("ix_contact_city_id", "city_id"),
        Index("ix_contact_merged_into_id", "merged_into_id"),
        CheckConstraint("(kind = 'officer') = (office_id IS NOT NULL)", name="office_of_officers"),
        CheckConstraint("(status = 'merged') = (merged_into_id IS NOT NULL)", name="merged_into_another"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ContactKind] = mapped_column(kept_as_text(ContactKind))
    status: Mapped[ContactStatus] = mapped_column(
        kept_as_text(ContactStatus), default=ContactStatus.ACTIVE, server_default="active"
    )
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    name: Mapped[str] = mapped_column(String(200))
    given_name: Mapped[str] = mapped_column(String(200), default="", server_default="")
    family_name: Mapped[str] = mapped_column(String(200), default="", server_default="")
    """The parts of ``name`` where somebody has told them; a name is never split by guess."""
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
    source: Mapped[str] = mapped_column(String(300), default="", server_default="")
    """Where the address comes from: her card, the outlet's page, a list that was bought."""
    lawful_basis: Mapped[LawfulBasis | None] = mapped_column(kept_as_text(LawfulBasis))
    basis_since: Mapped[date | None]
    verified_at: Mapped[datetime | None]
    """When somebody last made sure that all this is still right."""
    added_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]

    city: Mapped[City] = relationship(lazy="joined")
    office: Mapped[Office | None] = relationship(lazy="joined")
    languages: Mapped[list["ContactLanguage"]] = relationship(
        cascade="all, delete-orphan", order_by="ContactLanguage.position", lazy="selectin"
    )
    beats: Mapped[list["ContactBeat"]] = relationship(
        cascade="all, delete-orphan", order_by="ContactBeat.beat", lazy="selectin"
    )
    tags: Mapped[list["ContactTag"]] = relationship(
        cascade="all, delete-orphan", order_by="ContactTag.tag", lazy="selectin"
    )
    points: Mapped[list["ContactPoint"]] = relationship(
        cascade="all, delete-orphan", order_by="ContactPoint.position", lazy="selectin"
    )
    affiliations: Mapped[list["Affiliation"]] = relationship(
        cascade="all, delete-orphan", order_by="Affiliation.id", lazy="selectin"
    )
    """All, past ones too: see ``current_affiliations``."""
    acceptances: Mapped[list[EmbargoAcceptance]] = relationship(
        cascade="all, delete-orphan", order_by=EmbargoAcceptance.id, lazy="selectin"
    )

    @property
    def current_affiliations(self) -> list["Affiliation"]:
        """Where she works now."""
        return [affiliation for affiliation in self.affiliations if affiliation.until is None]

    def embargo_terms(self, day: date) -> EmbargoAcceptance | None:
        """The acceptance of embargo terms that is in force on that day, the latest one where there are several."""
        return next((a for a in reversed(self.acceptances) if a.in_force(day)), None)


class ContactLanguage(Base):
    """A language that a contact reads; position 0 is the one she likes best."""

    __tablename__ = "contact_language"
    __table_args__ = (Index("ix_contact_language_language", "language"),)

    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(20), primary_key=True)
    position: Mapped[int]
    salutation: Mapped[str] = mapped_column(String(200), default="", server_default="")
    """How a mail in this language opens for her, such as "Dear Ms Haddad"; empty for the template's own."""


class ContactBeat(Base):
    """A subject that a contact covers; see ``contacts.beats`` for which there are."""

    __tablename__ = "contact_beat"
    __table_args__ = (Index("ix_contact_beat_beat", "beat"),)

    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), primary_key=True)
    beat: Mapped[str] = mapped_column(String(60), primary_key=True)


class ContactTag(Base):
    """A word of the office's own by which it sorts contacts."""

    __tablename__ = "contact_tag"
    __table_args__ = (Index("ix_contact_tag_tag", "tag"),)

    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(60), primary_key=True)


class ContactPoint(Base):
    """A further address or telephone number. It is not written to; it tells who somebody is."""

    __tablename__ = "contact_point"
    __table_args__ = (
        UniqueConstraint("contact_id", "kind", "key"),
        Index(
            "uq_contact_point_address",
            "key",
            unique=True,
            sqlite_where=text("kind = 'address'"),
            postgresql_where=text("kind = 'address'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    kind: Mapped[PointKind] = mapped_column(kept_as_text(PointKind))
    value: Mapped[str] = mapped_column(String(320))
    key: Mapped[str] = mapped_column(String(320))
    """The value folded: an address's key, or a telephone number in E.164."""
    position: Mapped[int] = mapped_column(default=0)


class Affiliation(Base):
    """A contact's place at an outlet, with her role there; one that is over is kept with its end."""

    __tablename__ = "affiliation"
    __table_args__ = (
        Index("ix_affiliation_contact_id", "contact_id"),
        Index("ix_affiliation_outlet_id", "outlet_id"),
        Index(
            "uq_affiliation_current",
            "contact_id",
            "outlet_id",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    outlet_id: Mapped[int] = mapped_column(ForeignKey("outlet.id"))
    role: Mapped[str] = mapped_column(String(120), default="")
    since: Mapped[date | None]
    """Her first day there; null where not known."""
    until: Mapped[date | None]
    """Her last day there; null while she is."""
    outlet: Mapped[Outlet] = relationship(lazy="joined")


class ContactNote(Base):
    """What an officer wrote down about a contact."""

    __tablename__ = "contact_note"
    __table_args__ = (Index("ix_contact_note_contact_id", "contact_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    kind: Mapped[NoteKind] = mapped_column(kept_as_text(NoteKind))
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)


class ContactMerge(Base):
    """That two contacts are one person, and what it takes to undo that."""

    __tablename__ = "contact_merge"
    __table_args__ = (
        Index("ix_contact_merge_kept_id", "kept_id"),
        Index("ix_contact_merge_merged_id", "merged_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    merged_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(120))
    laid_over: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What of the kept one was changed by it, and how it was before."""
    undone_at: Mapped[datetime | None]


class Beat(Base):
    """A beat of the office's own, beside those that Dateline knows (see ``contacts.beats``)."""

    __tablename__ = "beat"

    slug: Mapped[str] = mapped_column(String(60), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    arabic: Mapped[str] = mapped_column(String(120), default="")
    french: Mapped[str] = mapped_column(String(120), default="")
    mediatopic: Mapped[str] = mapped_column(String(20), default="")
    """The code of an IPTC Media Topic, such as 20000771; empty where none fits."""


class ImportMapping(Base):
    """Which column of somebody's lists is which field, by name, for the next time."""

    __tablename__ = "import_mapping"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(120), unique=True)
    fields: Mapped[dict[str, str]] = mapped_column(JSON)
    """Field by folded heading; an empty field: the column is left out."""
    defaults: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, server_default="{}")
    """Value by field, of people who are new where a row does not say it."""
    saved_at: Mapped[datetime]
