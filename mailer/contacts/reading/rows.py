"""What a list's file gives once it is open: its headings and its rows of text, however it was kept."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from mailer.contacts.reading.headings import field_called
from mailer.contacts.table import MAX_CELL, clean
from mailer.errors import BadTable

MAX_COLUMNS = 500
"""More of them are a broken file: a list of people has some thirty."""
HEADINGS_WITHIN = 10
"""Rows at the top among which the headings are looked for, since some lists begin with a title."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row below the headings, with as many cells as the file has there: fewer or more than headings, maybe."""

    number: int
    """As a spreadsheet counts: the first row is 1, and mostly the headings. For vCard the number of the card."""
    cells: tuple[str, ...]
    """As they are in the file, neither trimmed nor checked; a cell longer than ``MAX_CELL`` is cut one beyond it."""


@dataclass(frozen=True, slots=True)
class OpenedList:
    """A list that can be read once, from its first row to its last."""

    file: Path
    how: str
    """As what it was read, for the officer: ``CSV, Windows-1256, semicolons``."""
    headings: tuple[str, ...]
    """Cleaned; one that is blank is called by its column's letters: ``column D``."""
    rows: Iterator[Row]
    """Read as they are asked for; empty ones are left out. A broken one raises ``BadTable`` with its number."""


def bounded(cells: Iterable[str]) -> tuple[str, ...]:
    """The cells, those that are too long cut one character beyond the bound, so that whoever checks them sees it."""
    if max(map(len, cells := tuple(cells)), default=0) <= MAX_CELL:
        return cells
    return tuple(cell if len(cell) <= MAX_CELL else cell[: MAX_CELL + 1] for cell in cells)


def below_headings(file: Path, how: str, rows: Iterator[Row]) -> OpenedList:
    """The list whose headings are that one of the first rows in which most are recognised.

    Raises ``BadTable`` where there is none.
    """
    first: list[Row] = []
    for row in rows:
        first.append(row)
        if row.number >= HEADINGS_WITHIN:
            break
    if not first:
        raise BadTable(
            file=file,
            reason="it is empty",
            remedy="Its first row names the columns: name, address, city, languages and so on.",
        )
    place = _place_of_headings(first)
    headings = _headings(first[place])
    if any("@" in heading and "." in heading for heading in headings):
        raise BadTable(
            file=file,
            reason=f"row {first[place].number} should name the columns, and it has an address in it",
            remedy="Put a row with headings above it: name, address, city, languages and so on.",
        )
    return OpenedList(file, how, headings, chain(first[place + 1 :], rows))


def _place_of_headings(rows: list[Row]) -> int:
    known = [sum(bool(field_called(cell)) for cell in row.cells) for row in rows]
    best = max(range(len(rows)), key=known.__getitem__)  # the first of several
    if known[best] > 1 or (known[best] and len(rows[best].cells) == 1):
        return best
    # Nobody knows these headings; a title above them stands alone in its row.
    return next((place for place, row in enumerate(rows) if sum(map(bool, row.cells)) > 1), 0)


def _headings(row: Row) -> tuple[str, ...]:
    names = [clean(cell[:MAX_CELL]) for cell in row.cells]
    while names and not names[-1]:
        names.pop()
    return tuple(name or f"column {column_letters(place)}" for place, name in enumerate(names))


def column_letters(place: int) -> str:
    """A column as a spreadsheet calls it: 0 is A, 26 is AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
