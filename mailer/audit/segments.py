"""The sealed log as files: its entries in the order of the tree, in segments that are checked without a database.

A segment has 65,536 entries, one to a line, so that the tree over it is a whole one; the tree of the log is then the
tree over the segments' roots (RFC 6962 2.1), and what the checkpoint signs. A segment that is lost or spoilt is named
and leaves the others proven.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import mkstemp

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit.sealing import Checkpoint, LogRun, VerifierKey, last_checkpoint, signer_of
from mailer.audit.sealing.leaf import leaves
from mailer.audit.sealing.merkle import leaf_hash, node_hash, root
from mailer.audit.sealing.tiles import Growing, Tiles
from mailer.errors import BadExport, LogTreeBroken, NothingSealed, OtherExport, UnwritableFile

LENGTH = 65_536
"""Entries of a segment: 256 tiles of 256, and a power of two."""

_INDEX, _CHECKPOINT, _KEYS, _ENTRIES = "export.json", "log.checkpoint", "log.pub", "entries"
_FORMAT, _VERSION = "dateline-log-export", 1
_BATCH = 8192
"""Entries read at once."""
_LINE_BYTES = 10_000_000
_INDEX_BYTES = 100_000_000

Report = Callable[[int, int], None]
"""Is told how many entries are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of entries."""

    first: int
    """Where the first of them stands in the tree, from 0."""
    length: int
    root: str
    """Of the tree over them, in hexadecimal digits."""

    @property
    def name(self) -> str:
        """The file's, in the export's folder."""
        return f"{_ENTRIES}/{self.first:012}.jsonl"


@dataclass(frozen=True, slots=True)
class Exported:
    """What one export has done."""

    size: int
    """Entries in the folder."""
    segments: int
    written: int
    """Segments that were written now; the others were there."""


def export(
    session: Session, folder: Path, keys: Sequence[VerifierKey], *, progress: Report = lambda _done, _total: None
) -> Exported:
    """Write the log, as far as it is under its last checkpoint, into a folder; into one with an export of it, what has
    come since.

    Raises ``NothingSealed``, ``LogTreeBroken``, ``UnwritableFile``, and ``OtherExport`` where the folder has an export
    that is not how this log begins.
    """
    last = last_checkpoint(session)
    if last is None:
        raise NothingSealed
    tiles = Tiles(session)
    known = _known(folder, tiles, last.size)
    segments: list[Segment] = []
    written = 0
    with _writing(folder):
        (folder / _ENTRIES).mkdir(parents=True, exist_ok=True)
        for first in range(0, last.size, LENGTH):
            length = min(LENGTH, last.size - first)
            before = known.get(first)
            if before is not None and before.length == length and (folder / before.name).is_file():
                segments.append(before)
            else:
                segments.append(_write_segment(session, folder, first, length))
                written += 1
            progress(first + length, last.size)
        told = Checkpoint.parsed(last.note)
        if _over(segments) != told.root:
            raise LogTreeBroken(reason="the entries are not those of the last checkpoint")
        # The index goes last: without it an export is none, and with the one before all of that one is there.
        _write(folder / _KEYS, "".join(f"{key}\n" for key in keys))
        _write(folder / _CHECKPOINT, last.note)
        index = {"format": _FORMAT, "version": _VERSION, "size": last.size, "checkpoint": last.note}
        _write(
            folder / _INDEX, json.dumps({**index, "segments": [asdict(one) for one in segments]}, indent=1) + "\n"
        )
    return Exported(last.size, len(segments), written)


def _known(folder: Path, tiles: Tiles, size: int) -> Mapping[int, Segment]:
    """The segments that are in the folder already, by their first place; none where it has no export."""
    if not (folder / _INDEX).exists():
        return {}
    try:
        checkpoint, segments, _ = _index(folder)
        if checkpoint.size > size:
            raise OtherExport(
                folder=folder, reason=f"it has {checkpoint.size} entries, and this log has {size} sealed"
            )
        if root(checkpoint.size, tiles.subtree) != checkpoint.root or _over(segments) != checkpoint.root:
            raise OtherExport(folder=folder, reason=f"its {checkpoint.size} entries are others")
    except BadExport as error:
        raise OtherExport(folder=folder, reason=str(error.fields["reason"])) from error
    except ValueError as error:
        raise LogTreeBroken(reason=str(error)) from error
    return {segment.first: segment for segment in segments}


def _write_segment(session: Session, folder: Path, first: int, length: int) -> Segment:
    tree = Growing()
    file = folder / _ENTRIES / f"{first:012}.jsonl"
    number, draft = mkstemp(dir=file.parent, prefix=".")
    try:
        with open(number, "wb") as output:  # noqa: PTH123
            done = 0
            for batch in _leaves(session, first, length):
                for line in batch:
                    if b"\n" in line:
                        raise LogTreeBroken(reason=f"the entry at place {first + done} is not on one line")
                output.write(b"\n".join(batch) + b"\n")
                _grow(tree, [leaf_hash(line) for line in batch])
                done += len(batch)
            output.flush()
            os.fsync(output.fileno())
        if done != length:
            raise LogTreeBroken(reason=f"of the entries from place {first} on, {length - done} are not there")
        Path(draft).chmod(0o644)
        Path(draft).replace(file)
    finally:
        Path(draft).unlink(missing_ok=True)
    return Segment(first, length, tree.root().hex())


def _leaves(session: Session, first: int, length: int) -> Iterator[list[bytes]]:
    """The leaves from a place in the tree on."""
    end = first + length
    runs = session.scalars(
        select(LogRun)
        .where(LogRun.first_index < end, LogRun.first_index + LogRun.length > first)
        .order_by(LogRun.first_index)
    )
    for run in runs.all():
        start = run.first_entry_id + max(0, first - run.first_index)
        stop = run.first_entry_id + min(run.length, end - run.first_index)
        for number in range(start, stop, _BATCH):
            values = (number, min(number + _BATCH, stop))
            batch = [
                leaf for _, leaf in leaves(session, "FROM log_entry WHERE id >= ? AND id < ? ORDER BY id", values)
            ]
            if batch:
                yield batch


@dataclass(slots=True)
class Checked:
    """What a look through an export has found."""

    size: int
    """Entries under its checkpoint."""
    entries: int = 0
    """… of which so many are there and proven."""
    witnessed: int = 0
    """Checkpoints kept elsewhere that fit."""
    signer: VerifierKey | None = None
    problems: list[str] = field(default_factory=list)


def check(
    folder: Path,
    keys: Sequence[VerifierKey],
    *,
    witnessed: Sequence[str] = (),
    progress: Report = lambda _done, _total: None,
) -> Checked:
    """Look through an export without a database. Without ``keys`` it vouches for itself: those in it are believed.

    Raises ``BadExport`` for a folder that is none; what does not fit is a problem of what is returned.
    """
    checkpoint, segments, note = _index(folder)
    found = Checked(checkpoint.size)
    believed = keys or _keys(folder)
    found.signer = signer_of(note, believed)
    if found.signer is None:
        found.problems.append("Its checkpoint is signed by no key that is known.")
    if _over(segments) != checkpoint.root:
        found.problems.append("The tree over its segments is not that of its checkpoint.")
    others = _others(witnessed, believed, checkpoint.size, found)
    tree = Growing()
    whole = True
    for segment in segments:
        hashes = _hashes(folder / segment.name, segment, found)
        whole = whole and hashes is not None
        if hashes is not None:
            found.entries += segment.length
        if whole and hashes is not None:
            _compare(tree, hashes, segment.first, others, found)
        progress(segment.first + segment.length, checkpoint.size)
    for told in others:
        found.problems.append(f"A checkpoint kept elsewhere, of {told.size} entries, could not be compared.")
    return found


def _hashes(file: Path, segment: Segment, found: Checked) -> list[bytes] | None:
    """The hashes of a segment's entries; ``None`` where they are not those that the index says, which is a problem."""
    hashes: list[bytes] = []
    try:
        with file.open("rb") as content:
            while line := content.readline(_LINE_BYTES):
                if not line.endswith(b"\n") or len(hashes) == segment.length:
                    break
                hashes.append(leaf_hash(line[:-1]))
            ended = not line
    except OSError as error:
        found.problems.append(f"{segment.name} cannot be read: {error.strerror}.")
        return None
    if not ended or len(hashes) != segment.length:
        found.problems.append(f"{segment.name} has not the {segment.length} lines that it should have.")
        return None
    tree = Growing()
    _grow(tree, hashes)
    if tree.root().hex() != segment.root:
        found.problems.append(f"{segment.name} is not as it was sealed.")
        return None
    return hashes


def _compare(tree: Growing, hashes: list[bytes], first: int, others: list[Checkpoint], found: Checked) -> None:
    """Add a segment to the tree, stopping at each checkpoint kept elsewhere."""
    start = 0
    while others and others[0].size <= first + len(hashes):
        told = others.pop(0)
        end = told.size - first
        _grow(tree, hashes[start:end])
        start = end
        if tree.root() == told.root:
            found.witnessed += 1
        else:
            found.problems.append(f"Its first {told.size} entries are not those of a checkpoint kept elsewhere.")
    _grow(tree, hashes[start:])


def _others(notes: Sequence[str], keys: Sequence[VerifierKey], size: int, found: Checked) -> list[Checkpoint]:
    """The checkpoints kept elsewhere that can be compared, by their size."""
    kept: list[Checkpoint] = []
    for note in notes:
        try:
            told = Checkpoint.parsed(note)
        except ValueError as error:
            found.problems.append(f"A checkpoint that was kept elsewhere cannot be read: {error}.")
            continue
        if signer_of(note, keys) is None:
            found.problems.append(
                f"A checkpoint kept elsewhere, of {told.size} entries, is signed by no known key."
            )
        elif not told.size:
            continue  # of no entry: it says nothing
        elif told.size > size:
            found.problems.append(
                f"A checkpoint kept elsewhere is of {told.size} entries, and the export has {size}."
            )
        else:
            kept.append(told)
    return sorted(kept, key=lambda told: told.size)


def _grow(tree: Growing, hashes: Sequence[bytes]) -> None:
    for _ in tree.add(hashes):
        pass  # its tiles are not wanted


def _over(segments: Sequence[Segment]) -> bytes:
    """The root of the tree over the segments, which is that of the log."""
    if len(segments) == 1:
        return bytes.fromhex(segments[0].root)
    half = 1 << (len(segments) - 1).bit_length() - 1
    return node_hash(_over(segments[:half]), _over(segments[half:]))


def _index(folder: Path) -> tuple[Checkpoint, Sequence[Segment], str]:
    """What the export says of itself. Raises ``BadExport``."""
    try:
        with (folder / _INDEX).open("rb") as content:
            document = json.loads(content.read(_INDEX_BYTES))
        note = document["checkpoint"]
        checkpoint = Checkpoint.parsed(note)
        segments = [Segment(**one) for one in document["segments"]]
        if (document["format"], document["version"]) != (_FORMAT, _VERSION):
            raise ValueError("it has a form that this Dateline does not know")
        _require_rows(segments, checkpoint.size)
    except OSError as error:
        raise BadExport(folder=folder, reason=f"{_INDEX}: {error.strerror}") from error
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadExport(folder=folder, reason=f"{_INDEX} has not the fields that it should have") from error
    except ValueError as error:
        raise BadExport(folder=folder, reason=f"{_INDEX}: {error}") from error
    return checkpoint, segments, note


def _require_rows(segments: Sequence[Segment], size: int) -> None:
    """Raises ``ValueError`` unless they are all segments of a log of that size, one behind the other."""
    firsts = range(0, size, LENGTH)
    if not size or len(segments) != len(firsts):
        raise ValueError("it has not the segments of its checkpoint")
    for first, segment in zip(firsts, segments, strict=True):
        if (segment.first, segment.length) != (first, min(LENGTH, size - first)):
            raise ValueError("its segments are not one behind the other")
        if not isinstance(segment.root, str) or not re.fullmatch(r"[0-9a-f]{64}", segment.root, re.ASCII):
            raise ValueError("a segment's root is no hash")


def _keys(folder: Path) -> Sequence[VerifierKey]:
    try:
        return [VerifierKey.parsed(line) for line in (folder / _KEYS).read_text("utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise BadExport(folder=folder, reason=f"{_KEYS} cannot be read") from error


def _write(file: Path, text: str) -> None:
    number, draft = mkstemp(dir=file.parent, prefix=".")
    try:
        with open(number, "w", encoding="utf-8", newline="\n") as output:  # noqa: PTH123
            output.write(text)
            output.flush()
            os.fsync(output.fileno())
        Path(draft).chmod(0o644)
        Path(draft).replace(file)
    finally:
        Path(draft).unlink(missing_ok=True)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        which = error.filename if isinstance(error.filename, str) else folder
        raise UnwritableFile(file=which, reason=error.strerror or "unknown reason") from error
