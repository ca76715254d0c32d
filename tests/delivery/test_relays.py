"""A lane lets its couriers go when the relay may be tried, and no more of them than it takes."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta

import pytest
from newsroom import TestClock

from mailer.delivery.endpoint import Endpoint
from mailer.delivery.relays import TROUBLES, Lane
from mailer.delivery.reply import Verdict, parse

CONNECTIONS = parse(b"421 4.7.0 Too many connections from you\r\n")
MESSAGES = parse(b"451 4.7.1 You send at too high a rate\r\n")
ENDPOINT = Endpoint(name="main", host="127.0.0.1", port=1, security="none", helo="desk.example")


def make_lane(clock: TestClock, *, connections: int = 3, messages_per_minute: int = 0) -> Lane:
    return Lane(ENDPOINT, clock, connections=connections, messages_per_minute=messages_per_minute)


async def would_let_go(lane: Lane, courier: str) -> bool:
    """Whether a courier with a connection that may lie idle for five seconds would have to close it."""
    waiting = asyncio.ensure_future(lane.ready(asyncio.Event(), courier, at_most=5))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    done = waiting.done() and not waiting.result()
    waiting.cancel()
    await asyncio.wait({waiting})
    return done


async def may_go(lane: Lane, *couriers: str) -> list[str]:
    """Those of the couriers that are ready now."""
    gone = []
    for courier in couriers:
        waiting = asyncio.ensure_future(lane.ready(asyncio.Event(), courier))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if waiting.done():
            gone.append(courier)
        waiting.cancel()
        await asyncio.wait({waiting})
    return gone


def run(main: Coroutine[object, object, None]) -> None:
    asyncio.run(main)


def test_one_courier_tries_a_relay_that_was_down_while_the_others_wait_for_what_comes_of_it() -> None:
    clock = TestClock()
    lane = make_lane(clock)

    async def main() -> None:
        assert await may_go(lane, "a", "b", "c") == ["a", "b", "c"]
        assert lane.down("away")
        assert await may_go(lane, "a", "b", "c") == []
        clock.pass_time(timedelta(seconds=lane.wait))
        assert await may_go(lane, "a", "b", "c", "a") == ["a", "a"]
        assert lane.away
        waiting = asyncio.ensure_future(lane.ready(asyncio.Event(), "b"))
        await asyncio.sleep(0)
        assert lane.up()
        await asyncio.wait_for(waiting, 5)
        assert not lane.away
        assert await may_go(lane, "c") == ["c"]

    run(main())


def test_each_time_that_a_try_fails_the_wait_doubles_up_to_a_minute_and_it_is_told_once() -> None:
    clock = TestClock()
    lane = make_lane(clock)
    waits, news = [], []

    async def main() -> None:
        for number in range(9):
            news.append(lane.down("away"))
            assert not lane.down("away, says another at the same time")
            waits.append(lane.wait)
            clock.pass_time(timedelta(seconds=lane.wait))
            assert await may_go(lane, f"courier {number}", "other") == [f"courier {number}"]
        assert lane.up()
        lane.down("away")
        assert lane.wait == 1

    run(main())
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert news == [True] + [False] * 8


def test_a_relay_that_refused_us_is_up_with_the_first_message_that_it_does_not_refuse() -> None:
    clock = TestClock()
    lane = make_lane(clock)
    assert [lane.judge(Verdict.TROUBLE) for _ in range(TROUBLES)] == [False] * (TROUBLES - 1) + [True]
    lane.down("refuses")
    clock.pass_time(timedelta(seconds=1))
    assert not lane.up()  # it lets itself be connected to, as before
    assert lane.judge(Verdict.TROUBLE)  # and one refusal is enough now
    lane.down("refuses")
    assert lane.wait == 2
    clock.pass_time(timedelta(seconds=2))
    assert not lane.judge(Verdict.ACCEPTED)
    assert lane.up()


def test_refusals_in_a_row_are_counted_and_not_those_in_between() -> None:
    lane = make_lane(TestClock())
    for _ in range(5):
        assert not any(lane.judge(Verdict.TROUBLE) for _ in range(TROUBLES - 1))
        assert not lane.judge(Verdict.FAILED)


def test_after_too_many_connections_the_last_couriers_let_go_and_come_back_one_by_one() -> None:
    clock = TestClock()
    lane = make_lane(clock, connections=4)
    couriers = ["a", "b", "c", "d"]

    async def main() -> None:
        assert lane.slow_down(CONNECTIONS)
        assert await may_go(lane, *couriers) == []
        clock.pass_time(timedelta(seconds=lane.rest))
        assert await may_go(lane, *couriers) == ["a", "b"]
        assert await may_go(lane, *couriers) == ["a", "b"]
        clock.pass_time(timedelta(minutes=1))
        assert await may_go(lane, *couriers) == ["a", "b", "c"]
        clock.pass_time(timedelta(minutes=1))
        assert await may_go(lane, *couriers) == couriers

    run(main())


def test_where_fewer_connections_are_allowed_those_that_are_open_are_kept() -> None:
    clock = TestClock()
    lane = make_lane(clock, connections=4)

    async def main() -> None:
        lane.slow_down(CONNECTIONS)
        assert await may_go(lane, "a", "b") == []
        assert not await would_let_go(lane, "c")  # it waits with its connection, as that is not for long
        assert not await would_let_go(lane, "d")
        clock.pass_time(timedelta(seconds=lane.rest))
        assert await may_go(lane, "a", "b") == []
        assert not await would_let_go(lane, "c")
        assert not await would_let_go(lane, "d")
        lane.slow_down(CONNECTIONS)
        clock.pass_time(timedelta(seconds=lane.rest))
        assert not await would_let_go(lane, "c")
        assert await would_let_go(lane, "d")  # the one too many now

    run(main())


def test_a_courier_that_waits_with_a_connection_lets_go_when_the_wait_becomes_long() -> None:
    clock = TestClock()
    lane = make_lane(clock)

    async def main() -> None:
        lane.down("away")
        waiting = asyncio.ensure_future(lane.ready(asyncio.Event(), "a", at_most=5))
        await asyncio.sleep(0)
        assert not waiting.done()
        lane.slow_down(MESSAGES)
        assert await asyncio.wait_for(waiting, 5) is False

    run(main())


def test_while_the_relay_is_paused_nobody_goes_and_no_connection_lies_idle() -> None:
    clock = TestClock()
    lane = make_lane(clock)

    async def main() -> None:
        assert lane.slow_down(MESSAGES)
        assert await would_let_go(lane, "a")
        assert not lane.away
        clock.pass_time(timedelta(seconds=29))
        assert await may_go(lane, "a") == []
        clock.pass_time(timedelta(seconds=1))
        assert await may_go(lane, "a", "b") == ["a"]
        assert not lane.slow_down(MESSAGES)  # no news, but twice as long
        assert lane.rest == 60
        assert lane.away

    run(main())


def test_a_courier_that_tries_and_is_one_too_many_leaves_the_trying_to_another() -> None:
    clock = TestClock()
    lane = make_lane(clock, connections=2)

    async def main() -> None:
        lane.slow_down(CONNECTIONS)
        clock.pass_time(timedelta(seconds=lane.rest))
        assert await may_go(lane, "a", "b") == ["a"]
        clock.pass_time(timedelta(minutes=1))
        lane.down("away")
        clock.pass_time(timedelta(seconds=1))
        assert await may_go(lane, "b", "a") == ["b"]
        lane.slow_down(CONNECTIONS)
        clock.pass_time(timedelta(seconds=lane.rest))
        assert await may_go(lane, "b", "a") == ["a"]

    run(main())


def test_a_relay_takes_no_more_in_any_minute_than_the_settings_say() -> None:
    clock = TestClock()
    lane = make_lane(clock, messages_per_minute=2)

    async def main() -> None:
        assert await may_go(lane, "a") == ["a"]
        lane.begin_turn()
        lane.begin_turn()
        assert await may_go(lane, "a", "b") == []
        waiting = asyncio.ensure_future(lane.ready(asyncio.Event(), "b"))
        await asyncio.sleep(0)
        lane.turn_unused()
        await asyncio.wait_for(waiting, 5)
        lane.turn_over()
        lane.begin_turn()
        lane.turn_over()
        assert await would_let_go(lane, "a")
        clock.pass_time(timedelta(seconds=58))
        assert not await would_let_go(lane, "a")
        clock.pass_time(timedelta(seconds=2))
        assert await may_go(lane, "a") == ["a"]

    run(main())


@pytest.mark.parametrize("hold", [Lane.down, Lane.slow_down], ids=["down", "throttled"])
def test_who_waits_is_let_go_when_everything_stops(hold: object) -> None:
    lane = make_lane(TestClock())

    async def main() -> None:
        if hold is Lane.down:
            lane.down("away")
        else:
            lane.slow_down(MESSAGES)
        stopping = asyncio.Event()
        waiting = asyncio.ensure_future(lane.ready(stopping))
        await asyncio.sleep(0)
        assert not waiting.done()
        stopping.set()
        await asyncio.wait_for(waiting, 5)

    run(main())
