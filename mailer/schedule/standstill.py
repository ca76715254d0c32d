"""Brings a plan to a standstill: nothing of it goes out until an officer has decided, wave by wave.

For an office whose database is older than what was done: what it takes for scheduled may have gone out. Names only
columns that every level of the schema has, as it is done before an old one is brought forward.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append_many, entry
from mailer.database import chunks
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState

GOING = (WaveState.SCHEDULED, WaveState.SENDING, WaveState.PAUSED, WaveState.HELD)
"""Waves of which something may yet go out."""
UNDER_WAY = (DeliveryState.SENDING, DeliveryState.IN_DOUBT)
"""Deliveries that were with a process, or of which nobody knows whether they arrived."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A wave that waits for an officer now, and what it was."""

    wave_id: int
    was: WaveState


def stand_still(session: Session, *, reason: str, word: str, at: datetime, actor: Actor) -> Sequence[Stopped]:
    """Hold every wave of which something may go out, one that was held already with the new reason, and set the
    deliveries that were under way aside; returns those waves in the order of their times.

    ``reason`` is for officers; ``word`` stands in the log.
    """
    query = (
        select(Wave.id, Wave.state, Wave.release_id).where(Wave.state.in_(GOING)).order_by(Wave.due_at, Wave.id)
    )
    rows = session.execute(query.with_for_update()).all()
    session.execute(
        update(Wave)
        .where(Wave.state.in_(GOING))
        .values(state=WaveState.HELD, reason=reason)
        .execution_options(synchronize_session=False)
    )
    append_many(
        session,
        [
            entry(
                Event.WAVE_HELD,
                at=at,
                actor=actor,
                release_id=row.release_id,
                wave_id=row.id,
                data={"reason": word, "was": row.state.value},
            )
            for row in rows
        ],
    )
    doubtful = select(Delivery.id).where(Delivery.state.in_(UNDER_WAY))
    set_aside(session, session.scalars(doubtful).all(), word=word, at=at, actor=actor)
    return [Stopped(row.id, row.state) for row in rows]


def set_aside(session: Session, delivery_ids: Sequence[int], *, word: str, at: datetime, actor: Actor) -> int:
    """Hold those of these deliveries that would be sent, or are under way; returns how many."""
    sendable = (*UNDER_WAY, DeliveryState.QUEUED, DeliveryState.DEFERRED)
    count = 0
    for numbers in chunks(delivery_ids):
        query = (
            select(Delivery.id, Delivery.state, Delivery.wave_id, Delivery.contact_id, Wave.release_id)
            .join(Wave, Wave.id == Delivery.wave_id)
            .where(Delivery.id.in_(numbers), Delivery.state.in_(sendable))
            .order_by(Delivery.id)
        )
        rows = session.execute(query).all()
        session.execute(
            update(Delivery)
            .where(Delivery.id.in_([row.id for row in rows]))
            .values(state=DeliveryState.HELD, process_id=None, next_at=None, finished_at=at)
            .execution_options(synchronize_session=False)
        )
        append_many(
            session,
            [
                entry(
                    Event.DELIVERY_HELD,
                    at=at,
                    actor=actor,
                    release_id=row.release_id,
                    wave_id=row.wave_id,
                    delivery_id=row.id,
                    contact_id=row.contact_id,
                    data={"reason": word, "was": row.state.value},
                )
                for row in rows
            ],
        )
        count += len(rows)
    return count
