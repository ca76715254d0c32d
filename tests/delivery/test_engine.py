"""The engine hands each delivery over once, at its time, and the database says truly how it ended."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from builders import DESK, make_contact, make_list
from faulty import CUT, SILENCE, FaultyRelay
from newsroom import TestClock, in_beirut, make_wave
from sending import SHORT, Desk
from sqlalchemy import select

from mailer.audit import Event, entries
from mailer.contacts.suppression import suppress
from mailer.database import Database, migrate
from mailer.delivery import hands, recorder
from mailer.delivery.models import Attempt, Process
from mailer.delivery.outcome import Policy
from mailer.errors import DatabaseBusy
from mailer.releases.versions import set_embargo
from mailer.schedule.clockwork import Clockwork
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState
from mailer.schedule.trust import Trust
from mailer.schedule.waves import cancel, pause, resume


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    migrate.upgrade(database)
    return Desk(database, tmp_path / "process")


def planned(desk: Desk, people: int = 5, **options: object) -> Wave:
    with desk.database.write() as session:
        contacts = [make_contact(session, f"Person {number}") for number in range(people)]
        return make_wave(session, make_list(session, *contacts), now=desk.clock.now(), **options)


def recipients(relay: FaultyRelay) -> list[str]:
    return [str(message_from_bytes(message)["To"]).rpartition("<")[2].rstrip(">") for message in relay.messages]


def test_everybody_gets_one_message_and_the_log_says_so(desk: Desk) -> None:
    wave = planned(desk, people=40)
    relay = FaultyRelay()

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            await desk.done(wave)

    asyncio.run(scenario())
    with desk.database.read() as session:
        rows = session.scalars(select(Delivery)).all()
        attempts = session.scalars(select(Attempt)).all()
        accepted = {e.delivery_id: e for e in entries(session) if e.event == Event.DELIVERY_ACCEPTED}
        processes = session.scalars(select(Process)).all()
    assert sorted(recipients(relay)) == sorted(row.address for row in rows)
    assert {row.state for row in rows} == {DeliveryState.ACCEPTED}
    assert {(a.code, a.enhanced, a.text) for a in attempts} == {(250, "2.0.0", "Ok: queued as 4F3A")}
    assert {row.id: row.sha256 for row in rows} == {n: e.data["sha256"] for n, e in accepted.items()}
    assert all(process.ended_at for process in processes)
    assert not list(desk.folder.iterdir())  # neither journal nor lock is left


def test_the_envelope_names_the_delivery_and_the_message_its_reader(desk: Desk) -> None:
    wave = planned(desk, people=1)
    relay = FaultyRelay()

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            await desk.done(wave)

    asyncio.run(scenario())
    with desk.database.read() as session:
        row = session.scalars(select(Delivery)).one()
    (mail,) = [command for command in relay.commands if command.startswith("MAIL")]
    assert mail.startswith(f"MAIL FROM:<press+{row.token}@desk.example>")
    assert f"Message-ID: <{row.token}@desk.example>" in relay.messages[0].decode()


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


def test_pause_stops_a_wave_and_resume_loses_nobody(desk: Desk) -> None:
    desk.connections = 1
    wave = planned(desk, people=400)
    relay = FaultyRelay()

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            await desk.seen(lambda: len(relay.messages) > 2)
            with desk.database.write() as session:
                pause(session, session.get_one(Wave, wave.id), at=desk.clock.now(), actor=DESK)
            await desk.seen(lambda: DeliveryState.SENDING not in desk.states(wave))
            sent = len(relay.messages)
            await asyncio.sleep(0.7)  # longer than two looks at the waves: nothing may come
            assert len(relay.messages) == sent
            with desk.database.write() as session:
                opened = session.get_one(Wave, wave.id)
                resume(session, opened, give_up_after=desk.give_up_after, at=desk.clock.now(), actor=DESK)
            await desk.done(wave)

    asyncio.run(scenario())
    assert len(set(recipients(relay))) == len(relay.messages) == 400


def test_cancel_stops_a_wave_for_good(desk: Desk) -> None:
    desk.connections = 1
    wave = planned(desk, people=400)
    relay = FaultyRelay()

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            await desk.seen(lambda: len(relay.messages) > 2)
            with desk.database.write() as session:
                cancel(session, session.get_one(Wave, wave.id), at=desk.clock.now(), actor=DESK)
            await desk.seen(lambda: DeliveryState.SENDING not in desk.states(wave))

    asyncio.run(scenario())
    states = desk.states(wave)
    assert set(states) == {DeliveryState.ACCEPTED, DeliveryState.CANCELLED}
    assert states.count(DeliveryState.ACCEPTED) == len(relay.messages) < 400
    assert desk.state(wave) is WaveState.CANCELLED


def test_not_a_message_leaves_when_its_wave_is_stale_and_the_wave_is_cancelled(desk: Desk) -> None:
    clock = TestClock()
    desk.clock, desk.connections = clock, 1
    wave = planned(desk, people=400, stale_after=timedelta(hours=6))
    relay = FaultyRelay()
    clockwork = Clockwork(
        desk.database,
        clock,
        Trust(clock),
        late_grace=timedelta(hours=1),
        give_up_after=desk.give_up_after,
        on_opened=lambda _: None,
        on_held=lambda *_: pytest.fail("held"),
        on_stale=lambda _: None,
        on_beat=lambda: None,
    )

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            clockwork.sweep()
            await desk.seen(lambda: len(relay.messages) > 2)
            sent = len(relay.messages)
            clock.pass_time(timedelta(hours=6))
            await desk.seen(lambda: DeliveryState.SENDING not in desk.states(wave))
            assert sent <= len(relay.messages) <= sent + 1  # one was on the wire
            clockwork.sweep()
            await desk.seen(lambda: desk.state(wave) is WaveState.CANCELLED)

    asyncio.run(scenario())
    states = desk.states(wave)
    assert set(states) == {DeliveryState.ACCEPTED, DeliveryState.CANCELLED}
    assert states.count(DeliveryState.ACCEPTED) == len(relay.messages)
    assert [event for event in desk.told(wave) if event.startswith("wave.")] == [
        "wave.scheduled",
        "wave.opened",
        "wave.cancelled",
    ]


def test_whoever_was_suppressed_after_the_wave_was_planned_is_not_written_to(desk: Desk) -> None:
    wave = planned(desk, people=3)
    with desk.database.write() as session:
        unwilling = session.scalars(select(Delivery.address).order_by(Delivery.id)).first()
        assert unwilling is not None
        suppress(session, unwilling, reason="asked by telephone", at=desk.clock.now(), actor=DESK)
    relay = FaultyRelay()

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            await desk.done(wave)

    asyncio.run(scenario())
    assert unwilling not in recipients(relay)
    assert desk.states(wave) == [DeliveryState.SUPPRESSED, DeliveryState.ACCEPTED, DeliveryState.ACCEPTED]
    assert "delivery.suppressed" in desk.told(wave)


def test_a_message_never_leaves_before_an_embargo_that_was_moved_later_meanwhile(desk: Desk) -> None:
    wave = planned(desk, people=3)
    with desk.database.write() as session:
        release = session.get_one(Wave, wave.id).release
        embargo = in_beirut(desk.clock.now().replace(microsecond=0) + timedelta(hours=1))
    desk.open(wave)
    with desk.database.write() as session:
        set_embargo(session, session.merge(release), embargo, at=desk.clock.now(), actor=DESK)
    relay = FaultyRelay()

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            await desk.seen(lambda: desk.state(wave) is WaveState.HELD)
            await desk.seen(lambda: desk.states(wave) == [DeliveryState.QUEUED] * 3)

    asyncio.run(scenario())
    assert relay.messages == []
    assert b"Ports agreement" not in relay.received  # not a byte of it


def test_a_clock_that_jumps_while_a_wave_is_sent_holds_it(desk: Desk) -> None:
    clock = TestClock(datetime.now(UTC))
    desk.clock = clock
    wave = planned(desk, people=30)
    relay = FaultyRelay()

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            clock.jump(timedelta(hours=1))
            desk.open(wave)
            await desk.seen(lambda: desk.state(wave) is WaveState.HELD)

    asyncio.run(scenario())
    assert relay.messages == []
    with desk.database.read() as session:
        assert "jumped forward by 1 h" in session.get_one(Wave, wave.id).reason


def test_nothing_goes_out_while_endings_cannot_be_recorded_and_then_it_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.connections = 1
    wave = planned(desk, people=30)
    relay = FaultyRelay()
    broken = True
    record = recorder.record

    def fragile(*arguments: object, **options: object) -> None:
        if broken:
            raise DatabaseBusy(database="the test's")
        record(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(recorder, "record", fragile)
    monkeypatch.setattr(recorder, "BATCH", 3)

    async def scenario() -> None:
        nonlocal broken
        async with relay.running(), desk.sending(relay.port) as engine:
            desk.open(wave)
            await desk.seen(lambda: not engine.may_send)
            stuck = len(relay.messages)
            await asyncio.sleep(0.5)  # several tries to record: no message may go out between them
            assert len(relay.messages) == stuck
            broken = False
            await desk.done(wave)

    asyncio.run(scenario())
    assert len(set(recipients(relay))) == len(relay.messages) == 30
    assert desk.states(wave) == [DeliveryState.ACCEPTED] * 30


def test_one_message_that_cannot_be_made_does_not_keep_the_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave = planned(desk, people=3)
    with desk.database.write() as session:
        first = session.scalars(select(Delivery).order_by(Delivery.id)).first()
        assert first is not None
        first.address = "broken"
    relay = FaultyRelay()

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            await desk.done(wave)

    asyncio.run(scenario())
    assert desk.states(wave) == [DeliveryState.FAILED, DeliveryState.ACCEPTED, DeliveryState.ACCEPTED]


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
