"""How far a wave is: counts by state, the rate of now, when it will be done, and why some wait or have failed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from mailer.delivery.models import Attempt
from mailer.schedule.models import Delivery, DeliveryState, Wave
from mailer.schedule.waves import tally

WINDOW = timedelta(seconds=10)
"""The rate is that of this much time past: shorter jumps about, longer hides a relay that has stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A wave at one moment."""

    total: int
    states: Mapping[DeliveryState, int]
    per_second: float
    """Accepted in the last ten seconds, or since the wave was opened."""
    seconds_left: float | None
    """At that rate, for what is queued; ``None`` while nothing goes out."""
    deferred: Mapping[str, int]
    """How many wait, by the relay's answer."""
    failed: Mapping[str, int]

    @property
    def settled(self) -> int:
        """How many need nothing more."""
        waiting = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.DEFERRED, DeliveryState.IN_DOUBT)
        return self.total - sum(self.states.get(state, 0) for state in waiting)


def progress(session: Session, wave_id: int, *, now: datetime) -> Progress:
    """How far the wave is at that instant."""
    states = tally(session, [wave_id])[wave_id]
    recent = session.scalar(
        select(func.count())
        .select_from(Delivery)
        .where(
            Delivery.wave_id == wave_id,
            Delivery.state == DeliveryState.ACCEPTED,
            Delivery.finished_at > now - WINDOW,
        )
    )
    opened = session.scalar(select(Wave.opened_at).where(Wave.id == wave_id))
    # In its first seconds a wave has not been going for the whole window.
    going = min(WINDOW, now - opened) if opened else WINDOW
    rate = (recent or 0) / max(going.total_seconds(), 1)
    left = states.get(DeliveryState.QUEUED, 0) + states.get(DeliveryState.SENDING, 0)
    return Progress(
        total=sum(states.values()),
        states=states,
        per_second=rate,
        seconds_left=left / rate if rate else None,
        deferred=_reasons(session, wave_id, DeliveryState.DEFERRED),
        failed=_reasons(session, wave_id, DeliveryState.FAILED),
    )


def _reasons(session: Session, wave_id: int, state: DeliveryState) -> Mapping[str, int]:
    """How many deliveries are in a state, by the last answer's code: its words differ from person to person."""
    last = and_(Attempt.delivery_id == Delivery.id, Attempt.number == Delivery.attempts)
    query = (
        select(Attempt.code, Attempt.enhanced, func.min(Attempt.text), func.count())
        .join(Delivery, last)
        .where(Delivery.wave_id == wave_id, Delivery.state == state)
        .group_by(Attempt.code, Attempt.enhanced)
        .order_by(func.count().desc())
    )
    return {
        " ".join(filter(None, (str(code or ""), enhanced, text))): count
        for code, enhanced, text, count in session.execute(query)
    }
