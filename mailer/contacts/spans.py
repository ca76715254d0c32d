"""How long ago, in a query: ``>30d``, ``<1y``, ``<2026-01-01``, ``never``."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

NEVER = "never"
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_AGO = re.compile(r"([<>])(\d{1,4})([dwmy])", re.ASCII)
_DAY = re.compile(r"([<>]?)(\d{4}-\d\d-\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """From the first instant on, and before the other; ``None`` is without end."""

    begin: datetime | None
    end: datetime | None


def check_span(value: str) -> str:
    """The span in its plain form. Raises ``ValueError`` with the reason."""
    plain = value.casefold().replace(" ", "")
    if plain == NEVER or _AGO.fullmatch(plain):
        return plain
    found = _DAY.fullmatch(plain)
    if found is None:
        raise ValueError("neither a length of time, a day nor never")
    try:
        day = date.fromisoformat(found[2])
    except ValueError as error:
        raise ValueError("there is no such day") from error
    if not 1900 <= day.year <= 9000:
        raise ValueError("there is no such day")
    return plain


def span_of(plain: str, at: datetime) -> Span | None:
    """What a plain form means at that instant; ``None`` for never. Days are in UTC; m is 30 days and y 365."""
    if plain == NEVER:
        return None
    if ago := _AGO.fullmatch(plain):
        # Ten thousand years are more than there were.
        border = at - min(timedelta(days=int(ago[2]) * _DAYS[ago[3]]), timedelta(days=365 * 1900))
        return Span(None, border) if ago[1] == ">" else Span(border, None)
    sign, day = plain.rstrip("0123456789-"), plain.lstrip("<>")
    begin = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
    end = begin + timedelta(days=1)
    return {"<": Span(None, begin), ">": Span(end, None), "": Span(begin, end)}[sign]
