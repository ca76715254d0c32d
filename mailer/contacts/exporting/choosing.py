"""Who is exported, and the log's entry of it."""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.contacts.conditions import condition
from mailer.contacts.lists import members_of
from mailer.contacts.models import City, Contact, ContactStatus, MediaList
from mailer.contacts.query import Query


def chosen(
    session: Session, query: Query | None = None, *, media_list: MediaList | None = None, at: datetime
) -> Select[int]:
    """The numbers of those whom the query finds and who are on the list, by city and name. Who was merged into another
    contact or erased is nobody's to export."""
    gone = (ContactStatus.MERGED, ContactStatus.ERASED)
    found = select(Contact.id).join(City, City.id == Contact.city_id).where(Contact.status.not_in(gone))
    if query is not None:
        found = found.where(condition(session, query, at=at))
    if media_list is not None:
        found = found.where(Contact.id.in_(members_of(session, media_list, at=at)))
    return found.order_by(City.name, City.id, Contact.name, Contact.id)


def note_export(
    session: Session, *, count: int, form: str, media_list: MediaList | None, at: datetime, actor: Actor
) -> None:
    """Log that so many were given out; the query stays beside the log, as it may name a person."""
    data = {"count": count, "format": form, "list": media_list.id if media_list else None}
    append(session, Event.CONTACTS_EXPORTED, at=at, actor=actor, data=data)
