"""Lists kept as text (CSV): any delimiter, line end and encoding, read a row at a time within bounds."""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from mailer.contacts.reading.encodings import Encoding
from mailer.contacts.reading.rows import MAX_COLUMNS, OpenedList, Row, below_headings, bounded
from mailer.contacts.table import MAX_CELL
from mailer.errors import BadTable

MAX_ROW = 1_000_000
"""Characters in one row with all its cells; 500 columns of names, notes and addresses have some 50,000."""

# The csv module itself stops at fields longer than 131,072 characters (csv.field_size_limit).

DELIMITERS = {
    ",": "commas",
    ";": "semicolons",
    "\t": "tabs",
    "|": "bars",
    "؛": "Arabic semicolons",
    "،": "Arabic commas",
}
_NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "bar": "|", "pipe": "|"}
_LOOKED_AT = 50
"""Lines from which the delimiter is judged."""
_SEP = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)


def open_text(file: Path, encoding: Encoding, delimiter: str = "") -> OpenedList:
    """The list in a text file. Raises ``BadTable``; OSError is the caller's."""
    lines = _Lines(file, encoding)
    try:
        separator, told = _delimiter(file, encoding, delimiter)
        how = f"CSV, {encoding.name}, {DELIMITERS.get(separator, f'{separator} between cells')}"
        return below_headings(file, how, _rows(lines, separator, skip=told))
    except BaseException:
        lines.close()
        raise


class _Lines:
    """The file's lines as the csv module asks for them, and how much of one row it has had."""

    def __init__(self, file: Path, encoding: Encoding) -> None:
        self.file = file
        self.encoding = encoding
        self._stream = file.open(
            encoding=encoding.codec, newline=""
        )  # each line keeps its own end: CR, LF or both
        self.row = 0
        self.room = MAX_ROW

    def next_row(self) -> None:
        self.row += 1
        self.room = MAX_ROW

    def back(self) -> None:
        self.row -= 1

    def close(self) -> None:
        self._stream.close()

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        try:
            line = self._stream.readline(self.room + 1)
        except UnicodeDecodeError as error:
            raise BadTable(
                file=self.file,
                reason=f"from row {self.row} on it is not {self.encoding.name}",
                remedy="Leave --encoding out to have it found, or name the right one.",
            ) from error
        if not line:
            raise StopIteration
        self.room -= len(line)
        if self.room < 0:
            raise BadTable(
                file=self.file,
                reason=f"row {self.row} is longer than {MAX_ROW:,} characters",
                remedy="A quotation mark that opens there may never close, or the file is no list.",
            )
        if "\0" in line:
            raise BadTable(
                file=self.file,
                reason=f"row {self.row} has NUL characters in it",
                remedy="The file is damaged or no list; save it again as 'CSV UTF-8'.",
            )
        return line


def _rows(lines: _Lines, delimiter: str, *, skip: bool) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        if skip:
            next(lines)  # Excel takes “sep=;” for itself: it is no row
        while True:
            lines.next_row()
            started = reader.line_num
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise _broken(lines, str(error), reader.line_num - started) from error
            if len(cells) > MAX_COLUMNS:
                raise BadTable(
                    file=lines.file,
                    reason=f"row {lines.row} has {len(cells):,} cells; the most is {MAX_COLUMNS}",
                    remedy="Delete the columns that are not about people, or look for a wrong delimiter.",
                )
            if (text := "".join(cells)) and not text.isspace():
                yield Row(lines.row, tuple(cells) if len(text) <= MAX_CELL else bounded(cells))
    finally:
        lines.close()


def _broken(lines: _Lines, reason: str, length: int) -> BadTable:
    if "field larger" in reason:
        why = f"a cell in row {lines.row} is longer than {csv.field_size_limit():,} characters"
        remedy = "A quotation mark that opens there may never close."
    elif "unexpected end" in reason:
        why = f"a quotation mark that opens in row {lines.row} never closes"
        remedy = "Close it, or write it twice where the text itself has one."
    else:
        why = f"row {lines.row} has a quotation mark in the wrong place"
        remedy = "Put the whole cell in quotation marks, and write those inside it twice."
    if length > 1:
        why += f" (that row goes over {length:,} lines)"
    return BadTable(file=lines.file, reason=why, remedy=remedy)


def _delimiter(file: Path, encoding: Encoding, chosen: str) -> tuple[str, bool]:
    """The delimiter, and whether the first line is Excel's, which names it."""
    with file.open(encoding=encoding.codec, newline="", errors="replace") as stream:
        lines = [stream.readline(10_000) for _ in range(_LOOKED_AT)]
    told = _SEP.fullmatch(lines[0])
    if chosen:
        return _called(file, chosen), told is not None
    if told:
        return _called(file, told[1]), True
    return _judged(lines), False


def _called(file: Path, name: str) -> str:
    delimiter = _NAMES.get(name.strip().casefold().removesuffix("s"), name)
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in "\"\r\n\0 '":
        raise BadTable(
            file=file,
            reason=f"“{name[:20]}” cannot stand between cells",
            remedy="Give --delimiter one character, or comma, semicolon, tab or bar.",
        )
    return delimiter


def _judged(lines: Sequence[str]) -> str:
    """The delimiter that cuts the most rows into the same number of cells, more than one, as the headings have."""
    best, judged = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        widths = _widths(lines, delimiter)
        if not widths or max(widths) < 2:
            continue
        # A title may stand above the headings, and rows may lack their last cells.
        usual = max(set(widths), key=lambda width: (widths.count(width) * (width > 1), width))
        steady = sum(width == usual for width in widths) / len(widths)
        if usual > 1 and (steady, usual) > judged:
            best, judged = delimiter, (steady, usual)
    return best


def _widths(lines: Sequence[str], delimiter: str) -> list[int]:
    # The lines as they are read afterwards: Python's own splitlines knows eight more ends of a line than CSV has.
    widths: list[int] = []
    try:
        for cells in csv.reader(lines, delimiter=delimiter):
            if any(cells):
                widths.append(len(cells))
    except csv.Error:
        pass
    return widths
