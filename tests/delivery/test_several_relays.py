"""Mail goes out over the relays, and at the pace, that the settings name; nobody is lost between them or sent twice."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from builders import DESK, make_contact, make_list
from faulty import CUT, FaultyRelay
from newsroom import make_release, make_version, plan_wave
from sending import Desk
from sqlalchemy import select
from talking import Ahead, ahead

from mailer.audit import Event, entries
from mailer.clock import SystemClock
from mailer.config import Limit, Relay
from mailer.delivery import queues
from mailer.delivery.endpoint import Timeouts
from mailer.schedule.models import Delivery, DeliveryState, Wave
from mailer.schedule.waves import cancel

PATIENT = Timeouts(connect=600, banner=600, command=600, data=600, block=600, end=600, quit=0.5)
"""Time is set ahead by minutes while nothing is on the wire, but for what a slow machine still has there."""


class LoopClock(SystemClock):
    """Goes as the loop's own time does, which a test sets ahead."""

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


@dataclass
class CountingRelay(FaultyRelay):
    """Knows how many messages to a domain it had at the same time, and when each came."""

    most: Counter[str] = field(default_factory=Counter)
    now: Counter[str] = field(default_factory=Counter)
    arrivals: list[tuple[float, str]] = field(default_factory=list)

    async def _answer(self, key: str, writer: asyncio.StreamWriter) -> bytes:
        if key == "RCPT":
            domain = self.commands[-1].rpartition("@")[2].rstrip(">")
            self.now[domain] += 1
            self.most[domain] = max(self.most[domain], self.now[domain])
            self.arrivals.append((asyncio.get_running_loop().time(), domain))
            try:
                # Time for another to come, were there one.
                await asyncio.sleep(0.01)
                return await super()._answer(key, writer)
            finally:
                self.now[domain] -= 1
        return await super()._answer(key, writer)


def planned(desk: Desk, people: int, *, domain: str = "paper.example", slug: str = "ports", then: int = 0) -> Wave:
    """A wave to so many at that domain, and ``then`` some at paper.example."""
    addresses = [f"{slug}{number}@{domain}" for number in range(people)]
    addresses += [f"{slug}-then{number}@paper.example" for number in range(then)]
    with desk.database.write() as session:
        contacts = [make_contact(session, f"Person {address}", address=address) for address in addresses]
        version = make_version(session, make_release(session, slug))
        return plan_wave(session, version, make_list(session, *contacts, name=slug), now=desk.clock.now()).wave


def reached(*relays: FaultyRelay) -> list[str]:
    """Whom the relays have a message for, in the order of the first."""
    return [
        line.removeprefix(b"To:").rpartition(b"<")[2].rstrip(b">").decode()
        for relay in relays
        for message in relay.messages
        for line in [next(line for line in message.split(b"\r\n") if line.startswith(b"To:"))]
    ]


def told(desk: Desk, event: Event) -> list[dict[str, object]]:
    with desk.database.read() as session:
        return [entry.data for entry in entries(session) if entry.event == event]


def over(*servers: FaultyRelay, work: Callable[[list[Relay]], Awaitable[None]], **settings: object) -> None:
    """Run some work while these relays do, each given its settings by its place."""

    async def main() -> None:
        async with AsyncExitStack() as stack:
            relays = []
            for number, server in enumerate(servers):
                await stack.enter_async_context(server.running())
                own = settings.get("abc"[number], {})
                assert isinstance(own, dict)
                plain = {"name": "abc"[number], "host": "127.0.0.1", "security": "none", "connections": 3}
                relays.append(Relay.model_validate({**plain, "port": server.port, **own}))
            await work(relays)

    ahead(main())


async def pass_time(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Ahead)
    loop.ahead += seconds
    # What was due by now gets its turn: more than one look at the waves.
    await asyncio.sleep(0.5)


async def done_whatever_is_deferred(desk: Desk, wave: Wave) -> None:
    async with asyncio.timeout(60):
        while not set(desk.states(wave)) <= {DeliveryState.ACCEPTED}:
            desk.retry_now()
            await asyncio.sleep(0.1)
    await desk.done(wave)


def test_when_one_of_two_relays_goes_down_the_other_takes_the_rest(desk: Desk) -> None:
    wave = planned(desk, 120)
    main = FaultyRelay()
    # Takes twenty, and says that it goes; from then on it cannot be reached.
    failing = FaultyRelay(
        {
            "MAIL": [b"250 2.1.0 Ok\r\n"] * 20 + [b"421 4.3.2 Going down\r\n" + CUT],
            "banner": [b"220 relay.example ESMTP\r\n"] * 3 + [CUT],
        }
    )

    async def work(relays: list[Relay]) -> None:
        async with desk.sending_over(*relays):
            desk.open(wave)
            await done_whatever_is_deferred(desk, wave)

    over(main, failing, work=work)
    assert len(reached(failing)) == 20
    everybody = reached(main, failing)
    assert len(everybody) == len(set(everybody)) == 120
    assert {data["relay"] for data in told(desk, Event.RELAY_DOWN)} == {"b"}


def test_a_standby_is_used_while_the_other_is_away_and_left_again(desk: Desk) -> None:
    waves = [planned(desk, 30, slug=slug) for slug in ("zero", "one", "two", "three")]
    faults: dict[str, bytes | list[bytes]] = {}
    main, reserve = FaultyRelay(faults), FaultyRelay()

    async def work(relays: list[Relay]) -> None:
        async with desk.sending_over(*relays, timeouts=PATIENT, pace=LoopClock()):
            desk.open(waves[0])
            await desk.done(waves[0])
            assert (len(main.messages), len(reserve.messages)) == (30, 0)
            await pass_time(60)  # idle connections are closed
            faults["banner"] = CUT
            desk.open(waves[1])
            await desk.done(waves[1])
            assert (len(main.messages), len(reserve.messages)) == (30, 30)
            faults.clear()
            await pass_time(60)
            desk.open(waves[2])
            await desk.seen(lambda: bool(told(desk, Event.RELAY_UP)))
            await desk.done(waves[2])
            taken = len(reserve.messages)
            desk.open(waves[3])
            await desk.done(waves[3])
            assert len(reserve.messages) == taken

    over(main, reserve, work=work, b={"standby": True})
    everybody = reached(main, reserve)
    assert len(everybody) == len(set(everybody)) == 120


def test_a_domain_goes_to_the_relay_that_names_it_and_elsewhere_only_while_that_is_away(desk: Desk) -> None:
    first, second = (
        planned(desk, 20, domain="water.gov.example", then=20),
        planned(desk, 20, domain="water.gov.example", slug="two"),
    )
    faults: dict[str, bytes | list[bytes]] = {}
    main, gov = FaultyRelay(), FaultyRelay(faults)

    async def work(relays: list[Relay]) -> None:
        async with desk.sending_over(*relays, timeouts=PATIENT, pace=LoopClock()):
            desk.open(first)
            await desk.done(first)
            assert Counter(a.partition("@")[2] for a in reached(gov)) == {"water.gov.example": 20}
            assert Counter(a.partition("@")[2] for a in reached(main)) == {"paper.example": 20}
            await pass_time(60)
            faults["banner"] = b"421 4.3.2 Not now\r\n"
            desk.open(second)
            await desk.done(second)

    over(main, gov, work=work, b={"recipient_domains": ["*.gov.example"]})
    assert len(reached(gov)) == 20
    everybody = reached(main, gov)
    assert len(everybody) == len(set(everybody)) == 60


def test_a_domain_limited_to_one_connection_never_has_two_over_all_relays(desk: Desk) -> None:
    wave = planned(desk, 40, domain="slow.example", then=40)
    servers = CountingRelay(), CountingRelay()
    # One count for both.
    servers[1].now, servers[1].most = servers[0].now, servers[0].most

    async def work(relays: list[Relay]) -> None:
        async with desk.sending_over(*relays, limits=[Limit(domain="slow.example", connections=1)]):
            desk.open(wave)
            await desk.done(wave)

    over(*servers, work=work)
    assert servers[0].most["slow.example"] == 1
    assert servers[0].most["paper.example"] > 1
    assert all(server.messages for server in servers)
    assert len(set(reached(*servers))) == 80


def test_those_who_wait_for_a_slow_domain_do_not_keep_the_others_and_get_their_mail(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "BATCH", 20)
    monkeypatch.setattr(queues, "SHARE", 5)
    wave = planned(desk, 120, domain="slow.example", then=20)
    server = CountingRelay()

    async def work(relays: list[Relay]) -> None:
        async with desk.sending_over(*relays, limits=[Limit(domain="slow.example", connections=1)]):
            desk.open(wave)
            await desk.done(wave)

    over(server, work=work)
    assert server.most["slow.example"] == 1
    everybody = reached(server)
    assert len(everybody) == len(set(everybody)) == 140
    others = [place for place, address in enumerate(everybody) if address.endswith("@paper.example")]
    assert max(others) < 100  # though all of them are behind the 120 by number
    with desk.database.read() as session:
        assert not any(session.scalars(select(Delivery.next_at)))


@pytest.mark.parametrize("whose", ["relay", "domain"])
def test_no_more_go_out_in_any_minute_than_the_settings_say(desk: Desk, whose: str) -> None:
    wave = planned(desk, 12, domain="slow.example")
    server = CountingRelay()
    own = {"messages_per_minute": 5} if whose == "relay" else {}
    limits = [Limit(domain="slow.example", messages_per_minute=5)] if whose == "domain" else []

    async def work(relays: list[Relay]) -> None:
        async with desk.sending_over(*relays, limits=limits, timeouts=PATIENT, pace=LoopClock()):
            desk.open(wave)
            for expected in (5, 10):
                await desk.seen(lambda n=expected: desk.states(wave).count(DeliveryState.ACCEPTED) == n)  # type: ignore[misc]
                await pass_time(50)
                assert len(server.messages) == expected
                await pass_time(10)
            await desk.done(wave)

    over(server, work=work, a=own)
    times = [time for time, _ in server.arrivals]
    assert len(times) == 12
    assert all(later - earlier >= 60 for earlier, later in zip(times, times[5:], strict=False))


TOO_MANY = b"421 4.7.0 Too many messages from you, slow down\r\n"


@pytest.mark.parametrize("stage", ["banner", "MAIL", "."])
def test_after_too_many_messages_the_relay_is_left_alone_and_takes_everything_then(desk: Desk, stage: str) -> None:
    wave = planned(desk, 40)
    good = {"banner": b"220 relay.example ESMTP\r\n", "MAIL": b"250 2.1.0 Ok\r\n", ".": b"250 2.0.0 Ok\r\n"}[stage]
    answers: dict[str, bytes | list[bytes]] = {stage: TOO_MANY}
    server = FaultyRelay(answers)

    async def work(relays: list[Relay]) -> None:
        async with desk.sending_over(*relays, timeouts=PATIENT, pace=LoopClock()):
            desk.open(wave)
            await desk.seen(lambda: bool(told(desk, Event.RELAY_THROTTLED)))
            await asyncio.sleep(0.5)
            before = len(server.received)
            answers[stage] = good
            desk.retry_now()
            await pass_time(20)
            assert len(server.received) == before
            await pass_time(10)
            await done_whatever_is_deferred(desk, wave)

    over(server, work=work)
    (data,) = told(desk, Event.RELAY_THROTTLED)
    assert data["relay"] == "a"
    assert data["reason"] == "421 4.7.0"
    assert not told(desk, Event.RELAY_DOWN)
    assert len(set(reached(server))) == 40


@dataclass
class NarrowRelay(FaultyRelay):
    """Takes no more than two connections at a time."""

    refused: int = 0

    async def _answer(self, key: str, writer: asyncio.StreamWriter) -> bytes:
        if key == "banner" and len(self.tasks) > 2:
            self.refused += 1
            await self._say(b"421 4.7.0 Too many connections from you\r\n", writer)
            writer.close()
            raise ConnectionAbortedError
        return await super()._answer(key, writer)


def test_a_relay_with_fewer_connections_than_we_open_is_found_out_and_used_with_those(desk: Desk) -> None:
    wave = planned(desk, 300)
    server = NarrowRelay()

    async def work(relays: list[Relay]) -> None:
        async with desk.sending_over(*relays):
            desk.open(wave)
            await desk.done(wave)

    over(server, work=work, a={"connections": 4})
    assert server.refused <= 3
    assert [data["connections"] for data in told(desk, Event.RELAY_THROTTLED)] == [2]
    assert not told(desk, Event.RELAY_DOWN)
    assert len(set(reached(server))) == len(server.messages) == 300


def test_a_small_wave_is_through_long_before_a_large_one_that_began_earlier(desk: Desk) -> None:
    large, small = planned(desk, 2000, slug="large"), planned(desk, 20, slug="small")
    server = FaultyRelay()

    async def work(relays: list[Relay]) -> None:
        async with desk.sending_over(*relays) as engine:
            desk.open(large)
            await desk.seen(lambda: len(server.messages) > 300)
            desk.open(small)
            engine.wake()
            await desk.done(small)
            assert len(server.messages) < 1500
            await desk.seen(lambda: len(server.messages) == 2020, seconds=120)
            await desk.done(large)

    over(server, work=work)
    places = _places(reached(server), "small")
    # Every other turn is the small wave's; the three connections may be a message apart.
    assert places[-1] - places[0] < 2 * 20 + 3


def _places(addresses: Sequence[str], beginning: str) -> list[int]:
    return [place for place, address in enumerate(addresses) if address.startswith(beginning)]


def test_what_is_put_off_when_its_wave_is_cancelled_is_cancelled(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "BATCH", 20)
    monkeypatch.setattr(queues, "SHARE", 5)
    wave = planned(desk, 60, domain="slow.example", then=1)
    server = CountingRelay()

    def waiting() -> list[datetime]:
        with desk.database.read() as session:
            return [at for at in session.scalars(select(Delivery.next_at)) if at is not None]

    async def work(relays: list[Relay]) -> None:
        limits = [Limit(domain="slow.example", messages_per_minute=2)]
        async with desk.sending_over(*relays, limits=limits):
            desk.open(wave)
            await desk.seen(lambda: len(server.messages) == 3 and len(waiting()) > 30)
            assert all(at - desk.clock.now() <= timedelta(minutes=1) for at in waiting())
            with desk.database.write() as session:
                cancel(session, session.get_one(Wave, wave.id), at=desk.clock.now(), actor=DESK)
            await desk.seen(lambda: set(desk.states(wave)) == {DeliveryState.ACCEPTED, DeliveryState.CANCELLED})

    over(server, work=work)
    assert len(server.messages) == 3
