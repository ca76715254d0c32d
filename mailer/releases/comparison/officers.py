"""The names of our officers in both scripts: whom a comparison of editions knows when they are quoted."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.contacts.models import Contact, ContactKind


def officers_names(session: Session) -> tuple[tuple[str, ...], ...]:
    """Each officer's names, as they are written in each script."""
    rows = session.execute(select(Contact.name, Contact.arabic_name).where(Contact.kind == ContactKind.OFFICER))
    return tuple(tuple(name for name in row if name) for row in rows)
