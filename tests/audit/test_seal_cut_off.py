"""A sealer that is killed, or finds the disk full, leaves nothing half-sealed, and the next one goes on."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from attacker import look, write
from builders import NOON
from components import lacking

from mailer.audit.sealing import LogKey, Sealed, Sealer, keys
from mailer.database import Database
from mailer.errors import DatabaseUnusable, UnwritableFile

ROOT = Path(__file__).parents[2]

DYING = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.orm import Session
from mailer.audit.sealing import Sealer, log_key_of, sealer, tiles
from mailer.database import Database

url, folder, moment = sys.argv[1:]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

if moment == "tiles":
    sealer._keep_runs = die  # the tiles are written by then
elif moment == "before the commit":
    event.listen(Session, "before_commit", lambda session: (session.flush(), die()))
else:
    sealer.remember = die  # the checkpoint is committed, and not yet beside the key
Sealer(Database(url), log_key_of(Path(folder), "press.example/log")[0]).seal(at=datetime(2026, 11, 24, tzinfo=UTC))
"""


@pytest.mark.parametrize("moment", ["tiles", "before the commit", "after the commit"])
def test_a_kill_in_the_middle_leaves_nothing_half_sealed(
    log: Database, key: LogKey, database_url: str, moment: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", DYING, database_url, str(key.folder), moment], cwd=ROOT, check=False, timeout=60
    )
    assert ended.returncode == -signal.SIGKILL
    committed = moment == "after the commit"
    found = look(log, key)
    assert (found.sealed, found.unsealed, found.problems) == (703 if committed else 700, 0 if committed else 3, [])
    assert Sealer(log, key).seal_all(at=NOON) == Sealed(0 if committed else 3, 703)
    with log.write() as session:
        write(session, 5)
    assert Sealer(log, key).seal_all(at=NOON) == Sealed(5, 708)
    assert look(log, key).problems == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_full_disk_in_a_seal_leaves_nothing_half_sealed(
    log: Database, key: LogKey, small_disk: Path, database_url: str
) -> None:
    log.close()
    file = small_disk / "dateline.db"
    shutil.copyfile(database_url.removeprefix("sqlite:///"), file)
    database = Database(f"sqlite:///{file}")
    with database.write() as session:
        write(session, 3_000)
    filler = small_disk / "filler"
    _fill(filler)
    with pytest.raises(DatabaseUnusable, match=r"full|I/O"):
        Sealer(database, key).seal(at=NOON)
    found = look(database, key)
    assert (found.sealed, found.unsealed, found.problems) == (700, 3_003, [])
    filler.unlink()
    assert Sealer(database, key).seal_all(at=NOON) == Sealed(3_003, 3_703)
    assert look(database, key).problems == []
    database.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_full_disk_beside_the_keys_is_named_and_nothing_is_lost(
    log: Database, key: LogKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(keys.os, "fsync", full)
        with pytest.raises(UnwritableFile, match="No space left"):
            Sealer(log, key).seal(at=NOON)
    assert key.folder is not None
    assert sorted(file.name for file in key.folder.iterdir()) == ["log.pem", "log.pub", "log.sealed"]
    assert look(log, key).problems == []
    assert Sealer(log, key).seal_all(at=NOON) == Sealed(0, 703)


def _fill(file: Path) -> None:
    with pytest.raises(OSError, match="No space left"), file.open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        lacking("the right to mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
