"""The tree as static files by the C2SP specification tlog-tiles, for the programs of others: checkpoint and tiles.

Entries are not among them: whoever may know the hashes need not know what happened.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp

from sqlalchemy.orm import Session

from mailer.audit.sealing.merkle import HASH_BYTES, root
from mailer.audit.sealing.models import last_checkpoint
from mailer.audit.sealing.notes import Checkpoint
from mailer.audit.sealing.tiles import WIDTH, Tiles, levels_of
from mailer.errors import LogTreeBroken, NothingSealed, OtherTiles, UnwritableFile


@dataclass(frozen=True, slots=True)
class Written:
    """What lies in the folder now."""

    size: int
    tiles: int
    """That were not there before."""


def tile_path(level: int, number: int, width: int = WIDTH) -> str:
    """Where a tile lies: ``tile/0/x001/x234/067``, and ``.p/`` and its width behind that for one that is not full."""
    number, last = divmod(number, 1000)
    parts = [f"{last:03}"]
    while number:
        number, part = divmod(number, 1000)
        parts.insert(0, f"x{part:03}")
    return f"tile/{level}/{'/'.join(parts)}" + ("" if width == WIDTH else f".p/{width}")


def write_tree(session: Session, folder: Path) -> Written:
    """Write the tree under the last checkpoint, and then that; files of full tiles that are there stay.

    Raises ``NothingSealed``, ``LogTreeBroken`` and ``UnwritableFile``, and ``OtherTiles`` for a folder with the tiles
    of another log, or of what this one was before it was put back.
    """
    last = last_checkpoint(session)
    if last is None:
        raise NothingSealed
    told = Checkpoint.parsed(last.note)
    tiles = Tiles(session)
    _require_same(folder, tiles, told.size)
    written = 0
    try:
        if root(told.size, tiles.subtree) != told.root:
            raise LogTreeBroken(reason=f"it is not the one that the checkpoint of {told.size} entries is of")
        for level, many in enumerate(levels_of(told.size)):
            for number in range(-(-many // WIDTH)):
                width = min(WIDTH, many - number * WIDTH)
                file = folder / tile_path(level, number, width)
                # A tile's path says how many hashes it has; one that is whole stays as it is. After a power cut one
                # may be there and empty.
                if file.is_file() and file.stat().st_size == width * HASH_BYTES:
                    continue
                hashes = tiles.tile(level, number)[: width * HASH_BYTES]
                if len(hashes) != width * HASH_BYTES:
                    raise LogTreeBroken(reason=f"the tile {number} of level {level} is not there, or is cut off")
                _write(file, hashes)
                written += 1
    except ValueError as error:
        raise LogTreeBroken(reason=str(error)) from error
    # Last of all: whoever reads it finds every tile that it speaks of.
    _write(folder / "checkpoint", last.note.encode())
    return Written(told.size, written)


def _require_same(folder: Path, tiles: Tiles, size: int) -> None:
    """Raises ``OtherTiles`` where the folder has the tiles of a log that this one does not go on from."""
    file = folder / "checkpoint"
    try:
        there = Checkpoint.parsed(file.read_text("utf-8"))
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise OtherTiles(folder=folder, reason="its checkpoint cannot be read") from error
    if there.size > size:
        raise OtherTiles(folder=folder, reason=f"they are of {there.size} entries, and this log has {size} sealed")
    try:
        if root(there.size, tiles.subtree) != there.root:
            raise OtherTiles(folder=folder, reason=f"they are of {there.size} other entries")
    except ValueError as error:
        raise LogTreeBroken(reason=str(error)) from error


def _write(file: Path, content: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        number, draft = mkstemp(dir=file.parent, prefix=".")
        try:
            with open(number, "wb") as new:  # noqa: PTH123
                new.write(content)
                new.flush()
                os.fsync(new.fileno())
            Path(draft).chmod(0o644)  # a web server shall read it
            Path(draft).replace(file)
        finally:
            Path(draft).unlink(missing_ok=True)
    except OSError as error:
        raise UnwritableFile(file=file, reason=error.strerror or "unknown reason") from error
