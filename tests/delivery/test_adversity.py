"""Relays, clocks and databases at their worst moment: nobody is lost, written to twice, or written to unrecorded."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builders import DESK
from faulty import CUT, SILENCE, FaultyRelay
from newsroom import TestClock
from sending import SHORT, Desk, planned, recipient, recipients
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session, undefer

from mailer.audit import Event, entries
from mailer.config import Relay
from mailer.contacts.suppression import suppress
from mailer.database import Database
from mailer.delivery import engine, queues, recorder
from mailer.delivery.claims import Claim
from mailer.delivery.models import Attempt
from mailer.errors import DatabaseBusy, DatabaseUnreachable
from mailer.rendering import CompiledMessage
from mailer.schedule.models import CompiledText, Delivery, DeliveryState, Wave, WaveState
from mailer.schedule.waves import pause, resume

OK = b"250 2.1.5 Ok\r\n"


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(database, tmp_path / "process", connections=1)


@pytest.fixture
def in_eights(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many claims are taken in hand at once, and more when half of them are left."""
    monkeypatch.setattr(queues, "BATCH", 8)
    monkeypatch.setattr(queues, "SHARE", 8)


def deliveries(desk: Desk) -> list[Delivery]:
    with desk.database.read() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def everybody(desk: Desk) -> Counter[str]:
    """One message for each."""
    return Counter(delivery.address for delivery in deliveries(desk))


@pytest.mark.usefixtures("in_eights")
def test_whoever_is_suppressed_while_she_is_in_hand_is_not_written_to_without_a_record(desk: Desk) -> None:
    wave = planned(desk, 24)
    relay = FaultyRelay({"RCPT": [SILENCE, OK]})
    unwilling: list[Delivery] = []

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            await desk.seen(relay.silent.is_set)
            unwilling.extend(row for row in deliveries(desk) if row.state is DeliveryState.SENDING)
            with desk.database.write() as session:
                for row in unwilling:
                    suppress(session, row.address, reason="asked by telephone", at=desk.clock.now(), actor=DESK)
            relay.resumed.set()
            await desk.done(wave)

    asyncio.run(scenario())
    written_to = Counter(recipients(relay))
    with desk.database.read() as session:
        attempts = dict(
            session.execute(select(Attempt.delivery_id, func.count()).group_by(Attempt.delivery_id)).all()
        )
        set_aside = {entry.delivery_id for entry in entries(session) if entry.event == Event.DELIVERY_SUPPRESSED}
    assert len(unwilling) == 8
    for row in deliveries(desk):
        count = written_to[row.address]
        state = DeliveryState.ACCEPTED if count else DeliveryState.SUPPRESSED
        assert (row.state, attempts.get(row.id, 0), row.id in set_aside) == (state, count, not count)
        assert count == 1 or row.id in {other.id for other in unwilling}


@pytest.mark.usefixtures("in_eights")
def test_a_text_is_at_hand_as_long_as_somebody_waits_for_it(desk: Desk) -> None:
    wave = planned(desk, 24)
    with desk.database.write() as session:
        shared = session.scalars(select(CompiledText).options(undefer(CompiledText.content))).one()
        compiled = CompiledMessage.from_bytes(shared.content, {})
        for row in session.scalars(select(Delivery)).all():
            content = replace(compiled, subject=f"For {row.address}").to_bytes()
            own = CompiledText(wave_id=wave.id, languages=f"own {row.id}", city_id=None, content=content)
            session.add(own)
            session.flush()
            row.compiled_id = own.id
    relay = FaultyRelay({"RCPT": [OK, OK, OK, OK, SILENCE, OK]})

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            await desk.seen(relay.silent.is_set)
            # The next eight are taken in hand, with as many texts, before the first eight have gone.
            await desk.seen(lambda: desk.states(wave).count(DeliveryState.QUEUED) <= 8)
            relay.resumed.set()
            await desk.done(wave)

    asyncio.run(scenario())
    assert desk.states(wave) == [DeliveryState.ACCEPTED] * 24
    assert all(f"Subject: For {recipient(message)}\r\n".encode() in message for message in relay.messages)


def test_a_relay_that_takes_a_message_and_never_answers_does_not_get_it_again_and_again(desk: Desk) -> None:
    wave = planned(desk, 1)
    relay = FaultyRelay({".": CUT})

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            # Once more at once, as most lines are back at once; not again before some time.
            await desk.seen(lambda: deliveries(desk)[0].attempts == 2)
            (row,) = deliveries(desk)
            assert row.state is DeliveryState.QUEUED
            assert row.next_at is not None
            assert row.next_at >= desk.clock.now() + timedelta(seconds=30)
            with desk.database.write() as session:
                session.execute(update(Delivery).values(next_at=desk.clock.now()))
            await desk.done(wave)

    asyncio.run(scenario())
    assert desk.states(wave) == [DeliveryState.HELD]
    assert len(relay.messages) == 3


def test_what_was_claimed_without_word_from_the_database_is_sent_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave = planned(desk, 3)
    relay = FaultyRelay()
    claim, lost = engine.claim, False

    def answer_lost(_: Session) -> None:
        raise DatabaseUnreachable(database="the test's", reason="server closed the connection")

    def claim_once_unheard(session: Session, *arguments: object, **options: object) -> list[Claim]:
        nonlocal lost
        claims = claim(session, *arguments, **options)  # type: ignore[arg-type]
        if claims and not lost:
            lost = True
            event.listen(session, "after_commit", answer_lost)
        return claims

    monkeypatch.setattr(engine, "claim", claim_once_unheard)

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            await desk.done(wave)

    asyncio.run(scenario())
    assert lost
    assert Counter(recipients(relay)) == everybody(desk)
    assert desk.states(wave) == [DeliveryState.ACCEPTED] * 3


def test_a_relay_that_cuts_every_conversation_leaves_the_mail_to_its_standby(desk: Desk) -> None:
    wave = planned(desk, 20)
    main, standby = FaultyRelay({"MAIL": CUT}), FaultyRelay()

    def setting(relay: FaultyRelay, name: str) -> Relay:
        return Relay(
            name=name, host="127.0.0.1", port=relay.port, security="none", connections=2, standby=name != "a"
        )

    async def scenario() -> None:
        async with (
            asyncio.timeout(30),
            main.running(),
            standby.running(),
            desk.sending_over(setting(main, "a"), setting(standby, "b")),
        ):
            desk.open(wave)
            while desk.state(wave) is not WaveState.DONE:
                desk.retry_now()
                await asyncio.sleep(0.1)

    asyncio.run(scenario())
    assert Counter(recipients(standby)) == everybody(desk)
    assert desk.states(wave) == [DeliveryState.ACCEPTED] * 20


def test_nobody_has_failed_for_want_of_time_by_a_clock_that_jumped(desk: Desk) -> None:
    desk.clock = clock = TestClock()
    wave = planned(desk, 1)
    relay = FaultyRelay({"RCPT": SILENCE})

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port, timeouts=replace(SHORT, command=0.5)):
            desk.open(wave)
            await desk.seen(relay.silent.is_set)
            clock.jump(timedelta(days=3))
            await desk.seen(lambda: deliveries(desk)[0].attempts == 1)

    asyncio.run(scenario())
    assert desk.states(wave)[0] in (DeliveryState.DEFERRED, DeliveryState.HELD)


def test_a_wave_paused_and_resumed_while_nothing_can_be_recorded_is_sent_once_it_can(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave = planned(desk, 3)
    relay = FaultyRelay({"RCPT": [SILENCE, OK]})
    record, look, broken, looks = recorder.record, engine.waves_being_sent, True, 0

    def fragile(*arguments: object, **options: object) -> None:
        if broken:
            raise DatabaseBusy(database="the test's")
        record(*arguments, **options)  # type: ignore[arg-type]

    def counted(session: Session) -> object:
        nonlocal looks
        looks += 1
        if looks == 1:
            # Which shuts the gate; what cannot be recorded keeps it shut.
            raise DatabaseBusy(database="the test's")
        return look(session)

    monkeypatch.setattr(recorder, "record", fragile)
    monkeypatch.setattr(engine, "waves_being_sent", counted)

    async def noticed() -> None:
        """Wait until the engine has looked, and done what it does about it."""
        before = looks
        await desk.seen(lambda: looks > before + 1)

    async def paused() -> None:
        with desk.database.write() as session:
            pause(session, session.get_one(Wave, wave.id), at=desk.clock.now(), actor=DESK)
        await noticed()

    async def resumed() -> None:
        with desk.database.write() as session:
            going = session.get_one(Wave, wave.id)
            resume(session, going, give_up_after=desk.give_up_after, at=desk.clock.now(), actor=DESK)
        await noticed()

    async def scenario() -> None:
        nonlocal broken
        async with relay.running(), desk.sending(relay.port) as running:
            await noticed()
            assert not running.may_send
            desk.open(wave)
            await noticed()
            await paused()
            await resumed()
            broken = False
            await desk.seen(relay.silent.is_set)
            await paused()
            relay.resumed.set()
            await resumed()
            await desk.done(wave)

    asyncio.run(scenario())
    assert Counter(recipients(relay)) == everybody(desk)
    assert desk.states(wave) == [DeliveryState.ACCEPTED] * 3


def test_a_relay_that_closes_a_used_connection_when_it_is_to_start_anew_defers_nobody(desk: Desk) -> None:
    wave = planned(desk, 3)
    relay = FaultyRelay(
        {
            "RCPT": [b"550 5.1.1 No such person\r\n", OK],
            "DATA": [b"554 5.5.1 Nobody to send it to\r\n", b"354 Go on\r\n"],
            "RSET": b"421 4.3.2 Closing\r\n" + CUT,
        }
    )

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            await desk.done(wave)

    asyncio.run(scenario())
    assert desk.states(wave) == [DeliveryState.FAILED, DeliveryState.ACCEPTED, DeliveryState.ACCEPTED]
    assert {row.attempts for row in deliveries(desk)} == {1}
