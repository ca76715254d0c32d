"""A report for spreadsheets: CSV and XLSX, in which nothing is run."""

import csv
import io
from datetime import UTC, date, datetime
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO
from zoneinfo import ZoneInfo

from mailer.contacts.fields import safe_cell
from mailer.errors import TooMuchForFormat
from mailer.reports.presenting.manner import Manner, machine
from mailer.reports.report import Column, Kind, Report, foot_words, head_words
from mailer.reports.values import cell_text
from mailer.reports.words import said

if TYPE_CHECKING:
    from collections.abc import Sequence

# Of Excel's worksheets (Microsoft, "Excel specifications and limits").
_MAX_ROWS = 1_048_576
_MAX_CELL = 32_767
_WIDTHS = {Kind.NUMBER: 10, Kind.SECONDS: 12, Kind.INSTANT: 20, Kind.DAY: 12, Kind.WORD: 18}
"""In characters."""
_TEXT_WIDTH = 14
"""Of a column whose width is 1."""


def write_csv(report: Report, stream: BinaryIO, _manner: Manner) -> int:
    """Write its rows as CSV (RFC 4180) in UTF-8, with the mark without which Excel shows Arabic as rubbish.

    As with ``--csv`` everywhere: the fields of JSON, times in UTC, nothing translated.
    """
    text = io.TextIOWrapper(stream, "utf-8-sig", newline="", write_through=False)
    count = 0
    try:
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow([column.field for column in report.columns])
        for count, row in enumerate(report.rows, 1):  # noqa: B007
            writer.writerow([_csv_cell(machine(value)) for value in row])
    finally:
        text.detach()
    return count


def _csv_cell(value: object) -> str:
    """A number stays one, also below zero; of texts none is run."""
    text = cell_text(value)
    return text if isinstance(value, int | float) else safe_cell(text)


def write_xlsx(report: Report, stream: BinaryIO, manner: Manner) -> int:
    """Write its rows as one worksheet, for people, and what frames them as another.

    An instant has two columns of dates that can be sorted, in the office's zone and in UTC: a spreadsheet knows no
    offset, and the hour that comes twice in autumn would be in doubt. Raises ``TooMuchForFormat``.
    """
    # Nine megabytes, which a process that sends for weeks should not carry for a command that it never runs.
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    options: dict[str, object] = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    # Its rows wait in files of their own, which it leaves where they are when a disk is full; they have people in them.
    with TemporaryDirectory() as folder:
        try:
            return _written(report, xlsxwriter.Workbook(stream, options | {"tmpdir": folder}), manner)
        except FileCreateError as error:
            raise OSError(*error.args[0].args) from error


def _written(report: Report, workbook: Any, manner: Manner) -> int:
    with workbook as book:
        book.set_properties({"created": report.made_at.astimezone(UTC).replace(tzinfo=None)})
        formats = {
            "bold": book.add_format({"num_format": "@", "bold": True}),
            Kind.INSTANT: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            Kind.DAY: book.add_format({"num_format": "yyyy-mm-dd"}),
            Kind.SECONDS: book.add_format({"num_format": "0.0"}),
            Kind.NUMBER: book.add_format({"num_format": "0"}),
            Kind.TEXT: book.add_format({"num_format": "@"}),
        }
        count = _write_rows(book, formats, report, manner)
        _write_frame(book, formats, report, manner)
    return count


def _write_rows(book: Any, formats: Any, report: Report, manner: Manner) -> int:
    words = manner.words
    sheet = _sheet(book, words.say(said("Answer")), manner)
    headings: list[str] = []
    for column in report.columns:
        heading = words.say(column.heading)
        width = _WIDTHS.get(column.kind, _TEXT_WIDTH * column.width)
        for text in _headings(column, heading, manner):
            sheet.set_column(len(headings), len(headings), max(width, len(text) + 2))
            headings.append(text)
    for place, heading in enumerate(headings):
        sheet.write_string(0, place, heading, formats["bold"])
    sheet.freeze_panes(1, 0)
    count = 0
    for count, row in enumerate(report.rows, 1):
        if count >= _MAX_ROWS:
            raise _too_much(f"Excel takes {_MAX_ROWS:,} rows")
        place = 0
        for column, value in zip(report.columns, row, strict=True):
            for cell in _cells(column, value, manner):
                _write(sheet, count, place, cell, column, formats)
                place += 1
    return count


def _headings(column: Column, heading: str, manner: Manner) -> "Sequence[str]":
    if column.kind is Kind.INSTANT:
        return [f"{heading} ({manner.words.zone})", f"{heading} (UTC)"]
    if column.kind is Kind.SECONDS:
        return [manner.words.say(said("%(heading)s, in seconds", heading=heading))]
    return [heading]


def _cells(column: Column, value: object, manner: Manner) -> "Sequence[object]":
    match value:
        case datetime() if column.kind is Kind.INSTANT:
            local = value.astimezone(ZoneInfo(manner.words.zone))
            return [local.replace(tzinfo=None), value.astimezone(UTC).replace(tzinfo=None)]
        case None:
            return [None, None] if column.kind is Kind.INSTANT else [None]
        case bool():
            return [manner.cell(column, value)]
        case int() | float() | date() if not isinstance(value, datetime):
            return [value]
        case _:
            return [manner.cell(column, value)]


def _write(sheet: Any, row: int, place: int, cell: object, column: Column, formats: Any) -> None:
    match cell:
        case datetime():
            sheet.write_datetime(row, place, cell, formats[Kind.INSTANT])
        case date():
            sheet.write_datetime(row, place, cell, formats[Kind.DAY])
        case int() | float():
            sheet.write_number(row, place, cell, formats.get(column.kind))
        case str() if cell:
            if len(cell) > _MAX_CELL:
                raise _too_much(f"{column.field} in row {row} has more than {_MAX_CELL:,} characters")
            sheet.write_string(row, place, cell, formats[Kind.TEXT])


def _write_frame(book: Any, formats: Any, report: Report, manner: Manner) -> None:
    words = manner.words
    sheet = _sheet(book, words.say(said("About")), manner)
    sheet.set_column(0, 0, 60)
    sheet.set_column(1, 1, 30)
    sheet.write_string(0, 0, words.say(report.title), formats["bold"])
    line = 1
    for sentence in (*head_words(report, words), *foot_words(report, words)):
        sheet.write_string(line, 0, sentence, formats[Kind.TEXT])
        line += 1
    for figure in report.figures:
        line += 1
        sheet.write_string(line, 0, words.say(figure.label), formats[Kind.TEXT])
        if figure.kind is Kind.NUMBER and isinstance(figure.value, int | float):
            sheet.write_number(line, 1, figure.value)
        else:
            sheet.write_string(line, 1, manner.figure(figure), formats[Kind.TEXT])


def _sheet(book: Any, name: str, manner: Manner) -> Any:
    sheet = book.add_worksheet(name)
    if manner.words.direction == "rtl":
        sheet.right_to_left()
    return sheet


def _too_much(reason: str) -> TooMuchForFormat:
    return TooMuchForFormat(format="XLSX", reason=reason, remedy="Ask for a part of it, or take CSV.")
