"""Progress says how far a wave is, how fast it goes, and what the relays answer."""

from datetime import timedelta

from builders import NOON, make_contact, make_list
from newsroom import make_wave
from sqlalchemy import select

from mailer.database import Database
from mailer.delivery.models import Attempt
from mailer.delivery.progress import progress
from mailer.schedule.models import Delivery, DeliveryState


def test_a_wave_is_told_by_state_rate_and_reason(database: Database) -> None:
    with database.write() as session:
        wave = make_wave(session, make_list(session, *(make_contact(session) for _ in range(6))))
        rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
        for row, (state, seconds, code, text) in zip(
            rows,
            (
                (DeliveryState.ACCEPTED, 60, 250, "Ok"),
                (DeliveryState.ACCEPTED, 5, 250, "Ok"),
                (DeliveryState.ACCEPTED, 1, 250, "Ok"),
                (DeliveryState.DEFERRED, 1, 450, "Greylisted"),
                (DeliveryState.FAILED, 1, 550, "No such person"),
            ),
            strict=False,
        ):
            row.state, row.attempts, row.finished_at = state, 1, NOON - timedelta(seconds=seconds)
            session.add(
                Attempt(
                    delivery_id=row.id,
                    number=1,
                    at=NOON,
                    relay="main",
                    stage="end",
                    code=code,
                    enhanced="",
                    text=text,
                )
            )
        session.flush()
        wave.opened_at = NOON - timedelta(seconds=100)
        session.flush()
        now = progress(session, wave.id, now=NOON)
        wave.opened_at = NOON - timedelta(seconds=2)
        session.flush()
        assert progress(session, wave.id, now=NOON).per_second == 1
    assert (now.total, now.settled) == (6, 4)
    assert now.per_second == 0.2
    assert now.seconds_left == 5
    assert now.deferred == {"450 Greylisted": 1}
    assert now.failed == {"550 No such person": 1}
