"""Many rows in one statement, and a statement that runs while Python works."""

import threading

import pytest
from sqlalchemy import select

from mailer.contacts.models import Outlet
from mailer.database import Alongside, Database, insert_rows, update_rows

SIZES = (0, 1, 2, 4, 5, 16, 63, 65, 256, 257, 700, 12_345)
"""Below, at and above the numbers of rows that a statement has."""


def test_every_row_goes_in_once_and_none_beside_it(database: Database) -> None:
    columns = ("id", "name", "key", "type")
    with database.write() as session:
        start = 0
        for size in SIZES:
            numbers = range(start + 1, start + size + 1)
            insert_rows(session, Outlet, columns, [(n, f"Paper {n}", f"paper {n}", None) for n in numbers])
            start += size
        rows = session.execute(select(Outlet.id, Outlet.name, Outlet.type).order_by(Outlet.id)).all()
    assert [tuple(row) for row in rows] == [(n, f"Paper {n}", None) for n in range(1, sum(SIZES) + 1)]


def test_only_the_rows_that_are_told_are_changed(database: Database) -> None:
    with database.write() as session:
        insert_rows(session, Outlet, ("id", "name", "key"), [(n, "Paper", f"paper {n}") for n in range(1, 1001)])
        update_rows(session, Outlet, ("id", "name"), [(n, f"Herald {n}") for n in range(1, 602)])
        names = session.scalars(select(Outlet.name).order_by(Outlet.id)).all()
    assert names == [f"Herald {n}" for n in range(1, 602)] + ["Paper"] * 399


def test_what_runs_alongside_raises_where_it_is_waited_for() -> None:
    def fail() -> None:
        raise LookupError("nobody")

    with Alongside() as alongside:
        alongside.start(fail)
        with pytest.raises(LookupError, match="nobody"):
            alongside.wait()
        alongside.wait()
    with pytest.raises(LookupError), Alongside() as alongside:
        alongside.start(fail)


@pytest.mark.parametrize("trouble", [ValueError, KeyboardInterrupt])
def test_nothing_runs_alongside_any_more_when_the_other_is_interrupted(trouble: type[BaseException]) -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait(60)
        ended.set()

    with pytest.raises(trouble), Alongside() as alongside:
        alongside.start(work)
        begun.wait(60)
        threading.Timer(0.01, go_on.set).start()
        raise trouble
    assert ended.is_set()


def test_a_transaction_is_one_though_two_threads_write_in_it(database: Database) -> None:
    with pytest.raises(ValueError, match="stop"), database.write() as session:
        with Alongside() as alongside:
            alongside.start(lambda: insert_rows(session, Outlet, ("id", "name", "key"), [(1, "Paper", "paper")]))
        assert session.scalar(select(Outlet.name)) == "Paper"
        raise ValueError("stop")
    with database.read() as session:
        assert session.scalar(select(Outlet.name)) is None
