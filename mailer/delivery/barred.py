"""Which of the deliveries that were claimed just now must not go out after all, and why.

It is asked for each batch, so that it is a few statements for all of it, and none for each delivery. Those in hand may
be on the wire: they are not asked about, but go back when they have waited too long (see ``hands.FRESH_SECONDS``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.contacts.models import Contact
from mailer.contacts.stops import stops_among
from mailer.contacts.terms import accepts_embargo, day_of
from mailer.delivery.addressed import ADDRESS_CHANGED, Addressed, no_longer_hers
from mailer.delivery.recipient import Rank, Recipient, Text, kept_for, recipients
from mailer.rendering import Occasion
from mailer.schedule.audience import issuers_of
from mailer.schedule.models import ExclusionReason

NOT_ACTIVE = "not-active"
"""She was set aside, erased, or merged into another contact who has her own delivery."""


class Claimed(NamedTuple):
    """What has to be known of a claim."""

    delivery: int
    contact: int
    address_key: str


@dataclass(slots=True)
class Barred:
    """What does not go out now; by the number of the delivery."""

    reasons: dict[int, str] = field(default_factory=dict)
    """Never: those of ``ExclusionReason``, ``NOT_ACTIVE``, or ``ADDRESS_CHANGED``."""
    later: set[int] = field(default_factory=set)
    """Not before it is known whether she has it under another of her contacts."""


def barred_among(session: Session, claimed: Sequence[Claimed], text: Text, *, now: datetime) -> Barred:
    """Which of these claims on a wave are not to be sent."""
    contacts = [claim.contact for claim in claimed]

    def issuers() -> frozenset[int]:
        return issuers_of(session, text.version_id)

    stops = stops_among(session, [claim.address_key for claim in claimed], issuers, contact_ids=contacts)
    kept: Mapping[int, int | None] = {}
    asked, hers = stops.people, dict[int, Recipient]()
    if stops.gone:
        kept = kept_for(session, stops.gone)
    readdressed = no_longer_hers(
        session,
        [
            Addressed(claim.delivery, kept.get(claim.contact) or claim.contact, claim.address_key)
            for claim in claimed
        ],
    )
    if stops.gone or stops.kept:
        # Only here has anybody been merged, and costs a few statements more.
        others = {other for other in kept.values() if other is not None}
        asked = {**stops_among(session, (), issuers, contact_ids=others).people, **asked}
        batch = {
            claim.contact: bool(stops.why(claim.contact, claim.address_key)) or claim.delivery in readdressed
            for claim in claimed
        }
        hers = recipients(session, others | (stops.kept - kept.keys()), text, batch)
    refused: set[int] = set()
    if text.kind is Occasion.UNDER_EMBARGO:
        people = {kept.get(contact) or contact for contact in contacts}
        unbound = ~accepts_embargo(day_of(now))
        refused = set(session.scalars(select(Contact.id).where(Contact.id.in_(people), unbound)))
    barred = Barred()
    for claim in claimed:
        person = kept.get(claim.contact) or claim.contact
        stop = stops.why(claim.contact, claim.address_key) or asked.get(person)
        other = hers.get(person)
        if stop is not None:
            barred.reasons[claim.delivery] = stop.value
        elif claim.contact in kept and kept[claim.contact] is None:
            barred.reasons[claim.delivery] = NOT_ACTIVE
        elif claim.delivery in readdressed:
            barred.reasons[claim.delivery] = ADDRESS_CHANGED
        elif other is not None and other.contact != claim.contact:
            if other.rank is Rank.UNDER_WAY:
                barred.later.add(claim.delivery)
            else:
                already = ExclusionReason.ALREADY_RECEIVES.value
                barred.reasons[claim.delivery] = NOT_ACTIVE if claim.contact in kept else already
        elif person in refused:
            barred.reasons[claim.delivery] = "no-embargo-terms"
    return barred
