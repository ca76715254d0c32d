"""A report for a terminal, or for a text file: its frame in sentences, its rows as a table."""

import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import BinaryIO, Literal

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from mailer.reports.presenting.manner import Manner
from mailer.reports.report import Kind, Report, foot_words, head_words
from mailer.reports.values import has_rtl, isolated

UNCUT = 10_000
"""Characters: no table is this wide."""

_AT_ONCE = 1000
"""Rows of one table, whose widths they share; a longer report has several, each with its headings."""


def write_table(report: Report, stream: BinaryIO, manner: Manner) -> int:
    """Write it as text."""
    words = manner.words
    text = io.TextIOWrapper(stream, "utf-8", newline="\n", write_through=True)
    try:
        console = Console(file=text, width=UNCUT, highlight=False, emoji=False, soft_wrap=True, no_color=True)
        console.print(Text(words.say(report.title)))
        for sentence in head_words(report, words):
            console.print(Text(sentence))
        for figure in report.figures:
            console.print(Text(f"  {words.say(figure.label)}: {isolated_rtl(manner.figure(figure))}"))
        count = 0
        for rows in _pages(report.rows):
            columns, lines = manner.table(report.columns, rows)
            headings = [
                (words.say(column.heading), column.kind in (Kind.NUMBER, Kind.SECONDS)) for column in columns
            ]
            console.print()
            print_table(console, headings, lines, width=manner.width)
            count += len(rows)
        console.print()
        for sentence in foot_words(report, words):
            console.print(Text(sentence))
        return count
    finally:
        text.detach()


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


def _pages(rows: Iterable[tuple[object, ...]]) -> Iterator[list[tuple[object, ...]]]:
    iterator = iter(rows)
    while page := list(islice(iterator, _AT_ONCE)):
        yield page
