"""Who was merged into whom: chains are followed to the one who is kept, and back to all who are part of her."""

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from mailer.contacts.models import Contact, ContactStatus


def kept_of(session: Session, contact: Contact) -> Contact:
    """The contact who is kept for her: herself where she was not merged."""
    while contact.status is ContactStatus.MERGED and contact.merged_into_id is not None:
        contact = session.get_one(Contact, contact.merged_into_id)
    return contact


def with_merged(contact_id: int) -> Select[int]:
    """Her number and those of all who were merged into her, over however many steps."""
    hers = select(Contact.id).where(Contact.id == contact_id).cte("hers", recursive=True)
    # A union that drops doubles ends even where the rows ran in a circle, which nothing writes.
    hers = hers.union(select(Contact.id).join(hers, Contact.merged_into_id == hers.c.id))
    return select(hers.c.id)
