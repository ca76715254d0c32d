"""What an officer decides about the seal: that another key signs from now on, or that an older copy is the log now."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailer.audit.log import Actor, Event, append
from mailer.audit.sealing.keys import LogKey, change_key, changing, remembered, set_back
from mailer.audit.sealing.models import last_checkpoint
from mailer.audit.sealing.notes import Checkpoint, VerifierKey
from mailer.audit.sealing.sealer import Sealer
from mailer.database import Database


@dataclass(frozen=True, slots=True)
class SetBack:
    """How far the log had been sealed, and how far the copy is that was put back."""

    sealed: int
    there: int


def rotate_key(database: Database, key: LogKey, folder: Path, *, at: datetime, actor: Actor) -> VerifierKey:
    """Let a new key take over from this one, which seals the entry that says so and is gone then.

    Of two that are asked for at once one waits for the other. A sealer that runs meanwhile, in this process or another,
    takes the new key up. Cut off at any moment, either key is in place, whole, and the next seal goes on. Raises what
    ``Sealer.seal`` raises, and then nothing was changed.
    """
    with changing(folder):
        former = Sealer(database, key)
        former.seal_all(at=at)

        def announce(new: VerifierKey) -> None:
            with database.write() as session:
                data = {"key": str(new), "former": str(key.as_it_is_now().verifier)}
                append(session, Event.LOG_KEY_CHANGED, at=at, actor=actor, data=data)
            former.seal_all(at=at)

        new = change_key(folder, announce)
        Sealer(database, new).seal_all(at=at)
        return next(known for known in new.known() if known == new.verifier)


def accept_backup(database: Database, folder: Path, *, at: datetime, actor: Actor) -> SetBack | None:
    """Take the database as the log though more was sealed here before, as an older copy of it was put back on purpose.

    The log says so, and the checkpoint of what is not there any more stays beside the keys. ``None`` where the database
    has everything that was sealed here.
    """
    note = remembered(folder)
    with database.write() as session:
        last = last_checkpoint(session)
        there = last.size if last else 0
        if not note or (told := Checkpoint.parsed(note)).size <= there:
            return None
        data = {"sealed": told.size, "root": told.root.hex(), "there": there}
        append(session, Event.LOG_SET_BACK, at=at, actor=actor, data=data)
    set_back(folder, there)
    return SetBack(told.size, there)
