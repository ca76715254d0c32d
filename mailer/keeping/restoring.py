"""Makes an office of a backup, which sends nothing until an officer has decided wave by wave.

All is done in a folder beside the one that was named, which takes that name only when everything in it is held; so
whoever is stopped in the middle leaves no office. A PostgreSQL database says at which level it is only from the
transaction on that holds everything, and till then no program takes it for an office's.
"""

import fcntl
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError

from mailer.audit import Actor
from mailer.audit.high_water import highest, noted
from mailer.audit.sealing import Checkpoint, Verified, known_keys, last_checkpoint, verify
from mailer.config import config_file, database_url_in
from mailer.config import load as load_settings
from mailer.database import Database, migrate
from mailer.errors import (
    BackupNewer,
    BadBackup,
    DatabaseElsewhere,
    DatabaseNotEmpty,
    DatelineError,
    NoRoom,
    OfficeNotEmpty,
    OtherDatabaseKind,
    UnwritableFile,
)
from mailer.keeping.aftermath import HeldWave, described, settle
from mailer.keeping.archive import Archive, opened_backup
from mailer.keeping.backup import sync_folder
from mailer.keeping.manifest import OFFICE, Manifest
from mailer.keeping.papers import to_put_back
from mailer.keeping.programs import writing_to
from mailer.keeping.snapshot import Progress, free_bytes
from mailer.schedule.standstill import Stopped

_URL = "DATELINE_DATABASE__URL"
_MEGABYTE = 1_000_000
_ROOM = 1.2
"""How much more than what is unpacked is needed, for what the database writes while it is brought forward."""


@dataclass(frozen=True, slots=True)
class Restored:
    """An office that was brought back."""

    folder: Path
    database: str
    """Its URL, without a password."""
    manifest: Manifest
    level_before: str
    waves: Sequence[HeldWave]
    log: Verified
    """What a look through its log has found, against the checkpoint in the manifest too."""

    @property
    def missing(self) -> Sequence[str]:
        """Files that the backup has not, and that somebody has to put back from elsewhere."""
        return to_put_back(self.manifest.left_out)


def restore(
    file: Path,
    folder: Path,
    *,
    database_url: str,
    environment: Mapping[str, str],
    at: datetime,
    actor: Actor,
    progress: Progress = lambda _what, _done, _total: None,
) -> Restored:
    """Bring an office back into a folder that is empty or not there. ``database_url`` is empty for what its settings,
    or the environment, say.

    Raises ``OfficeNotEmpty``, ``DatabaseNotEmpty``, ``BadBackup``, ``BackupNewer``, ``OtherDatabaseKind``,
    ``DatabaseElsewhere``, ``NoRoom``, ``UnwritableFile``, ``ProgramMissing`` or ``ProgramFailed``; then there is no
    office in the folder.
    """
    folder = folder.absolute()
    _clear_drafts(folder)
    _require_empty(folder)
    with opened_backup(file, progress) as archive, _draft(folder) as draft:
        _require_usable(archive, draft)
        for member in archive.papers:
            archive.extract(member, draft / member.name.removeprefix(OFFICE))
        if not config_file(draft).is_file():
            raise BadBackup(file=file, reason="there are no settings in it")
        place = _place(archive, draft, folder, database_url, environment)
        with place.opened(archive, progress) as database, _of_its_level(archive):
            stopped = _settle(database, archive.manifest, _witnessed(archive.manifest, draft), at=at, actor=actor)
            migrate.upgrade(database)
            waves, log = _look(database, archive.manifest, stopped, draft, progress)
        place.keep()
        _take_its_place(draft, folder)
        return Restored(folder, place.shown, archive.manifest, archive.manifest.level, waves, log)


def _require_empty(folder: Path) -> None:
    try:
        if any(folder.iterdir()):
            raise OfficeNotEmpty(folder=folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UnwritableFile(file=folder, reason=error.strerror or "unknown reason") from error


def _require_usable(archive: Archive, draft: Path) -> None:
    manifest = archive.manifest
    if manifest.level not in migrate.levels():
        raise BackupNewer(file=archive.file, version=manifest.dateline, level=manifest.level)
    needed, free = int(archive.size * _ROOM), free_bytes(draft)
    if needed > free:
        raise NoRoom(folder=draft.parent, free=free // _MEGABYTE, needed=needed // _MEGABYTE + 1)


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """A folder beside the one that was named, or in it where it is there; gone at the end, unless it has taken its
    place.

    One that is there may be a disk of its own, a link, or in a folder in which this account cannot write.
    """
    draft = _place_of_drafts(folder) / f"{_name_of_drafts(folder)}{secrets.token_hex(8)}"
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.mkdir(mode=0o700)
        with _held(draft):
            yield draft
    except OSError as error:
        which = error.filename if isinstance(error.filename, str) else folder
        raise UnwritableFile(file=which, reason=error.strerror or "unknown reason") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _place_of_drafts(folder: Path) -> Path:
    return folder if folder.is_dir() else folder.parent


def _name_of_drafts(folder: Path) -> str:
    return f".{folder.name[:200]}.restoring-"


def _clear_drafts(folder: Path) -> None:
    """Clear away what restores that were killed have left: everybody's details are in it."""
    with suppress(OSError):
        for old in [*_place_of_drafts(folder).iterdir()]:
            if old.name.startswith(_name_of_drafts(folder)):
                with suppress(OSError), _held(old):
                    shutil.rmtree(old)


@contextmanager
def _held(draft: Path) -> Iterator[None]:
    """The lock of whoever works there, which the system takes away however it dies. Raises ``OSError``."""
    descriptor = os.open(draft, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _take_its_place(draft: Path, folder: Path) -> None:
    if draft.parent != folder:
        draft.rename(folder)  # over nothing that has anything in it (POSIX rename)
        sync_folder(folder.parent)
        return
    # The settings last: without them it is no office.
    for part in sorted(draft.iterdir(), key=lambda part: part.name == "config"):
        part.rename(folder / part.name)
    draft.rmdir()
    sync_folder(folder)


@contextmanager
def _of_its_level(archive: Archive) -> Iterator[None]:
    """Raises ``BadBackup`` where the database has other tables than those of the level that it says."""
    try:
        yield
    except (OperationalError, ProgrammingError) as error:
        if isinstance(error, OperationalError) and "no such" not in str(error.orig):
            raise
        raise BadBackup(file=archive.file, reason="its database is not of the level that it says") from error


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the database goes."""

    url: str
    """Under which it is worked on."""
    shown: str
    load: Callable[[Database, Archive, Progress], None]
    draft: Path | None = None
    """An SQLite file outside of the office's folder is worked on beside its place …"""
    target: Path | None = None
    """… which is this."""

    @contextmanager
    def opened(self, archive: Archive, progress: Progress) -> Iterator[Database]:
        """The database with what the backup has of it, not yet held."""
        database = Database(self.url)
        try:
            self.load(database, archive, progress)
            yield database
            database.close()
        except BaseException:
            database.close()
            if self.draft is not None:
                for end in ("", "-wal", "-shm"):
                    Path(f"{self.draft}{end}").unlink(missing_ok=True)
            raise

    def keep(self) -> None:
        """Put it where the office looks for it. Raises ``DatabaseNotEmpty`` where somebody else has meanwhile."""
        if self.draft is not None and self.target is not None:
            with suppress(FileNotFoundError):
                try:
                    os.link(self.draft, self.target)
                except FileExistsError as error:
                    raise DatabaseNotEmpty(database=self.shown) from error
                finally:
                    self.draft.unlink()
            sync_folder(self.target.parent)


def _place(
    archive: Archive, draft: Path, folder: Path, database_url: str, environment: Mapping[str, str]
) -> _Place:
    """Raises ``OtherDatabaseKind``, ``DatabaseNotEmpty`` and ``DatabaseElsewhere``."""
    kind = archive.manifest.kind
    url = database_url_in(draft, {**environment, _URL: database_url} if database_url else environment)
    if not url.startswith("sqlite"):
        database = Database(url)
        database.close()
        if kind == "sqlite":
            raise OtherDatabaseKind(kept=kind, kind="postgresql", database=database.shown)
        return _Place(url, database.shown, _load_postgresql)
    # Not opened: that would make folders.
    path = Path(os.path.normpath(url.partition(":///")[2].partition("?")[0]))
    shown = f"sqlite:///{folder / path.relative_to(draft) if path.is_relative_to(draft) else path}"
    if kind != "sqlite":
        raise OtherDatabaseKind(kept=kind, kind="sqlite", database=shown)
    if path.is_relative_to(draft):
        return _Place(url, shown, _load_sqlite)
    if not database_url and _URL not in environment:
        # Whoever made the archive does not choose where on this machine something is written.
        raise DatabaseElsewhere(path=path)
    path = path.absolute()
    if path.exists():
        raise DatabaseNotEmpty(database=shown)
    beside = path.with_name(f".{path.name[:200]}.restoring-{secrets.token_hex(8)}")
    return _Place(f"sqlite:///{beside}", shown, _load_sqlite, beside, path)


def _load_sqlite(database: Database, archive: Archive, progress: Progress) -> None:
    target = Path(str(database.engine.url.database))
    archive.extract(archive.database, target)
    progress("Checking the database", 0, 0)
    try:
        with closing(sqlite3.connect(target)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA query_only = ON")
            (sound,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            levels = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.Error as error:
        raise BadBackup(file=archive.file, reason="what it has for a database is none of Dateline's") from error
    if sound != "ok" or levels != [(archive.manifest.level,)]:
        raise BadBackup(file=archive.file, reason="its database is damaged, or not of the level that it says")


def _load_postgresql(database: Database, archive: Archive, progress: Progress) -> None:
    with database.read() as session:
        if session.execute(text(_ANYTHING)).scalar_one():
            raise DatabaseNotEmpty(database=database.shown)
    arguments = (
        "--single-transaction",
        "--exit-on-error",
        "--no-owner",
        "--no-privileges",
        "--no-password",
        f"--dbname={_conninfo(str(database.engine.url.database or ''))}",
    )
    done, total = 0, archive.database.size
    with writing_to("pg_restore", arguments, database) as program:
        for chunk in archive.read(archive.database):
            program.write(chunk)
            done += len(chunk)
            progress("Bringing the database back", done, total)


_ANYTHING = (
    "SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
    "WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'"
)


def _conninfo(name: str) -> str:
    """The database's name, even if it looks like more than that."""
    from psycopg.conninfo import make_conninfo

    return make_conninfo(dbname=name)


def _settle(
    database: Database, manifest: Manifest, witnessed: int, *, at: datetime, actor: Actor
) -> Sequence[Stopped]:
    """Hold everything, in the transaction from which on the database is an office's."""
    made_at = manifest.made_at.astimezone(UTC)
    with database.write() as session:
        if not database.is_sqlite:
            session.execute(text("INSERT INTO alembic_version VALUES (:level)"), {"level": manifest.level})
        return settle(
            session,
            reason=f"restored from a backup of {made_at:%Y-%m-%d %H:%M} UTC: it may have gone out since",
            data={
                "by": "restore",
                "made_at": made_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
                "sealed": manifest.sealed,
                "entries": manifest.entries,
                "witnessed": witnessed,
            },
            at=at,
            actor=actor,
        )


def _witnessed(manifest: Manifest, draft: Path) -> int:
    """Up to where a witness's folder that its settings name has seen its log; what lies behind the backup is lost."""
    try:
        config = load_settings(draft)
    except DatelineError:
        return 0  # as where a secret is not there yet; a running process asks again
    notes = noted(config.keys_folder, config.checkpoint_folder)
    origin = Checkpoint.parsed(manifest.checkpoint).origin if manifest.checkpoint else ""
    mark = highest(notes, known_keys(config.keys_folder), origin=origin)
    return mark.size if mark else 0


def _look(
    database: Database, manifest: Manifest, stopped: Sequence[Stopped], draft: Path, progress: Progress
) -> tuple[Sequence[HeldWave], Verified]:
    witnessed = [manifest.checkpoint] if manifest.checkpoint else []
    with database.read() as session:
        # A backup may be made between the key and the first seal: then nothing is missed.
        begun = witnessed or last_checkpoint(session)
        log = verify(
            session,
            known_keys(draft / "config" / "keys") if begun else [],
            witnessed=witnessed,
            progress=lambda done, total: progress("Looking at the log's entries", done, total),
        )
        return described(session, stopped), log
