"""Contacts for spreadsheets: CSV and XLSX, in which every cell is text and none is run."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import BinaryIO

from mailer.contacts.fields import lasting_cell, safe_cell
from mailer.contacts.records import Record
from mailer.errors import TooMuchForFormat

# Of Excel's worksheets (Microsoft, "Excel specifications and limits").
_MAX_ROWS = 1_048_576
_MAX_CELL = 32_767

_WIDTHS = {"name": 26, "name_ar": 22, "address": 32, "phone": 22, "outlets": 34, "salutations": 26, "source": 24}
"""In characters; the other columns are 16 wide."""


def write_csv(people: Iterable[Record], stream: BinaryIO, columns: Sequence[str]) -> int:
    """Write them as CSV (RFC 4180) in UTF-8, with the mark without which Excel shows Arabic as rubbish."""
    count = 0
    text = io.TextIOWrapper(stream, "utf-8-sig", newline="", write_through=False)
    try:
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(columns)
        for count, person in enumerate(people, 1):  # noqa: B007
            cells = person.cells()
            writer.writerow([safe_cell(cells[name]) for name in columns])
    finally:
        text.detach()
    return count


def write_xlsx(people: Iterable[Record], stream: BinaryIO, columns: Sequence[str], *, at: datetime) -> int:
    """Write them as one worksheet. Raises ``TooMuchForFormat`` for more than Excel takes."""
    # Nine megabytes, which a process that sends for weeks should not carry for a command that it never runs.
    import xlsxwriter

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    count = 0
    with xlsxwriter.Workbook(stream, options) as book:
        book.set_properties({"created": at.astimezone(UTC).replace(tzinfo=None)})
        sheet = book.add_worksheet("Contacts")
        # Text, so that a telephone number stays one when somebody edits its cell.
        as_text = book.add_format({"num_format": "@"})
        for place, name in enumerate(columns):
            sheet.set_column(place, place, _WIDTHS.get(name, 16), as_text)
        sheet.freeze_panes(1, 0)
        heading = book.add_format({"num_format": "@", "bold": True})
        for place, name in enumerate(columns):
            sheet.write_string(0, place, name, heading)
        for count, person in enumerate(people, 1):
            if count >= _MAX_ROWS:
                raise _too_much(f"Excel takes {_MAX_ROWS:,} rows", "Export a part of them, or as CSV.")
            cells = person.cells()
            for place, name in enumerate(columns):
                # Nothing runs in a cell of text; an apostrophe of her own before a sign must outlive the import.
                cell = lasting_cell(cells[name])
                if len(cell) > _MAX_CELL:
                    reason = f"{name} of contact {person.id} has more than {_MAX_CELL:,} characters"
                    raise _too_much(reason, "Export it as CSV.")
                if cell:
                    sheet.write_string(count, place, cell, as_text)
    return count


def _too_much(reason: str, remedy: str) -> TooMuchForFormat:
    return TooMuchForFormat(format="XLSX", reason=reason, remedy=remedy)
