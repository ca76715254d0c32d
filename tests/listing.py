"""Lists of a test's own, written and taken in."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from builders import DESK, NOON
from sqlalchemy import select

from mailer.audit import LogEntry, entries
from mailer.contacts.importing import Imported, Manner, import_contacts, plan_import
from mailer.contacts.models import Contact
from mailer.contacts.records import Record, records
from mailer.database import Database

NOUR = {"name": "Nour Haddad", "address": "nour@courier.example", "city": "Beirut", "languages": "ar;en"}
TAREK = {"name": "Tarek Aziz", "address": "tarek@nile.example", "city": "Cairo", "languages": "en"}

TODAY = NOON.date()
_AS_FOUND = Manner()

Cells = Mapping[str, str]


def write(folder: Path, *rows: Cells, name: str = "people.csv") -> Path:
    """A CSV file with the columns of all rows."""
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    file = folder / name
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, headings, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return file


def take(office: Database, folder: Path, *rows: Cells, **more: object) -> Imported:
    """Import the rows."""
    return take_file(office, write(folder, *rows), **more)


def take_file(office: Database, file: Path, manner: Manner = _AS_FOUND, **more: object) -> Imported:
    """Import a file, in a transaction of its own."""
    with office.write() as session:
        return import_contacts(session, file, manner=manner, **{"at": NOON, "actor": DESK} | more)  # type: ignore[arg-type]


def plan(office: Database, folder: Path, *rows: Cells, **more: object) -> Imported:
    """What importing the rows would do, by a session that cannot write."""
    with office.read() as session:
        return plan_import(session, write(folder, *rows), **{"at": NOON} | more)  # type: ignore[arg-type]


def everybody(office: Database, day: date = TODAY) -> list[Record]:
    """All contacts as plain values."""
    with office.read() as session:
        return list(records(session, select(Contact.id).order_by(Contact.id), day=day))


def somebody(office: Database, day: date = TODAY) -> Record:
    """The only contact."""
    (found,) = everybody(office, day)
    return found


def contact(office: Database, key: str) -> Contact:
    """The one at that address."""
    with office.read() as session:
        return session.scalars(select(Contact).where(Contact.address_key == key)).one()


def logged(office: Database) -> Sequence[LogEntry]:
    """The log."""
    with office.read() as session:
        return list(entries(session))


def changes(done: Imported) -> dict[str, tuple[str, str]]:
    """Field by field, of the one contact that was changed."""
    (changed,) = done.changes
    return {one.field: (one.old, one.new) for one in changed.changes}


def told(messages: Iterable[object]) -> str:
    """All of them as one text."""
    return "\n".join(map(str, messages))
