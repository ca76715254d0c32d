"""What somebody does who owns the database, and how one looks at it afterwards."""

from builders import DESK, NOON
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from mailer.audit import Event, append_many, entry
from mailer.audit.sealing import LogCheckpoint, LogKey, Sealer, Verified, verify
from mailer.database import Database, is_sqlite

NAME = "press.example/log"
TABLES = ("log_entry", "log_run", "log_tile", "log_checkpoint")


def attack(database: Database, *statements: str) -> None:
    with database.write() as session:
        if is_sqlite(session):
            names = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
            for name in names:
                session.execute(text(f"DROP TRIGGER {name}"))
        else:
            for table in TABLES:
                session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for statement in statements:
            session.execute(text(statement))


def rebuild(database: Database, key: LogKey, *statements: str) -> None:
    """Change entries, build the tree over them anew and sign it."""
    attack(database, *statements, *(f"DELETE FROM {table}" for table in TABLES[1:]))
    Sealer(database, key).seal_all(at=NOON)


def write(session: Session, many: int) -> None:
    append_many(
        session,
        [
            entry(Event.DELIVERY_ACCEPTED, at=NOON, actor=DESK, contact_id=number, data={"reply": "250 حسنًا"})
            for number in range(many)
        ],
    )


def look(database: Database, key: LogKey, *witnessed: str) -> Verified:
    with database.read() as session:
        return verify(session, [key.verifier], witnessed=witnessed)


def notes(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(LogCheckpoint.note).order_by(LogCheckpoint.size)))
