"""What a relay's “too many” means, and how long and how far we hold back after it."""

import re

from mailer.clock import Clock
from mailer.delivery.reply import Reply

FIRST_PAUSE, LAST_PAUSE = 30.0, 900.0
"""Seconds that a relay is left alone for after “too many messages”; doubled each time that it says so again."""

BREATH = 3.0
"""Seconds that it is left alone for after “too many connections”: what was on its way may say the same once more."""

STEP = 60.0
"""Seconds until one more connection is opened again, and of acceptances until the next pause is a first one again."""

LONG_PAUSE = 60.0
"""A relay with a pause of so many seconds counts as away."""

_CODES = frozenset({421, 450, 451, 452})
# RFC 3463 3.8 (policy), 3.6 (4.5.3: too many recipients), 3.4 (4.3.2: not accepting, for Exchange's connections). X.2.z
# is about one mailbox that gets too much; the relay has nothing against us. In a banner there is often no such code.
_ENHANCED = re.compile(r"|4\.7\.\d+|4\.5\.3|4\.3\.2")
_WORDS = re.compile(
    r"\btoo (many|much|fast)\b|\brate\b|ratelimit|throttl|\bslow down\b|\bconcurrent\b|\bmaximum number of\b",
    re.IGNORECASE,
)
_CONNECTIONS = re.compile(r"\b(connections?|sessions?)\b", re.IGNORECASE)


def too_many(reply: Reply) -> bool:
    """Whether a reply, at any stage, says that we send too much at a time, whoever the recipient is."""
    return (
        reply.code in _CODES
        and _ENHANCED.fullmatch(reply.enhanced) is not None
        and _WORDS.search(reply.text) is not None
    )


class Throttle:
    """How far we hold back from one relay that has had too many."""

    def __init__(self, connections: int, clock: Clock) -> None:
        self.until = 0.0
        """The (monotonic) time up to which it is left alone."""
        self.pause = 0.0
        """Seconds of the last pause; zero when there was none lately."""
        self._all, self._allowed = connections, connections
        self._clock = clock

    @property
    def connections(self) -> int:
        """How many may be open now."""
        if self._allowed < self._all:
            regained = max(0, int((self._clock.monotonic() - self.until) / STEP))
            return min(self._allowed + regained, self._all)
        return self._all

    @property
    def holds_back(self) -> bool:
        """Whether anything of it is left."""
        return self.pause > 0 or self.until > self._clock.monotonic() or self.connections < self._all

    @property
    def rest(self) -> float:
        """Seconds that the relay is left alone for; zero or less when it is not."""
        return self.until - self._clock.monotonic()

    @property
    def long(self) -> bool:
        """Whether it is left alone for so long that others should take its mail."""
        return self.pause >= LONG_PAUSE and self.rest > 0

    def until_regained(self, connections: int) -> float:
        """Seconds until so many may be open."""
        return self.until + (connections - self._allowed) * STEP - self._clock.monotonic()

    def tighten(self, reply: Reply) -> bool:
        """Hold back, or further than before; true if that is news. Replies that come together count as one."""
        if self.rest > 0:
            return False
        news, before = not self.holds_back, self.connections
        self._allowed = max(1, before // 2)
        length = BREATH
        if before == 1 or not _CONNECTIONS.search(reply.text):
            self.pause = min(self.pause * 2, LAST_PAUSE) if self.pause else FIRST_PAUSE
            length = self.pause
        self.until = self._clock.monotonic() + length
        return news

    def ease(self) -> None:
        """It takes mail: after a minute of that, the next pause is a first one again."""
        if self.pause and -self.rest >= STEP:
            self.pause = 0.0
