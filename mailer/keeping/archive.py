"""Opens a backup that somebody hands over, and believes nothing in it before all of it has been looked at.

Names that lead out of a folder, links, two files of one name, files that say less than they unpack to, wrong hashes and
an archive that was cut off are all refused before a byte of it is written anywhere.
"""

import os
import stat
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from struct import error as struct_error
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from mailer.errors import BadBackup, UnreadableFile, UnwritableFile
from mailer.keeping.manifest import MANIFEST, OFFICE, Manifest, Member, is_plain
from mailer.keeping.snapshot import Progress

_CHUNK = 1 << 20
_MOST_FILES = 100_000
_MANIFEST_BYTES = 50_000_000
_DENSEST = 200
"""How many times as large as in the archive a database may be; pages with anything in them stay far below."""
_SMALL = 64_000_000
"""Bytes below which that does not matter."""
_ENCRYPTED = 0x1
"""In a member's flags (APPNOTE 4.4.4)."""
_BROKEN = (
    BadZipFile,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    UnicodeError,
    ValueError,
    struct_error,
    zlib.error,
)
"""What Python says of archives that are none, or not whole."""


class Archive:
    """A backup that has been looked at."""

    def __init__(self, file: Path, contents: ZipFile, manifest: Manifest) -> None:
        self.file, self.manifest, self._contents = file, manifest, contents

    @property
    def papers(self) -> Sequence[Member]:
        """The files of the office's folder."""
        return [member for member in self.manifest.members if member.name.startswith(OFFICE)]

    @property
    def database(self) -> Member:
        """The database."""
        return next(member for member in self.manifest.members if member.name == self.manifest.database)

    @property
    def size(self) -> int:
        """Bytes, unpacked."""
        return sum(member.size for member in self.manifest.members)

    def extract(self, member: Member, target: Path) -> None:
        """Write a member to a new file, which only this account can read. Raises ``BadBackup``, ``UnwritableFile``."""
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as output:
                for chunk in self.read(member):
                    output.write(chunk)
                output.flush()
                os.fsync(output.fileno())
        except OSError as error:
            raise UnwritableFile(file=target, reason=error.strerror or "unknown reason") from error

    def read(self, member: Member) -> Iterator[bytes]:
        """A member's content. Raises ``BadBackup`` at its end where it is another one than the manifest says."""
        seen = sha256()
        try:
            with self._contents.open(member.name) as content:
                while chunk := content.read(_CHUNK):
                    seen.update(chunk)
                    yield chunk
        except _BROKEN as error:
            raise BadBackup(file=self.file, reason=f"{member.name} in it is damaged") from error
        if seen.hexdigest() != member.sha256:
            raise BadBackup(file=self.file, reason=f"{member.name} in it is not what was backed up")


@contextmanager
def opened_backup(file: Path, progress: Progress) -> Iterator[Archive]:
    """Open a backup and look at all of it. Raises ``UnreadableFile`` and ``BadBackup``."""
    try:
        content: IO[bytes] = file.open("rb")
    except OSError as error:
        raise UnreadableFile(file=file, reason=error.strerror or "unknown reason") from error
    with content:
        if not stat.S_ISREG(os.fstat(content.fileno()).st_mode):
            raise BadBackup(file=file, reason="it is not a file")
        try:
            contents = ZipFile(content)
        except _BROKEN as error:
            raise BadBackup(file=file, reason="it is not a whole zip archive") from error
        with contents:
            archive = Archive(file, contents, _manifest(file, contents))
            _require_fit(archive, contents.infolist(), os.fstat(content.fileno()).st_size)
            done = 0
            for member in archive.manifest.members:
                for chunk in archive.read(member):
                    done += len(chunk)
                    progress("Checking the backup", done, archive.size)
            yield archive


def _manifest(file: Path, contents: ZipFile) -> Manifest:
    infos = contents.infolist()
    if len(infos) > _MOST_FILES:
        raise BadBackup(file=file, reason=f"there are more than {_MOST_FILES} files in it")
    twice = {info.filename for info in infos}
    if len(twice) < len(infos):
        raise BadBackup(file=file, reason="two files in it have one name")
    if MANIFEST not in twice or contents.getinfo(MANIFEST).file_size > _MANIFEST_BYTES:
        raise BadBackup(file=file, reason="there is no manifest in it")
    try:
        return Manifest.parsed(contents.read(MANIFEST))
    except ValueError as error:
        raise BadBackup(file=file, reason=str(error)) from error
    except _BROKEN as error:
        raise BadBackup(file=file, reason="its manifest is damaged") from error


def _require_fit(archive: Archive, infos: Sequence[ZipInfo], size: int) -> None:
    """Raises ``BadBackup`` unless the archive has exactly what its manifest says, in a form that can do no harm."""
    manifest, file = archive.manifest, archive.file
    told = {member.name: member.size for member in manifest.members}
    there = {info.filename: info for info in infos if info.filename != MANIFEST}
    if len(told) < len(manifest.members) or told.keys() != there.keys():
        raise BadBackup(file=file, reason="its files are not those that its manifest names")
    if manifest.database not in told:
        raise BadBackup(file=file, reason="there is no database in it")
    for name, info in there.items():
        if (trouble := _trouble(name, told, is_database=name == manifest.database)) or (trouble := _oddity(info)):
            shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)[:200]
            raise BadBackup(file=file, reason=f"{shown} in it {trouble}")
        if info.file_size != told[name]:
            raise BadBackup(file=file, reason=f"{name} in it has not the size that its manifest says")
    if sum(info.compress_size for info in infos) > size:
        # Members that lie upon each other unpack to more than there is.
        raise BadBackup(file=file, reason="its files say that they are larger than the archive")


def _trouble(name: str, names: Mapping[str, int], *, is_database: bool) -> str:
    """Why a member must not be called so; empty where it may."""
    parts = name.split("/")
    if not is_plain(name.removeprefix(OFFICE)):
        return "has a name that cannot be"
    if not is_database and not name.startswith(OFFICE):
        return "is not a file of an office"
    if any(part in ("", ".", "..") for part in parts):
        return "has a name that leads elsewhere"
    if any("/".join(parts[:end]) in names for end in range(1, len(parts))):
        return "is a file in a file"
    return ""


def _oddity(info: ZipInfo) -> str:
    """Why a member must not be unpacked; empty where it may be."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return "is a link, or no file"
    if info.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        return "is packed in a way that no backup is"
    if info.filename.startswith(OFFICE) and info.file_size != info.compress_size:
        return "is packed, which a backup's small files are not"
    if info.file_size > max(_SMALL, _DENSEST * info.compress_size):
        return "would unpack to many times what it is"
    return ""
