"""An import that is killed or interrupted takes nothing in, and the same list goes in whole afterwards."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mailer.cli.setup import make_office

ROWS = 20_000
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("made") / "office"
    make_office(home)
    rows = (f"Nour Haddad {n},nour{n}@paper{n % 50}.example,Beirut,ar;en" for n in range(ROWS))
    (home / "big.csv").write_text("name,address,city,languages\n" + "\n".join(rows) + "\n", "utf-8")
    return home


@pytest.fixture
def office(made: Path, tmp_path: Path) -> Path:
    home = tmp_path / "office"
    shutil.copytree(made, home)
    return home


def start(home: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "mailer", "--home", str(home), "contacts", "import", str(home / "big.csv")]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env={name: value for name, value in os.environ.items() if not name.startswith("DATELINE_")},
    )


def until_it_writes(home: Path, process: "subprocess.Popen[str]") -> None:
    """Until nobody else may write: the import is in the midst of its transaction."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        connection = sqlite3.connect(home / "data" / "dateline.db", timeout=0, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return
        finally:
            connection.close()
    pytest.fail("the import never began")


def counts(home: Path) -> tuple[int, int]:
    connection = sqlite3.connect(home / "data" / "dateline.db")
    try:
        contacts = connection.execute("SELECT count(*) FROM contact").fetchone()[0]
        return contacts, connection.execute("SELECT count(*) FROM log_entry").fetchone()[0]
    finally:
        connection.close()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_an_import_that_is_stopped_takes_nothing_in(office: Path, end: signal.Signals) -> None:
    before = counts(office)
    process = start(office)
    until_it_writes(office, process)
    process.send_signal(end)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert counts(office) == before
    if end is signal.SIGINT:
        assert (process.returncode, out) == (130, "")
        assert err == "Stopped. Nothing was imported.\n"
    else:
        assert process.returncode == -signal.SIGKILL
    again = start(office)
    out, err = again.communicate(timeout=PATIENCE_SECONDS)
    assert again.returncode == 0, err
    assert f"{ROWS} added" in err
    assert counts(office)[0] == before[0] + ROWS
