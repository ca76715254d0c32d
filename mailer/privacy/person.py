"""Which contacts are one person: the one that is kept, and all that were merged into her."""

from collections.abc import Sequence

from sqlalchemy import CTE, select
from sqlalchemy.orm import Session

from mailer.contacts.models import Contact, ContactStatus


def kept(session: Session, contact: Contact) -> Contact:
    """The contact that stands for the person: this one, or the one that it was merged into in the end."""
    seen: set[int] = set()
    while contact.merged_into_id is not None and contact.id not in seen:
        seen.add(contact.id)
        contact = session.get_one(Contact, contact.merged_into_id)
    return contact


def everybody() -> CTE:
    """For queries: the number of each contact (``id``) with that of the one who stands for the person (``root``)."""
    roots = select(Contact.id, Contact.id.label("root")).where(Contact.status != ContactStatus.MERGED)
    people = roots.cte("people", recursive=True)
    merged = select(Contact.id, people.c.root).join(people, Contact.merged_into_id == people.c.id)
    return people.union(merged)


def numbers_of(session: Session, roots: Sequence[int]) -> dict[int, int]:
    """All contacts of these persons, each with the one who stands for her."""
    top = select(Contact.id, Contact.id.label("root")).where(Contact.id.in_(roots)).cte("people", recursive=True)
    people = top.union(select(Contact.id, top.c.root).join(top, Contact.merged_into_id == top.c.id))
    return dict(session.execute(select(people.c.id, people.c.root).order_by(people.c.id)).all())
