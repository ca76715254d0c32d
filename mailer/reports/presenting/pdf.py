"""A report to print: a PDF on A4, made by typst, in either direction of writing.

What is in the report goes to typst as JSON and is printed as text; none of it can be markup. Fonts are those that
typst carries and those in ``fonts/``, never the machine's, so that a report looks the same everywhere.
"""

import json
import unicodedata
from collections.abc import Mapping
from datetime import UTC
from importlib.resources import as_file, files
from types import ModuleType
from typing import BinaryIO

from mailer.errors import ExtraMissing, TooMuchForFormat
from mailer.reports.presenting.manner import Manner
from mailer.reports.report import Column, Kind, Report, Row, foot_words, head_words, seal_words
from mailer.reports.words import Words, said

MOST_ROWS = 3_000
"""Some 120 pages. Typst needs a quarter of a megabyte of memory for a row of ten columns until all are laid out."""

_STRONG = {"L": "ltr", "R": "rtl", "AL": "rtl"}
_ISOLATES = ("LRI", "RLI", "FSI")

_PACKAGE = files("mailer.reports.presenting")


def write_pdf(report: Report, stream: BinaryIO, manner: Manner) -> int:
    """Write it. Raises ``ExtraMissing``, or ``TooMuchForFormat`` for more than ``MOST_ROWS``."""
    typst = _typst()
    document, count = _document(report, manner)
    stream.write(_compiled(typst, document))
    return count


def _compiled(typst: ModuleType, document: Mapping[str, object]) -> bytes:
    with as_file(_PACKAGE / "fonts") as fonts:
        made: bytes = typst.compile(
            (_PACKAGE / "report.typ").read_bytes(),
            format="pdf",
            font_paths=[fonts],
            ignore_system_fonts=True,
            # Not by a file, which would have people in it.
            sys_inputs={"report": json.dumps(document, ensure_ascii=False)},
        )
    return made


def _typst() -> ModuleType:
    try:
        import typst
    except ImportError as error:
        raise ExtraMissing(what="A report as PDF", extra="pdf") from error
    return typst


def _document(report: Report, manner: Manner) -> tuple[Mapping[str, object], int]:
    """What ``report.typ`` reads, and how many rows there are."""
    words = manner.words
    rows: list[Row] = []
    for row in report.rows:
        if len(rows) == MOST_ROWS:
            remedy = "Ask for a part of it, such as one city, or take XLSX or CSV."
            raise TooMuchForFormat(format="PDF", reason=f"it holds {MOST_ROWS:,} rows", remedy=remedy)
        rows.append(row)
    columns, cells = manner.table(report.columns, rows)
    return {
        "language": words.language,
        "direction": words.direction,
        "title": words.say(report.title),
        "made": report.made_at.astimezone(UTC).timetuple()[:6],
        "head": head_words(report, words),
        "figures": [[words.say(f.label), _turned(manner.figure(f), words)] for f in report.figures],
        "columns": [_column(column, words) for column in columns],
        "rows": [[_turned(cell, words) for cell in line] for line in cells],
        "nothing": words.say(said("Nobody and nothing.")),
        "foot": foot_words(report, words)[:-1],
        "seal": words.say(seal_words(report)),
        # Typst counts the pages: what stands before, between and after their numbers.
        "page": words.say(said("Page %(page)s of %(pages)s", page="\ue000", pages="\ue000")).split("\ue000"),
    }, len(rows)


def _column(column: Column, words: Words) -> Mapping[str, object]:
    number = column.kind in (Kind.NUMBER, Kind.SECONDS)
    narrow = number or column.kind in (Kind.DAY, Kind.INSTANT)
    return {"heading": words.say(column.heading), "number": number, "share": 0 if narrow else column.width}


def _turned(text: str, words: Words) -> object:
    """The text, in an object of its own where it is written in the other direction than the report."""
    return text if _direction(text) == words.direction else {"turned": text}


def _direction(text: str) -> str:
    """That of its first letter outside of isolates (UAX #9, P2); one without any, such as a time, begins left."""
    depth = 0
    for character in text:
        kind = unicodedata.bidirectional(character)
        depth += (kind in _ISOLATES) - (kind == "PDI")
        if depth == 0 and kind in _STRONG:
            return _STRONG[kind]
    return "ltr"
