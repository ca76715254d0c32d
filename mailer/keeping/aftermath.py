"""What becomes of an office that was put back to an older state: it holds all that it would send, and says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.clock import ZonedTime
from mailer.delivery.claims import retire
from mailer.delivery.models import Process
from mailer.keeping.older import Evidence
from mailer.schedule.models import DeliveryState, Wave, WaveState
from mailer.schedule.standstill import Stopped, set_aside, stand_still
from mailer.schedule.waves import tally

WORD = "restored"
"""Why, in the log."""


@dataclass(frozen=True, slots=True)
class HeldWave:
    """A wave that an officer has to decide on."""

    number: int
    release: str
    kind: str
    due: ZonedTime
    was: WaveState
    accepted: int
    """Deliveries of which the office knows that they arrived."""
    waiting: int
    """… that go out when the wave is released."""
    doubtful: int
    """… that were under way: held each for itself."""


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What was done, and what is to decide."""

    waves: Sequence[HeldWave]
    deliveries: int
    """Deliveries of which something beside the database says that they had gone out since."""


def settle(
    session: Session, *, reason: str, data: Mapping[str, object], at: datetime, actor: Actor
) -> Sequence[Stopped]:
    """Hold everything, end the processes that were running then, and write it down. On any level of the schema."""
    stopped: Sequence[Stopped] = ()
    # The very first level has nothing to send, and nothing that sends.
    if inspect(session.connection()).has_table(Wave.__tablename__):
        stopped = stand_still(session, reason=reason, word=WORD, at=at, actor=actor)
        for process_id in session.scalars(select(Process.id).where(Process.ended_at.is_(None))).all():
            retire(session, process_id, at=at, reason=WORD)
    append(session, Event.OFFICE_RESTORED, at=at, actor=actor, data={**data, "waves": len(stopped)})
    return stopped


def recover(session: Session, evidence: Evidence, *, at: datetime, actor: Actor) -> Aftermath:
    """Take the office as it is after its database was put back by hand: hold everything, and write it down.

    Deliveries that a journal beside the database knows of are set aside for themselves. Afterwards the caller puts
    the journals away, and takes the log as it is (``audit.sealing.accept_backup``).
    """
    reason = f"the database was put back from a copy, noticed {at:%Y-%m-%d %H:%M} UTC: it may have gone out since"
    known = sorted(evidence.deliveries)
    held = set_aside(
        session, known, word="in the journal of a process, and not in the database", at=at, actor=actor
    )
    data = {"by": "hand", "witnessed": evidence.witnessed, "journals": len(evidence.journals), "deliveries": held}
    stopped = settle(session, reason=reason, data=data, at=at, actor=actor)
    return Aftermath(described(session, stopped), held)


def described(session: Session, stopped: Sequence[Stopped]) -> Sequence[HeldWave]:
    """What an officer has to know of these waves."""
    numbers = [one.wave_id for one in stopped]
    counts = tally(session, numbers)
    waves = {wave.id: wave for wave in session.scalars(select(Wave).where(Wave.id.in_(numbers))).unique()}
    return [_held(waves[one.wave_id], one.was, counts[one.wave_id]) for one in stopped]


def _held(wave: Wave, was: WaveState, counts: Mapping[DeliveryState, int]) -> HeldWave:
    waiting = counts.get(DeliveryState.QUEUED, 0) + counts.get(DeliveryState.DEFERRED, 0)
    return HeldWave(
        wave.id,
        wave.release.slug,
        wave.kind.value,
        wave.due,
        was,
        counts.get(DeliveryState.ACCEPTED, 0),
        waiting,
        counts.get(DeliveryState.HELD, 0),
    )
