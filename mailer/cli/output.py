"""What the commands print: tables for people, JSON for programs, CSV for spreadsheets."""

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from mailer.cli.console import err as err
from mailer.cli.console import fail as fail
from mailer.cli.console import fail_usage as fail_usage
from mailer.cli.console import look_at as look_at
from mailer.cli.console import out as out
from mailer.cli.console import say as say
from mailer.contacts.fields import safe_cell
from mailer.errors import UnwritableFile
from mailer.reports.tables import print_table
from mailer.reports.values import cell_text as cell_text
from mailer.reports.values import plain as plain
from mailer.reports.values import shown as shown

# Excel reads UTF-8 only where this stands before it, and would show Arabic as rubbish.
_BOM = "\ufeff"

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
    if rows:
        print_table(
            out,
            [(column.heading, column.number) for column in columns],
            [[shown(row[column.field], zone) for column in columns] for row in rows],
            width=out.width if out.is_terminal else 0,
        )
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
        writer.writerow([safe_cell(cell_text(value)) for value in row.values()])
    return count


def show_document(document: Fields) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(plain(document), ensure_ascii=False, indent=2) + "\n")


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
