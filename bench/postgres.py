"""A PostgreSQL server of the measurement's own, on a Unix socket, with its usual durability."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from runner import Failed


@contextmanager
def server(parent: Path) -> Iterator[Path]:
    """A running server, deleted at the end: the folder of its socket. Raises ``Failed``."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    if not programs:
        raise Failed("PostgreSQL is not on this machine; on Debian or Ubuntu: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="dateline-pg-", dir=parent))
    user = None
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        user = account.pw_name

    def run(program: str, *words: str) -> None:
        command = [f"{programs[-1]}/{program}", "-D", f"{folder}/data", *words]
        subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)

    try:
        run("initdb", "-U", "dateline", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses='' -k {folder}"
        run("pg_ctl", "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            yield folder
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fresh_database(folder: Path) -> Iterator[str]:
    """The URL of an empty database on that server, dropped at the end."""
    name = f"b{uuid4().hex}"
    with psycopg.connect(host=str(folder), user="dateline", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"postgresql://dateline@/{name}?host={folder}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
