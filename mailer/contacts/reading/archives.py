"""Looks into a workbook's zip before anything unpacks it: how much is really in it, and what kind of file it is."""

import mmap
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from mailer.errors import BadTable

MAX_UNPACKED = 200_000_000
"""Bytes of all parts together. 100,000 people with thirty columns are some 150 MB of XML; a reader takes twice that."""
MAX_RATIO = 1000
"""Unpacked bytes for each packed one, beyond which zlib can go (1032) only with one byte over and over."""
_RATIO_COUNTS_FROM = 10_000_000
MAX_PARTS = 5000
_CHUNK = 1 << 18

_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError)
"""What the zipfile module raises for a broken or odd archive, by its documentation and by trial."""


def open_archive(file: Path) -> zipfile.ZipFile:
    """The zip, whose parts are all found to be as long as they say and within bounds; the caller closes it.

    Nothing larger than a piece is in memory meanwhile. Raises ``BadTable``.
    """
    try:
        archive = zipfile.ZipFile(file)
    except _DAMAGED as error:
        raise damaged(file) from error
    try:
        _check(file, archive)
    except BaseException as error:
        archive.close()
        if isinstance(error, _DAMAGED):
            raise damaged(file) from error
        raise
    return archive


def damaged(file: Path) -> BadTable:
    return BadTable(
        file=file,
        reason="it is a damaged workbook, cut off perhaps",
        remedy="Fetch or save it again; if its program opens it, save it there as a new file.",
    )


def holds_text(file: Path, text: bytes) -> bool:
    """Whether the bytes are anywhere in the file, which is not read into memory for it."""
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(text) >= 0


def part(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """One part of a checked archive. Raises KeyError where there is none of that name."""
    return archive.open(name)


def _check(file: Path, archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    declared = sum(info.file_size for info in parts)
    _check_size(file, declared)
    if len(parts) > MAX_PARTS or len({info.filename for info in parts}) < len(parts):
        raise damaged(file)
    for info in parts:
        if info.flag_bits & 1:
            raise BadTable(
                file=file, reason="it is protected by a password", remedy="Open it and save it without one."
            )
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise damaged(file)
        if info.file_size > _RATIO_COUNTS_FROM and info.file_size > MAX_RATIO * max(1, info.compress_size):
            raise _too_large(file, info.file_size)
    total = 0
    for info in parts:
        for piece in _pieces(archive, info):
            total += piece
            _check_size(file, total)
    if total != declared:
        raise damaged(file)


def _pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[int]:
    # The length that a zip declares is only said: zipfile would stop there, other readers go on. Hence to the end.
    said = info.file_size
    info.file_size = 2 * MAX_UNPACKED
    try:
        with archive.open(info) as stream:
            while piece := stream.read(_CHUNK):
                yield len(piece)
    finally:
        info.file_size = said


def _check_size(file: Path, size: int) -> None:
    if size > MAX_UNPACKED:
        raise _too_large(file, size)


def _too_large(file: Path, size: int) -> BadTable:
    return BadTable(
        file=file,
        reason=f"unpacked it has {size // 1_000_000:,} MB or more, which no list of people needs",
        remedy=f"Copy the rows into a new workbook, or save it as CSV. The most is {MAX_UNPACKED // 1_000_000} MB.",
    )
