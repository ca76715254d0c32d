"""Writes a backup: one file with the database as it was at one instant, the office's folder and a manifest."""

import errno
import fcntl
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from mailer.audit import Actor, Event, append
from mailer.config import Config
from mailer.database import Database
from mailer.errors import FileExists, UnreadableFile, UnwritableFile
from mailer.keeping.manifest import DATABASES, MANIFEST, OFFICE, Manifest, Member
from mailer.keeping.papers import Paper, papers
from mailer.keeping.snapshot import Progress, copied, require_known

CHUNK = 1 << 20
_DRAFTS = ".dateline-backup-"
_LOCK = "lock"
_FULL = ("disk is full", "disk I/O error")
"""SQLite's words."""
_UNKNOWN = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
"""What a disk says that has no second names for a file, as exFAT, or knows no way to wait for a folder."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that has been written."""

    file: Path
    size: int
    """Bytes."""
    manifest: Manifest
    left_out: tuple[Paper, ...]


def back_up(
    config: Config,
    database: Database,
    file: Path,
    *,
    with_keys: bool,
    force: bool,
    at: datetime,
    actor: Actor,
    progress: Progress = lambda _what, _done, _total: None,
) -> BackedUp:
    """Write the whole office into one file, which only this account can read, or no file at all.

    Sending and editing go on meanwhile. The log says first that everybody's details are given out. Raises
    ``FileExists`` (without ``force``), ``UnwritableFile``, ``ProgramMissing``, ``ProgramFailed``, and what is wrong
    with the database.
    """
    if not force and file.exists():
        raise FileExists(file=file)
    require_known(database)
    with _writing(file), _draft(file) as draft:
        found = tuple(papers(config, with_keys=with_keys))
        with database.write() as session:
            append(session, Event.OFFICE_BACKED_UP, at=at, actor=actor, data={"with_keys": with_keys})
        whole = draft / "backup.zip"
        descriptor = os.open(whole, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w+b") as output:
            with ZipFile(output, "w") as archive:
                manifest = _fill(archive, database, draft, found, with_keys=with_keys, at=at, progress=progress)
            output.flush()
            os.fsync(output.fileno())
        if force:
            whole.replace(file)
        else:
            _name(whole, file)
        sync_folder(file.parent)
    return BackedUp(file, file.stat().st_size, manifest, tuple(paper for paper in found if paper.why_not))


def _fill(
    archive: ZipFile,
    database: Database,
    draft: Path,
    found: tuple[Paper, ...],
    *,
    with_keys: bool,
    at: datetime,
    progress: Progress,
) -> Manifest:
    kind = "sqlite" if database.is_sqlite else "postgresql"
    members: list[Member] = []
    with copied(database, draft, progress) as (state, content):
        total = os.fstat(content.fileno()).st_size if database.is_sqlite else 0
        members.append(_add(archive, DATABASES[kind], content, "Packing the database", total, progress))
    for paper in found:
        if not paper.why_not:
            with suppress(FileNotFoundError), _readable(paper.file) as content:  # or taken away meanwhile
                members.append(
                    _add(archive, OFFICE + paper.name, content, "Packing the office's files", 0, progress)
                )
    told = state.told
    manifest = Manifest(
        made_at=at,
        dateline=version("dateline"),
        kind=kind,
        level=state.level,
        entries=state.entries,
        sealed=told.size if told else 0,
        root=told.root.hex() if told else "",
        checkpoint=state.checkpoint,
        with_keys=with_keys,
        left_out=[paper.name for paper in found if paper.why_not],
        members=members,
    )
    archive.writestr(MANIFEST, manifest.to_json())
    return manifest


@contextmanager
def _readable(file: Path) -> Iterator[IO[bytes]]:
    try:
        content = file.open("rb")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnreadableFile(file=file, reason=error.strerror or "unknown reason") from error
    with content:
        yield content


def _name(whole: Path, file: Path) -> None:
    """Give the whole file its name, unlike a rename not over one that was made meanwhile."""
    try:
        os.link(whole, file)
    except OSError as error:
        if error.errno not in _UNKNOWN:
            raise
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        whole.replace(file)


def _add(archive: ZipFile, name: str, content: IO[bytes], what: str, total: int, progress: Progress) -> Member:
    seen, size = sha256(), 0
    place = ZipInfo(name)
    # The office's files are small, and unpacked nobody can hide more in them than they say.
    place.compress_type = ZIP_STORED if name.startswith(OFFICE) else ZIP_DEFLATED
    with archive.open(place, "w", force_zip64=True) as member:
        while chunk := content.read(CHUNK):
            member.write(chunk)
            seen.update(chunk)
            size += len(chunk)
            progress(what, size, total)
    return Member(name, size, seen.hexdigest())


@contextmanager
def _draft(file: Path) -> Iterator[Path]:
    """A folder beside the file, for what is not whole yet; those of backups that were killed are cleared away."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in file.parent.glob(f"{_DRAFTS}*"):
        with suppress(OSError), _held(old):
            shutil.rmtree(old)
    draft = file.parent / f"{_DRAFTS}{secrets.token_hex(8)}"
    draft.mkdir(mode=0o700)
    try:
        with _held(draft):
            yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def _held(draft: Path) -> Iterator[None]:
    """The lock of whoever writes there, which the system takes away however it dies. Raises ``OSError``."""
    with (draft / _LOCK).open("ab") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNKNOWN:
            raise
    finally:
        os.close(descriptor)


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise FileExists(file=file) from error
    except OSError as error:
        which = error.filename if isinstance(error.filename, str) else file
        raise UnwritableFile(file=which, reason=error.strerror or str(error)) from error
    except sqlite3.OperationalError as error:
        if any(words in str(error) for words in _FULL):
            raise UnwritableFile(file=file, reason=f"{error}") from error
        raise
