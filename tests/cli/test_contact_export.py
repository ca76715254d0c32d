"""``dateline contacts export``: a file that is whole, noted in the log, and over no other."""

import csv
import io
import json
import stat
from pathlib import Path

import pytest

from cli.conftest import Dateline, database_of, logged
from cli.test_json_reference import documented, printed
from mailer.audit import entries


def last_entry(office: Path) -> tuple[str, object]:
    with database_of(office) as database, database.read() as session:
        entry = list(entries(session))[-1]
        return entry.event, entry.data


@pytest.mark.parametrize(
    ("form", "begins"),
    [("csv", b"\xef\xbb\xbfname,"), ("xlsx", b"PK"), ("vcard", b"BEGIN:VCARD\r\n"), ("json", b"{")],
)
def test_each_format_is_written_whole_and_noted(
    office: Path, dateline: Dateline, form: str, begins: bytes
) -> None:
    told = dateline("contacts", "export", "--list", "Desk", "--format", form, "--output", "desk.out")
    assert (told.code, told.out, told.err) == (0, "", "4 contacts in desk.out\n")
    assert Path("desk.out").read_bytes().startswith(begins)
    assert stat.S_IMODE(Path("desk.out").stat().st_mode) == 0o600
    assert last_entry(office) == ("contacts.exported", {"count": 4, "format": form, "list": 1})
    assert not list(Path().glob(".desk*"))


def test_a_search_goes_to_stdout_where_no_file_is_named(office: Path, dateline: Dateline) -> None:
    told = dateline("contacts", "export", "city:Beirut", "-language:en", "--format", "csv")
    assert (told.code, told.err) == (0, "0 contacts\n")
    told = dateline(
        "contacts",
        "export",
        "city:Cairo",
        "language:en",
        "kind:journalist",
        "--format",
        "csv",
        "--columns",
        "phone, name",
    )
    assert told.out == "\ufeffphone,name\r\n,Mona Rashwan\r\n"
    told = dateline("contacts", "export", "outlet:Courier", "city:Beirut", "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(told.out.removeprefix("\ufeff"), newline=""))
    assert (row["phone"], row["name_ar"], row["outlets"]) == (
        "'+961 1 555 0101",
        "نور حداد",
        "Levant Courier (reporter)",
    )


def test_json_has_the_fields_that_are_documented(office: Path, dateline: Dateline) -> None:
    found = [json.loads(line) for line in dateline("contacts", "export", "--format", "json").out.splitlines()]
    (nour,) = [row for row in found if row["name"] == "Nour Haddad"]
    nour["salutations"] = {}
    assert printed(nour) == set(documented()["contacts export"])


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (("--format", "pdf"), 1, "--format cannot be pdf"),
        (("--format", "csv", "--columns", "name,shoe"), 1, "--columns cannot be shoe"),
        (("--format", "vcard", "--columns", "name"), 2, "--columns goes with"),
        (("--format", "csv", "--list", "Dek"), 1, "There is no media list “Dek”"),
        (("--format", "csv", "city:Beirrut"), 1, "character 6"),
        (("--format", "csv", "--output", "nowhere/x.csv"), 1, "cannot be written"),
    ],
)
def test_what_cannot_be_is_refused_and_not_noted(
    office: Path, dateline: Dateline, words: tuple[str, ...], code: int, problem: str
) -> None:
    before = logged(office)
    told = dateline("contacts", "export", *words)
    assert (told.code, told.out) == (code, "")
    assert problem in told.err
    assert logged(office) == before


def test_no_file_is_written_over_but_by_force(office: Path, dateline: Dateline) -> None:
    Path("mine.csv").write_text("mine")
    before = logged(office)
    export = ("contacts", "export", "--format", "csv", "--output", "mine.csv")
    told = dateline(*export)
    assert told.code == 1
    assert "There is a file mine.csv already" in told.err
    assert Path("mine.csv").read_text() == "mine"
    assert logged(office) == before
    assert dateline(*export, "--force").code == 0
    assert Path("mine.csv").read_text("utf-8-sig").startswith("name,")


def test_a_failure_on_the_way_leaves_no_half_of_a_file(
    office: Path, dateline: Dateline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(_people: object, stream: io.BytesIO, *_more: object, **_others: object) -> int:
        stream.write(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr("mailer.cli.contact_export.export", half)
    before = logged(office)
    assert dateline("contacts", "export", "--format", "csv", "--output", "new.csv").code == 130
    assert not list(Path().glob("*new*"))
    assert not list(Path().glob(".new*"))
    assert logged(office) == before
