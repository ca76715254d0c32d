"""The engine hands each delivery over once, at its time, and the database says truly how it ended."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from builders import DESK
from faulty import FaultyRelay
from newsroom import TEMPLATES, TestClock, in_beirut
from sending import Desk, planned, recipients
from sqlalchemy import select

from mailer.audit import Event, entries
from mailer.contacts.suppression import suppress
from mailer.delivery import recorder
from mailer.delivery.models import Attempt, Process
from mailer.errors import DatabaseBusy
from mailer.releases.versions import set_embargo
from mailer.schedule.clockwork import Clockwork
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState
from mailer.schedule.trust import Trust
from mailer.schedule.waves import cancel, pause, resume


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
    wave = planned(desk, people=4_000)
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
    assert states.count(DeliveryState.ACCEPTED) == len(relay.messages) < 4_000
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
        templates=TEMPLATES,
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
