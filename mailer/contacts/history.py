"""The history of a contact: what the log has on her and on all who were merged into her, with what officers noted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from sqlalchemy.orm import Session

from mailer.audit import Criteria, LogEntry, entries
from mailer.contacts.merging import with_merged
from mailer.contacts.models import Contact, ContactNote
from mailer.contacts.notes import notes_of


@dataclass(frozen=True, slots=True)
class Passage:
    """One thing that happened."""

    at: datetime
    what: str
    """An event of the log, ``note`` or ``request``."""
    contact_id: int
    """Under which number: her own, or that of a contact who was merged into her."""
    actor: str
    release_id: int | None
    wave_id: int | None
    delivery_id: int | None
    data: Mapping[str, object]
    """What the log keeps of it; of a note its text."""


def history_of(session: Session, contact: Contact) -> Sequence[Passage]:
    """All of it, newest first."""
    hers = with_merged(contact.id)
    found = [_of_entry(entry) for entry in entries(session, Criteria(contact_ids=hers))]
    found += [_of_note(note) for note in notes_of(session, contact)]
    # Of what happened in one instant the last that was written comes first.
    found.sort(key=attrgetter("at"))
    found.reverse()
    return found


def _of_entry(entry: LogEntry) -> Passage:
    return Passage(
        entry.at,
        entry.event,
        entry.contact_id or 0,
        entry.actor,
        entry.release_id,
        entry.wave_id,
        entry.delivery_id,
        entry.data,
    )


def _of_note(note: ContactNote) -> Passage:
    return Passage(note.at, note.kind.value, note.contact_id, note.actor, None, None, None, {"text": note.text})
