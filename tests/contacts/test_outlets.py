"""Outlet types are known by their names; two spellings of an outlet can be made one."""

from datetime import date
from pathlib import Path

import pytest
from builders import DESK, NOON, make_contact
from sqlalchemy import select

from mailer.audit import Event, entries
from mailer.contacts.exporting import ExportFormat, export
from mailer.contacts.importing import import_contacts
from mailer.contacts.models import Affiliation, Contact, ContactStatus, Outlet, OutletType
from mailer.contacts.outlets import (
    all_outlets,
    merge_outlets,
    outlet_named,
    outlet_type,
    rename_outlet,
    set_type,
    staff_of,
    type_name,
)
from mailer.contacts.records import records
from mailer.database import Database
from mailer.errors import BadOutletName, OutletExists, SameOutlet, UnknownOutlet


@pytest.mark.parametrize(
    ("text", "kind"),
    [("agency", OutletType.AGENCY), ("News Agency", OutletType.AGENCY), ("وكالة أنباء", OutletType.AGENCY),
     ("وكالة انباء", OutletType.AGENCY), ("Agence de presse", OutletType.AGENCY), ("wire", OutletType.AGENCY),
     ("Newspaper", OutletType.NEWSPAPER), ("جريدة", OutletType.NEWSPAPER), ("صحيفة", OutletType.NEWSPAPER),
     ("quotidien", OutletType.NEWSPAPER), ("Presse écrite", OutletType.NEWSPAPER), ("مجلّة", OutletType.MAGAZINE),
     ("revue", OutletType.MAGAZINE), ("TV", OutletType.TELEVISION), ("تلفزيون", OutletType.TELEVISION),
     ("Tele", OutletType.TELEVISION), ("Chaîne", OutletType.TELEVISION), ("radio", OutletType.RADIO),
     ("اذاعة", OutletType.RADIO), ("Online", OutletType.ONLINE), ("site web", OutletType.ONLINE),
     ("موقع إلكتروني", OutletType.ONLINE), ("free-lance", OutletType.FREELANCE), ("Free Lance", OutletType.FREELANCE),
     ("pigiste", OutletType.FREELANCE), ("صحفي مستقل", OutletType.FREELANCE), ("autre", OutletType.OTHER),
     ("", None), ("zeppelin", None), ("\x00", None)],
)  # fmt: skip
def test_a_type_is_known_by_its_names(text: str, kind: OutletType | None) -> None:
    assert outlet_type(text) is kind


@pytest.mark.parametrize("kind", OutletType)
@pytest.mark.parametrize("language", ["en", "ar", "fr", "fr-CH", "de"])
def test_a_type_is_understood_by_the_name_that_is_shown(kind: OutletType, language: str) -> None:
    assert outlet_type(type_name(kind, language)) is kind


def test_outlets_are_listed_with_those_who_work_there_now(database: Database) -> None:
    with database.write() as session:
        nour = make_contact(session, "Nour", outlets=["Levant Courier", "Cedar Ledger"])
        make_contact(session, "Rim", outlets=["Levant Courier"]).status = ContactStatus.INACTIVE
        nour.affiliations[1].until = date(2026, 1, 31)
        session.flush()
        assert [(o.name, o.type, o.contacts) for o in all_outlets(session)] == [
            ("Cedar Ledger", None, 0),
            ("Levant Courier", None, 1),
        ]
        staff = staff_of(session, outlet_named(session, "levant COURIER"))
        assert [contact.name for contact, _ in staff] == ["Nour"]
        with pytest.raises(UnknownOutlet, match="Did you mean Levant Courier"):
            outlet_named(session, "Levant Courrier")


def test_the_type_is_said_once_and_logged_for_each_contact(database: Database) -> None:
    with database.write() as session:
        nour = make_contact(session, outlets=["Levant Courier"])
        outlet = outlet_named(session, "Levant Courier")
        assert set_type(session, outlet, OutletType.NEWSPAPER, at=NOON, actor=DESK)
        assert not set_type(session, outlet, OutletType.NEWSPAPER, at=NOON, actor=DESK)
        (entry,) = [e for e in entries(session) if e.event == Event.CONTACT_CHANGED]
        assert (entry.contact_id, entry.data) == (nour.id, {"fields": ["outlet_type"]})


def test_an_outlet_is_renamed_unless_the_name_is_taken(database: Database) -> None:
    with database.write() as session:
        make_contact(session, outlets=["Levant Courier", "Cedar Ledger"])
        outlet = outlet_named(session, "Levant Courier")
        assert rename_outlet(session, outlet, " The  Levant Courier", at=NOON, actor=DESK)
        assert not rename_outlet(session, outlet, "The Levant Courier", at=NOON, actor=DESK)
        assert outlet_named(session, "the levant courier").name == "The Levant Courier"
        with pytest.raises(OutletExists):
            rename_outlet(session, outlet, "CEDAR LEDGER", at=NOON, actor=DESK)
        assert outlet_named(session, "the levant courier").id == outlet.id
        for name in ("", "x" * 201, "\x07"):
            with pytest.raises(BadOutletName):
                rename_outlet(session, outlet, name, at=NOON, actor=DESK)


@pytest.mark.parametrize("name", ["Radio Liban (96.2)", "Radio (Sat) One", "A) B", "C \\(D"])
def test_a_name_with_brackets_is_taken_and_comes_back_from_an_export(
    database: Database, tmp_path: Path, name: str
) -> None:
    with database.write() as session:
        nour = make_contact(session, outlets=["Levant Courier"])
        nour.affiliations[0].role = "host"
        assert rename_outlet(session, nour.affiliations[0].outlet, name, at=NOON, actor=DESK)
        with (tmp_path / "list.csv").open("wb") as stream:
            export(records(session, [nour.id], day=NOON.date()), stream, ExportFormat.CSV, at=NOON)
        done = import_contacts(session, tmp_path / "list.csv", at=NOON, actor=DESK)
        assert (done.refused, done.unchanged) == ([], 1)


def test_two_spellings_become_one_and_nobody_is_there_twice(database: Database) -> None:
    with database.write() as session:
        both = make_contact(session, "Both", outlets=["Levant Courier", "Levant Courrier"])
        other = make_contact(session, "Other", outlets=["Levant Courrier"])
        past = make_contact(session, "Past", outlets=["Levant Courrier"])
        apart = make_contact(session, "Apart", outlets=["Cedar Ledger"])
        both.affiliations[1].role, both.affiliations[1].since = "reporter", date(2020, 5, 1)
        past.affiliations[0].until = date(2026, 1, 31)
        session.flush()
        kept, gone = outlet_named(session, "Levant Courier"), outlet_named(session, "Levant Courrier")
        gone.type = OutletType.NEWSPAPER
        with pytest.raises(SameOutlet):
            merge_outlets(session, kept, kept, at=NOON, actor=DESK)
        assert merge_outlets(session, kept, gone, at=NOON, actor=DESK) == 3
        assert {o.name for o in session.scalars(select(Outlet))} == {"Levant Courier", "Cedar Ledger"}
        assert outlet_named(session, "Levant Courier").type is OutletType.NEWSPAPER
        (place,) = both.affiliations
        assert (place.outlet.name, place.role, place.since) == ("Levant Courier", "reporter", date(2020, 5, 1))
        assert [a.outlet.name for a in other.current_affiliations] == ["Levant Courier"]
        assert [(a.outlet.name, a.until) for a in past.affiliations] == [("Levant Courier", date(2026, 1, 31))]
        logged = {e.contact_id: e.data for e in entries(session) if e.event == Event.CONTACT_CHANGED}
        assert logged == {c.id: {"fields": ["outlets"]} for c in (both, other, past)}
        assert apart.id not in logged
        assert len(session.scalars(select(Affiliation)).all()) == 4
        assert session.get(Contact, both.id) is both
