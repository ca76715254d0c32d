"""Both databases for every test that needs one; on CI a missing component fails instead of skipping."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from components import REQUIRED, lacking
from hypothesis import settings

from mailer.database import Database, migrate

# On CI the same examples are tried each time, so that no change fails for what another one did; anywhere else the
# examples of properties are new ones. How long one takes says nothing on a machine that has other things to do.
settings.register_profile("required", derandomize=True, deadline=None)
settings.register_profile("untimed", deadline=None)
settings.load_profile("required" if REQUIRED else "untimed")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server of the tests' own, on a Unix socket: the folder of that socket."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    if not programs:
        lacking("PostgreSQL")
    folder = Path(tempfile.mkdtemp(prefix="dateline-pg-", dir="/tmp"))
    user = None
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        user = account.pw_name

    def run(*command: str) -> None:
        subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)

    run(
        f"{programs[-1]}/initdb",
        "-D",
        f"{folder}/data",
        "-U",
        "dateline",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    )
    options = f"-c listen_addresses='' -c fsync=off -k {folder}"
    run(f"{programs[-1]}/pg_ctl", "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
    try:
        yield str(folder)
    finally:
        run(f"{programs[-1]}/pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def finished_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database with its tables, to copy: the steps to them take longer than most tests."""
    file = tmp_path_factory.mktemp("finished") / "dateline.db"
    finish(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def finished_postgres(postgres: str) -> str:
    """The name of a PostgreSQL database with its tables, to copy."""
    finish(new_database(postgres, "finished"))
    return "finished"


@pytest.fixture
def own_file(finished_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh SQLite database with its tables."""
    return Path(shutil.copyfile(finished_file, tmp_path_factory.mktemp("own") / "dateline.db"))


@pytest.fixture
def own_postgres(postgres: str, finished_postgres: str) -> Iterator[str]:
    """The name of a fresh PostgreSQL database with its tables."""
    name = f"t{uuid4().hex}"
    new_database(postgres, name, finished_postgres)
    yield name
    on_postgres(postgres, f"DROP DATABASE {name} WITH (FORCE)")


def finish(url: str) -> None:
    database = Database(url)
    try:
        migrate.upgrade(database)
    finally:
        database.close()


def new_database(folder: str, name: str, template: str = "template1") -> str:
    """The URL of a new PostgreSQL database that is a copy of another."""
    on_postgres(folder, f"CREATE DATABASE {name} TEMPLATE {template}")
    return f"postgresql://dateline@/{name}?host={folder}"


def on_postgres(folder: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(host=folder, user="dateline", dbname="postgres", autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database without a table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/dateline.db"
        return
    folder, name = request.getfixturevalue("postgres"), f"t{uuid4().hex}"
    yield new_database(folder, name)
    on_postgres(folder, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database with its tables, and nobody in it."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("finished_file"), tmp_path / "dateline.db")
        yield f"sqlite:///{tmp_path}/dateline.db"
        return
    folder, name = request.getfixturevalue("postgres"), f"t{uuid4().hex}"
    yield new_database(folder, name, request.getfixturevalue("finished_postgres"))
    on_postgres(folder, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database(empty_database_url: str) -> Iterator[Database]:
    """A fresh database without a table, opened."""
    database = Database(empty_database_url)
    yield database
    database.close()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database with its tables, opened."""
    database = Database(database_url)
    yield database
    database.close()
