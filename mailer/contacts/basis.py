"""Why we may keep a contact: where her address comes from, on which lawful basis, since when (GDPR, Articles 6, 14)."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.clock import newest_day
from mailer.contacts.models import Contact, ContactStatus, LawfulBasis
from mailer.contacts.spelling import CONTROLS
from mailer.contacts.table import clean
from mailer.errors import BadBasis

_SOURCE = 300  # characters, as in the table


def set_basis(
    session: Session,
    contact: Contact,
    *,
    basis: LawfulBasis | None = None,
    since: date | None = None,
    source: str | None = None,
    at: datetime,
    actor: Actor,
) -> tuple[str, ...]:
    """Record what is given, and leave the rest as it is; returns the names of the fields that changed.

    Raises ``BadBasis``.
    """

    def refused(reason: str, advice: str) -> BadBasis:
        return BadBasis(name=contact.name, reason=reason, advice=advice)

    if contact.status is ContactStatus.ERASED:
        raise refused("she was erased", "Nothing is kept about her any more.")
    if since is not None and since > newest_day(at):
        raise refused(f"{since} is yet to come", "Give the day from which on it holds.")
    if source is not None:
        source = clean(source)
        if CONTROLS.search(source) or len(source) > _SOURCE:
            raise refused("the source is no line of text", f"Say it in at most {_SOURCE} characters.")
    wanted = {"source": source, "lawful_basis": basis, "basis_since": since}
    names = {"source": "source", "lawful_basis": "basis", "basis_since": "basis_since"}
    changed = [key for key, value in wanted.items() if value is not None and getattr(contact, key) != value]
    for key in changed:
        setattr(contact, key, wanted[key])
    fields = tuple(names[key] for key in changed)
    if fields:
        session.flush()
        data = {"fields": list(fields)}
        append(session, Event.CONTACT_CHANGED, at=at, actor=actor, contact_id=contact.id, data=data)
    return fields
