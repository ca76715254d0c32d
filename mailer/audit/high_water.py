"""The log's high-water mark: what is known outside of the database of how far its log had come.

A database that was put back from a copy does not know what it has lost. The last checkpoint lies beside the log's keys,
and may lie in the folder of a witness; where one of them is of more entries than the log has, the database is older.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy.orm import Session

from mailer.audit.log import Criteria, Event, entries
from mailer.audit.sealing import SUFFIX, Checkpoint, VerifierKey, signer_of

LAST = "log.sealed"
"""Beside the keys: the last checkpoint that was signed here …"""
SET_BACK = f"set-back-*{SUFFIX}"
"""… and those of a log that was longer than the one that was put back."""

_LOOKED_AT = 100
"""Files of a witness's folder, from the one of most entries on; others in it may be another office's."""
_NOTE_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class Mark:
    """A checkpoint that lies outside of the database."""

    size: int
    place: Path


def noted(keys_folder: Path, folder: Path | None) -> Mapping[Path, str]:
    """What lies beside the log's keys and in a witness's folder and might be checkpoints."""
    found: dict[Path, str] = {}
    for place in _places(keys_folder, folder):
        with suppress(OSError, UnicodeDecodeError), place.open("rb") as content:
            found[place] = content.read(_NOTE_BYTES).decode()
    return found


def highest(notes: Mapping[Path, str], keys: Sequence[VerifierKey], *, origin: str) -> Mark | None:
    """The checkpoint of most entries among these notes; ``None`` where none is one.

    Only those count that a known key has signed; where no key is known, as after a loss of ``config/keys``, those of
    the log's name, ``origin``.
    """
    found = [Mark(told.size, place) for place, note in notes.items() if (told := _told(note, keys, origin))]
    return max(found, key=lambda mark: mark.size, default=None)


def known_lost(session: Session) -> int:
    """Up to how many entries this database is known to have lost, by what was written down when it was put back."""
    told = [entry.data.get("witnessed") for entry in entries(session, Criteria(event=Event.OFFICE_RESTORED))]
    return max((size for size in told if isinstance(size, int)), default=0)


def _places(keys_folder: Path, folder: Path | None) -> Iterator[Path]:
    yield keys_folder / LAST
    yield from keys_folder.glob(SET_BACK)
    if folder is not None:
        # By their names, which begin with the number of entries.
        yield from islice(sorted(folder.glob(f"[0-9]*{SUFFIX}"), reverse=True), _LOOKED_AT)


def _told(note: str, keys: Sequence[VerifierKey], origin: str) -> Checkpoint | None:
    try:
        told = Checkpoint.parsed(note)
    except ValueError:
        return None  # something else
    if signer_of(note, keys) is None if keys else told.origin != origin:
        return None
    return told
