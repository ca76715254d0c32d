"""A report for a terminal, or for a text file: its frame in sentences, its rows as a table."""

import io
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import BinaryIO

from rich.console import Console
from rich.text import Text

from mailer.reports.presenting.manner import Manner
from mailer.reports.report import Kind, Report, foot_words, head_words
from mailer.reports.tables import UNCUT, isolated_rtl, print_table

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


def _pages(rows: Iterable[tuple[object, ...]]) -> Iterator[list[tuple[object, ...]]]:
    iterator = iter(rows)
    while page := list(islice(iterator, _AT_ONCE)):
        yield page
