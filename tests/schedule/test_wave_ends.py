"""A wave comes to its end by the clock: what nobody could hand over is given up, and what is stale is cancelled."""

from datetime import datetime

import pytest
from builders import DESK, NOON, make_contact, make_list
from moves import ACTS, HOUR, LONG, SECOND, TEN, of_waves, open_at, put, scheduled, scheduled_beside
from newsroom import both_at_once, make_wave, told
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer.audit import Event
from mailer.database import Database
from mailer.delivery.claims import claim, give_back
from mailer.errors import WaveStale
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState
from mailer.schedule.rules import Stale
from mailer.schedule.waves import (
    cancel,
    cancel_stale,
    expire,
    finish,
    release,
    resume,
    stale_waves,
    tally,
    wave_numbered,
)

STALE = TEN + 6 * HOUR


def give_up_at(session: Session, wave: Wave) -> datetime | None:
    return session.scalar(select(Wave.give_up_at).where(Wave.id == wave.id))


def test_a_wave_has_its_time_from_its_opening_and_anew_when_an_officer_lets_it_go_on(office: Database) -> None:
    with office.write() as session:
        wave = scheduled(session)
        for stop, start in (("paused", resume), ("held", release)):
            ACTS[stop][0](session, wave)
            start(session, wave, give_up_after=LONG, at=NOON, actor=DESK)
            assert give_up_at(session, wave) is None
        open_at(session, wave, TEN)
        assert give_up_at(session, wave) == TEN + LONG
        for stop, start, at in (("paused", resume, TEN + 72 * HOUR), ("held", release, TEN + 300 * HOUR)):
            ACTS[stop][0](session, wave)
            assert expire(session, now=at, actor=DESK) == 0  # while it is stopped nothing is lost
            start(session, wave, give_up_after=LONG, at=at, actor=DESK)
            assert give_up_at(session, wave) == at + LONG
            assert expire(session, now=at, actor=DESK) == 0


def test_what_nobody_could_hand_over_in_its_time_has_failed_though_it_was_never_tried(office: Database) -> None:
    waiting = {DeliveryState.QUEUED, DeliveryState.DEFERRED}
    with office.write() as session:
        wave = scheduled(session, people=len(DeliveryState))
        other = scheduled_beside(session, wave)
        for each, at in ((wave, TEN), (other, TEN + HOUR)):
            open_at(session, each, at)
        deliveries = session.scalars(select(Delivery).where(Delivery.wave_id == wave.id)).all()
        for delivery, state in zip(deliveries, DeliveryState, strict=True):
            delivery.state, delivery.next_at = state, TEN + 99 * HOUR
        session.flush()
        before = len(told(session))
        assert expire(session, now=TEN + LONG, actor=DESK) == 0
        late = TEN + LONG + SECOND
        assert expire(session, now=late, actor=DESK) == len(waiting)
        assert expire(session, now=late, actor=DESK) == 0
        for delivery, state in zip(deliveries, DeliveryState, strict=True):
            session.refresh(delivery)
            assert delivery.state is (DeliveryState.FAILED if state in waiting else state)
            if state in waiting:
                assert (delivery.finished_at, delivery.next_at) == (late, None)
        said = told(session)[before:]
        assert {entry.delivery_id for entry in said} == {d.id for d in deliveries if d.finished_at}
        assert {(e.event, e.wave_id, e.actor, str(e.data)) for e in said} == {
            (Event.DELIVERY_FAILED, wave.id, DESK, "{'reason': 'out of time'}")
        }
        assert tally(session, [other.id]) == {other.id: {DeliveryState.QUEUED: 1}}


def test_giving_up_goes_by_batches(office: Database) -> None:
    with office.write() as session:
        wave = scheduled(session, people=5)
        open_at(session, wave, TEN)
        counts = [expire(session, now=TEN + 2 * LONG, actor=DESK, limit=2) for _ in range(4)]
        assert counts == [2, 2, 1, 0]


def ageing(session: Session, *, people: int = 2) -> Wave:
    """A wave that is stale six hours after its time."""
    media_list = make_list(session, *(make_contact(session) for _ in range(people)))
    return make_wave(session, media_list, due=TEN, stale_after=6 * HOUR)


@pytest.mark.parametrize("state", WaveState)
def test_a_stale_wave_is_cancelled_by_itself_from_wherever_it_stands(office: Database, state: WaveState) -> None:
    over = state in (WaveState.CANCELLED, WaveState.DONE)
    with office.write() as session:
        wave = ageing(session, people=len(DeliveryState))
        other = scheduled_beside(session, wave)
        put(session, wave, state, opened=True)
        deliveries = session.scalars(select(Delivery).where(Delivery.wave_id == wave.id)).all()
        for delivery, stands in zip(deliveries, DeliveryState, strict=True):
            delivery.state = stands
        session.flush()
        assert stale_waves(session, now=STALE - SECOND) == []
        assert not cancel_stale(session, wave, now=STALE - SECOND, actor=DESK)
        assert stale_waves(session, now=STALE) == ([] if over else [wave.id])
        before = len(told(session))
        assert cancel_stale(session, wave, now=STALE, actor=DESK) is not over
        assert not cancel_stale(session, wave, now=STALE, actor=DESK)
        said = [(e.event, e.wave_id, e.data) for e in told(session)[before:]]
        if over:
            assert (wave.state, said) == (state, [])
            return
        assert (wave.state, wave.done_at) == (WaveState.CANCELLED, STALE)
        assert wave.reason == "stale since 2026-12-22 16:00 Asia/Beirut (UTC+2; 2026-12-22 14:00 UTC)"
        each = (Event.DELIVERY_CANCELLED, wave.id, {"reason": "stale"})
        assert said == [each, each, (Event.WAVE_CANCELLED, wave.id, {"reason": "stale", "deliveries": 2})]
        for delivery, stands in zip(deliveries, DeliveryState, strict=True):
            session.refresh(delivery)
            waited = stands in (DeliveryState.QUEUED, DeliveryState.DEFERRED)
            # What is on the wire is finished by its process.
            assert delivery.state is (DeliveryState.CANCELLED if waited else stands)
        assert stale_waves(session, now=STALE) == []
        assert tally(session, [other.id]) == {other.id: {DeliveryState.QUEUED: 1}}


@pytest.mark.parametrize(("state", "verb"), [(WaveState.PAUSED, "resumed"), (WaveState.HELD, "released")])
@pytest.mark.parametrize("opened", [True, False])
def test_a_stale_wave_is_not_let_go_whether_or_not_it_is_cancelled_yet(
    office: Database, state: WaveState, verb: str, opened: bool
) -> None:
    act = resume if verb == "resumed" else release
    with office.write() as session:
        wave = ageing(session)
        for swept in (False, True):
            put(session, wave, state, opened=opened)
            if swept:
                assert cancel_stale(session, wave, now=STALE, actor=DESK)
            before = wave.state
            with pytest.raises(WaveStale, match=f"stale since 2026-12-22 16:00 Asia/Beirut .* cannot be {verb}"):
                act(session, wave, give_up_after=LONG, at=STALE, actor=DESK)
            assert wave.state is before
        put(session, wave, state, opened=opened)
        act(session, wave, give_up_after=LONG, at=STALE - SECOND, actor=DESK)
        assert wave.state is (WaveState.SENDING if opened else WaveState.SCHEDULED)


def test_a_wave_that_comes_due_when_it_is_stale_is_cancelled_and_not_opened(office: Database) -> None:
    with office.write() as session:
        wave = ageing(session)
        assert open_at(session, wave, STALE) == Stale()
        assert (wave.state, wave.opened_at) == (WaveState.CANCELLED, None)
        assert open_at(session, wave, STALE) is None
        assert of_waves(session) == ["wave.scheduled", "wave.cancelled"]


def test_what_comes_back_from_a_process_after_its_wave_was_cancelled_says_why(office: Database) -> None:
    with office.write() as session:
        wave = ageing(session, people=1)
        open_at(session, wave, TEN)
        (claimed,) = claim(session, wave.id, process_id="p", limit=9, now=TEN)
        assert cancel_stale(session, wave, now=STALE, actor=DESK)
        give_back(session, [claimed.id], process_id="p", at=STALE)
        assert tally(session, [wave.id]) == {wave.id: {DeliveryState.CANCELLED: 1}}
        assert told(session, Event.DELIVERY_CANCELLED)[0].data == {"reason": "stale"}


def test_a_stale_wave_with_nothing_left_to_send_is_done(office: Database) -> None:
    with office.write() as session:
        wave = ageing(session)
        open_at(session, wave, TEN)
        session.execute(update(Delivery).values(state=DeliveryState.ACCEPTED))
        assert not cancel_stale(session, wave, now=STALE, actor=DESK)
        assert finish(session, wave.id, at=STALE, actor=DESK)
        assert wave.state is WaveState.DONE


@pytest.mark.parametrize("first", ["another process", "an officer"])
def test_a_stale_wave_is_cancelled_once(office: Database, first: str) -> None:
    with office.write() as session:
        wave = ageing(session)
    outcomes: list[bool] = []

    def drop() -> None:
        with office.write() as session:
            outcomes.append(cancel_stale(session, wave_numbered(session, wave.id), now=STALE, actor=DESK))

    def cancelling() -> None:
        with office.write() as session:
            cancel(session, wave_numbered(session, wave.id), at=STALE, actor=DESK)

    both_at_once(cancelling if first == "an officer" else drop, drop)
    assert sorted(outcomes) == ([False] if first == "an officer" else [False, True])
    with office.read() as session:
        assert len(told(session, Event.WAVE_CANCELLED)) == 1
        assert len(told(session, Event.DELIVERY_CANCELLED)) == 2
