"""Follows a wave while it is sent: how far, how fast, until when, and what the relays say."""

import time

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from mailer.cli.office import Office
from mailer.cli.output import err, out, shown
from mailer.delivery.progress import Progress, progress
from mailer.schedule.models import Wave, WaveState
from mailer.schedule.rules import spell
from mailer.schedule.waves import wave_numbered

_SECONDS = 0.5
_OVER = (WaveState.DONE, WaveState.CANCELLED)


def follow(office: Office, number: int) -> None:
    """Show the wave's progress until it is done or cancelled; stopped by Ctrl-C, which stops only the looking.

    Without a terminal each change is a line on standard output.
    """
    last = ""
    with Live(console=err, auto_refresh=False, transient=False) as live:
        while True:
            with office.database.read() as session:
                wave = wave_numbered(session, number)
                now = progress(session, number, now=office.clock.now())
            line = _line(office, wave, now)
            if err.is_terminal:
                live.update(_picture(line, now), refresh=True)
            elif line != last:
                out.print(line, markup=False)
                last = line
            if wave.state in _OVER:
                return
            time.sleep(_SECONDS)


def _line(office: Office, wave: Wave, now: Progress) -> str:
    parts = [f"wave {wave.id} {wave.state.value}", f"{now.settled} of {now.total}"]
    if wave.state is WaveState.SCHEDULED:
        wait = wave.due_at - office.clock.now()
        parts.append(f"goes out in {spell(wait)}" if wait.total_seconds() > 0 else "its time is past")
    if wave.state is WaveState.SENDING and now.per_second:
        parts.append(f"{now.per_second:.0f} a second")
    if wave.state is WaveState.SENDING and now.seconds_left:
        parts.append(f"{now.seconds_left:.0f} s left")
    parts += [f"{count} {state.value}" for state, count in sorted(now.states.items())]
    if wave.stale_at and wave.state not in _OVER:
        parts.append(f"stale from {shown(wave.stale_at, office.zone)}")
    if wave.reason:
        parts.append(wave.reason)
    return ", ".join(parts)


def _picture(line: str, now: Progress) -> Group:
    reasons = Table.grid(padding=(0, 2))
    for word, found in (("deferred", now.deferred), ("failed", now.failed)):
        for reason, count in list(found.items())[:5]:
            reasons.add_row(word, str(count), Text(reason))
    return Group(Text(line), ProgressBar(total=max(now.total, 1), completed=now.settled, width=60), reasons)
