"""A list from an officer goes in; its bad rows are told with file, row, column and reason."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from mailer.audit import Actor, entries
from mailer.contacts.importing import Imported, import_contacts
from mailer.contacts.models import Contact, ContactKind, Outlet
from mailer.database import Database, migrate
from mailer.errors import BadTable, UnreadableFile

HEAD = "name,name_ar,address,phone,city,languages,beats,outlets,embargo_terms\n"
NOUR = (
    "Nour Haddad,نور حداد,nour@courier.example,+961 1 555 0101,"
    "Beirut,ar;en,migration,Courier (reporter),2026-01-05\n"
)
TAREK = "Tarek Aziz,,tarek@nile.example,,القاهرة,en,,Nile Herald; Radio Bahr (host),\n"


@pytest.fixture
def office(database: Database) -> Database:
    migrate.upgrade(database)
    return database


def take(office: Database, folder: Path, content: str | bytes, name: str = "beirut.csv") -> Imported:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with office.write() as session:
        return import_contacts(session, file, at=datetime(2026, 11, 24, tzinfo=UTC), actor=Actor("cli:desk"))


def contact(office: Database, address: str) -> Contact:
    with office.read() as session:
        return session.scalars(select(Contact).where(Contact.address_key == address)).one()


def test_good_rows_go_in_whole(office: Database, tmp_path: Path) -> None:
    done = take(office, tmp_path, HEAD + NOUR + TAREK)
    assert (done.added, done.refused) == (2, [])
    nour = contact(office, "nour@courier.example")
    assert (nour.kind, nour.name, nour.arabic_name) == (ContactKind.JOURNALIST, "Nour Haddad", "نور حداد")
    assert (nour.city.zone, nour.acceptances[0].accepted_on) == ("Asia/Beirut", date(2026, 1, 5))
    assert [item.language for item in nour.languages] == ["ar", "en"]
    tarek = contact(office, "tarek@nile.example")
    assert tarek.city.name == "Cairo"
    assert [(a.outlet.name, a.role) for a in tarek.affiliations] == [("Nile Herald", ""), ("Radio Bahr", "host")]


def test_the_same_file_again_changes_nothing(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, HEAD + NOUR + TAREK)
    with office.read() as session:
        before = len(list(entries(session)))
    done = take(office, tmp_path, HEAD + NOUR + TAREK)
    assert (done.added, done.changed, done.unchanged) == (0, 0, 2)
    with office.read() as session:
        assert len(list(entries(session))) == before


def test_a_changed_row_brings_the_contact_up_to_date(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, HEAD + NOUR)
    done = take(office, tmp_path, HEAD + NOUR.replace("ar;en", "en;fr").replace("0101", "0199"))
    assert (done.added, done.changed) == (0, 1)
    nour = contact(office, "nour@courier.example")
    assert [item.language for item in nour.languages] == ["en", "fr"]
    with office.read() as session:
        assert list(entries(session))[-1].data == {"fields": ["phone", "languages"]}  # what, never the values


def test_a_column_that_the_file_lacks_is_left_as_it_is(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, HEAD + NOUR)
    short = "name,address,city,languages\nNour Haddad,nour@courier.example,Beirut,ar;en\n"
    assert take(office, tmp_path, short).unchanged == 1
    assert contact(office, "nour@courier.example").phone == "+961 1 555 0101"


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (",,a@x.example,,Beirut,ar,,,", "name", "empty"),
        ("A,,nobody,,Beirut,ar,,,", "address", "@-sign"),
        ("A,,[email protected],,Beirut,ar,,,", "address", ""),
        ("A,,a@x.example,,Utopolis,ar,,,", "city", "not a city"),
        ("A,,a@x.example,,Beirut,Arabish,,,", "languages", "Arabish"),
        ("A,,a@x.example,call me,Beirut,ar,,,", "phone", "no digits"),
        ("A,,a@x.example,,Beirut,ar,migratoin,,", "beats", "migration"),
        ("A,,a@x.example,,Beirut,ar,,,05/01/2026", "embargo_terms", "2026-03-01"),
        ("A,,a@x.example,,Beirut,ar,,((x),", "outlets", "outlet"),
        ('"=HYPERLINK(1)",,a@x.example,,Beirut,ar,,,', "name", "formula"),
        ("A\x08,,a@x.example,,Beirut,ar,,,", "name", "control"),
        ("A" * 201 + ",,a@x.example,,Beirut,ar,,,", "name", "200"),
        ("A" * 10_001 + ",,a@x.example,,Beirut,ar,,,", "name", "quotation mark"),
        ("Haddad, Nour,,a@x.example,,Beirut,ar,,,2026-01-05", "embargo_terms", "quotation marks"),
        ("A,,NOUR@Courier.example,,Beirut,ar,,,", "address", "row 2"),
    ],
)
def test_a_bad_row_is_told_and_the_good_ones_go_in(
    office: Database, tmp_path: Path, row: str, column: str, reason: str
) -> None:
    done = take(office, tmp_path, HEAD + NOUR + row + "\n" + TAREK)
    assert done.added == 2
    (refusal,) = done.refused
    assert (refusal.file, refusal.row, refusal.column) == ("beirut.csv", 3, column)
    assert reason in f"{refusal.reason} {refusal.remedy}"
    assert refusal.remedy
    assert "beirut.csv, row 3" in str(refusal)


def test_a_name_with_a_comma_and_a_line_break_is_one_line(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, HEAD + '"حداد، نور,\r\nBcc: x@y.example\u202e",,nour@courier.example,,Beirut,ar,,,\r\n')
    assert contact(office, "nour@courier.example").name == "حداد، نور, Bcc: x@y.example"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"name,address\n", "lacks the column city"),
        (b"name,city,languages\nNour,Beirut,ar\n", "lacks the column address"),
        (HEAD.encode() + b"a\x00b", "NUL"),
    ],
)
def test_a_file_that_is_no_list_is_refused_whole(
    office: Database, tmp_path: Path, content: bytes, reason: str
) -> None:
    with pytest.raises(BadTable, match=reason):
        take(office, tmp_path, content)


def test_a_missing_file_is_named(office: Database, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"no\.csv"), office.write() as session:
        import_contacts(
            session, tmp_path / "no.csv", at=datetime(2026, 11, 24, tzinfo=UTC), actor=Actor("cli:desk")
        )


@pytest.mark.parametrize(
    "change", [str, lambda t: t.replace(",", ";").replace("ar;en", "ar"), lambda t: "\ufeff" + t]
)
def test_excel_s_ways_of_writing_csv_are_read(office: Database, tmp_path: Path, change) -> None:  # type: ignore[no-untyped-def]
    plain = HEAD + NOUR.replace("ar;en", "ar") + "\r\n"
    assert take(office, tmp_path, change(plain)).added == 1


def test_one_outlet_in_two_spellings_is_one(office: Database, tmp_path: Path) -> None:
    other = NOUR.replace("nour@", "rim@").replace("Courier (reporter)", " COURIER (editor)")
    take(office, tmp_path, HEAD + NOUR + other)
    with office.read() as session:
        assert [o.name for o in session.scalars(select(Outlet))] == ["Courier"]
