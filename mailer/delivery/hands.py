"""What a sending process holds between the database and the wire: the waves that are open, and its claims on them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mailer.delivery.claims import Claim
from mailer.delivery.queues import BATCH, Queues
from mailer.delivery.relays import Lane
from mailer.schedule.rules import Limits

FRESH_SECONDS = 5.0
"""A claim that has waited for longer, as while a relay is down, goes back, and suppression is looked up again."""


def is_stale(since: float, now: float) -> bool:
    """Whether a claim has waited too long; (monotonic) time of claiming, and now."""
    return now - since > FRESH_SECONDS


@dataclass(slots=True)
class Going:
    """A wave that is being sent."""

    id: int
    opened_at: datetime
    limits: Limits
    span: tuple[datetime, datetime] = field(init=False)
    """Of the limits, which are asked before each message."""
    stopped: bool = False
    """Paused, held, cancelled or stale: its claims go back."""
    waiting: bool = True
    """Whether there may be something to claim."""
    held: set[int] = field(default_factory=set)
    """The numbers of its claims that are neither recorded nor given back."""

    def __post_init__(self) -> None:
        self.span = self.limits.span()


class Hands:
    """The claims in hand, for the couriers of all lanes."""

    def __init__(self, queues: Queues) -> None:
        self.waves: dict[int, Going] = {}
        self.hungry = asyncio.Event()
        """Set when there may be room for more."""
        self._queues = queues
        self._fed = asyncio.Event()

    def room(self, going: Going) -> int:
        """How many more of a wave's deliveries to claim now."""
        return self._queues.room(going.id) if going.waiting and not going.stopped else 0

    def put(self, claims: Sequence[Claim], since: float) -> list[tuple[Claim, float]]:
        """Let the couriers have these, with the (monotonic) time of claiming.

        Returns what is not to be kept in hand, each with the seconds after which it is wanted again.
        """
        self._queues.put(claims, since)
        self._fed.set()
        return self._queues.surplus()

    def take(self, lane: Lane) -> tuple[Claim, float] | None:
        """The next one that this lane may have now; it must be ``done`` or ``unsent``."""
        taken = self._queues.take(lane)
        if len(self._queues) <= BATCH // 2:
            self.hungry.set()
        return taken

    def done(self, claimed: Claim) -> None:
        """Its message was handed over, or may have been."""
        if self._queues.done(claimed):
            self._fed.set()

    def unsent(self, claimed: Claim) -> None:
        """Its message was not handed over after all."""
        if self._queues.unsent(claimed):
            self._fed.set()

    async def wait(self, lane: Lane, *, idle: float | None) -> bool:
        """Wait for something that this lane may take; false when there has been nothing for so many seconds."""
        self.hungry.set()
        self._fed.clear()
        soon = self._queues.wait(lane)
        seconds = idle if idle is not None and (soon is None or soon > idle) else soon
        try:
            await asyncio.wait_for(self._fed.wait(), seconds)
        except TimeoutError:
            return seconds == soon
        return True

    def sift(self, keep: Callable[[Claim, float], bool]) -> list[Claim]:
        """Take out those that are not to be kept."""
        return self._queues.sift(keep)

    def clear(self) -> list[Claim]:
        """Take out everything."""
        return self._queues.clear()

    def rouse(self) -> None:
        """Wake everybody who waits here: something has changed that was not to be foreseen."""
        self.hungry.set()
        self._fed.set()
