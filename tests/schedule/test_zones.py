"""A wave keeps the wall time that was meant, and a clock that another one contradicts opens nothing."""

from datetime import timedelta

import pytest
from builders import DESK, NOON, make_contact, make_list
from newsroom import TEMPLATES, TestClock, make_wave
from sqlalchemy import update
from sqlalchemy.orm import Session

from mailer.audit import Event, entries
from mailer.database import Database
from mailer.rendering import Occasion
from mailer.schedule.clockwork import Clockwork
from mailer.schedule.models import Wave, WaveState
from mailer.schedule.rules import EMBARGO_OVER, Limits
from mailer.schedule.trust import Trust, server_doubt
from mailer.schedule.waves import cancel, hold_shifted, open_wave

DUE = NOON + timedelta(hours=1)


@pytest.fixture
def wave(database: Database) -> Wave:
    with database.write() as session:
        return make_wave(session, make_list(session, make_contact(session), make_contact(session)), due=DUE)


def shift(session: Session, wave: Wave) -> None:
    """The zone's rules were others when the wave was scheduled: its instant was an hour away from today's."""
    session.execute(update(Wave).where(Wave.id == wave.id).values(due_at=DUE - timedelta(hours=1)))


def test_a_wave_whose_zone_was_changed_is_held_at_its_time(database: Database, wave: Wave) -> None:
    with database.write() as session:
        shift(session, wave)
        open_wave(
            session,
            wave.id,
            now=DUE,
            doubt="",
            late_grace=timedelta(days=1),
            give_up_after=timedelta(days=2),
            actor=DESK,
        )
        held = session.get_one(Wave, wave.id, populate_existing=True)
        assert held.state is WaveState.HELD
        assert "clocks of Asia/Beirut have been changed" in held.reason


def test_such_waves_are_found_when_the_clockwork_starts(database: Database, wave: Wave) -> None:
    with database.write() as session:
        assert hold_shifted(session, at=NOON, actor=DESK) == []
        shift(session, wave)
        ((number, reason),) = hold_shifted(session, at=NOON, actor=DESK)
        assert number == wave.id
        assert "another instant" in reason


def test_a_second_clock_that_differs_holds_the_wave(database: Database, wave: Wave) -> None:
    clock = TestClock(DUE)
    held: list[tuple[int, str]] = []
    clockwork = Clockwork(
        database,
        clock,
        Trust(clock),
        templates=TEMPLATES,
        late_grace=timedelta(hours=1),
        give_up_after=timedelta(days=2),
        on_opened=lambda opened: pytest.fail("opened by a clock in doubt"),
        on_held=lambda number, reason: held.append((number, reason)),
        on_stale=lambda number: pytest.fail("cancelled by a clock in doubt"),
        on_beat=lambda: None,
        second_clock=lambda session, now: "the servers disagree",
    )
    clockwork.sweep()
    assert held == [(wave.id, "the servers disagree")]
    with database.write() as session:
        session.execute(update(Wave).values(stale_at=DUE, state=WaveState.SENDING))
    clockwork.sweep()
    assert held == [(wave.id, "the servers disagree")] * 2


def test_the_database_server_is_a_second_clock(database: Database) -> None:
    from mailer.clock import SystemClock

    now = SystemClock().now()
    with database.read() as session:
        assert server_doubt(session, now) == ""
        off = server_doubt(session, now + timedelta(minutes=3))
    assert off == (
        ""
        if database.is_sqlite
        else "this machine's clock and the database server's are 3 min apart: set both right"
    )


def test_no_embargoed_copy_leaves_once_the_embargo_is_over() -> None:
    limits = Limits(kind=Occasion.UNDER_EMBARGO, due_at=NOON, embargoes=(DUE,))
    assert limits.forbids(NOON) == ""
    assert limits.forbids(DUE - timedelta(microseconds=1)) == ""
    assert limits.forbids(DUE) == EMBARGO_OVER


def test_a_cancelled_wave_is_in_the_log_of_each_person_whom_it_was_to_reach(
    database: Database, wave: Wave
) -> None:
    with database.write() as session:
        assert cancel(session, session.get_one(Wave, wave.id), at=NOON, actor=DESK) == 2
        told = [entry.contact_id for entry in entries(session) if entry.event == Event.DELIVERY_CANCELLED]
    assert len(set(told)) == 2
