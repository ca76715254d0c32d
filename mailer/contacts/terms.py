"""Embargo terms: who accepted which text, and whether that holds on a given day."""

from datetime import UTC, date, datetime

from sqlalchemy import ColumnElement, or_, select

from mailer.contacts.models import Contact, EmbargoAcceptance


def day_of(instant: datetime) -> date:
    """The day, in UTC, by which an instant is compared with acceptances."""
    return instant.astimezone(UTC).date()


def accepts_embargo(day: date) -> ColumnElement[bool]:
    """Of a ``Contact``: whether an acceptance of embargo terms is in force on that day."""
    acceptance = EmbargoAcceptance
    held = select(acceptance.contact_id).where(
        acceptance.accepted_on <= day,
        or_(acceptance.until.is_(None), acceptance.until >= day),
        or_(acceptance.withdrawn_on.is_(None), acceptance.withdrawn_on > day),
    )
    return Contact.id.in_(held)
