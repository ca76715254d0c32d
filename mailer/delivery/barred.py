"""Which of the deliveries that were claimed just now must not go out after all, and why.

It is asked for each batch, so that it is a few statements for all of it, and none for each delivery. Those in hand may
be on the wire: they are not asked about, but go back when they have waited too long (see ``hands.FRESH_SECONDS``).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.contacts.merging import numbers_of
from mailer.contacts.models import Contact, ContactStatus
from mailer.contacts.stops import stops_among
from mailer.contacts.terms import accepts_embargo, day_of
from mailer.schedule.audience import issuers_of
from mailer.schedule.models import RECEIVING_STATES, Delivery, DeliveryState

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

    def issuers() -> frozenset[int]:
        return issuers_of(session, version_id)

    stops = stops_among(session, [claim.address_key for claim in claimed], issuers, contact_ids=contacts)
    kept: dict[int, int | None] = {}
    asked, gone = stops.people, set(stops.gone)
    if stops.gone:
        kept = _kept(session, stops.gone)
        others = {other for other in kept.values() if other is not None}
        asked = {**stops_among(session, (), issuers, contact_ids=others).people, **asked}
        batch = {claim.contact: bool(stops.why(claim.contact, claim.address_key)) for claim in claimed}
        recipients = _recipients(session, others, wave_id, batch)
        gone = {
            contact
            for contact, other in kept.items()
            if other is None or recipients.get(other, contact) != contact
        }
    refused: set[int] = set()
    if under_embargo:
        people = {kept.get(contact) or contact for contact in contacts}
        unbound = ~accepts_embargo(day_of(now))
        refused = set(session.scalars(select(Contact.id).where(Contact.id.in_(people), unbound)))
    barred: dict[int, str] = {}
    for claim in claimed:
        person = kept.get(claim.contact) or claim.contact
        stop = stops.why(claim.contact, claim.address_key) or asked.get(person)
        if stop is not None:
            barred[claim.delivery] = stop.value
        elif claim.contact in gone:
            barred[claim.delivery] = NOT_ACTIVE
        elif person in refused:
            barred[claim.delivery] = "no-embargo-terms"
    return barred


def _recipients(
    session: Session, people: Collection[int], wave_id: int, batch: Mapping[int, bool]
) -> dict[int, int]:
    """Under which of her contacts each of these people gets the wave: her own, or one of several merged into it.

    Not under one where it failed, was suppressed or cancelled: she would get it under none. ``batch`` are those who are
    claimed now, and whether something stops each of them.
    """
    family = numbers_of(session, list(people))
    receiving = (Delivery.wave_id == wave_id, Delivery.state.in_(RECEIVING_STATES))
    rows = session.execute(
        select(Delivery.contact_id, Delivery.state).where(*receiving, Delivery.contact_id.in_(family))
    )
    found: dict[int, tuple[int, int]] = {}
    for contact, state in rows:
        if batch.get(contact):
            continue
        person = family[contact]
        if contact == person:
            rank = 0
        elif contact in batch:
            rank = 2
        else:  # what went out before; what is claimed later gives way to this batch
            rank = 3 if state in (DeliveryState.QUEUED, DeliveryState.DEFERRED) else 1
        found[person] = min(found.get(person, (rank, contact)), (rank, contact))
    return {person: contact for person, (_, contact) in found.items()}


def _kept(session: Session, gone: Mapping[int, int | None]) -> dict[int, int | None]:
    """The active contact that each of these is merged into, at the end of however many merges; ``None`` for no such."""
    into = dict(gone)
    while asked := {other for other in into.values() if other is not None} - into.keys() - _active(session, into):
        rows = session.execute(select(Contact.id, Contact.merged_into_id).where(Contact.id.in_(asked)))
        into |= {row.id: row.merged_into_id for row in rows}

    def last(contact: int) -> int | None:
        found: int | None = contact
        while found is not None and found in into:
            found = into[found]
        return found

    return {contact: last(contact) for contact in gone}


def _active(session: Session, into: Mapping[int, int | None]) -> set[int]:
    others = {other for other in into.values() if other is not None}
    active = select(Contact.id).where(Contact.id.in_(others), Contact.status == ContactStatus.ACTIVE)
    return set(session.scalars(active))
