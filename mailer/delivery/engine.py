"""The send engine: feeds claimed deliveries to connections, checks each one's time, and records how it ended.

Four kinds of task share one event loop. ``watch`` looks at the waves in the database several times a second, so that
pause, resume and cancel act at once. ``feed`` claims batches. A ``courier`` per connection personalises a message and
hands it over. ``keep`` records endings in batches; while it cannot, nothing is sent, for nothing may go out unlogged.
The database is only spoken to on one thread of its own, so that a slow disk does not stop the wire.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError

from mailer.audit import Event, append
from mailer.clock import Clock
from mailer.database import Database, first_line
from mailer.delivery.claims import Claim, actor_of, anything_waiting, beat, claim, give_back
from mailer.delivery.endpoint import RelayTrouble
from mailer.delivery.journal import Ended
from mailer.delivery.messages import Message, Messages
from mailer.delivery.outcome import Ending, Policy, record
from mailer.delivery.process import SendingProcess
from mailer.delivery.relays import Lane
from mailer.delivery.reply import Stage, Verdict
from mailer.delivery.smtp import Connection, ConversationLost
from mailer.delivery.takeover import take_over
from mailer.errors import BadJournal, DatelineError
from mailer.logs import fields
from mailer.schedule.models import Wave
from mailer.schedule.rules import Limits
from mailer.schedule.trust import Trust
from mailer.schedule.waves import BeingSent, anything_open, finish, hold, waves_being_sent

BATCH = 500
"""Deliveries claimed, and endings recorded, in one transaction."""

LOOK_SECONDS = 0.3
"""Between two looks at the waves: an officer's pause acts within a second."""

KEEP_SECONDS = 0.1
"""At most so long an ending waits to be recorded."""

IDLE_SECONDS = 5.0
"""A connection without work is closed after this."""

TAKE_OVER_SECONDS = 5.0

FRESH_SECONDS = 5.0
"""A claim that has waited for longer, as while a relay is down, goes back, and suppression is looked up again."""

_NOT_AS_IT_WAS = (
    "it may have been sent, and cannot be made again as it was: the DKIM key that signed it is not in the settings"
)

_NOBODY = 0
"""No delivery's number."""

_ENDINGS = {
    Verdict.ACCEPTED: Ending.ACCEPTED,
    Verdict.FAILED: Ending.FAILED,
    Verdict.DEFERRED: Ending.DEFERRED,
    # The relay's quarrel with us is not the recipient's fault: she waits.
    Verdict.TROUBLE: Ending.DEFERRED,
    Verdict.OUT_OF_STEP: Ending.DEFERRED,
}

_log = logging.getLogger(__name__)
T = TypeVar("T")


class TakenOver(Exception):
    """This process lost its lock and another has taken over from it: it must not send on."""


class NotYet(Exception):
    """A message was about to leave before its time, or by a clock that is not to be trusted."""


class _Withdrawn(Exception):
    """Its wave was stopped, or sending was, while the relay was being asked."""


@dataclass(slots=True)
class _Going:
    """A wave that is being sent."""

    id: int
    limits: Limits
    opened_at: datetime
    stopped: bool = False
    """Paused, held or cancelled: its claims go back."""
    waiting: bool = True
    """Whether there may be something to claim."""
    in_hand: int = 0
    """Claims of it that are neither recorded nor given back."""


@dataclass(slots=True)
class _Hands:
    """What this process holds between the database and the wire."""

    claims: deque[tuple[Claim, float]] = field(default_factory=deque)
    """With the (monotonic) time of claiming."""
    ended: list[tuple[Ended, int]] = field(default_factory=list)
    """With the number of the wave."""
    returned: list[Claim] = field(default_factory=list)


class Engine:
    """Sends the waves that are open, until it is told to stop."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        trust: Trust,
        process: SendingProcess,
        *,
        lanes: list[Lane],
        messages: Messages,
        policy: Policy,
    ) -> None:
        self._database, self._clock, self._trust = database, clock, trust
        self._process, self._journal = process, process.journal
        self._process_id, self._folder = process.id, process.folder
        self._lanes, self._messages, self._policy = lanes, messages, policy
        self._waves: dict[int, _Going] = {}
        self._hands = _Hands()
        self._stopping = self._last = False
        self._stop = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._look = asyncio.Event()
        self._hungry = asyncio.Event()
        self._fed = asyncio.Event()
        self._something_to_keep = asyncio.Event()
        self._may_send = asyncio.Event()
        self._may_send.set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine-database")

    @property
    def may_send(self) -> bool:
        """False while nothing goes out because endings cannot be recorded."""
        return self._may_send.is_set()

    def wake(self) -> None:
        """A wave was opened: look at once. May be called from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._look.set)

    def stop(self) -> None:
        """Finish the messages that are on the wire, give back the rest, and end ``run``. From any thread."""
        self._stopping = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._rouse)

    def _rouse(self) -> None:
        for event in (self._stop, self._look, self._hungry, self._fed, self._something_to_keep, self._may_send):
            event.set()

    async def run(self) -> None:
        """Take over from the dead, then send until ``stop``."""
        self._loop = asyncio.get_running_loop()
        keeper = asyncio.create_task(self._keep(), name="keep")
        workers = [
            asyncio.create_task(self._watch(), name="watch"),
            asyncio.create_task(self._feed(), name="feed"),
            *(
                asyncio.create_task(self._courier(lane), name=f"courier {lane.name}")
                for lane in self._lanes
                for _ in range(lane.connections)
            ),
        ]
        try:
            # A task that ends before it is told to is a defect: better to stop aloud than to send no more in silence.
            await asyncio.wait([keeper, *workers], return_when=asyncio.FIRST_COMPLETED)
            self.stop()
            failures = [f for f in await asyncio.gather(*workers, return_exceptions=True) if f is not None]
            self._hands.returned.extend(claimed for claimed, _ in self._hands.claims)
            self._hands.claims.clear()
            self._last = True
            self._something_to_keep.set()
            await keeper
            for failure in failures:
                raise failure
        finally:
            for task in (keeper, *workers):
                task.cancel()
            self._thread.shutdown(wait=True)

    async def _in_database(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # Watching the waves.

    async def _watch(self) -> None:
        next_take_over = 0.0
        while not self._stopping:
            self._look.clear()
            try:
                if not await self._in_database(self._live):
                    raise TakenOver
                if self._clock.monotonic() >= next_take_over:
                    next_take_over = self._clock.monotonic() + TAKE_OVER_SECONDS
                    await self._in_database(self._take_over)
                self._note_waves(await self._in_database(self._read_waves))
            except (DatelineError, DBAPIError) as error:
                self._stop_sending(error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), LOOK_SECONDS)

    def _live(self) -> bool:
        return self._process.live(self._database)

    def _take_over(self) -> None:
        for taken in take_over(self._database, self._folder, policy=self._policy, at=self._clock.now()):
            _log.warning(
                "took over from process %s: %d recorded from its journal, %d in doubt, %d back in the queue",
                taken.process_id[:8],
                taken.recorded,
                taken.in_doubt,
                taken.given_back,
                extra=fields(
                    "process.taken-over",
                    process=taken.process_id,
                    recorded=taken.recorded,
                    in_doubt=taken.in_doubt,
                    given_back=taken.given_back,
                ),
            )

    def _read_waves(self) -> list[tuple[BeingSent, bool]]:
        """What is being sent now, and whether a claim would find something; a wave with nothing left is finished."""
        now = self._clock.now()
        with self._database.read() as session:
            sending = waves_being_sent(session)
            spent = [wave.id for wave in sending if not anything_open(session, wave.id)]
            seen = [
                (wave, anything_waiting(session, wave.id, now=now)) for wave in sending if wave.id not in spent
            ]
        for wave_id in spent:
            with self._database.write() as session:
                finish(session, wave_id, at=self._clock.now(), actor=actor_of(self._process_id))
        return seen

    def _note_waves(self, seen: list[tuple[BeingSent, bool]]) -> None:
        sending = {wave.id for wave, _ in seen}
        for wave, waiting in seen:
            going = self._waves.get(wave.id)
            if going is None:
                going = _Going(wave.id, wave.limits, wave.opened_at)
                self._waves[wave.id] = going
            going.limits, going.waiting, going.stopped = wave.limits, waiting, False
        for wave_id, going in list(self._waves.items()):
            if wave_id not in sending:
                going.stopped = True
                if not going.in_hand:
                    del self._waves[wave_id]
        unsent, self._hands.claims = self._hands.claims, deque()
        for claimed, since in unsent:
            if self._waves[claimed.wave_id].stopped or self._stale(since):
                self._return(claimed)
            else:
                self._hands.claims.append((claimed, since))
        self._hungry.set()

    # Claiming.

    async def _feed(self) -> None:
        while not self._stopping:
            self._hungry.clear()
            # In turn and in small helpings, so that a large wave does not stand before a small one.
            for going in list(self._waves.values()):
                if going.stopped or not going.waiting or len(self._hands.claims) >= BATCH:
                    continue
                await self._may_send.wait()
                try:
                    claims = await self._in_database(lambda going=going: self._claim(going))  # type: ignore[misc]
                except (DatelineError, DBAPIError) as error:
                    self._stop_sending(error)
                    continue
                going.in_hand += len(claims)
                going.waiting = len(claims) == BATCH
                self._waves.setdefault(going.id, going)
                since = self._clock.monotonic()
                self._hands.claims.extend((claimed, since) for claimed in claims)
                self._fed.set()
            if (
                not any(g.waiting and not g.stopped for g in self._waves.values())
                or len(self._hands.claims) >= BATCH
            ):
                await self._hungry.wait()

    def _claim(self, going: _Going) -> list[Claim]:
        with self._database.write() as session:
            claims = claim(session, going.id, process_id=self._process_id, limit=BATCH, now=self._clock.now())
            self._messages.load(session, {claimed.compiled_id for claimed in claims})
        return claims

    # Handing over.

    async def _courier(self, lane: Lane) -> None:
        connection: Connection | None = None
        try:
            while not self._stopping:
                await lane.ready(self._stop)
                await self._may_send.wait()
                taken = await self._next_claim(seconds=IDLE_SECONDS if connection else None)
                if taken is not None:
                    if lane.take_turn():
                        connection = await self._deliver(lane, connection, *taken)
                    else:
                        self._hands.claims.appendleft(taken)
                elif connection is not None:
                    await connection.quit()
                    connection = None
        finally:
            if connection is not None:
                await connection.quit()

    async def _next_claim(self, *, seconds: float | None) -> tuple[Claim, float] | None:
        """The next one; nothing when there has been none for so long, or on the way out."""
        hands = self._hands
        while not hands.claims and not self._stopping:
            self._hungry.set()
            self._fed.clear()
            try:
                await asyncio.wait_for(self._fed.wait(), seconds)
            except TimeoutError:
                return None
        if self._stopping or not hands.claims:
            return None
        taken = hands.claims.popleft()
        if len(hands.claims) == BATCH // 2:
            self._hungry.set()
        return taken

    def _stale(self, since: float) -> bool:
        """Whether a claim has waited for so long that who must not be written to has to be looked up again."""
        return self._clock.monotonic() - since > FRESH_SECONDS

    async def _unless_stopping(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What the work gives; nothing if everything stops before it is done, which ends it."""
        task, stop = asyncio.ensure_future(work), asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            task.cancel()
            stop.cancel()
        # Waited for, as it has a socket to close on its way out.
        await asyncio.wait({task})
        return None if task.cancelled() else task.result()

    async def _deliver(
        self, lane: Lane, connection: Connection | None, claimed: Claim, since: float
    ) -> Connection | None:
        """Hand over one message; returns the connection for the next one, or nothing if it is used up."""
        going = self._waves[claimed.wave_id]
        try:
            message = self._messages.personalise(claimed, date=going.opened_at)
        except Exception as error:
            # One message that cannot be made must not keep all others from going out.
            _log.exception(
                "delivery %d cannot be made into a message",
                claimed.id,
                extra=fields("delivery.unmade", delivery=claimed.id, wave=claimed.wave_id),
            )
            self._end(claimed, "", lane, Stage.CONNECT, Ending.FAILED, text=f"cannot be made: {error}")
            return connection
        if claimed.sha256 not in ("", message.sha256):
            # It may have arrived, and a copy under its Message-ID that differs could be told from it by nobody.
            self._end(claimed, claimed.sha256, lane, Stage.CONNECT, Ending.HELD, text=_NOT_AS_IT_WAS)
            return connection
        while True:
            fresh = connection is None or not connection.usable
            try:
                if connection is None or fresh:
                    connection = await self._unless_stopping(Connection.open(lane.endpoint))
                    if connection is None:
                        self._return(claimed)
                        return None
                    self._note_up(lane)
                    if self._stale(since):
                        self._return(claimed)
                        return connection
                outcome = await connection.send(
                    message.envelope,
                    message.chunks,
                    on_data=lambda: self._check_and_journal(claimed, message, going),
                )
            except RelayTrouble as error:
                self._note_down(lane, lane.endpoint.without_password(str(error)))
                self._return(claimed)
                return None
            except ConversationLost as lost:
                if lost.pipelined and not lost.in_doubt and lane.stumble():
                    _log.warning(
                        "relay %s offers PIPELINING and cannot: commands go one by one",
                        lane.name,
                        extra=fields("relay.no-pipelining", relay=lane.name),
                    )
                if not lost.in_doubt and not fresh:
                    # The relay closed a connection that had been idle: nothing was said about this message yet.
                    connection = None
                    continue
                ending = Ending.IN_DOUBT if lost.in_doubt else Ending.DEFERRED
                self._end(claimed, message.sha256, lane, lost.stage, ending, text=lost.reason)
                return None
            except ValueError as error:
                self._end(claimed, message.sha256, lane, Stage.MAIL, Ending.FAILED, text=str(error))
                return connection if connection is not None and connection.usable else None
            except (NotYet, _Withdrawn, BadJournal) as stop:
                self._return(claimed)
                if isinstance(stop, NotYet):
                    await self._hold(going, str(stop))
                elif isinstance(stop, BadJournal):
                    self._stop_sending(stop)
                return None
            reply = outcome.reply
            self._end(
                claimed,
                message.sha256,
                lane,
                outcome.stage,
                _ENDINGS[outcome.verdict],
                code=reply.code,
                enhanced=reply.enhanced,
                text=reply.text,
            )
            if lane.judge(outcome.verdict):
                # By its codes: its words, which are kept with the attempt, may name a recipient.
                codes = f"{reply.code} {reply.enhanced}".rstrip()
                self._note_down(lane, f"it refuses one message after the other: {codes}")
            return connection

    def _check_and_journal(self, claimed: Claim, message: Message, going: _Going) -> None:
        """The last look before a byte leaves: promise 1, and the journal of promise 2."""
        if going.stopped or self._stopping or not self._may_send.is_set():
            raise _Withdrawn
        now, doubt = self._trust.look()
        if doubt:
            raise NotYet(doubt)
        if reason := going.limits.forbids(now):
            raise NotYet(reason)
        self._journal.begin(claimed.id, message.sha256)

    async def _hold(self, going: _Going, reason: str) -> None:
        def write() -> None:
            with self._database.write() as session:
                wave = session.get_one(Wave, going.id)
                if hold(session, wave, reason=reason, at=self._clock.now(), actor=actor_of(self._process_id)):
                    _log.error(
                        "wave %d is held: %s",
                        going.id,
                        reason,
                        extra=fields("wave.held", wave=going.id, reason=reason),
                    )

        going.stopped = True
        try:
            await self._in_database(write)
        except (DatelineError, DBAPIError) as error:
            self._stop_sending(error)

    def _end(
        self,
        claimed: Claim,
        sha256: str,
        lane: Lane,
        stage: Stage,
        ending: Ending,
        *,
        code: int = 0,
        enhanced: str = "",
        text: str,
    ) -> None:
        ended = Ended(
            delivery_id=claimed.id,
            at=self._clock.now(),
            relay=lane.name,
            stage=stage.value,
            verdict=ending.value,
            code=code,
            enhanced=enhanced,
            text=text,
            sha256=sha256,
        )
        try:
            self._journal.end(ended)
        except BadJournal as error:
            self._stop_sending(error)
        self._hands.ended.append((ended, claimed.wave_id))
        if len(self._hands.ended) >= BATCH:
            self._something_to_keep.set()

    def _return(self, claimed: Claim) -> None:
        self._hands.returned.append(claimed)

    # Relays.

    def _note_down(self, lane: Lane, reason: str) -> None:
        if lane.down(reason):
            _log.warning(
                "relay %s: %s; trying again in %.0f s",
                lane.name,
                reason,
                lane.wait,
                extra=fields("relay.down", relay=lane.name, reason=reason, wait_seconds=lane.wait),
            )
            self._tell(Event.RELAY_DOWN, {"relay": lane.name, "reason": reason})

    def _note_up(self, lane: Lane) -> None:
        if lane.up():
            _log.warning("relay %s takes mail again", lane.name, extra=fields("relay.up", relay=lane.name))
            self._tell(Event.RELAY_UP, {"relay": lane.name})

    def _tell(self, event: Event, data: dict[str, object]) -> None:
        def write() -> None:
            with suppress(DatelineError, DBAPIError), self._database.write() as session:
                append(session, event, at=self._clock.now(), actor=actor_of(self._process_id), data=data)

        self._thread.submit(write)

    # Recording.

    async def _keep(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._something_to_keep.wait(), KEEP_SECONDS)
            self._something_to_keep.clear()
            last = self._last
            ended, self._hands.ended = self._hands.ended, []
            returned, self._hands.returned = self._hands.returned, []
            try:
                if ended or returned or not self._may_send.is_set():
                    await self._in_database(lambda e=ended, r=returned: self._record(e, r))  # type: ignore[misc]
                    self._journal.settle(attempt for attempt, _ in self._hands.ended)
            except (DatelineError, DBAPIError) as error:
                self._hands.ended[:0] = ended
                self._hands.returned[:0] = returned
                self._stop_sending(error)
                if last:
                    # The journal has it all; the next process records it.
                    return
                await asyncio.sleep(LOOK_SECONDS)
                continue
            for wave_id in (*(w for _, w in ended), *(c.wave_id for c in returned)):
                self._waves[wave_id].in_hand -= 1
            if last:
                return
            if not self._may_send.is_set():
                _log.warning("recording works again: sending goes on", extra=fields("sending.resumed"))
                self._may_send.set()

    def _record(self, ended: list[tuple[Ended, int]], returned: list[Claim]) -> None:
        with self._database.write() as session:
            record(session, [attempt for attempt, _ in ended], process_id=self._process_id, policy=self._policy)
            numbers = [claimed.id for claimed in returned]
            give_back(session, numbers, process_id=self._process_id, at=self._clock.now())
            if not self._may_send.is_set():
                # An empty transaction goes well on a full disk and beside a locked table, and would prove nothing.
                beat(session, self._process_id, at=self._clock.now())
                give_back(session, [_NOBODY], process_id=self._process_id, at=self._clock.now())
        if not self._may_send.is_set():
            self._journal.probe()
        if ended and _log.isEnabledFor(logging.INFO):
            _log_endings(ended)

    def _stop_sending(self, error: Exception) -> None:
        """Nothing goes out while endings can't be kept; ``_keep`` tries on and lets it go again."""
        if self._may_send.is_set() and not self._stopping:
            self._may_send.clear()
            _log.error(
                "sending waits, as nothing may go out unlogged: %s",
                first_line(error) if isinstance(error, DBAPIError) else error,
                extra=fields("sending.waits", cause=type(error).__name__),
            )


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
