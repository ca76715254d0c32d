"""The clockwork opens each wave at its time, whatever happened to the process, the clock or the database before."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from builders import DESK, NOON, make_contact, make_list
from newsroom import TEMPLATES, TestClock, make_release, make_version, make_wave, plan_wave, told
from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit import Event
from mailer.clock import Clock, SystemClock
from mailer.contacts.lists import change_list
from mailer.contacts.models import Contact, ContactStatus, MediaList
from mailer.database import Database
from mailer.errors import DatabaseBusy
from mailer.schedule import clockwork as module
from mailer.schedule.clockwork import AHEAD, Clockwork
from mailer.schedule.models import Audience, Wave, WaveState
from mailer.schedule.trust import Trust
from mailer.schedule.waves import Opened, cancel, hold_by_hand, pause, release, tally, wave_numbered

TEN = datetime(2026, 12, 22, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


class Watch:
    """A clockwork whose alarms do not run, and what it told."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.opened: list[Opened] = []
        self.held: list[tuple[int, str]] = []
        self.stale: list[int] = []
        self.beats = 0
        self.clockwork = Clockwork(
            database,
            clock,
            Trust(clock),
            templates=TEMPLATES,
            late_grace=HOUR,
            give_up_after=timedelta(days=2),
            on_opened=self.opened.append,
            on_held=lambda wave_id, reason: self.held.append((wave_id, reason)),
            on_stale=self.stale.append,
            on_beat=self._beat,
        )

    def _beat(self) -> None:
        self.beats += 1

    def sweep(self) -> None:
        self.clockwork.sweep()


def planned(office: Database, *, due: datetime = TEN, waves: int = 1) -> list[Wave]:
    """Waves of one version to one person each."""
    with office.write() as session:
        version = make_version(session, make_release(session))
        return [
            plan_wave(session, version, make_list(session, make_contact(session), name=f"List {n}"), due=due).wave
            for n in range(waves)
        ]


def state(office: Database, wave: Wave) -> WaveState:
    with office.read() as session:
        return wave_numbered(session, wave.id).state


def events(office: Database) -> list[str]:
    """Of waves and clock, since they were planned."""
    with office.read() as session:
        names = [entry.event for entry in told(session)]
    return [n for n in names if n.startswith(("wave.", "clock.")) and n != Event.WAVE_SCHEDULED]


def test_a_wave_is_opened_at_its_time_and_not_before(office: Database) -> None:
    (wave,) = planned(office)
    clock = TestClock(TEN - timedelta(microseconds=1))
    watch = Watch(office, clock)
    watch.sweep()
    assert (watch.opened, state(office, wave)) == ([], WaveState.SCHEDULED)
    clock.pass_time(timedelta(microseconds=1))
    watch.sweep()
    assert watch.opened == [Opened(wave.id, timedelta())]
    watch.sweep()
    assert (len(watch.opened), watch.held, watch.beats) == (1, [], 3)
    assert events(office) == ["wave.opened"]


@pytest.mark.parametrize(
    ("away", "late"),
    [
        (timedelta(), timedelta()),
        (5 * SECOND, timedelta()),
        (10 * SECOND, 10 * SECOND),
        (HOUR, HOUR),
        (HOUR + SECOND, None),
        (100 * HOUR, None),
    ],
)
def test_a_process_that_was_away_at_the_time_sends_at_once_or_holds(
    office: Database, away: timedelta, late: timedelta | None
) -> None:
    (wave,) = planned(office)
    before = Watch(office, TestClock(TEN - SECOND))
    before.sweep()
    after = Watch(office, TestClock(TEN + away))  # started anew on the same database
    after.sweep()
    if late is not None:
        assert after.opened == [Opened(wave.id, late)]
        assert after.held == []
        return
    assert after.opened == []
    ((held, reason),) = after.held
    assert (held, state(office, wave)) == (wave.id, WaveState.HELD)
    assert "missed its time" in reason
    after.sweep()
    assert len(after.held) == 1


def test_of_two_clockworks_one_opens_the_wave(office: Database) -> None:
    planned(office)
    first, second = (Watch(office, TestClock(TEN)) for _ in range(2))
    threads = [threading.Thread(target=watch.sweep) for watch in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(first.opened) + len(second.opened) == 1
    assert first.held + second.held == []
    assert events(office) == ["wave.opened"]


@pytest.mark.parametrize(("jump", "way"), [(HOUR, "forward"), (timedelta(days=-1), "back")])
def test_a_clock_that_jumped_holds_what_comes_due_and_is_told_once(
    office: Database, jump: timedelta, way: str
) -> None:
    (wave,) = planned(office)
    clock = TestClock(TEN - timedelta(minutes=30))
    watch = Watch(office, clock)
    watch.sweep()
    clock.jump(jump)
    watch.sweep()
    if way == "back":  # it is not time yet, as far as anybody can tell
        assert state(office, wave) is WaveState.SCHEDULED
        clock.pass_time(timedelta(days=1, minutes=30))
        watch.sweep()
    assert watch.opened == []
    ((held, reason),) = watch.held
    assert held == wave.id
    assert f"jumped {way}" in reason
    watch.sweep()
    assert events(office) == ["clock.jumped", "wave.held"]
    with office.read() as session:
        assert wave_numbered(session, wave.id).reason == reason
        assert told(session, Event.CLOCK_JUMPED)[0].data == {"reason": reason}


def test_a_jump_that_is_undone_before_anything_came_due_harms_nothing(office: Database) -> None:
    (wave,) = planned(office)
    clock = TestClock(TEN - 2 * HOUR)
    watch = Watch(office, clock)
    clock.jump(HOUR)
    watch.sweep()
    clock.jump(-HOUR)
    watch.sweep()
    clock.pass_time(2 * HOUR)
    watch.sweep()
    assert watch.opened == [Opened(wave.id, timedelta())]


def test_a_jump_between_two_sweeps_is_seen_by_an_alarm_too(office: Database) -> None:
    (wave,) = planned(office)
    clock = TestClock(TEN - HOUR)
    watch = Watch(office, clock)
    watch.sweep()
    clock.jump(HOUR)
    watch.clockwork.open(wave.id)
    assert watch.opened == []
    assert state(office, wave) is WaveState.HELD


def test_a_machine_that_slept_over_the_time_opens_when_it_wakes(office: Database) -> None:
    (wave,) = planned(office)
    clock = TestClock(TEN - 8 * HOUR)
    watch = Watch(office, clock)
    watch.sweep()
    clock.pass_time(8 * HOUR + timedelta(minutes=20))
    watch.sweep()
    assert watch.opened == [Opened(wave.id, timedelta(minutes=20))]


@pytest.mark.parametrize("session_kind", ["read", "write"])
@pytest.mark.parametrize("error", [DatabaseBusy(database="x"), RuntimeError("anything")], ids=["busy", "defect"])
def test_a_database_that_is_away_is_survived_and_the_next_sweep_opens_the_wave(
    office: Database, monkeypatch: pytest.MonkeyPatch, session_kind: str, error: Exception
) -> None:
    (wave,) = planned(office)
    watch = Watch(office, TestClock(TEN))

    @contextmanager
    def away() -> Iterator[Session]:
        raise error
        yield

    with monkeypatch.context() as patched:
        patched.setattr(office, session_kind, away)
        watch.sweep()
    assert watch.opened == []
    assert watch.beats == (session_kind == "write")  # without its plan it gives no sign of life
    assert state(office, wave) is WaveState.SCHEDULED
    watch.sweep()
    assert watch.opened == [Opened(wave.id, timedelta())]


def test_a_wave_that_cannot_be_opened_does_not_stand_before_the_others(
    office: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good, coming = planned(office, waves=2) + planned_later(office)
    watch = Watch(office, TestClock(TEN))
    real = module.open_up_to_date

    def poisoned(session: Session, wave_id: int, **options: Any) -> object:
        if wave_id == bad.id:
            raise ValueError("a row that nobody expected")
        return real(session, wave_id, **options)

    monkeypatch.setattr(module, "open_up_to_date", poisoned)
    with paused_alarms(watch) as alarms:
        watch.sweep()
        assert [opened.wave_id for opened in watch.opened] == [good.id]
        assert list(alarms()) == [coming.id]
    assert watch.beats == 1


def planned_later(office: Database) -> list[Wave]:
    """A minute after ten, of another release."""
    with office.write() as session:
        version = make_version(session, make_release(session, "another"))
        media_list = make_list(session, make_contact(session), name="Later")
        return [plan_wave(session, version, media_list, due=TEN + timedelta(minutes=1)).wave]


def test_what_is_done_with_an_opened_wave_may_fail_and_the_wave_is_open(office: Database) -> None:
    waves = planned(office, waves=2)
    clock = TestClock(TEN)
    tried: list[int] = []

    def fail(opened: Opened) -> None:
        tried.append(opened.wave_id)
        raise RuntimeError

    clockwork = Clockwork(
        office,
        clock,
        Trust(clock),
        templates=TEMPLATES,
        late_grace=HOUR,
        give_up_after=timedelta(days=2),
        on_opened=fail,
        on_held=lambda *_: None,
        on_stale=lambda _: None,
        on_beat=lambda: None,
    )
    clockwork.sweep()
    assert tried == [wave.id for wave in waves]
    assert {state(office, wave) for wave in waves} == {WaveState.SENDING}


@contextmanager
def paused_alarms(watch: Watch) -> Iterator[Callable[[], dict[int, datetime]]]:
    """The alarms that are set, by wave; none goes off."""
    scheduler = watch.clockwork._alarms
    scheduler.start(paused=True)
    try:
        yield lambda: {job.args[0]: job.trigger.run_date for job in scheduler.get_jobs()}
    finally:
        watch.clockwork.stop()


def test_alarms_are_set_for_the_waves_of_the_next_minutes_and_follow_the_plan(office: Database) -> None:
    with office.write() as session:
        version = make_version(session, make_release(session))
        near, far = (
            plan_wave(
                session, version, make_list(session, make_contact(session), name=str(after)), due=TEN + after
            ).wave
            for after in (timedelta(minutes=5), timedelta(minutes=15))
        )
    clock = TestClock(TEN)
    watch = Watch(office, clock)
    with paused_alarms(watch) as alarms:
        watch.sweep()
        watch.sweep()
        assert (alarms(), watch.beats) == ({near.id: near.due_at}, 2)  # set anew, not one more at every sweep
        clock.pass_time(timedelta(minutes=6))
        watch.sweep()
        assert watch.opened == [Opened(near.id, timedelta(minutes=1))]
        assert alarms()[far.id] == far.due_at
        with office.write() as session:
            cancel(session, wave_numbered(session, far.id), at=clock.now(), actor=DESK)
        clock.pass_time(AHEAD)
        watch.clockwork.open(far.id)  # the alarm of a wave that was cancelled
        assert len(watch.opened) == 1
        assert state(office, far) is WaveState.CANCELLED


def test_an_alarm_that_goes_off_a_moment_early_is_set_again_just_after_the_time(office: Database) -> None:
    (wave,) = planned(office)
    clock = TestClock(TEN - timedelta(milliseconds=3))
    watch = Watch(office, clock)
    with paused_alarms(watch) as alarms:
        watch.clockwork.open(wave.id)
        assert watch.opened == []
        assert alarms() == {wave.id: TEN + timedelta(milliseconds=1)}


def test_a_wave_goes_off_by_the_real_clock(office: Database) -> None:
    clock = SystemClock()
    gone = threading.Event()
    seen: list[datetime] = []

    def note(_opened: Opened) -> None:
        seen.append(clock.now())
        gone.set()

    with office.write() as session:
        media_list = make_list(session, make_contact(session))
        now = clock.now()
        wave = make_wave(session, media_list, due=now.replace(microsecond=0) + SECOND, now=now)
    clockwork = Clockwork(
        office,
        clock,
        Trust(clock),
        templates=TEMPLATES,
        late_grace=HOUR,
        give_up_after=timedelta(days=2),
        on_opened=note,
        on_held=lambda *_: None,
        on_stale=lambda _: None,
        on_beat=lambda: None,
    )
    clockwork.start()
    try:
        assert gone.wait(60)
    finally:
        clockwork.stop()
    assert seen[0] >= wave.due_at
    with office.read() as session:
        assert wave_numbered(session, wave.id).state is WaveState.SENDING
    clockwork.stop()  # twice does no harm
    assert not clockwork._sweeper.is_alive()


def following(office: Database, *, others: int = 0) -> tuple[Wave, MediaList, Contact]:
    """A wave whose audience follows its list, the list, and somebody who is not on it."""
    with office.write() as session:
        media_list = make_list(session, *(make_contact(session) for _ in range(1 + others)))
        wave = make_wave(session, media_list, due=TEN, audience=Audience.LIVE)
        return wave, media_list, make_contact(session)


def add(office: Database, media_list: MediaList, contact: Contact) -> None:
    with office.write() as session:
        on_it = session.get_one(MediaList, media_list.id)
        change_list(session, on_it, add=[contact], at=NOON, actor=DESK)


def people(office: Database, wave: Wave) -> int:
    with office.read() as session:
        return sum(tally(session, [wave.id])[wave.id].values())


def test_a_list_is_followed_in_the_last_minutes_and_when_the_wave_opens(office: Database) -> None:
    wave, media_list, second = following(office)
    add(office, media_list, second)
    clock = TestClock(TEN - AHEAD - SECOND)
    watch = Watch(office, clock)
    watch.sweep()
    assert people(office, wave) == 1  # there is time yet, in which it may change again
    clock.pass_time(2 * SECOND)
    watch.sweep()
    assert people(office, wave) == 2
    with office.write() as session:
        third = make_contact(session)
    add(office, media_list, third)
    clock.pass_time(29 * SECOND)
    watch.sweep()
    assert people(office, wave) == 2  # not with every sweep
    clock.pass_time(SECOND)
    watch.sweep()
    assert people(office, wave) == 3
    with office.write() as session:
        fourth = make_contact(session)
    add(office, media_list, fourth)
    clock.pass_time(TEN - clock.now() - 5 * SECOND)
    watch.sweep()
    assert people(office, wave) == 3  # too near: the opening must not wait for it
    clock.pass_time(5 * SECOND)
    watch.sweep()
    assert watch.opened == [Opened(wave.id, timedelta())]
    assert people(office, wave) == 4
    assert events(office) == ["wave.refreshed"] * 3 + ["wave.opened"]
    with office.read() as session:
        assert {entry.actor for entry in told(session, Event.WAVE_REFRESHED)} == {module.ACTOR}


def test_a_wave_that_cannot_follow_its_list_is_held_as_soon_as_that_is_seen(office: Database) -> None:
    wave, _, _ = following(office)
    with office.write() as session:
        for contact in session.scalars(select(Contact)):
            contact.status = ContactStatus.INACTIVE
    watch = Watch(office, TestClock(TEN - AHEAD))
    watch.sweep()
    ((held, reason),) = watch.held
    assert (held, state(office, wave)) == (wave.id, WaveState.HELD)
    assert reason.startswith("nobody on its media list would get it: see dateline waves refresh")
    watch.sweep()
    assert len(watch.held) == 1


def test_a_list_that_cannot_be_looked_at_keeps_no_wave_from_its_time(
    office: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave, _, _ = following(office)

    def fail(*_: object, **__: object) -> bool:
        raise RuntimeError

    monkeypatch.setattr(module, "needs_refresh", fail)
    clock = TestClock(TEN - AHEAD)
    watch = Watch(office, clock)
    watch.sweep()
    clock.pass_time(AHEAD)
    watch.sweep()
    assert (watch.opened, watch.beats) == ([Opened(wave.id, timedelta())], 2)


def ageing(office: Database) -> Wave:
    """Stale two hours after its time."""
    with office.write() as session:
        return make_wave(session, make_list(session, make_contact(session)), due=TEN, stale_after=2 * HOUR)


@pytest.mark.parametrize(
    "stop", [None, pause, partial(hold_by_hand, reason="wait")], ids=["going", "paused", "held"]
)
@pytest.mark.parametrize("at", [TEN - HOUR, TEN + HOUR], ids=["scheduled", "opened"])
def test_a_wave_is_cancelled_when_it_is_stale_and_not_before(
    office: Database, stop: Callable[..., object] | None, at: datetime
) -> None:
    wave = ageing(office)
    clock = TestClock(TEN - 2 * HOUR)
    watch = Watch(office, clock)
    while clock.now() < at:
        clock.pass_time(HOUR)
        watch.sweep()
    if stop is not None:
        with office.write() as session:
            stop(session, wave_numbered(session, wave.id), at=at, actor=DESK)
    clock.pass_time(TEN + 2 * HOUR - SECOND - at)
    watch.sweep()
    assert (watch.stale, state(office, wave) is WaveState.CANCELLED) == ([], False)
    clock.pass_time(SECOND)
    watch.sweep()
    watch.sweep()
    assert (watch.stale, state(office, wave)) == ([wave.id], WaveState.CANCELLED)
    assert events(office)[-1] == "wave.cancelled"


def test_a_process_that_was_away_until_a_wave_was_stale_cancels_it(office: Database) -> None:
    wave = ageing(office)
    watch = Watch(office, TestClock(TEN + 2 * HOUR))
    watch.sweep()
    assert (watch.opened, watch.held, watch.stale) == ([], [], [wave.id])
    assert events(office) == ["wave.cancelled"]


def test_of_two_clockworks_one_cancels_a_stale_wave(office: Database) -> None:
    wave = ageing(office)
    watches = [Watch(office, TestClock(TEN + 2 * HOUR)) for _ in range(2)]
    threads = [threading.Thread(target=watch.sweep) for watch in watches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [number for watch in watches for number in watch.stale] == [wave.id]
    assert events(office) == ["wave.cancelled"]


def test_by_a_clock_that_jumped_nothing_is_cancelled_for_good(office: Database) -> None:
    wave = ageing(office)
    clock = TestClock(TEN)
    watch = Watch(office, clock)
    watch.sweep()
    clock.jump(2 * HOUR)
    watch.sweep()
    watch.sweep()
    assert (watch.stale, state(office, wave)) == ([], WaveState.HELD)
    assert [number for number, _ in watch.held] == [wave.id]
    clock.jump(-2 * HOUR)
    watch.sweep()
    assert state(office, wave) is WaveState.HELD
    with office.write() as session:
        wave = wave_numbered(session, wave.id)
        release(session, wave, give_up_after=timedelta(days=2), at=clock.now(), actor=DESK)
    assert state(office, wave) is WaveState.SENDING
