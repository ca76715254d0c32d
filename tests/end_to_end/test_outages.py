"""Database or disk are taken away from ``dateline run`` in the middle of a wave, and given back: it waits, and goes on.

What the receiving server wrote down is compared with the log, as in the kill harness: nobody is missed, nobody has it
twice unnamed, and each message is the one that the log vouches for.
"""

import os
import pwd
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from components import lacking

sys.path.append(str(Path(__file__).parents[2] / "bench"))

import harness
import psycopg
from harness import CONNECTIONS, Office, Verdict, judge, killing
from postgres import server

from mailer.config import config_file
from mailer.delivery.journal import Sync

PEOPLE = 1000
PATIENCE = 60.0


@pytest.fixture(autouse=True)
def _slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiving server that takes a few seconds for the wave, so that its middle can be met."""
    monkeypatch.setattr(harness, "DELAY_MS", 40.0)


def wait(true: Callable[[], bool], made: Office) -> None:
    """Until it is true; fails if that takes too long, or the program ends."""
    end = time.monotonic() + PATIENCE
    while not true():
        made.runners[0].check()
        assert time.monotonic() < end, made.said()
        time.sleep(0.02)


def in_the_middle(made: Office) -> int:
    """Start, and wait until a part of the wave has gone out: the number of the wave."""
    wave_id, _ = made.plan()
    made.start()
    before = made.receiver.count()
    wait(lambda: made.receiver.count() >= before + 100, made)
    return wave_id


def stands_still(made: Office) -> None:
    """Nothing goes out, but for what was on the wire."""
    wait(lambda: "nothing may go out unlogged" in " ".join(made.said().split()), made)
    sent = made.receiver.count()
    time.sleep(1.0)  # several tries to record
    assert made.receiver.count() <= sent + CONNECTIONS
    assert made.receiver.count() < PEOPLE


def to_the_end(made: Office, wave_id: int) -> Verdict:
    """Let it finish by itself, stop it, and compare."""
    made.until(lambda: False, wave_id)
    for runner in made.runners:
        runner.ready()
        runner.stop()
    made.runners.clear()
    return judge(made, made.receiver.received())


# The database.


@pytest.fixture
def own_server() -> Iterator[Path]:
    """A PostgreSQL server that no other test has, with an empty database: the folder of its socket."""
    if not list(Path("/usr/lib/postgresql").glob("*/bin")):
        lacking("PostgreSQL")
    with server(Path("/tmp")) as folder:
        with psycopg.connect(host=str(folder), user="dateline", dbname="postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE press")
        yield folder


def test_postgresql_restarted_again_and_again_in_the_middle_of_a_wave(tmp_path: Path, own_server: Path) -> None:
    url = f"postgresql://dateline@/press?host={own_server}"
    with killing(tmp_path, url, people=PEOPLE, seed=1) as made:
        wave_id = in_the_middle(made)
        for _ in range(3):
            restart(own_server)
            sent = made.receiver.count()
            wait(lambda sent=sent: made.receiver.count() > sent + CONNECTIONS, made)  # type: ignore[misc]
        assert made.receiver.count() < PEOPLE
        verdict = to_the_end(made, wave_id)
    assert verdict.faults() == []
    # The process lived through it: it knows of each message how it ended.
    assert (verdict.duplicates, verdict.in_doubt) == (0, 0)


def restart(folder: Path) -> None:
    """As after a crash of the server: every connection is cut in the middle of what it does."""
    program = max(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda p: int(p.parts[-3]))
    user = pwd.getpwnam("postgres").pw_name if os.geteuid() == 0 else None
    command = [program, "-D", folder / "data", "-m", "immediate", "-w", "-l", folder / "log", "restart"]
    subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)


@pytest.fixture
def _impatient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The half minute for which the program waits for a lock, made short."""
    folder = tmp_path / "impatient"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import psycopg\n"
        "from sqlite3 import dbapi2\n"
        "connect, execute = dbapi2.connect, psycopg.Cursor.execute\n"
        "dbapi2.connect = lambda *words, **options: connect(*words, **(options | {'timeout': 0.5}))\n"
        "def shorter(cursor, query, *words, **options):\n"
        "    shortened = query.replace('30s', '500ms') if 'lock_timeout' in str(query) else query\n"
        "    return execute(cursor, shortened, *words, **options)\n"
        "psycopg.Cursor.execute = shorter\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{folder}:{os.environ.get('PYTHONPATH', '')}")


@pytest.mark.usefixtures("_impatient")
def test_postgresql_with_a_table_that_another_program_locks_for_longer_than_it_is_waited_for(
    tmp_path: Path, own_server: Path
) -> None:
    url = f"postgresql://dateline@/press?host={own_server}"
    with killing(tmp_path, url, people=PEOPLE, seed=6) as made:
        wave_id = in_the_middle(made)
        with psycopg.connect(host=str(own_server), user="dateline", dbname="press") as other:
            other.execute("LOCK TABLE delivery IN EXCLUSIVE MODE")
            stands_still(made)
        verdict = to_the_end(made, wave_id)
    assert verdict.faults() == []
    assert (verdict.duplicates, verdict.in_doubt) == (0, 0)


@pytest.mark.usefixtures("_impatient")
def test_sqlite_locked_by_another_program_for_longer_than_it_is_waited_for(tmp_path: Path) -> None:
    with killing(tmp_path, f"sqlite:///{tmp_path}/dateline.db", people=PEOPLE, seed=2) as made:
        wave_id = in_the_middle(made)
        other = sqlite3.connect(tmp_path / "dateline.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        stands_still(made)
        other.execute("ROLLBACK")
        other.close()
        verdict = to_the_end(made, wave_id)
    assert verdict.faults() == []
    assert (verdict.duplicates, verdict.in_doubt) == (0, 0)


# The disk.


@contextmanager
def mounted(folder: Path, *words: str | Path) -> Iterator[Path]:
    """The folder with a file system of its own."""
    folder.mkdir(parents=True)
    if subprocess.run(["mount", *words, folder], capture_output=True).returncode:
        lacking("the right to mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """The data folder of an office, on a small disk."""
    with mounted(tmp_path / "office" / "data", "-t", "tmpfs", "-o", "size=48m", "dateline") as folder:
        yield folder


def fill(folder: Path) -> Path:
    """A file that takes all the room there is."""
    file = folder / "filler"
    with file.open("wb", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(b"\0" * 4096)
    return file


@pytest.mark.parametrize("killed", [False, True], ids=["lives", "is killed"])
def test_a_disk_that_is_full_stops_sending_until_there_is_room(tmp_path: Path, small: Path, killed: bool) -> None:
    with killing(tmp_path, f"sqlite:///{small}/dateline.db", people=PEOPLE, seed=3) as made:
        wave_id = in_the_middle(made)
        filler = fill(small)
        stands_still(made)
        if killed:
            made.kill(harness.Moment.SENDING)
        filler.unlink()
        made.start()
        verdict = to_the_end(made, wave_id)
    assert verdict.faults() == []
    if not killed:
        assert (verdict.duplicates, verdict.in_doubt) == (0, 0)


@pytest.fixture
def ext4(tmp_path: Path) -> Iterator[Path]:
    """The data folder of an office, on a disk of its own that can be made read-only under a running program."""
    if shutil.which("mkfs.ext4") is None:
        lacking("mkfs.ext4")
    image = tmp_path / "disk.img"
    with image.open("wb") as file:
        file.truncate(96_000_000)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    with mounted(tmp_path / "office" / "data", "-o", "loop,errors=remount-ro", image) as folder:
        yield folder


def test_files_that_cannot_be_written_any_more_stop_sending_until_they_can(tmp_path: Path, ext4: Path) -> None:
    with killing(tmp_path, f"sqlite:///{ext4}/dateline.db", people=PEOPLE, seed=4) as made:
        wave_id = in_the_middle(made)
        # SQLite's index of its write-ahead log is memory in truth: a page of it that cannot be written is a SIGBUS.
        files = [file for file in ext4.rglob("*") if file.is_file() and file.suffix != ".db-shm"]
        subprocess.run(["chattr", "+i", *files], check=True)
        try:
            stands_still(made)
        finally:
            subprocess.run(["chattr", "-i", *files], check=True)
        verdict = to_the_end(made, wave_id)
    assert verdict.faults() == []
    assert (verdict.duplicates, verdict.in_doubt) == (0, 0)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """The process stands still meanwhile, with all its threads."""
    os.kill(pid, signal.SIGSTOP)
    end = time.monotonic() + PATIENCE
    # proc(5): the state follows the name in brackets.
    while {
        file.read_text().rpartition(")")[2].split()[0] for file in Path(f"/proc/{pid}/task").glob("*/stat")
    } != {"T"}:
        assert time.monotonic() < end
        time.sleep(0.01)
    yield
    os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("sync", Sync)
def test_a_file_system_that_turns_read_only_stops_sending_and_takes_with_it_what_it_had_not_written(
    tmp_path: Path, ext4: Path, sync: Sync
) -> None:
    """As Linux does after an error of the disk. It has to be mounted anew, and what the disk had not got is lost, as
    by a power cut: here one that really happens, and that shows what ``journal_sync`` is for."""
    with killing(tmp_path, f"sqlite:///{ext4}/dateline.db", people=PEOPLE, seed=5) as made:
        settings = config_file(made.home)
        settings.write_text(settings.read_text().replace("[delivery]", f'[delivery]\njournal_sync = "{sync}"'))
        wave_id = in_the_middle(made)
        device = subprocess.run(["findmnt", "-no", "SOURCE", ext4], check=True, capture_output=True, text=True)
        # Out of every system call first: ext4 may say of a line that is being written at that very instant that the
        # disk has it, and it has not (docs/operators/journal.md).
        with stopped(made.runners[0].process.pid):
            Path("/sys/fs/ext4", Path(device.stdout.strip()).name, "trigger_fs_error").write_text("1")
        stands_still(made)
        made.kill(harness.Moment.SENDING)
        made.database.close()
        subprocess.run(["umount", ext4], check=True)
        subprocess.run(["fsck.ext4", "-p", tmp_path / "disk.img"], check=False, stdout=subprocess.DEVNULL)
        subprocess.run(["mount", "-o", "loop,errors=remount-ro", tmp_path / "disk.img", ext4], check=True)
        if sync is Sync.NEVER:
            # The machine was not started anew, so that nothing tells that lines are missing: an operator must.
            for journal in ext4.rglob("*.journal"):
                journal.unlink()
        made.start()
        verdict = to_the_end(made, wave_id)
    # More than one per connection may be in doubt, each by name, unless every line was waited for.
    many = [fault for fault in verdict.faults() if fault.endswith(f"{CONNECTIONS} connections")]
    assert verdict.faults() == ([] if sync is Sync.ALWAYS else many)
    assert verdict.in_doubt > 0
