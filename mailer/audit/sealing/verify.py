"""Goes through the whole log and says which entries do not fit the seal, and what else is wrong.

An entry is compared with its hash in the tree, and the tree is built anew from those hashes and compared with what was
signed. So one entry that was changed is named, and the rest is still shown to be as it was.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import LargeBinary, Text, cast, func, select
from sqlalchemy.orm import Session

from mailer.audit.sealing.leaf import leaves_of
from mailer.audit.sealing.merkle import EMPTY_ROOT, HASH_BYTES, leaf_hash
from mailer.audit.sealing.models import LogCheckpoint, LogRun, LogTile
from mailer.audit.sealing.notes import Checkpoint, VerifierKey, good_for, signer_of
from mailer.audit.sealing.sealer import UNSEALED
from mailer.audit.sealing.tiles import WIDTH, Growing, Tiles, tiles_of
from mailer.database import fetch, is_sqlite

_BATCH = 5_000
_LAST_NUMBER = 2**63 - 1
"""The highest number that an entry can have."""

KEPT = 1_000
"""Problems of one kind that are told one by one: of ten million entries that are gone nobody reads each."""

Report = Callable[[int, int], None]
"""Is told how many entries are done, and of how many."""


class Fault(StrEnum):
    """What can be wrong."""

    CHANGED = "changed"
    """The entry is another one than was sealed."""
    MISSING = "missing"
    """An entry that was sealed is not there."""
    INSERTED = "inserted"
    """An entry stands among sealed ones and was not sealed with them."""
    UNREADABLE = "unreadable"
    """An entry has a value that nobody can read, and could not be sealed."""
    TREE = "tree"
    """The tree's own tables do not fit each other."""
    ROOT = "root"
    """The tree is another one than its checkpoint says."""
    UNSIGNED = "unsigned"
    """What stands in the tree is under no checkpoint, or nothing is though there is a key."""
    SIGNATURE = "signature"
    """A checkpoint is not signed by a key that is known and was in use then, or its row says what is not signed."""
    WITNESS = "witness"
    """A checkpoint kept elsewhere, or beside the keys, says something else than the log, or is of more entries."""


class _Kept(StrEnum):
    """Where a checkpoint was, in the words of a sentence about it."""

    HERE = ""
    BESIDE = " that lies beside the keys"
    ELSEWHERE = " kept elsewhere"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that does not fit."""

    fault: Fault
    text: str
    entry_id: int | None = None
    size: int | None = None
    """Of which checkpoint, by its number of entries."""


@dataclass(slots=True)
class Verified:
    """What a look through the log has found."""

    sealed: int = 0
    """Entries in the tree, as far as it is under a checkpoint."""
    unsealed: int = 0
    """Entries that no run has: they have come since and wait for the next checkpoint."""
    checkpoints: int = 0
    """Of the log's own, those that fit."""
    witnessed: int = 0
    """Of those kept elsewhere, the same."""
    problems: list[Problem] = field(default_factory=list)
    """The first ``KEPT`` of each kind, as they were found."""
    counts: Counter[Fault] = field(default_factory=Counter)
    """How many there are of each kind."""


def verify(
    session: Session,
    keys: Sequence[VerifierKey],
    *,
    witnessed: Sequence[str] = (),
    beside: Sequence[str] = (),
    may_be_new: bool = False,
    progress: Report = lambda _done, _total: None,
) -> Verified:
    """Hash every entry anew, build the tree, and compare it with tiles, checkpoints and those kept elsewhere.

    ``witnessed`` are notes that were out of reach of whoever may have changed the database, ``beside`` those that lie
    beside the office's keys. ``may_be_new`` is for a log of which it is known that it may have a key and no seal yet.
    ``progress`` is given how many entries are done, and of how many.
    """
    return _Verifying(session, keys, progress).run(witnessed, beside, may_be_new=may_be_new)


class _Verifying:
    def __init__(self, session: Session, keys: Sequence[VerifierKey], progress: Report) -> None:
        self._session, self._keys, self._progress = session, keys, progress
        self._tiles = Tiles(session)
        self._found = Verified()
        self._signed: dict[int, list[tuple[Checkpoint, _Kept]]] = {}
        """By size: what each says, and where it was kept."""
        self._settled: dict[int, int] = {}
        """By size: up to which number no entry was to come any more."""
        self._good = 0

    def run(self, witnessed: Sequence[str], beside: Sequence[str], *, may_be_new: bool) -> Verified:
        self._take_own()
        for note in witnessed:
            self._take(note, "A checkpoint that was kept elsewhere", kept=_Kept.ELSEWHERE)
        for note in beside:
            self._take(note, "A checkpoint that lies beside the keys", kept=_Kept.BESIDE)
        runs = self._runs()
        placed = runs[-1].first_index + runs[-1].length if runs else 0
        # What is under no checkpoint could be anything; the tables could say that it is without end, too.
        total = min(placed, max(self._signed, default=0))
        self._require_signed(placed, total, may_be_new=may_be_new)
        tree = Growing()
        self._compare(0, EMPTY_ROOT)
        settled = 0
        for start, numbers in self._parts(runs, total):
            settled = max(settled, self._settled.get(start, 0))
            self._require_behind(settled, numbers)
            for tile in tree.add(self._hashes(start, numbers)):
                self._look_at(*tile)
            self._found.sealed = start + len(numbers)
            if self._found.sealed in self._signed:
                self._compare(self._found.sealed, tree.root())
            self._progress(self._found.sealed, total)
        self._beyond(total)
        if placed == total:
            self._require_edge(total)
        self._outside(max(self._settled.values(), default=0))
        return self._found

    def _report(self, fault: Fault, text: str, *, entry_id: int | None = None, size: int | None = None) -> None:
        self._found.counts[fault] += 1
        if self._found.counts[fault] <= KEPT:
            self._found.problems.append(Problem(fault, text, entry_id, size))

    def _take_own(self) -> None:
        """The checkpoints in the database; what else their rows say must be what was signed."""
        note, at = LogCheckpoint.note, LogCheckpoint.at
        texts = (
            (cast(note, LargeBinary), cast(at, Text))
            if is_sqlite(self._session)
            else (
                func.convert_to(note, "UTF8"),
                func.to_char(func.timezone("UTC", at), "YYYY-MM-DD HH24:MI:SS.US"),
            )
        )
        columns = (LogCheckpoint.size, *texts, LogCheckpoint.settled_entry_id)
        for size, kept, when, number in self._session.execute(select(*columns).order_by(LogCheckpoint.size)):
            which = f"The checkpoint of {size} entries"
            told = self._take(kept.decode("utf-8", "replace"), which, kept=_Kept.HERE, size=size)
            if told is None:
                continue
            if told.settled is None:  # from before that was signed
                self._settled[size] = number if isinstance(number, int) else 0
                continue
            self._settled[size] = told.settled
            if (number, f"{str(when).replace(' ', 'T')}Z") != (told.settled, told.time):
                self._report(
                    Fault.SIGNATURE,
                    f"{which} was signed with another time, or another number up to which no entry comes, than stand "
                    "beside it.",
                    size=size,
                )

    def _take(self, note: str, which: str, *, kept: "_Kept", size: int | None = None) -> Checkpoint | None:
        try:
            told = Checkpoint.parsed(note)
        except ValueError as error:
            self._report(Fault.SIGNATURE, f"{which} cannot be read: {error}.", size=size)
            return None
        if size is not None and told.size != size:
            self._report(Fault.TREE, f"{which} says that they are {told.size}.", size=size)
        if signer_of(note, good_for(self._keys, told.size)) is None:
            former = signer_of(note, self._keys)
            by = "a key that was not in use then" if former else "no key that is known"
            self._report(Fault.SIGNATURE, f"{which} is signed by {by}.", size=told.size)
            return None
        self._signed.setdefault(told.size, []).append((told, kept))
        return told

    def _runs(self) -> Sequence[LogRun]:
        """The runs as far as they follow each other in the tree."""
        runs = self._session.scalars(select(LogRun).order_by(LogRun.first_index)).all()
        index = 0
        for place, run in enumerate(runs):
            # SQLite takes anything for a number.
            numbers = isinstance(run.length, int) and isinstance(run.first_entry_id, int)
            within = numbers and run.length > 0 and 1 <= run.first_entry_id <= _LAST_NUMBER - run.length
            if run.first_index != index or not within:
                self._report(Fault.TREE, f"Nothing says which entry has place {index} in the tree.")
                return runs[:place]
            index += run.length
        return runs

    def _require_signed(self, placed: int, total: int, *, may_be_new: bool) -> None:
        if placed > total:
            self._report(
                Fault.UNSIGNED,
                f"There are {placed} entries in the tree, and no checkpoint of more than {total} entries is known.",
            )
        elif self._keys and not placed and not self._signed and not may_be_new:
            self._report(
                Fault.UNSIGNED,
                "There is a key and nothing is sealed: either the seal was taken away, or this is an office that has "
                "just begun and has not yet sealed anything.",
            )

    def _require_behind(self, settled: int, numbers: range) -> None:
        """That no entry was put before others and then sealed behind them: its number would tell a false order."""
        for number in range(numbers[0], min(numbers[-1], settled) + 1):
            text = f"Entry {number} was put among sealed ones, and sealed later than its number says."
            self._report(Fault.INSERTED, text, entry_id=number)

    def _parts(self, runs: Sequence[LogRun], total: int) -> Iterator[tuple[int, range]]:
        """Places in the tree with the numbers of their entries; a part ends where something was signed."""
        sizes = sorted({*self._signed, total})
        for run in runs:
            start, end = run.first_index, min(run.first_index + run.length, total)
            while start < end:
                stop = min(end, start + _BATCH, sizes[bisect_right(sizes, start)])
                first = run.first_entry_id + start - run.first_index
                yield start, range(first, first + stop - start)
                start = stop

    def _hashes(self, start: int, numbers: range) -> list[bytes]:
        """What was sealed at these places; every entry that is not that is reported."""
        rows = {
            number: leaf_hash(row) if row else b"" for number, row in leaves_of(self._session, numbers).items()
        }
        hashes: list[bytes] = []
        for place, number in enumerate(numbers, start):
            offset = place % WIDTH * HASH_BYTES
            sealed = self._tiles.tile(0, place // WIDTH)[offset : offset + HASH_BYTES]
            there = rows.get(number)
            if there is None:
                self._report(Fault.MISSING, f"Entry {number} was sealed and is not there.", entry_id=number)
            elif not sealed:
                self._report(Fault.TREE, f"The tree has no hash of entry {number}.", entry_id=number)
            elif there != sealed:
                self._report(Fault.CHANGED, f"Entry {number} is not as it was sealed.", entry_id=number)
            hashes.append(sealed or there or bytes(HASH_BYTES))
        return hashes

    def _look_at(self, level: int, number: int, content: bytes) -> None:
        if level and not self._tiles.tile(level, number).startswith(content):
            self._report(Fault.TREE, f"The tile {number} of level {level} does not fit what lies under it.")

    def _require_edge(self, total: int) -> None:
        """That the tree can grow on: nothing stands where its next hashes come."""
        try:
            Growing.of(self._tiles, total)
        except ValueError as error:
            self._report(Fault.TREE, f"The tree cannot be built upon: {error}.")
        there = self._session.scalar(select(func.count()).select_from(LogTile))
        if there != tiles_of(total):
            self._report(Fault.TREE, f"There are {there} tiles, and {total} entries have {tiles_of(total)}.")

    def _compare(self, size: int, root: bytes) -> None:
        for told, kept in self._signed.pop(size, ()):
            if told.root == root:
                self._good = size
                self._found.witnessed += kept is _Kept.ELSEWHERE
                self._found.checkpoints += kept is _Kept.HERE
                continue
            self._report(
                Fault.ROOT if kept is _Kept.HERE else Fault.WITNESS,
                f"The first {size} entries are not those of the checkpoint{kept.value}; "
                f"the last one that fits is of {self._good} entries.",
                size=size,
            )

    def _beyond(self, total: int) -> None:
        """What was signed of more entries than there are in the tree."""
        for size, signed in sorted(self._signed.items()):
            for _, kept in signed:
                self._report(
                    Fault.MISSING if kept is _Kept.HERE else Fault.WITNESS,
                    f"A checkpoint{kept.value} is of {size} entries, and the log has {total} sealed.",
                    size=size,
                )

    def _outside(self, settled: int) -> None:
        """Entries that no run has."""
        for (number,) in fetch(self._session, ("id",), UNSEALED, (-(2**63), 2**62)):
            if number > settled:
                self._found.unsealed += 1
            elif self._found.counts[Fault.INSERTED] < KEPT and not leaves_of(self._session, [number])[number]:
                text = f"Entry {number} has a value that nobody can read, and could not be sealed."
                self._report(Fault.UNREADABLE, text, entry_id=number)
            else:
                self._report(Fault.INSERTED, f"Entry {number} was put among sealed ones.", entry_id=number)
