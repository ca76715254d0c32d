"""A table for a terminal or a text file, which keeps what is written from right to left in its column."""

from collections.abc import Sequence
from typing import Literal

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from mailer.reports.values import has_rtl, isolated

UNCUT = 10_000
"""Characters: no table is this wide."""


def print_table(
    console: Console, headings: Sequence[tuple[str, bool]], lines: Sequence[Sequence[str]], *, width: int
) -> None:
    """Print a table; ``headings`` has with each whether numbers are below it. ``width`` is the terminal's, or 0."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading, numbers in headings:
        side: Literal["left", "right"] = "right" if numbers else "left"
        table.add_column(Text(isolated_rtl(heading)), justify=side, no_wrap=True)
    cells = [[Text(isolated_rtl(cell)) for cell in line] for line in lines]
    for line in cells:
        table.add_row(*line)
    uncut = Console(file=console.file, width=UNCUT, highlight=False, emoji=False, no_color=console.no_color)
    if not width or Measurement.get(uncut, uncut.options, table).maximum <= width:
        uncut.print(table)
        return
    # The terminal is too narrow: one cell below the other. A folded table is hard to read, and a name that is
    # isolated from its neighbours would lose the end of its isolate to the next line.
    widest = max(len(heading) for heading, _ in headings)
    for line in cells:
        for (heading, _), cell in zip(headings, line, strict=True):
            console.print(Text.assemble((f"{heading:{widest}}  ", "bold"), cell))
        console.print()


def isolated_rtl(text: str) -> str:
    """Keep a name in Arabic from turning the columns beside it."""
    return isolated(text) if has_rtl(text) else text
