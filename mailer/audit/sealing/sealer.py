"""Seals the log: takes entries that are new into the tree, in an order that stays, and signs a checkpoint of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from mailer.audit.log import Actor, Event, append
from mailer.audit.sealing.footing import require_footing
from mailer.audit.sealing.keys import LogKey, remember
from mailer.audit.sealing.leaf import UNREADABLE, is_of_a_value, leaves, leaves_of
from mailer.audit.sealing.merkle import leaf_hash
from mailer.audit.sealing.models import LogCheckpoint, LogRun, last_checkpoint
from mailer.audit.sealing.notes import Checkpoint, time_text
from mailer.audit.sealing.tiles import Growing, Tiles, write_tiles
from mailer.database import Database, fetch, is_sqlite
from mailer.errors import LogTreeBroken

BATCH = 5_000
"""Entries under one checkpoint at the most: nobody who writes waits longer than a moment for the sealer."""

# Any number serves that nobody else takes.
_SEALING_LOCK = 0x646174655345414C
_SEALER = Actor("system:sealer")

# Behind the end of the run that begins at or before it. No run of ours begins below 1, and between that and a number
# is no difference that the database could not reckon with.
UNSEALED = """
FROM log_entry WHERE id >= ? AND COALESCE((
  SELECT id - first_entry_id >= length FROM log_run
  WHERE first_entry_id BETWEEN 1 AND log_entry.id ORDER BY first_entry_id DESC LIMIT 1
), true) ORDER BY id LIMIT ?
"""
"""Entries from a number on that are not in the tree yet: for ``fetch``, with it and how many at the most."""


_LAST_NUMBER = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM log_entry_id_seq"
_WRITERS = """
SELECT virtualtransaction FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
WHERE datname = current_database() AND relation = 'log_entry'::regclass AND mode = 'RowExclusiveLock' AND granted
"""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one go has done."""

    entries: int
    size: int
    """Entries in the tree now."""
    unreadable: tuple[int, ...] = ()
    """Entries that were passed over, as nobody can read them. The log says so of each."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """A number of an entry, and the transactions that may still bring entries of lower numbers."""

    entry_id: int
    open: frozenset[str]


class Sealer:
    """Seals the log of one database. Several of them, in however many processes, take turns."""

    def __init__(self, database: Database, key: LogKey) -> None:
        self._database, self._key = database, key
        self._mark: _Mark | None = None
        self._told: set[int] = set()
        """Entries that cannot be read and that the log has been told of."""

    def seal(self, *, at: datetime) -> Sealed:
        """Seal what is new, at most ``BATCH`` entries of it; with none there is no new checkpoint.

        An entry that nobody can read is passed over, or nothing would be sealed any more because of it; an entry of
        its own says so. Raises ``LogTreeBroken``, ``LogNotOurs`` or ``LogSetBack`` where what is there cannot be built
        upon, so that this key never signs what somebody else made of the log.
        """
        with self._database.write() as session:
            if not is_sqlite(session):
                session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SEALING_LOCK})
            key = self._key.as_it_is_now()
            last = last_checkpoint(session)
            size, before = require_footing(session, last, key)
            key.take_over(last.note if last else "")
            settled = self._settled(session)
            rows = _unsealed(session, before + 1)
            numbers = list(rows)
            unreadable = tuple(number for number in numbers if not rows[number] and number not in self._told)
            found = [number for number in numbers if rows[number]]
            for number in unreadable:
                append(session, Event.LOG_ENTRY_UNREADABLE, at=at, actor=_SEALER, data={"entry": number})
            if not found:
                self._told.update(unreadable)
                return Sealed(0, size, unreadable)
            try:
                tree = Growing.of(Tiles(session), size)
            except ValueError as error:
                raise LogTreeBroken(reason=str(error)) from error
            write_tiles(session, list(tree.add([leaf_hash(rows[number]) for number in found])))
            _keep_runs(session, size, found)
            size += len(found)
            if settled is None or len(numbers) == BATCH:
                # Up to the last of these all are sealed that there are.
                settled = numbers[-1] if settled is None else min(settled, numbers[-1])
            settled = max(before, settled)
            signed = Checkpoint(key.name, size, tree.root(), settled, time_text(at))
            note = key.sign(str(signed))
            session.add(LogCheckpoint(size=size, at=at, note=note, settled_entry_id=settled))
        self._told.update(unreadable)
        if key.folder is not None:
            remember(key.folder, note)
        return Sealed(len(found), size, unreadable)

    def seal_all(self, *, at: datetime) -> Sealed:
        """Seal whatever is new, and tell of all of it."""
        entries = 0
        unreadable: tuple[int, ...] = ()
        while (done := self.seal(at=at)).entries or done.unreadable:
            entries, unreadable = entries + done.entries, unreadable + done.unreadable
        return replace(done, entries=entries, unreadable=unreadable)

    def _settled(self, session: Session) -> int | None:
        """The number up to which no entry will come any more, 0 where that is not known yet; ``None`` for any number.

        On PostgreSQL an entry has its number before its transaction ends, so that a lower number may come after a
        higher one. Whoever is about to take a number holds a lock on the table from before until the end; so once all
        are gone who held it after the numbers had come to a mark, nothing comes below that mark. SQLite has one
        writer at a time, which is now this one.
        """
        if is_sqlite(session):
            return None
        # In this order: a transaction that took a number up to the mark has had its lock since before.
        now = int(session.execute(text(_LAST_NUMBER)).scalar_one())
        holders = frozenset(session.scalars(text(_WRITERS)))
        if not holders:
            self._mark = None
            return now
        mark = self._mark
        if mark is None or not mark.open & holders:
            self._mark = _Mark(now, holders)
        return mark.entry_id if mark and not mark.open & holders else 0


def _unsealed(session: Session, first: int) -> dict[int, bytes]:
    """The leaves of entries from a number on that are not in the tree; no bytes for one that nobody can read."""
    try:
        return dict(leaves(session, UNSEALED, (first, BATCH)))
    except UNREADABLE as error:
        if not is_of_a_value(error):
            raise
    return leaves_of(session, [number for (number,) in fetch(session, ("id",), UNSEALED, (first, BATCH))])


def _keep_runs(session: Session, index: int, numbers: Sequence[int]) -> None:
    """Remember where in the tree these entries stand, one behind the other from the index."""
    starts = [0, *(place for place, (one, next_) in enumerate(pairwise(numbers), 1) if next_ != one + 1)]
    rows = [
        {"first_index": index + start, "first_entry_id": numbers[start], "length": end - start}
        for start, end in pairwise([*starts, len(numbers)])
    ]
    session.execute(insert(LogRun), rows)
