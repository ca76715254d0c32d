"""Whatever goes wrong while a wave is sent, what ``dateline run`` says names nobody and holds no text and no secret."""

import asyncio
import base64
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from builders import make_contact, make_list
from newsroom import make_wave
from sqlalchemy import select, update

from mailer.database import Database
from mailer.delivery.dkim_keys import Algorithm, make_key, save
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState

sys.path += [str(Path(__file__).parents[1] / "delivery"), str(Path(__file__).parents[2] / "bench")]

import office
from faulty import CUT, FaultyRelay

PASSWORD = "kestrel-4711"
CHALLENGE = base64.b64encode(f"\0press\0{PASSWORD}".encode()).decode()
PEOPLE = 16


@dataclass(frozen=True)
class Said:
    """What a run said, and what it must not have said."""

    text: str
    secrets: list[str]


@contextmanager
def relaying(relay: FaultyRelay) -> Iterator[int]:
    """The relay in a thread of its own: its port."""
    ready, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with relay.running():
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        ready.wait(10)
        yield relay.port
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


class Echoing(FaultyRelay):
    """Repeats in its refusals who and what they are about."""

    async def _say(self, answer: bytes, writer: asyncio.StreamWriter) -> bytes:
        told = self.commands[-1].encode() if self.commands else b""
        return await super()._say(answer.replace(b"COMMAND", told), writer)


def run_a_bad_day(folder: Path, database: Database, url: str, log_format: str) -> Said:
    home, key = folder / "office", folder / "dkim.pem"
    save(make_key(Algorithm.ED25519), key)
    with database.write() as session:
        people = [make_contact(session, f"Yusra Person{n}", arabic_name=f"يسرى {n}") for n in range(PEOPLE)]
        wave = make_wave(session, make_list(session, *people), now=datetime.now(UTC))
        session.flush()
        broken = session.scalars(select(Delivery).order_by(Delivery.id)).first()
        assert broken is not None
        broken.address = "yusra-broken"
    relay = Echoing(
        {
            "EHLO": b"250-relay.example\r\n250 AUTH PLAIN\r\n",
            "AUTH": [b"500 5.5.1 What is COMMAND?\r\n", b"235 2.7.0 Ok\r\n"],
            "MAIL": [b"553 5.7.1 I do not know COMMAND\r\n"] * 10 + [b"250 2.1.0 Ok\r\n"],
            "RCPT": [b"550 5.1.1 Nobody is called COMMAND\r\n", b"250 2.1.5 Ok\r\n"],
            ".": [b"554 5.7.1 Ports agreement signed: spam\r\n", CUT, b"250 2.0.0 Ok\r\n"],
        }
    )
    with relaying(relay) as port:
        more = (
            f'username = "press"\npassword = "{PASSWORD}"\n'
            f'[[dkim]]\ndomain = "desk.example"\nselector = "one"\nkey_file = "{key}"\n'
        )
        office.settle(home, url=url, port=port, connections=1, more=more)
        said = home / "said.log"
        with said.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "mailer", "--home", home, "run", "--verbose", "--log-format", log_format],
                env={name: value for name, value in os.environ.items() if not name.startswith("DATELINE_")},
                stdout=out,
                stderr=out,
            )
        try:
            _until(lambda: _states(database).count(DeliveryState.DEFERRED) == 10)
            _until(lambda: _retried(database) and _wave(database, wave) is WaveState.DONE)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()
    with database.read() as session:
        rows = session.scalars(select(Delivery)).all()
    personal = [text for row in rows for text in (row.address, row.name, row.token)]
    return Said(
        said.read_text("utf-8"),
        [
            *(PASSWORD, CHALLENGE, *personal, "Yusra", "يسرى", "Ports agreement", "Help", "quay", "PRIVATE KEY"),
            *key.read_text().splitlines()[1:-1],
        ],
    )


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def _states(database: Database) -> list[DeliveryState]:
    with database.read() as session:
        return list(session.scalars(select(Delivery.state)))


def _wave(database: Database, wave: Wave) -> WaveState:
    with database.read() as session:
        return session.get_one(Wave, wave.id).state


def _retried(database: Database) -> bool:
    """Let the time of all that are deferred come."""
    with database.write() as session:
        session.execute(
            update(Delivery).where(Delivery.state == DeliveryState.DEFERRED).values(next_at=datetime.now(UTC))
        )
    return True


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_nothing_that_is_said_names_a_person_or_holds_a_text_or_a_secret(
    database: Database, database_url: str, tmp_path: Path, log_format: str
) -> None:
    said = run_a_bad_day(tmp_path, database, database_url, log_format)
    told = said.text
    if log_format == "json":
        lines = [json.loads(line) for line in told.splitlines()]
        told += "\n".join(str(line) for line in lines)
        events = {line["event"] for line in lines}
        assert events >= {
            "run.started",
            "wave.opened",
            "relay.down",
            "relay.up",
            "delivery.unmade",
            "delivery.accepted",
            "delivery.deferred",
            "delivery.failed",
            "delivery.in-doubt",
            "run.stopped",
        }
        refused = next(line for line in lines if line["event"] == "delivery.failed" and line["code"] == 550)
        assert refused.items() >= {"relay": "main", "stage": "rcpt", "enhanced": "5.1.1", "level": "info"}.items()
        assert {"time", "room", "message", "delivery", "wave"} <= refused.keys()
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]) for line in lines)
    # Text is folded to the width of a terminal.
    told = " ".join(told.split())
    for words in ("refuses one message after the other: 553 5.7.1", "cannot be made", "550 5.1.1", "in-doubt"):
        assert words in told
    assert [secret for secret in said.secrets if secret in told or secret in told.replace(" ", "")] == []


def test_a_run_that_cannot_start_says_so_in_json_too(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "mailer", "--home", tmp_path, "run"],
        env=os.environ | {"DATELINE_LOG_FORMAT": "json"},
        capture_output=True,
        timeout=60,
    )
    assert ended.returncode == 1
    (line,) = map(json.loads, ended.stderr.splitlines())
    assert (line["event"], line["level"]) == ("run.failed", "critical")
    assert "dateline init" in line["message"]
