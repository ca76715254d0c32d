"""Where officers' own words may name a person besides her own rows: nothing there is changed without them."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from mailer.contacts.models import Contact, ContactNote, MediaList, MediaListQuery, Suppression
from mailer.schedule.models import Wave

_MOST = 50
"""Of each kind: who is named more often is not found by reading on."""


def mentions(session: Session, numbers: Sequence[int]) -> list[str]:
    """Notes on other contacts, saved queries and reasons in which a name, an address or a telephone number of these
    contacts stands, each in words."""
    columns = (Contact.name, Contact.arabic_name, Contact.address, Contact.phone)
    known = session.execute(select(*columns).where(Contact.id.in_(numbers)))
    words = sorted({word for row in known for word in row if len(word) > 3})
    if not words:
        return []

    def named(column: InstrumentedAttribute[str]) -> ColumnElement[bool]:
        return or_(*(column.contains(word, autoescape=True) for word in words[:100]))

    note, query = ContactNote, MediaListQuery
    elsewhere = note.contact_id.not_in(numbers)
    notes = select(note.contact_id).where(elsewhere, named(note.text)).distinct().order_by(note.contact_id)
    queries = (
        select(MediaList.name)
        .join(query, query.list_id == MediaList.id)
        .where(named(query.query))
        .distinct()
        .order_by(MediaList.name)
    )
    waves = select(Wave.id).where(named(Wave.reason)).order_by(Wave.id)
    reasons = select(Suppression.id).where(named(Suppression.reason)).order_by(Suppression.id)
    return [
        *(f"a note on contact {number}" for number in session.scalars(notes.limit(_MOST))),
        *(f"a query of the media list “{name}”" for name in session.scalars(queries.limit(_MOST))),
        *(f"the reason of wave {number}" for number in session.scalars(waves.limit(_MOST))),
        *(f"the reason of suppression {number}" for number in session.scalars(reasons.limit(_MOST))),
    ]
