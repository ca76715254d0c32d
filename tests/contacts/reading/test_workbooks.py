"""Workbooks come in as what they show; those that would fill the memory or hide a formula do not."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from pathlib import Path

import pytest
import xlsxwriter
from memory_bound import on_linux, read_within

from mailer.contacts.reading import OpenedList, open_list
from mailer.errors import BadTable

HEADINGS = ["Name", "E-mail", "Phone", "Since", "Met"]
NINE = datetime(2026, 3, 1, 9, 30)  # noqa: DTZ001 (a cell of a sheet has no zone)
PEOPLE = [
    ["Nour Haddad", "nour@courier.example", 9611555010100, date(2026, 3, 1), True],
    ["ريم عيتاني", "rim@marfa.example", "+961 1 555 0103", NINE, False],
]
TEXTS = [
    ("Nour Haddad", "nour@courier.example", "9611555010100", "2026-03-01", "TRUE"),
    ("ريم عيتاني", "rim@marfa.example", "+961 1 555 0103", "2026-03-01 09:30", "FALSE"),
]


def xlsx(**sheets: list[list[object]]) -> bytes:
    """A workbook as Excel writes it."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        day, moment = (book.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm"))
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for r, row in enumerate(rows):
                for c, value in enumerate(row):
                    if isinstance(value, date):
                        sheet.write_datetime(r, c, value, moment if isinstance(value, datetime) else day)
                    else:
                        sheet.write(r, c, value)
    return content.getvalue()


def with_part(workbook: bytes, name: str, content: bytes | None) -> bytes:
    """The workbook with one part in place of what it had, or without it."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info.filename, old.read(info))
        if content is not None:
            new.writestr(name, content)
    return changed.getvalue()


def part_of(workbook: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        return archive.read(name)


SHEET = "xl/worksheets/sheet1.xml"


def sheet_of(data: str, before: str = "") -> bytes:
    """An XLSX workbook whose only sheet has this for its rows."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    content = f'<?xml version="1.0"?>{before}<worksheet xmlns="{space}"><sheetData>{data}</sheetData></worksheet>'
    return with_part(xlsx(People=[["x"]]), SHEET, content.encode())


def cell(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


ODS_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"


def ods(rows: str, before: str = "", manifest: str = "", *, hidden: str = "") -> bytes:
    """An ODS workbook with these table rows on its sheet People, behind a hidden one, if it has any rows."""
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text", "style")
    )
    styles = "".join(
        f'<style:style style:name="{name}" style:family="table">'
        f'<style:table-properties table:display="{shown}"/></style:style>'
        for name, shown in (("ta1", "true"), ("ta2", "false"))
    )
    old = f'<table:table table:name="Old" table:style-name="ta2">{hidden}</table:table>' if hidden else ""
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<office:document-content {spaces}>'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body><office:spreadsheet>{old}"
        f'<table:table table:name="People" table:style-name="ta1">{rows}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", ODS_TYPE, zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", f"<manifest>{manifest}</manifest>")
    return written.getvalue()


def ods_row(*texts: str, attributes: str = "") -> str:
    cells = "".join(
        f'<table:table-cell office:value-type="string" {attributes}><text:p>{text}</text:p></table:table-cell>'
        for text in texts
    )
    return f"<table:table-row>{cells}</table:table-row>"


ODS_PEOPLE = ods_row("Name", "E-mail") + ods_row("ريم عيتاني", "rim@marfa.example")


def opened(folder: Path, content: bytes, name: str = "list.xlsx", sheet: str = "") -> OpenedList:
    (folder / name).write_bytes(content)
    return open_list(folder / name, sheet=sheet)


@pytest.mark.parametrize("name", ["list.xlsx", "list.csv", "list.ods", "list"])
def test_cells_come_as_a_person_would_type_them_whatever_the_file_is_called(tmp_path: Path, name: str) -> None:
    found = opened(tmp_path, xlsx(People=[HEADINGS, *PEOPLE]), name)
    assert found.how == "XLSX, sheet “People”"
    assert found.headings == tuple(HEADINGS)
    assert [row.cells for row in found.rows] == TEXTS


def test_a_workbook_by_name_that_is_text_is_read_as_text(tmp_path: Path) -> None:
    assert opened(tmp_path, b"name,address\nNour,n@x.example\n").how == "CSV, UTF-8, commas"


def test_a_hidden_sheet_is_read_only_where_it_is_named(tmp_path: Path) -> None:
    """The same in both kinds of workbook."""
    book = io.BytesIO()
    with xlsxwriter.Workbook(book) as made:
        for name, address in (("Old", "old@marfa.example"), ("People", "rim@marfa.example")):
            sheet = made.add_worksheet(name)
            sheet.write_row(0, 0, ["Name", "E-mail"])
            sheet.write_row(1, 0, ["ريم عيتاني", address])
        made.get_worksheet_by_name("People").activate()
        made.get_worksheet_by_name("People").set_first_sheet()
        made.get_worksheet_by_name("Old").hide()
    old = ods_row("Name", "E-mail") + ods_row("ريم عيتاني", "old@marfa.example")
    for content, name in ((book.getvalue(), "list.xlsx"), (ods(ODS_PEOPLE, hidden=old), "list.ods")):
        kind = name[-4:].strip(".").upper()
        shown, named = opened(tmp_path, content, name), opened(tmp_path, content, name, sheet="old")
        assert shown.how == f"{kind}, sheet “People”"
        assert [row.cells[1] for row in shown.rows] == ["rim@marfa.example"]
        assert named.how.startswith(f"{kind}, sheet “Old”")
        assert [row.cells[1] for row in named.rows] == ["old@marfa.example"]


def test_ods_is_read_too(tmp_path: Path) -> None:
    numbers = (
        "<table:table-row>"
        '<table:table-cell office:value-type="float" office:value="96115550101">'
        "<text:p>9.6E10</text:p></table:table-cell>"
        '<table:table-cell office:value-type="date" office:date-value="2026-03-01">'
        "<text:p>1/3</text:p></table:table-cell>"
        "</table:table-row>"
    )
    blank = (
        '<table:table-row table:number-rows-repeated="1048000">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    found = opened(tmp_path, ods(ODS_PEOPLE + numbers + blank), "list.ods")
    assert (found.how, found.headings) == ("ODS, sheet “People”", ("Name", "E-mail"))
    assert [row.cells for row in found.rows] == [
        ("ريم عيتاني", "rim@marfa.example"),
        ("96115550101", "2026-03-01"),
    ]


def test_titles_blank_rows_and_blank_columns_round_the_list_do_not_matter(tmp_path: Path) -> None:
    rows = [["", "Press contacts"], [], ["", *HEADINGS], [], ["", *PEOPLE[0]]]
    found = opened(tmp_path, xlsx(People=rows))
    assert found.headings == ("column A", *HEADINGS)
    assert [(row.number, row.cells[1:]) for row in found.rows] == [(5, TEXTS[0])]


def test_merged_headings_leave_the_second_column_to_its_letter(tmp_path: Path) -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 3, "Press contacts")
        sheet.merge_range(1, 0, 1, 1, "Name")
        sheet.write_row(1, 2, ["E-mail", "City"])
        sheet.write_row(2, 0, ["Nour", "Haddad", "n@x.example", "Tyre"])
    found = opened(tmp_path, content.getvalue())
    assert found.headings == ("Name", "column B", "E-mail", "City")
    assert [row.cells for row in found.rows] == [("Nour", "Haddad", "n@x.example", "Tyre")]


@pytest.mark.parametrize("shift", [0, 2])
def test_what_a_cell_over_several_rows_says_is_said_of_each_of_them(tmp_path: Path, shift: int) -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(shift, shift, ["Outlet", "Name", "E-mail"])
        sheet.merge_range(shift + 1, shift, shift + 4, shift, "Levant Courier")
        for place, who in enumerate(("nour", "rim")):
            sheet.write_row(shift + 1 + 2 * place, shift + 1, [who.title(), f"{who}@courier.example"])
        sheet.write_row(shift + 6, shift + 1, ["Tarek", "tarek@delta.example"])
    rows = [tuple(cell for cell in row.cells if cell) for row in opened(tmp_path, content.getvalue()).rows]
    assert rows == [
        ("Levant Courier", "Nour", "nour@courier.example"),
        ("Levant Courier", "Rim", "rim@courier.example"),
        ("Tarek", "tarek@delta.example"),
    ]


def test_the_first_sheet_with_rows_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    book = xlsx(Empty=[], Beirut=[HEADINGS, *PEOPLE], Cairo=[HEADINGS, PEOPLE[0]])
    found = opened(tmp_path, book)
    assert found.how == "XLSX, sheet “Beirut”; not read: “Empty”, “Cairo”"
    assert len(list(found.rows)) == 2
    assert len(list(opened(tmp_path, book, sheet="cairo").rows)) == 1
    with pytest.raises(BadTable, match=r"no sheet “Cair”.*Did you mean Cairo"):
        opened(tmp_path, book, sheet="Cair")


def test_a_sheet_of_a_text_file_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(BadTable, match="no sheets"):
        opened(tmp_path, b"name,address\n", sheet="People")


ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>'
)
FORMULA = xlsx(People=[["Name", "E-mail"], ["Nour", '=HYPERLINK("https://x.example","n@x.example")']])
MANY_ROWS = ods_row(*"abcdefghi").replace(
    "<table:table-row>", '<table:table-row table:number-rows-repeated="1048576">'
)
GOOD = xlsx(People=[HEADINGS, *PEOPLE])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (FORMULA, "the cell B2 has a formula.*values only"),
        (ods(ODS_PEOPLE + ods_row("x", attributes='table:formula="of:=1+1"')), "the cell A3 has a formula"),
        (sheet_of(f"<row>{cell('A1', '&amp;')}</row>", ENTITIES), "document type"),
        (ods(ODS_PEOPLE, ENTITIES), "document type"),
        (with_part(GOOD, "xl/sharedStrings.xml", f"{ENTITIES}<sst>&c;</sst>".encode()), "document type"),
        (sheet_of(f'<row r="1">{cell("A1", "x")}{cell("XFD1", "x")}</row>'), "row 1 has cells up to column XFD"),
        (sheet_of("<row>" + "<c/>" * 1000 + "</row>"), "up to column SG"),
        (sheet_of(f'<row r="1">{cell("A1", "x")}</row><row r="1048576">{cell("CV1048576", "x")}</row>'), "reach over"),
        (sheet_of(f'<row r="99999999999">{cell("A9999999", "x")}</row>'), "reach over"),
        (ods(ods_row("x", attributes='table:number-columns-repeated="16384"')), "up to column XFD"),
        (ods(MANY_ROWS), "reach over"),
        (ods(ODS_PEOPLE, manifest="<encryption-data/>"), "password"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, r"old kind \(\.xls\)"),
        (GOOD[: len(GOOD) // 2], "damaged"),
        (GOOD[:40], "damaged"),
        (with_part(GOOD, SHEET, b"<worksheet><sheetData><row>"), "damaged"),
        (with_part(GOOD, SHEET, part_of(GOOD, SHEET)[:-300]), "damaged"),
        (with_part(FORMULA, SHEET, part_of(FORMULA, SHEET).replace(b"UTF-8", b"UTF-X")), "B2 has a formula"),
        (with_part(FORMULA, SHEET, part_of(FORMULA, SHEET).decode().encode("utf-16")), "B2 has a formula"),
        (with_part(GOOD, "xl/_rels/workbook.xml.rels", None), "damaged"),
        (with_part(with_part(GOOD, "xl/workbook.xml", None), "word/document.xml", b"<x/>"), "Word document"),
        (with_part(GOOD, "xl/workbook.xml", None), "no workbook"),
        (xlsx(People=[]), "empty"),
        (xlsx(People=[["nour@courier.example", "Nour"]]), "should name the columns"),
    ],
)  # fmt: skip
def test_what_is_no_harmless_list_is_refused_and_said_why(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(BadTable, match=reason):
        list(opened(tmp_path, content).rows)


def test_a_text_of_100_mb_is_refused_though_no_cell_shows_it(tmp_path: Path) -> None:
    text = b"<sst><si><t>" + bytes(range(65, 91)) * 4_000_000 + b"</t></si></sst>"
    with pytest.raises(BadTable, match="more than 100,000,000 characters"):
        opened(tmp_path, with_part(GOOD, "xl/sharedStrings.xml", text))


def test_a_formula_on_a_sheet_that_is_not_read_does_no_harm(tmp_path: Path) -> None:
    book = xlsx(People=[HEADINGS, *PEOPLE], Sums=[["=1+1"]])
    assert len(list(opened(tmp_path, book).rows)) == 2
    with pytest.raises(BadTable, match="A1 has a formula"):
        opened(tmp_path, book, sheet="Sums")


@cache
def big_part(times: int) -> bytes:
    """A workbook with so many million bytes of one letter in its texts."""
    written = io.BytesIO(GOOD)
    with (
        zipfile.ZipFile(written, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/more.xml", "w") as stream,
    ):
        for _ in range(times):
            stream.write(b"x" * 1_000_000)
    return written.getvalue()


def lying(workbook: bytes, name: str, said: int) -> bytes:
    """The workbook, which says of one part that it is so long."""
    changed = bytearray(workbook)
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        start = archive.start_dir
    place = changed.find(name.encode(), start) - 46
    changed[place + 24 : place + 28] = said.to_bytes(4, "little")
    return bytes(changed)


@on_linux
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: big_part(300), "unpacked it has 300 MB"),
        (lambda: lying(big_part(300), "xl/more.xml", 1000), "unpacked it has 200 MB"),
        (lambda: lying(big_part(20), "xl/more.xml", 1000), "damaged"),
    ],
)
def test_a_zip_bomb_is_refused_within_bounds_though_it_lies(
    tmp_path: Path, make: Callable[[], bytes], said: str
) -> None:
    content = make()
    (tmp_path / "list.xlsx").write_bytes(content)
    assert len(content) < 400_000
    assert said in read_within(tmp_path / "list.xlsx", 48)
