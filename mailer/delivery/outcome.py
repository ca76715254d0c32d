"""Records how attempts ended: state, attempt and log entry of each in one transaction, in sets."""

import json
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.audit import Event, append_rows
from mailer.database import fetch, insert_rows, is_sqlite, one_of, storing, update_rows
from mailer.delivery.claims import actor_of, lock_waves_of
from mailer.delivery.journal import Ended, Ending
from mailer.delivery.models import Attempt
from mailer.delivery.reply import Stage
from mailer.delivery.retry import retry_wait
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState

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

    resend_in_doubt: bool


_CHANGED = ("id", "state", "attempts", "next_at", "finished_at", "sha256", "process_id")
_KEPT = ("delivery_id", "number", "at", "relay", "stage", "code", "enhanced", "text")


DOUBTS = 3
"""So often a relay may take a message without an answer; then an officer decides, as each may be one more copy."""


def record(
    session: Session, attempts: Sequence[Ended], *, process_id: str, policy: Policy, trusted: bool = True
) -> None:
    """Bring deliveries up to date with their attempts. One that is not (or no longer) this process's is left alone,
    so that the same attempts can be recorded twice without harm. Nothing is given up by a clock that is not
    ``trusted``."""
    if not attempts:
        return
    ended = {attempt.delivery_id: attempt for attempt in attempts}
    lock_waves_of(session, list(ended))
    waves = _waves(session)
    doubts = _doubts(session, [a.delivery_id for a in attempts if a.verdict == Ending.IN_DOUBT])
    actor, stored = actor_of(process_id), storing(session)
    changes: list[tuple[Any, ...]] = []
    kept: list[tuple[Any, ...]] = []
    told: list[tuple[Any, ...]] = []
    for number, wave_id, contact_id, before, kept_sha256 in _mine(session, ended, process_id):
        attempt, wave = ended[number], waves[wave_id]
        count = before + 1
        at = stored(attempt.at)
        doubt = doubts.get(number, 0)
        states = _states(attempt, wave, policy, doubts=doubt, trusted=trusted)
        for state, extra in states:
            data = _data(attempt, count, extra)
            told.append((at, _EVENTS[state].value, actor, wave.release_id, wave_id, number, contact_id, data))
        state = states[-1][0]
        next_at = None
        if state is DeliveryState.DEFERRED or (state is DeliveryState.QUEUED and doubt):
            wait = retry_wait(attempt, count, random.random())  # noqa: S311 - spreads load, no secret
            next_at = stored(attempt.at + wait)
        final = state not in (DeliveryState.QUEUED, DeliveryState.DEFERRED)
        sha256 = attempt.sha256 if attempt.verdict in _SOMEBODY_HAS_IT else ""
        changes.append((number, state.value, count, next_at, at if final else None, sha256 or kept_sha256, None))
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
    update_rows(session, Delivery, _CHANGED, changes)
    insert_rows(session, Attempt, _KEPT, kept)
    append_rows(session, told)


def _mine(session: Session, ended: Collection[int], process_id: str) -> Sequence[Any]:
    """Those of the deliveries that this process still holds: number, wave, contact, attempts before, and the hash of a
    message that somebody may have."""
    is_one, numbers = one_of(session, "id", list(ended))
    return fetch(
        session,
        ("id", "wave_id", "contact_id", "attempts", "sha256"),
        f"FROM delivery WHERE {is_one} AND state = 'sending' AND process_id = ?"
        + ("" if is_sqlite(session) else " ORDER BY id FOR UPDATE"),
        (numbers, process_id),
    )


def _doubts(session: Session, numbers: Sequence[int]) -> Mapping[int, int]:
    """How often a relay has left each of these in doubt before; a process that died is not the relay's fault."""
    query = (
        select(Attempt.delivery_id, func.count())
        .where(
            Attempt.delivery_id.in_(numbers),
            Attempt.stage == Stage.END.value,
            Attempt.code == 0,
            Attempt.relay != "",
        )
        .group_by(Attempt.delivery_id)
    )
    return dict(session.execute(query).all()) if numbers else {}


def _waves(session: Session) -> Mapping[int, Any]:
    """The waves that may have deliveries on the wire: all that have been opened and are not done."""
    query = select(Wave.id, Wave.release_id, Wave.give_up_at, Wave.state).where(Wave.state != WaveState.DONE)
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


def _states(
    attempt: Ended, wave: Any, policy: Policy, *, doubts: int, trusted: bool
) -> list[tuple[DeliveryState, dict[str, object]]]:
    """The states that the delivery goes through, in order; the last is where it stays."""
    ending = Ending(attempt.verdict)
    if ending is Ending.ACCEPTED:
        return [(DeliveryState.ACCEPTED, {})]
    if ending is Ending.FAILED:
        return [(DeliveryState.FAILED, {})]
    if ending is Ending.HELD:
        return [(DeliveryState.HELD, {"reason": "it cannot be made again as it may have been sent"})]
    out_of_time = trusted and wave.give_up_at is not None and attempt.at > wave.give_up_at
    cancelled = wave.state is WaveState.CANCELLED
    if ending is Ending.DEFERRED:
        if cancelled:
            return [(DeliveryState.CANCELLED, {})]
        if out_of_time:
            return [(DeliveryState.FAILED, {"reason": "out of time"})]
        return [(DeliveryState.DEFERRED, {})]
    doubt: tuple[DeliveryState, dict[str, object]] = (DeliveryState.IN_DOUBT, {})
    if doubts + 1 >= DOUBTS:
        return [doubt, (DeliveryState.HELD, {"reason": "taken without an answer again and again"})]
    if policy.resend_in_doubt and not cancelled and not out_of_time:
        return [doubt, (DeliveryState.QUEUED, {"reason": "sent again under the same Message-ID"})]
    return [doubt, (DeliveryState.HELD, {"reason": "left to an officer"})]
