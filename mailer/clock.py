"""Time: the one way to say now, and wall times that travel with their zone.

An instant is an aware UTC ``datetime``. A wall time is what an officer means ("10:00 in Beirut"): it is
kept as its naive ``datetime`` with the IANA zone, and turned into an instant here, where a time that the
zone skips or repeats (RFC 5545 3.3.5 leaves it to a rule; we ask instead) is refused.
"""

import difflib
import re
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo, available_timezones, reset_tzpath

import tzdata

from mailer.errors import AmbiguousWallTime, BadWallTime, SkippedWallTime, UnknownZone, WrongOffset

_SYSTEM_ZONES = Path("/usr/share/zoneinfo/tzdata.zi")


def _newest_zone_data() -> str:
    """Read zones from the system or from the tzdata package, whichever is newer; returns its version.

    A country decides on summer time weeks ahead (Lebanon and Egypt in 2023): old data moves an embargo by an hour.
    """
    try:
        with _SYSTEM_ZONES.open(encoding="ascii") as file:
            theirs = file.readline().rpartition(" ")[2].strip()
    except (OSError, UnicodeDecodeError):
        theirs = ""
    if theirs >= tzdata.IANA_VERSION:
        return theirs
    reset_tzpath(())
    return str(tzdata.IANA_VERSION)


ZONE_DATA = _newest_zone_data()
"""The version of the IANA time zone data in use, such as ``2026a``."""

_WALL = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2})?)\s*(?:([+-])(\d{2}):?(\d{2}))?", re.ASCII)


class Clock(Protocol):
    """Tells the time; given to whatever needs it, so that tests can move it."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed point, never set back and counting on while the machine sleeps."""
        ...


# CLOCK_MONOTONIC stands still in suspend on Linux, which would look like a wall clock that jumped.
_MONOTONIC = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.clock_gettime(_MONOTONIC)


def newest_day(instant: datetime) -> date:
    """The day that it is by then where days begin first, fourteen hours ahead of UTC: a later one has begun nowhere."""
    return (instant.astimezone(UTC) + timedelta(hours=14)).date()


def zone_named(name: str) -> ZoneInfo:
    """The IANA zone of that name. Raises ``UnknownZone``; never falls back to another zone."""
    known = available_timezones()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        raise UnknownZone(zone=name, nearest=f" Did you mean {near[0]}?" if near else "")
    return ZoneInfo(name)


def offset_text(instant: datetime) -> str:
    """The UTC offset of an aware time as readers know it: ``UTC+2``, ``UTC+5:30``, ``UTC``."""
    offset = instant.utcoffset()
    if offset is None:
        raise ValueError("a time without a zone has no offset")
    if not offset:
        return "UTC"
    minutes = round(abs(offset.total_seconds()) / 60)
    hours, rest = divmod(minutes, 60)
    return f"UTC{'-' if offset < timedelta(0) else '+'}{hours}" + (f":{rest:02}" if rest else "")


@dataclass(frozen=True, slots=True)
class ZonedTime:
    """A wall time in its zone, and the one instant that it means."""

    wall: datetime
    """Naive: what the clocks on the wall show."""
    zone: str
    """IANA name."""
    instant: datetime
    """Aware, in UTC."""

    @classmethod
    def parse(cls, text: str, zone: str) -> "ZonedTime":
        """Read ``2026-12-22 10:00`` (an offset may follow) in that zone.

        Raises ``BadWallTime``, ``UnknownZone``, ``SkippedWallTime``, ``AmbiguousWallTime`` (unless the
        offset says which of the two it is) or ``WrongOffset``.
        """
        match = _WALL.fullmatch(text.strip())
        if match is None:
            raise BadWallTime(value=text)
        try:
            wall = datetime.fromisoformat(f"{match[1]} {match[2]}")
            offset = (
                timedelta(hours=int(match[4]), minutes=int(match[5])) * (-1 if match[3] == "-" else 1)
                if match[3]
                else None
            )
            return cls.at(wall, zone, offset)
        except (ValueError, OverflowError) as error:
            raise BadWallTime(value=text) from error

    @classmethod
    def at(cls, wall: datetime, zone: str, offset: timedelta | None = None) -> "ZonedTime":
        """The instant of a naive wall time in a zone; see ``parse`` for what is refused."""
        tz = zone_named(zone)
        first, second = (wall.replace(tzinfo=tz, fold=fold) for fold in (0, 1))
        # PEP 495: a wall time that is there once or twice survives the way to UTC and back.
        there = [t for t in (first, second) if t.astimezone(UTC).astimezone(tz).replace(tzinfo=None) == wall]
        shown = f"{wall:%Y-%m-%d %H:%M}"
        if not there:
            # In a gap fold=0 reads with the offset before it, fold=1 with the one after it.
            before, after = _edges_of_gap(wall, tz)
            raise SkippedWallTime(
                wall=shown, zone=zone, before=f"{before:%Y-%m-%d %H:%M}", after=f"{after:%Y-%m-%d %H:%M}"
            )
        choices = {t.utcoffset(): t for t in there}
        if offset is not None:
            if offset not in choices:
                right = " or ".join(offset_text(t) for t in choices.values())
                raise WrongOffset(wall=shown, offset=_signed(offset), zone=zone, right=right)
            return cls(wall, zone, choices[offset].astimezone(UTC))
        if len(choices) > 1:
            both = list(choices.values())
            texts = [f"{shown}{_signed(t.utcoffset() or timedelta())}" for t in both]
            instants = [f"{offset_text(t)}, which is {t.astimezone(UTC):%Y-%m-%d %H:%M} UTC" for t in both]
            raise AmbiguousWallTime(
                wall=shown, zone=zone, first=instants[0], second=instants[1], choices=" or ".join(texts)
            )
        return cls(wall, zone, there[0].astimezone(UTC))

    @classmethod
    def of(cls, instant: datetime, zone: str) -> "ZonedTime":
        """What the clocks on the wall show in that zone at an instant."""
        return cls(instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None), zone, instant.astimezone(UTC))

    def __str__(self) -> str:
        """For officers: wall time, zone and UTC, so that nobody has to guess."""
        local = self.instant.astimezone(ZoneInfo(self.zone))
        form = "%Y-%m-%d %H:%M:%S" if self.wall.second else "%Y-%m-%d %H:%M"
        return f"{self.wall:{form}} {self.zone} ({offset_text(local)}; {self.instant:{form}} UTC)"


def _signed(offset: timedelta) -> str:
    minutes = int(offset.total_seconds() // 60)
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}"


def _edges_of_gap(wall: datetime, tz: ZoneInfo) -> tuple[datetime, datetime]:
    """The wall times between which the clocks jump forward over ``wall``: last shown, first shown after."""
    early, late = (wall.replace(tzinfo=tz, fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    low = (wall - max(early, late)).replace(tzinfo=UTC)
    high = (wall - min(early, late)).replace(tzinfo=UTC)
    start = low.astimezone(tz).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if middle.astimezone(tz).utcoffset() == start else (low, middle)
    edge = high.replace(microsecond=0)
    return (edge + min(early, late)).replace(tzinfo=None), (edge + max(early, late)).replace(tzinfo=None)
