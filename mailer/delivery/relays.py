"""The lane to one relay: when it may be tried again, and how fast it is fed."""

import asyncio
from contextlib import suppress
from dataclasses import replace

from mailer.clock import Clock
from mailer.delivery.endpoint import Endpoint
from mailer.delivery.reply import Verdict

FIRST_WAIT, LAST_WAIT = 1.0, 60.0
"""Seconds before a relay that is down is tried again; doubled each time."""

STUMBLES = 3
"""So many groups of commands lost with no message between them, and the relay's PIPELINING is not believed."""

TROUBLES = 10
"""So many refusals of us in a row, none of them the recipients' fault, and the relay is left alone for a while."""


class Lane:
    """One relay's share of the couriers."""

    def __init__(
        self, endpoint: Endpoint, clock: Clock, *, connections: int, messages_per_minute: int = 0
    ) -> None:
        self.endpoint, self.connections = endpoint, connections
        self.wait = 0.0
        """Seconds that the relay is left alone for; zero while it is up."""
        self._clock = clock
        self._gap = 60 / messages_per_minute if messages_per_minute else 0.0
        self._next = self._again = 0.0
        self._troubles = self._stumbles = 0

    @property
    def name(self) -> str:
        """The relay's name in the settings."""
        return self.endpoint.name

    @property
    def unlimited(self) -> bool:
        """Whether a message may follow the one before it at once."""
        return not self._gap

    @property
    def rests(self) -> bool:
        """Whether it may not be tried at this moment."""
        return self._again > self._clock.monotonic()

    async def ready(self, stopping: asyncio.Event) -> None:
        """Wait until the relay may be tried and takes one more message in this minute, or everything stops."""
        while not stopping.is_set() and (rest := max(self._again, self._next) - self._clock.monotonic()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), rest)

    def take_turn(self) -> bool:
        """Use the turn that ``ready`` waited for; false when another courier was first."""
        if not self._gap:
            return True
        now = self._clock.monotonic()
        if now < self._next:
            return False
        self._next = now + self._gap
        return True

    def down(self, reason: str) -> bool:
        """It can't be used; true if that is news. Connections that fail together count as one."""
        if self._again > self._clock.monotonic():
            return False
        news = not self.wait
        self.wait = min(self.wait * 2, LAST_WAIT) if self.wait else FIRST_WAIT
        self._again = self._clock.monotonic() + self.wait
        self._troubles = 0
        return news

    def up(self) -> bool:
        """It can be used; true if that is news."""
        news = bool(self.wait)
        self.wait = 0.0
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

    def judge(self, verdict: Verdict) -> bool:
        """Count what it says to messages; true when it has refused us too many times in a row."""
        self._stumbles = 0
        self._troubles = self._troubles + 1 if verdict is Verdict.TROUBLE else 0
        return self._troubles >= TROUBLES
