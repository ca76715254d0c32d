"""Keeps the log sealed, and its checkpoints with witnesses, while a process runs: on threads of their own."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from mailer.audit.sealing.models import last_checkpoint
from mailer.audit.sealing.sealer import BATCH, Sealer
from mailer.audit.sealing.witness import Witness
from mailer.clock import Clock
from mailer.database import Database
from mailer.errors import DatelineError

EVERY = 5.0
"""Seconds that an entry may wait for its seal, while the database can be written."""

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
        while sealer.seal(at=clock.now()).entries == BATCH and not ended.is_set():
            pass

    with _repeated("sealer", seal, every, on_trouble):
        yield


@contextmanager
def kept_witnessed(
    database: Database, witnesses: Sequence[Witness], *, on_trouble: Callable[[str], None], every: float
) -> Iterator[None]:
    """Give the last checkpoint to each witness now and then until the block ends, and then once more.

    As with sealing, nothing that goes wrong stops the block. The one that comes next vouches for all before it.
    """
    given: dict[int, str] = {}

    def give(_ended: threading.Event) -> None:
        with database.read() as session:
            last = last_checkpoint(session)
        note = last.note if last else ""
        trouble: Exception | None = None
        for place, witness in enumerate(witnesses):
            if not note or given.get(place) == note:
                continue
            try:
                witness(note)
                given[place] = note
            except DatelineError as error:
                trouble = error  # the others shall have it all the same
        if trouble:
            raise trouble

    if not witnesses:
        yield
        return
    with _repeated("witness", give, every, on_trouble):
        yield


@contextmanager
def _repeated(
    name: str, work: Callable[[threading.Event], None], every: float, on_trouble: Callable[[str], None]
) -> Iterator[None]:
    """Work on a thread of its own each so many seconds, and a last time when the block has ended."""
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

    thread = threading.Thread(target=repeat, name=name)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
