"""The log: the append-only record of every event, written in the transaction that it tells of.

``log`` appends and reads entries; ``readings`` notes who was shown people's details; ``models`` is the table.
"""

from mailer.audit.log import Actor, Criteria, Event, append, append_many, append_rows, entries, entry
from mailer.audit.models import LogEntry
from mailer.audit.readings import Question, note_reading

__all__ = [
    "Actor",
    "Criteria",
    "Event",
    "LogEntry",
    "Question",
    "append",
    "append_many",
    "append_rows",
    "entries",
    "entry",
    "note_reading",
]
