"""A list from an officer goes in; its bad rows are told with file, row, column and reason."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from mailer.audit import Actor, entries
from mailer.contacts.importing import Imported, import_contacts, plan_import
from mailer.contacts.models import Contact, ContactKind, Outlet
from mailer.database import Database
from mailer.errors import BadTable, UnreadableFile

HEAD = "name,name_ar,address,phone,city,languages,beats,outlets,embargo_terms\n"
NOUR = (
    "Nour Haddad,نور حداد,nour@courier.example,+961 1 555 0101,"
    "Beirut,ar;en,migration,Courier (reporter),2026-01-05\n"
)
TAREK = "Tarek Aziz,,tarek@nile.example,,القاهرة,en,,Nile Herald; Radio Bahr (host),\n"


@pytest.fixture
def office(database: Database) -> Database:
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
        ("A,,a@x.example,,Beirut,Klingonish,,,", "languages", "Klingonish"),
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
    assert {(refusal.file, refusal.row) for refusal in done.refused} == {("beirut.csv", 3)}
    refusal = next(refusal for refusal in done.refused if refusal.column == column)
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


def test_a_column_that_nobody_knows_is_left_out_and_told(office: Database, tmp_path: Path) -> None:
    done = take(office, tmp_path, (HEAD + NOUR).replace("phone", "fone"))
    assert (done.added, done.left_out) == (1, ("fone",))


@pytest.mark.parametrize(
    ("encoding", "name", "city", "how"),
    [
        ("windows-1256", "نور حداد", "بيروت", "Windows-1256"),  # the name alone reads well in ISO-8859-6 too
        ("utf-16", "نور حداد", "Beirut", "UTF-16"),
        ("windows-1252", "Hélène Saab", "Beirut", "Windows-1252"),
    ],
)
def test_a_list_in_another_encoding_is_read_and_how_is_said(
    office: Database, tmp_path: Path, encoding: str, name: str, city: str, how: str
) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(f"name,address,city,languages\n{name},n@paper.example,{city},ar\n".encode(encoding))
    with office.write() as session:
        done = import_contacts(session, file, at=datetime(2026, 11, 24, tzinfo=UTC), actor=Actor("cli:desk"))
    assert (done.added, how in done.how) == (1, True)
    assert contact(office, "n@paper.example").name == name


def test_an_outlet_that_a_list_has_no_longer_ends_and_is_not_forgotten(office: Database, tmp_path: Path) -> None:
    head = "name,address,city,languages,outlets\n"
    take(office, tmp_path, head + "Nour,n@paper.example,Beirut,ar,Levant Courier (reporter)\n")
    take(office, tmp_path, head + "Nour,n@paper.example,Beirut,ar,Nile Herald\n")
    nour = contact(office, "n@paper.example")
    places = [(a.outlet.name, a.role, a.until) for a in nour.affiliations]
    assert places == [("Levant Courier", "reporter", date(2026, 11, 24)), ("Nile Herald", "", None)]


def test_several_addresses_and_numbers_in_a_cell_are_taken_apart(office: Database, tmp_path: Path) -> None:
    head = "name,address,phone,city,languages\n"
    take(
        office,
        tmp_path,
        head + 'Nour,"n@paper.example, Nour <nh@other.example>",+961 1 555 0101 / +961 1 555 0102,Beirut,ar;en\n',
    )
    nour = contact(office, "n@paper.example")
    assert [(point.kind.value, point.key) for point in nour.points if point.kind.value == "address"] == [
        ("address", "nh@other.example")
    ]
    # By her further address she is known: a row with it brings her up to date.
    again = take(office, tmp_path, head + "Nour Haddad,nh@other.example,,Beirut,ar;en\n")
    assert (again.added, again.changed) == (0, 1)


def test_a_dry_run_tells_each_field_and_changes_nothing(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, HEAD + NOUR)
    file = tmp_path / "beirut.csv"
    file.write_text((HEAD + NOUR + TAREK).replace("Nour Haddad", "Nour al-Haddad"), "utf-8")
    with office.read() as session:  # which cannot write
        planned = plan_import(session, file, at=datetime(2026, 11, 24, tzinfo=UTC))
    assert (planned.added, planned.changed) == (1, 1)
    assert "Nour al-Haddad" in repr(planned.changes)
    assert contact(office, "nour@courier.example").name == "Nour Haddad"


def test_who_was_erased_does_not_come_back_with_a_list(office: Database, tmp_path: Path) -> None:
    file = tmp_path / "beirut.csv"
    file.write_text(HEAD + NOUR + TAREK, "utf-8")
    with office.write() as session:
        done = import_contacts(
            session,
            file,
            at=datetime(2026, 11, 24, tzinfo=UTC),
            actor=Actor("cli:desk"),
            is_erased=lambda keys: {"nour@courier.example"} & set(keys),
        )
    assert (done.added, [refusal.row for refusal in done.refused]) == (1, [2])


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


@pytest.mark.parametrize(
    ("cell", "keys"),
    [
        ("Nour <a@x.example>", ["a@x.example"]),
        ("a@x.example, Nour <b@x.example>", ["a@x.example", "b@x.example"]),
        ("Nour <a@x.example>, Nour <b@x.example>", ["a@x.example", "b@x.example"]),
        ("a@x.example <a@x.example>", ["a@x.example"]),
        ("a@x.example / b@x.example", ["a@x.example", "b@x.example"]),
        ("a@x.example b@x.example", ["a@x.example", "b@x.example"]),
        ("mailto:a@x.example", ["a@x.example"]),
        ("a@x.example;b@x.example", ["a@x.example", "b@x.example"]),
    ],
)
def test_no_address_of_a_cell_is_lost_and_the_first_one_is_written_to(
    office: Database, tmp_path: Path, cell: str, keys: list[str]
) -> None:
    done = take(office, tmp_path, f'name,address,city,languages\nNour,"{cell}",Beirut,ar\n')
    assert done.refused == []
    nour = contact(office, keys[0])
    assert [point.key for point in nour.points] == keys[1:]
