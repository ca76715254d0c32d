"""A courier: one connection of a lane. It takes claims, makes their messages and hands them over, one after another.

Where the relay pipelines, the next message is made while one is under way, and announced with its end: so a message
costs one write and one read. What is announced and then not sent costs the connection, and nothing else.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, TypeVar

from mailer.audit import Event
from mailer.clock import Clock
from mailer.delivery.claims import Claim
from mailer.delivery.endpoint import RelayTrouble
from mailer.delivery.hands import Going, Hands, is_stale
from mailer.delivery.journal import Ended, Ending
from mailer.delivery.mail_object import MailObject
from mailer.delivery.messages import Message, Messages
from mailer.delivery.recorder import Recorder
from mailer.delivery.relays import Lane
from mailer.delivery.reply import Reply, Stage, Verdict
from mailer.delivery.smtp import Connection, ConversationLost, Outcome
from mailer.delivery.throttle import too_many
from mailer.errors import BadJournal
from mailer.logs import fields
from mailer.schedule.trust import Trust

IDLE_SECONDS = 5.0
"""A connection without work is closed after this."""

BRISK_SECONDS = 1.0
"""A relay that takes longer for a message is not told of the next one beforehand: that one would wait too long."""

_NOT_AS_IT_WAS = (
    "it may have been sent, and cannot be made again as it was: the DKIM key that signed it is not in the settings"
)

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


class NotYet(Exception):
    """A message was about to leave before its time, or by a clock that is not to be trusted."""


class _Withdrawn(Exception):
    """Its wave was stopped, or sending was, while the relay was being asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What all couriers of a process share."""

    hands: Hands
    recorder: Recorder
    messages: Messages
    makers: Executor | None
    """Where messages are made whose signature takes long; ``None``: they are made at once."""
    trust: Trust
    clock: Clock
    stopping: asyncio.Event
    hold: Callable[[Going, str], Awaitable[None]]
    """Stops a wave, for a reason, until an officer decides."""


@dataclass(slots=True)
class _Letter:
    """A claim on its way through a courier."""

    claimed: Claim
    since: float
    going: Going
    message: Message | None = None
    """Once it is made."""
    making: "asyncio.Future[Message] | None" = None
    """While it is made elsewhere."""

    @property
    def mail(self) -> MailObject | None:
        """What will be handed over, if it is made by now."""
        making = self.making
        if making is not None:
            return making.result().mail if making.done() and not making.exception() else None
        return self.message.mail if self.message else None


class Courier:
    """Carries messages until sending stops."""

    def __init__(self, lane: Lane, office: Office) -> None:
        self._lane, self._office = lane, office
        self._hands, self._recorder = office.hands, office.recorder
        self._connection: Connection | None = None
        self._ahead: deque[_Letter] = deque()
        self._depth = 2 if office.makers else 1
        self._brisk = False

    async def run(self) -> None:
        """Until everything stops; what is on the wire then is finished."""
        lane, stopping = self._lane, self._office.stopping
        try:
            while not stopping.is_set():
                if self._ahead and not lane.free:
                    self._give_back()
                if not await lane.ready(stopping, self, at_most=IDLE_SECONDS if self._connection else None):
                    await self._leave()
                    continue
                if not self._recorder.open.is_set():
                    await self._recorder.open.wait()
                letter = await self._next()
                if letter is None or (message := await self._made(letter)) is None:
                    continue
                if letter.claimed.sha256 not in ("", message.sha256):
                    # It may have arrived, and a copy under its Message-ID that differs could be told from it by nobody.
                    self._end(letter, letter.claimed.sha256, Stage.CONNECT, Ending.HELD, text=_NOT_AS_IT_WAS)
                else:
                    await self._deliver(letter, message)
        finally:
            self._give_back()
            await self._leave()

    def look(self) -> None:
        """What was taken ahead must not wait for a relay that does not come to an end with what it has."""
        if self._ahead and self._stale(self._ahead[0]):
            # One that was announced during a message that is still under way is missed by the connection when it is
            # given another, and then it is opened anew.
            self._give_back()

    async def _next(self) -> _Letter | None:
        """The next one; nothing where it had to be waited for, or on the way out."""
        if self._ahead:
            letter = self._ahead.popleft()
            if not self._stale(letter):
                return letter
            self._give_back(letter)
        if self._office.stopping.is_set():
            return None
        if (taken := self._take()) is not None:
            return taken
        if not await self._hands.wait(self._lane, idle=IDLE_SECONDS if self._connection else None):
            await self._leave()
        return None

    def _take(self) -> _Letter | None:
        """A claim and, unless that takes long, its message."""
        makers = self._office.makers
        while (taken := self._hands.take(self._lane)) is not None:
            claimed, since = taken
            letter = _Letter(claimed, since, self._hands.waves[claimed.wave_id])
            if self._stale(letter):
                self._withdraw([letter])
                continue
            if makers is not None:
                letter.making = asyncio.get_running_loop().run_in_executor(makers, self._make, letter)
                return letter
            try:
                letter.message = self._make(letter)
            except Exception as error:
                self._cannot_be_made(letter, error)
            else:
                return letter
        return None

    def _make(self, letter: _Letter) -> Message:
        return self._office.messages.personalise(letter.claimed, date=letter.going.opened_at)

    async def _made(self, letter: _Letter) -> Message | None:
        """Its message; nothing if it cannot be made, which is an end of the delivery."""
        if letter.making is not None:
            try:
                letter.message = await letter.making
            except Exception as error:
                self._cannot_be_made(letter, error)
        return letter.message

    def _cannot_be_made(self, letter: _Letter, error: Exception) -> None:
        """One message that cannot be made must not keep all others from going out."""
        claimed = letter.claimed
        _log.error(
            "delivery %d cannot be made into a message",
            claimed.id,
            exc_info=error,
            extra=fields("delivery.unmade", delivery=claimed.id, wave=claimed.wave_id),
        )
        self._end(letter, "", Stage.CONNECT, Ending.FAILED, text=f"cannot be made: {error}")

    def _look_ahead(self, connection: Connection) -> MailObject | None:
        """Have the next message made; returns it if it is ready to be announced."""
        if not (self._brisk and connection.pipelines and self._lane.free):
            return None
        while len(self._ahead) < self._depth and (letter := self._take()) is not None:
            self._ahead.append(letter)
        return self._ahead[0].mail if self._ahead else None

    def _stale(self, letter: _Letter) -> bool:
        return is_stale(letter.since, self._office.clock.monotonic())

    async def _unless_stopping(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What the work gives; nothing if everything stops before it is done, which ends it."""
        task = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(self._office.stopping.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            task.cancel()
            stop.cancel()
        # Waited for, as it has a socket to close on its way out.
        await asyncio.wait({task})
        return None if task.cancelled() else task.result()

    async def _deliver(self, letter: _Letter, message: Message) -> None:
        """Hand over one message; the connection is kept for the next one if it can be used."""
        while True:
            connection = self._connection
            fresh = connection is None or not connection.usable
            try:
                if connection is None or fresh:
                    connection = self._connection = await self._unless_stopping(
                        Connection.open(self._lane.endpoint)
                    )
                    if connection is None:
                        self._give_back(letter)
                        return
                    self._note_up()
                    if self._stale(letter):
                        self._give_back(letter)
                        return
                await self._send(connection, letter, message, fresh=fresh)
            except RelayTrouble as error:
                if not (error.reply and self._note_throttled(error.reply)):
                    self._note_down(self._lane.endpoint.without_password(str(error)))
                self._give_back(letter)
            except ConversationLost as lost:
                self._connection = None
                if lost.pipelined and not lost.in_doubt and self._lane.stumble():
                    _log.warning(
                        "relay %s offers PIPELINING and cannot: commands go one by one",
                        self._lane.name,
                        extra=fields("relay.no-pipelining", relay=self._lane.name),
                    )
                if not lost.in_doubt and not fresh:
                    # The relay closed a connection that had been idle: nothing was said about this message yet.
                    continue
                ending = Ending.IN_DOUBT if lost.in_doubt else Ending.DEFERRED
                self._end(letter, message.sha256, lost.stage, ending, text=lost.reason)
                if self._lane.broke_off():
                    self._note_down(f"it breaks off one message after the other: {lost.reason}")
            except (NotYet, _Withdrawn, BadJournal) as stop:
                self._give_back(letter)
                if isinstance(stop, NotYet):
                    await self._office.hold(letter.going, str(stop))
                elif isinstance(stop, BadJournal):
                    self._recorder.shut(stop)
            return

    async def _send(self, connection: Connection, letter: _Letter, message: Message, *, fresh: bool) -> None:
        monotonic = self._office.clock.monotonic
        following = self._look_ahead(connection)
        start = monotonic()
        outcome = await connection.send(
            message.mail, on_data=lambda: self._last_look(letter, message), following=following
        )
        self._brisk = monotonic() - start < BRISK_SECONDS
        if outcome.reply.code == 421 and outcome.stage in (Stage.RSET, Stage.MAIL) and not fresh:
            # RFC 5321 3.8: it closes this connection, after so many messages or so long; that is not about this one.
            raise ConversationLost(Stage.MAIL, in_doubt=False, reason=str(outcome.reply))
        self._end_with(letter, message.sha256, outcome)
        if self._lane.judge(outcome.verdict):
            self._note_down(f"it refuses one message after the other: {_codes(outcome.reply)}")
        elif self._lane.wait:
            self._note_up()
        if outcome.verdict is Verdict.DEFERRED:
            self._note_throttled(outcome.reply)

    def _last_look(self, letter: _Letter, message: Message) -> None:
        """The last look before a byte leaves: promise 1, and the journal of promise 2."""
        if letter.going.stopped or self._office.stopping.is_set() or not self._recorder.open.is_set():
            raise _Withdrawn
        now, doubt = self._office.trust.look()
        if doubt:
            raise NotYet(doubt)
        start, end = letter.going.span
        if not start <= now < end:
            if letter.going.limits.is_stale(now):
                letter.going.stopped = True
                raise _Withdrawn
            raise NotYet(letter.going.limits.forbids(now))
        self._recorder.begin(letter.claimed, message.sha256)

    def _give_back(self, *letters: _Letter) -> None:
        """These and all that were taken ahead are not sent; one that was announced costs the connection."""
        self._withdraw([*letters, *self._ahead])
        self._ahead.clear()
        if self._connection is not None and self._connection.announced is not None:
            self._connection.abort()

    def _withdraw(self, letters: Iterable[_Letter]) -> None:
        claims = [letter.claimed for letter in letters]
        self._recorder.give_back(claims)
        for claimed in claims:
            self._hands.unsent(claimed)

    async def _leave(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.quit()

    def _end_with(self, letter: _Letter, sha256: str, outcome: Outcome) -> None:
        reply, ending = outcome.reply, _ENDINGS[outcome.verdict]
        self._end(letter, sha256, outcome.stage, ending, code=reply.code, enhanced=reply.enhanced, text=reply.text)

    def _end(
        self,
        letter: _Letter,
        sha256: str,
        stage: Stage,
        ending: Ending,
        *,
        code: int = 0,
        enhanced: str = "",
        text: str,
    ) -> None:
        ended = Ended(
            delivery_id=letter.claimed.id,
            at=self._office.clock.now(),
            relay=self._lane.name,
            stage=stage.value,
            verdict=ending.value,
            code=code,
            enhanced=enhanced,
            text=text,
            sha256=sha256,
        )
        self._recorder.end(letter.claimed, ended)
        self._hands.done(letter.claimed)

    def _note_throttled(self, reply: Reply) -> bool:
        """Hold back if the relay says that it has too many; whether it does."""
        if not too_many(reply):
            return False
        lane = self._lane
        if lane.slow_down(reply):
            seconds, connections = lane.throttle.rest, lane.throttle.connections
            _log.warning(
                "relay %s has too many: %s; it is left alone for %.0f s, then gets %d connections",
                lane.name,
                _codes(reply),
                seconds,
                connections,
                extra=fields(
                    "relay.throttled",
                    relay=lane.name,
                    wait_seconds=seconds,
                    connections=connections,
                    code=reply.code,
                ),
            )
            data: dict[str, object] = {"relay": lane.name, "reason": _codes(reply), "connections": connections}
            self._recorder.tell(Event.RELAY_THROTTLED, data)
        # Others may have to take its mail.
        self._hands.rouse()
        return True

    def _note_down(self, reason: str) -> None:
        news = self._lane.down(reason)
        self._hands.rouse()
        if news:
            _log.warning(
                "relay %s: %s; trying again in %.0f s",
                self._lane.name,
                reason,
                self._lane.wait,
                extra=fields("relay.down", relay=self._lane.name, reason=reason, wait_seconds=self._lane.wait),
            )
            self._recorder.tell(Event.RELAY_DOWN, {"relay": self._lane.name, "reason": reason})

    def _note_up(self) -> None:
        if self._lane.up():
            _log.warning(
                "relay %s takes mail again", self._lane.name, extra=fields("relay.up", relay=self._lane.name)
            )
            self._recorder.tell(Event.RELAY_UP, {"relay": self._lane.name})


def _codes(reply: Reply) -> str:
    """A reply without its words, which are kept with the attempt, as they may name a recipient."""
    return f"{reply.code} {reply.enhanced}".rstrip()
