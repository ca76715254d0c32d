"""Who sends what: processes and their locks, claiming batches of deliveries, and taking over from the dead.

A process is alive as long as it holds its lock, which the system takes from it however it dies: a locked file beside
an SQLite database, an advisory lock of a session of its own on PostgreSQL. A claim of a living process is never
touched by another; a dead one's are taken over once, by whoever takes its lock.
"""

import fcntl
import logging
import os
import socket
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

from sqlalchemy import ColumnElement, Connection, or_, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append, append_many, entry
from mailer.database import Database, fetch, is_sqlite, one_of, run, storing
from mailer.delivery.barred import Claimed, barred_among
from mailer.delivery.models import Process
from mailer.delivery.recipient import Text
from mailer.logs import fields
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState
from mailer.schedule.waves import cancel_deliveries

_log = logging.getLogger(__name__)

_LOCK_CLASS = 0x44617465
"""Keeps our advisory locks apart from anybody else's in the same PostgreSQL database."""


class ProcessLock:
    """The lock of one process. ``take`` it to be alive; what another can take belonged to the dead."""

    def __init__(self, database: Database, folder: Path, process_id: str) -> None:
        self._database, self._file, self._id = database, folder / f"{process_id}.lock", process_id
        self._handle: IO[bytes] | None = None
        self._connection: Connection | None = None

    def take(self) -> bool:
        """True if it was free; held until ``drop`` or the end of the process."""
        if not self._database.is_sqlite:
            connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            free = connection.execute(
                text("SELECT pg_try_advisory_lock(:kind, :key)"), {"kind": _LOCK_CLASS, "key": self._key()}
            ).scalar_one()
            if not free:
                connection.close()
                return False
            self._connection = connection
            return True
        self._file.parent.mkdir(parents=True, exist_ok=True)
        handle = self._file.open("ab")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            return False
        self._handle = handle
        return True

    def keep(self) -> bool:
        """Whether it is still held; one that a restart of the database server took is taken again if it is free.

        Raises ``DBAPIError`` while the server is away: then nobody can have it, and it is tried again next time.
        """
        if self._database.is_sqlite:
            return self._handle is not None
        if self._connection is not None:
            try:
                self._connection.execute(text("SELECT 1"))
            except DBAPIError:
                self._connection.close()
                self._connection = None
            else:
                return True
        return self.take()

    def drop(self) -> None:
        """Give it back."""
        if self._handle is not None:
            with suppress(OSError):
                self._file.unlink()
            self._handle.close()
            self._handle = None
        if self._connection is not None:
            # The server would let go of it by itself, but only when it notices that the connection has ended.
            with suppress(DBAPIError):
                self._connection.execute(
                    text("SELECT pg_advisory_unlock(:kind, :key)"), {"kind": _LOCK_CLASS, "key": self._key()}
                )
            # The lock belongs to the connection, which must not go back to the pool with it.
            if not self._connection.invalidated:
                self._connection.detach()
            self._connection.close()
            self._connection = None

    def _key(self) -> int:
        return int(self._id[:8], 16) - 2**31


class Claim(NamedTuple):
    """A delivery that this process is to send, with all that is personal in it."""

    id: int
    wave_id: int
    compiled_id: int
    name: str
    address: str
    token: str
    attempts: int
    sha256: str

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """That of a delivery as it is in the database, to make its message outside of the queue."""
        return cls(*(getattr(delivery, column) for column in cls._fields))


def register(session: Session, process_id: str, *, at: datetime) -> None:
    """Enter a new process, which must hold its lock by now: one that is entered and holds none is dead."""
    session.add(Process(id=process_id, host=socket.gethostname(), pid=os.getpid(), started_at=at, beat_at=at))
    session.flush()
    append(session, Event.PROCESS_STARTED, at=at, actor=actor_of(process_id), data={"process": process_id})


def beat(session: Session, process_id: str, *, at: datetime) -> None:
    """Note a sign of life of its clockwork."""
    session.execute(update(Process).where(Process.id == process_id).values(beat_at=at))


def retire(session: Session, process_id: str, *, at: datetime, reason: str) -> None:
    """Note that a process has ended, with nothing left to its name."""
    session.execute(update(Process).where(Process.id == process_id).values(ended_at=at))
    data = {"process": process_id, "reason": reason}
    append(session, Event.PROCESS_STOPPED, at=at, actor=actor_of(process_id), data=data)


def actor_of(process_id: str) -> Actor:
    """How the log names a sending process."""
    return Actor(f"system:sender {process_id[:8]}")


def claim(session: Session, wave_id: int, *, process_id: str, limit: int, now: datetime) -> list[Claim]:
    """Take up to so many deliveries of a wave that is being sent.

    Whoever must not be written to any more, is no active contact any more, has withdrawn from the embargo terms or
    has lost the address since the wave was scheduled, is set aside here with an entry in the log, and is not among
    the claims. Nor is who may be getting it just now under another contact that was merged with hers: she goes back
    to the queue for a while.
    """
    of_wave = select(Wave.kind, Wave.release_id, Wave.version_id, Wave.state, Wave.again).where(Wave.id == wave_id)
    wave = session.execute(of_wave).one()
    if wave.state is not WaveState.SENDING:
        return []
    rows = _take(session, wave_id, process_id, limit=limit, now=now)
    if not rows:
        return []
    barred = barred_among(
        session,
        [Claimed(row[0], row[-2], row[-1]) for row in rows],
        Text(wave_id, wave.version_id, wave.kind, wave.again),
        now=now,
    )
    if barred.reasons:
        _set_aside(session, wave_id, wave.release_id, barred.reasons, rows, process_id=process_id, at=now)
    if barred.later:
        _let_wait(session, barred.later, until=now + _SETTLING)
    return [Claim._make(row[:-2]) for row in rows if row[0] not in barred.reasons and row[0] not in barred.later]


_SETTLING = timedelta(seconds=15)
"""After so long it is looked at again whether what was on the wire has arrived."""


_CLAIMED = (*Claim._fields, "contact_id", "address_key")


def _take(session: Session, wave_id: int, process_id: str, *, limit: int, now: datetime) -> Sequence[Any]:
    """Move deliveries to ``sending``: at most half of them for another try, so that these do not keep back the rest."""
    moment = storing(session)(now)
    skip = "" if is_sqlite(session) else " FOR UPDATE SKIP LOCKED"
    # Two questions, each of which an index answers in the order that is wanted; one for both would sort the whole wave.
    again = fetch(
        session,
        _CLAIMED,
        f"FROM delivery WHERE wave_id = ? AND state = 'deferred' AND next_at <= ? ORDER BY next_at LIMIT ?{skip}",
        (wave_id, moment, max(1, limit // 2)),
    )
    first = fetch(
        session,
        _CLAIMED,
        # One that was put off waits in the queue, too.
        f"FROM delivery WHERE wave_id = ? AND state = 'queued' AND (next_at IS NULL OR next_at <= ?) "
        f"ORDER BY id LIMIT ?{skip}",
        (wave_id, moment, limit - len(again)),
    )
    rows = sorted([*again, *first])
    if rows:
        is_one, numbers = one_of(session, "id", [row[0] for row in rows])
        claimed = "UPDATE delivery SET state = 'sending', next_at = NULL, process_id = ? WHERE "
        run(session, claimed + is_one, (process_id, numbers))
    return rows


def claims_of(process_id: str) -> tuple[ColumnElement[bool], ...]:
    """Which deliveries a process has claimed, so that an index answers: none is left in a wave that is done."""
    unfinished = select(Wave.id).where(Wave.state != WaveState.DONE)
    return (
        Delivery.wave_id.in_(unfinished),
        Delivery.state == DeliveryState.SENDING,
        Delivery.process_id == process_id,
    )


def anything_waiting(session: Session, wave_id: int, *, now: datetime) -> bool:
    """Whether a claim on the wave would find something."""
    waiting = select(Delivery.id).where(Delivery.wave_id == wave_id)
    queued = waiting.where(
        Delivery.state == DeliveryState.QUEUED, or_(Delivery.next_at.is_(None), Delivery.next_at <= now)
    )
    deferred = waiting.where(Delivery.state == DeliveryState.DEFERRED, Delivery.next_at <= now)
    return any(session.scalar(query.limit(1)) is not None for query in (queued, deferred))


def _set_aside(
    session: Session,
    wave_id: int,
    release_id: int,
    barred: Mapping[int, str],
    rows: Sequence[Any],
    *,
    process_id: str,
    at: datetime,
) -> None:
    session.execute(
        update(Delivery)
        .where(Delivery.id.in_(list(barred)))
        .values(state=DeliveryState.SUPPRESSED, process_id=None, finished_at=at)
        .execution_options(synchronize_session=False)
    )
    append_many(
        session,
        [
            entry(
                Event.DELIVERY_SUPPRESSED,
                at=at,
                actor=actor_of(process_id),
                release_id=release_id,
                wave_id=wave_id,
                delivery_id=row[0],
                contact_id=row[-2],
                data={"reason": barred[row[0]]},
            )
            for row in rows
            if row[0] in barred
        ],
    )


def _let_wait(session: Session, delivery_ids: Collection[int], *, until: datetime) -> None:
    session.execute(
        update(Delivery)
        .where(Delivery.id.in_(delivery_ids))
        .values(state=DeliveryState.QUEUED, process_id=None, next_at=until)
        .execution_options(synchronize_session=False)
    )


def lock_waves_of(session: Session, delivery_ids: Sequence[int]) -> None:
    """Let no officer move the waves of these deliveries before this transaction is over.

    PostgreSQL would let her cancel one between two of our statements, and what came back then would wait for ever.
    SQLite lets nobody else write meanwhile.
    """
    if is_sqlite(session):
        return
    waves = select(Delivery.wave_id).where(Delivery.id.in_(delivery_ids))
    session.execute(select(Wave.id).where(Wave.id.in_(waves)).order_by(Wave.id).with_for_update(read=True))


def give_back(session: Session, delivery_ids: Sequence[int], *, process_id: str, at: datetime) -> None:
    """Return claims of which not a byte of data went out: to the queue, or to ``cancelled`` with their wave."""
    if not delivery_ids:
        return
    mine = (
        Delivery.id.in_(delivery_ids),
        Delivery.process_id == process_id,
        Delivery.state == DeliveryState.SENDING,
    )
    lock_waves_of(session, delivery_ids)
    cancelled = select(Wave.id).where(Wave.state == WaveState.CANCELLED)
    cancel_deliveries(session, *mine, Delivery.wave_id.in_(cancelled), at=at, actor=actor_of(process_id))
    session.execute(
        update(Delivery)
        .where(*mine)
        .values(state=DeliveryState.QUEUED, process_id=None)
        .execution_options(synchronize_session=False)
    )


@contextmanager
def the_dead(database: Database, folder: Path, *, me: str = "") -> Iterator[list[str]]:
    """The processes that died with their work undone, their locks held for the time of the ``with``.

    Never the one that asks: its lock may have been lost with the database server, and yet it lives.
    """
    with database.read() as session:
        unended = session.scalars(select(Process.id).where(Process.ended_at.is_(None), Process.id != me)).all()
    locks = {process_id: ProcessLock(database, folder, process_id) for process_id in unended}
    taken: dict[str, ProcessLock] = {}
    for process_id, lock in locks.items():
        try:
            if lock.take():
                taken[process_id] = lock
        except OSError as error:
            # Somebody else's file must not keep every embargo of this office from being kept.
            _log.warning(
                "the lock of process %s cannot be tried: %s",
                process_id[:8],
                error,
                extra=fields("lock.unreadable", process=process_id),
            )
    try:
        yield list(taken)
    finally:
        for lock in taken.values():
            lock.drop()
