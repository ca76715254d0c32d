"""A wave goes from state to state by the ways there are, one process at a time, each with its entry in the log."""

import threading
from datetime import timedelta

import pytest
from builders import DESK, NOON, make_contact, make_list
from moves import ACTS, HOUR, LONG, SECOND, TEN, Act, last, of_waves, open_at, put, scheduled, scheduled_beside
from newsroom import both_at_once, in_beirut, make_release, make_version, plan_wave, told
from sqlalchemy import select, update

from mailer.audit import Event
from mailer.database import Database
from mailer.errors import UnknownWave, WrongWaveState
from mailer.releases.versions import set_embargo
from mailer.rendering import Occasion
from mailer.schedule.models import Delivery, DeliveryState, WaveState
from mailer.schedule.rules import Hold, Wait
from mailer.schedule.waves import (
    Opened,
    all_waves,
    cancel,
    due_waves,
    finish,
    hold,
    hold_by_hand,
    is_overdue,
    pause,
    release,
    resume,
    tally,
    wave_numbered,
)


@pytest.mark.parametrize("verb", ACTS)
def test_an_officer_moves_a_wave_from_the_right_states_and_is_refused_from_the_others(
    office: Database, verb: str
) -> None:
    act, allowed, becomes, event = ACTS[verb]
    with office.write() as session:
        wave = scheduled(session)
        for state in WaveState:
            put(session, wave, state)
            before = len(of_waves(session))
            if state in allowed:
                act(session, wave)
                assert wave.state is becomes
                assert last(session)[:2] == (event, wave.id)
                assert len(of_waves(session)) == before + 1
                continue
            with pytest.raises(WrongWaveState, match=f"is {state.value} and cannot be {verb}"):
                act(session, wave)
            assert (wave.state, len(of_waves(session))) == (state, before)


def test_only_a_scheduled_wave_is_opened_and_only_one_that_is_sent_is_done(office: Database) -> None:
    with office.write() as session:
        wave = scheduled(session)
        for state in WaveState:
            put(session, wave, state)
            assert isinstance(open_at(session, wave, TEN), Opened) is (state is WaveState.SCHEDULED)
        session.execute(update(Delivery).values(state=DeliveryState.ACCEPTED))
        for state in WaveState:
            put(session, wave, state, opened=True)
            assert finish(session, wave.id, at=TEN, actor=DESK) is (state is WaveState.SENDING)
        assert [entry.event for entry in told(session)].count(Event.WAVE_DONE) == 1
        for state in WaveState:
            put(session, wave, state)
            allowed = state in (WaveState.SCHEDULED, WaveState.SENDING)
            assert hold(session, wave, reason="why", at=TEN, actor=DESK) is allowed


@pytest.mark.parametrize("verb", ["paused", "held"])
def test_a_wave_that_was_stopped_before_its_time_keeps_it_and_one_that_was_going_goes_on(
    office: Database, verb: str
) -> None:
    stop, start = ACTS[verb][0], ACTS["resumed" if verb == "paused" else "released"][0]
    with office.write() as session:
        wave = scheduled(session)
        stop(session, wave)
        assert open_at(session, wave, TEN) is None
        assert due_waves(session, until=TEN + HOUR) == []
        start(session, wave)
        assert (wave.state, wave.reason) == (WaveState.SCHEDULED, "")
        assert open_at(session, wave, TEN - SECOND) == Wait(TEN)
        assert isinstance(open_at(session, wave, TEN), Opened)
        stop(session, wave)
        assert wave.reason
        start(session, wave)
        assert (wave.state, wave.opened_at, wave.reason) == (
            WaveState.SENDING,
            TEN,
            "",
        )  # the date of its messages


def test_a_paused_wave_that_missed_its_time_is_held_when_it_is_resumed(office: Database) -> None:
    with office.write() as session:
        wave = scheduled(session)
        pause(session, wave, at=NOON, actor=DESK)
        resume(session, wave, give_up_after=LONG, at=TEN + 2 * HOUR, actor=DESK)
        assert isinstance(open_at(session, wave, TEN + 2 * HOUR), Hold)


def test_a_held_wave_goes_when_it_is_released_however_late_but_not_by_a_doubtful_clock(office: Database) -> None:
    with office.write() as session:
        wave = scheduled(session)
        missed = TEN + 5 * HOUR
        assert isinstance(open_at(session, wave, missed), Hold)
        release(session, wave, give_up_after=LONG, at=missed, actor=DESK)
        assert open_at(session, wave, missed + SECOND, doubt="the clock jumped") == Hold("the clock jumped")
        release(session, wave, give_up_after=LONG, at=missed, actor=DESK)
        opened = open_at(session, wave, missed + SECOND)
        assert opened == Opened(wave.id, 5 * HOUR + SECOND)
        assert last(session)[2]["late_seconds"] == 18001


def test_a_wave_that_was_released_long_before_its_time_has_no_more_than_its_grace(office: Database) -> None:
    with office.write() as session:
        wave = scheduled(session)
        hold_by_hand(session, wave, reason="wait", at=NOON, actor=DESK)
        release(session, wave, give_up_after=LONG, at=NOON, actor=DESK)
        assert isinstance(open_at(session, wave, TEN + 72 * HOUR), Hold)  # the machine was away for three days


@pytest.mark.parametrize(
    ("late", "seconds"),
    [(timedelta(), 0), (5 * SECOND, 0), (6 * SECOND, 6), (HOUR, 3600)],
)
def test_a_wave_that_opens_within_its_grace_says_how_late_it_is(
    office: Database, late: timedelta, seconds: int
) -> None:
    with office.write() as session:
        wave = scheduled(session)
        opened = open_at(session, wave, TEN + late)
        assert opened == Opened(wave.id, late if seconds else timedelta())
        assert (wave.state, wave.opened_at) == (WaveState.SENDING, TEN + late)
        assert last(session) == (Event.WAVE_OPENED, wave.id, {"due": TEN.isoformat(), "late_seconds": seconds})


def test_a_wave_that_missed_its_grace_is_held_with_the_reason_and_once(office: Database) -> None:
    with office.write() as session:
        wave = scheduled(session)
        now = TEN + HOUR + SECOND
        assert isinstance(open_at(session, wave, now), Hold)
        assert (wave.state, wave.opened_at) == (WaveState.HELD, None)
        assert "missed its time by 1 h 1 s" in wave.reason
        assert last(session) == (Event.WAVE_HELD, wave.id, {"reason": wave.reason})
        assert open_at(session, wave, now) is None
        assert [entry.event for entry in told(session)].count(Event.WAVE_HELD) == 1


def test_an_embargo_that_is_moved_later_holds_its_wave_until_it_is_over(office: Database) -> None:
    with office.write() as session:
        news = make_release(session, embargo=TEN)
        media_list = make_list(session, make_contact(session))
        wave = plan_wave(session, make_version(session, news), media_list, due=TEN).wave
        set_embargo(session, news, in_beirut(TEN + HOUR), at=NOON, actor=DESK)
    with office.write() as session:
        wave = wave_numbered(session, wave.id)
        assert open_at(session, wave, TEN - SECOND) == Wait(TEN)
        assert isinstance(open_at(session, wave, TEN), Hold)
        release(session, wave, give_up_after=LONG, at=TEN, actor=DESK)
        assert isinstance(open_at(session, wave, TEN + HOUR - SECOND), Hold)
        release(session, wave, give_up_after=LONG, at=TEN, actor=DESK)
        assert isinstance(open_at(session, wave, TEN + HOUR), Opened)


def test_an_embargo_that_is_moved_meanwhile_by_another_process_is_seen_at_opening(office: Database) -> None:
    with office.write() as session:
        news = make_release(session, embargo=TEN)
        media_list = make_list(session, make_contact(session))
        wave = plan_wave(session, make_version(session, news), media_list, due=TEN).wave
    other = Database(office.engine.url.render_as_string(hide_password=False))
    try:
        with other.write() as session:
            moved = session.get_one(type(news), news.id)
            set_embargo(session, moved, in_beirut(TEN + HOUR), at=NOON, actor=DESK)
    finally:
        other.close()
    with office.write() as session:
        session.add_all([])  # a session that has never seen the release
        assert isinstance(open_at(session, wave, TEN), Hold)


def test_an_embargoed_wave_whose_embargo_is_taken_earlier_does_not_go_out_after_it(office: Database) -> None:
    with office.write() as session:
        news = make_release(session, embargo=TEN + 2 * HOUR)
        media_list = make_list(session, make_contact(session, terms=NOON.date()))
        version = make_version(session, news)
        wave = plan_wave(session, version, media_list, due=TEN, kind=Occasion.UNDER_EMBARGO).wave
        set_embargo(session, news, in_beirut(TEN), at=NOON, actor=DESK)
        assert isinstance(open_at(session, wave, TEN), Hold)


def test_cancelling_stops_what_waits_and_counts_it_and_leaves_what_has_happened(office: Database) -> None:
    with office.write() as session:
        wave = scheduled(session, people=len(DeliveryState))
        other = scheduled_beside(session, wave)
        deliveries = session.scalars(select(Delivery).where(Delivery.wave_id == wave.id)).all()
        for delivery, state in zip(deliveries, DeliveryState, strict=True):
            delivery.state, delivery.next_at = state, TEN
        session.flush()
        # What may have arrived (in doubt, or held for that) is not said to have been cancelled.
        waiting = {DeliveryState.QUEUED, DeliveryState.DEFERRED}
        assert cancel(session, wave, at=TEN, actor=DESK) == len(waiting)
        assert last(session) == (Event.WAVE_CANCELLED, wave.id, {"deliveries": len(waiting)})
        assert (wave.state, wave.done_at) == (WaveState.CANCELLED, TEN)
        for delivery, state in zip(deliveries, DeliveryState, strict=True):
            session.refresh(delivery)
            stopped = state in waiting
            assert delivery.state is (DeliveryState.CANCELLED if stopped else state)
            if stopped:
                assert (delivery.finished_at, delivery.next_at) == (TEN, None)
        assert tally(session, [other.id]) == {other.id: {DeliveryState.QUEUED: 1}}


def test_a_wave_is_done_when_nothing_is_left_to_do_and_says_how_it_ended(office: Database) -> None:
    over = [s for s in DeliveryState if s not in ("queued", "sending", "deferred", "in-doubt")]
    with office.write() as session:
        wave = scheduled(session, people=2)
        open_at(session, wave, TEN)
        first, second = session.scalars(select(Delivery).where(Delivery.wave_id == wave.id)).all()
        first.state = DeliveryState.ACCEPTED
        for state in DeliveryState:
            second.state = state
            session.flush()
            put(session, wave, WaveState.SENDING, opened=True)
            assert finish(session, wave.id, at=TEN + HOUR, actor=DESK) is (state in over)
        assert last(session)[:2] == (Event.WAVE_DONE, wave.id)
        assert last(session)[2] == {"deliveries": {"accepted": 1, "suppressed": 1}}
        assert wave.done_at == TEN + HOUR


def test_however_many_processes_wake_up_one_opens_the_wave(office: Database) -> None:
    with office.write() as session:
        wave = scheduled(session)
    other = Database(office.engine.url.render_as_string(hide_password=False))
    start = threading.Barrier(8)
    outcomes: list[object] = []

    def wake(database: Database) -> None:
        start.wait()
        with database.write() as session:
            outcomes.append(open_at(session, wave, TEN))

    threads = [threading.Thread(target=wake, args=(database,)) for database in (office, other) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert sorted(map(str, outcomes)) == sorted(["None"] * 7 + [str(Opened(wave.id, timedelta()))])
    with office.read() as session:
        assert len(told(session, Event.WAVE_OPENED)) == 1


@pytest.mark.parametrize("first", ["open", "cancel"])
def test_a_wave_is_opened_or_cancelled_and_never_both(office: Database, first: str) -> None:
    with office.write() as session:
        wave = scheduled(session)
    outcomes: dict[str, object] = {}

    def opening() -> None:
        with office.write() as session:
            outcomes["open"] = open_at(session, wave, TEN)

    def cancelling() -> None:
        with office.write() as session:
            outcomes["cancel"] = cancel(session, wave_numbered(session, wave.id), at=TEN, actor=DESK)

    acts = {"open": opening, "cancel": cancelling}
    second = "cancel" if first == "open" else "open"
    both_at_once(acts[first], acts[second])
    with office.read() as session:
        events = of_waves(session)[1:]
        assert wave_numbered(session, wave.id).state is WaveState.CANCELLED
        assert tally(session, [wave.id]) == {wave.id: {DeliveryState.CANCELLED: 1}}
    assert outcomes["cancel"] == 1
    assert (outcomes["open"] is None) is (first == "cancel")
    assert events == (["wave.opened", "wave.cancelled"] if first == "open" else ["wave.cancelled"])


@pytest.mark.parametrize("verb", [*ACTS, "opened", "done"])
def test_no_move_is_without_its_entry_nor_an_entry_without_its_move(office: Database, verb: str) -> None:
    with office.write() as session:
        wave = scheduled(session)
        state = {"resumed": WaveState.PAUSED, "released": WaveState.HELD, "done": WaveState.SENDING}.get(verb)
        put(session, wave, state or WaveState.SCHEDULED)
        if verb == "done":
            session.execute(update(Delivery).values(state=DeliveryState.ACCEPTED))
    acts: dict[str, Act] = {name: act for name, (act, *_) in ACTS.items()}
    acts["opened"] = lambda s, w: open_at(s, w, TEN)
    acts["done"] = lambda s, w: finish(s, w.id, at=TEN, actor=DESK)
    with office.read() as session:
        before = wave_numbered(session, wave.id).state, len(told(session))
    with pytest.raises(RuntimeError), office.write() as session:
        acts[verb](session, wave_numbered(session, wave.id))
        raise RuntimeError
    with office.read() as session:
        assert (wave_numbered(session, wave.id).state, len(told(session))) == before


def test_a_reason_of_any_length_and_content_is_kept_as_far_as_it_fits(office: Database) -> None:
    with office.write() as session:
        wave = scheduled(session)
        for reason, kept in (
            ("x" * 5000, "x" * 300),
            ("the\x00 minister\r\nrang\u202e", "the minister rang"),
            (" ", "held by an officer"),
        ):
            put(session, wave, WaveState.SCHEDULED)
            hold_by_hand(session, wave, reason=reason, at=TEN, actor=DESK)
            assert wave.reason == kept
            # Her words may name a person: the log, which is for ever, does not have them.
            assert last(session)[2] == {"reason": "held by an officer"}


def test_the_plan_lists_waves_by_their_time_and_finds_those_that_come_due(office: Database) -> None:
    with office.write() as session:
        late, early = scheduled(session, due=TEN + HOUR), None
        early = scheduled_beside(session, late)
        assert [wave.id for wave in all_waves(session)] == [early.id, late.id]
        assert all_waves(session, release_id=late.release_id + 1) == []
        assert due_waves(session, until=TEN) == []
        assert due_waves(session, until=TEN + SECOND) == [(early.id, TEN)]
        assert due_waves(session, until=TEN + 2 * HOUR) == [(early.id, TEN), (late.id, TEN + HOUR)]
        assert [is_overdue(early, TEN + n * SECOND) for n in (-1, 10, 11)] == [False, False, True]
        open_at(session, early, TEN)
        assert not is_overdue(early, TEN + HOUR)
        with pytest.raises(UnknownWave, match="999"):
            wave_numbered(session, 999)
