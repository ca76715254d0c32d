"""Keeps the log sealed, and its checkpoints with witnesses, while a process runs: on threads of their own."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import partial

from mailer.audit.sealing.models import LogWitness, last_checkpoint
from mailer.audit.sealing.sealer import BATCH, Sealer
from mailer.audit.sealing.witness import Witness
from mailer.clock import Clock
from mailer.database import Database
from mailer.errors import DatelineError, EntriesUnreadable

EVERY = 5.0
"""Seconds that an entry may wait for its seal, while the database can be written."""

LOOK = 30.0
"""Seconds between two looks at which witness should be given a checkpoint."""

AGAIN = timedelta(minutes=15)
"""After which a witness who could not be given one is tried again, if not before."""

PATIENCE = 45.0
"""Seconds that the end waits for a witness: one whose disk is gone cannot be woken up, and may never answer."""

_log = logging.getLogger(__name__)


@contextmanager
def kept_sealed(
    sealer: Sealer, clock: Clock, *, on_trouble: Callable[[str], None], every: float = EVERY
) -> Iterator[None]:
    """Seal what is new until the block ends, and then the rest, of which at most one batch.

    Nothing that goes wrong here stops what the block does: entries wait. ``on_trouble`` is told, once until sealing
    has worked again.
    """

    def seal(ended: threading.Event) -> None:
        # A batch at a time: a log that was never sealed may have millions, and must not keep the process from
        # ending. What is left then waits for the next start.
        unreadable: tuple[int, ...] = ()
        while (done := sealer.seal(at=clock.now())).entries == BATCH and not ended.is_set():
            unreadable += done.unreadable
        if unreadable := unreadable + done.unreadable:
            raise EntriesUnreadable(count=len(unreadable), entries=", ".join(map(str, unreadable[:20])))

    with _repeated("sealer", seal, every, on_trouble):
        yield


@contextmanager
def kept_witnessed(
    database: Database,
    clock: Clock,
    witnesses: Sequence[Witness],
    *,
    on_trouble: Callable[[str], None],
    look: float = LOOK,
    patience: float = PATIENCE,
) -> Iterator[None]:
    """Give the last checkpoint to each witness as often as it wants until the block ends, and then once more.

    As with sealing, nothing that goes wrong stops the block. The one that comes next vouches for all before it. What
    came of it is kept in the database, so that one who gets a mail each day gets no other after a restart.
    """

    def give(witness: Witness, ended: threading.Event) -> None:
        with database.read() as session:
            last, row = last_checkpoint(session), session.get(LogWitness, witness.name)
        now = clock.now()
        if last is None or not _is_due(witness, row, last.size, now, ended=ended.is_set()):
            return
        given_at, size, failed = row.given_at if row else None, row.size if row else 0, None
        try:
            witness.give(last.note)
            given_at, size = now, last.size
        except DatelineError as error:
            failed = error
        words = failed.problem if failed else ""
        with database.write() as session:
            session.merge(LogWitness(name=witness.name, tried_at=now, given_at=given_at, size=size, trouble=words))
        if failed:
            raise failed

    with ExitStack() as kept:
        for witness in witnesses:
            # Each by itself: one that hangs, or fails in a way that nobody knows, keeps it from no other.
            kept.enter_context(_repeated("witness", partial(give, witness), look, on_trouble, patience=patience))
        yield


def _is_due(witness: Witness, row: LogWitness | None, size: int, now: datetime, *, ended: bool) -> bool:
    if row is None:
        return witness.at_end or not ended
    if row.size == size and not row.trouble:
        return False
    if ended:
        return witness.at_end
    # A clock that was set back must not keep it waiting until it has caught up.
    since = abs(now - row.tried_at) if row.trouble or row.given_at is None else abs(now - row.given_at)
    return since >= (min(witness.every, AGAIN) if row.trouble else witness.every)


@contextmanager
def _repeated(
    name: str,
    work: Callable[[threading.Event], None],
    every: float,
    on_trouble: Callable[[str], None],
    *,
    patience: float | None = None,
) -> Iterator[None]:
    """Work on a thread of its own each so many seconds, and a last time when the block has ended.

    With ``patience`` the end waits no longer than so many seconds, and leaves the thread to itself.
    """
    ended = threading.Event()

    def repeat() -> None:
        well = True
        while True:
            last = ended.wait(every)
            try:
                work(ended)
                well = True
            except Exception as error:
                if well:
                    known = isinstance(error, DatelineError)
                    if not known:
                        _log.warning("The %s has failed in a way that is not known", name, exc_info=error)
                    on_trouble(str(error) if known else f"The {name} has failed.")
                well = False
            if last:
                return

    thread = threading.Thread(target=repeat, name=name, daemon=patience is not None)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(patience)
        if thread.is_alive():
            on_trouble(f"The {name} does not come to an end, and is left.")
