"""How a report is presented to one reader, and how its values then read."""

from collections.abc import Sequence
from dataclasses import dataclass

from mailer.reports.report import Column, Figure, Kind, Row
from mailer.reports.values import clock_length, plain
from mailer.reports.words import Named, Said, Words


@dataclass(frozen=True, slots=True)
class Manner:
    """The reader's language and clocks, and how wide the terminal is."""

    words: Words
    width: int = 0
    """In characters; 0 where it is no terminal, and nothing has to fit."""

    def cell(self, column: Column, value: object) -> str:
        """The value of a column for people."""
        if column.kind is Kind.WORD and isinstance(value, str):
            known = column.words.get(value)
            return self.words.say(known) if known else self.words.show(value)
        return self._shown(value, column.kind)

    def table(
        self, columns: Sequence[Column], rows: Sequence[Row]
    ) -> tuple[Sequence[Column], Sequence[Sequence[str]]]:
        """The columns that a table of these rows has, and its cells."""
        printed = [
            (place, column)
            for place, column in enumerate(columns)
            if column.printed and not (column.spare and all(row[place] in ("", None, ()) for row in rows))
        ]
        cells = [[self.cell(column, row[place]) for place, column in printed] for row in rows]
        return [column for _, column in printed], cells

    def figure(self, figure: Figure) -> str:
        """The value of a figure for people."""
        return self._shown(figure.value, figure.kind)

    def _shown(self, value: object, kind: Kind) -> str:
        if kind is Kind.SECONDS and isinstance(value, int | float):
            return clock_length(value)
        return self.words.show(value)


def machine(value: object) -> object:
    """The value for programs: its English words, with every value in them as JSON has it."""
    match value:
        case Said():
            return value.message % {name: plain(machine(inner)) for name, inner in value.values.items()}
        case Named():
            return value.name_in("en")
        case _:
            return value
