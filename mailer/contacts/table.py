"""Reads a contact list's file into rows of clean text, each cell with its place in the file."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailer.errors import BadTable, UnreadableFile

MAX_BYTES = 100_000_000
MAX_CELL = 10_000
"""Characters; a longer cell is a broken quotation mark, not a name."""

# Embeddings, overrides and isolates: in a name they would turn the text around it.
_BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Row:
    """One row below the headings."""

    number: int
    """As a spreadsheet counts: the headings are row 1."""
    cells: dict[str, str]
    surplus: bool
    """There is text beyond the last heading: most likely a comma that shifted the cells."""


def clean(text: str) -> str:
    """One line of text: white space and line breaks as single spaces, composed (NFC), no bidi controls."""
    return " ".join(unicodedata.normalize("NFC", _BIDI_CONTROLS.sub("", text)).split())


def read_rows(file: Path, *, required: Sequence[str], allowed: Sequence[str]) -> Iterator[Row]:
    """The rows of a CSV file (UTF-8; comma, semicolon or tab between cells), empty ones left out.

    Raises ``UnreadableFile`` or ``BadTable`` for what makes the whole file unusable, before the first row.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UnreadableFile(file=file, reason=error.strerror or "unknown reason") from error
    if len(content) > MAX_BYTES:
        raise BadTable(file=file, reason=f"it is larger than {MAX_BYTES // 1_000_000} MB", remedy="Split it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadTable(
            file=file,
            reason="it is not UTF-8 text",
            remedy="In Excel save it again as 'CSV UTF-8 (comma delimited)'.",
        ) from error
    if "\x00" in text:
        raise BadTable(file=file, reason="it has NUL characters in it", remedy="Save it again as CSV UTF-8.")
    first_line = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(",;\t", key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    return _rows(file, reader, required, allowed)


def _rows(
    file: Path, reader: Iterator[list[str]], required: Sequence[str], allowed: Sequence[str]
) -> Iterator[Row]:
    headings: list[str] | None = None
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            raise BadTable(
                file=file,
                reason=f"row {number} is broken ({error})",
                remedy="Look for a stray quotation mark there.",
            ) from error
        if not any(cell.strip() for cell in cells):
            continue
        if headings is None:
            headings = [clean(cell).casefold().replace(" ", "_") for cell in cells]
            _check_headings(file, headings, required, allowed)
            continue
        surplus = any(cell.strip() for cell in cells[len(headings) :])
        yield Row(number, dict(zip(headings, cells + [""] * len(headings), strict=False)), surplus)
    if headings is None:
        raise BadTable(
            file=file, reason="it is empty", remedy=f"Its first row names columns: {', '.join(allowed)}."
        )


def _check_headings(file: Path, headings: list[str], required: Sequence[str], allowed: Sequence[str]) -> None:
    missing = [name for name in required if name not in headings]
    unknown = [name for name in headings if name not in allowed]
    twice = [name for name in headings if headings.count(name) > 1]
    for names, what in ((missing, "lacks the column"), (unknown, "has an unknown column"), (twice, "has twice")):
        if names:
            raise BadTable(
                file=file,
                reason=f"it {what} {names[0] or '(without a heading)'}",
                remedy=f"Columns: {', '.join(allowed)}; needed are {', '.join(required)}.",
            )
