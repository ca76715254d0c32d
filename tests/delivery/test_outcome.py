"""What becomes of a delivery after an attempt goes by the relay's answer and by the wave's time."""

from datetime import datetime, timedelta

import pytest
from builders import DESK, NOON, make_contact, make_list
from newsroom import make_wave, told
from sqlalchemy import select

from mailer.audit import Event
from mailer.database import Database
from mailer.delivery.claims import claim
from mailer.delivery.journal import Ended, Ending
from mailer.delivery.outcome import Policy, record
from mailer.schedule.models import Delivery, DeliveryState
from mailer.schedule.waves import open_wave

MINE = "a" * 32
LONG = timedelta(days=2)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def attempted(
    database: Database, *, at: datetime, ending: Ending = Ending.DEFERRED, code: int = 451, text: str = "Later"
) -> Delivery:
    """The one delivery of a wave that was opened at noon, after it was tried then."""
    with database.write() as session:
        wave = make_wave(session, make_list(session, make_contact(session)))
        open_wave(session, wave.id, now=NOON, doubt="", late_grace=LONG, give_up_after=LONG, actor=DESK)
    with database.write() as session:
        (claimed,) = claim(session, wave.id, process_id=MINE, limit=9, now=NOON)
        ended = Ended(
            delivery_id=claimed.id,
            at=at,
            relay="main",
            stage="end",
            verdict=ending.value,
            code=code,
            enhanced="",
            text=text,
            sha256="b" * 64,
        )
        record(session, [ended], process_id=MINE, policy=Policy(resend_in_doubt=True))
    with database.read() as session:
        return session.scalars(select(Delivery)).one()


@pytest.mark.parametrize(
    ("at", "state", "reasons"),
    [
        (NOON + LONG, DeliveryState.DEFERRED, []),
        (NOON + LONG + SECOND, DeliveryState.FAILED, ["out of time"]),
    ],
)
def test_what_is_put_off_after_its_wave_has_had_its_time_has_failed(
    database: Database, at: datetime, state: DeliveryState, reasons: list[str]
) -> None:
    assert attempted(database, at=at).state is state
    with database.read() as session:
        assert [entry.data["reason"] for entry in told(session, Event.DELIVERY_FAILED)] == reasons


@pytest.mark.parametrize(
    ("at", "state"), [(NOON + LONG, DeliveryState.QUEUED), (NOON + LONG + SECOND, DeliveryState.HELD)]
)
def test_what_is_in_doubt_after_that_is_left_to_an_officer(
    database: Database, at: datetime, state: DeliveryState
) -> None:
    assert attempted(database, at=at, ending=Ending.IN_DOUBT, code=0).state is state


@pytest.mark.parametrize(
    ("code", "text", "minutes"), [(451, "Later", 1), (450, "Greylisted", 5), (452, "over quota", 30)]
)
def test_what_is_put_off_waits_by_what_the_relay_said(
    database: Database, code: int, text: str, minutes: int
) -> None:
    next_at = attempted(database, at=NOON, code=code, text=text).next_at
    assert next_at is not None
    assert minutes <= (next_at - NOON) / MINUTE <= minutes * 1.25
