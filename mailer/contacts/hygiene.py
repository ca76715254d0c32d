"""Which contacts to check, and why: nobody has verified them, nothing was delivered, or something is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.contacts.domains import left_behind
from mailer.contacts.models import (
    Affiliation,
    City,
    Contact,
    ContactKind,
    ContactStatus,
    Suppression,
    SuppressionKind,
)
from mailer.contacts.sent import ACCEPTED, DELIVERY


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A contact who should be looked at."""

    contact_id: int
    name: str
    address: str
    city: str
    known_since: datetime
    """When somebody last made sure of her, or else when she was added."""
    verified_at: datetime | None
    delivered_at: datetime | None
    """When a relay last took a mail to her."""
    check: tuple[str, ...]
    """What to look at, in words."""


def doubtful(session: Session, *, older_than: timedelta, now: datetime) -> Sequence[Doubtful]:
    """The active contacts with something to check, those first of whom nobody has made sure for the longest time."""
    delivered = (
        select(DELIVERY.c.contact_id, func.max(DELIVERY.c.finished_at).label("at"))
        .where(DELIVERY.c.state == ACCEPTED)
        .group_by(DELIVERY.c.contact_id)
        .subquery()
    )
    placed = select(Affiliation.contact_id).where(Affiliation.until.is_(None))
    dead = select(Suppression.address_key).where(Suppression.kind == SuppressionKind.UNDELIVERABLE)
    query = (
        select(
            Contact.id,
            Contact.name,
            Contact.address,
            City.name.label("city"),
            Contact.kind,
            Contact.verified_at,
            Contact.added_at,
            Contact.source,
            Contact.lawful_basis,
            delivered.c.at.label("delivered_at"),
            Contact.id.in_(placed).label("placed"),
            Contact.address_key.in_(dead).label("dead"),
        )
        .join(City, City.id == Contact.city_id)
        .outerjoin(delivered, delivered.c.contact_id == Contact.id)
        .where(Contact.status == ContactStatus.ACTIVE)
        .order_by(func.coalesce(Contact.verified_at, Contact.added_at), Contact.id)
    )
    before = now - older_than
    behind = left_behind(session)
    found = []
    for row in session.execute(query):
        since = row.verified_at or row.added_at
        reasons = (
            (since < before, "not verified since" if row.verified_at else "never verified"),
            (row.delivered_at is not None and row.delivered_at < before, "nothing delivered since"),
            (bool(row.dead), "address undeliverable"),
            (row.id in behind, "her address is at the domain of an outlet she has left"),
            (row.kind is ContactKind.JOURNALIST and not row.placed, "no outlet now"),
            (not row.source, "no source of the address"),
            (row.lawful_basis is None, "no lawful basis"),
        )
        check = tuple(reason for holds, reason in reasons if holds)
        if check:
            found.append(
                Doubtful(row.id, row.name, row.address, row.city, since, row.verified_at, row.delivered_at, check)
            )
    return found
