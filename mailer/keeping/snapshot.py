"""One state of the database as it was at one instant, copied while others go on writing, with what the log then was."""

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from mailer.audit.sealing import Checkpoint, last_checkpoint
from mailer.database import Database, migrate
from mailer.errors import DatabaseUnreachable, SchemaBehind, SchemaUnknown
from mailer.keeping.programs import reading_from

STEP_PAGES = 1024
"""Pages copied at once, which are 4 MB; behind each step the disk is left to others for a moment."""
_PAUSE = 0.005
_FREE = 4
"""The part of a copy's pages that may be empty: a fourth."""

Progress = Callable[[str, int, int], None]
"""Is told what is done now, how many bytes of it, and of how many; 0 where that is not known."""


@dataclass(frozen=True, slots=True)
class State:
    """What the database says of itself."""

    level: str
    entries: int
    checkpoint: str

    @property
    def told(self) -> Checkpoint | None:
        """What the checkpoint says."""
        return Checkpoint.parsed(self.checkpoint) if self.checkpoint else None


def require_known(database: Database) -> None:
    """Raises ``DatabaseUnreachable``, ``SchemaBehind`` or ``SchemaUnknown`` unless a backup of it can be restored."""
    path = database.engine.url.database
    if database.is_sqlite and not Path(str(path)).is_file():
        # Opening it would make an empty one.
        raise DatabaseUnreachable(database=database.shown, reason="there is no such file")
    stands = migrate.level(database)
    if stands.present is None:
        raise SchemaBehind(database=database.shown, level="empty", needed=stands.needed)
    if not stands.known:
        raise SchemaUnknown(database=database.shown, level=stands.present)


@contextmanager
def copied(database: Database, folder: Path, progress: Progress) -> Iterator[tuple[State, IO[bytes]]]:
    """What the database was when the block began, and its content to be read; a copy that needs a file of its own lies
    in the folder until the block ends."""
    if database.is_sqlite:
        file = folder / "dateline.db"
        copy_sqlite(database, file, progress)
        copy = Database(f"sqlite:///{file}")
        try:
            with copy.read() as session:
                state = state_of(session)
        finally:
            copy.close()
        with file.open("rb") as content:
            yield state, content
        return
    with database.read() as session:
        state = state_of(session)
        # The very state that this transaction sees, whatever is written meanwhile.
        snapshot = session.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        # Which level it is goes into the manifest, and back into the database when all that could send is held: till
        # then no program takes it for an office's.
        arguments = (
            "--format=custom",
            "--compress=0",
            "--no-password",
            "--no-sync",
            "--exclude-table-data=alembic_version",
            f"--snapshot={snapshot}",
        )
        with reading_from("pg_dump", arguments, database) as content:
            yield state, content


def copy_sqlite(database: Database, target: Path, progress: Progress) -> None:
    """Copy an SQLite database by its online backup, in steps, while others go on writing.

    A transaction that reads is held for the whole time. In WAL mode it keeps nobody from writing; without it SQLite
    would begin anew whenever somebody has written, and beside a busy sender never come to an end.
    """
    with closing(database.engine.raw_connection()) as pooled, closing(sqlite3.connect(target)) as copy:
        target.chmod(0o600)
        origin = pooled.driver_connection
        assert isinstance(origin, sqlite3.Connection)  # noqa: S101 - the driver that we open it with
        origin.execute("BEGIN")
        try:
            (page_bytes,) = origin.execute("PRAGMA page_size").fetchone()
            origin.execute("SELECT count(*) FROM sqlite_master").fetchone()

            def step(_status: int, remaining: int, total: int) -> None:
                progress("Copying the database", (total - remaining) * page_bytes, total * page_bytes)
                time.sleep(_PAUSE)

            copy.execute("PRAGMA synchronous = OFF")
            origin.backup(copy, pages=STEP_PAGES, progress=step)
        finally:
            origin.execute("ROLLBACK")
        (pages,), (free,) = (
            copy.execute(f"PRAGMA {which}").fetchone() for which in ("page_count", "freelist_count")
        )
        if free > pages // _FREE:
            # A file of zeros, as much deleting leaves it, could not be told from one that is made to fill a disk.
            copy.isolation_level = None
            copy.execute("VACUUM")


def state_of(session: Session) -> State:
    """What this session sees. Works on an older level, too."""
    level = session.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    entries = session.execute(text("SELECT max(id) FROM log_entry")).scalar_one() or 0
    sealed = inspect(session.connection()).has_table("log_checkpoint")
    last = last_checkpoint(session) if sealed else None
    return State(level, entries, last.note if last else "")


def free_bytes(folder: Path) -> int:
    """Room on the disk of a folder."""
    return shutil.disk_usage(folder).free
