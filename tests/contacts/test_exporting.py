"""What goes out is what the registry has, in each format, whatever stands in a name."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import python_calamine
import vobject
from builders import DESK, NOON, make_contact, make_list
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import people

from mailer.audit import entries
from mailer.contacts.exporting import ExportFormat, chosen, export, note_export, spreadsheet
from mailer.contacts.exporting.vcard import fold_line
from mailer.contacts.fields import NAMES, plain_cell
from mailer.contacts.models import ContactStatus
from mailer.contacts.query import parse
from mailer.contacts.records import Record, records
from mailer.database import Database
from mailer.errors import TooMuchForFormat

RUNS = ("=", "+", "-", "@", "\t", "\uff1d", "\uff0b", "\uff0d", "\uff20")
some = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def written(found: Sequence[Record], form: ExportFormat, columns: Sequence[str] = NAMES) -> bytes:
    stream = io.BytesIO()
    assert export(found, stream, form, at=NOON, columns=columns) == len(found)
    return stream.getvalue()


@some
@given(st.lists(people(), max_size=3))
def test_csv_has_every_field_and_nothing_that_runs(found: list[Record]) -> None:
    content = written(found, ExportFormat.CSV)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    assert rows[0] == list(NAMES)
    assert [[plain_cell(cell) for cell in row] for row in rows[1:]] == [list(p.cells().values()) for p in found]
    assert not [cell for row in rows for cell in row if cell.startswith(RUNS)]


@some
@given(st.lists(people(), min_size=1, max_size=3))
def test_xlsx_has_every_field_as_text(found: list[Record]) -> None:
    content = written(found, ExportFormat.XLSX)
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert set(re.findall(r'<c r="[A-Z]+\d+" s="\d+"( t="\w+")?', sheet)) <= {' t="inlineStr"', ""}
    assert 'state="frozen"' in sheet
    assert "rightToLeft" not in sheet
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert rows[0] == list(NAMES)
    # The reader gives a stretch like _x0041_ as it is written in the file, its underscore escaped.
    cells = [[plain_cell(str(cell).replace("_x005F_", "_")) for cell in row] for row in rows[1:]]
    wanted = [list(p.cells().values()) for p in found]
    assert [row + [""] * (len(NAMES) - len(row)) for row in cells] == wanted


@some
@given(st.lists(people(), max_size=3))
def test_json_has_every_field_one_contact_a_line(found: list[Record]) -> None:
    told = [json.loads(line) for line in written(found, ExportFormat.JSON).splitlines()]
    assert [row["name"] for row in told] == [p.name for p in found]
    assert [row["addresses"] for row in told] == [list(p.addresses) for p in found]
    assert [[o["role"] for o in row["outlets"]] for row in told] == [[o[1] for o in p.outlets] for p in found]


def lines_of(content: bytes) -> list[str]:
    """The content lines of a vCard file, unfolded, each line checked (RFC 6350 3.2)."""
    assert not content or content.endswith(b"\r\n")
    lines: list[str] = []
    for raw in content.split(b"\r\n")[:-1]:
        assert len(raw) <= 75
        text = raw.decode("utf-8")  # fails where a character was cut
        assert "\n" not in text
        assert "\r" not in text
        if text.startswith(" "):
            lines[-1] += text[1:]
        else:
            lines.append(text)
    return lines


def unescaped(value: str) -> str:
    assert not re.search(r"(?<!\\)(?:\\\\)*\\[^\\,;n]", value), value
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], value)


def parts(value: str, separator: str) -> list[str]:
    """Between separators that are not escaped."""
    return [unescaped(part) for part in re.findall(rf"(?:^|{separator})((?:\\.|[^{separator}\\])*)", value)]


def cards(content: bytes) -> list[dict[str, list[str]]]:
    found: list[dict[str, list[str]]] = []
    for line in lines_of(content):
        match = re.fullmatch(r"(?:[A-Z0-9-]+\.)?([A-Z-]+)((?:;[A-Z]+=[^;:]*)*):(.*)", line, re.DOTALL)
        assert match, line
        if match[1] == "BEGIN":
            found.append({})
        found[-1].setdefault(match[1], []).append(match[3])
    return found


@some
@given(st.lists(people(), max_size=3))
def test_a_card_has_every_field_by_rfc_6350(found: list[Record]) -> None:
    told = cards(written(found, ExportFormat.VCARD))
    assert len(told) == len(found)
    for card, person in zip(told, found, strict=True):
        assert (card["BEGIN"], card["VERSION"], card["END"]) == (["VCARD"], ["4.0"], ["VCARD"])
        assert list(card)[:2] == ["BEGIN", "VERSION"]
        assert list(map(unescaped, card["FN"])) == [person.name]
        assert list(map(unescaped, card["EMAIL"])) == list(person.addresses)
        assert [parts(value, ";") for value in card.get("ORG", [])] == [[name] for name, _, _ in person.outlets]
        assert [unescaped(value) for value in card.get("ROLE", [])] == [
            role for _, role, _ in person.outlets if role
        ]
        assert parts(card["ADR"][0], ";") == ["", "", "", "Beirut", "", "", "LB"]
        assert [unescaped(value) for value in card["LANG"]] == list(person.languages)
        assert parts(card.get("CATEGORIES", [""])[0], ",") == (list(person.beats) or [""])
        if person.given_name or person.family_name:
            assert parts(card["N"][0], ";") == [person.family_name, person.given_name, "", "", ""]
        cells = person.cells()
        for field in (
            "name_ar",
            "salutations",
            "tags",
            "embargo_terms",
            "source",
            "basis",
            "basis_since",
            "verified",
        ):
            own = card.get(f"X-DATELINE-{field.upper().replace('_', '-')}", [""])
            assert list(map(unescaped, own)) == [cells[field]]


@some
@given(st.lists(people(), min_size=1, max_size=3))
def test_another_reader_finds_names_and_addresses(found: list[Record]) -> None:
    content = written(found, ExportFormat.VCARD).decode()
    told = list(vobject.readComponents(content))
    assert [card.fn.value for card in told] == [person.name for person in found]
    assert [[email.value for email in card.email_list] for card in told] == [list(p.addresses) for p in found]


@given(st.text(min_size=1).filter(lambda text: "\r" not in text and "\n" not in text))
def test_a_line_is_folded_between_characters_and_comes_back(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    folded = fold_line(text)
    pieces = folded.removesuffix(b"\r\n").split(b"\r\n ")
    assert "".join(piece.decode() for piece in pieces) == text
    assert all(len(piece) <= (74 if place else 75) for place, piece in enumerate(pieces))


def test_only_the_columns_that_are_wanted_are_written(database: Database) -> None:
    with database.write() as session:
        nour = make_contact(session, address="nour@paper.example")
        found = list(records(session, [nour.id], day=NOON.date()))
    assert written(found, ExportFormat.CSV, ["address", "name"]) == (
        b"\xef\xbb\xbfaddress,name\r\nnour@paper.example,Nour Haddad\r\n"
    )
    assert written([], ExportFormat.CSV, ["name"]) == b"\xef\xbb\xbfname\r\n"
    with pytest.raises(TooMuchForFormat, match="source of contact"):
        written([replace(found[0], source="x" * 40_000)], ExportFormat.XLSX)


def test_more_rows_than_a_worksheet_takes_are_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "_MAX_ROWS", 3)
    with database.write() as session:
        found = list(records(session, [make_contact(session).id], day=NOON.date()))
    assert written(found * 2, ExportFormat.XLSX)
    with pytest.raises(TooMuchForFormat, match="Excel takes 3 rows"):
        written(found * 3, ExportFormat.XLSX)


def test_who_is_chosen_and_in_which_order(database: Database) -> None:
    with database.write() as session:
        zeina, _, mona = (
            make_contact(session, name, city=city)
            for name, city in (("Zeina Khoury", "Beirut"), ("Nour Haddad", "Beirut"), ("Mona Rashwan", "Cairo"))
        )
        gone = make_contact(session, "Gone", city="Cairo")
        gone.status, gone.merged_into_id = ContactStatus.MERGED, mona.id
        erased = make_contact(session, "Erased")
        erased.status, erased.erased_at = ContactStatus.ERASED, datetime(2026, 1, 1, tzinfo=UTC)
        desk = make_list(session, zeina, mona)
        session.flush()

        def names(*args: object, **more: object) -> list[str]:
            found = records(session, chosen(session, *args, **more, at=NOON), day=NOON.date())  # type: ignore[arg-type]
            return [person.name for person in found]

        assert names() == ["Nour Haddad", "Zeina Khoury", "Mona Rashwan"]
        assert names(media_list=desk) == ["Zeina Khoury", "Mona Rashwan"]
        assert names(parse("city:Cairo"), media_list=desk) == ["Mona Rashwan"]
        assert names(parse("city:Cairo")) == ["Mona Rashwan"]


def test_the_log_says_how_many_and_not_whom(database: Database) -> None:
    with database.write() as session:
        desk = make_list(session, make_contact(session))
        note_export(session, count=1, form="csv", media_list=desk, at=NOON, actor=DESK)
        note_export(session, count=7, form="xlsx", media_list=None, at=NOON, actor=DESK)
        told = list(entries(session))[-2:]
    assert [(entry.event, entry.data) for entry in told] == [
        ("contacts.exported", {"count": 1, "format": "csv", "list": desk.id}),
        ("contacts.exported", {"count": 7, "format": "xlsx", "list": None}),
    ]
