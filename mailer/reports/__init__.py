"""Answers to what officers and auditors ask: who received what, who did not and why, and how that went.

``report`` is what every answer is made of, ``words`` and ``values`` how it speaks, ``presenting`` gives it as a table,
CSV, XLSX, JSON or PDF. Each question has a file of its own: ``received``, ``missed``, ``sent``, ``embargoed``,
``numbers`` (with ``chart``).
"""

from mailer.reports.presenting import Manner, ReportFormat, format_named, present
from mailer.reports.report import Column, Figure, Kind, Report, Row, Seal, note_read, seal_of, watched
from mailer.reports.words import LANGUAGES, Said, Words, said

__all__ = [
    "LANGUAGES",
    "Column",
    "Figure",
    "Kind",
    "Manner",
    "Report",
    "ReportFormat",
    "Row",
    "Said",
    "Seal",
    "Words",
    "format_named",
    "note_read",
    "present",
    "said",
    "seal_of",
    "watched",
]
