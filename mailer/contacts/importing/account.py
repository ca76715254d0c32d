"""What an import did, or would do: who was added, changed or joined, and what was refused and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field

BESIDE = ("row", "column", "why", "what to do")
"""Headings of what is told beside each refused row; an import leaves such columns out."""

_SHOWN = 60  # characters of a value in a message


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row was not taken; a row may have several."""

    file: str
    row: int
    """As a spreadsheet counts: the headings are row 1."""
    column: str
    """As the file heads it."""
    value: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        shown = f" “{self.value[:_SHOWN]}”" if self.value else ""
        end = f" {self.remedy}" if self.remedy else ""
        return f"{self.file}, row {self.row}, {self.column}{shown}: {self.reason}.{end}"


@dataclass(frozen=True, slots=True)
class Notice:
    """What an officer should know of a row that was taken all the same."""

    file: str
    row: int
    column: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}, {self.column}: {self.text}"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A person whom the registry did not know."""

    row: int
    name: str
    address: str
    by_default: tuple["Given", ...] = ()
    """What her row did not say, and a default did."""


@dataclass(frozen=True, slots=True)
class Given:
    """A field that somebody new has by default, as a cell shows it."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class ByDefault:
    """A value that was said of all who are new and whose rows said nothing."""

    field: str
    value: str
    people: int
    """For how many it was used."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a contact, as a cell shows it, before and after."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A contact whom a row brought up to date."""

    row: int
    contact_id: int
    name: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """A row that is about somebody who has another row, or another address in the registry."""

    row: int
    into_row: int
    """The row that it was joined to; its own where it led to a contact by a further address."""
    contact_id: int | None
    name: str
    reason: str
    kept: tuple[str, ...]
    """Fields in which the two rows differ, and the other row's value was kept."""


@dataclass(slots=True)
class Imported:
    """The whole account of one file. Counts are of people, ``refused`` tells every problem of every refused row."""

    file: str = ""
    how: str = ""
    """How it was read, such as "CSV, Windows-1256, semicolons"."""
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    merged: list[Merged] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    newcomers: list[Newcomer] = field(default_factory=list)
    changes: list[Changed] = field(default_factory=list)
    left_out: tuple[str, ...] = ()
    """Headings that are no field's."""
    new_beats: tuple[str, ...] = ()
    by_default: tuple[ByDefault, ...] = ()

    @property
    def refused_rows(self) -> Mapping[int, list[Refusal]]:
        """The refusals by row."""
        rows: dict[int, list[Refusal]] = {}
        for refusal in self.refused:
            rows.setdefault(refusal.row, []).append(refusal)
        return rows
