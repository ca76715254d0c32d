"""Under which of her contacts somebody gets a wave, where several were merged into one: once, and not never.

All who were merged into one, over however many steps, are one person. What went out to any of them went out to her, in
this wave or in another one that brings her the same; so that nothing is cancelled when contacts are merged, and two
who are parted again are each judged alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import IntEnum

from sqlalchemy import and_, false, or_, select
from sqlalchemy.orm import Session

from mailer.contacts.merging import numbers_of
from mailer.contacts.models import Contact, ContactStatus
from mailer.database import take_family_turn
from mailer.rendering import Occasion
from mailer.schedule.models import RECEIVING_STATES, Delivery, DeliveryState, Wave


@dataclass(frozen=True, slots=True)
class Text:
    """A wave, and what other waves must bring to be the same again."""

    wave_id: int
    version_id: int
    kind: Occasion
    again: bool
    """Also to those who have it from another wave."""


class Rank(IntEnum):
    """How far she is from having it under one of her contacts; the nearest is hers."""

    HAS_IT = 0
    """Or may have it, and an officer is to say."""
    UNDER_WAY = 1
    """It is going out, or may have: it is known soon."""
    OWN = 2
    """It waits for the contact who is kept."""
    CLAIMED = 3
    WAITS = 4
    """What is claimed later gives way to what is claimed now."""


@dataclass(frozen=True, slots=True, order=True)
class Recipient:
    """Under which contact a person gets it."""

    rank: Rank
    contact: int


_SETTLED = (DeliveryState.ACCEPTED, DeliveryState.HELD)
_WAITING = (DeliveryState.QUEUED, DeliveryState.DEFERRED)


def recipients(
    session: Session, people: Collection[int], text: Text, batch: Mapping[int, bool]
) -> dict[int, Recipient]:
    """Under which of her contacts each of these people gets the wave.

    Not under one where it failed, was suppressed or cancelled: she would get it under none. ``batch`` are those who are
    claimed now, and whether something stops each of them.
    """
    take_family_turn(session)
    family = numbers_of(session, list(people))
    same = and_(Wave.version_id == text.version_id, Wave.kind == text.kind) if not text.again else false()
    rows = session.execute(
        select(Delivery.contact_id, Delivery.wave_id, Delivery.state, Delivery.sha256)
        .join(Wave, Wave.id == Delivery.wave_id)
        .where(
            Delivery.contact_id.in_(family),
            Delivery.state.in_(RECEIVING_STATES),
            or_(Delivery.wave_id == text.wave_id, same),
        )
    )
    found: dict[int, Recipient] = {}
    for contact, wave_id, state, sha256 in rows:
        here, person = wave_id == text.wave_id, family[contact]
        claimed = here and contact in batch
        if claimed and batch[contact]:
            continue
        if state in _SETTLED:
            rank = Rank.HAS_IT
        elif sha256 or not (claimed or state in _WAITING):
            # A hash is that of a message that she may have: it goes out again under the same Message-ID.
            rank = Rank.UNDER_WAY
        elif not here:
            continue  # when its turn comes, it finds this one
        elif contact == person:
            rank = Rank.OWN
        else:
            rank = Rank.CLAIMED if claimed else Rank.WAITS
        one = Recipient(rank, contact)
        found[person] = min(found.get(person, one), one)
    return found


def kept_for(session: Session, gone: Mapping[int, int | None]) -> dict[int, int | None]:
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
