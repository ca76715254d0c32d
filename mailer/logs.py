"""What the program says while it runs: log records as text for people, or as one JSON line each for programs.

A record may name its event and carry fields (``fields``). No record holds a message's text, an address or a secret;
what an exception says may, so that a traceback is told without the exception's own words.
"""

import json
import logging
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType


class LogFormat(StrEnum):
    """How log records are written."""

    TEXT = "text"
    JSON = "json"


_EVENT, _FIELDS = "dateline_event", "dateline_fields"
_BASE = frozenset({"time", "level", "room", "event", "message", "error", "trace"})

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def fields(event: str, **values: str | int | float) -> Mapping[str, object]:
    """The ``extra`` of a log call: the event's name, and what a program may want to count or to sort by.

    Raises ``ValueError`` for a field that every record has.
    """
    if taken := _BASE & values.keys():
        raise ValueError(f"every record has a field of that name: {', '.join(sorted(taken))}")
    return {_EVENT: event, _FIELDS: values}


class TextFormatter(logging.Formatter):
    """A record as a line for people, and a traceback below it without what the exception says."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, with the traceback as below."""
        # Another handler's formatter may have left its own there, which the parent would take.
        record.exc_text = None
        return super().format(record)

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - its parent's name
        """The frames, and the kind of the exception."""
        kind, _, frames = ei
        told = "".join(traceback.format_tb(frames))
        return f"{told}{kind.__name__ if kind else ''}"


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Its time in UTC (RFC 3339), level, room of the program, event, message and fields."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname.lower(),
            "room": record.name.removeprefix("mailer."),
            "event": getattr(record, _EVENT, ""),
            "message": record.getMessage(),
            **getattr(record, _FIELDS, {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, frames = record.exc_info
            line["error"] = kind.__name__
            line["trace"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(frames)]
        # In ASCII: whatever the terminal or the collector takes a line's end to be, there is none in it.
        return json.dumps(line)
