"""What makes writing to somebody lawful or not: bases, embargo terms, suppression, and who was erased."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.contacts.mailbox import surely
from mailer.database import Base, kept_as_text


class LawfulBasis(StrEnum):
    """Why we may keep and use a person's data (GDPR, Article 6(1), in the order of its letters)."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal-obligation"
    PUBLIC_INTEREST = "public-interest"
    LEGITIMATE_INTEREST = "legitimate-interest"


class SuppressionKind(StrEnum):
    """Why an address must not be written to."""

    ASKED = "asked"
    """She asked, unsubscribed or complained, or an officer decided."""
    UNDELIVERABLE = "undeliverable"
    """There is no such mailbox any more; that says nothing of the person."""


class EmbargoTerms(Base):
    """A text that journalists accept before they are sent anything under embargo."""

    __tablename__ = "embargo_terms"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(120), unique=True)
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the text in UTF-8. A text that somebody has accepted is never changed."""
    added_at: Mapped[datetime]


class EmbargoAcceptance(Base):
    """That a contact accepted embargo terms: which, when, how, until when; nothing goes under embargo without one."""

    __tablename__ = "embargo_acceptance"
    __table_args__ = (Index("ix_embargo_acceptance_contact_id", "contact_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    terms_id: Mapped[int | None] = mapped_column(ForeignKey("embargo_terms.id"))
    """Null where only the day is known, as from a list."""
    accepted_on: Mapped[date]
    until: Mapped[date | None]
    """The last day on which it holds; null for no end."""
    how: Mapped[str] = mapped_column(String(200), default="")
    """By mail, by telephone, on paper; where it is filed."""
    withdrawn_on: Mapped[date | None]
    """From this day on it holds no more."""
    recorded_at: Mapped[datetime]
    terms: Mapped[EmbargoTerms | None] = relationship(lazy="joined")

    def in_force(self, day: date) -> bool:
        """Whether it holds on that day."""
        return holds(day, self.accepted_on, self.until, self.withdrawn_on)


def holds(day: date, accepted_on: date, until: date | None, withdrawn_on: date | None) -> bool:
    """Whether an acceptance with these days is in force on that day."""
    begun = accepted_on <= day and (until is None or day <= until)
    return begun and (withdrawn_on is None or day < withdrawn_on)


ELSEWHERE = "asked so at another address of hers"
"""The reason of a suppression that a merge has made; who says so at the address itself takes its place, so that
undoing the merge lets nobody be written to who has asked."""


class Suppression(Base):
    """An address, or a whole domain, that must not be written to: by anybody, or by one organisation."""

    __tablename__ = "suppression"
    __table_args__ = (
        Index(
            "uq_suppression_by_all",
            "address_key",
            unique=True,
            sqlite_where=text("organisation_id IS NULL"),
            postgresql_where=text("organisation_id IS NULL"),
        ),
        Index(
            "uq_suppression_by_one",
            "address_key",
            "organisation_id",
            unique=True,
            sqlite_where=text("organisation_id IS NOT NULL"),
            postgresql_where=text("organisation_id IS NOT NULL"),
        ),
        Index("ix_suppression_mailbox", "mailbox"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    address_key: Mapped[str] = mapped_column(String(320))
    """See ``Address.key``; ``@paper.example`` is the domain with all below it."""
    mailbox: Mapped[str] = mapped_column(
        String(320),
        default=lambda context: surely(context.get_current_parameters()["address_key"]),
        server_default="",
    )
    """The one text of its mailbox in whichever spelling (see ``mailbox.surely``): mostly the key itself."""
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    """Whose releases it is about; null for all."""
    kind: Mapped[SuppressionKind] = mapped_column(kept_as_text(SuppressionKind), default=SuppressionKind.ASKED)
    reason: Mapped[str] = mapped_column(String(300))
    since: Mapped[datetime]


class ErasedAddress(Base):
    """An address that was erased, as a keyed hash: nobody can read it, and it is taken in again only when she asks."""

    __tablename__ = "erased_address"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """HMAC-SHA-256 (RFC 2104) of the address's key, in hexadecimal."""
    key_id: Mapped[str] = mapped_column(String(16))
    """Names the office's key that made it, so that another one is noticed."""
    erased_at: Mapped[datetime]
