"""What a list changes of those whom the registry knows, field by field; and that a dry run says the same."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from builders import NOON, make_organisation
from listing import NOUR, TAREK, changes, contact, logged, plan, somebody, take, told
from sqlalchemy import select, update

from mailer.contacts.models import (
    Affiliation,
    City,
    Contact,
    ContactKind,
    ContactNote,
    EmbargoAcceptance,
    Outlet,
    OutletType,
)
from mailer.database import Database
from mailer.errors import BadTable

LATER = NOON + timedelta(days=10)


@pytest.fixture
def office(database: Database) -> Database:
    return database


FULL = NOUR | {
    "given_name": "Nour",
    "family_name": "Haddad",
    "name_ar": "نور حداد",
    "phone": "+961 1 975 310",
    "salutations": "en: Dear Ms Haddad",
    "beats": "migration; health",
    "outlets": "Courier (reporter); Radio Bahr",
    "tags": "vip",
    "embargo_terms": "2026-01-05",
    "source": "her card",
    "basis": "consent",
    "basis_since": "2026-01-05",
    "verified": "2026-02-01",
    "notes": "Asks before noon.",
    "title": "Ms",
    "title_ar": "السيدة",
}
OTHER = FULL | {
    "name": "Nour Khoury",
    "family_name": "Khoury",
    "phone": "+961 1 975 311; +961 1 975 310",
    "city": "Cairo",
    "languages": "fr;en",
    "salutations": "fr: Chère Nour",
    "beats": "health",
    "outlets": "Courier (editor); Wave",
    "tags": "",
    "embargo_terms": "2026-03-01",
    "source": "",
    "basis": "legitimate interest",
    "verified": "",
    "notes": "Asks after noon.",
    "title_ar": "",
}


def test_each_field_that_changes_is_told_with_its_old_and_its_new_value(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, FULL)
    expected = {
        "name": ("Nour Haddad", "Nour Khoury"),
        "family_name": ("Haddad", "Khoury"),
        "phone": ("+961 1 975 310", "+961 1 975 311; +961 1 975 310"),
        "city": ("Beirut (LB)", "Cairo (EG)"),
        "languages": ("ar; en", "fr; en"),
        "salutations": ("en: Dear Ms Haddad", "fr: Chère Nour"),
        "beats": ("health; migration", "health"),
        "outlets": ("Courier (reporter); Radio Bahr", "Courier (editor); Wave"),
        "tags": ("vip", ""),
        "embargo_terms": ("2026-01-05", "2026-03-01"),
        "source": ("her card", ""),
        "basis": ("consent", "legitimate-interest"),
        "verified": ("2026-02-01", ""),
        "notes": ("", "Asks after noon."),
        "title_ar": ("السيدة", ""),
    }
    dry = plan(office, tmp_path, OTHER)
    assert changes(dry) == expected
    entries = len(logged(office))
    done = take(office, tmp_path, OTHER)
    assert changes(done) == expected
    # What changed is in the log once, by the names of the fields; no value is.
    (entry,) = logged(office)[entries:]
    assert (entry.event, entry.contact_id) == ("contact.changed", 1)
    assert set(entry.data) == {"fields"}
    assert set(entry.data["fields"]) == set(expected)
    assert take(office, tmp_path, OTHER).unchanged == 1
    found = somebody(office)
    assert (found.city, found.phones, found.languages) == (
        "Cairo",
        ("+961 1 975 311", "+961 1 975 310"),
        ("fr", "en"),
    )


def test_a_dry_run_gives_the_same_account_and_touches_nothing(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, FULL)
    rows = (
        OTHER,
        TAREK | {"outlets": "Nile", "outlet_type": "radio", "beats": "flying kites", "city": "Nairobi"},
        TAREK | {"address": "nobody"},
        OTHER,
    )
    before = logged(office)
    dry = plan(office, tmp_path, *rows, new_beats=True)
    assert len(logged(office)) == len(before)
    with office.read() as session:
        assert session.scalars(select(City.name)).all() == ["Beirut"]
        assert "Nile" not in session.scalars(select(Outlet.name)).all()
    assert dry == take(office, tmp_path, *rows, new_beats=True)
    assert (dry.added, dry.changed, len(dry.merged), len(dry.refused)) == (1, 1, 1, 1)


def test_a_column_that_the_file_lacks_is_left_as_it_is(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, FULL)
    before = somebody(office)
    done = take(office, tmp_path, {"address": "nour@courier.example", "tags": "vip; beirut"})
    assert list(changes(done)) == ["tags"]
    after = somebody(office)
    assert (after.tags, after.name, after.outlets, after.salutations) == (
        ("beirut", "vip"),
        before.name,
        before.outlets,
        before.salutations,
    )


def test_who_is_new_needs_what_the_file_lacks(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, NOUR)
    rows = ({"address": "nour@courier.example", "tags": "x"}, {"address": "rim@x.example", "tags": "x"})
    done = take(office, tmp_path, *rows)
    assert (done.changed, done.added) == (1, 0)
    (refusal,) = done.refused
    assert (refusal.row, refusal.column) == (3, "name")
    assert "name, city, languages" in refusal.remedy
    with pytest.raises(BadTable, match="lacks the column name"):
        take(office, tmp_path, rows[1])


def test_an_outlet_that_she_has_left_ends_and_is_not_forgotten(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, NOUR | {"outlets": "Courier (reporter); Radio Bahr"})
    take(office, tmp_path, NOUR | {"outlets": "Courier (editor); Wave"}, at=LATER)
    nour = contact(office, "nour@courier.example")
    assert [(a.outlet.name, a.role, a.until) for a in nour.affiliations] == [
        ("Courier", "editor", None),
        ("Radio Bahr", "", LATER.date()),
        ("Wave", "", None),
    ]
    take(office, tmp_path, NOUR | {"outlets": "Radio Bahr"}, at=LATER + timedelta(days=1))
    with office.read() as session:
        places = session.execute(
            select(Outlet.name, Affiliation.until)
            .join(Affiliation, Affiliation.outlet_id == Outlet.id)
            .order_by(Affiliation.id)
        ).all()
    ended = LATER.date() + timedelta(days=1)
    assert [tuple(place) for place in places] == [
        ("Courier", ended),
        ("Radio Bahr", LATER.date()),
        ("Wave", ended),
        ("Radio Bahr", None),
    ]


def acceptances(office: Database) -> list[tuple[date, str, date | None]]:
    with office.read() as session:
        query = select(EmbargoAcceptance).order_by(EmbargoAcceptance.id)
        return [(a.accepted_on, a.how, a.withdrawn_on) for a in session.scalars(query)]


def test_embargo_terms_are_recorded_withdrawn_and_not_brought_back_by_an_old_list(
    office: Database, tmp_path: Path
) -> None:
    row = NOUR | {"embargo_terms": "2026-01-05"}
    take(office, tmp_path, row)
    assert acceptances(office) == [(date(2026, 1, 5), "list people.csv", None)]
    assert take(office, tmp_path, NOUR | {"embargo_terms": ""}, at=LATER).changed == 1
    assert acceptances(office) == [(date(2026, 1, 5), "list people.csv", LATER.date())]
    done = take(office, tmp_path, row, at=LATER)
    assert done.unchanged == 1
    assert "hold no more" in told(done.notices)
    # A day after the withdrawal is another acceptance.
    take(office, tmp_path, NOUR | {"embargo_terms": "2026-12-24"}, at=LATER + timedelta(days=30))
    assert len(acceptances(office)) == 2


def test_terms_that_begin_later_are_recorded_once(office: Database, tmp_path: Path) -> None:
    row = NOUR | {"embargo_terms": "2027-01-05"}
    assert take(office, tmp_path, row).added == 1
    assert take(office, tmp_path, row).unchanged == 1
    assert len(acceptances(office)) == 1


def test_terms_that_have_run_out_are_not_brought_back(office: Database, tmp_path: Path) -> None:
    row = NOUR | {"embargo_terms": "2026-01-05"}
    take(office, tmp_path, row)
    with office.write() as session:
        session.execute(update(EmbargoAcceptance).values(until=date(2026, 6, 30)))
    done = take(office, tmp_path, row)
    assert (done.unchanged, len(acceptances(office))) == (1, 1)
    assert "hold no more" in told(done.notices)


def test_a_note_is_added_once(office: Database, tmp_path: Path) -> None:
    for text in ("Likes figures.", "Likes figures.", "", "Likes maps."):
        take(office, tmp_path, NOUR | {"notes": text})
    with office.read() as session:
        notes = session.scalars(select(ContactNote).order_by(ContactNote.id)).all()
    assert [(note.text, note.actor, note.at) for note in notes] == [
        ("Likes figures.", "cli:desk", NOON),
        ("Likes maps.", "cli:desk", NOON),
    ]


def test_a_type_of_outlet_is_told_once_and_the_first_row_has_it(office: Database, tmp_path: Path) -> None:
    rows = (
        NOUR | {"outlets": "Courier", "outlet_type": "newspaper"},
        TAREK | {"outlets": "courier", "outlet_type": "online"},
    )
    take(office, tmp_path, *rows)
    assert take(office, tmp_path, *rows).unchanged == 2
    with office.read() as session:
        assert session.scalars(select(Outlet.type)).all() == [OutletType.NEWSPAPER]
    done = take(office, tmp_path, NOUR | {"outlets": "Courier", "outlet_type": "radio"})
    assert list(changes(done)) == ["outlet_type"]
    with office.read() as session:
        assert session.scalars(select(Outlet.type)).all() == [OutletType.RADIO]


def test_a_salutation_stays_when_the_languages_change_their_order(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, NOUR | {"salutations": "en: Dear Ms Haddad"})
    take(office, tmp_path, NOUR | {"languages": "en;fr"})
    assert somebody(office).salutations == (("en", "Dear Ms Haddad"),)
    done = take(office, tmp_path, {"address": "nour@courier.example", "salutations": "ar: عزيزتي"})
    assert "does not read ar" in told(done.refused)


def test_an_officer_belongs_to_her_organisation_s_office_in_her_city(office: Database, tmp_path: Path) -> None:
    with office.write() as session:
        make_organisation(session, "esrf", cities=["Beirut", "Cairo"])
    row = NOUR | {"organisation": "ESRF"}
    take(office, tmp_path, row)
    officer = contact(office, "nour@courier.example")
    assert (officer.kind, officer.office and officer.office.city.name) == (ContactKind.OFFICER, "Beirut")
    assert take(office, tmp_path, row).unchanged == 1
    take(office, tmp_path, row | {"city": "Cairo"})
    moved = contact(office, "nour@courier.example")
    assert moved.office is not None
    assert moved.office.city.name == "Cairo"
    assert take(office, tmp_path, {"address": "nour@courier.example", "organisation": "esrf"}).unchanged == 1
    take(office, tmp_path, NOUR | {"organisation": ""})
    assert contact(office, "nour@courier.example").kind is ContactKind.JOURNALIST


def test_a_city_of_several_is_told_apart_by_its_country(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, NOUR | {"city": "Tripoli", "country": "Lebanon"}, TAREK | {"city": "طرابلس، ليبيا"})
    with office.read() as session:
        found = session.execute(select(City.name, City.country).order_by(City.country)).all()
    assert [tuple(city) for city in found] == [("Tripoli", "LB"), ("Tripoli", "LY")]


def test_verified_is_kept_to_the_second_where_the_list_says_the_same_day(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, NOUR)
    exact = datetime(2026, 2, 1, 9, 30, tzinfo=UTC)
    with office.write() as session:
        session.execute(update(Contact).values(verified_at=exact))
    assert take(office, tmp_path, NOUR | {"verified": "2026-02-01"}).unchanged == 1
    take(office, tmp_path, NOUR | {"verified": "2026-02-01", "city": "Cairo"})
    assert contact(office, "nour@courier.example").verified_at == exact


def test_columns_that_are_no_field_are_left_out_and_told(office: Database, tmp_path: Path) -> None:
    done = take(office, tmp_path, NOUR | {"fone": "+961 1 975 310", "why": "x", "what to do": "x"})
    assert (done.added, done.left_out) == (1, ("fone",))
