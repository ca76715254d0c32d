"""The real program, killed and started again around an embargo: everybody gets one mail, and nobody before it."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import make_contact, make_list
from newsroom import make_release, make_version, plan_wave
from sqlalchemy import select

from mailer.audit import Event, entries
from mailer.cli.mailbox import Mailbox
from mailer.cli.setup import make_office
from mailer.clock import SystemClock
from mailer.config import config_file
from mailer.database import Database
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState
from mailer.schedule.waves import wave_numbered

CONNECTIONS = 5


@dataclass
class Newsroom:
    """An office on disk with a mailbox that everything goes to."""

    home: Path
    database: Database
    url: str
    mailbox: Mailbox
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> subprocess.Popen[bytes]:
        """``dateline run``, as an operator starts it; returns once it keeps the clock."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DATELINE_")}
        process = subprocess.Popen(
            [sys.executable, "-m", "mailer", "--home", str(self.home), "run"],
            env=environment | {"DATELINE_DATABASE__URL": self.url},
            stderr=subprocess.PIPE,
        )
        self.processes.append(process)
        assert process.stderr is not None
        for line in process.stderr:
            if b"Keeping the clock" in line:
                return process
        raise AssertionError(f"dateline run ended with {process.wait()}")

    def schedule(self, people: int, *, seconds: float) -> Wave:
        """A public wave whose embargo ends so many seconds from now."""
        now = datetime.now(UTC)
        embargo = (now + timedelta(seconds=seconds)).replace(microsecond=0)
        with self.database.write() as session:
            contacts = [
                make_contact(session, f"Person {n}", languages=("ar", "en")[n % 2 :]) for n in range(people)
            ]
            version = make_version(session, make_release(session, embargo=embargo))
            return plan_wave(session, version, make_list(session, *contacts), due=embargo, now=now).wave

    def seen(self, true: Callable[[], bool], *, seconds: float = 60) -> None:
        """Wait until it is true; fail if that takes too long."""
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, "it did not come about"
            time.sleep(0.02)

    def state(self, wave: Wave) -> WaveState:
        with self.database.read() as session:
            return wave_numbered(session, wave.id).state

    def done(self, wave: Wave) -> None:
        self.seen(lambda: self.state(wave) is WaveState.DONE)

    def received(self) -> Counter[str]:
        """How many mails each address got, by the receiving server's own log."""
        return Counter(to for _, to, _, _ in self.mailbox.received())

    def addresses(self) -> set[str]:
        with self.database.read() as session:
            return set(session.scalars(select(Delivery.address)))

    def early(self, wave: Wave) -> int:
        """How many came before the embargo, by the receiving server's own log."""
        return sum(at < wave.due_at for at, _, _, _ in self.mailbox.received())

    def in_doubt(self) -> set[str]:
        """The addresses that the log names as in doubt."""
        with self.database.read() as session:
            numbers = {e.delivery_id for e in entries(session) if e.event == Event.DELIVERY_IN_DOUBT}
            return set(session.scalars(select(Delivery.address).where(Delivery.id.in_(numbers))))

    def states(self) -> set[DeliveryState]:
        with self.database.read() as session:
            return set(session.scalars(select(Delivery.state)))


@contextmanager
def running(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def newsroom(database_url: str, tmp_path: Path) -> Iterator[Newsroom]:
    home = tmp_path / "office"
    make_office(home)
    mailbox = Mailbox(tmp_path / "mailbox", SystemClock())
    mailbox.start()
    file = config_file(home)
    text = file.read_text("utf-8")
    for old, new in (
        ('host = "localhost"', 'host = "127.0.0.1"'),
        ("port = 587", f"port = {mailbox.port}"),
        ('"starttls"', '"none"'),
        ("connections = 10", f"connections = {CONNECTIONS}"),
    ):
        text = text.replace(old, new)
    file.write_text(text, "utf-8")
    database = Database(database_url)
    room = Newsroom(home, database, database_url, mailbox)
    yield room
    for process in room.processes:
        process.kill()
        process.communicate()
    mailbox.stop()
    database.close()


def test_killed_before_the_embargo_and_started_again_sends_one_each_after_it(newsroom: Newsroom) -> None:
    wave = newsroom.schedule(20, seconds=4)
    newsroom.start().kill()
    newsroom.start()
    newsroom.done(wave)
    assert newsroom.received() == Counter(newsroom.addresses())
    assert newsroom.early(wave) == 0


def test_down_over_the_embargo_and_started_after_it_sends_at_once_and_says_that_it_is_late(
    newsroom: Newsroom,
) -> None:
    wave = newsroom.schedule(20, seconds=1)
    newsroom.seen(lambda: datetime.now(UTC) > wave.due_at + timedelta(seconds=6))
    newsroom.start()
    newsroom.done(wave)
    assert newsroom.received() == Counter(newsroom.addresses())
    with newsroom.database.read() as session:
        (opened,) = [e for e in entries(session) if e.event == Event.WAVE_OPENED]
    assert isinstance(late := opened.data["late_seconds"], int)
    assert late >= 6


def test_two_at_once_send_one_each(newsroom: Newsroom) -> None:
    wave = newsroom.schedule(60, seconds=5)
    newsroom.start()
    newsroom.start()
    newsroom.done(wave)
    assert newsroom.received() == Counter(newsroom.addresses())
    assert newsroom.early(wave) == 0


def test_stopped_in_good_order_in_the_middle_leaves_nothing_in_doubt(newsroom: Newsroom) -> None:
    wave = newsroom.schedule(200, seconds=3)
    process = newsroom.start()
    newsroom.seen(lambda: len(newsroom.mailbox.received()) > 20)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert newsroom.state(wave) is WaveState.SENDING
    assert DeliveryState.SENDING not in newsroom.states()
    newsroom.start()
    newsroom.done(wave)
    assert newsroom.received() == Counter(newsroom.addresses())
    assert newsroom.in_doubt() == set()


def test_killed_again_and_again_in_the_middle_misses_nobody_and_names_what_is_in_doubt(newsroom: Newsroom) -> None:
    wave = newsroom.schedule(300, seconds=3)
    kills = 0
    for enough in (1, 40, 100, 180):
        process = newsroom.start()
        newsroom.seen(lambda enough=enough: len(newsroom.mailbox.received()) >= enough)  # type: ignore[misc]
        process.kill()
        process.wait()
        kills += 1
    newsroom.start()
    newsroom.done(wave)
    received = newsroom.received()
    assert set(received) == newsroom.addresses()
    assert newsroom.states() == {DeliveryState.ACCEPTED}
    twice = {address for address, count in received.items() if count > 1}
    assert twice <= newsroom.in_doubt()
    assert len(newsroom.in_doubt()) <= kills * CONNECTIONS
    assert newsroom.early(wave) == 0
