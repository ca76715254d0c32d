"""The dead are taken over from, once; the living are left alone."""

from datetime import timedelta
from pathlib import Path

import pytest
from builders import NOON, make_contact, make_list
from newsroom import TestClock, make_wave
from sqlalchemy import select, text

from mailer.audit import Actor, Event, entries
from mailer.database import Database
from mailer.delivery import journal as journal_module
from mailer.delivery.claims import ProcessLock, claim, give_back, register
from mailer.delivery.journal import Ended, Journal, Sync, journal_file
from mailer.delivery.models import Process
from mailer.delivery.outcome import Policy
from mailer.delivery.process import sending_process
from mailer.delivery.takeover import take_over
from mailer.schedule.models import Delivery, DeliveryState, Wave
from mailer.schedule.waves import cancel, open_wave

POLICY = Policy(resend_in_doubt=True)
OFFICER = Policy(resend_in_doubt=False)
DEAD = "d" * 32


@pytest.fixture
def wave(database: Database) -> Wave:
    with database.write() as session:
        wave = make_wave(session, make_list(session, *(make_contact(session, f"Person {n}") for n in range(4))))
    with database.write() as session:
        open_wave(
            session,
            wave.id,
            now=NOON,
            doubt="",
            late_grace=timedelta(days=1),
            give_up_after=timedelta(days=2),
            actor=Actor("system:clockwork"),
        )
    return wave


def die(
    database: Database, folder: Path, wave: Wave, *, begun: int, ended: int, sync: Sync = Sync.NEVER
) -> list[int]:
    """A process claims three of four, ends some, begins some more, and is gone."""
    with database.write() as session:
        register(session, DEAD, at=NOON)
        claims = claim(session, wave.id, process_id=DEAD, limit=3, now=NOON)
    journal = Journal(folder, DEAD, sync=sync)
    for number, claimed in enumerate(claims):
        if number < begun:
            journal.begin(claimed.id, "a" * 64)
        if number < ended:
            journal.end(
                Ended(
                    delivery_id=claimed.id,
                    at=NOON,
                    relay="main",
                    stage="end",
                    verdict="accepted",
                    code=250,
                    enhanced="",
                    text="Ok",
                    sha256="a" * 64,
                )
            )
    return [claimed.id for claimed in claims]


def states(database: Database) -> list[DeliveryState]:
    with database.read() as session:
        return list(session.scalars(select(Delivery.state).order_by(Delivery.id)))


def test_what_the_dead_did_is_recorded_what_is_in_doubt_named_and_the_rest_given_back(
    database: Database, wave: Wave, tmp_path: Path
) -> None:
    numbers = die(database, tmp_path, wave, begun=2, ended=1)
    (taken,) = take_over(database, tmp_path, policy=POLICY, at=NOON)
    assert (taken.recorded, taken.in_doubt, taken.given_back) == (1, 1, 1)
    assert states(database) == [DeliveryState.ACCEPTED, *[DeliveryState.QUEUED] * 3]
    with database.read() as session:
        doubtful = [e for e in entries(session) if e.event == Event.DELIVERY_IN_DOUBT]
        assert [e.delivery_id for e in doubtful] == [numbers[1]]
        # Sent again, it must be the very message whose hash the journal kept.
        assert session.get_one(Delivery, numbers[1]).sha256 == "a" * 64
        assert session.get_one(Process, DEAD).ended_at == NOON
    assert not journal_file(tmp_path, DEAD).exists()
    assert list(take_over(database, tmp_path, policy=POLICY, at=NOON)) == []


def test_what_is_in_doubt_may_be_left_to_an_officer(database: Database, wave: Wave, tmp_path: Path) -> None:
    die(database, tmp_path, wave, begun=1, ended=0)
    list(take_over(database, tmp_path, policy=OFFICER, at=NOON))
    assert states(database) == [DeliveryState.HELD, *[DeliveryState.QUEUED] * 3]


@pytest.mark.parametrize(("sync", "in_doubt"), [(Sync.NEVER, 2), (Sync.BEGIN, 1), (Sync.ALWAYS, 1)])
def test_after_a_power_cut_every_claim_without_a_reply_is_in_doubt_unless_the_disk_was_waited_for(
    database: Database, wave: Wave, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sync: Sync, in_doubt: int
) -> None:
    die(database, tmp_path, wave, begun=2, ended=1, sync=sync)
    monkeypatch.setattr(journal_module, "boot_id", lambda: "another boot")
    (taken,) = take_over(database, tmp_path, policy=OFFICER, at=NOON)
    assert (taken.recorded, taken.in_doubt, taken.given_back) == (1, in_doubt, 2 - in_doubt)


def test_a_living_process_is_never_taken_over_from(database: Database, wave: Wave, tmp_path: Path) -> None:
    with sending_process(database, tmp_path, TestClock()) as process:
        with database.write() as session:
            claim(session, wave.id, process_id=process.id, limit=3, now=NOON)
        assert list(take_over(database, tmp_path, policy=POLICY, at=NOON)) == []
        assert states(database).count(DeliveryState.SENDING) == 3
    # It ended with claims to its name: now they are there to be taken.
    (taken,) = take_over(database, tmp_path, policy=POLICY, at=NOON)
    assert (taken.process_id, taken.given_back) == (process.id, 3)


def test_a_lock_is_held_by_one(database: Database, tmp_path: Path) -> None:
    first, second = (ProcessLock(database, tmp_path, DEAD) for _ in range(2))
    assert first.take()
    assert not second.take()
    first.drop()
    assert second.take()
    second.drop()


def test_two_claim_different_deliveries(database: Database, wave: Wave) -> None:
    with database.write() as session:
        first = claim(session, wave.id, process_id="1" * 32, limit=3, now=NOON)
    with database.write() as session:
        second = claim(session, wave.id, process_id="2" * 32, limit=3, now=NOON)
    assert (len(first), len(second)) == (3, 1)
    assert not {c.id for c in first} & {c.id for c in second}


def test_a_claim_of_a_cancelled_wave_goes_back_as_cancelled(database: Database, wave: Wave) -> None:
    with database.write() as session:
        claims = claim(session, wave.id, process_id=DEAD, limit=2, now=NOON)
    with database.write() as session:
        cancel(session, session.get_one(Wave, wave.id), at=NOON, actor=Actor("cli:desk"))
        give_back(session, [c.id for c in claims], process_id=DEAD, at=NOON)
    assert states(database) == [DeliveryState.CANCELLED] * 4


def test_nothing_is_claimed_of_a_wave_that_is_not_being_sent(database: Database, wave: Wave) -> None:
    with database.write() as session:
        cancel(session, session.get_one(Wave, wave.id), at=NOON, actor=Actor("cli:desk"))
        assert claim(session, wave.id, process_id=DEAD, limit=2, now=NOON) == []


def test_a_process_that_lost_its_lock_takes_it_again_unless_it_was_taken_over_from(
    database: Database, wave: Wave, tmp_path: Path
) -> None:
    with sending_process(database, tmp_path, TestClock()) as process:
        assert process.live(database)
        if not database.is_sqlite:
            # As a restart of the server does to its sessions.
            with database.write() as session:
                session.execute(text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"))
            assert process.live(database)
            assert list(take_over(database, tmp_path, policy=POLICY, at=NOON)) == []
        with database.write() as session:
            session.get_one(Process, process.id).ended_at = NOON
        assert not process.live(database)
