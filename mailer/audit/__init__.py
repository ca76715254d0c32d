"""The log: the append-only record of every event, written in the transaction that it tells of.

``log`` appends and reads entries; ``models`` is their table.
"""

from mailer.audit.log import Actor, Criteria, Event, append, append_many, append_rows, entries, entry
from mailer.audit.models import LogEntry

__all__ = ["Actor", "Criteria", "Event", "LogEntry", "append", "append_many", "append_rows", "entries", "entry"]
