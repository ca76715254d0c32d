"""Moves a wave from state to state in a test, at times around ten o'clock in Beirut."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from builders import DESK, make_contact, make_list
from newsroom import make_wave, plan_wave, told
from sqlalchemy import update
from sqlalchemy.orm import Session

from mailer.audit import Event
from mailer.schedule.models import Wave, WaveState
from mailer.schedule.rules import Hold, Stale, Wait
from mailer.schedule.waves import (
    Opened,
    cancel,
    hold_by_hand,
    open_wave,
    pause,
    release,
    resume,
)

TEN = datetime(2026, 12, 22, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
LONG = timedelta(days=2)


def scheduled(session: Session, *, people: int = 1, due: datetime = TEN) -> Wave:
    return make_wave(session, make_list(session, *(make_contact(session) for _ in range(people))), due=due)


def scheduled_beside(session: Session, wave: Wave) -> Wave:
    """A wave of the same version to somebody else."""
    return plan_wave(session, wave.version, make_list(session, make_contact(session), name="Beside"), due=TEN).wave


def open_at(
    session: Session, wave: Wave, now: datetime, *, doubt: str = ""
) -> Opened | Hold | Wait | Stale | None:
    return open_wave(session, wave.id, now=now, doubt=doubt, late_grace=HOUR, give_up_after=LONG, actor=DESK)


def put(session: Session, wave: Wave, state: WaveState, *, opened: bool = False) -> None:
    session.execute(update(Wave).where(Wave.id == wave.id).values(state=state, opened_at=TEN if opened else None))
    session.refresh(wave)


def of_waves(session: Session) -> list[str]:
    """The events about waves themselves, in order."""
    return [entry.event for entry in told(session) if entry.event.startswith("wave.")]


def last(session: Session) -> tuple[str, int | None, dict[str, object]]:
    """The newest entry of the log."""
    entry = told(session)[-1]
    return entry.event, entry.wave_id, entry.data


Act = Callable[[Session, Wave], object]

ACTS: dict[str, tuple[Act, set[WaveState], WaveState, Event]] = {
    "held": (
        lambda s, w: hold_by_hand(s, w, reason="the minister rang", at=TEN, actor=DESK),
        {WaveState.SCHEDULED, WaveState.SENDING},
        WaveState.HELD,
        Event.WAVE_HELD,
    ),
    "paused": (
        lambda s, w: pause(s, w, at=TEN, actor=DESK),
        {WaveState.SCHEDULED, WaveState.SENDING},
        WaveState.PAUSED,
        Event.WAVE_PAUSED,
    ),
    "resumed": (
        lambda s, w: resume(s, w, give_up_after=LONG, at=TEN, actor=DESK),
        {WaveState.PAUSED},
        WaveState.SCHEDULED,
        Event.WAVE_RESUMED,
    ),
    "released": (
        lambda s, w: release(s, w, give_up_after=LONG, at=TEN, actor=DESK),
        {WaveState.HELD},
        WaveState.SCHEDULED,
        Event.WAVE_RELEASED,
    ),
    "cancelled": (
        lambda s, w: cancel(s, w, at=TEN, actor=DESK),
        {WaveState.DRAFT, WaveState.SCHEDULED, WaveState.SENDING, WaveState.PAUSED, WaveState.HELD},
        WaveState.CANCELLED,
        Event.WAVE_CANCELLED,
    ),
}
