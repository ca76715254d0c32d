"""Which of the deliveries that were claimed just now must not go out after all, and why.

It is asked for each batch, so that it is a few statements for all of it, and none for each delivery. Those in hand may
be on the wire: they are not asked about, but go back when they have waited too long (see ``hands.FRESH_SECONDS``).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.contacts.models import Contact, ContactStatus
from mailer.contacts.stops import stops_among
from mailer.contacts.terms import accepts_embargo, day_of
from mailer.schedule.audience import issuers_of
from mailer.schedule.models import Delivery

NOT_ACTIVE = "not-active"
"""She was set aside, erased, or merged into another contact who has her own delivery."""


class Claimed(NamedTuple):
    """What has to be known of a claim."""

    delivery: int
    contact: int
    address_key: str


def barred_among(
    session: Session,
    claimed: Sequence[Claimed],
    *,
    wave_id: int,
    version_id: int,
    under_embargo: bool,
    now: datetime,
) -> Mapping[int, str]:
    """By the number of the delivery; the reasons are those of ``ExclusionReason``, or ``NOT_ACTIVE``."""
    contacts = [claim.contact for claim in claimed]
    kept = _kept(session, contacts)
    people = {kept.get(contact) or contact for contact in contacts}
    stops = stops_among(
        session,
        [claim.address_key for claim in claimed],
        lambda: issuers_of(session, version_id),
        contact_ids={*contacts, *people},
    )
    gone = {contact for contact, other in kept.items() if other is None}
    if others := {other for other in kept.values() if other is not None}:
        theirs = select(Delivery.contact_id).where(Delivery.wave_id == wave_id, Delivery.contact_id.in_(others))
        have = set(session.scalars(theirs))
        gone |= {contact for contact, other in kept.items() if other in have}
    refused: set[int] = set()
    if under_embargo:
        day = day_of(now)
        refused = set(session.scalars(select(Contact.id).where(Contact.id.in_(people), ~accepts_embargo(day))))
    barred: dict[int, str] = {}
    for claim in claimed:
        person = kept.get(claim.contact) or claim.contact
        stop = stops.why(claim.contact, claim.address_key) or stops.people.get(person)
        if stop is not None:
            barred[claim.delivery] = stop.value
        elif claim.contact in gone:
            barred[claim.delivery] = NOT_ACTIVE
        elif person in refused:
            barred[claim.delivery] = "no-embargo-terms"
    return barred


def _kept(session: Session, contacts: Sequence[int]) -> dict[int, int | None]:
    """Those who are no active contacts any more, with the active one that each is merged into, if any."""
    inactive = select(Contact.id, Contact.merged_into_id).where(Contact.status != ContactStatus.ACTIVE)
    into: dict[int, int | None] = {}
    asked: set[int] = set(contacts)
    # Further only for who was merged into one that was merged in turn: mostly this is one question, with no answer.
    while asked:
        rows = session.execute(inactive.where(Contact.id.in_(asked))).all()
        into |= {row.id: row.merged_into_id for row in rows}
        asked = {row.merged_into_id for row in rows if row.merged_into_id} - into.keys()

    def last(contact: int) -> int | None:
        found: int | None = contact
        while found is not None and found in into:
            found = into[found]
        return found

    return {contact: last(contact) for contact in contacts if contact in into}
