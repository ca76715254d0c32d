"""Reads the contacts that are compared for duplicates, offers the pairs, and remembers which are two people."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.contacts.duplicates import Match, Person, matches
from mailer.contacts.likeness import Name
from mailer.contacts.merging.reached import phone_key
from mailer.contacts.models import (
    Affiliation,
    City,
    Contact,
    ContactDistinct,
    ContactPoint,
    ContactStatus,
    Outlet,
    PointKind,
)
from mailer.contacts.standing import require_not_erased

MIN_SCORE = 70
"""Below that an officer would look at more pairs of strangers than of doubles."""


@dataclass(frozen=True, slots=True)
class Found:
    """The pairs, and whom they were found among."""

    matches: list[Match]
    people: int
    compared: int
    """Pairs."""


def find_duplicates(session: Session, *, min_score: int = MIN_SCORE) -> Found:
    """Pairs of active contacts who may be one person, the surest first."""
    people = _people(session)
    outlets = dict(session.execute(select(Outlet.id, Outlet.name)).all())
    found = matches(people, min_score=min_score, distinct=_distinct(session), outlet_names=outlets.__getitem__)
    return Found(found.matches, len(people), found.compared)


def tell_apart(session: Session, one: Contact, two: Contact, *, at: datetime, actor: Actor) -> bool:
    """Remember that they are two people; ``False`` where that was known. Raises ``ContactGone`` for who was erased."""
    require_not_erased((one, two))
    first, second = sorted((one.id, two.id))
    if first == second:
        return False
    try:
        with session.begin_nested():
            session.add(ContactDistinct(first_id=first, second_id=second, at=at, actor=actor))
    except IntegrityError:
        return False
    for contact, other in ((first, second), (second, first)):
        data = {"fields": ["distinct"], "from": other}
        append(session, Event.CONTACT_CHANGED, at=at, actor=actor, contact_id=contact, data=data)
    return True


def _people(session: Session) -> list[Person]:
    active = Contact.status == ContactStatus.ACTIVE
    points: defaultdict[tuple[int, PointKind], list[str]] = defaultdict(list)
    of_points = select(ContactPoint.contact_id, ContactPoint.kind, ContactPoint.key)
    for contact_id, kind, key in session.execute(of_points.order_by(ContactPoint.position, ContactPoint.id)):
        points[contact_id, kind].append(key)
    outlets: defaultdict[int, set[int]] = defaultdict(set)
    places = select(Affiliation.contact_id, Affiliation.outlet_id).where(Affiliation.until.is_(None))
    for contact_id, outlet_id in session.execute(places):
        outlets[contact_id].add(outlet_id)
    rows = (
        select(
            Contact.id,
            Contact.kind,
            Contact.name,
            Contact.given_name,
            Contact.family_name,
            Contact.arabic_name,
            Contact.address_key,
            Contact.phone,
            Contact.city_id,
            City.country,
        )
        .join(City, City.id == Contact.city_id)
        .where(active)
        .order_by(Contact.id)
    )
    people = []
    for row in session.execute(rows):
        texts = dict.fromkeys((row.name, f"{row.given_name} {row.family_name}".strip(), row.arabic_name))
        first = [phone_key(row.phone, row.country)] if row.phone else []
        people.append(
            Person(
                id=row.id,
                kind=row.kind,
                names=tuple(Name.of(text) for text in texts if text),
                addresses=(row.address_key, *points.get((row.id, PointKind.ADDRESS), ())),
                phones=tuple(dict.fromkeys(chain(first, points.get((row.id, PointKind.PHONE), ())))),
                city=row.city_id,
                country=row.country,
                outlets=frozenset(outlets.get(row.id, ())),
            )
        )
    return people


def _distinct(session: Session) -> set[tuple[int, int]]:
    """What was said of somebody holds for whom she was merged into."""
    merged = select(Contact.id, Contact.merged_into_id).where(Contact.merged_into_id.is_not(None))
    into: dict[int, int] = {number: kept for number, kept in session.execute(merged) if kept is not None}

    def kept(number: int) -> int:
        while number in into:
            number = into[number]
        return number

    rows = session.execute(select(ContactDistinct.first_id, ContactDistinct.second_id))
    pairs = (sorted((kept(first), kept(second))) for first, second in rows)
    return {(first, second) for first, second in pairs}
