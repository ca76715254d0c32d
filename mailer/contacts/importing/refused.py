"""Writes the refused rows of a list as a list of their own, to be corrected and imported again."""

import csv
from pathlib import Path

from mailer.contacts.importing.account import BESIDE, Imported
from mailer.contacts.importing.taking import Manner
from mailer.errors import UnwritableFile

# A spreadsheet runs a cell that begins with one of these (OWASP, "CSV Injection"); an import takes the apostrophe off.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def write_refused(list_file: Path, done: Imported, to: Path, *, manner: Manner) -> int:
    """Write them with the list's own headings, as CSV in UTF-8 that Excel reads as such; returns how many rows.

    Raises ``UnwritableFile``, and what reading the list again may raise.
    """
    refused = done.refused_rows
    opened = manner.open(list_file)
    width = len(opened.headings)
    count = 0
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        with to.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*map(_safe, opened.headings), *BESIDE])
            for row in opened.rows:
                if (problems := refused.get(row.number)) is None:
                    continue
                cells = (*row.cells, *("",) * width)[:width]
                why = "\n".join(problem.reason for problem in problems)
                if surplus := [cell.strip() for cell in row.cells[width:] if cell.strip()]:
                    # Under headings of ours it would be taken for what is told beside the row.
                    why += f"\nbeyond the last heading: {'; '.join(surplus)}"
                columns = "\n".join(dict.fromkeys(problem.column for problem in problems))
                remedy = "\n".join(dict.fromkeys(problem.remedy for problem in problems))
                writer.writerow(map(_safe, (*cells, str(row.number), columns, why, remedy)))
                count += 1
    except OSError as error:
        raise UnwritableFile(file=to, reason=error.strerror or "unknown reason") from error
    return count


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
