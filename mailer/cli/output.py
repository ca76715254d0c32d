"""What the commands print: tables for people, JSON for programs, CSV for spreadsheets."""

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Literal, NoReturn
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from mailer.clock import offset_text
from mailer.contacts.fields import safe_cell
from mailer.errors import DatelineError, UnwritableFile

out = Console(soft_wrap=True, highlight=False, emoji=False)
err = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)

# Excel reads UTF-8 only where this stands before it, and would show Arabic as rubbish.
_BOM = "\ufeff"
_UNCUT = 10_000
"""Characters: no table is this wide."""

Fields = Mapping[str, object]


class Form(StrEnum):
    """How a list is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: the field it shows, and its heading."""

    field: str
    heading: str
    number: bool = False


def form_of(*, as_json: bool, as_csv: bool) -> Form:
    """What the two options ask for; JSON where both are given would be a guess."""
    if as_json and as_csv:
        fail_usage("--json and --csv exclude each other.")
    return Form.JSON if as_json else Form.CSV if as_csv else Form.TABLE


def show_list(
    rows: Iterable[Fields],
    columns: Sequence[Column],
    *,
    form: Form,
    zone: str,
    empty: str,
    lines: bool = False,
) -> int:
    """Print a list; returns how many there were.

    JSON is one array, or with ``lines`` one object a line, so that a long list need not fit into memory. Times are
    UTC in JSON and CSV, and in the office's zone in a table. ``empty`` says on stderr what to do when there is nothing.
    """
    match form:
        case Form.JSON:
            count = _json(rows, lines=lines)
        case Form.CSV:
            count = _csv(rows)
        case Form.TABLE:
            count = _table(list(rows), columns, zone)
    if not count and empty:
        say(empty)
    return count


def _table(rows: Sequence[Fields], columns: Sequence[Column], zone: str) -> int:
    if not rows:
        return 0
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        side: Literal["left", "right"] = "right" if column.number else "left"
        table.add_column(column.heading, justify=side, no_wrap=True)
    cells = [[Text(_isolated(shown(row[c.field], zone))) for c in columns] for row in rows]
    for line in cells:
        table.add_row(*line)
    uncut = Console(width=_UNCUT, highlight=False, emoji=False)
    if not out.is_terminal or Measurement.get(uncut, uncut.options, table).maximum <= out.width:
        uncut.print(table)
        return len(rows)
    # The terminal is too narrow: one cell below the other. A folded table is hard to read, and a name that is
    # isolated from its neighbours would lose the end of its isolate to the next line.
    width = max(len(column.heading) for column in columns)
    for line in cells:
        for column, cell in zip(columns, line, strict=True):
            out.print(Text.assemble((f"{column.heading:{width}}  ", "bold"), cell))
        out.print()
    return len(rows)


def _json(rows: Iterable[Fields], *, lines: bool) -> int:
    count = 0
    if lines:
        for count, row in enumerate(rows, 1):  # noqa: B007
            sys.stdout.write(json.dumps(plain(row), ensure_ascii=False) + "\n")
        return count
    listed = [plain(row) for row in rows]
    sys.stdout.write(json.dumps(listed, ensure_ascii=False, indent=2) + "\n")
    return len(listed)


def _csv(rows: Iterable[Fields]) -> int:
    iterator = iter(rows)
    first = next(iterator, None)
    if first is None:
        return 0
    sys.stdout.write(_BOM)
    writer = csv.writer(sys.stdout, lineterminator="\r\n")
    writer.writerow(first)
    count = 0
    for count, row in enumerate(chain([first], iterator), 1):  # noqa: B007
        writer.writerow([safe_cell(_cell(value)) for value in row.values()])
    return count


def show_document(document: Fields) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(plain(document), ensure_ascii=False, indent=2) + "\n")


def plain(value: object) -> object:
    """The value as JSON has it: instants as ``2026-12-22T08:00:00.000000Z``, everything else as it is."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case str() | int() | float() | None:
            return value
        case Iterable():
            return [plain(item) for item in value]
        case _:
            return str(value)


def _cell(value: object) -> str:
    found = plain(value)
    if found is None:
        return ""
    if isinstance(found, list):
        return "; ".join(map(str, found))
    return json.dumps(found, ensure_ascii=False) if isinstance(found, dict) else str(found)


def shown(value: object, zone: str) -> str:
    """The value for people; instants in the zone, with its offset, because an hour without it is a trap."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            local = value.astimezone(ZoneInfo(zone))
            return f"{local:%Y-%m-%d %H:%M:%S} {offset_text(local)}"
        case str():
            return value
        case Mapping():
            return ", ".join(f"{key} {shown(item, zone)}" for key, item in value.items())
        case Iterable():
            return ", ".join(map(str, value))
        case _:
            return str(value)


def _isolated(text: str) -> str:
    """Keep a name in Arabic from turning the columns beside it: FIRST STRONG ISOLATE … POP DIRECTIONAL ISOLATE."""
    return f"\u2068{text}\u2069" if any("\u0590" <= c <= "\u08ff" for c in text) else text


def say(text: str) -> None:
    """Tell a person something that is not the result."""
    err.print(text, markup=False)


def look_at(sentences: Iterable[str]) -> None:
    """Tell a person what is no error and may not be what was meant."""
    for sentence in sentences:
        err.print(Text(f"look at this: {sentence}", style="yellow"))


def bars() -> Progress:
    """Progress bars, which are gone when the block ends; shown on a terminal and nowhere else."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


def write_file(file: Path, content: bytes) -> None:
    """Write a file that a command was asked for. Raises ``UnwritableFile``."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise UnwritableFile(file=file, reason=error.strerror or "unknown reason") from error


def fail(error: DatelineError) -> NoReturn:
    """Print what was wrong and what to do, and end with 1."""
    err.print(Text(error.problem, style="bold red"))
    if error.advice:
        err.print(error.advice, markup=False)
    raise SystemExit(1)


def fail_usage(text: str) -> NoReturn:
    """Print how the command is used, and end with 2."""
    err.print(Text(text, style="bold red"))
    raise SystemExit(2)
