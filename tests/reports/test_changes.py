"""Who approved, changed and looked at what is answered from the log, by the names that are still held."""

from datetime import timedelta
from pathlib import Path

import pytest
from builders import DESK, NOON, make_contact, make_list
from newsroom import edition, make_release, make_version, plan_wave
from sqlalchemy import update
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, Question, append, note_reading
from mailer.contacts.erased import needed_key
from mailer.contacts.lists import change_list, delete_list, rename_list
from mailer.contacts.merging import merge
from mailer.contacts.models import Contact
from mailer.database import Database
from mailer.errors import NotFrozen
from mailer.privacy import erase
from mailer.releases.versions import add_edition, approve, freeze, release_named
from mailer.reports import lists as changes
from mailer.reports import reads
from mailer.reports.approvals import approvals
from mailer.reports.presenting.manner import machine
from mailer.reports.report import Report, note_read
from mailer.reports.versions import versions
from mailer.schedule.models import Delivery, DeliveryState

LAMIA, OMAR = Actor("cli:lamia"), Actor("cli:omar")


def told(report: Report, *fields: str) -> list[tuple[object, ...]]:
    """Those fields of each row, as programs are given them."""
    places = {column.field: place for place, column in enumerate(report.columns)}
    return [tuple(machine(row[places[field]]) for field in fields) for row in report.rows]


def two_versions(session: Session) -> None:
    """A joint release: both approve the first version; of the second only one does, and the second is sent."""
    release = make_release(session, organisations=("esrf", "mra"))
    first = freeze(session, release, at=NOON, actor=LAMIA)
    esrf, mra = release.organisations
    approve(session, release, first, esrf, at=NOON, actor=LAMIA)
    approve(session, release, first, mra, at=NOON + timedelta(hours=1), actor=OMAR)
    planned = plan_wave(session, first, make_list(session, make_contact(session), make_contact(session, "Mona")))
    body = "Help **begins** at the quay.\n\nIt takes 6 years."
    add_edition(
        session,
        edition(body=body),
        slug="ports",
        organisations=(),
        embargo=None,
        embargo_line="",
        at=NOON,
        actor=DESK,
    )
    second = freeze(session, release, at=NOON + timedelta(hours=2), actor=OMAR)
    approve(session, release, second, esrf, at=NOON + timedelta(hours=3), actor=LAMIA)
    accepted = update(Delivery).where(Delivery.wave_id == planned.wave.id)
    session.execute(accepted.values(state=DeliveryState.ACCEPTED, finished_at=NOON))
    session.refresh(release)


def test_who_approved_which_version_and_which_was_sent(database: Database) -> None:
    with database.write() as session:
        two_versions(session)
    with database.read() as session:
        release = release_named(session, "ports")
        report = approvals(session, release, at=NOON)
        assert told(
            report, "version", "organisation", "approved_by", "frozen_by", "sent", "waves", "accepted"
        ) == [
            (1, "ESRF", "cli:lamia", "cli:lamia", "sent", ("1",), 2),
            (1, "MRA", "cli:omar", "cli:lamia", "sent", ("1",), 2),
            (2, "ESRF", "cli:lamia", "cli:omar", "not-sent", (), 0),
            (2, "MRA", "", "cli:omar", "not-sent", (), 0),
        ]
        report = approvals(session, release, at=NOON)
        assert [when for (when,) in told(report, "approved_at")] == [
            NOON,
            NOON + timedelta(hours=1),
            NOON + timedelta(hours=3),
            None,
        ]
        assert {version.sha256 for version in release.versions} == {row[1] for row in report.rows}


def test_what_changed_is_told_between_each_version_and_the_one_before(database: Database) -> None:
    with database.write() as session:
        two_versions(session)
    with database.read() as session:
        release = release_named(session, "ports")
        fields = ("from", "to", "language", "part", "before", "change", "removed", "added", "figures_added")
        expected = [(1, 2, "en", "paragraph", 2, "changed", ("five",), ("6",), ("6",))]
        assert told(versions(session, release, at=NOON), *fields) == expected
        back = versions(session, release, before=2, after=1, at=NOON)
        assert told(back, *fields) == [(2, 1, "en", "paragraph", 2, "changed", ("6",), ("five",), ())]
        with pytest.raises(NotFrozen):
            versions(session, release, before=3, at=NOON)


def test_of_one_version_nothing_can_have_changed(database: Database) -> None:
    with database.write() as session:
        release = make_release(session)
        make_version(session, release)
        with pytest.raises(NotFrozen):
            versions(session, release, at=NOON)


def of_lists(session: Session, **asked: object) -> list[tuple[object, ...]]:
    report = changes.list_changes(session, changes.Asked(**asked), at=NOON)  # type: ignore[arg-type]
    return told(report, "list_name", "what", "contact", "name", "by")


def test_who_was_put_on_a_list_by_whom(database: Database) -> None:
    with database.write() as session:
        nour, mona = make_contact(session, "Nour Haddad"), make_contact(session, "Mona Rashwan")
        desk, other = make_list(session, nour, name="Desk"), make_list(session, mona, name="Other")
        later = NOON + timedelta(days=1)
        change_list(session, desk, add=[mona], exclude=[nour], add_queries=["city:Cairo"], at=later, actor=OMAR)
        rename_list(session, desk, "Newsdesk", at=later, actor=LAMIA)
        change_list(session, desk, remove=[mona], at=later + timedelta(days=1), actor=LAMIA)
        expected = [
            ("Newsdesk", "list.created", None, "", "cli:desk"),
            ("Newsdesk", "added", nour.id, "Nour Haddad", "cli:desk"),
            ("Newsdesk", "queries_added", None, "", "cli:omar"),
            ("Newsdesk", "added", mona.id, "Mona Rashwan", "cli:omar"),
            ("Newsdesk", "excluded", nour.id, "Nour Haddad", "cli:omar"),
            ("Newsdesk", "renamed", None, "", "cli:lamia"),
            ("Newsdesk", "removed", mona.id, "Mona Rashwan", "cli:lamia"),
        ]
        assert of_lists(session, media_list=desk) == expected
        assert len(of_lists(session)) == len(expected) + 2
        assert [row[1] for row in of_lists(session, media_list=desk, since=later)] == [
            row[1] for row in expected[2:]
        ]
        assert of_lists(session, until=later, contact_id=nour.id) == [expected[1]]
        assert [row[:2] for row in of_lists(session, contact_id=mona.id)] == [
            ("Other", "added"),
            ("Newsdesk", "added"),
            ("Newsdesk", "removed"),
        ]
        delete_list(session, other, at=later, actor=LAMIA)
        assert of_lists(session, contact_id=mona.id)[0][0] == f"list {other.id}, deleted since"


def test_who_was_merged_or_erased_left_her_lists_by_that(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        nour, twin = make_contact(session, "Nour Haddad"), make_contact(session, "Nour H.")
        desk = make_list(session, twin, make_contact(session, "Mona"), name="Desk")
        merge(session, nour, twin, at=NOON + timedelta(days=1), actor=OMAR)
        found = of_lists(session, contact_id=nour.id)
        assert [row[1:3] for row in found] == [
            ("added", twin.id),
            ("contact.merged", twin.id),
            ("contact.merged", nour.id),
        ]
        erased_at = NOON + timedelta(days=2)
        erase(session, nour, key=needed_key(session, tmp_path / "key"), at=erased_at, actor=LAMIA)
        session.flush()
        found = of_lists(session, media_list=desk)
        assert ("", "contact.erased", twin.id, "erased on 2026-11-26", "cli:lamia") in found
        assert not any("Nour" in str(row) for row in found)


def of_reads(session: Session, **asked: object) -> list[tuple[object, ...]]:
    report = reads.readings(session, reads.Asked(**asked), at=NOON)  # type: ignore[arg-type]
    return told(report, "by", "question", "people", "contact", "name", "list")


def test_who_looked_at_whom_is_told(database: Database) -> None:
    with database.write() as session:
        nour, mona = make_contact(session, "Nour Haddad"), make_contact(session, "Mona Rashwan")
        desk = make_list(session, nour, mona, name="Desk")
        later = NOON + timedelta(days=1)
        note_reading(session, Question.CONTACT, [nour.id], at=NOON, actor=LAMIA)
        note_reading(session, Question.LIST, [nour.id, mona.id], list=desk.id, at=later, actor=OMAR)
        note_reading(session, Question.SUPPRESSIONS, 3, at=later, actor=OMAR)
        exported = {"count": 2, "format": "csv", "list": None}
        append(session, Event.CONTACTS_EXPORTED, at=later, actor=LAMIA, data=exported)
        note_read(session, changes_of(session, nour), (), rows=4, form="pdf", at=later, actor=LAMIA)
        expected = [
            ("cli:lamia", "contacts show", 1, nour.id, "Nour Haddad", ""),
            ("cli:omar", "lists show", 2, None, "", "Desk"),
            ("cli:omar", "contacts suppressions", 3, None, "", ""),
            ("cli:lamia", "contacts export", 2, None, "", ""),
            ("cli:lamia", "report lists", None, nour.id, "Nour Haddad", ""),
        ]
        assert of_reads(session) == expected
        assert of_reads(session, actor="omar") == of_reads(session, actor="cli:omar") == expected[1:3]
        assert of_reads(session, contact_id=nour.id) == [expected[0], expected[4]]
        assert of_reads(session, since=later, actor="lamia") == expected[3:]
        assert of_reads(session, until=later) == expected[:1]


def changes_of(session: Session, contact: Contact) -> Report:
    return changes.list_changes(session, changes.Asked(contact_id=contact.id), at=NOON)


def test_an_erased_person_has_no_name_in_the_readings(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        nour = make_contact(session, "Nour Haddad")
        note_reading(session, Question.NOTES, [nour.id], at=NOON, actor=LAMIA)
        erase(session, nour, key=needed_key(session, tmp_path / "key"), at=NOON, actor=LAMIA)
        assert of_reads(session) == [("cli:lamia", "contacts notes", 1, nour.id, "erased on 2026-11-24", "")]
