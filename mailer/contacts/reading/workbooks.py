"""Lists kept as workbooks, XLSX and ODS: one sheet as text, once the file is known to be harmless."""

import xml.parsers.expat
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path, PurePosixPath

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from mailer.contacts.reading.archives import damaged, holds_text, open_archive
from mailer.contacts.reading.rows import OpenedList, Row, below_headings, bounded
from mailer.contacts.reading.sheets import (
    Sheet,
    Unfit,
    check_prolog,
    elements,
    lengths_of_shared_strings,
    look_through_ods,
    look_through_xlsx,
)
from mailer.contacts.spelling import fold
from mailer.errors import BadTable, nearest

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_WORKBOOK = "xl/workbook.xml"
_SHARED = "xl/sharedStrings.xml"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""The stream in which an OLE file carries a workbook that has a password (MS-OFFCRYPTO 2.3.4.4)."""
_SHOWN = 5


def open_workbook(file: Path, sheet: str = "") -> OpenedList:
    """The sheet of that name, or the first with something in it. Raises ``BadTable``; OSError is the caller's."""
    try:
        with open_archive(file) as archive:
            kind, sheets = _looked_through(archive, sheet)
        name = _chosen(file, sheets, sheet)
        sheets[name].check_formula()
        how = f"{kind}, sheet “{name}”"
        if others := [f"“{other}”" for other in sheets if other != name]:
            rest = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
            how += f"; not read: {', '.join(others[:_SHOWN])}{rest}"
        return below_headings(file, how, _rows(_read(file, name)))
    except Unfit as unfit:
        raise BadTable(file=file, reason=unfit.reason, remedy=unfit.remedy) from unfit
    except (xml.parsers.expat.ExpatError, KeyError, zipfile.BadZipFile) as error:
        raise damaged(file) from error


def refuse_ole(file: Path) -> BadTable:
    """The error for an OLE file: an old workbook, or a new one with a password."""
    if holds_text(file, _ENCRYPTED):
        return BadTable(
            file=file, reason="it is protected by a password", remedy="Open it and save it without one."
        )
    return BadTable(
        file=file,
        reason="it is a workbook of the old kind (.xls)",
        remedy="Open it and save it as 'Excel Workbook (.xlsx)' or 'CSV UTF-8'.",
    )


def _looked_through(archive: zipfile.ZipFile, wanted: str) -> tuple[str, dict[str, Sheet]]:
    """The kind of workbook, and its visible sheets (and the wanted one) by name."""
    names = set(archive.namelist())
    if _WORKBOOK in names:
        for part in ("xl/styles.xml", "[Content_Types].xml", "_rels/.rels"):
            if part in names:
                with archive.open(part) as stream:
                    check_prolog(stream)
        return "XLSX", _xlsx_sheets(archive, wanted)
    if "content.xml" in names and archive.read("mimetype")[:100].startswith(
        b"application/vnd.oasis.opendocument.spreadsheet"
    ):
        if b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise Unfit("it is protected by a password", "Open it and save it without one.")
        with archive.open("content.xml") as stream:
            sheets = look_through_ods(stream)
        shown = {n: sheet for n, sheet in sheets.items() if not sheet.hidden or fold(n) == fold(wanted)}
        return "ODS", shown
    what = "a Word document" if "word/document.xml" in names else "a zip file, and no workbook that can be read"
    raise Unfit(f"it is {what}", "Save the list as 'Excel Workbook (.xlsx)', ODS or 'CSV UTF-8'.")


def _xlsx_sheets(archive: zipfile.ZipFile, wanted: str) -> dict[str, Sheet]:
    with archive.open(_WORKBOOK) as stream:
        listed = elements(stream, "sheet")
    with archive.open("xl/_rels/workbook.xml.rels") as stream:
        targets = {a.get("Id", ""): a.get("Target", "") for a in elements(stream, "Relationship")}
    sheets: dict[str, Sheet] = {}
    names = set(archive.namelist())
    shared: Sequence[int] = ()
    if _SHARED in names:
        with archive.open(_SHARED) as stream:
            shared = lengths_of_shared_strings(stream)
    found = False
    for attributes in listed:
        name = attributes.get("name", "")
        hidden = attributes.get("state", "visible") != "visible"
        target = targets.get(next((v for k, v in attributes.items() if k.rpartition(":")[2] == "id"), ""), "")
        part = str(PurePosixPath("xl", target)).lstrip("/")
        if (hidden and fold(name) != fold(wanted)) or part not in names or "chartsheets/" in part:
            continue
        sheets[name] = Sheet()
        # Only what will be read needs to be looked through.
        if fold(name) == fold(wanted) if wanted else not found:
            with archive.open(part) as stream:
                sheets[name] = look_through_xlsx(stream, shared)
            found = sheets[name].filled
    return sheets


def _chosen(file: Path, sheets: dict[str, Sheet], wanted: str) -> str:
    if wanted:
        name = next((name for name in sheets if fold(name) == fold(wanted)), None)
        if name is None:
            raise BadTable(file=file, reason=f"it has no sheet “{wanted[:60]}”", remedy=nearest(wanted, sheets))
        return name
    name = next((name for name, sheet in sheets.items() if sheet.filled), None)
    if name is None:
        raise BadTable(
            file=file,
            reason="it is empty",
            remedy="Its first row names the columns: name, address, city, languages and so on.",
        )
    return name


def _read(file: Path, name: str) -> CalamineSheet:
    try:
        with file.open("rb") as stream, CalamineWorkbook.from_filelike(stream) as workbook:
            return workbook.get_sheet_by_name(name)
    except CalamineError as error:
        raise damaged(file) from error
    except BaseException as error:
        # What its Rust code did not foresee comes as an exception that is no Exception.
        if type(error).__name__ == "PanicException":
            raise damaged(file) from error
        raise


def _rows(sheet: CalamineSheet) -> Iterator[Row]:
    left = [""] * (sheet.start[1] if sheet.start else 0)
    merged = _merged(sheet)
    standing: dict[int, tuple[int, str]] = {}
    for number, values in enumerate(sheet.iter_rows(), 1):
        cells = left + [_text(value) for value in values]
        if any(cells):
            for column, (last, text) in standing.items():
                if number <= last and column < len(cells):
                    cells[column] = cells[column] or text
        for column, last in merged.get(number, ()):
            if column < len(cells):
                standing[column] = (last, cells[column])
        while cells and not cells[-1]:
            cells.pop()
        if any(cells) and not all(cell.isspace() for cell in cells if cell):
            yield Row(number, bounded(cells))


def _merged(sheet: CalamineSheet) -> dict[int, list[tuple[int, int]]]:
    """The cells that reach over several rows, as an outlet's beside all its people: by their first row, column (from 0)
    and last row. What they say is of each of the rows, while the file has it in the first alone."""
    found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for (first, column), (last, _) in sheet.merged_cell_ranges or ():
        if last > first:
            found[first + 1].append((column, last + 1))
    return found


def _text(value: object) -> str:
    """The cell as it would be typed: no ".0" behind a number, days as 2026-03-01."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        # A telephone number or an account typed as a number: all its digits, never 9.6e+11.
        return str(int(value)) if value == value and abs(value) < 1e21 and value == int(value) else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes") if value.time() != time() else value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    return str(value) if isinstance(value, timedelta) else ""
