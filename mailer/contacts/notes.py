"""What officers write down about contacts: notes and requests, the words by which they sort them, and their checks."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.contacts.merging import with_merged
from mailer.contacts.models import Contact, ContactNote, ContactTag, NoteKind
from mailer.contacts.spelling import CONTROLS
from mailer.contacts.standing import require_living
from mailer.contacts.table import clean
from mailer.errors import BadField

MAX_NOTE = 2_000
"""Characters."""
_MAX_TAG = 60


def add_note(
    session: Session, contact: Contact, text: str, *, kind: NoteKind = NoteKind.NOTE, at: datetime, actor: Actor
) -> ContactNote:
    """Write something down about a contact. Raises ``BadField`` or ``ContactGone``."""
    require_living(contact)
    words = _words("note", text, MAX_NOTE)
    note = ContactNote(contact_id=contact.id, kind=kind, at=at, actor=actor, text=words)
    session.add(note)
    session.flush()
    append(session, Event.CONTACT_NOTED, at=at, actor=actor, contact_id=contact.id, data={"kind": kind.value})
    return note


def notes_of(session: Session, contact: Contact) -> Sequence[ContactNote]:
    """What was written down about her and about all who were merged into her, newest first."""
    query = select(ContactNote).where(ContactNote.contact_id.in_(with_merged(contact.id)))
    return session.scalars(query.order_by(ContactNote.at.desc(), ContactNote.id.desc())).all()


def tag(session: Session, contact: Contact, word: str, *, at: datetime, actor: Actor) -> bool:
    """Sort her under that word; ``False`` where she was. Raises ``BadField`` or ``ContactGone``."""
    require_living(contact)
    word = tag_word(word)
    if any(held.tag == word for held in contact.tags):
        return False
    contact.tags.append(ContactTag(tag=word))
    _tell_tags(session, contact, at, actor)
    return True


def untag(session: Session, contact: Contact, word: str, *, at: datetime, actor: Actor) -> bool:
    """Take the word off her; ``False`` where she had not got it. Raises ``BadField`` or ``ContactGone``."""
    require_living(contact)
    word = tag_word(word)
    held = next((held for held in contact.tags if held.tag == word), None)
    if held is None:
        return False
    contact.tags.remove(held)
    _tell_tags(session, contact, at, actor)
    return True


def verify(session: Session, contact: Contact, *, at: datetime, actor: Actor) -> None:
    """Somebody has made sure that all that is known of her is still right. Raises ``ContactGone``."""
    require_living(contact)
    contact.verified_at = at
    session.flush()
    append(session, Event.CONTACT_VERIFIED, at=at, actor=actor, contact_id=contact.id)


def tag_word(text: str) -> str:
    """The word as it is kept: small letters, one line. Raises ``BadField``."""
    return _words("tag", text, _MAX_TAG).casefold()


def _words(field: str, text: str, longest: int) -> str:
    words = clean(text)
    if not words or len(words) > longest or CONTROLS.search(words):
        shown = CONTROLS.sub("\ufffd", words)[:60]
        advice = f"Write at most {longest:,} characters, on one line."
        raise BadField(field=field, value=f"“{shown}”", reason="that is no text that can be kept", advice=advice)
    return words


def _tell_tags(session: Session, contact: Contact, at: datetime, actor: Actor) -> None:
    session.flush()
    append(session, Event.CONTACT_CHANGED, at=at, actor=actor, contact_id=contact.id, data={"fields": ["tags"]})
