"""Looks through a sheet's XML before it is read whole: formulas in it, and how far its cells reach."""

import contextlib
import re
import xml.parsers.expat
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

from mailer.contacts.reading.rows import MAX_COLUMNS, column_letters

MAX_ROWS = 1_048_576
"""As many as a sheet can have."""
MAX_CELLS = 2_500_000
"""Cells in the rectangle round all that are filled, blank ones too: some 250 MB in the reader's memory."""
MAX_TEXT = 100_000_000
"""Characters of all cells. A text kept once in the file may stand in a thousand cells, each with its own copy."""

_MAX_ELEMENTS = 10_000
_NUMBER = re.compile(r"[0-9]{1,9}")
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})", re.ASCII)
_ROOM = 65_536


class Unfit(Exception):
    """The sheet can't be taken; its words are the reason and the remedy."""

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason, self.remedy = reason, remedy
        super().__init__(reason)


@dataclass(slots=True)
class Sheet:
    """What was seen of one sheet."""

    filled: bool = False
    """Whether any cell has something in it."""
    hidden: bool = False
    """Of an ODS file's; the hidden ones of an XLSX file are not looked at."""
    formula: str = ""
    """The first cell with a formula: ``C7``."""
    rows: int = 0
    columns: int = 0
    text: int = 0
    """Characters of its cells together."""

    def write(self, characters: int) -> None:
        self.text += characters
        if self.text > MAX_TEXT:
            raise Unfit(
                f"the texts in its cells have more than {MAX_TEXT:,} characters",
                "Copy the columns about people into a new workbook, or split the list.",
            )

    def reach(self, row: int, column: int) -> None:
        self.rows = max(self.rows, row)
        self.columns = max(self.columns, column)
        if self.columns > MAX_COLUMNS:
            raise Unfit(
                f"row {row:,} has cells up to column {column_letters(column - 1)}; the most is {MAX_COLUMNS} columns",
                "Delete the columns beyond those about people, or copy these into a new workbook.",
            )
        if self.rows > MAX_ROWS or self.rows * self.columns > MAX_CELLS:
            raise Unfit(
                f"its cells reach over {self.rows:,} rows and {self.columns} columns",
                "Copy the rows with people into a new workbook, or split the list.",
            )

    def check_formula(self) -> None:
        """Raise ``Unfit`` where a cell is worked out: what it shows here it need not show elsewhere."""
        if self.formula:
            raise Unfit(
                f"the cell {self.formula} has a formula, and what it shows need not be what it shows elsewhere",
                "Select all, copy, and paste as values only (Excel: Paste Special, Values); then import it again.",
            )


def lengths_of_shared_strings(stream: IO[bytes]) -> Sequence[int]:
    """How many characters each text has that cells of an XLSX file share, by its number. Raises as below."""
    lengths = array("l")  # a million of them in 8 MB
    together = Sheet()

    def start(name: str, attributes: dict[str, str]) -> None:  # noqa: ARG001
        if name == "si" or name.endswith(":si"):
            lengths.append(0)

    def text(characters: str) -> None:
        together.write(len(characters))
        if lengths:
            lengths[-1] += len(characters)

    _parse(stream, start, text)
    return lengths


def look_through_xlsx(stream: IO[bytes], shared: Sequence[int] = ()) -> Sheet:
    """Go through one worksheet's part of an XLSX file, whose cells may stand for shared texts of these lengths.

    Raises ``Unfit``, and ``ExpatError`` for broken XML.
    """
    sheet = Sheet()
    row = column = 0
    is_shared = is_value = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal row, column, is_shared, is_value
        if ":" in name:
            name = name.rpartition(":")[2]
        is_value = name == "v"
        if name == "c":
            # ECMA-376 18.3.1.4: the reference may be left out; the cell is then the one after the one before.
            if match := _REFERENCE.fullmatch(attributes.get("r", "")):
                column, row = _column_number(match[1]), int(match[2])
            else:
                column += 1
            is_shared = attributes.get("t") == "s"
            sheet.reach(row, column)
        elif name == "row":
            row, column = _number(attributes.get("r", ""), row + 1), 0
        elif name == "f":
            sheet.formula = sheet.formula or f"{column_letters(column - 1)}{row}"
        elif is_value or name == "is":
            sheet.filled = True

    def text(characters: str) -> None:
        if not (is_value and is_shared):
            sheet.write(len(characters))
        elif (place := _number(characters, -1)) in range(len(shared)):
            sheet.write(shared[place])

    _parse(stream, start, text)
    return sheet


def look_through_ods(stream: IO[bytes]) -> dict[str, Sheet]:
    """Go through the content of an ODS file: its sheets by name, in their order.

    All of them, since a reader unpacks them all. Raises ``Unfit``, and ``ExpatError`` for broken XML.
    """
    sheets: dict[str, Sheet] = {}
    sheet = Sheet()
    row = next_row = column = next_column = 1
    style = ""
    hiding: set[str] = set()

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal sheet, row, next_row, column, next_column, style
        if name == "style:style":
            style = attributes.get("style:name", "")
        elif name == "style:table-properties":
            # OpenDocument 1.3, 19.642: a table is hidden by its style, which stands before all tables.
            if attributes.get("table:display") == "false":
                hiding.add(style)
        elif name == "table:table":
            sheet = sheets.setdefault(attributes.get("table:name", ""), Sheet())
            sheet.hidden = sheet.hidden or attributes.get("table:style-name") in hiding
            row = next_row = column = next_column = 1
        elif name == "table:table-row":
            row, column, next_column = next_row, 1, 1
            next_row += _number(attributes.get("table:number-rows-repeated", ""), 1)
        elif name in ("table:table-cell", "table:covered-table-cell"):
            column = next_column
            next_column += _number(attributes.get("table:number-columns-repeated", ""), 1)
            if "table:formula" in attributes:
                sheet.formula = sheet.formula or f"{column_letters(column - 1)}{row}"
            if "office:value-type" in attributes:
                fill()
        elif name == "text:p":
            fill()

    def fill() -> None:
        # A filled cell that is repeated is written out by a reader; blank ones at the end are not.
        sheet.filled = True
        sheet.reach(next_row - 1, next_column - 1)

    def text(characters: str) -> None:
        sheet.write(len(characters) * max(1, next_row - row) * max(1, next_column - column))

    _parse(stream, start, text)
    if sum(sheet.rows * sheet.columns for sheet in sheets.values()) > MAX_CELLS:
        raise Unfit("its sheets have too many cells together", "Copy the sheet with people into a new workbook.")
    return sheets


def elements(stream: IO[bytes], name: str) -> list[dict[str, str]]:
    """The attributes of each element of this local name, in a small part. Raises ``Unfit`` and ``ExpatError``."""
    found: list[dict[str, str]] = []

    def start(other: str, attributes: dict[str, str]) -> None:
        if other.rpartition(":")[2] == name and len(found) < _MAX_ELEMENTS:
            found.append(attributes)

    _parse(stream, start)
    return found


def check_prolog(stream: IO[bytes]) -> None:
    """Look at what stands before the first element. Raises ``Unfit`` and ``ExpatError``."""

    def start(*_: object) -> None:
        raise _Begun

    with contextlib.suppress(_Begun):
        _parse(stream, start)


class _Begun(Exception):
    pass


def _number(text: str, otherwise: int) -> int:
    return int(text) if _NUMBER.fullmatch(text) else otherwise


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _parse(
    stream: IO[bytes],
    start: Callable[[str, dict[str, str]], None],
    text: Callable[[str], None] | None = None,
) -> None:
    # As the reader does, whatever encoding the XML says it has: in another one a formula could be hidden.
    parser = xml.parsers.expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.CharacterDataHandler = text
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = _refuse_doctype
    while piece := stream.read(_ROOM):
        parser.Parse(piece)
    parser.Parse(b"", True)  # noqa: FBT003 (expat takes it by position only)


def _refuse_doctype(*_: object) -> None:
    raise Unfit(
        "its XML declares a document type, in which a few bytes can grow to fill the memory",
        "No spreadsheet program writes that. Ask for a list that was saved by one.",
    )
