"""A report says the same in every format, and none of them runs, loses or is misled by what is in it."""

import csv
import errno
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import typst
from python_calamine import CalamineWorkbook
from questions import MADE, SEAL, answered, row

from mailer.errors import ExtraMissing, TooMuchForFormat
from mailer.reports.presenting import PRESENTERS, Manner, ReportFormat, format_named, pdf, present, spreadsheet
from mailer.reports.presenting.manner import machine
from mailer.reports.report import Report, Row, seal_words
from mailer.reports.words import Words, said

HOSTILE = (
    '=HYPERLINK("http://evil.example")',
    "+1 555",
    "-2+3",
    "@SUM(A1)",
    "#strong[bold] *b* $x$ @here <label> \\u{41} `raw` // gone",
    '"; } ] #panic()',
    "[bold]rich[/bold] :smile:",
    "two\r\nlines\tand a tab",
    "\x00\x07\x1b[31m",
    "\u202eturned\u202c \u2066isolated",
    "王小明",
    "😀 👩‍👩‍👧",
    "نور حداد",
    "می‌خواهم",
    "",
    "x" * 500,
)


def made(report: Report, form: ReportFormat, language: str = "en", width: int = 0) -> bytes:
    stream = io.BytesIO()
    present(report, stream, form, Manner(Words(language, "Asia/Beirut"), width))
    return stream.getvalue()


def sheet(content: bytes, number: int = 0) -> list[list[object]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(number).to_python()


def test_there_is_a_presenter_for_each_format() -> None:
    assert set(PRESENTERS) == set(ReportFormat)


@pytest.mark.parametrize("language", ["en", "ar", "fr"])
@pytest.mark.parametrize("form", list(ReportFormat))
def test_every_format_says_how_many_rows_there_were_in_every_language(form: ReportFormat, language: str) -> None:
    for count in (0, 1, 3):
        stream = io.BytesIO()
        manner = Manner(Words(language, "Asia/Beirut"))
        assert present(answered(row(delivery=n) for n in range(count)), stream, form, manner) == count
        assert stream.getvalue()


def test_json_is_one_document_with_all_of_it() -> None:
    document = json.loads(made(answered([row("نور حداد", outlets=("A", "B"))]), ReportFormat.JSON))
    assert document == {
        "report": "received",
        "title": "Who received ports",
        "asked": ["Release ports."],
        "made_at": "2026-11-24T12:00:00.000000Z",
        "zone": "Asia/Beirut",
        "language": "en",
        "seal": {"size": 1234, "root": "ab" * 32, "at": "2026-11-24T12:00:00.000000Z"},
        "figures": {"deliveries": 2, "p95": 61.04},
        "notes": ["A note."],
        "rows": [
            {
                "delivery": 1,
                "name": "نور حداد",
                "state": "accepted",
                "outlets": ["A", "B"],
                "at": "2026-11-24T12:00:00.000000Z",
                "day": "2026-11-24",
                "after": 4.25,
                "sha256": "ab" * 32,
            }
        ],
    }
    assert json.loads(made(answered(seal=None), ReportFormat.JSON))["seal"] is None


def test_csv_has_the_fields_of_json_and_begins_as_excel_wants_it() -> None:
    content = made(answered([row("نور حداد", outlets=("A", "B"))]), ReportFormat.CSV)
    assert content.startswith(b"\xef\xbb\xbfdelivery,name,")
    (told,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert told["outlets"] == "A; B"
    assert (told["state"], told["at"], told["day"]) == ("accepted", "2026-11-24T12:00:00.000000Z", "2026-11-24")


def test_xlsx_has_typed_cells_and_an_instant_in_both_clocks() -> None:
    content = made(answered([row()]), ReportFormat.XLSX)
    headings, told = sheet(content)
    found = dict(zip(headings, told, strict=True))
    assert found["When (Asia/Beirut)"] == datetime(2026, 11, 24, 14)  # noqa: DTZ001 - Excel knows no zone
    assert found["When (UTC)"] == datetime(2026, 11, 24, 12)  # noqa: DTZ001
    assert (found["No."], found["State"], found["After, in seconds"]) == (1, "yes", 4.25)
    about = [line[0] for line in sheet(content, 1)]
    assert about[0] == "Who received ports"
    assert any("1234 entries" in str(line) for line in about)
    assert 'rightToLeft="1"' in sheet_xml(made(answered([row()]), ReportFormat.XLSX, "ar"))


def sheet_xml(content: bytes) -> str:
    return zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()


def test_the_table_has_the_frame_and_the_printed_columns() -> None:
    text = made(answered([row("نور حداد")]), ReportFormat.TABLE).decode()
    for part in (
        "Who received ports",
        "Release ports.",
        "Slow: 0:01:01.0",
        "2026-11-24 14:00:00 UTC+2",
        "A note.",
    ):
        assert part in text
    assert "\u2068نور حداد\u2069" in text
    assert "SHA-256" not in text
    assert "1234 entries, root abab" in text


def test_a_terminal_that_is_too_narrow_gets_one_cell_below_the_other() -> None:
    text = made(answered([row()]), ReportFormat.TABLE, width=60).decode()
    assert "Name     Nour Haddad\n" in text


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_what_is_hostile_is_shown_and_does_nothing(text: str, language: str) -> None:
    report = lambda: answered([row(text, outlets=(text, text), state=text)], title="%(release)s")  # noqa: E731
    assert made(report(), ReportFormat.PDF, language).startswith(b"%PDF-")
    assert json.loads(made(report(), ReportFormat.JSON, language))["rows"][0]["name"] == text
    (told,) = csv.DictReader(
        io.StringIO(made(report(), ReportFormat.CSV, language).decode("utf-8-sig"), newline="")
    )
    assert told["name"][:1] not in set("=+-@\t\r\n")
    content = made(report(), ReportFormat.XLSX, language)
    assert "<f>" not in sheet_xml(content)
    assert not [name for name in zipfile.ZipFile(io.BytesIO(content)).namelist() if "external" in name.lower()]
    table = made(report(), ReportFormat.TABLE, language).decode()
    assert not set("\x00\x07\x1b\u202e\u2066\t\r") & set(table)
    if text.isascii() and text.isprintable():
        assert text in table


def test_what_is_in_a_report_is_no_part_of_what_typst_reads_as_markup() -> None:
    document, _ = pdf._document(answered([row(HOSTILE[4])]), Manner(Words("en", "UTC")))
    (cells,) = document["rows"]  # type: ignore[misc]
    assert cells[1] == HOSTILE[4]


def test_a_pdf_needs_no_font_of_the_machine() -> None:
    fonts = str(Path(pdf.__file__).parent / "fonts")
    families = typst.Fonts(include_system_fonts=False, font_paths=[fonts]).families()
    template = (Path(pdf.__file__).parent / "report.typ").read_text("utf-8")
    asked = re.findall(r'"([^"]+)"', re.findall(r"font: \(([^)]*)\)", template)[0])
    assert asked == ["Libertinus Serif", "Noto Sans Arabic"]
    assert set(asked) <= set(families)
    assert "SIL OPEN FONT LICENSE" in (Path(fonts) / "OFL.txt").read_text("utf-8")


def test_the_same_report_is_the_same_pdf() -> None:
    once, again = (made(answered([row("نور حداد")]), ReportFormat.PDF, "ar") for _ in range(2))
    assert once == again
    assert b"NotoSansArabic" in once


@pytest.mark.parametrize(
    ("text", "language", "turned"),
    [
        ("Nour Haddad", "en", False),
        ("نور حداد", "en", True),
        ("نور حداد", "ar", False),
        ("250 2.0.0 Ok: queued.", "ar", True),
        ("2026-11-24 14:00:00", "ar", True),
        ("\u2068ports\u2069 بالأرقام", "ar", False),
        ("\u2068نور\u2069, Haddad", "en", False),
        ("", "en", False),
    ],
)
def test_a_cell_is_written_in_the_direction_of_its_first_letter(text: str, language: str, turned: bool) -> None:
    assert pdf._turned(text, Words(language, "UTC")) == ({"turned": text} if turned else text)


def endless(count: int) -> Iterator[Row]:
    """Rows that are not kept by whoever gives them."""
    for number in range(count):
        yield row(delivery=number)


def test_a_pdf_of_more_rows_than_anybody_prints_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MOST_ROWS", 3)
    assert made(answered(endless(3)), ReportFormat.PDF)
    with pytest.raises(TooMuchForFormat, match="holds 3 rows"):
        made(answered(endless(4)), ReportFormat.PDF)


def test_more_rows_than_excel_takes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "_MAX_ROWS", 4)
    assert len(sheet(made(answered(endless(3)), ReportFormat.XLSX))) == 4
    with pytest.raises(TooMuchForFormat, match="Excel takes 4 rows"):
        made(answered(endless(4)), ReportFormat.XLSX)


@pytest.mark.parametrize("form", [ReportFormat.TABLE, ReportFormat.CSV, ReportFormat.XLSX, ReportFormat.JSON])
def test_rows_are_written_as_they_come(form: ReportFormat) -> None:
    ahead: list[int] = []
    written = 0

    def rows() -> Iterator[Row]:
        for number in range(5000):
            ahead.append(number)
            yield row(delivery=number)

    class Counting(io.BytesIO):
        def write(self, data: object) -> int:
            nonlocal written
            written = written or len(ahead)
            return super().write(data)  # type: ignore[arg-type]

    present(answered(rows()), Counting(), form, Manner(Words("en", "UTC")))
    # XLSX keeps its rows in a file of its own until it is packed.
    assert written <= 1000 or form is ReportFormat.XLSX


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "typst", None)
    with pytest.raises(ExtraMissing, match=r"pip install 'dateline\[pdf\]'"):
        made(answered(), ReportFormat.PDF)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.pdf", "pdf"),
        ("a.XLSX", "xlsx"),
        ("a.csv", "csv"),
        ("a.json", "json"),
        ("a.txt", "table"),
        ("a", "table"),
    ],
)
def test_the_name_of_a_file_says_its_format(name: str, form: str) -> None:
    assert format_named(Path(name)) == form
    assert format_named(None) is ReportFormat.TABLE


def test_a_report_that_was_made_before_any_seal_says_so() -> None:
    assert "was not sealed yet" in seal_words(answered(seal=None)).message
    assert seal_words(answered()).values["size"] == SEAL.size


def test_programs_get_words_in_english() -> None:
    assert machine(said("Until %(at)s", at="noon")) == "Until noon"
    assert machine(MADE) is MADE


def test_a_number_below_zero_is_one_in_csv() -> None:
    early = (*row()[:6], -4.5, "-x")
    stream = io.BytesIO()
    present(answered([early]), stream, ReportFormat.CSV, Manner(Words("en", "UTC")))
    (_, cells) = csv.reader(io.StringIO(stream.getvalue().decode("utf-8-sig"), newline=""))
    assert cells[6:] == ["-4.5", "'-x"]


def test_a_full_disk_is_told_and_no_rows_stay_in_the_folder_of_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "write", full)
    with pytest.raises(OSError, match="No space left"):
        present(answered([row()]), io.BytesIO(), ReportFormat.XLSX, Manner(Words("en", "UTC")))
    assert not list(tmp_path.iterdir())
