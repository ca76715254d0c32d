"""What goes out comes back: an export that is imported changes nothing, and moves to an empty office whole."""

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builders import DESK, NOON
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import people
from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit import entries
from mailer.contacts.exporting import ExportFormat, chosen, export
from mailer.contacts.importing import Imported, import_contacts
from mailer.contacts.models import Contact
from mailer.contacts.records import Record, records
from mailer.database import Database

LATER = NOON + timedelta(days=1)
SUFFIXES = {
    ExportFormat.CSV: "csv",
    ExportFormat.XLSX: "xlsx",
    ExportFormat.VCARD: "vcf",
    ExportFormat.JSON: "json",
}


@pytest.fixture
def office(database: Database) -> Database:
    return database


def lawful(person: Record) -> Record:
    """An import takes no value that looks like a formula; one with an apostrophe before it, it does."""

    def text(value: str) -> str:
        return f"'{value}"[:100] if value.startswith(("=", "+", "-", "@")) else value

    return replace(
        person,
        **{name: text(getattr(person, name)) for name in ("name", "given_name", "family_name", "title", "source")},
        outlets=tuple((text(name), role, kind) for name, role, kind in person.outlets),
    )


def written(found: Sequence[Record], form: ExportFormat, folder: Path) -> Path:
    stream = io.BytesIO()
    export(found, stream, form, at=NOON)
    file = folder / f"list.{SUFFIXES[form]}"
    file.write_bytes(stream.getvalue())
    return file


def take(session: Session, file: Path) -> Imported:
    return import_contacts(session, file, at=LATER, actor=DESK)


def held(session: Session) -> list[Record]:
    return list(records(session, chosen(session, at=LATER), day=LATER.date()))


def without_numbers(found: Sequence[Record]) -> list[Record]:
    """As another office has them: its own numbers, and its own order of outlets."""
    bare = [replace(p, id=0, added_at=NOON, outlets=tuple(sorted(p.outlets))) for p in found]
    return sorted(bare, key=lambda person: person.addresses)


@pytest.mark.parametrize("form", list(SUFFIXES))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(found=st.lists(people().map(lawful), min_size=1, max_size=3, unique_by=lambda person: person.addresses[0]))
def test_an_export_that_is_imported_changes_nothing(
    office: Database, tmp_path: Path, form: ExportFormat, found: list[Record]
) -> None:
    # Whoever the import takes from here is lawful; who is refused, or joined with another, is a matter of its own.
    first = written(found, ExportFormat.CSV, tmp_path)
    with office.write() as session:
        take(session, first)
        before, log = held(session), len(list(entries(session)))
        if before:
            file = written(before, form, tmp_path)
            done = take(session, file)
            assert done.refused == []
            assert (done.added, done.changed, done.changes, done.merged) == (0, 0, [], [])
            assert done.unchanged == len(before)
            assert held(session) == before
            assert len(list(entries(session))) == log
        session.rollback()
    if before:  # the same list in an office that knows nobody
        with office.write() as session:
            assert not session.scalars(select(Contact.id)).all()
            done = take(session, file)
            assert (done.refused, done.added) == ([], len(before))
            assert without_numbers(held(session)) == without_numbers(before)
            session.rollback()


HOSTILE = (
    "'=cmd|' /C calc'!A0",
    "''+1",
    "'Abd al-Rahman",
    'Tarek "Teta" Aziz, Jr.',
    "semi; colon, comma: \\; \\n",
    "نور حداد؛ د.",
    "_x0041_",
    "a" * 200,
)


@pytest.mark.parametrize("form", list(SUFFIXES))
def test_hostile_names_come_back_as_they_were(office: Database, tmp_path: Path, form: ExportFormat) -> None:
    lines = ["name,address,city,languages,outlets,title,source"]
    for place, name in enumerate(HOSTILE):
        cell = '"' + (f"'{name}" if name.startswith(("'=", "''")) else name).replace('"', '""') + '"'
        lines.append(f"{cell},p{place}@paper.example,Beirut,en,Nile Herald (editor); ANB,{cell},{cell}")
    file = tmp_path / "first.csv"
    file.write_text("\n".join(lines), "utf-8")
    with office.write() as session:
        assert take(session, file).refused == []
        before = held(session)
        assert sorted(person.name for person in before) == sorted(HOSTILE)
        assert {(person.title, person.source) for person in before} == {(name, name) for name in HOSTILE}
        done = take(session, written(before, form, tmp_path))
        assert (done.refused, done.changes, done.unchanged) == ([], [], len(HOSTILE))
        assert held(session) == before
