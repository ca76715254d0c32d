"""A sending process from its registration to its end: lock, journal, and what it leaves behind."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.clock import Clock
from mailer.database import Database
from mailer.delivery.claims import ProcessLock, claims_of, register, retire
from mailer.delivery.journal import Journal, Sync
from mailer.delivery.models import Process
from mailer.errors import DatelineError
from mailer.schedule.models import Delivery


@dataclass(frozen=True, slots=True)
class SendingProcess:
    """The running process, as other processes know it."""

    id: str
    journal: Journal
    folder: Path
    lock: ProcessLock

    def live(self, database: Database) -> bool:
        """Whether this process still counts as alive. If its lock was lost with the database server's restart, another
        may have taken over from it meanwhile; then it must not send on, as its claims are not its own any more."""
        if not self.lock.keep():
            return False
        with database.read() as session:
            return session.scalar(select(Process.ended_at).where(Process.id == self.id)) is None


@contextmanager
def sending_process(
    database: Database, folder: Path, clock: Clock, *, sync: Sync = Sync.NEVER
) -> Iterator[SendingProcess]:
    """Register this process, its lock and journal in ``folder``; at the end retire it, unless it leaves claims for
    the next one to take over. Raises ``BadJournal``."""
    process_id = secrets.token_hex(16)
    lock = ProcessLock(database, folder, process_id)
    if not lock.take():
        raise RuntimeError("a fresh lock is taken: the random numbers of this machine repeat themselves")
    try:
        journal = Journal(folder, process_id, sync=sync)
        with database.write() as session:
            register(session, process_id, at=clock.now())
        try:
            yield SendingProcess(process_id, journal, folder, lock)
        finally:
            _leave(database, process_id, journal, clock)
    finally:
        lock.drop()


def _leave(database: Database, process_id: str, journal: Journal, clock: Clock) -> None:
    try:
        with database.write() as session:
            if _holds_claims(session, process_id):
                return
            retire(session, process_id, at=clock.now(), reason="stopped")
    except DatelineError:
        # The database is away: the next process takes over with the help of the journal, which stays.
        return
    journal.close()


def _holds_claims(session: Session, process_id: str) -> bool:
    return session.scalar(select(Delivery.id).where(*claims_of(process_id)).limit(1)) is not None
