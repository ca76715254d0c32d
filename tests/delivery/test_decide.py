"""What an officer decides about single deliveries is done whole or not at all, and lasts."""

from datetime import timedelta

import pytest
from builders import DESK, NOON, make_contact, make_list
from newsroom import both_at_once, make_wave, told
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer.audit import Event
from mailer.database import Database
from mailer.delivery.decide import send_again
from mailer.errors import WaveStale, WrongWaveState
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState
from mailer.schedule.waves import cancel, expire, finish, open_wave, wave_numbered

LONG = timedelta(days=2)
MONTH = timedelta(days=30)


@pytest.fixture
def wave(database: Database) -> Wave:
    """Done a month ago, with one accepted and two failed."""
    with database.write() as session:
        wave = make_wave(session, make_list(session, *(make_contact(session) for _ in range(3))))
        open_wave(session, wave.id, now=NOON, doubt="", late_grace=timedelta(0), give_up_after=LONG, actor=DESK)
        first, *others = numbers(session)
        for number, state in ((first, DeliveryState.ACCEPTED), *((n, DeliveryState.FAILED) for n in others)):
            session.execute(update(Delivery).where(Delivery.id == number).values(state=state))
        assert finish(session, wave.id, at=NOON, actor=DESK)
    return wave


def numbers(session: Session) -> list[int]:
    return list(session.scalars(select(Delivery.id).order_by(Delivery.id)))


def states(session: Session) -> list[DeliveryState]:
    return list(session.scalars(select(Delivery.state).order_by(Delivery.id)))


def test_what_an_officer_sends_again_has_its_time_anew(database: Database, wave: Wave) -> None:
    at = NOON + MONTH
    with database.write() as session:
        assert send_again(session, numbers(session)[1:], give_up_after=LONG, at=at, actor=DESK) == 2
    with database.write() as session:
        again = wave_numbered(session, wave.id)
        assert (again.state, again.done_at, again.give_up_at) == (WaveState.SENDING, None, at + LONG)
        assert expire(session, now=at + LONG, actor=DESK) == 0
        assert states(session) == [DeliveryState.ACCEPTED, DeliveryState.QUEUED, DeliveryState.QUEUED]
        assert [entry.event for entry in told(session)][-2:] == [Event.DELIVERY_REQUEUED] * 2
        assert expire(session, now=at + LONG + timedelta(seconds=1), actor=DESK) == 2


def test_an_officer_who_gives_a_wave_more_time_at_that_moment_loses_nobody(database: Database, wave: Wave) -> None:
    late = NOON + MONTH
    with database.write() as session:
        _, failed, waiting = numbers(session)
        session.execute(update(Delivery).where(Delivery.id == waiting).values(state=DeliveryState.QUEUED))
        session.execute(update(Wave).values(state=WaveState.SENDING))

    def deciding() -> None:
        with database.write() as session:
            send_again(session, [failed], give_up_after=LONG, at=late, actor=DESK)

    def expiring() -> None:
        with database.write() as session:
            assert expire(session, now=late, actor=DESK) == 0

    both_at_once(deciding, expiring)
    with database.read() as session:
        assert states(session)[1:] == [DeliveryState.QUEUED] * 2


def test_a_delivery_of_a_cancelled_wave_is_not_sent_again(database: Database, wave: Wave) -> None:
    """It would wait in the queue of a wave that nobody sends."""
    with database.write() as session:
        session.execute(update(Wave).values(state=WaveState.SENDING))
        cancel(session, wave_numbered(session, wave.id), at=NOON, actor=DESK)
        with pytest.raises(WrongWaveState, match="is cancelled and cannot be sent again"):
            send_again(session, numbers(session)[1:], give_up_after=LONG, at=NOON, actor=DESK)
        assert states(session)[1:] == [DeliveryState.FAILED] * 2


def test_a_delivery_of_a_stale_wave_is_not_sent_again(database: Database, wave: Wave) -> None:
    with database.write() as session:
        session.execute(update(Wave).values(stale_at=NOON + LONG))
        with pytest.raises(WaveStale, match="cannot be sent again"):
            send_again(session, numbers(session)[1:], give_up_after=LONG, at=NOON + LONG, actor=DESK)
        assert states(session)[1:] == [DeliveryState.FAILED] * 2
