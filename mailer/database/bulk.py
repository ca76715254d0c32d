"""Statements for hundreds of rows, handed straight to the driver.

SQLAlchemy prepares each value of each row, which costs ten times what the database does with it. These are for the
few places where a wave's every delivery passes; the statements are fixed texts with ``?`` for values.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session


def is_sqlite(session: Session) -> bool:
    """Which of the two databases it is."""
    return session.connection().dialect.name == "sqlite"


def storing(session: Session) -> Callable[[datetime], datetime | str]:
    """Makes of an aware instant what the driver takes; on SQLite the text that ``UTCDateTime`` writes and reads."""
    return _as_text if is_sqlite(session) else _as_it_is


def _as_text(instant: datetime) -> datetime | str:
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _as_it_is(instant: datetime) -> datetime | str:
    return instant


def bulk(session: Session, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run a statement once for each row of values."""
    if rows:
        session.connection().exec_driver_sql(_marked(session, statement), list(rows))


def fetch(session: Session, statement: str, values: tuple[Any, ...] = ()) -> Sequence[Any]:
    """The rows that a statement gives."""
    return session.connection().exec_driver_sql(_marked(session, statement), values).all()


def _marked(session: Session, statement: str) -> str:
    return statement if is_sqlite(session) else statement.replace("?", "%s")
