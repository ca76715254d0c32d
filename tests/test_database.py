"""Sessions read or write, never by accident, and instants come back as they went in."""

import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from mailer.database import Database, UTCDateTime
from mailer.errors import BadDatabaseURL, DatabaseBusy, DatabaseUnreachable, DatabaseUnusable

THING = Table("thing", MetaData(), Column("id", Integer, primary_key=True), Column("at", UTCDateTime))


@pytest.fixture
def database(empty_database: Database) -> Database:
    return empty_database


@pytest.fixture
def stocked(database: Database) -> Database:
    with database.write() as session:
        THING.metadata.create_all(session.connection())
    return database


def count(database: Database) -> int:
    with database.read() as session:
        return len(session.execute(select(THING.c.id)).all())


def test_what_a_writing_session_did_is_there_for_the_next_reader(stocked: Database) -> None:
    with stocked.write() as session:
        session.execute(insert(THING).values(id=1))
    assert count(stocked) == 1


def test_an_error_leaves_nothing_half_written(stocked: Database) -> None:
    with pytest.raises(RuntimeError), stocked.write() as session:
        session.execute(insert(THING).values(id=1))
        raise RuntimeError
    assert count(stocked) == 0


def test_a_reading_session_cannot_write(stocked: Database) -> None:
    with pytest.raises(DBAPIError, match=r"read-?only"), stocked.read() as session:
        session.execute(insert(THING).values(id=1))
        session.commit()
    assert count(stocked) == 0
    with stocked.write() as session:  # the connection writes again when it is asked to
        session.execute(insert(THING).values(id=1))
    assert count(stocked) == 1


def test_a_reader_sees_one_state_while_another_writes(stocked: Database) -> None:
    with stocked.read() as session:
        before = session.execute(select(THING.c.id)).all()
        with stocked.write() as writer:
            writer.execute(insert(THING).values(id=1))
        assert session.execute(select(THING.c.id)).all() == before
    assert count(stocked) == 1


def test_writers_take_turns_and_none_is_lost(stocked: Database) -> None:
    def add(start: int) -> None:
        for number in range(start, start + 20):
            with stocked.write() as session:
                session.execute(select(THING.c.id)).all()  # read first, then write: the deadly order
                session.execute(insert(THING).values(id=number))

    threads = [threading.Thread(target=add, args=(start,)) for start in (0, 100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(stocked) == 80


def test_an_instant_comes_back_in_utc_and_sorts_as_time(stocked: Database) -> None:
    early = datetime(2026, 12, 22, 10, 0, 0, 1, tzinfo=timezone(timedelta(hours=2)))
    late = datetime(2026, 12, 22, 9, 0, tzinfo=UTC)
    with stocked.write() as session:
        session.execute(insert(THING), [{"id": 1, "at": late}, {"id": 2, "at": early}, {"id": 3, "at": None}])
    with stocked.read() as session:
        rows = session.execute(select(THING.c.at).where(THING.c.at.is_not(None)).order_by(THING.c.at))
        instants = rows.scalars().all()
        assert session.execute(select(THING.c.at).where(THING.c.id == 3)).scalar_one() is None
    assert instants == [early, late]
    assert all(instant.tzinfo is UTC for instant in instants)


def test_a_time_without_a_zone_is_refused(stocked: Database) -> None:
    with pytest.raises(StatementError, match="naive"), stocked.write() as session:
        session.execute(insert(THING).values(id=1, at=datetime.fromisoformat("2026-12-22 10:00")))


def test_sqlite_waits_its_turn_and_then_says_that_it_is_busy(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/busy.db"
    first, second = Database(url), Database(url, busy_seconds=0.01)
    with first.write():
        with pytest.raises(DatabaseBusy), second.write() as session:
            session.execute(text("SELECT 1"))
        with second.read() as session:  # readers never wait
            assert session.execute(text("SELECT 1")).scalar_one() == 1
    first.close()
    second.close()


def test_a_full_disk_is_told_and_not_a_defect(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/full.db")

    def fill() -> None:
        with database.write() as session:
            # The database's own limit stands for the disk's: SQLite says the same of both.
            session.execute(text("PRAGMA max_page_count = 2"))
            session.execute(text("CREATE TABLE a (b)"))
            session.execute(text("INSERT INTO a VALUES (zeroblob(100000))"))

    with pytest.raises(DatabaseUnusable, match="disk is full"):
        fill()
    database.close()


def test_sqlite_keeps_what_it_acknowledged_and_checks_references(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/a.db")
    with database.read() as session:
        pragmas = {p: session.execute(text(f"PRAGMA {p}")).scalar_one() for p in
                   ("journal_mode", "foreign_keys", "synchronous")}  # fmt: skip
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2}
    database.close()


@pytest.mark.parametrize("url", ["", "not a url", "mysql://u@h/d", "sqlite://", "sqlite:///:memory:"])
def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(BadDatabaseURL, match="postgresql://"):
        Database(url)


@pytest.mark.parametrize("url", ["postgresql://desk:hunter2@127.0.0.1:1/press", "sqlite:///{tmp}/folder"])
def test_an_unreachable_database_is_named_without_its_password(url: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    database = Database(url.format(tmp=tmp_path))
    with pytest.raises(DatabaseUnreachable) as caught, database.read() as session:
        session.execute(text("SELECT 1"))
    assert "hunter2" not in str(caught.value)
    database.close()
