"""The log's high-water mark: what is known outside of the database of how far its log had come.

A database that was put back from a copy does not know what it has lost. The last checkpoint lies beside the log's keys,
and may lie in the folder of a witness; where one of them is of more entries than the log has, the database is older.
"""

import logging
import os
import re
import stat
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from mailer.audit.log import Criteria, Event, entries
from mailer.audit.sealing import SUFFIX, Checkpoint, VerifierKey, signer_of
from mailer.audit.sealing.keys import SEALED, SET_BACK
from mailer.audit.sealing.notes import good_for, time_text

_LOOKED_AT = 100
"""Files of a witness's folder, from the one of most entries on; others in it may be another office's."""
_NUMBERED = re.compile(rf"[0-9]+{re.escape(SUFFIX)}", re.ASCII)
_NOTE_BYTES = 20_000
_PATIENCE = 20.0
"""Seconds to wait for a witness's folder: that of a machine that is gone may never answer, and mail must go out."""
_CLOCKS = timedelta(minutes=5)
"""By how much the clock of a machine that was lost may have been ahead of that of the next one."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mark:
    """A checkpoint that lies outside of the database."""

    size: int
    place: Path


@dataclass(frozen=True, slots=True)
class Loss:
    """What this database is known to have lost, by what was written down when it was put back.

    Its log has gone on from the copy since then, so nothing that was signed before that says how far it should be.
    """

    until: str
    """Up to when it was signed, as a checkpoint says it …"""
    witnessed: int
    """… or of how many entries it is at the most, where it does not say when."""

    def has(self, told: Checkpoint) -> bool:
        """Whether that checkpoint is of what was lost, or of what was before."""
        return told.time <= self.until if told.time else told.size <= self.witnessed


def noted(keys_folder: Path, folder: Path | None) -> Mapping[Path, str]:
    """What lies beside the log's keys and in a witness's folder and might be checkpoints.

    A folder that does not answer in time has none.
    """
    found = {place: note for place in _beside(keys_folder) if (note := _content(place))}
    if folder is None:
        return found
    elsewhere: dict[Path, str] = {}
    ended = threading.Event()

    def look() -> None:
        elsewhere.update({place: note for place in _in_folder(folder) if (note := _content(place))})
        ended.set()

    # Whoever waits for a disk that is gone cannot be woken up; so it is left to itself.
    threading.Thread(target=look, name="witness's folder", daemon=True).start()
    if not ended.wait(_PATIENCE):
        _log.warning("%s does not answer, so nothing there says how far the log had come", folder)
        return found
    return found | elsewhere


def highest(
    notes: Mapping[Path, str], keys: Sequence[VerifierKey], *, origin: str, lost: Sequence[Loss] = ()
) -> Mark | None:
    """The checkpoint of most entries among these notes, of what is not known to be lost; ``None`` where none is one.

    Only those count that a key has signed that was good for so many entries; where no key is known, as after a loss of
    ``config/keys``, those of the log's name, ``origin``.
    """
    told = {place: told for place, note in notes.items() if (told := _told(note, keys, origin))}
    found = [Mark(one.size, place) for place, one in told.items() if not any(loss.has(one) for loss in lost)]
    return max(found, key=lambda mark: mark.size, default=None)


def losses(session: Session) -> Sequence[Loss]:
    """What this database is known to have lost, each time that it was put back."""
    return [
        Loss(time_text(entry.at + _CLOCKS), size if isinstance(size := entry.data.get("witnessed"), int) else 0)
        for entry in entries(session, Criteria(event=Event.OFFICE_RESTORED))
    ]


def _beside(keys_folder: Path) -> Iterator[Path]:
    yield keys_folder / SEALED
    with suppress(OSError):
        yield from keys_folder.glob(SET_BACK)


def _in_folder(folder: Path) -> Sequence[Path]:
    """The files of most entries, by their names, which begin with that."""
    with suppress(OSError):
        found = [file for file in folder.iterdir() if _NUMBERED.fullmatch(file.name)]
        return sorted(found, reverse=True)[:_LOOKED_AT]
    return []


def _content(place: Path) -> str:
    """What a file says; nothing where it is none that can be read."""
    with suppress(OSError, UnicodeDecodeError):
        # A pipe, which others may put there, would be waited for without end.
        descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as content:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                return content.read(_NOTE_BYTES).decode()
    return ""


def _told(note: str, keys: Sequence[VerifierKey], origin: str) -> Checkpoint | None:
    try:
        told = Checkpoint.parsed(note)
    except ValueError:
        return None  # something else
    if signer_of(note, good_for(keys, told.size)) is None if keys else told.origin != origin:
        return None
    return told
