"""``dateline demo``: the main job from end to end, on invented people and a mailbox of its own."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich import box
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text
from sqlalchemy import select

from mailer.audit.sealing import known_keys, verify
from mailer.cli.home import set_home
from mailer.cli.mailbox import Mailbox
from mailer.cli.office import opened
from mailer.cli.output import err, out
from mailer.cli.setup import make_office
from mailer.clock import Clock, SystemClock
from mailer.config import config_file
from mailer.delivery.models import Process
from mailer.delivery.report import Criteria, Row, deliveries
from mailer.errors import DemoFailed, OfficeExists
from mailer.schedule.models import OPEN_STATES, DeliveryState, WaveState
from mailer.schedule.waves import tally, wave_numbered

RELEASE = "ferry-ports"
LIST = "Middle East and Geneva"
ZONE = "Asia/Beirut"
EMBARGO_SECONDS = 12
"""From the scheduling to the embargo: long enough to watch the countdown."""
PATIENCE_SECONDS = 120
_MARK = ".made-by-dateline-demo"


def demo(
    folder: Annotated[
        Path,
        typer.Argument(metavar="[DIR]", help="Where to make the demonstration's office; made anew each time."),
    ] = Path("demo-office"),
) -> None:
    """Show the whole way of one release: two organisations, two languages, an embargo, and who received what."""
    clock = SystemClock()
    _fresh(folder)
    mailbox = Mailbox(folder / "mailbox", clock)
    mailbox.start()
    try:
        _settings(folder, mailbox.port)
        _prepare(folder)
        with _running() as process:
            embargo = _schedule(clock)
            _watch(embargo, clock, process)
        _report(folder, mailbox, embargo)
    finally:
        mailbox.stop()


def _fresh(folder: Path) -> None:
    """An empty folder for the office; only one that an earlier demonstration made is deleted."""
    # Nothing of the caller's own office may leak in: her database would be written to.
    for name in [name for name in os.environ if name.startswith("DATELINE_")]:
        del os.environ[name]
    if folder.exists():
        if any(folder.iterdir()) and not (folder / _MARK).exists():
            raise OfficeExists(folder=folder)
        shutil.rmtree(folder)
    make_office(folder)
    (folder / _MARK).write_text("Made by dateline demo, which deletes this folder when it runs again.\n", "utf-8")
    os.environ["DATELINE_HOME"] = str(folder)
    set_home(folder)


def _settings(folder: Path, port: int) -> None:
    file = config_file(folder)
    text = file.read_text("utf-8")
    for old, new in (
        ('name = "Press Office"', 'name = "Joint Press Desk, Beirut"'),
        ('languages = ["en", "ar"] ', 'languages = ["en", "ar", "fr"] '),
        ('"press@office.example"', '"press@desk.esrf.example"'),
        ('list_unsubscribe_url = ""', 'list_unsubscribe_url = "https://press.esrf.example/unsubscribe"'),
        ('host = "localhost"', 'host = "127.0.0.1"'),
        ("port = 587", f"port = {port}"),
        ('security = "starttls"', 'security = "none"'),
    ):
        if old not in text:
            raise DemoFailed(reason=f"the default settings have no {old}")
        text = text.replace(old, new)
    file.write_text(text, "utf-8")


def _prepare(folder: Path) -> None:
    """Everything up to the embargo, by the commands that an officer would type."""
    sources = Path(str(files("mailer"))) / "demo"
    lists = sorted((folder / "contacts").glob("*.csv"))
    _dateline("contacts", "import", str(folder / "contacts" / "organisations.toml"), *map(str, lists))
    _dateline("lists", "create", LIST, "--query", "kind:journalist")
    _dateline(
        *("releases", "import", "--slug", RELEASE, "--photo", str(sources / "photo.jpg")),
        *(str(sources / f"release.{language}") for language in ("en.txt", "ar.md")),
    )


def _schedule(clock: Clock) -> datetime:
    """The embargo, the approvals and the two waves; returns the embargo (UTC)."""
    embargo = (clock.now() + timedelta(seconds=EMBARGO_SECONDS)).replace(microsecond=0)
    wall = f"{embargo.astimezone(ZoneInfo(ZONE)):%Y-%m-%d %H:%M:%S}"
    _dateline("releases", "embargo", RELEASE, "--at", wall, "--zone", ZONE)
    _dateline("releases", "freeze", RELEASE)
    _dateline("releases", "approve", RELEASE, "--organisation", "ESRF", "--organisation", "WPA")
    _dateline("waves", "schedule", RELEASE, "--list", LIST, "--under-embargo", "--both")
    _dateline("waves", "schedule", RELEASE, "--list", LIST, "--at", "embargo")
    return embargo


def _dateline(*words: str) -> None:
    from mailer.cli.app import app

    err.print(Text(f"\n$ dateline {shlex.join(words)}", style="bold cyan"))
    app(list(words), standalone_mode=False)


@contextmanager
def _running() -> Iterator[subprocess.Popen[bytes]]:
    """The sending process, as an operator starts it."""
    err.print(Text("\n$ dateline run", style="bold cyan"))
    command = [sys.executable, "-m", "mailer", "run"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
    try:
        _wait_for_clock(process)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_clock(process: subprocess.Popen[bytes]) -> None:
    """Until the sending process has said that it is there."""
    with opened() as office:
        end = office.clock.monotonic() + PATIENCE_SECONDS
        while office.clock.monotonic() < end and process.poll() is None:
            with office.database.read() as session:
                if session.scalar(select(Process.id).limit(1)) is not None:
                    return
            time.sleep(0.1)
    raise DemoFailed(reason="the sending process does not start; what it said stands above")


def _watch(embargo: datetime, clock: Clock, process: subprocess.Popen[bytes]) -> None:
    """Show the countdown and both waves' progress until both are done."""
    end = clock.monotonic() + EMBARGO_SECONDS + PATIENCE_SECONDS
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with (
        Progress(*columns, console=err, disable=not err.is_terminal, transient=False) as progress,
        opened() as office,
    ):
        bars = {1: progress.add_task("under embargo"), 2: progress.add_task("public")}
        said: set[str] = set()
        while True:
            with office.database.read() as session:
                waves = {number: wave_numbered(session, number) for number in bars}
                counts = tally(session, list(bars))
            for number, bar in bars.items():
                total = sum(counts[number].values())
                sent = total - sum(counts[number].get(state, 0) for state in OPEN_STATES)
                label = f"{waves[number].kind.value:14} {waves[number].state.value}"
                if number == 2 and waves[number].state is WaveState.SCHEDULED:
                    label += f", {max(0, (embargo - clock.now()).total_seconds()):.0f} s to the embargo"
                progress.update(bar, total=total, completed=sent, description=label)
                line = (
                    f"wave {number} ({waves[number].kind.value}): {waves[number].state.value}, {sent} of {total}"
                )
                if not err.is_terminal and line not in said and (sent in (0, total)):
                    said.add(line)
                    err.print(line)
            if all(wave.state is WaveState.DONE for wave in waves.values()):
                return
            if process.poll() is not None:
                raise DemoFailed(reason="the sending process has ended by itself; what it said stands above")
            if clock.monotonic() > end:
                raise DemoFailed(reason=f"the waves were not done after {PATIENCE_SECONDS} s")
            time.sleep(0.1)


def _report(folder: Path, mailbox: Mailbox, embargo: datetime) -> None:
    with opened() as office, office.database.read() as session:
        rows = list(deliveries(session, Criteria()))
        seal = verify(session, known_keys(office.config.keys_folder))
    out.print(_table(rows))
    received = mailbox.received()
    by_subject = Counter((to, subject) for _, to, subject, _ in received)
    public = {row.address for row in rows if row.kind == "public"}
    embargoed = {row.address for row in rows if row.kind == "under-embargo"}
    times = sorted(at for at, _, subject, _ in received if not _is_embargoed(subject))
    early = sum(at < embargo for at in times)
    accepted = sum(row.state == DeliveryState.ACCEPTED for row in rows)
    local = embargo.astimezone(ZoneInfo(ZONE))
    facts: Mapping[str, str] = {
        "embargo": f"{local:%Y-%m-%d %H:%M:%S} in Beirut, {embargo:%H:%M:%S} UTC",
        "under embargo": f"{len(embargoed)} who accepted the terms had it before; {len(public - embargoed)} had not",
        "before the embargo": f"{early} public mails, by the receiving server's own log",
        "first public mail": f"{(times[0] - embargo).total_seconds():.3f} s after the embargo"
        if times
        else "none",
        "last public mail": f"{(times[-1] - embargo).total_seconds():.3f} s after the embargo"
        if times
        else "none",
        "received": f"{len(received)} mails, {len(by_subject)} different; the log has {accepted} accepted",
        "the mails": f"{mailbox.folder}/*.eml, and {mailbox.log.name} beside them",
        "the log": f"dateline --home {folder} log list",
        "its seal": f"{seal.sealed} entries, {len(seal.problems)} of them changed since: log verify, log receipt",
    }
    for name, text in facts.items():
        out.print(Text.assemble((f"{name:19}", "bold"), text))
    if seal.problems or seal.unsealed:
        raise DemoFailed(reason="the log does not fit its seal")
    if early or len(received) != accepted or len(by_subject) != accepted or accepted != len(rows):
        raise DemoFailed(reason="what was received is not what was to be sent")


def _is_embargoed(subject: str) -> bool:
    return any(mark in subject for mark in _MARKS)


_MARKS = ("EMBARGO", "حظر", "محظور")


def _table(rows: list[Row]) -> Table:
    """Who received what, by city and language."""
    table = Table(title="Who received what", box=box.SIMPLE_HEAD)
    table.add_column("City")
    languages = sorted({row.language for row in rows})
    kinds = {"under-embargo": "before", "public": "public"}
    for heading in kinds.values():
        for language in languages:
            table.add_column(f"{heading}, {language}", justify="right")
    table.add_column("Not accepted", justify="right")
    counts = Counter((row.city, row.kind, row.language) for row in rows if row.state == DeliveryState.ACCEPTED)
    missing = Counter(row.city for row in rows if row.state != DeliveryState.ACCEPTED)
    number: Callable[[int], str] = lambda count: str(count) if count else "·"  # noqa: E731
    for city in sorted({row.city for row in rows}):
        cells = [number(counts[city, kind, language]) for kind in kinds for language in languages]
        table.add_row(city, *cells, number(missing[city]))
    return table
