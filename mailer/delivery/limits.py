"""How much may go out: a sliding window of messages, and the limits of one recipient domain."""

from collections import deque
from math import inf

from mailer.clock import Clock
from mailer.config import Limit

WINDOW_SECONDS = 60.0


class Window:
    """No more than so many messages in any 60 seconds, wherever on their way they are counted.

    A message counts from its beginning until 60 seconds after its end, as nobody but the receiver knows when between
    the two it counted it.
    """

    __slots__ = ("_clock", "_ended", "_most", "_under_way")

    def __init__(self, most: int, clock: Clock) -> None:
        self._most, self._clock = most, clock
        self._under_way = 0
        self._ended: deque[float] = deque()

    def rest(self) -> float:
        """Seconds until one more may begin; infinite while that depends on the end of one that is under way."""
        ended, before = self._ended, self._clock.monotonic() - WINDOW_SECONDS
        while ended and ended[0] <= before:
            ended.popleft()
        if self._under_way + len(ended) < self._most:
            return 0.0
        return ended[0] - before if ended else inf

    @property
    def pace(self) -> float:
        """Seconds from one to the next, if they were spread evenly."""
        return WINDOW_SECONDS / self._most

    def begin(self) -> None:
        """One is under way."""
        self._under_way += 1

    def end(self) -> None:
        """One has been handed over, or may have."""
        self._under_way -= 1
        self._ended.append(self._clock.monotonic())

    def cancel(self) -> None:
        """One was not handed over after all."""
        self._under_way -= 1


class Gate:
    """What may go to one recipient domain, over all relays."""

    __slots__ = ("_most", "_under_way", "domain", "window")

    def __init__(self, limit: Limit, clock: Clock) -> None:
        self.domain = limit.domain
        self.window = Window(limit.messages_per_minute, clock) if limit.messages_per_minute else None
        self._most = limit.connections or inf
        self._under_way = 0

    @property
    def width(self) -> float:
        """How many may be under way at the same time."""
        return self._most

    def rest(self) -> float:
        """Seconds until one more may begin; infinite while that depends on the end of one that is under way."""
        if self._under_way >= self._most:
            return inf
        return self.window.rest() if self.window is not None else 0.0

    def begin(self) -> None:
        """One is under way."""
        self._under_way += 1
        if self.window is not None:
            self.window.begin()

    def end(self) -> None:
        """One has been handed over, or may have."""
        self._under_way -= 1
        if self.window is not None:
            self.window.end()

    def cancel(self) -> None:
        """One was not handed over after all."""
        self._under_way -= 1
        if self.window is not None:
            self.window.cancel()
