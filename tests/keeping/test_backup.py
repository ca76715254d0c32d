"""A backup is one whole file or none, of one state of the database, and keeps nobody from writing."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from builders import DESK, NOON, make_contact
from offices import brought_back, kept, plan, seal
from sqlalchemy import func, select

from mailer.audit import Event, LogEntry, append
from mailer.config import load
from mailer.contacts.models import Contact
from mailer.database import Database
from mailer.errors import DatabaseUnreachable, FileExists, ProgramFailed, ProgramMissing, UnwritableFile
from mailer.keeping.programs import environment_of

RELAY = '[[relay]]\nname = "main"'


def manifest_of(file: Path) -> dict[str, object]:
    with zipfile.ZipFile(file) as archive:
        document = json.loads(archive.read("manifest.json"))
        assert isinstance(document, dict)
        return document


def test_the_manifest_says_what_is_in_it(database: Database, home: Path, tmp_path: Path) -> None:
    plan(database)
    sealed = seal(database, home)
    done = kept(database, home, tmp_path / "b.zip")
    document = manifest_of(tmp_path / "b.zip")
    assert (done.file.stat().st_mode & 0o777, done.size) == (0o600, done.file.stat().st_size)
    # One more: that it was made.
    assert (document["sealed"], document["entries"], document["level"]) == (
        sealed,
        sealed + 1,
        done.manifest.level,
    )
    assert str(document["checkpoint"]).splitlines()[1] == str(sealed)
    assert document["kind"] == ("sqlite" if database.is_sqlite else "postgresql")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert archive.testzip() is None
        members = document["members"]
        assert isinstance(members, list)
        assert {*archive.namelist()} == {member["name"] for member in members} | {"manifest.json"}
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".dateline")] == []


def test_keys_are_in_it_only_if_that_was_said(database: Database, home: Path, tmp_path: Path) -> None:
    seal(database, home)
    (home / "config" / "relay.secret").write_text("hush", "utf-8")
    (home / "contacts" / "link.csv").symlink_to(home / "config" / "keys" / "log.pem")
    settings = home / "config" / "dateline.toml"
    secret = f'{RELAY}\npassword_file = "config/relay.secret"'
    settings.write_text(settings.read_text("utf-8").replace(RELAY, secret), "utf-8")
    without = kept(database, home, tmp_path / "without.zip").manifest
    names = {member.name for member in without.members}
    assert without.left_out == ["config/keys/log.pem", "config/relay.secret", "contacts/link.csv"]
    assert "office/config/keys/log.pub" in names
    assert not any(name.removeprefix("office/") in without.left_out for name in names)
    with_them = kept(database, home, tmp_path / "with.zip", with_keys=True).manifest
    assert with_them.left_out == []
    assert {f"office/{name}" for name in without.left_out} <= {member.name for member in with_them.members}


def test_what_is_written_meanwhile_waits_for_nobody_and_is_not_in_it(
    database: Database, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_url: str
) -> None:
    with database.write() as session:
        for number in range(300):
            make_contact(session, f"Person {number}")
    entered = 0
    monkeypatch.setattr("mailer.keeping.snapshot.STEP_PAGES", 10)
    # Another connection than the one that copies, as another process has it.
    other = Database(database.engine.url.render_as_string(hide_password=False), busy_seconds=0.0)

    def write(_what: str, _done: int, _total: int) -> None:
        nonlocal entered
        with other.write() as session:
            append(session, Event.CLOCK_JUMPED, at=NOON, actor=DESK)
        entered += 1

    done = kept(database, home, tmp_path / "b.zip", progress=write)
    assert entered > 1
    brought_back(tmp_path / "b.zip", tmp_path / "back", empty_url)
    back = Database(empty_url or load(tmp_path / "back", {}).database_url)
    with back.read() as session, other.read() as theirs:
        assert session.scalar(select(func.count()).select_from(Contact)) == 300
        jumped = select(func.count()).select_from(LogEntry).where(LogEntry.event == Event.CLOCK_JUMPED)
        assert session.scalar(jumped) == 0
        assert theirs.scalar(jumped) == entered
    assert done.manifest.entries < entered + 1000
    back.close()
    other.close()


def test_a_file_that_is_there_stays_as_it_is(database: Database, home: Path, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(b"mine")
    with pytest.raises(FileExists):
        kept(database, home, tmp_path / "b.zip")
    assert (tmp_path / "b.zip").read_bytes() == b"mine"
    kept(database, home, tmp_path / "b.zip", force=True)
    assert zipfile.is_zipfile(tmp_path / "b.zip")


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_whatever_ends_it_leaves_no_half_of_a_file(
    database: Database, home: Path, tmp_path: Path, error: BaseException
) -> None:
    plan(database)

    def fail(what: str, _done: int, _total: int) -> None:
        if what.startswith("Packing"):
            raise error

    folder = tmp_path / "kept"
    with pytest.raises(UnwritableFile if isinstance(error, OSError) else KeyboardInterrupt):
        kept(database, home, folder / "b.zip", progress=fail)
    assert list(folder.iterdir()) == []


def test_a_disk_that_is_full_is_told_and_leaves_nothing(home: Path, tmp_path: Path, own_file: Path) -> None:
    program = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from offices import kept\n"
        "from mailer.database import Database\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "try:\n"
        "    kept(Database(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))\n"
        "except Exception as error:\n"
        "    print(type(error).__name__)\n"
    )
    tests = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", program, f"sqlite:///{own_file}", home, tmp_path / "kept" / "b.zip"],
        env=os.environ | {"PYTHONPATH": f"{tests.parents[1]}:{tests}:{tests.parent}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "UnwritableFile\n", done.stderr
    assert list((tmp_path / "kept").iterdir()) == []


def test_what_a_killed_backup_left_is_cleared_away_by_the_next(home: Path, tmp_path: Path, own_file: Path) -> None:
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from offices import kept\n"
        "from mailer.database import Database\n"
        "def wait(*_):\n"
        "    print('in the middle', flush=True)\n"
        "    time.sleep(600)\n"
        "kept(Database(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), progress=wait)\n"
    )
    tests = Path(__file__).parent
    url, file = f"sqlite:///{own_file}", tmp_path / "kept" / "b.zip"
    with subprocess.Popen(
        [sys.executable, "-c", program, url, home, file],
        env=os.environ | {"PYTHONPATH": f"{tests.parents[1]}:{tests}:{tests.parent}"},
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"in the middle\n"
        (left,) = file.parent.iterdir()
        database = Database(url)
        # While it lives nobody takes its draft away.
        kept(database, home, file.with_name("other.zip"))
        assert left.exists()
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert left.exists()
    kept(database, home, file)
    database.close()
    assert sorted(f.name for f in file.parent.iterdir()) == ["b.zip", "other.zip"]


def test_a_database_that_is_not_there_is_not_made(home: Path, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/gone.db")
    with pytest.raises(DatabaseUnreachable):
        kept(database, home, tmp_path / "b.zip")
    assert not (tmp_path / "gone.db").exists()


def test_the_password_goes_to_a_program_by_the_environment(home: Path) -> None:
    pytest.importorskip("psycopg")
    database = Database("postgresql://press:hush%40@db.example:6543/x?sslmode=require")
    environment = environment_of(database)
    given = {name: environment[name] for name in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGSSLMODE")}
    assert given == {
        "PGHOST": "db.example",
        "PGPORT": "6543",
        "PGUSER": "press",
        "PGPASSWORD": "hush@",
        "PGSSLMODE": "require",
    }


def test_no_secret_is_among_the_arguments_of_a_program(
    postgres: str, home: Path, tmp_path: Path, own_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    plain = subprocess.Popen

    def look(arguments: list[str], **options: object) -> object:
        seen.extend(arguments)
        return plain(arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", look)
    database = Database(f"postgresql://dateline:hush@/{own_postgres}?host={postgres}")
    kept(database, home, tmp_path / "b.zip")
    database.close()
    assert seen
    assert not any("hush" in argument for argument in seen)


def test_a_program_that_is_not_there_or_fails_is_told(
    postgres: str, home: Path, tmp_path: Path, own_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(f"postgresql://dateline@/{own_postgres}?host={postgres}")
    false = tmp_path / "pg_dump"
    false.write_text("#!/bin/sh\necho 'pg_dump: error: it would not' >&2\nexit 3\n", "utf-8")
    false.chmod(0o700)
    monkeypatch.setattr("mailer.keeping.programs._DEBIAN", tmp_path / "nowhere")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProgramFailed, match="it would not"):
        kept(database, home, tmp_path / "kept" / "b.zip")
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    with pytest.raises(ProgramMissing):
        kept(database, home, tmp_path / "kept" / "b.zip")
    database.close()
    assert list((tmp_path / "kept").iterdir()) == []
