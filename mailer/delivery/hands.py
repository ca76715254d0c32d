"""What a sending process holds between the database and the wire: the waves that are open, and its claims on them."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.delivery.claims import Claim
from mailer.schedule.rules import Limits

BATCH = 500
"""Deliveries claimed in one transaction, and about as many in hand."""

FRESH_SECONDS = 5.0
"""A claim that has waited for longer, as while a relay is down, goes back, and suppression is looked up again."""


def is_stale(since: float, now: float) -> bool:
    """Whether a claim has waited too long; (monotonic) time of claiming, and now."""
    return now - since > FRESH_SECONDS


@dataclass(slots=True)
class Going:
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


class Hands:
    """The claims that no courier has taken yet, each with the (monotonic) time of claiming."""

    def __init__(self) -> None:
        self.waves: dict[int, Going] = {}
        self.hungry = asyncio.Event()
        """Set when there is room for more."""
        self._fed = asyncio.Event()
        self._claims: deque[tuple[Claim, float]] = deque()

    @property
    def full(self) -> bool:
        """Whether no more should be claimed now."""
        return len(self._claims) >= BATCH

    def put(self, claims: Sequence[Claim], since: float) -> None:
        """Let the couriers have these."""
        self._claims.extend((claimed, since) for claimed in claims)
        self._fed.set()

    def put_back(self, claimed: Claim, since: float) -> None:
        """One that was taken and could not be used is the next again."""
        self._claims.appendleft((claimed, since))

    def take(self) -> tuple[Claim, float] | None:
        """The next one, if there is one."""
        if not self._claims:
            return None
        taken = self._claims.popleft()
        if len(self._claims) == BATCH // 2:
            self.hungry.set()
        return taken

    async def wait(self, seconds: float | None) -> bool:
        """Wait for something to take; false when there has been nothing for so long."""
        self.hungry.set()
        self._fed.clear()
        try:
            await asyncio.wait_for(self._fed.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def sift(self, keep: Callable[[Claim, float], bool]) -> Iterable[Claim]:
        """Take out those that are not to be kept."""
        claims, self._claims = self._claims, deque()
        gone: list[Claim] = []
        for claimed, since in claims:
            if keep(claimed, since):
                self._claims.append((claimed, since))
            else:
                gone.append(claimed)
        return gone

    def rouse(self) -> None:
        """Wake everybody who waits here."""
        self.hungry.set()
        self._fed.set()
