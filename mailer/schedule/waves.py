"""Schedules waves and moves them from state to state; every move is one compare-and-set in the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append, append_many, entry
from mailer.clock import ZonedTime
from mailer.contacts.models import Contact
from mailer.contacts.spelling import CONTROLS
from mailer.contacts.table import clean
from mailer.database import chunks
from mailer.errors import UnknownWave, WaveStale, WrongWaveState
from mailer.releases.models import Release, Version
from mailer.schedule.models import (
    OPEN_STATES,
    Delivery,
    DeliveryState,
    Exclusion,
    ExclusionReason,
    Wave,
    WaveState,
)
from mailer.schedule.rules import Hold, Limits, Open, Stale, Wait, decide_opening

_BATCH = 500
_UNENDED = (WaveState.DRAFT, WaveState.SCHEDULED, WaveState.SENDING, WaveState.PAUSED, WaveState.HELD)

_REASON = 300  # characters, as in the table


def wave_numbered(session: Session, number: int) -> Wave:
    """The wave of that number, as it is in the database now. Raises ``UnknownWave``."""
    wave = session.get(Wave, number, populate_existing=True)
    if wave is None:
        raise UnknownWave(wave=number)
    return wave


def all_waves(session: Session, *, release_id: int | None = None) -> Sequence[Wave]:
    """The waves in the order of their times."""
    query = select(Wave).order_by(Wave.due_at, Wave.id)
    return session.scalars(query if release_id is None else query.where(Wave.release_id == release_id)).all()


def tally(session: Session, wave_ids: Collection[int]) -> dict[int, dict[DeliveryState, int]]:
    """How many deliveries of each wave are in each state."""
    counts: dict[int, dict[DeliveryState, int]] = {wave_id: {} for wave_id in wave_ids}
    query = (
        select(Delivery.wave_id, Delivery.state, func.count())
        .where(Delivery.wave_id.in_(list(wave_ids)))
        .group_by(Delivery.wave_id, Delivery.state)
    )
    for wave_id, state, count in session.execute(query):
        counts[wave_id][state] = count
    return counts


def limits_of(wave: Wave) -> Limits:
    """What the embargo rules need to know of it."""
    embargoes = (wave.version.embargo_at, wave.release.embargo_at)
    return Limits.of(wave.kind, wave.due_at, *embargoes, stale_at=wave.stale_at)


@dataclass(frozen=True, slots=True)
class BeingSent:
    """What the send engine needs to know of an open wave."""

    id: int
    limits: Limits
    opened_at: datetime
    give_up_at: datetime | None

    def out_of_time(self, now: datetime) -> bool:
        """Whether what has not been handed over is given up: see ``expire``."""
        return self.give_up_at is not None and now > self.give_up_at


def waves_being_sent(session: Session) -> Sequence[BeingSent]:
    """The open waves; a light query, as it is asked several times a second."""
    query = (
        select(
            Wave.id,
            Wave.kind,
            Wave.due_at,
            Wave.opened_at,
            Wave.give_up_at,
            Wave.stale_at,
            Version.embargo_at,
            Release.embargo_at.label("moved"),
        )
        .join(Version, Version.id == Wave.version_id)
        .join(Release, Release.id == Wave.release_id)
        .where(Wave.state == WaveState.SENDING)
        .order_by(Wave.due_at, Wave.id)
    )
    return [
        BeingSent(
            row.id,
            Limits.of(row.kind, row.due_at, row.embargo_at, row.moved, stale_at=row.stale_at),
            row.opened_at or row.due_at,
            row.give_up_at,
        )
        for row in session.execute(query)
    ]


@dataclass(frozen=True, slots=True)
class Opened:
    """A wave that this process has just opened."""

    wave_id: int
    late: timedelta


def open_wave(
    session: Session,
    wave_id: int,
    *,
    now: datetime,
    doubt: str,
    late_grace: timedelta,
    give_up_after: timedelta,
    actor: Actor,
) -> Opened | Hold | Wait | Stale | None:
    """Open a scheduled wave whose time has come, or hold it. ``None``: it is not this process's to open (any more).

    Its audience is opened as it stands; ``live.open_up_to_date`` is for whoever opens waves that follow their list.

    However many processes ask, one is told ``Opened``. A wave held by the rules is moved to ``held`` with its reason,
    a stale one is cancelled.
    """
    wave = session.get(Wave, wave_id, populate_existing=True)
    if wave is None or wave.state is not WaveState.SCHEDULED:
        return None
    decision = opening_of(wave, now=now, doubt=doubt, late_grace=late_grace)
    match decision:
        case Wait():
            return decision
        case Hold():
            return decision if hold(session, wave, reason=decision.reason, at=now, actor=actor) else None
        case Stale():
            return decision if cancel_stale(session, wave, now=now, actor=actor) else None
        case Open():
            opened = _move(
                session,
                wave,
                WaveState.SENDING,
                allowed=(WaveState.SCHEDULED,),
                opened_at=now,
                give_up_at=now + give_up_after,
                reason="",
            )
            if not opened:
                return None
            data = {"due": wave.due_at.isoformat(), "late_seconds": round(decision.late.total_seconds())}
            _tell(session, wave, Event.WAVE_OPENED, at=now, actor=actor, data=data)
            return Opened(wave_id, decision.late)


def opening_of(wave: Wave, *, now: datetime, doubt: str, late_grace: timedelta) -> Wait | Open | Hold | Stale:
    """What ``open_wave`` does with a scheduled wave at that instant."""
    return decide_opening(
        limits_of(wave),
        now=now,
        doubt=doubt or zone_doubt(wave.due),
        late_grace=late_grace,
        released_at=wave.released_at,
    )


def zone_doubt(due: ZonedTime) -> str:
    """Why a wall time no longer means the instant that it meant when it was entered; empty where it does.

    Countries change their summer time within weeks (Lebanon and Egypt in 2023): the wall time is what was meant.
    """
    means = due.instant.astimezone(ZoneInfo(due.zone)).replace(tzinfo=None)
    if means == due.wall:
        return ""
    return f"the clocks of {due.zone} have been changed since: {due.wall:%H:%M} there is now another instant"


def hold_shifted(session: Session, *, at: datetime, actor: Actor) -> Sequence[tuple[int, str]]:
    """Hold every scheduled wave whose wall time means another instant by the zone data of today."""
    shifted = []
    for wave in session.scalars(select(Wave).where(Wave.state == WaveState.SCHEDULED)).unique():
        reason = zone_doubt(wave.due)
        if reason and hold(session, wave, reason=reason, at=at, actor=actor):
            shifted.append((wave.id, reason))
    return shifted


def hold(session: Session, wave: Wave, *, reason: str, at: datetime, actor: Actor) -> bool:
    """Stop a wave until an officer decides; false if it has gone past that."""
    allowed = (WaveState.SCHEDULED, WaveState.SENDING)
    if not _move(session, wave, WaveState.HELD, allowed=allowed, reason=reason):
        return False
    _tell(session, wave, Event.WAVE_HELD, at=at, actor=actor, data={"reason": reason})
    return True


def hold_by_hand(session: Session, wave: Wave, *, reason: str, at: datetime, actor: Actor) -> None:
    """An officer stops a wave until she has decided; a long reason is cut. Raises ``WrongWaveState``."""
    reason = clean(CONTROLS.sub(" ", reason))[:_REASON] or "held by an officer"
    allowed = (WaveState.SCHEDULED, WaveState.SENDING)
    if not _move(session, wave, WaveState.HELD, allowed=allowed, reason=reason):
        raise _wrong(wave, "held", allowed)
    # Her words may name a person, so they stay beside the log.
    _tell(session, wave, Event.WAVE_HELD, at=at, actor=actor, data={"reason": "held by an officer"})


def release(session: Session, wave: Wave, *, give_up_after: timedelta, at: datetime, actor: Actor) -> None:
    """Let a held wave go on: at its time if that is to come, at once if it is past.

    Raises ``WrongWaveState``, or ``WaveStale`` where it is too late for it altogether.
    """
    _refuse_stale(wave, WaveState.HELD, verb="released", at=at)
    onward = _onward(wave, at + give_up_after)
    if not _move(session, wave, allowed=(WaveState.HELD,), reason="", released_at=at, **onward):
        raise _wrong(wave, "released", (WaveState.HELD,))
    _tell(session, wave, Event.WAVE_RELEASED, at=at, actor=actor)


def pause(session: Session, wave: Wave, *, at: datetime, actor: Actor) -> None:
    """Stop a wave until it is resumed. Raises ``WrongWaveState``."""
    allowed = (WaveState.SCHEDULED, WaveState.SENDING)
    if not _move(session, wave, WaveState.PAUSED, allowed=allowed, reason="paused by an officer"):
        raise _wrong(wave, "paused", allowed)
    _tell(session, wave, Event.WAVE_PAUSED, at=at, actor=actor)


def resume(session: Session, wave: Wave, *, give_up_after: timedelta, at: datetime, actor: Actor) -> None:
    """Go on with a paused wave. Raises ``WrongWaveState``, or ``WaveStale`` where it is too late for it altogether.

    One that had not been opened keeps its time, and is held if that has been missed by more than its grace.
    """
    _refuse_stale(wave, WaveState.PAUSED, verb="resumed", at=at)
    onward = _onward(wave, at + give_up_after)
    if not _move(session, wave, allowed=(WaveState.PAUSED,), reason="", **onward):
        raise _wrong(wave, "resumed", (WaveState.PAUSED,))
    _tell(session, wave, Event.WAVE_RESUMED, at=at, actor=actor)


def cancel(session: Session, wave: Wave, *, at: datetime, actor: Actor) -> int:
    """Stop a wave for good; returns how many deliveries will not go out. Raises ``WrongWaveState``.

    What a process is handing over at this moment is finished by it, and shows as accepted or failed.
    """
    count = _cancel(session, wave, reason="cancelled by an officer", data={}, at=at, actor=actor)
    if count is None:
        raise _wrong(wave, "cancelled", _UNENDED)
    return count


def stale_waves(session: Session, *, now: datetime) -> Sequence[int]:
    """The waves that should be cancelled as they are stale by now."""
    return session.scalars(select(Wave.id).where(Wave.stale_at <= now, Wave.state.in_(_UNENDED))).all()


def cancel_stale(session: Session, wave: Wave, *, now: datetime, actor: Actor) -> bool:
    """Cancel a wave that is stale, as ``cancel`` does; true if it was this call that did.

    One that is being sent and has nothing left to send is done, and not cancelled.
    """
    # Its row first: the last of it may be recorded at this moment.
    session.execute(select(Wave.id).where(Wave.id == wave.id).with_for_update())
    session.refresh(wave)
    spent = wave.state is WaveState.SENDING and not anything_open(session, wave.id)
    if spent or not wave.is_stale(now):
        return False
    data = {"reason": "stale"}
    return _cancel(session, wave, reason=f"stale since {wave.stale}", data=data, at=now, actor=actor) is not None


def _cancel(
    session: Session, wave: Wave, *, reason: str, data: Mapping[str, object], at: datetime, actor: Actor
) -> int | None:
    """How many deliveries will not go out; ``None`` if the wave has come to its end by now."""
    if not _move(session, wave, WaveState.CANCELLED, allowed=_UNENDED, reason=reason, done_at=at):
        return None
    waiting = (Delivery.wave_id == wave.id, Delivery.state.in_((DeliveryState.QUEUED, DeliveryState.DEFERRED)))
    count = cancel_deliveries(session, *waiting, at=at, actor=actor)
    _tell(session, wave, Event.WAVE_CANCELLED, at=at, actor=actor, data={**data, "deliveries": count})
    return count


def cancel_deliveries(
    session: Session, *which: ColumnElement[bool], reason: str = "", at: datetime, actor: Actor
) -> int:
    """Cancel the deliveries that fit, each with its entry in the log; returns how many."""
    columns = (Delivery.id, Delivery.wave_id, Delivery.contact_id, Wave.release_id)
    # What comes back from a process after its wave was cancelled says why as well.
    stale = (Wave.stale_at <= Wave.done_at).label("stale")
    query = select(*columns, stale).join(Wave, Wave.id == Delivery.wave_id).where(*which)
    rows = session.execute(query.with_for_update(of=Delivery)).all()
    for why, ended in (
        ("stale", [row for row in rows if row.stale]),
        (reason, [row for row in rows if not row.stale]),
    ):
        _end(session, ended, DeliveryState.CANCELLED, Event.DELIVERY_CANCELLED, reason=why, at=at, actor=actor)
    return len(rows)


def expire(session: Session, *, now: datetime, actor: Actor, limit: int = _BATCH) -> int:
    """Give up what a sending wave could not hand over in its time, though nobody tried, as while a relay is down.

    Returns how many have failed so; there may be more if it is ``limit``.
    """
    late = select(Wave.id).where(Wave.state == WaveState.SENDING, Wave.give_up_at < now)
    # Locked, as an officer may be giving one more time; whoever holds one, or a delivery, is not waited for.
    waves = session.scalars(late.with_for_update(skip_locked=True)).all()
    if not waves:
        return 0
    waiting = (Delivery.wave_id.in_(waves), Delivery.state.in_((DeliveryState.QUEUED, DeliveryState.DEFERRED)))
    query = (
        select(Delivery.id, Delivery.wave_id, Delivery.contact_id, Wave.release_id)
        .join(Wave, Wave.id == Delivery.wave_id)
        .where(*waiting)
        .limit(limit)
    )
    rows = session.execute(query.with_for_update(of=Delivery, skip_locked=True)).all()
    _end(session, rows, DeliveryState.FAILED, Event.DELIVERY_FAILED, reason="out of time", at=now, actor=actor)
    return len(rows)


def _end(
    session: Session,
    rows: Sequence[Any],
    state: DeliveryState,
    event: Event,
    *,
    reason: str,
    at: datetime,
    actor: Actor,
) -> None:
    """End deliveries, each with its entry in the log; a row has number, wave, contact and release."""
    for batch in chunks(rows, _BATCH):
        session.execute(
            update(Delivery)
            .where(Delivery.id.in_([row.id for row in batch]))
            .values(state=state, process_id=None, finished_at=at, next_at=None)
            .execution_options(synchronize_session=False)
        )
        append_many(
            session,
            [
                entry(
                    event,
                    at=at,
                    actor=actor,
                    release_id=row.release_id,
                    wave_id=row.wave_id,
                    delivery_id=row.id,
                    contact_id=row.contact_id,
                    data={"reason": reason} if reason else {},
                )
                for row in batch
            ],
        )


def relied_upon(session: Session, wave: Wave) -> dict[int, int]:
    """How many people other waves left out because this one has them, though it has not reached them: by wave."""
    # Who was merged since leads to the one who is kept, who was left out for her: they are one person.
    theirs = select(Delivery.contact_id.label("id")).where(
        Delivery.wave_id == wave.id, Delivery.state == DeliveryState.CANCELLED
    )
    person = Contact.__table__.alias()
    chain = theirs.cte(recursive=True)
    into = select(person.c.merged_into_id).join(chain, person.c.id == chain.c.id)
    chain = chain.union(into.where(person.c.merged_into_id.is_not(None)))
    query = (
        select(Exclusion.wave_id, func.count())
        .join(Wave, Wave.id == Exclusion.wave_id)
        .where(
            Exclusion.reason == ExclusionReason.ALREADY_RECEIVES,
            Exclusion.contact_id.in_(select(chain.c.id)),
            Exclusion.wave_id != wave.id,
            Wave.version_id == wave.version_id,
            Wave.kind == wave.kind,
            Wave.state != WaveState.CANCELLED,
        )
        .group_by(Exclusion.wave_id)
    )
    return dict(session.execute(query).all())


def anything_open(session: Session, wave_id: int) -> bool:
    """Whether a delivery of the wave may yet go out, or is going."""
    left = select(Delivery.id).where(Delivery.wave_id == wave_id, Delivery.state.in_(OPEN_STATES)).limit(1)
    return session.scalar(left) is not None


def finish(session: Session, wave_id: int, *, at: datetime, actor: Actor) -> bool:
    """Move a sending wave with nothing left to do to ``done``; true if it was this call that did."""
    # Its row first: an officer may be putting a delivery back into the queue of a wave that is about to be done.
    session.execute(select(Wave.id).where(Wave.id == wave_id).with_for_update())
    if anything_open(session, wave_id):
        return False
    wave = session.get(Wave, wave_id, populate_existing=True)
    if wave is None or not _move(session, wave, WaveState.DONE, allowed=(WaveState.SENDING,), done_at=at):
        return False
    counts = {state.value: count for state, count in tally(session, [wave_id])[wave_id].items()}
    _tell(session, wave, Event.WAVE_DONE, at=at, actor=actor, data={"deliveries": counts})
    return True


def due_waves(session: Session, *, until: datetime) -> Sequence[tuple[int, datetime]]:
    """The scheduled waves whose time comes before that instant, as (number, instant)."""
    query = (
        select(Wave.id, Wave.due_at)
        .where(Wave.state == WaveState.SCHEDULED, Wave.due_at < until)
        .order_by(Wave.due_at, Wave.id)
    )
    return [(wave_id, due_at) for wave_id, due_at in session.execute(query)]


def is_overdue(wave: Wave, now: datetime) -> bool:
    """Whether a scheduled wave should have been opened by now: nothing keeps the clock."""
    return wave.state is WaveState.SCHEDULED and now - wave.due_at > timedelta(seconds=10)


def refuse_ended(wave: Wave, *, verb: str, at: datetime) -> None:
    """Raises ``WaveStale`` or ``WrongWaveState`` if nothing of an opened wave goes out any more."""
    allowed = (WaveState.SENDING, WaveState.PAUSED, WaveState.HELD, WaveState.DONE)
    _refuse_stale(wave, *allowed, verb=verb, at=at)
    if wave.state is WaveState.CANCELLED:
        raise _wrong(wave, verb, allowed)


def _refuse_stale(wave: Wave, *allowed: WaveState, verb: str, at: datetime) -> None:
    """Whether or not it has been cancelled for that by now."""
    if wave.is_stale(at) and wave.state in (*allowed, WaveState.CANCELLED):
        raise WaveStale(wave=wave.id, stale=wave.stale, verb=verb, release=wave.release.slug)


def _onward(wave: Wave, give_up_at: datetime) -> dict[str, Any]:
    """Where a wave goes on that was stopped. What was stopped for days must not fail at once."""
    if wave.opened_at is None:
        return {"state": WaveState.SCHEDULED}
    return {"state": WaveState.SENDING, "give_up_at": give_up_at}


def _move(
    session: Session, wave: Wave, state: WaveState, *, allowed: Collection[WaveState], **values: Any
) -> bool:
    moved = session.execute(
        update(Wave)
        .where(Wave.id == wave.id, Wave.state.in_(allowed))
        .values(state=state, **values)
        .execution_options(synchronize_session=False)
    )
    session.refresh(wave)
    return bool(getattr(moved, "rowcount", 0))


def _wrong(wave: Wave, verb: str, allowed: Collection[WaveState]) -> WrongWaveState:
    words = " or ".join(dict.fromkeys(state.value for state in allowed))
    return WrongWaveState(wave=wave.id, state=wave.state.value, verb=verb, allowed=words)


def _tell(
    session: Session,
    wave: Wave,
    event: Event,
    *,
    at: datetime,
    actor: Actor,
    data: dict[str, object] | None = None,
) -> None:
    append(session, event, at=at, actor=actor, release_id=wave.release_id, wave_id=wave.id, data=data)
