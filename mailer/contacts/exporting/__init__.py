"""Contacts out: as CSV, XLSX, vCard or JSON, such that the import takes back the same.

``choosing`` says whom; ``csv``, ``xlsx``, ``vcard`` and ``json`` write them. ``export`` is the way in.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO

from mailer.contacts.exporting.choosing import chosen, note_export
from mailer.contacts.exporting.json_lines import write_json
from mailer.contacts.exporting.spreadsheet import write_csv, write_xlsx
from mailer.contacts.exporting.vcard import write_vcards
from mailer.contacts.fields import NAMES
from mailer.contacts.records import Record

__all__ = ["ExportFormat", "chosen", "export", "note_export"]


class ExportFormat(StrEnum):
    """What an export is written as."""

    CSV = "csv"
    XLSX = "xlsx"
    VCARD = "vcard"
    JSON = "json"


def export(
    people: Iterable[Record],
    stream: BinaryIO,
    form: ExportFormat,
    *,
    at: datetime,
    columns: Sequence[str] = NAMES,
) -> int:
    """Write them, one at a time in bounded memory; returns how many. CSV and XLSX have only the ``columns``, names of
    ``contacts.fields``. Raises ``TooMuchForFormat``."""
    match form:
        case ExportFormat.CSV:
            return write_csv(people, stream, columns)
        case ExportFormat.XLSX:
            return write_xlsx(people, stream, columns, at=at)
        case ExportFormat.VCARD:
            return write_vcards(people, stream)
        case ExportFormat.JSON:
            return write_json(people, stream)
