"""Keeps what has ended on the wire, in batches, and shuts the gate while it cannot: nothing may go out unlogged."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from mailer.audit import Event, append
from mailer.clock import Clock
from mailer.database import Database, first_line
from mailer.delivery.claims import Claim, actor_of, beat, give_back
from mailer.delivery.journal import Ended
from mailer.delivery.outcome import Policy, record
from mailer.delivery.process import SendingProcess
from mailer.delivery.surplus import put_off
from mailer.errors import BadJournal, DatelineError
from mailer.logs import fields
from mailer.schedule.trust import Trust

BATCH = 1000
"""Endings recorded in one transaction: each costs a third less than among 400, mostly for the commit."""

KEEP_SECONDS = 0.25
"""At most so long an ending waits to be recorded."""

AGAIN_SECONDS = 0.3
"""Between two tries to record what could not be."""

_NOBODY = 0
"""No delivery's number."""

_log = logging.getLogger(__name__)
T = TypeVar("T")


class Recorder:
    """What one process has done and not yet written to the database, which it speaks to on one thread of its own.

    So a slow disk does not stop the wire, and the wire stops where the disk does.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        process: SendingProcess,
        policy: Policy,
        *,
        trust: Trust,
        settled: Callable[[Sequence[tuple[int, int]]], None],
    ) -> None:
        """``settled`` is told which claims were recorded or given back: number of the delivery, number of its wave."""
        self._database, self._clock, self._policy = database, clock, policy
        self._trust, self._settled = trust, settled
        self._process_id, self._journal = process.id, process.journal
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine-database")
        self._ended: list[tuple[Ended, int]] = []  # with the number of the wave
        self._returned: list[Claim] = []
        self._later: list[tuple[Claim, datetime]] = []
        self._work = asyncio.Event()
        self._stopping = self._last = False
        self.unconfirmed = False
        """On the database's thread: whether something may have been recorded of which we have not been told."""
        self.open = asyncio.Event()
        """Set while messages may go out."""
        self.open.set()

    async def in_database(self, work: Callable[[], T]) -> T:
        """Do it on the database's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def begin(self, claimed: Claim, sha256: str) -> None:
        """The data of its message goes out now. Raises ``BadJournal``; then it must not."""
        self._journal.begin(claimed.id, sha256)

    def end(self, claimed: Claim, ended: Ended) -> None:
        """An attempt has ended."""
        try:
            self._journal.end(ended)
        except BadJournal as error:
            self.shut(error)
        self._ended.append((ended, claimed.wave_id))
        if len(self._ended) >= BATCH:
            self._work.set()

    def give_back(self, claims: Iterable[Claim]) -> None:
        """Not a byte of the data of these went out: they wait in the database again."""
        self._returned.extend(claims)

    def put_off(self, claims: Iterable[tuple[Claim, float]]) -> None:
        """The same, and nobody wants them for so many seconds."""
        now = self._clock.now()
        self._later.extend((claimed, now + timedelta(seconds=seconds)) for claimed, seconds in claims)

    def shut(self, error: Exception) -> None:
        """Nothing goes out while endings can't be kept; ``keep`` tries on and opens the gate again."""
        if self.open.is_set() and not self._stopping:
            self.open.clear()
            _log.error(
                "sending waits, as nothing may go out unlogged: %s",
                first_line(error) if isinstance(error, DBAPIError) else error,
                extra=fields("sending.waits", cause=type(error).__name__),
            )

    def tell(self, event: Event, data: dict[str, object]) -> None:
        """Write an entry to the log when there is time; one that can't be written is left out."""

        def write() -> None:
            with suppress(DatelineError, DBAPIError), self._database.write() as session:
                append(session, event, at=self._clock.now(), actor=actor_of(self._process_id), data=data)

        self._thread.submit(write)

    def rouse(self) -> None:
        """Everything stops: let nobody wait at the gate."""
        self._stopping = True
        self.open.set()

    def finish(self) -> None:
        """Let ``keep`` record what there is and end."""
        self._last = True
        self._work.set()

    def close(self) -> None:
        """After ``keep``: end the thread."""
        self._thread.shutdown(wait=True)

    async def keep(self) -> None:
        """Record until ``finish``."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._work.wait(), KEEP_SECONDS)
            self._work.clear()
            last = self._last
            if not await self._keep_now():
                if last:
                    # The journal has it all; the next process records it.
                    return
                await asyncio.sleep(AGAIN_SECONDS)
            elif last:
                return
            elif not self.open.is_set():
                _log.warning("recording works again: sending goes on", extra=fields("sending.resumed"))
                self.open.set()

    async def _keep_now(self) -> bool:
        ended, self._ended = self._ended, []
        returned, self._returned = self._returned, []
        later, self._later = self._later, []
        try:
            if ended or returned or later or not self.open.is_set():
                await self.in_database(lambda: self._record(ended, returned, later))
        except (DatelineError, DBAPIError) as error:
            self._ended[:0] = ended
            self._returned[:0] = returned
            self._later[:0] = later
            self.shut(error)
            return False
        settled = [(attempt.delivery_id, wave_id) for attempt, wave_id in ended]
        settled += [(claimed.id, claimed.wave_id) for claimed in (*returned, *(claimed for claimed, _ in later))]
        self._settled(settled)
        try:
            self._journal.settle(attempt for attempt, _ in self._ended)
        except BadJournal as error:
            # What was recorded is recorded, and must not be once more.
            self.shut(error)
            return False
        return True

    def _record(
        self, ended: list[tuple[Ended, int]], returned: list[Claim], later: list[tuple[Claim, datetime]]
    ) -> None:
        if not self.open.is_set():
            self._journal.probe()
        _, doubt = self._trust.look()
        self.unconfirmed = True
        with self._database.write() as session:
            record(
                session,
                [attempt for attempt, _ in ended],
                process_id=self._process_id,
                policy=self._policy,
                trusted=not doubt,
            )
            numbers = [claimed.id for claimed in returned]
            give_back(session, numbers, process_id=self._process_id, at=self._clock.now())
            put_off(session, later, process_id=self._process_id, at=self._clock.now())
            if not self.open.is_set():
                # An empty transaction goes well on a full disk and beside a locked table, and would prove nothing.
                beat(session, self._process_id, at=self._clock.now())
                give_back(session, [_NOBODY], process_id=self._process_id, at=self._clock.now())
        self.unconfirmed = False
        if ended and _log.isEnabledFor(logging.INFO):
            _log_endings(ended)


def _log_endings(ended: list[tuple[Ended, int]]) -> None:
    """One line each, without what may name a person: the relay's words are kept with the attempt."""
    for attempt, wave_id in ended:
        _log.info(
            "delivery %d of wave %d: %s by %s at %s (%d %s)",
            attempt.delivery_id,
            wave_id,
            attempt.verdict,
            attempt.relay,
            attempt.stage,
            attempt.code,
            attempt.enhanced or "-",
            extra=fields(
                f"delivery.{attempt.verdict}",
                delivery=attempt.delivery_id,
                wave=wave_id,
                relay=attempt.relay,
                stage=attempt.stage,
                code=attempt.code,
                enhanced=attempt.enhanced,
            ),
        )
