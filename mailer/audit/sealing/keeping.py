"""Keeps the log sealed while a process runs: every few seconds on a thread of its own, and once more at the end."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mailer.audit.sealing.sealer import BATCH, Sealer
from mailer.clock import Clock
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
    ended = threading.Event()
    keeper = threading.Thread(target=_keep, args=(sealer, clock, ended, on_trouble, every), name="sealer")
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()


def _keep(
    sealer: Sealer, clock: Clock, ended: threading.Event, on_trouble: Callable[[str], None], every: float
) -> None:
    well = True
    while True:
        last = ended.wait(every)
        try:
            # A batch at a time: a log that was never sealed may have millions, and must not keep the process from
            # ending. What is left then waits for the next start.
            while sealer.seal(at=clock.now()).entries == BATCH and not ended.is_set():
                pass
            well = True
        except Exception as error:
            if well:
                if not isinstance(error, DatelineError):
                    _log.warning("The log cannot be sealed in a way that is not known", exc_info=error)
                on_trouble(str(error) if isinstance(error, DatelineError) else "The log cannot be sealed.")
            well = False
        if last:
            return
