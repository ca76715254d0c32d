"""Presents a report: as a table for a terminal, CSV, XLSX, JSON, or a PDF to print.

Each format is a function that writes a report to a stream and returns how many rows it had; ``PRESENTERS`` is the one
table of them. ``manner`` is what they are told about the reader.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from mailer.reports.presenting.json_document import write_json
from mailer.reports.presenting.manner import Manner
from mailer.reports.presenting.pdf import write_pdf
from mailer.reports.presenting.spreadsheet import write_csv, write_xlsx
from mailer.reports.presenting.terminal import write_table
from mailer.reports.report import Report

__all__ = ["PRESENTERS", "Manner", "ReportFormat", "format_named", "present"]


class ReportFormat(StrEnum):
    """What a report is presented as."""

    TABLE = "table"
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    PDF = "pdf"

    @property
    def is_binary(self) -> bool:
        """Whether it is no text, and so not for a terminal."""
        return self in (ReportFormat.XLSX, ReportFormat.PDF)


Presenter = Callable[[Report, BinaryIO, Manner], int]

PRESENTERS: Mapping[ReportFormat, Presenter] = {
    ReportFormat.TABLE: write_table,
    ReportFormat.CSV: write_csv,
    ReportFormat.XLSX: write_xlsx,
    ReportFormat.JSON: write_json,
    ReportFormat.PDF: write_pdf,
}


def present(report: Report, stream: BinaryIO, form: ReportFormat, manner: Manner) -> int:
    """Write the report; returns how many rows it had. In bounded memory but for PDF, which has a limit.

    Raises ``TooMuchForFormat`` or ``ExtraMissing``.
    """
    return PRESENTERS[form](report, stream, manner)


def format_named(file: Path | None) -> ReportFormat:
    """The format that a file's name ends in; a table where it says none."""
    ending = file.suffix.removeprefix(".").casefold() if file else ""
    return ReportFormat(ending) if ending in tuple(ReportFormat) else ReportFormat.TABLE
