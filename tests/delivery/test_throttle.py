"""A relay that has had too many is understood, and how far we hold back from it."""

from datetime import timedelta

import pytest
from newsroom import TestClock

from mailer.delivery.reply import parse
from mailer.delivery.throttle import Throttle, too_many

CONNECTIONS = parse(b"421 4.7.0 Too many connections from you\r\n")
MESSAGES = parse(b"451 4.7.1 You send at too high a rate\r\n")


@pytest.mark.parametrize(
    "raw",
    [
        b"421 4.7.0 relay.example Error: too many connections from 192.0.2.1\r\n",
        b"421 Too many concurrent SMTP connections\r\n",
        b"421 4.3.2 The maximum number of concurrent connections has exceeded a limit\r\n",
        b"450 4.7.1 Error: too much mail from 192.0.2.1\r\n",
        b"450 4.7.0 Sending rate exceeded\r\n",
        b"451 4.7.500 Server busy, requests are throttled\r\n",
        b"452 4.5.3 Too many recipients received this hour\r\n",
        b"421-4.7.28 Our system has detected an unusual rate\r\n421 4.7.28 of mail\r\n",
    ],
)
def test_too_many_is_understood(raw: bytes) -> None:
    assert too_many(parse(raw))


@pytest.mark.parametrize(
    "raw",
    [
        b"450 4.7.1 Greylisted, please try again\r\n",
        b"421 4.3.0 Temporarily unavailable, come back later\r\n",
        b"421 4.4.2 Timeout, closing\r\n",
        # About one mailbox, not about us.
        b"450 4.2.1 The user is receiving mail at too high a rate\r\n",
        b"452 4.2.2 Mailbox full: too many messages\r\n",
        # For good: slowing down does not help.
        b"550 5.7.1 Too many complaints about you\r\n",
        b"554 5.7.0 Throttled\r\n",
        b"451 4.7.1 Cannot separate or generate this\r\n",
        b"250 2.0.0 Ok, at a good rate\r\n",
    ],
)
def test_what_only_sounds_like_it_is_not_taken_for_it(raw: bytes) -> None:
    assert not too_many(parse(raw))


def test_pauses_double_to_a_quarter_of_an_hour_and_are_short_again_after_a_minute_of_mail() -> None:
    clock = TestClock()
    throttle = Throttle(10, clock)
    pauses = []
    for _ in range(7):
        throttle.tighten(MESSAGES)
        pauses.append(throttle.rest)
        clock.pass_time(timedelta(seconds=throttle.rest))
    assert pauses == [30, 60, 120, 240, 480, 900, 900]
    clock.pass_time(timedelta(seconds=59))
    throttle.ease()
    throttle.tighten(MESSAGES)
    assert throttle.rest == 900
    clock.pass_time(timedelta(seconds=960))
    throttle.ease()
    throttle.tighten(MESSAGES)
    assert throttle.rest == 30


def test_a_pause_of_a_minute_is_long_enough_for_others_to_take_the_mail() -> None:
    clock = TestClock()
    throttle = Throttle(10, clock)
    throttle.tighten(MESSAGES)
    assert not throttle.long
    clock.pass_time(timedelta(seconds=30))
    throttle.tighten(MESSAGES)
    assert throttle.long
    clock.pass_time(timedelta(seconds=60))
    assert not throttle.long


def test_after_too_many_connections_half_are_left_and_come_back_one_a_minute() -> None:
    clock = TestClock()
    throttle = Throttle(10, clock)
    assert throttle.tighten(CONNECTIONS)
    assert not throttle.tighten(CONNECTIONS)  # from the other nine, at the same moment
    assert throttle.connections == 5
    assert 0 < throttle.rest < 10
    clock.pass_time(timedelta(seconds=throttle.rest))
    counts = []
    for _ in range(7):
        clock.pass_time(timedelta(minutes=1))
        counts.append(throttle.connections)
    assert counts == [6, 7, 8, 9, 10, 10, 10]
    assert not throttle.holds_back
    assert throttle.tighten(CONNECTIONS)  # and now it is news again


def test_too_many_with_one_connection_left_is_a_pause() -> None:
    clock = TestClock()
    throttle = Throttle(2, clock)
    throttle.tighten(CONNECTIONS)
    clock.pass_time(timedelta(seconds=10))
    assert throttle.connections == 1
    assert not throttle.tighten(CONNECTIONS)
    assert (throttle.connections, throttle.rest) == (1, 30)
