"""Options that several commands share, and what they mean."""

import re
import sys
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from pydantic import TypeAdapter, ValidationError

from mailer.cli.office import Office
from mailer.clock import ZonedTime
from mailer.config import Duration
from mailer.errors import BadOption

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON; its fields are in docs/reference/json.md.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV that a spreadsheet can open safely.")]
LimitOption = Annotated[int, typer.Option("--limit", min=0, help="At most so many; 0 for all.")]
ZoneOption = Annotated[
    str,
    typer.Option("--zone", help="IANA time zone of --at, such as Asia/Beirut; the office's where it is left out."),
]
SinceOption = Annotated[
    str, typer.Option("--since", help="From this time on, in the office's zone: 2026-12-22 or '2026-12-22 10:00'.")
]
UntilOption = Annotated[str, typer.Option("--until", help="Before this time.")]

WhoArgument = Annotated[str, typer.Argument(metavar="CONTACT", help="Address, number or exact name.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]

_DURATION: TypeAdapter[timedelta] = TypeAdapter(Duration)


def instant_of(office: Office, text: str) -> datetime | None:
    """An instant of ``--since`` or ``--until``; a day means its first moment in the office's zone."""
    if not text:
        return None
    with suppress(ValueError):
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text.strip(), re.ASCII):
            # Where the clocks go forward at midnight, as in Beirut, the first moment is 01:00: PEP 495's fold=0 is
            # that instant, and the first of the two where midnight comes twice.
            return datetime.fromisoformat(text.strip()).replace(tzinfo=ZoneInfo(office.zone)).astimezone(UTC)
    return ZonedTime.parse(text, office.zone).instant


def duration_of(option: str, text: str) -> timedelta:
    """A length of time as the settings write it. Raises ``BadOption``."""
    try:
        return _DURATION.validate_python(text)
    except ValidationError as error:
        allowed = "a whole number and s, m, h or d, such as 90m or 2d"
        raise BadOption(option=option, value=text, allowed=allowed) from error


def one_of(option: str, value: str, allowed: tuple[str, ...]) -> str:
    """The value, if it is allowed. Raises ``BadOption``."""
    if value not in allowed:
        raise BadOption(option=option, value=value, allowed=", ".join(allowed))
    return value


def typed(question: str) -> str:
    """What somebody answers to a question on stderr; nothing where there is nobody to ask."""
    sys.stderr.write(f"{question}: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def day_option(option: str, text: str) -> date:
    """The day of an option. Raises ``BadOption``."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise BadOption(option=option, value=text, allowed="a day, such as 2026-12-22") from error
