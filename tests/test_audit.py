"""The log takes entries with what they tell of, and gives none back changed."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from mailer.audit import Actor, Criteria, Event, append, entries
from mailer.database import Database

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DESK = Actor("cli:desk")


@pytest.fixture
def office(database: Database) -> Database:
    return database


def add(office: Database, count: int) -> None:
    with office.write() as session:
        for number in range(count):
            at = NOON + timedelta(minutes=number)
            append(session, Event.CONTACT_ADDED, at=at, actor=DESK, contact_id=number, data={"row": number})


def test_entries_come_back_in_order_as_they_were_written(office: Database) -> None:
    add(office, 3)
    with office.read() as session:
        read = list(entries(session))
    assert [(e.contact_id, e.at, e.actor, e.data) for e in read] == [
        (n, NOON + timedelta(minutes=n), "cli:desk", {"row": n}) for n in range(3)
    ]


def test_an_entry_goes_with_the_transaction_that_it_tells_of(office: Database) -> None:
    with pytest.raises(RuntimeError), office.write() as session:
        append(session, Event.LIST_CREATED, at=NOON, actor=DESK)
        raise RuntimeError
    with office.read() as session:
        assert list(entries(session)) == []


def test_since_is_included_until_is_not_and_a_limit_keeps_the_newest(office: Database) -> None:
    add(office, 5)
    with office.read() as session:
        between = Criteria(since=NOON + timedelta(minutes=1), until=NOON + timedelta(minutes=3))
        assert [e.contact_id for e in entries(session, between)] == [1, 2]
        assert [e.contact_id for e in entries(session, limit=2)] == [3, 4]
        assert list(entries(session, Criteria(event="list.created"))) == []


@pytest.mark.parametrize("attack", ["UPDATE log_entry SET actor = 'nobody'", "DELETE FROM log_entry"])
def test_the_database_refuses_to_change_the_log(office: Database, attack: str) -> None:
    add(office, 1)
    with pytest.raises(DBAPIError, match="append-only"), office.write() as session:
        session.execute(text(attack))
    with office.read() as session:
        assert [e.actor for e in entries(session)] == ["cli:desk"]
