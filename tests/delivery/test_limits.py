"""No more goes out than a window and a domain's limit allow, wherever the receiver counts it."""

from collections.abc import Callable
from datetime import timedelta
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from newsroom import TestClock

from mailer.config import Limit
from mailer.delivery.limits import Gate, Window


def test_a_burst_uses_up_the_minute_and_each_place_is_free_again_a_minute_after() -> None:
    clock = TestClock()
    window = Window(2, clock)
    begun = []
    for second in range(130):
        while window.rest() <= 0:
            begun.append(second)
            window.begin()
            window.end()
        clock.pass_time(timedelta(seconds=1))
    assert begun == [0, 0, 60, 60, 120, 120]


def test_a_message_counts_until_a_minute_after_its_end() -> None:
    clock = TestClock()
    window = Window(1, clock)
    window.begin()
    assert window.rest() == inf
    clock.pass_time(timedelta(seconds=50))
    window.end()
    clock.pass_time(timedelta(seconds=20))
    assert window.rest() == 40
    clock.pass_time(timedelta(seconds=40))
    assert window.rest() == 0


def test_a_message_that_did_not_go_out_does_not_count() -> None:
    window = Window(1, TestClock())
    window.begin()
    window.cancel()
    assert window.rest() == 0


@given(most=st.integers(1, 5), steps=st.lists(st.tuples(st.floats(0, 40), st.floats(0, 90)), max_size=40))
def test_no_minute_has_more_than_allowed_however_slow_each_message_is(
    most: int, steps: list[tuple[float, float]]
) -> None:
    """Each message arrives anywhere between its beginning and its end: at the latest here."""
    clock, arrivals, under_way = TestClock(), [], []
    window = Window(most, clock)

    def pass_time(seconds: float) -> None:
        until = clock.monotonic() + seconds
        for end in sorted(e for e in under_way if e <= until):
            clock.pass_time(timedelta(seconds=max(0.0, end - clock.monotonic())))
            under_way.remove(end)
            window.end()
            arrivals.append(clock.monotonic())
        clock.pass_time(timedelta(seconds=max(0.0, until - clock.monotonic())))

    for gap, length in steps:
        pass_time(gap)
        if window.rest() <= 0:
            window.begin()
            under_way.append(clock.monotonic() + length)
    pass_time(200)
    for start in arrivals:
        assert sum(start <= arrival < start + 60 - 0.001 for arrival in arrivals) <= most


@pytest.mark.parametrize("finish", [Gate.end, Gate.cancel])
def test_no_more_go_to_a_domain_at_a_time_than_its_limit(finish: Callable[[Gate], None]) -> None:
    gate = Gate(Limit(domain="paper.example", connections=2), TestClock())
    gate.begin()
    assert gate.rest() == 0
    gate.begin()
    assert gate.rest() == inf
    finish(gate)
    assert gate.rest() == 0


def test_a_domains_messages_a_minute_count_over_all_of_its_connections() -> None:
    clock = TestClock()
    gate = Gate(Limit(domain="paper.example", messages_per_minute=2), clock)
    for _ in range(2):
        assert gate.rest() == 0
        gate.begin()
    gate.end()
    gate.cancel()
    assert gate.rest() == 0
    gate.begin()
    assert gate.rest() == 60
    clock.pass_time(timedelta(seconds=60))
    assert gate.rest() == 0
