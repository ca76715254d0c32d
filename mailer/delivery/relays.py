"""The lane to one relay: when it may be tried again, and how fast it is fed."""

import asyncio
from collections.abc import Hashable
from dataclasses import replace
from math import inf
from typing import Any

from mailer.clock import Clock
from mailer.delivery.endpoint import Endpoint
from mailer.delivery.limits import Window
from mailer.delivery.reply import Reply, Verdict
from mailer.delivery.throttle import Throttle

FIRST_WAIT, LAST_WAIT = 1.0, 60.0
"""Seconds before a relay that is down is tried again; doubled each time."""

STUMBLES = 3
"""So many groups of commands lost with no message between them, and the relay's PIPELINING is not believed."""

TROUBLES = 10
"""So many refusals of us in a row, none of them the recipients' fault, and the relay is left alone for a while."""


class Lane:
    """One relay's share of the couriers.

    A courier is known by whatever the caller names it by; unnamed, it is the task that calls. It asks whether it is
    ``ready`` before each message.
    """

    def __init__(
        self, endpoint: Endpoint, clock: Clock, *, connections: int, messages_per_minute: int = 0
    ) -> None:
        self.endpoint, self.connections = endpoint, connections
        self.wait = 0.0
        """Seconds that the relay is left alone for at a time; zero while it is up."""
        self.throttle = Throttle(connections, clock)
        self.window = Window(messages_per_minute, clock) if messages_per_minute else None
        self._clock = clock
        self._again = 0.0
        self._troubles = self._stumbles = 0
        self._refusing = False
        """It went down by refusing us, so that only a message that it does not refuse shows that it is up."""
        self._trying: Hashable = None
        """The courier that tries a relay which was down; the others wait for what comes of it."""
        self._asked: dict[Hashable, bool] = {}
        """Couriers in the order of their asking, and whether they had a connection: where the relay takes fewer
        connections than there are couriers, these come first."""
        self._change: asyncio.Future[None] | None = None
        self._held_back = self.window is not None
        """False where ``ready`` has nothing to look at, as nearly always."""

    @property
    def name(self) -> str:
        """The relay's name in the settings."""
        return self.endpoint.name

    @property
    def free(self) -> bool:
        """Whether there is nothing to look at before the next message, as nearly always."""
        return not self._held_back

    @property
    def away(self) -> bool:
        """Whether others should take its mail: it is down, also while it is tried, or has to be left alone for long."""
        return self._held_back and (self.wait > 0 or self.throttle.long)

    @property
    def rest(self) -> float:
        """Seconds until it may be tried at all; zero when it may be now."""
        return max(0.0, self._again - self._clock.monotonic(), self.throttle.rest) if self._held_back else 0.0

    # When a courier may go.

    async def ready(
        self, stopping: asyncio.Event, courier: Hashable = None, *, at_most: float | None = None
    ) -> bool:
        """Wait until this courier may try the relay, which takes one more message in this minute, or all stops.

        ``at_most`` is for one that has a connection, and how many seconds that may lie idle: false, at once, if it
        would lie for longer, and has to be closed.
        """
        while self._held_back and not stopping.is_set():
            if (rest := self._rest_of(courier, connected=at_most is not None)) <= 0:
                break
            if at_most is not None and rest > at_most:
                return False
            await self._rest_or_change(rest, stopping)
        return True

    async def _rest_or_change(self, rest: float, stopping: asyncio.Event) -> None:
        if self._change is None:
            self._change = asyncio.get_running_loop().create_future()
        stop = asyncio.ensure_future(stopping.wait())
        either: set[asyncio.Future[Any]] = {self._change, stop}
        timeout = None if rest == inf else rest
        try:
            await asyncio.wait(either, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()

    def begin_turn(self) -> None:
        """A message for it is under way; ``turn_over`` or ``turn_unused`` is its end."""
        if self.window is not None:
            self.window.begin()

    def turn_over(self) -> None:
        """Its message was handed over, or may have been."""
        if self.window is not None:
            self.window.end()
            self._tell_waiting()

    def turn_unused(self) -> None:
        """Its message was not handed over."""
        if self.window is not None:
            self.window.cancel()
            self._tell_waiting()

    def _rest_of(self, courier: Hashable, *, connected: bool) -> float:
        """Seconds until this courier may go; infinite while that depends on another's doing."""
        courier = asyncio.current_task() if courier is None else courier
        self._asked[courier] = connected
        if (rest := self.rest) > 0:
            return rest
        if (rest := self._rest_of_the_surplus(courier)) > 0:
            if self._trying == courier:
                self._trying = None
                self._tell_waiting()
            return rest
        if self.wait:
            if self._trying is None:
                self._trying = courier
            if self._trying != courier:
                return inf
        if self.window is not None:
            return self.window.rest()
        self._held_back = bool(self.wait) or self.throttle.holds_back
        return 0.0

    def _rest_of_the_surplus(self, courier: Hashable) -> float:
        """Seconds until there may be one more connection, for the courier to whom it would belong."""
        allowed = self.throttle.connections
        if allowed == self.connections:
            return 0.0
        place = sorted(self._asked, key=lambda other: not self._asked[other]).index(courier)
        return self.throttle.until_regained(place + 1) if place >= allowed else 0.0

    def _tell_waiting(self) -> None:
        if self._change is not None:
            self._change.set_result(None)
            self._change = None

    # What comes of it.

    def down(self, reason: str) -> bool:
        """It can't be used; true if that is news. Connections that fail together count as one."""
        if self._again > self._clock.monotonic():
            return False
        news = not self.wait
        self.wait = min(self.wait * 2, LAST_WAIT) if self.wait else FIRST_WAIT
        self._again = self._clock.monotonic() + self.wait
        self._refusing = self._troubles >= TROUBLES or self._refusing
        self._troubles, self._trying, self._held_back = 0, None, True
        self._tell_waiting()
        return news

    def up(self) -> bool:
        """A connection was opened, or a message answered; true if it can be used again, and that is news."""
        if not self.wait or self._refusing:
            return False
        self.wait = self._again = 0.0
        self._trying = None
        self._tell_waiting()
        return True

    def slow_down(self, reply: Reply) -> bool:
        """It has had too many (see ``throttle.too_many``); true if that is news."""
        news = self.throttle.tighten(reply)
        self._held_back = True
        self._tell_waiting()
        return news

    def stumble(self) -> bool:
        """A group of commands was lost; true when it has happened too often and they go one by one from now on.

        Some relays, and firewalls before them, offer PIPELINING without being able to (RFC 2920 3.2).
        """
        self._stumbles += 1
        if self._stumbles < STUMBLES or not self.endpoint.pipelining:
            return False
        self.endpoint = replace(self.endpoint, pipelining=False)
        return True

    def broke_off(self) -> bool:
        """It left a message without an answer; true when that, or a refusal of us, has happened too many times in a
        row, and it is ``down``."""
        self._troubles += 1
        return self._refusing or self._troubles >= TROUBLES

    def judge(self, verdict: Verdict) -> bool:
        """Count what it says to messages; true when it has refused us too many times in a row, and is ``down``."""
        self._stumbles = 0
        if verdict is Verdict.TROUBLE:
            self._troubles += 1
            # It went down for this: once more is enough.
            return self._refusing or self._troubles >= TROUBLES
        self._troubles, self._refusing = 0, False
        if self._held_back and verdict is Verdict.ACCEPTED:
            self.throttle.ease()
        return False
