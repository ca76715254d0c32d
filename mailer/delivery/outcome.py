"""Records how attempts ended: state, attempt and log entry of each in one transaction, in sets."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from mailer.audit import Event, append_many
from mailer.delivery.claims import actor_of
from mailer.delivery.journal import Ended
from mailer.delivery.models import Attempt
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState

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
    query = (
        select(
            Delivery.id,
            Delivery.wave_id,
            Delivery.contact_id,
            Delivery.attempts,
            Wave.release_id,
            Wave.opened_at,
            Wave.state,
        )
        .join(Wave, Wave.id == Delivery.wave_id)
        .where(
            Delivery.id.in_(list(ended)),
            Delivery.state == DeliveryState.SENDING,
            Delivery.process_id == process_id,
        )
    )
    changes: list[dict[str, Any]] = []
    kept: list[dict[str, Any]] = []
    told: list[dict[str, Any]] = []
    for row in session.execute(query):
        attempt = ended[row.id]
        number = row.attempts + 1
        for state, extra in _states(attempt, row, policy):
            told.append(
                {
                    "at": attempt.at,
                    "event": _EVENTS[state].value,
                    "actor": actor_of(process_id),
                    "release_id": row.release_id,
                    "wave_id": row.wave_id,
                    "delivery_id": row.id,
                    "contact_id": row.contact_id,
                    "data": {
                        "attempt": number,
                        "relay": attempt.relay,
                        "stage": attempt.stage,
                        "code": attempt.code,
                        "enhanced": attempt.enhanced,
                        "sha256": attempt.sha256,
                    }
                    | extra,
                }
            )
        final = state not in (DeliveryState.QUEUED, DeliveryState.DEFERRED)
        changes.append(
            {
                "of": row.id,
                "to": state,
                "number": number,
                "next_at": attempt.at + retry_wait(number, random.random())  # noqa: S311 - spreads load, no secret
                if state is DeliveryState.DEFERRED
                else None,
                "finished": attempt.at if final else None,
                "hash": attempt.sha256,
            }
        )
        kept.append(
            {
                "delivery_id": row.id,
                "number": number,
                "at": attempt.at,
                "relay": attempt.relay,
                "stage": attempt.stage,
                "code": attempt.code,
                "enhanced": attempt.enhanced,
                "text": attempt.text,
            }
        )
    if not changes:
        return
    session.connection().execute(
        update(Delivery.__table__)  # type: ignore[arg-type]
        .where(Delivery.__table__.c.id == bindparam("of"))
        .values(
            state=bindparam("to"),
            attempts=bindparam("number"),
            next_at=bindparam("next_at"),
            finished_at=bindparam("finished"),
            sha256=bindparam("hash"),
            process_id=None,
        ),
        changes,
    )
    session.execute(insert(Attempt), kept)
    append_many(session, told)


def _states(attempt: Ended, row: Any, policy: Policy) -> Iterable[tuple[DeliveryState, dict[str, object]]]:
    """The states that the delivery goes through, in order; the last is where it stays."""
    out_of_time = row.opened_at is not None and attempt.at - row.opened_at > policy.give_up_after
    cancelled = row.state is WaveState.CANCELLED
    match Ending(attempt.verdict):
        case Ending.ACCEPTED:
            yield DeliveryState.ACCEPTED, {}
        case Ending.FAILED:
            yield DeliveryState.FAILED, {}
        case Ending.DEFERRED if cancelled:
            yield DeliveryState.CANCELLED, {}
        case Ending.DEFERRED if out_of_time:
            yield DeliveryState.FAILED, {"reason": "out of time"}
        case Ending.DEFERRED:
            yield DeliveryState.DEFERRED, {}
        case Ending.IN_DOUBT:
            yield DeliveryState.IN_DOUBT, {}
            if policy.resend_in_doubt and not cancelled and not out_of_time:
                yield DeliveryState.QUEUED, {"reason": "sent again under the same Message-ID"}
            else:
                yield DeliveryState.HELD, {"reason": "left to an officer"}
