"""The real program, backed up in the middle of a wave: the wave goes on, and the restored office sends none of it."""

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from builders import DESK, make_contact, make_list
from newsroom import make_release, make_version, plan_wave
from sqlalchemy import func, select, text
from test_restart import Newsroom, newsroom

from mailer.audit import Event, entries
from mailer.audit.sealing import known_keys, verify
from mailer.config import load
from mailer.database import Database
from mailer.keeping import back_up
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState

__all__ = ["newsroom"]

PEOPLE = 800


def dateline(room: Newsroom, *words: object) -> str:
    """A command typed beside the running process; what it says on stderr."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DATELINE_")}
    done = subprocess.run(
        [sys.executable, "-m", "mailer", "--home", str(room.home), *map(str, words)],
        env=environment | {"DATELINE_DATABASE__URL": room.url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def empty_database(room: Newsroom, folder: Path) -> str:
    if room.database.is_sqlite:
        return f"sqlite:///{folder}/restored.db"
    name = f"r{uuid4().hex}"
    with room.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    return str(room.database.engine.url.set(database=name).render_as_string(hide_password=False))


def test_the_wave_goes_on_and_the_restored_office_sends_none_of_it_until_it_is_let_go(
    newsroom: Newsroom,
    tmp_path: Path,
) -> None:
    dateline(newsroom, "log", "seal")
    wave = newsroom.schedule(PEOPLE, seconds=12)
    process = newsroom.start()
    newsroom.seen(lambda: len(newsroom.mailbox.received()) > 20)
    # In this process: while another one starts, the whole wave would have gone out.
    config, now = load(newsroom.home, {}), datetime.now(UTC)
    back_up(config, newsroom.database, tmp_path / "b.zip", with_keys=True, force=False, at=now, actor=DESK)
    newsroom.done(wave)
    everybody = Counter(newsroom.addresses())
    assert newsroom.received() == everybody
    process.kill()
    process.wait()

    url = empty_database(newsroom, tmp_path)
    dateline(newsroom, "restore", tmp_path / "b.zip", tmp_path / "back", "--database-url", url)
    back = Newsroom(tmp_path / "back", Database(url), url, newsroom.mailbox, newsroom.processes)
    with back.database.read() as session:
        assert set(session.scalars(select(Wave.state))) == {WaveState.HELD}
        states = Counter(session.scalars(select(Delivery.state)))
        waiting = set(session.scalars(select(Delivery.address).where(Delivery.state == DeliveryState.QUEUED)))
        found = verify(session, known_keys(tmp_path / "back" / "config" / "keys"))
        assert found.problems == []
        assert session.scalar(select(func.count()).select_from(Delivery)) == PEOPLE
    # The backup was taken in the middle, or this test shows nothing.
    assert states[DeliveryState.QUEUED] + states[DeliveryState.HELD] > 0

    running = back.start()
    # Another wave, to see that it is at work: when that has gone out, the held one would have as well.
    with back.database.write() as session:
        somebody = make_list(session, make_contact(session, "Somebody Else"), name="Others")
        version = make_version(session, make_release(session, "another"))
        other = plan_wave(session, version, somebody, now=datetime.now(UTC)).wave
    back.done(other)
    extra = Counter(address for address, count in back.received().items() if count > everybody[address])
    assert extra.total() == 1
    assert not extra.keys() & everybody.keys()

    dateline(back, "waves", "release", wave.id)
    back.done(wave)
    running.kill()
    running.wait()
    twice = {address for address, count in back.received().items() if count > everybody[address]}
    assert twice == waiting | extra.keys()
    with back.database.read() as session:
        (restored,) = [entry for entry in entries(session) if entry.event == Event.OFFICE_RESTORED]
        assert restored.data["waves"] == 1
        after = Counter(session.scalars(select(Delivery.state).where(Delivery.wave_id == wave.id)))
    assert after[DeliveryState.HELD] == states[DeliveryState.HELD]
    back.database.close()
    if not newsroom.database.is_sqlite:
        with newsroom.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"DROP DATABASE {back.database.engine.url.database} WITH (FORCE)"))
