"""Statements for hundreds of rows, handed straight to the driver.

SQLAlchemy prepares each value of each row, which costs ten times what the database does with it; and Python's SQLite
driver lets go of the interpreter and takes it back for each row, which costs as much again while another thread wants
it too. So these pass many rows in one statement. They are for the few places where a wave's every delivery passes.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Any, TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Session

Rows = Sequence[tuple[Any, ...]]
T = TypeVar("T")

_SIZES = (1, 4, 16, 64, 256)
"""Rows in one statement on SQLite, and further ones by the last of them: few sizes, so that each statement is prepared
once, and kept. What lacks is filled up with empty rows, which are left out."""
_MOST = 32_000
"""Values in one statement: SQLite takes 32,766 since 3.32. The largest table that is written so has fewer than 100
columns."""

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


CHUNK = 1000
"""Values in one statement, well below the 32,766 parameters that SQLite takes."""


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The values in their order, so many at a time as one statement takes."""
    listed = list(values)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


def is_sqlite(session: Session) -> bool:
    """Which of the two databases it is."""
    return session.connection().dialect.name == "sqlite"


def storing(session: Session) -> Callable[[datetime], datetime | str]:
    """Makes of an aware instant what the driver takes; on SQLite the text that ``UTCDateTime`` writes and reads."""
    return _as_text if is_sqlite(session) else _as_it_is


def _as_text(instant: datetime) -> datetime | str:
    if instant.tzinfo is not UTC:
        instant = instant.astimezone(UTC)
    return instant.isoformat(" ", "microseconds").removesuffix("+00:00")


def _as_it_is(instant: datetime) -> datetime | str:
    return instant


def insert_rows(session: Session, model: type[DeclarativeBase], columns: Sequence[str], rows: Rows) -> None:
    """Insert rows of values for these columns, instants as ``storing`` gives them and JSON as text. The first column
    is one that is never NULL."""
    table = _table_of(model)
    into = f"INSERT INTO {table.name} ({', '.join(columns)}) "
    if not is_sqlite(session):
        _run_with_arrays(session, into + "SELECT * FROM ", table, columns, rows)  # noqa: S608 - fixed texts
        return
    for size, helping in _helpings(rows, len(columns)):
        values = _values(size, len(columns))
        if size > len(helping):
            values = f"SELECT * FROM ({values}) WHERE column1 IS NOT NULL"  # noqa: S608 - a fixed text
        _run_with_values(session, into + values, helping, size)


def update_rows(session: Session, model: type[DeclarativeBase], columns: Sequence[str], rows: Rows) -> None:
    """Set these columns from rows of values, of which the first is the key of the row to be changed."""
    table = _table_of(model)
    key, *others = columns
    # A value's column is named by SQLite, and by us on PostgreSQL.
    assignments = ", ".join(f"{name} = v.column{place}" for place, name in enumerate(others, 2))
    update = f"UPDATE {table.name} SET {assignments} FROM "  # noqa: S608 - names of ours
    where = f" AS v WHERE {table.name}.{key} = v.column1"
    if not is_sqlite(session):
        names = ", ".join(f"column{place}" for place in range(1, len(columns) + 1))
        where = where.replace(" AS v ", f" AS v ({names}) ")
        _run_with_arrays(session, update, table, columns, rows, behind=where)
        return
    for size, helping in _helpings(rows, len(columns)):
        _run_with_values(session, f"{update}({_values(size, len(columns))}){where}", helping, size)


def fetch(session: Session, columns: Sequence[str], source: str, values: tuple[Any, ...] = ()) -> Rows:
    """The columns' values from ``FROM …``, a fixed text with ``?`` for values; instants as the database keeps them."""
    connection, names = session.connection(), ", ".join(columns)
    query = f"SELECT {names} {source}"
    if not is_sqlite(session):
        rows = connection.exec_driver_sql(query.replace("?", "%s"), values)
        return [tuple(row) for row in rows]
    together = f"SELECT json_group_array(json_array({names})) FROM ({query})"  # noqa: S608
    return [tuple(row) for row in json.loads(connection.exec_driver_sql(together, values).scalar_one())]


def run(session: Session, statement: str, values: tuple[Any, ...]) -> None:
    """Run a fixed text that gives no rows, with ``?`` for values."""
    connection = session.connection()
    connection.exec_driver_sql(statement if is_sqlite(session) else statement.replace("?", "%s"), values)


def one_of(session: Session, column: str, values: Sequence[str] | Sequence[int]) -> tuple[str, Any]:
    """A condition for ``fetch`` or ``run``, that the column is one of these, and its one value.

    A thousand values would cost more to hand over than to look up; written into the statement they would make another
    one each time, and the driver keeps the last hundred.
    """
    if is_sqlite(session):
        return f"{column} IN (SELECT value FROM json_each(?))", json.dumps(values)  # noqa: S608 - a column's name
    return f"{column} = ANY(?)", list(values)


def _table_of(model: type[DeclarativeBase]) -> Table:
    assert isinstance(model.__table__, Table)  # noqa: S101 - no model is a view or a join
    return model.__table__


def _helpings(rows: Rows, columns: int) -> Iterator[tuple[int, Rows]]:
    """The rows in as few statements as may be, each with the number of rows in its text, which is no less."""
    step = _SIZES[-1]
    most = _MOST // columns // step * step
    for start in range(0, len(rows), most):
        helping = rows[start : start + most]
        count = len(helping)
        yield next((size for size in _SIZES if size >= count), -(-count // step) * step), helping


@lru_cache(maxsize=64)
def _values(rows: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"VALUES {', '.join([row] * rows)}"


def _run_with_values(session: Session, statement: str, rows: Rows, size: int) -> None:
    values = tuple(chain.from_iterable(rows))
    if lacking := size - len(rows):
        values += (None,) * (lacking * len(rows[0]))
    session.connection().exec_driver_sql(statement, values)


def _run_with_arrays(
    session: Session, statement: str, table: Table, columns: Sequence[str], rows: Rows, *, behind: str = ""
) -> None:
    if rows:
        arrays = ", ".join(f"%s::{table.c[name].type.compile(_DIALECT)}[]" for name in columns)
        values = tuple(list(column) for column in zip(*rows, strict=True))
        session.connection().exec_driver_sql(f"{statement}unnest({arrays}){behind}", values)
