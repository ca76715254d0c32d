"""Watches the clock: the wall against the monotonic one, and notices when it jumps."""

import threading
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from mailer.clock import Clock
from mailer.schedule.rules import spell

JUMP = timedelta(seconds=2)
"""What the wall clock may have moved by itself; more is a jump, in one step or in several."""

_JUMP = JUMP.total_seconds()
# Seconds as plain numbers below: this is asked before each message.

SLEW = 0.0005
"""Seconds by which a time server corrects a clock in each second without a step (adjtime on Linux: 500 ppm)."""


def server_doubt(session: Session, now: datetime) -> str:
    """Why this machine's clock is in doubt beside the database server's; empty where they agree, or there is none.

    An SQLite database has no clock of its own.
    """
    if session.get_bind().dialect.name != "postgresql":
        return ""
    theirs = session.scalar(text("SELECT clock_timestamp()"))
    apart = abs(theirs - now) if isinstance(theirs, datetime) else timedelta()
    if apart <= JUMP:
        return ""
    return f"this machine's clock and the database server's are {spell(apart)} apart: set both right"


class Trust:
    """Whether the wall clock can be believed since this process began. Safe to share between threads.

    What slewing explains is taken as true. A jump stays in doubt until the clock has jumped back or the process is
    started anew by someone who has looked at the clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wall, self._monotonic = clock.now(), clock.monotonic()
        self._moved = 0.0
        self._doubt = ""

    def look(self) -> tuple[datetime, str]:
        """The present instant, and why it is in doubt (empty: it isn't)."""
        with self._lock:
            wall, monotonic = self._clock.now(), self._clock.monotonic()
            passed = monotonic - self._monotonic
            step = (wall - self._wall).total_seconds() - passed
            self._wall, self._monotonic = wall, monotonic
            # Summed up: looks are milliseconds apart, and a clock that runs away does so in small steps.
            self._moved += step
            if abs(self._moved) <= _JUMP:
                slewed = passed * SLEW
                self._moved -= max(-slewed, min(slewed, self._moved))
                self._doubt = ""
            elif abs(step) > _JUMP or not self._doubt:
                way = "forward" if self._moved > 0 else "back"
                how = f"jumped {way} by {spell(timedelta(seconds=abs(self._moved)))}"
                self._doubt = f"this machine's clock {how}: set it right, then start dateline run anew"
            return wall, self._doubt
