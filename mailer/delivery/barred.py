"""Which of the deliveries that were claimed just now must not go out after all, and why.

It is asked for each batch, so that it is a few statements for all of it, and none for each delivery. Those in hand may
be on the wire: they are not asked about, but go back when they have waited too long (see ``hands.FRESH_SECONDS``).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
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
"""She was set aside, erased, or merged into another contact who gets the wave by another delivery."""

_WAITING = (DeliveryState.QUEUED, DeliveryState.DEFERRED)


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
    asked, doubles = stops.people, set[int]()
    if stops.gone:
        kept = _kept(session, stops.gone)
        others = {other for other in kept.values() if other is not None}
        asked = {**stops_among(session, (), issuers, contact_ids=others).people, **asked}
        doubles = _doubles(session, claimed, kept, wave_id, issuers)
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
        elif claim.delivery in doubles or kept.get(claim.contact, claim.contact) is None:
            barred[claim.delivery] = NOT_ACTIVE
        elif person in refused:
            barred[claim.delivery] = "no-embargo-terms"
    return barred


def _doubles(
    session: Session,
    claimed: Sequence[Claimed],
    kept: Mapping[int, int | None],
    wave_id: int,
    issuers: Callable[[], Collection[int]],
) -> set[int]:
    """The deliveries to merged contacts of those who get the wave by another one: of all that are hers one goes out.

    Not by one that failed, was cancelled, or must not go to that address: she would get nothing at either.
    """
    family = numbers_of(session, sorted({other for other in kept.values() if other is not None}))
    columns = select(Delivery.id, Delivery.contact_id, Delivery.address_key, Delivery.state)
    has_it = (Delivery.wave_id == wave_id, Delivery.state.in_(RECEIVING_STATES))
    rows = session.execute(columns.where(*has_it, Delivery.contact_id.in_(family))).all()
    batch = {claim.delivery for claim in claimed}
    waiting = {row.id for row in rows if row.id in batch or row.state in _WAITING}
    stops = stops_among(session, [row.address_key for row in rows if row.id in waiting], issuers)
    # What is under way comes first, then what goes to the kept one herself, then what was there before.
    ranked = sorted(rows, key=lambda row: (row.id in waiting, row.contact_id not in family.values(), row.id))
    first: dict[int | None, int] = {}
    for row in ranked:
        if row.id not in waiting or not stops.of_address(row.address_key):
            first.setdefault(family[row.contact_id], row.id)
    theirs = [(claim.delivery, kept[claim.contact]) for claim in claimed if claim.contact in kept]
    return {delivery for delivery, person in theirs if first.get(person, delivery) != delivery}


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
