"""What a relay does to a delivery: it takes it, refuses it, puts it off, breaks off, or is not there at all."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import DESK
from faulty import CUT, SILENCE, FaultyRelay
from newsroom import TestClock
from sending import SHORT, Desk, planned, recipients
from sqlalchemy import select

from mailer.audit import Event, entries
from mailer.contacts.suppression import suppress
from mailer.delivery import hands
from mailer.delivery.models import Attempt
from mailer.delivery.outcome import Policy
from mailer.schedule.models import Delivery, DeliveryState, WaveState


@pytest.mark.parametrize(
    ("answers", "state", "code"),
    [
        ({"RCPT": b"550 5.1.1 No such person\r\n"}, DeliveryState.FAILED, 550),
        ({".": b"554 5.7.1 Looks like spam\r\n"}, DeliveryState.FAILED, 554),
        ({"RCPT": b"450 4.2.1 Greylisted\r\n"}, DeliveryState.DEFERRED, 450),
        ({".": b"451 4.3.0 Later\r\n"}, DeliveryState.DEFERRED, 451),
        ({"MAIL": b"553 5.7.1 Not your sender\r\n"}, DeliveryState.DEFERRED, 553),
    ],
)
def test_a_refusal_is_recorded_with_the_relay_s_words(
    desk: Desk, answers: dict[str, bytes], state: DeliveryState, code: int
) -> None:
    wave = planned(desk, people=2)
    relay = FaultyRelay(answers)

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            await desk.seen(lambda: desk.states(wave) == [state] * 2)

    asyncio.run(scenario())
    with desk.database.read() as session:
        said = {f"{a.code} {a.enhanced} {a.text}\r\n".encode() for a in session.scalars(select(Attempt))}
        assert said == set(answers.values())
        assert str(code) in said.pop().decode()
        waiting = [row.next_at for row in session.scalars(select(Delivery))]
    assert all(waiting) == (state is DeliveryState.DEFERRED)


def test_a_deferred_delivery_goes_out_later_and_is_the_same_message(desk: Desk) -> None:
    wave = planned(desk, people=1)
    relay = FaultyRelay({".": [b"451 4.3.0 Later\r\n", b"250 2.0.0 Ok\r\n"]})

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            await desk.seen(lambda: desk.states(wave) == [DeliveryState.DEFERRED])
            desk.retry_now()
            await desk.done(wave)

    asyncio.run(scenario())
    first, second = relay.messages
    assert first == second
    assert desk.told(wave)[-3:] == ["delivery.deferred", "delivery.accepted", "wave.done"]


def test_after_its_time_a_deferred_delivery_has_failed(desk: Desk) -> None:
    desk.give_up_after = timedelta(0)
    wave = planned(desk, people=1)
    relay = FaultyRelay({".": b"451 4.3.0 Later\r\n"})

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            await desk.done(wave)

    asyncio.run(scenario())
    assert desk.states(wave) == [DeliveryState.FAILED]
    with desk.database.read() as session:
        assert [e.data["reason"] for e in entries(session) if e.event == Event.DELIVERY_FAILED] == ["out of time"]


def test_after_its_time_a_delivery_that_no_relay_would_take_has_failed_without_an_attempt(desk: Desk) -> None:
    clock = TestClock()
    desk.clock, desk.give_up_after = clock, timedelta(seconds=30)
    wave = planned(desk, people=3)
    relay = FaultyRelay({"banner": b"421 4.3.2 Not now\r\n"})

    def down() -> bool:
        with desk.database.read() as session:
            return Event.RELAY_DOWN in {e.event for e in entries(session)}

    polls = 0

    def left_alone() -> bool:
        # Claimed again and again it would never be in the queue when it is looked for.
        nonlocal polls
        polls = polls + 1 if desk.states(wave) == [DeliveryState.QUEUED] * 3 else 0
        return polls == 50  # over more than two looks at the waves

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            await desk.seen(down)
            clock.pass_time(timedelta(seconds=31))
            await desk.seen(left_alone)
            clock.pass_time(timedelta(minutes=1))
            await desk.done(wave)

    asyncio.run(scenario())
    assert desk.states(wave) == [DeliveryState.FAILED] * 3
    with desk.database.read() as session:
        failed = [e for e in entries(session) if e.event == Event.DELIVERY_FAILED]
        assert [e.data for e in failed] == [{"reason": "out of time"}] * 3
        assert session.scalars(select(Attempt)).all() == []


@pytest.mark.parametrize("fault", [CUT, SILENCE])
@pytest.mark.parametrize("resend", [True, False])
def test_no_answer_after_the_final_dot_is_in_doubt_by_name(desk: Desk, fault: bytes, resend: bool) -> None:
    desk.policy = Policy(resend_in_doubt=resend)
    wave = planned(desk, people=1)
    relay = FaultyRelay({".": [fault, b"250 2.0.0 Ok\r\n"]})

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            await desk.done(wave)

    asyncio.run(scenario())
    assert "delivery.in-doubt" in desk.told(wave)
    if resend:
        assert desk.states(wave) == [DeliveryState.ACCEPTED]
        first, second = relay.messages
        assert first == second
    else:
        assert desk.states(wave) == [DeliveryState.HELD]
        assert len(relay.messages) == 1


def test_a_relay_that_is_away_costs_nobody_anything(desk: Desk) -> None:
    wave = planned(desk, people=3)
    relay = FaultyRelay({"banner": [b"421 4.3.2 Not now\r\n", b"220 relay.example\r\n"]})

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            await desk.done(wave)

    asyncio.run(scenario())
    with desk.database.read() as session:
        assert {a.number for a in session.scalars(select(Attempt))} == {1}
        assert {"relay.down", "relay.up"} <= {e.event for e in entries(session)}
    assert desk.states(wave) == [DeliveryState.ACCEPTED] * 3


def test_a_connection_that_the_relay_closed_while_idle_is_opened_again(desk: Desk) -> None:
    desk.connections = 1
    wave = planned(desk, people=3)
    # After each message the relay goes away before the next MAIL.
    relay = FaultyRelay({"MAIL": [b"250 Ok\r\n", CUT, b"250 Ok\r\n", CUT, b"250 Ok\r\n"]})

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            await desk.done(wave)

    asyncio.run(scenario())
    assert desk.states(wave) == [DeliveryState.ACCEPTED] * 3
    assert len(relay.messages) == 3
    with desk.database.read() as session:
        assert {a.code for a in session.scalars(select(Attempt))} == {250}


def test_a_relay_that_takes_only_so_many_messages_over_a_connection_defers_nobody(desk: Desk) -> None:
    desk.connections = 1
    wave = planned(desk, people=5)
    ok = b"250 2.1.0 Ok\r\n"
    relay = FaultyRelay({"MAIL": [ok, ok, b"421 4.3.2 Enough over this connection\r\n" + CUT, ok]})

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            await desk.done(wave)

    asyncio.run(scenario())
    assert len(set(recipients(relay))) == len(relay.messages) == 5
    with desk.database.read() as session:
        assert set(session.scalars(select(Delivery.attempts))) == {1}


def test_a_relay_whose_pipelining_is_broken_is_spoken_to_one_by_one(desk: Desk) -> None:
    wave = planned(desk, people=5)
    # The packet with the group is taken for its first line only, so that no further reply ever comes.
    relay = FaultyRelay(drop_after_command=True)

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port, timeouts=replace(SHORT, command=0.3)):
            desk.open(wave)
            async with asyncio.timeout(60):
                while desk.state(wave) is not WaveState.DONE:
                    desk.retry_now()
                    await asyncio.sleep(0.1)

    asyncio.run(scenario())
    assert desk.states(wave) == [DeliveryState.ACCEPTED] * 5
    assert len(relay.messages) == 5


def test_whoever_is_suppressed_while_the_relay_is_down_is_not_written_to(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands, "FRESH_SECONDS", 0.2)
    wave = planned(desk, people=3)
    relay = FaultyRelay({"banner": [b"421 4.3.2 Not now\r\n"] * 4 + [b"220 relay.example\r\n"]})

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            await desk.seen(lambda: DeliveryState.SENDING in desk.states(wave))
            with desk.database.write() as session:
                for address in session.scalars(select(Delivery.address)).all():
                    suppress(session, address, reason="asked by telephone", at=desk.clock.now(), actor=DESK)
            await desk.done(wave)

    asyncio.run(scenario())
    assert relay.messages == []
    assert desk.states(wave) == [DeliveryState.SUPPRESSED] * 3


def test_a_relay_that_says_nothing_does_not_keep_the_process_from_stopping(desk: Desk) -> None:
    wave = planned(desk, people=3)
    relay = FaultyRelay({"banner": SILENCE})

    async def scenario() -> None:
        async with relay.running(), asyncio.timeout(20):
            async with desk.sending(relay.port, timeouts=replace(SHORT, banner=300)):
                desk.open(wave)
                await desk.seen(lambda: DeliveryState.SENDING in desk.states(wave))
                await relay.silent.wait()
            assert desk.states(wave) == [DeliveryState.QUEUED] * 3

    asyncio.run(scenario())
