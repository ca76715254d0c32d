"""Who was merged into whom: chains are followed to the one who is kept, and back to all who are part of her."""

from collections.abc import Sequence

from sqlalchemy import CTE, ColumnElement, Select, select
from sqlalchemy.orm import Session, aliased

from mailer.contacts.models import Contact, ContactStatus


def kept_of(session: Session, contact: Contact) -> Contact:
    """The contact who is kept for her: herself where she was not merged."""
    while contact.status is ContactStatus.MERGED and contact.merged_into_id is not None:
        contact = session.get_one(Contact, contact.merged_into_id)
    return contact


def with_merged(contact_id: int) -> Select[int]:
    """Her number and those of all who were merged into her, over however many steps."""
    return select(_families(Contact.id == contact_id).c.id)


def numbers_of(session: Session, roots: Sequence[int]) -> dict[int, int]:
    """All contacts of these persons, each with the one who stands for her."""
    people = _families(Contact.id.in_(roots))
    return dict(session.execute(select(people.c.id, people.c.root).order_by(people.c.id)).all())


def everybody() -> CTE:
    """For queries: the number of each contact (``id``) with that of the one who stands for the person (``root``)."""
    return _families(Contact.status != ContactStatus.MERGED)


def kept_for_merged() -> CTE:
    """For queries: the number of each contact who was merged into another (``id``) with that of the one who stands for
    the person (``root``); nobody else is in it, so that it is small."""
    merged = Contact.status == ContactStatus.MERGED
    steps = select(Contact.id, Contact.merged_into_id.label("root")).where(merged).cte("steps", recursive=True)
    above = aliased(Contact)
    further = select(steps.c.id, above.merged_into_id).join(above, above.id == steps.c.root)
    steps = steps.union(further.where(above.status == ContactStatus.MERGED))
    kept = aliased(Contact)
    last = select(steps.c.id, steps.c.root).join(kept, kept.id == steps.c.root)
    return last.where(kept.status != ContactStatus.MERGED).cte("kept_for_merged")


def _families(roots: ColumnElement[bool]) -> CTE:
    people = select(Contact.id, Contact.id.label("root")).where(roots).cte("people", recursive=True)
    # A union that drops doubles ends even where the rows ran in a circle, which nothing writes.
    return people.union(select(Contact.id, people.c.root).join(people, Contact.merged_into_id == people.c.id))
