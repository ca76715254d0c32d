"""One measurement: a fresh office, its wave expanded beforehand, and ``dateline run`` that sends it at its time."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import keys
import office
import postgres
from runner import PATIENCE_SECONDS, Failed, Runner, cpu_seconds, peak_memory_mb
from sink import Sink, sink
from sqlalchemy import func, select

from mailer.database import Database
from mailer.delivery.messages import reproduce
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState
from mailer.schedule.waves import tally

LEAD_SECONDS = 3
"""From the moment that every process keeps the clock to the wave's time."""
_STALLED_SECONDS = 60.0
"""Without one more message at the sink: nothing will come of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is measured."""

    deliveries: int
    database: str
    processes: int
    dkim: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What came out."""

    messages_per_second: float
    """From the opening of the wave to the last reply."""
    recorded_per_second: float
    """From the opening of the wave to its end in the database."""
    cpu_seconds_per_1000: float
    """Of all sending processes, without their start."""
    peak_memory_mb: float
    """Of the largest sending process."""
    sink_busy: float
    """Part of one processor that smtp-sink used meanwhile; near 1 it is the sink that was measured."""
    first_mail_ms: float
    """From the wave's time to the first reply to a whole message."""
    expanded_per_second: float
    """Deliveries made by planning the wave, its commit included."""


@contextmanager
def postgres_where_wanted(databases: list[str]) -> Iterator[Path | None]:
    """The folder of a server's socket, if one of these is PostgreSQL."""
    if "postgresql" not in databases:
        yield None
        return
    with postgres.server(Path(tempfile.gettempdir())) as socket:
        yield socket


def measure(setting: Setting, socket: Path | None) -> Figures:
    """Once. Raises ``Failed`` unless everybody got the mail, by the sink's count and by the database."""
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="dateline-bench-"))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        url = f"sqlite:///{home}/dateline.db"
        if socket is not None and setting.database == "postgresql":
            url = stack.enter_context(postgres.fresh_database(socket))
        taking = stack.enter_context(sink())
        office.settle(home, url=url, port=taking.port, more=keys.dkim_settings(home, setting.dkim))
        database = office.opened(url)
        stack.callback(database.close)
        wave_id, expanded = _expand(database, setting.deliveries)
        runners = [Runner(home, number=number) for number in range(setting.processes)]
        for runner in runners:
            stack.callback(runner.kill)
        for runner in runners:
            runner.ready()
        return _send(database, wave_id, setting, runners, taking, expanded)


def _expand(database: Database, people: int) -> tuple[int, float]:
    with database.write() as session:
        office.fill(session, people)
        office.release(session)
    start = time.perf_counter()
    with database.write() as session:
        wave = office.plan(session, due=datetime.now(UTC) + timedelta(days=1)).wave
    return wave.id, people / (time.perf_counter() - start)


def _send(
    database: Database, wave_id: int, setting: Setting, runners: list[Runner], taking: Sink, expanded: float
) -> Figures:
    pids = [runner.process.pid for runner in runners]
    due = office.in_zone(datetime.now(UTC) + timedelta(seconds=LEAD_SECONDS + 1))
    with database.write() as session:
        office.move(session, wave_id, due)
    cpu, sink_cpu = sum(map(cpu_seconds, pids)), taking.cpu()
    _until_done(database, wave_id, runners, taking)
    cpu, sink_cpu = sum(map(cpu_seconds, pids)) - cpu, taking.cpu() - sink_cpu
    memory = max(map(peak_memory_mb, pids))
    for runner in runners:
        runner.stop()
    with database.read() as session:
        wave = session.get_one(Wave, wave_id)
        counts = tally(session, [wave_id])[wave_id]
        first, last = session.execute(
            select(func.min(Delivery.finished_at), func.max(Delivery.finished_at)).where(
                Delivery.wave_id == wave_id
            )
        ).one()
        one = session.scalar(select(func.min(Delivery.id)).where(Delivery.wave_id == wave_id)) or 0
        # The hash that was recorded is that of the message without a signature only if it had none.
        signed = not reproduce(session, one, bounce_address=office.SENDER.bounce_address).matches
    if counts != {DeliveryState.ACCEPTED: setting.deliveries}:
        raise Failed(f"not all of {setting.deliveries} are accepted: {counts}; {runners[0].said()}")
    if taking.messages() != setting.deliveries:
        raise Failed(f"smtp-sink took {taking.messages()} messages of {setting.deliveries}")
    if signed != (setting.dkim != "none"):
        raise Failed(f"DKIM {setting.dkim}, and the messages are {'signed' if signed else 'not signed'}")
    if wave.opened_at is None or wave.done_at is None or wave.opened_at < due.instant:
        raise Failed(f"the wave of {due} was opened at {wave.opened_at} and done at {wave.done_at}")
    if first is None or last is None:
        raise Failed("deliveries are accepted without a time")
    seconds = (last - wave.opened_at).total_seconds()
    return Figures(
        messages_per_second=setting.deliveries / seconds,
        recorded_per_second=setting.deliveries / (wave.done_at - wave.opened_at).total_seconds(),
        cpu_seconds_per_1000=cpu / setting.deliveries * 1000,
        peak_memory_mb=memory,
        sink_busy=sink_cpu / seconds,
        first_mail_ms=(first - due.instant).total_seconds() * 1000,
        expanded_per_second=expanded,
    )


def _until_done(database: Database, wave_id: int, runners: list[Runner], taking: Sink) -> None:
    """Wait for the wave's end, looking rarely: whoever watches takes time from what is measured."""
    taken, end = 0, time.monotonic() + PATIENCE_SECONDS
    while True:
        with database.read() as session:
            state = session.scalar(select(Wave.state).where(Wave.id == wave_id))
        if state is WaveState.DONE:
            return
        for runner in runners:
            runner.check()
        if state is WaveState.HELD:
            raise Failed(f"the wave is held: {runners[0].said()}")
        if taking.messages() > taken:
            taken, end = taking.messages(), time.monotonic() + _STALLED_SECONDS
        if time.monotonic() > end:
            raise Failed(f"nothing has gone out for long: {runners[0].said()}")
        time.sleep(0.5)
