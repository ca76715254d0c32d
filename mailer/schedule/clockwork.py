"""The clockwork: wakes at each wave's time and opens it. The database is the truth; this is only the alarm.

APScheduler's jobs live in memory and are laid anew from the waves at start and at every sweep, so that a wave that
the command line scheduled a second ago is seen, and no job store is shared (APScheduler 3 forbids that). The sweep
is a thread of its own that waits on the monotonic clock: a scheduler's job would stand still for an hour after the
wall clock was set back by one, and the sweep also opens whatever an alarm should have opened and didn't.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.clock import Clock
from mailer.database import Database
from mailer.errors import DatelineError
from mailer.logs import fields
from mailer.schedule.live import (
    Refreshed,
    needs_refresh,
    open_up_to_date,
    refresh_or_hold,
    waves_to_refresh,
)
from mailer.schedule.rules import Hold, Stale, Wait
from mailer.schedule.trust import Trust
from mailer.schedule.waves import (
    Opened,
    cancel_stale,
    due_waves,
    hold,
    hold_shifted,
    stale_waves,
    wave_numbered,
)

SWEEP = 1.0
"""Seconds that a wave scheduled elsewhere may go unseen."""

AHEAD = timedelta(minutes=10)
"""Alarms are set for the waves of this much time to come."""

REFRESH = 30.0
"""Seconds between two looks at the list of a wave that follows it, in those minutes."""

CLOSE = timedelta(seconds=5)
"""A wave whose time is nearer than this is brought up to date only by its opening, which must not wait."""

ACTOR = Actor("system:clockwork")

_log = logging.getLogger(__name__)


class Clockwork:
    """Opens waves at their time. ``on_opened``, ``on_held`` and ``on_stale`` are called (on the clockwork's threads)
    with each that it opened, held or cancelled, ``on_beat`` after each sweep."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        trust: Trust,
        *,
        templates: Path,
        late_grace: timedelta,
        give_up_after: timedelta,
        on_opened: Callable[[Opened], None],
        on_held: Callable[[int, str], None],
        on_stale: Callable[[int], None],
        on_beat: Callable[[], None],
        second_clock: Callable[[Session, datetime], str] = lambda session, now: "",  # noqa: ARG005
    ) -> None:
        """``templates``: the folder of the office's, for whoever comes to a live audience and needs another text.

        ``second_clock`` says why the instant is in doubt by another clock; see ``trust.server_doubt``."""
        self._database, self._clock, self._trust = database, clock, trust
        self._templates, self._late_grace, self._give_up_after = templates, late_grace, give_up_after
        self._on_opened, self._on_held, self._on_stale, self._on_beat = on_opened, on_held, on_stale, on_beat
        self._second_clock = second_clock
        self._doubt = ""
        self._looked: dict[int, float] = {}
        """When the list of a wave that follows it was last looked at, by the monotonic clock."""
        self._stopping = threading.Event()
        self._sweeper = threading.Thread(target=self._keep_sweeping, name="clockwork", daemon=True)
        # One thread: two alarms at once would only wait for each other in the database.
        self._alarms = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            # Late alarms are run, once; whether it is too late is decided by the rules, in the open.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    def start(self) -> None:
        """Open what is due and keep the clock until ``stop``."""
        self._alarms.start()
        # Zone data changes only with an upgrade, so that one look at the start is enough.
        with _survived("check the zones of scheduled waves"):
            with self._database.write() as session:
                shifted = hold_shifted(session, at=self._clock.now(), actor=ACTOR)
            for wave_id, reason in shifted:
                self._on_held(wave_id, reason)
        self._sweeper.start()

    def stop(self) -> None:
        """Let a running alarm finish and set no more."""
        self._stopping.set()
        if self._sweeper.is_alive():
            self._sweeper.join()
        if self._alarms.running:
            self._alarms.shutdown(wait=True)

    def _keep_sweeping(self) -> None:
        while True:
            self.sweep()
            if self._stopping.wait(SWEEP):
                return

    def sweep(self) -> None:
        """Look at the clock, open what is due, set the alarms of what is next. Survives a database that is away."""
        with _survived("sweep"):
            now, doubt = self._trust.look()
            self._note_doubt(now, doubt)
            with self._database.read() as session:
                upcoming = due_waves(session, until=now + AHEAD)
                stale = stale_waves(session, now=now)
            # The alarms first: however long it takes to open what is due, they go off at their time.
            for wave_id, due_at in upcoming:
                if due_at > now:
                    self._set_alarm(wave_id, due_at)
            for wave_id, due_at in upcoming:
                if due_at <= now:
                    # Each by itself: one that cannot be opened must not stand before all later ones.
                    with _survived(f"open wave {wave_id}"):
                        self.open(wave_id)
            for wave_id in stale:
                with _survived(f"cancel wave {wave_id}, which is stale"):
                    self.drop(wave_id)
            with _survived("look at the lists of waves that follow them"):
                self._refresh(now)
            self._on_beat()

    def _refresh(self, now: datetime) -> None:
        """Bring live audiences up to date before their time, so that little is left for the opening to do."""
        with self._database.read() as session:
            coming = waves_to_refresh(session, after=now + CLOSE, until=now + AHEAD)
            moment = self._clock.monotonic()
            self._looked = {wave.id: self._looked[wave.id] for wave in coming if wave.id in self._looked}
            due = [w for w in coming if moment - self._looked.get(w.id, moment - REFRESH) >= REFRESH]
            changed = [wave.id for wave in due if needs_refresh(session, wave, at=now)]
            self._looked |= {wave.id: moment for wave in due}
        for wave_id in changed:
            with _survived(f"bring the audience of wave {wave_id} up to date"):
                with self._database.write() as session:
                    outcome = refresh_or_hold(session, wave_id, templates=self._templates, at=now, actor=ACTOR)
                match outcome:
                    case Hold(reason):
                        self._on_held(wave_id, reason)
                    case Refreshed() if outcome.changed:
                        _log.info(
                            "wave %s follows its list: %s have come and %s have gone",
                            wave_id,
                            len(outcome.came),
                            len(outcome.went),
                            extra=fields("wave.refreshed", wave=wave_id, deliveries=outcome.deliveries),
                        )

    def open(self, wave_id: int) -> None:
        """Open this wave if its time has come by the office's own clock; the sweep comes back to it if not."""
        now, doubt = self._trust.look()
        with self._database.write() as session:
            outcome = open_up_to_date(
                session,
                wave_id,
                templates=self._templates,
                now=now,
                doubt=doubt or self._second_clock(session, now),
                late_grace=self._late_grace,
                give_up_after=self._give_up_after,
                actor=ACTOR,
            )
        match outcome:
            case None:
                pass
            case Wait(until):
                # The alarm went off a moment early by the office's clock: set it again, just after.
                self._set_alarm(wave_id, until + timedelta(milliseconds=1))
            case Hold(reason):
                self._on_held(wave_id, reason)
            case Stale():
                self._on_stale(wave_id)
            case Opened():
                self._on_opened(outcome)

    def drop(self, wave_id: int) -> None:
        """Cancel this wave if it is stale; by a clock in doubt it is only held."""
        now, doubt = self._trust.look()
        with self._database.write() as session:
            wave = wave_numbered(session, wave_id)
            doubt = doubt or self._second_clock(session, now)
            if doubt:
                held = hold(session, wave, reason=doubt, at=now, actor=ACTOR)
            else:
                dropped = cancel_stale(session, wave, now=now, actor=ACTOR)
        if doubt and held:
            self._on_held(wave_id, doubt)
        elif not doubt and dropped:
            self._on_stale(wave_id)

    def _set_alarm(self, wave_id: int, at: datetime) -> None:
        if self._alarms.running:
            self._alarms.add_job(
                self.open, "date", run_date=at, args=(wave_id,), id=f"wave {wave_id}", replace_existing=True
            )

    def _note_doubt(self, now: datetime, doubt: str) -> None:
        if doubt and doubt != self._doubt:
            _log.warning(
                "%s: waves that come due are held until you have looked at it",
                doubt,
                extra=fields("clock.jumped", reason=doubt),
            )
            with self._database.write() as session:
                append(session, Event.CLOCK_JUMPED, at=now, actor=ACTOR, data={"reason": doubt})
        self._doubt = doubt


@contextmanager
def _survived(what: str) -> Iterator[None]:
    # A thread that dies of one bad sweep would let every later embargo pass in silence.
    try:
        yield
    except DatelineError as error:
        _log.warning(
            "the clockwork could not %s, and will try again in a second: %s",
            what,
            error,
            extra=fields("clockwork.waits"),
        )
    except Exception:
        _log.exception(
            "the clockwork failed to %s, and will try again in a second", what, extra=fields("clockwork.failed")
        )
