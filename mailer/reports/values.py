"""Values as they are shown: to programs (JSON), to spreadsheets (a cell) and to people (a text)."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from mailer.clock import offset_text


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


def cell_text(value: object) -> str:
    """The value in one cell of a spreadsheet; a list has ``; `` between its parts, an object is JSON."""
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


def isolated(text: str) -> str:
    """The text among others of another script: FIRST STRONG ISOLATE … POP DIRECTIONAL ISOLATE (UAX #9)."""
    return f"\u2068{text}\u2069"


def has_rtl(text: str) -> bool:
    """Whether a letter in it is written from right to left."""
    return any("\u0590" <= c <= "\u08ff" or "\ufb1d" <= c <= "\ufefc" for c in text)


def clock_length(seconds: float) -> str:
    """A length of time as ``0:00:04.2``: hours, minutes and seconds; before an instant with a minus."""
    tenths = round(abs(seconds) * 10)
    sign = "-" if seconds < 0 and tenths else ""
    return f"{sign}{tenths // 36000}:{tenths // 600 % 60:02}:{tenths // 10 % 60:02}.{tenths % 10}"
