"""Notices a database that is older than what lies beside it, as when somebody has put a copy back by hand.

Two things outlive it: the last checkpoint of the log, kept beside its keys and with witnesses, and the journals of
processes that were killed. A database that knows less than they do would send again what has gone out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit.high_water import highest, losses, noted
from mailer.audit.sealing import Checkpoint, known_keys, last_checkpoint
from mailer.config import Config
from mailer.delivery.journal import Ending, Remains, read_remains
from mailer.delivery.models import Process
from mailer.errors import DatabaseOlder

_JOURNAL = ".journal"
_GONE = (Ending.ACCEPTED, Ending.IN_DOUBT, Ending.HELD)
"""Endings of which an office that does not know of them would send again."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known beside the database."""

    witnessed: int = 0
    """Of how many entries the largest checkpoint outside of it is, lost or not; 0 where there is none."""
    sealed: int = 0
    """Of how many its own last one is."""
    texts: Sequence[str] = ()
    """What it is older than, in sentences; none where nothing says that it is."""
    journals: Mapping[Path, Remains] = field(default_factory=dict)
    """All that tell of mail: also one of a process that it knows may tell of what came behind the copy."""

    @property
    def deliveries(self) -> frozenset[int]:
        """Those of which such a journal says that they went out, or may have."""
        begun = {number for remains in self.journals.values() for number in remains.begun}
        ended = {one for remains in self.journals.values() for one in remains.ended}
        return frozenset(begun | {one.delivery_id for one in ended if Ending(one.verdict) in _GONE})


def refuse_older(session: Session, config: Config, process_folder: Path) -> None:
    """Raises ``DatabaseOlder`` where what lies beside the database says that it was put back from a copy."""
    found = evidence(session, config, process_folder)
    if found.texts:
        raise DatabaseOlder(evidence=" ".join(found.texts))


def evidence(session: Session, config: Config, process_folder: Path) -> Evidence:
    """Look at what lies beside the database. Nothing may have been read in the session before: what lies there is
    looked at first, or a process that is just beginning would be taken for one that the database has lost."""
    notes = noted(config.keys_folder, config.checkpoint_folder)
    journals = _journals(process_folder)
    last = last_checkpoint(session)
    own = Checkpoint.parsed(last.note) if last else None
    keys, origin = known_keys(config.keys_folder), own.origin if own else ""
    most = highest(notes, keys, origin=origin)
    sealed, witnessed = (own.size if own else 0), (most.size if most else 0)
    texts: list[str] = []
    # What was lost before is looked up only where it matters: the log may have millions of entries.
    lost = losses(session) if witnessed > sealed else ()
    if (mark := highest(notes, keys, origin=origin, lost=lost)) and mark.size > sealed:
        texts.append(f"Its log has {sealed} sealed entries, and {mark.place} is a checkpoint of {mark.size}.")
    known = set(session.scalars(select(Process.id).where(Process.id.in_([file.stem for file in journals]))))
    unknown = [file for file in journals if file.stem not in known]
    texts += [f"{file} is the journal of a process that it does not know, and mail went out." for file in unknown]
    return Evidence(witnessed, sealed, texts, journals)


def _journals(folder: Path) -> Mapping[Path, Remains]:
    """The journals that tell of mail; a process that was killed before it had entered itself has sent nothing."""
    found: dict[Path, Remains] = {}
    for file in sorted(folder.glob(f"*{_JOURNAL}")):
        try:
            remains = read_remains(file)
        except OSError:
            continue  # as for taking over: what cannot be read says nothing
        if remains.begun or remains.ended:
            found[file] = remains
    return found


def put_away(journals: Mapping[Path, Remains]) -> None:
    """Keep these journals under another name, under which they are not looked at again."""
    for file in journals:
        file.replace(file.with_suffix(".journal-of-before"))
