"""A clock that jumped is noticed, however it did it, and one that was corrected as clocks are is believed."""

import threading
from datetime import timedelta

import pytest
from builders import NOON
from newsroom import TestClock

from mailer.clock import SystemClock
from mailer.schedule.trust import Trust

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def doubt(trust: Trust) -> str:
    return trust.look()[1]


def test_time_that_goes_by_is_believed_however_long_nobody_looked() -> None:
    clock = TestClock()
    trust = Trust(clock)
    for length in (timedelta(microseconds=1), SECOND, HOUR, timedelta(days=40)):  # asleep with its lid closed, too
        clock.pass_time(length)
        assert trust.look() == (clock.now(), "")


SET = "set it right, then start dateline run anew"


@pytest.mark.parametrize(
    ("jump", "words"),
    [
        (HOUR, f"this machine's clock jumped forward by 1 h: {SET}"),
        (-HOUR, f"this machine's clock jumped back by 1 h: {SET}"),
        (timedelta(seconds=2.1), f"this machine's clock jumped forward by 2 s: {SET}"),
        (timedelta(days=-400), f"this machine's clock jumped back by 400 d: {SET}"),
    ],
)
def test_a_jump_is_noticed_with_its_way_and_length_and_stays_in_doubt(jump: timedelta, words: str) -> None:
    clock = TestClock()
    trust = Trust(clock)
    clock.jump(jump)
    assert trust.look() == (NOON + jump, words)
    for _ in range(100):
        clock.pass_time(HOUR)
        assert trust.look() == (clock.now(), words)


def test_a_jump_that_is_undone_is_forgiven() -> None:
    clock = TestClock()
    trust = Trust(clock)
    clock.jump(HOUR)
    assert doubt(trust)
    clock.pass_time(10 * SECOND)
    clock.jump(-HOUR)
    assert not doubt(trust)
    clock.jump(HOUR)
    assert doubt(trust)


def test_a_jump_that_is_undone_halfway_is_not_forgiven() -> None:
    clock = TestClock()
    trust = Trust(clock)
    clock.jump(HOUR)
    assert doubt(trust)
    clock.jump(-HOUR / 2)
    assert doubt(trust) == f"this machine's clock jumped forward by 30 min: {SET}"


def test_a_jump_that_nobody_saw_and_that_was_undone_is_no_jump() -> None:
    clock = TestClock()
    trust = Trust(clock)
    clock.jump(HOUR)
    clock.jump(-HOUR)
    assert not doubt(trust)


def test_a_time_server_that_slews_all_day_is_believed() -> None:
    clock = TestClock()
    trust = Trust(clock)
    for _ in range(24 * 60):
        clock.pass_time(timedelta(minutes=1))
        clock.jump(timedelta(seconds=60 * 0.0005))
        assert not doubt(trust)


def test_a_single_small_correction_is_believed() -> None:
    clock = TestClock()
    trust = Trust(clock)
    clock.jump(-timedelta(seconds=1.9))
    assert not doubt(trust)


def test_a_jump_in_small_steps_is_a_jump() -> None:
    clock = TestClock()
    trust = Trust(clock)
    doubts = []
    for _ in range(10):
        clock.pass_time(SECOND)
        clock.jump(timedelta(seconds=1.5))
        doubts.append(doubt(trust))
    assert doubts[0] == ""
    assert all(doubts[1:])
    assert len(set(doubts[1:])) == 1  # told once, not once for each step


def test_a_clock_that_runs_at_double_speed_is_noticed_though_each_look_sees_milliseconds() -> None:
    clock = TestClock()
    trust = Trust(clock)
    for _ in range(500):
        clock.pass_time(timedelta(milliseconds=10))
        clock.jump(timedelta(milliseconds=10))
        doubt(trust)
    assert "forward" in doubt(trust)


def test_many_threads_may_look_at_once() -> None:
    trust = Trust(SystemClock())
    doubts: list[str] = []

    def look() -> None:
        doubts.extend(doubt(trust) for _ in range(2000))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(doubts) == 8000
    assert not any(doubts)
