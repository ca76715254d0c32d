"""What an officer decides about single deliveries: send again, or give up."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append_many, entry
from mailer.delivery.messages import refuse_erased
from mailer.errors import WrongDeliveryState
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState
from mailer.schedule.waves import refuse_ended

_AGAIN = (DeliveryState.HELD, DeliveryState.FAILED)
_WAITING = (DeliveryState.HELD, DeliveryState.DEFERRED, DeliveryState.QUEUED)


def send_again(
    session: Session, numbers: Sequence[int], *, give_up_after: timedelta, at: datetime, actor: Actor
) -> int:
    """Put held or failed deliveries back into the queue; a wave that was done is being sent again, and has time anew.

    Raises ``WrongDeliveryState``, ``PersonForgotten``, or ``WrongWaveState`` or ``WaveStale`` where their wave was
    cancelled or is stale; then none was changed.
    """
    rows = _checked(session, numbers, _AGAIN, verb="sent again")
    for row in rows:
        refuse_erased(row, verb="sent again")
    for wave in session.scalars(select(Wave).where(Wave.id.in_({row.wave_id for row in rows}))).unique():
        refuse_ended(wave, verb="sent again", at=at)
    _set(session, rows, DeliveryState.QUEUED, Event.DELIVERY_REQUEUED, finished=None, at=at, actor=actor)
    theirs = update(Wave).where(Wave.id.in_({row.wave_id for row in rows}), Wave.opened_at.is_not(None))
    for statement in (
        theirs.values(give_up_at=at + give_up_after),
        theirs.where(Wave.state == WaveState.DONE).values(state=WaveState.SENDING, done_at=None),
    ):
        session.execute(statement.execution_options(synchronize_session=False))
    return len(rows)


def give_up(session: Session, numbers: Sequence[int], *, at: datetime, actor: Actor) -> int:
    """Cancel deliveries that wait. Raises ``WrongDeliveryState``, and then none was changed."""
    rows = _checked(session, numbers, _WAITING, verb="given up")
    _set(session, rows, DeliveryState.CANCELLED, Event.DELIVERY_CANCELLED, finished=at, at=at, actor=actor)
    return len(rows)


def _checked(
    session: Session, numbers: Sequence[int], allowed: Collection[DeliveryState], *, verb: str
) -> Sequence[Delivery]:
    # The waves' rows first and in order: one that is about to be done must wait for what is put back into its queue.
    waves = select(Delivery.wave_id).where(Delivery.id.in_(numbers))
    session.execute(select(Wave.id).where(Wave.id.in_(waves)).order_by(Wave.id).with_for_update())
    # And theirs: a process may be claiming one at this moment.
    mine = select(Delivery).where(Delivery.id.in_(numbers)).order_by(Delivery.id).with_for_update()
    rows = session.scalars(mine.execution_options(populate_existing=True)).all()
    states = {row.id: row.state for row in rows}
    for number in numbers:
        if states.get(number) not in allowed:
            raise WrongDeliveryState(
                delivery=number,
                state=states[number].value if number in states else "not there",
                verb=verb,
                allowed=" or ".join(state.value for state in allowed),
            )
    return rows


def _set(
    session: Session,
    rows: Sequence[Delivery],
    state: DeliveryState,
    event: Event,
    *,
    finished: datetime | None,
    at: datetime,
    actor: Actor,
) -> None:
    releases = dict(
        session.execute(select(Wave.id, Wave.release_id).where(Wave.id.in_({row.wave_id for row in rows}))).all()
    )
    for row in rows:
        row.state, row.finished_at, row.next_at = state, finished, None
    session.flush()
    append_many(
        session,
        [
            entry(
                event,
                at=at,
                actor=actor,
                release_id=releases[row.wave_id],
                wave_id=row.wave_id,
                delivery_id=row.id,
                contact_id=row.contact_id,
                data={"reason": "decided by an officer"},
            )
            for row in rows
        ],
    )
