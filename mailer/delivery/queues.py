"""The claims in hand between the database and the wire, sorted so that nobody waits behind what cannot go now.

They lie in lines: one for each wave and place, a place being the relays that may take the mail and, where the settings
limit its recipient domain, that domain. Whoever takes goes round the waves, and round the lines of a wave: a small wave
gets every other turn beside a large one, and a domain no more than its share.

A wave's claims come out of the database in the order of their numbers and at most ``BATCH`` at a time, so that those
which cannot go now could fill the hands while others could go. Therefore:

- Of a line that is hindered, because its domain is limited, or because its relays are away or limited themselves while
  a relay for other mail is not, no more than ``SHARE`` or those of a second are kept. ``surplus`` hands out the rest,
  each with the seconds until its turn may be near; they go back into the database until then. None of such a line
  counts in ``room``.
- When a relay that takes mail finds nothing for itself, up to ``AHEAD`` of a wave are taken in hand, as what is there
  is for others, which may be slow.
- While no relay takes mail at all nobody is served by looking further, and the hands are filled as if all could go.

So what is in hand is bounded: by ``AHEAD`` and a batch for each wave, and by a batch for each of its hindered lines.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from math import inf
from typing import Final

from mailer.clock import Clock
from mailer.config import Limit
from mailer.delivery.claims import Claim
from mailer.delivery.limits import Gate
from mailer.delivery.relays import Lane
from mailer.delivery.routes import Routes, domain_of

BATCH: Final = 1000
"""Claims that a wave has in hand: those of a quarter of a second, so that the wire does not run dry while others write
to the database."""

SHARE: Final = 100
"""Claims that a hindered line of a wave has in hand, if no more of them go in a second."""

AHEAD: Final = 2000
"""Claims that a wave has in hand while a relay finds nothing for itself."""

LONGEST_SECONDS: Final = 60.0
"""Nothing goes back to the database for longer, so that a wrong guess does not matter much."""

_DOMAINS_KEPT = 4096
_GUESS = 0.1
"""Seconds from the taking of a message to its end, before it has been measured."""


class _Place:
    """What a claim's way depends on: the relays, in tiers, that may take it, and its domain's limit."""

    __slots__ = ("gate", "open_to_all", "seconds", "tiers")

    def __init__(self, tiers: Sequence[Sequence[Lane]], gate: Gate | None, *, lanes: int) -> None:
        self.tiers, self.gate = tiers, gate
        self.open_to_all = gate is None and len(tiers[0]) == lanes
        """Whether any lane may take it at any time."""
        self.seconds = _GUESS
        """From the taking of a message to its end, lately."""

    @property
    def turn_of(self) -> Sequence[Lane]:
        """The lanes whose turn it is: those of the first tier that is not away as a whole."""
        return next((tier for tier in self.tiers if not all(lane.away for lane in tier)), ())

    def falls_to(self, lane: Lane) -> bool:
        """Whether this lane may take it, the domain's limit aside. One that is away tries itself by taking."""
        for tier in self.tiers:
            if lane in tier:
                return True
            if not all(other.away for other in tier):
                return False
        return False

    @property
    def pace(self) -> float:
        """Seconds from one message to the next, as far as can be foreseen."""
        lanes = self.turn_of or self.tiers[0]
        paces = [lane.window.pace if lane.window is not None else 0.0 for lane in lanes]
        width = min(sum(lane.connections for lane in lanes), self.gate.width if self.gate else inf)
        windows = [1 / sum(1 / pace for pace in paces)] if paces and all(paces) else []
        if self.gate is not None and self.gate.window is not None:
            windows.append(self.gate.window.pace)
        return max(self.seconds / width, *windows, 0.001)

    @property
    def rest(self) -> float:
        """Seconds until a relay of it may be tried."""
        return min(lane.rest for tier in self.tiers for lane in tier)


class _Line:
    __slots__ = ("claims", "place")

    def __init__(self, place: _Place) -> None:
        self.place = place
        self.claims: deque[tuple[Claim, float]] = deque()


class _Wave:
    __slots__ = ("lines", "of", "ring")

    def __init__(self) -> None:
        self.ring: deque[_Line] = deque()
        self.of: dict[_Place, _Line] = {}


class Queues:
    """The claims in hand. Not for more than one thread."""

    def __init__(
        self, lanes: Sequence[Lane], clock: Clock, *, routes: Routes, limits: Iterable[Limit] = ()
    ) -> None:
        """``lanes`` are in the order of the relays that ``routes`` was made of."""
        self._lanes, self._clock, self._routes = tuple(lanes), clock, routes
        self._gates = {limit.domain: Gate(limit, clock) for limit in limits}
        self._sorts = bool(self._gates or routes.named())
        """Whether a claim's place depends on its domain."""
        self._places: dict[tuple[object, Gate | None], _Place] = {}
        self._place_at = lru_cache(_DOMAINS_KEPT)(self._find_place)
        self._only = self._place_of("")
        for domain in (*routes.named(), *self._gates):
            self._place_of(domain)
        """The place of every claim, where they need not be sorted."""
        self._times = self._sorts or any(lane.window is not None for lane in lanes)
        """Whether it matters how long a claim is out."""
        self._waves: dict[int, _Wave] = {}
        self._ring: deque[tuple[int, _Wave]] = deque()
        self._out: dict[int, tuple[_Place, Lane, float]] = {}
        """Claims that were taken and are not done, with the time of that."""
        self._unserved: set[Lane] = set()
        """The lanes that have found nothing since something was put in."""
        self._count = 0

    def __len__(self) -> int:
        return self._count

    # In and out.

    def put(self, claims: Iterable[Claim], since: float) -> None:
        """Take claims in hand, with the (monotonic) time of claiming."""
        for claim in claims:
            wave = self._waves.get(claim.wave_id)
            if wave is None:
                wave = self._waves[claim.wave_id] = _Wave()
                self._ring.append((claim.wave_id, wave))
            place = self._place_at(claim.address.rpartition("@")[2]) if self._sorts else self._only
            line = wave.of.get(place)
            if line is None:
                line = wave.of[place] = _Line(place)
                wave.ring.append(line)
            line.claims.append((claim, since))
            self._count += 1
        self._unserved.clear()

    def take(self, lane: Lane) -> tuple[Claim, float] | None:
        """The next claim that this lane may take now, with the time of claiming; nothing if there is none.

        It uses the turn of the lane and of the claim's domain, until the claim is ``done`` or ``unsent``.
        """
        if lane.window is not None and lane.window.rest() > 0:
            return None
        waves = self._ring
        for _ in range(len(waves)):
            number, wave = waves[0]
            waves.rotate(-1)
            lines = wave.ring
            for _ in range(len(lines)):
                line = lines[0]
                lines.rotate(-1)
                place = line.place
                if not place.open_to_all and not (
                    place.falls_to(lane) and (place.gate is None or place.gate.rest() <= 0)
                ):
                    continue
                taken = line.claims.popleft()
                self._count -= 1
                if not line.claims:
                    # It was rotated to the end, and so was its wave.
                    lines.pop()
                    del wave.of[place]
                    if not lines:
                        waves.pop()
                        del self._waves[number]
                if self._times:
                    self._begin(taken[0], place, lane)
                return taken
        self._unserved.add(lane)
        return None

    def done(self, claim: Claim) -> bool:
        """Its message was handed over, or may have been; true if something that waited may go now."""
        return self._end(claim, sent=True) if self._times else False

    def unsent(self, claim: Claim) -> bool:
        """Its message was not handed over after all; true if something that waited may go now."""
        return self._end(claim, sent=False) if self._times else False

    def wait(self, lane: Lane) -> float | None:
        """Seconds until something in hand may be for this lane by time alone; nothing if time changes nothing."""
        rests = [line.place.gate.rest() if line.place.gate else 0.0 for line in self._lines_for(lane)]
        soonest = min(rests, default=inf)
        if lane.window is not None:
            soonest = max(soonest, lane.window.rest())
        return None if soonest == inf else soonest

    def sift(self, keep: Callable[[Claim, float], bool]) -> list[Claim]:
        """Remove and return the claims that are not kept."""
        removed: list[Claim] = []
        for number, wave in list(self._waves.items()):
            for line in list(wave.ring):
                kept: deque[tuple[Claim, float]] = deque()
                for taken in line.claims:
                    if keep(*taken):
                        kept.append(taken)
                    else:
                        removed.append(taken[0])
                line.claims = kept
            self._tidy(number, wave)
        self._count -= len(removed)
        return removed

    def clear(self) -> list[Claim]:
        """Remove and return everything."""
        claims = [claim for _, wave in self._ring for line in wave.ring for claim, _ in line.claims]
        self._ring.clear()
        self._waves.clear()
        self._count = 0
        return claims

    # How much of what is to be in hand.

    def room(self, wave_id: int) -> int:
        """How many more claims of this wave are wanted now; all of one batch, or none."""
        share = max(BATCH // max(len(self._ring), 1), SHARE)
        wave = self._waves.get(wave_id)
        if wave is None:
            return share
        if not self._sorts:
            return share if len(wave.ring[0].claims) <= share // 2 else 0
        free = sum(len(line.claims) for line in wave.ring if not self._hindered(line.place))
        if free <= share // 2:
            return share
        unserved = any(self._has_a_turn(lane) for lane in self._unserved)
        return share if unserved and sum(len(line.claims) for line in wave.ring) < AHEAD else 0

    def surplus(self) -> list[tuple[Claim, float]]:
        """Remove and return what is not to be kept in hand, each with the seconds after which it is wanted again.

        Half of what it may take until its turn: a wrong guess costs another look, not time.
        """
        if not self._sorts:
            return []
        given: list[tuple[Claim, float]] = []
        for number, wave in list(self._waves.items()):
            for line in wave.ring:
                if len(line.claims) <= SHARE or not self._hindered(line.place):
                    continue
                pace, rest = line.place.pace, line.place.rest
                # Those of the next second stay, so that a fast one does not run dry between two looks at the waves.
                kept = max(SHARE, min(int(1 / pace), BATCH))
                for position in range(len(line.claims), kept, -1):
                    claim, _ = line.claims.pop()
                    given.append((claim, min(rest + position * pace / 2, LONGEST_SECONDS)))
            self._tidy(number, wave)
        self._count -= len(given)
        return given

    def _hindered(self, place: _Place) -> bool:
        """Whether it must not fill the hands, as other claims could go meanwhile."""
        if place.open_to_all:
            return False
        mail_goes = [lane for lane in self._lanes if not lane.away and lane.rest <= 0]
        if place.gate is not None:
            return bool(mail_goes)
        lanes = place.turn_of
        freely = any(lane in mail_goes and lane.window is None for lane in lanes)
        return not freely and any(lane not in lanes and self._has_a_turn(lane) for lane in mail_goes)

    def _has_a_turn(self, lane: Lane) -> bool:
        """Whether there is mail that it may take as things are, unlike a standby that is not needed."""
        return any(lane in place.turn_of for place in self._places.values())

    # Inside.

    def _place_of(self, domain: str) -> _Place:
        numbers, gate = self._routes.to(domain), self._gates.get(domain)
        place = self._places.get((numbers, gate))
        if place is None:
            tiers = tuple(tuple(self._lanes[number] for number in tier) for tier in numbers)
            place = self._places[numbers, gate] = _Place(tiers, gate, lanes=len(self._lanes))
        return place

    def _find_place(self, domain: str) -> _Place:
        return self._place_of(domain_of(domain))

    def _begin(self, claim: Claim, place: _Place, lane: Lane) -> None:
        lane.begin_turn()
        if place.gate is not None:
            place.gate.begin()
        self._out[claim.id] = place, lane, self._clock.monotonic()

    def _end(self, claim: Claim, *, sent: bool) -> bool:
        if (out := self._out.pop(claim.id, None)) is None:
            return False
        place, lane, since = out
        if sent:
            lane.turn_over()
            place.seconds += (self._clock.monotonic() - since - place.seconds) / 5
        else:
            lane.turn_unused()
        if place.gate is None:
            return False
        if sent:
            place.gate.end()
        else:
            place.gate.cancel()
        return True

    def _lines_for(self, lane: Lane) -> Iterator[_Line]:
        lines = chain.from_iterable(wave.ring for _, wave in self._ring)
        return (line for line in lines if line.place.open_to_all or line.place.falls_to(lane))

    def _tidy(self, number: int, wave: _Wave) -> None:
        """Forget lines, and a wave, with nothing in them."""
        wave.ring = deque(line for line in wave.ring if line.claims)
        wave.of = {line.place: line for line in wave.ring}
        if not wave.ring:
            del self._waves[number]
            self._ring.remove((number, wave))
