"""``dateline contacts import``, as it is typed."""

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine.default import DefaultDialect

from cli.conftest import Dateline, logged
from mailer.contacts.importing.plan import Entry
from mailer.contacts.importing.store import Store

HEADINGS = "name,address,city,languages"
LEILA = "Leila Rahal,leila@courier.example,Beirut,ar"
BAD = "'=Omar,omar@courier,Beirut,ar"


def write(office: Path, *rows: str, headings: str = HEADINGS, name: str = "new.csv") -> Path:
    file = office / name
    file.write_text("\n".join((headings, *rows)) + "\n", "utf-8")
    return file


def test_how_a_file_was_read_is_told(office: Path, dateline: Dateline) -> None:
    file = office / "old.csv"
    file.write_bytes(
        "الاسم;البريد الإلكتروني;المدينة;اللغة\nليلى;leila@courier.example;بيروت;العربية\n".encode("cp1256")
    )
    told = dateline("contacts", "import", file, "--encoding", "windows-1256")
    assert told.code == 0, told.err
    assert "Windows-1256" in told.err
    assert "semicolons" in told.err


def test_a_dry_run_shows_each_field_that_would_change(office: Path, dateline: Dateline) -> None:
    before = logged(office)
    told = dateline(
        "contacts", "import", write(office, "Nour Khoury,nour@courier.example,Beirut,ar;en"), "--dry-run"
    )
    assert told.code == 0
    assert "Nour Khoury: name Nour Haddad → Nour Khoury" in told.err
    assert "Nothing was changed." in told.err
    assert logged(office) == before


def test_a_long_dry_run_counts_what_it_does_not_show(office: Path, dateline: Dateline) -> None:
    rows = [f"P {n},p{n}@x.example,Beirut,ar" for n in range(60)]
    dateline("contacts", "import", write(office, *rows))
    moved = [row.replace("Beirut", "Cairo") for row in rows]
    told = dateline("contacts", "import", write(office, *moved), "--dry-run")
    assert told.err.count("city Beirut (LB) → Cairo (EG)") == 50
    assert "and 10 more changes" in told.err
    document = dateline("contacts", "import", write(office, *moved), "--dry-run", "--json").json()
    assert len(document[0]["changes"]) == 60


def test_refused_rows_are_written_to_be_corrected_and_imported_again(office: Path, dateline: Dateline) -> None:
    refused = office / "out" / "refused.csv"
    told = dateline("contacts", "import", write(office, LEILA, BAD), "--refused", refused)
    assert told.code == 1
    assert str(refused) in told.err
    content = refused.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    headings, row = csv.reader(StringIO(content.decode("utf-8-sig"), newline=""))
    told_beside = dict(zip(headings, row, strict=True))
    assert headings == [*HEADINGS.split(","), "row", "column", "why", "what to do"]
    assert (told_beside["row"], told_beside["column"]) == ("3", "name\naddress")
    assert told_beside["why"].count("\n") == 1
    assert "name@paper.example" in told_beside["what to do"]
    # No cell is a formula, ours and theirs alike.
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)
    text = content.decode("utf-8-sig").replace("'=Omar", "Omar").replace("omar@courier,", "omar@courier.example,")
    refused.write_text(text, "utf-8-sig")
    again = dateline("contacts", "import", refused)
    assert again.code == 0, again.err
    assert "1 added" in again.err
    assert "left out" not in again.err


def test_refusals_suggest_a_file_for_them(office: Path, dateline: Dateline) -> None:
    told = dateline("contacts", "import", write(office, LEILA, BAD))
    assert "--refused FILE.csv" in told.err


def test_a_mapping_is_said_kept_and_used_again(office: Path, dateline: Dateline) -> None:
    file = write(office, "Leila Rahal,leila@courier.example,Beirut,ar", headings="name,address,Where,languages")
    assert dateline("contacts", "import", file).code == 1
    kept = dateline("contacts", "import", file, "--map", "Where=city", "--save-mapping", "Courier's list")
    assert kept.code == 0, kept.err
    again = dateline("contacts", "import", file, "--mapping", "courier's list")
    assert "1 as before" in again.err
    assert "nothing to keep" in dateline("contacts", "import", file, "--save-mapping", "x").err


def test_a_dry_run_keeps_no_mapping(office: Path, dateline: Dateline) -> None:
    file = write(office, LEILA, headings="name,address,Where,languages")
    dateline("contacts", "import", file, "--map", "Where=city", "--save-mapping", "x", "--dry-run")
    assert dateline("contacts", "import", file, "--mapping", "x").code == 1


@pytest.mark.parametrize("new_beats", [False, True])
def test_beats_that_nobody_knows_are_added_only_when_that_is_said(
    office: Path, dateline: Dateline, new_beats: bool
) -> None:
    file = write(office, f"{LEILA},Kite flying", headings=f"{HEADINGS},beats")
    told = dateline("contacts", "import", file, *(["--new-beats"] if new_beats else []))
    assert told.code == (0 if new_beats else 1)
    assert ("Beats added: Kite flying" in told.err) is new_beats


def test_an_interrupt_ends_with_130_and_imports_nothing(
    office: Path, dateline: Dateline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> object:
        raise KeyboardInterrupt

    before = logged(office)
    monkeypatch.setattr("mailer.contacts.importing.store.Store.write", interrupted)
    told = dateline("contacts", "import", write(office, LEILA))
    assert (told.code, told.out) == (130, "")
    assert "Nothing was imported." in told.err
    assert logged(office) == before


def test_an_interrupt_that_comes_while_it_is_committed_is_not_said_to_have_stopped_it(
    office: Path, dateline: Dateline, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_chunk, commit = Store.write, DefaultDialect.do_commit
    written = []

    def written_down(store: Store, entries: Sequence[Entry]) -> None:
        write_chunk(store, entries)
        written.append(True)

    def committed(dialect: DefaultDialect, connection: Any) -> None:
        commit(dialect, connection)
        if written:
            written.clear()
            raise KeyboardInterrupt

    monkeypatch.setattr(Store, "write", written_down)
    monkeypatch.setattr(DefaultDialect, "do_commit", committed)
    told = dateline("contacts", "import", write(office, LEILA))
    assert (told.code, told.out) == (130, "")
    assert "it was all imported by then" in told.err
    assert dateline("contacts", "show", "leila@courier.example").code == 0


def test_what_all_who_are_new_have_is_told_and_shown_in_the_dry_run(office: Path, dateline: Dateline) -> None:
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Leila Sabbagh\r\nEMAIL:leila@phone.example\r\nEND:VCARD\r\n"
    Path("phone.vcf").write_text(card, "utf-8", newline="")
    told = dateline("contacts", "import", "phone.vcf")
    assert (told.code, "--default city=Beirut --default languages=en" in told.err) == (1, True)
    options = ("--default", "languages=ar", "--default", "city=Beirut")
    told = dateline("contacts", "import", "phone.vcf", "--dry-run", *options)
    assert (told.code, "languages by default: ar for 1" in told.err) == (0, True)
    assert "row 1, Leila Sabbagh, new; by default languages ar, city Beirut (LB)" in told.err
    assert dateline("contacts", "import", "phone.vcf", *options).code == 0
    again = dateline("contacts", "import", "phone.vcf")
    assert (again.code, "1 as before" in again.err) == (0, True)


def test_a_default_that_cannot_be_used_names_its_option(office: Path, dateline: Dateline) -> None:
    told = dateline("contacts", "import", "contacts/people.csv", "--default", "languages=xx")
    assert (told.code, "--default languages=xx cannot be used" in told.err) == (1, True)


def test_defaults_are_kept_with_a_mapping_and_what_is_said_goes_before_them(
    office: Path, dateline: Dateline
) -> None:
    file = office / "defaults.csv"
    file.write_text("name,address\nRima Daher,rima@new.example\n", "utf-8")
    said = ("--default", "city=Cairo", "--default", "country=Egypt", "--default", "languages=fr")
    told = dateline("contacts", "import", str(file), *said, "--save-mapping", "Defaults")
    assert told.code == 0, told.err
    file.write_text("name,address\nSami Daher,sami@new.example\n", "utf-8")
    assert dateline("contacts", "import", str(file), "--mapping", "defaults").code == 0
    file.write_text("name,address\nZiad Daher,ziad@new.example\n", "utf-8")
    other = ("--mapping", "defaults", "--default", "city=Beirut")
    assert dateline("contacts", "import", str(file), *other).code == 0
    found = {c["name"]: c for c in dateline("contacts", "search", "Daher", "--json").json()}
    assert {name: (c["city"], c["languages"]) for name, c in found.items()} == {
        "Rima Daher": ("Cairo", ["fr"]),
        "Sami Daher": ("Cairo", ["fr"]),
        "Ziad Daher": ("Beirut", ["fr"]),
    }
