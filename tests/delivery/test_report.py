"""Who received what is told by where she worked when she got it, not by where she works now."""

from datetime import UTC, date, datetime, timedelta

import pytest
from builders import NOON, make_contact, make_list, make_outlet
from newsroom import make_wave
from sqlalchemy import select

from mailer.contacts.models import Affiliation
from mailer.database import Database
from mailer.delivery.report import Criteria, deliveries
from mailer.schedule.models import Delivery, DeliveryState

MIDNIGHT = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    ("finished", "outlets"),
    [
        (MIDNIGHT - timedelta(days=40), ("Cedar Ledger",)),
        (MIDNIGHT - timedelta(days=30, microseconds=1), ("Cedar Ledger",)),
        (MIDNIGHT - timedelta(microseconds=1), ("Cedar Ledger", "Radio Bahr")),
        (MIDNIGHT, ("Nile Herald", "Radio Bahr")),
        (MIDNIGHT + timedelta(days=30), ("Nile Herald", "Radio Bahr")),
        (None, ("Cedar Ledger", "Radio Bahr")),  # by the day of its wave, which is the 24th
    ],
)
def test_a_delivery_counts_for_the_outlet_of_its_day(
    database: Database, finished: datetime | None, outlets: tuple[str, ...]
) -> None:
    with database.write() as session:
        nour = make_contact(session)
        nour.affiliations = [
            Affiliation(outlet=make_outlet(session, "Cedar Ledger"), until=date(2026, 11, 24)),
            Affiliation(outlet=make_outlet(session, "Nile Herald"), since=date(2026, 11, 25)),
            Affiliation(outlet=make_outlet(session, "Radio Bahr"), since=date(2026, 10, 26)),
        ]
        wave = make_wave(session, make_list(session, nour))
        wave.due_at = NOON
        row = session.scalars(select(Delivery)).one()
        if finished:
            row.state, row.finished_at = DeliveryState.ACCEPTED, finished
        session.flush()
        (told,) = deliveries(session, Criteria())
        assert told.outlets == outlets
        for outlet in ("cedar ledger", "herald", "بحر", "bahr"):
            found = list(deliveries(session, Criteria(outlet=outlet)))
            assert bool(found) is any(outlet in name.casefold() for name in outlets), outlet
