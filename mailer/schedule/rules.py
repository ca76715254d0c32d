"""The embargo rules: when a wave may be planned, opened, and each of its messages sent. Values in, values out."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from mailer.clock import ZonedTime
from mailer.errors import AfterEmbargo, BeforeEmbargo, NoEmbargo, StaleTooSoon
from mailer.rendering import Occasion

EMBARGO_OVER = "its embargo is over, so an embargoed copy would be wrong"

EMBARGO_MOVED = "its embargo was moved, so that the mail would name a wrong hour: schedule a new version"

PUNCTUAL = timedelta(seconds=5)
"""Opened within this after its time, a wave is on time; after it, the log says by how much it was late."""


def check_plan(*, release: str, version: int, kind: Occasion, due: ZonedTime, embargo: ZonedTime | None) -> None:
    """Refuse a wave that would break the embargo of its version.

    Raises ``BeforeEmbargo``, ``AfterEmbargo`` or ``NoEmbargo``.
    """
    if kind is Occasion.UNDER_EMBARGO:
        if embargo is None:
            raise NoEmbargo(release=release, version=version)
        if due.instant >= embargo.instant:
            raise AfterEmbargo(release=release, due=due, embargo=embargo)
    elif embargo is not None and due.instant < embargo.instant:
        raise BeforeEmbargo(release=release, due=due, embargo=embargo)


def check_stale(*, due: ZonedTime, stale: ZonedTime) -> None:
    """Refuse a wave that could never go out. Raises ``StaleTooSoon``."""
    if stale.instant <= due.instant:
        raise StaleTooSoon(stale=stale, due=due)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """All that stands between a wave and its time, as it is in the database now."""

    kind: Occasion
    due_at: datetime
    embargoes: tuple[datetime, ...]
    """The embargo of the version that is sent and the one that the release has by now, where there are any."""
    stale_at: datetime | None = None
    """From when on an officer does not want it sent."""

    @classmethod
    def of(
        cls, kind: Occasion, due_at: datetime, *embargoes: datetime | None, stale_at: datetime | None = None
    ) -> Self:
        """The limits of a wave; an embargo that there isn't is ``None``."""
        known = tuple(e for e in embargoes if e is not None)
        return cls(kind=kind, due_at=due_at, embargoes=known, stale_at=stale_at)

    def not_before(self) -> datetime:
        """The first instant at which a byte of it may leave: a public wave waits for every embargo."""
        return max((self.due_at, *self.embargoes)) if self.kind is Occasion.PUBLIC else self.due_at

    def not_after(self) -> datetime | None:
        """From when on none may leave: a stale one, and an embargoed copy once an embargo is over."""
        ends = [self.stale_at] if self.stale_at is not None else []
        ends += self.embargoes if self.kind is Occasion.UNDER_EMBARGO else ()
        return min(ends, default=None)

    def span(self) -> tuple[datetime, datetime]:
        """The first instant at which messages may leave, and the one from which they may not: it ``forbids`` all
        others. Equal where none may at all."""
        start, end = self.not_before(), self.not_after()
        if self.kind is Occasion.UNDER_EMBARGO and len(set(self.embargoes)) > 1:
            return start, start
        return start, datetime.max.replace(tzinfo=UTC) if end is None else end

    def is_stale(self, now: datetime) -> bool:
        """Whether it is too old to be sent at all, as an officer said."""
        return self.stale_at is not None and now >= self.stale_at

    def forbids(self, now: datetime) -> str:
        """Why no message may leave at this instant; empty where it may."""
        if self.stale_at is not None and self.is_stale(now):
            return f"stale since {self.stale_at:%Y-%m-%d %H:%M:%S} UTC"
        if now < self.not_before():
            return f"a message was about to leave before {self.not_before():%Y-%m-%d %H:%M:%S} UTC"
        if self.kind is Occasion.UNDER_EMBARGO and len(set(self.embargoes)) > 1:
            # Who reads the old hour publishes at the old hour.
            return EMBARGO_MOVED
        end = self.not_after()
        return EMBARGO_OVER if end is not None and now >= end else ""


@dataclass(frozen=True, slots=True)
class Wait:
    """It is not yet time."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Open:
    """It is time; late by so much (zero when on time)."""

    late: timedelta


@dataclass(frozen=True, slots=True)
class Hold:
    """It must not go by itself; an officer decides."""

    reason: str


@dataclass(frozen=True, slots=True)
class Stale:
    """It is too late for it altogether."""


def decide_opening(
    limits: Limits, *, now: datetime, doubt: str, late_grace: timedelta, released_at: datetime | None
) -> Wait | Open | Hold | Stale:
    """What to do with a scheduled wave now.

    ``doubt`` says why the clock is not to be trusted (empty: it is). ``released_at``: when an officer let it go after
    it was held. Its grace is counted from then, if it was late already: she did not mean some day of next week.
    """
    if now < limits.due_at:
        return Wait(limits.due_at)
    if doubt:
        return Hold(doubt)
    if limits.is_stale(now):
        return Stale()
    if now < limits.not_before():
        return Hold("the embargo was moved after this wave was scheduled")
    late = now - limits.due_at
    overdue = now - max(limits.due_at, released_at or limits.due_at)
    if overdue > late_grace:
        return Hold(f"missed its time by {spell(late)}, more than the {spell(late_grace)} of late_grace")
    if reason := limits.forbids(now):
        return Hold(reason)
    return Open(late if late > PUNCTUAL else timedelta())


def spell(length: timedelta) -> str:
    """A length of time for people: ``2 d 3 h``, ``1 h 5 min``, ``12 s``."""
    seconds = round(length.total_seconds())
    parts = []
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"
