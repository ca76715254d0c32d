"""Records how attempts ended: state, attempt and log entry of each in one transaction, in sets."""

import json
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit import Event, append_rows
from mailer.database import bulk, fetch, is_sqlite, storing
from mailer.delivery.claims import actor_of
from mailer.delivery.journal import Ended
from mailer.schedule.models import DeliveryState, Wave, WaveState

FIRST_RETRY = timedelta(minutes=1)
LAST_RETRY = timedelta(hours=1)
"""Between tries the wait doubles from the first to the last (RFC 5321 4.5.4.1 asks for patience and an end)."""


class Ending(StrEnum):
    """How one attempt ended for its delivery."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    FAILED = "failed"
    IN_DOUBT = "in-doubt"
    """The data went out and no reply came back."""
    HELD = "held"
    """It cannot be made again as it may have been sent: an officer decides."""


_SOMEBODY_HAS_IT = frozenset({Ending.ACCEPTED, Ending.IN_DOUBT})
"""A relay has taken the very bytes, or may have: sent again they must be the same, or the log would vouch for others.
After a refusal nobody has them, and the next try may be signed with other keys."""


_EVENTS: Mapping[DeliveryState, Event] = {
    DeliveryState.ACCEPTED: Event.DELIVERY_ACCEPTED,
    DeliveryState.DEFERRED: Event.DELIVERY_DEFERRED,
    DeliveryState.FAILED: Event.DELIVERY_FAILED,
    DeliveryState.CANCELLED: Event.DELIVERY_CANCELLED,
    DeliveryState.IN_DOUBT: Event.DELIVERY_IN_DOUBT,
    DeliveryState.QUEUED: Event.DELIVERY_REQUEUED,
    DeliveryState.HELD: Event.DELIVERY_HELD,
}


@dataclass(frozen=True, slots=True)
class Policy:
    """What the settings say about deliveries that do not go through at once."""

    give_up_after: timedelta
    resend_in_doubt: bool


def retry_wait(attempts: int, spread: float) -> timedelta:
    """How long to wait after so many attempts; ``spread`` in 0..1 scatters it by a quarter, so that deliveries that
    were deferred together do not all come back together."""
    doubled = FIRST_RETRY * (1 << min(attempts - 1, 10))
    return min(doubled, LAST_RETRY) * (1 + spread / 4)


def record(session: Session, attempts: Sequence[Ended], *, process_id: str, policy: Policy) -> None:
    """Bring deliveries up to date with their attempts. One that is not (or no longer) this process's is left alone,
    so that the same attempts can be recorded twice without harm."""
    if not attempts:
        return
    ended = {attempt.delivery_id: attempt for attempt in attempts}
    waves = _waves(session)
    actor, stored = actor_of(process_id), storing(session)
    changes: list[tuple[Any, ...]] = []
    kept: list[tuple[Any, ...]] = []
    told: list[tuple[Any, ...]] = []
    for number, wave_id, contact_id, before in _mine(session, ended, process_id):
        attempt, wave = ended[number], waves[wave_id]
        count = before + 1
        at = stored(attempt.at)
        states = _states(attempt, wave, policy)
        for state, extra in states:
            data = _data(attempt, count, extra)
            told.append((at, _EVENTS[state].value, actor, wave.release_id, wave_id, number, contact_id, data))
        state = states[-1][0]
        next_at = None
        if state is DeliveryState.DEFERRED:
            wait = retry_wait(count, random.random())  # noqa: S311 - spreads load, no secret
            next_at = stored(attempt.at + wait)
        final = state not in (DeliveryState.QUEUED, DeliveryState.DEFERRED)
        sha256 = attempt.sha256 if attempt.verdict in _SOMEBODY_HAS_IT else ""
        changes.append((state.value, count, next_at, at if final else None, sha256, number))
        kept.append(
            (
                number,
                count,
                at,
                attempt.relay,
                attempt.stage,
                attempt.code,
                attempt.enhanced,
                attempt.text,
            )
        )
    bulk(
        session,
        "UPDATE delivery SET state = ?, attempts = ?, next_at = ?, finished_at = ?, "
        "sha256 = COALESCE(NULLIF(?, ''), sha256), process_id = NULL WHERE id = ?",
        changes,
    )
    bulk(
        session,
        "INSERT INTO attempt (delivery_id, number, at, relay, stage, code, enhanced, text) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        kept,
    )
    append_rows(session, told)


def _mine(session: Session, ended: Collection[int], process_id: str) -> Sequence[Any]:
    """Those of the deliveries that this process still holds: number, wave, contact, attempts before."""
    numbers = ",".join(str(int(number)) for number in ended)
    return fetch(
        session,
        "SELECT id, wave_id, contact_id, attempts FROM delivery "  # noqa: S608 - whole numbers, no text
        f"WHERE id IN ({numbers}) AND state = 'sending' AND process_id = ?"
        + ("" if is_sqlite(session) else " ORDER BY id FOR UPDATE"),
        (process_id,),
    )


def _waves(session: Session) -> Mapping[int, Any]:
    """The waves that may have deliveries on the wire: all that have been opened and are not done."""
    query = select(Wave.id, Wave.release_id, Wave.opened_at, Wave.state).where(Wave.state != WaveState.DONE)
    return {row.id: row for row in session.execute(query)}


def _data(attempt: Ended, count: int, extra: Mapping[str, object]) -> str:
    """What the log keeps of an attempt, as JSON."""
    shared = _shared_data(count, attempt.relay, attempt.stage, attempt.code, attempt.enhanced)
    more = f", {json.dumps(extra)[1:-1]}" if extra else ""
    return f'{shared}, "sha256": {json.dumps(attempt.sha256)}{more}}}'


@lru_cache(maxsize=256)
def _shared_data(count: int, relay: str, stage: str, code: int, enhanced: str) -> str:
    """The part that is the same for most of a batch, without its closing brace."""
    shared = {"attempt": count, "relay": relay, "stage": stage, "code": code, "enhanced": enhanced}
    return json.dumps(shared)[:-1]


def _states(attempt: Ended, wave: Any, policy: Policy) -> list[tuple[DeliveryState, dict[str, object]]]:
    """The states that the delivery goes through, in order; the last is where it stays."""
    ending = Ending(attempt.verdict)
    if ending is Ending.ACCEPTED:
        return [(DeliveryState.ACCEPTED, {})]
    if ending is Ending.FAILED:
        return [(DeliveryState.FAILED, {})]
    if ending is Ending.HELD:
        return [(DeliveryState.HELD, {"reason": "it cannot be made again as it may have been sent"})]
    out_of_time = wave.opened_at is not None and attempt.at - wave.opened_at > policy.give_up_after
    cancelled = wave.state is WaveState.CANCELLED
    if ending is Ending.DEFERRED:
        if cancelled:
            return [(DeliveryState.CANCELLED, {})]
        if out_of_time:
            return [(DeliveryState.FAILED, {"reason": "out of time"})]
        return [(DeliveryState.DEFERRED, {})]
    doubt: tuple[DeliveryState, dict[str, object]] = (DeliveryState.IN_DOUBT, {})
    if policy.resend_in_doubt and not cancelled and not out_of_time:
        return [doubt, (DeliveryState.QUEUED, {"reason": "sent again under the same Message-ID"})]
    return [doubt, (DeliveryState.HELD, {"reason": "left to an officer"})]
