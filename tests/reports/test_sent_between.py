"""What was sent between two times is found by when it was, and not by a look at everything that somebody ever got."""

from datetime import UTC, datetime, timedelta

import pytest
from builders import NOON, make_contact, make_list
from newsroom import make_release, make_version, plan_wave
from sendings import delivery_of, ended
from sqlalchemy import event

from mailer.database import Database
from mailer.delivery.report import Criteria, deliveries
from mailer.schedule.models import DeliveryState

SENT = (DeliveryState.ACCEPTED,)


def plan_of(database: Database, criteria: Criteria) -> str:
    """How the database is going to find those deliveries, in its own words."""
    statements: list[tuple[str, object]] = []

    @event.listens_for(database.engine, "after_cursor_execute")
    def keep(_connection: object, _cursor: object, sql: str, values: object, *_others: object) -> None:
        statements.append((sql, values))

    with database.write() as session:
        list(deliveries(session, criteria))
        sql, values = statements[-1]
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        return str(session.connection().exec_driver_sql(f"{explain} {sql}", values).all())  # type: ignore[arg-type]


# PostgreSQL has samples of the values, and these few rows it would read from end to end.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "span", [{"since": NOON}, {"until": NOON}, {"since": NOON, "until": NOON + timedelta(days=1)}]
)
def test_the_index_of_times_leads_to_what_a_city_was_sent_then(
    database: Database, span: dict[str, datetime]
) -> None:
    plan = plan_of(database, Criteria(city_id=1, states=SENT, **span))  # type: ignore[arg-type]
    assert "ix_delivery_finished_at (finished_at>? AND finished_at<?)" in plan


# SQLite looks for the best order of all tables.
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_first_finds_which_and_then_what_is_told_about_them(database: Database) -> None:
    assert "CTE wanted" in plan_of(database, Criteria(outlet="Cedar Ledger", states=SENT))


def test_what_is_asked_without_an_end_or_a_beginning_has_none(database: Database) -> None:
    with database.write() as session:
        nour = make_contact(session)
        wave = plan_wave(session, make_version(session, make_release(session)), make_list(session, nour)).wave
        ended(session, delivery_of(session, wave, nour), at=NOON)

        def found(**span: datetime) -> int:
            asked = Criteria(city_id=nour.city_id, states=SENT, **span)  # type: ignore[arg-type]
            return len(list(deliveries(session, asked)))

        tick = timedelta(microseconds=1)
        assert (found(since=NOON), found(since=NOON + tick)) == (1, 0)
        assert (found(until=NOON), found(until=NOON + tick)) == (0, 1)
        for distant in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)):
            assert found(since=distant) + found(until=distant) == 1
