"""Whether a contact's row can still be changed: who was merged or erased is history under her number."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.contacts.models import Contact, ContactStatus
from mailer.errors import ContactGone


def require_living(contact: Contact) -> None:
    """Raises ``ContactGone`` for who was merged into another one, or erased."""
    if contact.status is ContactStatus.MERGED:
        raise ContactGone(
            contact=contact.id,
            reason=f"it was merged into contact {contact.merged_into_id}",
            advice=f"Change that one, or undo the merge: dateline contacts unmerge {contact.id}",
        )
    if contact.status is ContactStatus.ERASED:
        raise ContactGone(
            contact=contact.id, reason="it was erased", advice="Nothing of it is left to be changed."
        )


def require_not_erased(contacts: Iterable[Contact]) -> None:
    """Raises ``ContactGone`` for who was erased."""
    for contact in contacts:
        if contact.status is ContactStatus.ERASED:
            require_living(contact)


def set_aside(session: Session, contact: Contact, *, at: datetime, actor: Actor) -> bool:
    """Take her off every media list without forgetting her; ``False`` if she was. Raises ``ContactGone``."""
    return _set(session, contact, ContactStatus.INACTIVE, at=at, actor=actor)


def bring_back(session: Session, contact: Contact, *, at: datetime, actor: Actor) -> bool:
    """She may be on media lists again; ``False`` if she might. Raises ``ContactGone``."""
    return _set(session, contact, ContactStatus.ACTIVE, at=at, actor=actor)


def _set(session: Session, contact: Contact, status: ContactStatus, *, at: datetime, actor: Actor) -> bool:
    require_living(contact)
    if contact.status is status:
        return False
    contact.status = status
    session.flush()
    data = {"fields": ["status"], "status": status.value}
    append(session, Event.CONTACT_CHANGED, at=at, actor=actor, contact_id=contact.id, data=data)
    return True
