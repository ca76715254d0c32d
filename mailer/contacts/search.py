"""Finds contacts: by query, or the one that somebody means by an address, a number or a name."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session, contains_eager

from mailer.contacts.address import address
from mailer.contacts.conditions import condition
from mailer.contacts.matching import in_name
from mailer.contacts.models import City, Contact, ContactStatus
from mailer.contacts.query import Query
from mailer.contacts.query_keys import MAX_WORDS
from mailer.contacts.search_index import refresh
from mailer.contacts.spelling import CONTROLS
from mailer.contacts.table import clean
from mailer.contacts.words import asked
from mailer.errors import AmbiguousContact, UnknownContact

_MAX_ID = 2**31 - 1  # PostgreSQL refuses to compare its integer column with a larger one.


def find_contacts(
    session: Session,
    query: Query | None = None,
    *,
    at: datetime,
    among: Select[int] | None = None,
    limit: int = 0,
    offset: int = 0,
) -> Sequence[Contact]:
    """The contacts that fit, by city and name (in the database's own order of letters); limit 0 is all of them.

    Only who is active is found, unless the query asks for a status; ``at`` is now, as queries speak of it.
    ``among`` gives the ids of those to look at, such as ``lists.members_of``.
    """
    found = select(Contact).join(Contact.city).options(contains_eager(Contact.city))
    if query is not None:
        refresh(session)
        found = found.where(condition(session, query, at=at))
    else:
        found = found.where(Contact.status == ContactStatus.ACTIVE)
    if among is not None:
        found = found.where(Contact.id.in_(among))
    found = found.order_by(City.name, City.id, Contact.name, Contact.id).offset(offset)
    return session.scalars(found.limit(limit) if limit else found).all()


def contact_named(session: Session, text: str) -> Contact:
    """The contact with that address, that number or exactly that name.

    Raises ``UnknownContact`` with those whose names have it in them, or ``AmbiguousContact``; never a guess.
    """
    wanted = clean(text)
    if not wanted or len(wanted) > 320 or CONTROLS.search(wanted):
        shown = CONTROLS.sub("\ufffd", wanted)[:60]
        raise UnknownContact(text=f"“{shown}”", nearest="Give an address, a number or a name.")
    found = session.scalars(select(Contact).where(_is(wanted)).order_by(Contact.id).limit(10)).all()
    if len(found) == 1:
        return found[0]
    if found:
        choices = ", ".join(f"{contact.address} ({contact.city.name})" for contact in found)
        raise AmbiguousContact(text=f"“{wanted}”", count=len(found), choices=choices)
    near: Sequence[Contact] = ()
    if 0 < len(asked(wanted)) <= MAX_WORDS:
        refresh(session)
        like = select(Contact).where(in_name(wanted), Contact.status == ContactStatus.ACTIVE)
        near = session.scalars(like.order_by(Contact.id).limit(3)).all()
    names = " or ".join(f"{contact.name} <{contact.address}>" for contact in near)
    raise UnknownContact(
        text=f"“{wanted[:60]}”", nearest=f"Did you mean {names}?" if near else "See: dateline contacts list"
    )


def _is(text: str) -> ColumnElement[bool]:
    conditions = [Contact.name == text, Contact.arabic_name == text]
    if text.isdecimal() and int(text) <= _MAX_ID:
        conditions.append(Contact.id == int(text))
    with suppress(ValueError):
        conditions.append(Contact.address_key == address(text).key)
    return or_(*conditions)
