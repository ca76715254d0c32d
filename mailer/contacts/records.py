"""Contacts as plain values, read many at a time: for exports, comparisons and reports, where objects are too slow."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from mailer.contacts.fields import join_values
from mailer.contacts.models import (
    Affiliation,
    City,
    Contact,
    ContactBeat,
    ContactKind,
    ContactLanguage,
    ContactPoint,
    ContactStatus,
    ContactTag,
    EmbargoAcceptance,
    LawfulBasis,
    Office,
    Organisation,
    Outlet,
    OutletType,
    PointKind,
)
from mailer.contacts.models.lawful import holds
from mailer.contacts.outlet_cells import outlet_value, types_cell
from mailer.database import chunks


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One contact with all that an officer can write about her; the fields are those of ``contacts.fields``."""

    id: int
    kind: ContactKind
    status: ContactStatus
    name: str
    given_name: str
    family_name: str
    name_ar: str
    addresses: tuple[str, ...]
    """The first one is written to."""
    phones: tuple[str, ...]
    city: str
    country: str
    """ISO 3166-1 alpha-2."""
    languages: tuple[str, ...]
    salutations: tuple[tuple[str, str], ...]
    """Language and words, where she has some of her own."""
    beats: tuple[str, ...]
    outlets: tuple[tuple[str, str, OutletType | None], ...]
    """Where she works now: name, role, type of the outlet."""
    organisation: str
    """The slug of an officer's; empty for journalists."""
    title: str
    title_ar: str
    tags: tuple[str, ...]
    embargo_terms: date | None
    """When she accepted those that are in force."""
    source: str
    basis: LawfulBasis | None
    basis_since: date | None
    verified_at: datetime | None
    added_at: datetime

    def cells(self) -> dict[str, str]:
        """As the cells of a list, by the names of ``contacts.fields``."""
        verified = self.verified_at.date() if self.verified_at else None
        return {
            "name": self.name,
            "given_name": self.given_name,
            "family_name": self.family_name,
            "name_ar": self.name_ar,
            "address": join_values(self.addresses),
            "phone": join_values(self.phones),
            "city": self.city,
            "country": self.country,
            "languages": join_values(self.languages),
            "salutations": join_values(f"{language}: {words}" for language, words in self.salutations),
            "beats": join_values(self.beats),
            "outlets": join_values(outlet_value(name, role) for name, role, _ in self.outlets),
            "outlet_type": types_cell([(name, kind) for name, _, kind in self.outlets]),
            "organisation": self.organisation,
            "title": self.title,
            "title_ar": self.title_ar,
            "tags": join_values(self.tags),
            "embargo_terms": _day(self.embargo_terms),
            "source": self.source,
            "basis": self.basis.value if self.basis else "",
            "basis_since": _day(self.basis_since),
            "verified": _day(verified),
        }


def records(session: Session, ids: Select[int] | Sequence[int], *, day: date) -> Iterator[Record]:
    """The contacts of these numbers, in the order of a sequence or of the select; embargo terms as of that day."""
    numbers = list(ids) if not isinstance(ids, Select) else list(session.scalars(ids))
    for some in chunks(numbers):
        yield from _batch(session, some, day)


def _batch(session: Session, numbers: Sequence[int], day: date) -> Iterator[Record]:
    people = select(
        Contact.id,
        Contact.kind,
        Contact.status,
        Contact.name,
        Contact.given_name,
        Contact.family_name,
        Contact.arabic_name,
        Contact.address,
        Contact.phone,
        City.name.label("city"),
        City.country,
        Organisation.slug,
        Contact.title,
        Contact.arabic_title,
        Contact.source,
        Contact.lawful_basis,
        Contact.basis_since,
        Contact.verified_at,
        Contact.added_at,
    )
    people = (
        people.join(City, City.id == Contact.city_id)
        .outerjoin(Office, Office.id == Contact.office_id)
        .outerjoin(Organisation, Organisation.id == Office.organisation_id)
        .where(Contact.id.in_(numbers))
    )
    rows = {row.id: row for row in session.execute(people)}
    parts = _Parts(session, numbers, day)
    for number in numbers:
        if (row := rows.get(number)) is not None:
            yield _record(row, parts)


class _Parts:
    """What hangs on the contacts of one batch, by their numbers and in order."""

    def __init__(self, session: Session, numbers: Sequence[int], day: date) -> None:
        def listed(of: Any, *columns: Any, order: Sequence[Any]) -> Mapping[int, list[Any]]:
            found: defaultdict[int, list[Any]] = defaultdict(list)
            query = (
                select(of.contact_id, *columns).where(of.contact_id.in_(numbers)).order_by(of.contact_id, *order)
            )
            for row in session.execute(query):
                found[row[0]].append(row)
            return found

        language, point, terms = ContactLanguage, ContactPoint, EmbargoAcceptance
        self.languages = listed(language, language.language, language.salutation, order=[language.position])
        self.beats = listed(ContactBeat, ContactBeat.beat, order=[ContactBeat.beat])
        self.tags = listed(ContactTag, ContactTag.tag, order=[ContactTag.tag])
        self.points = listed(point, point.kind, point.value, order=[point.position, point.id])
        held = listed(terms, terms.accepted_on, terms.until, terms.withdrawn_on, order=[terms.id])
        self.terms = {number: _in_force(rows, day) for number, rows in held.items()}
        self.outlets: defaultdict[int, list[Any]] = defaultdict(list)
        places = (
            select(Affiliation.contact_id, Outlet.name, Affiliation.role, Outlet.type)
            .join(Affiliation.outlet)
            .where(Affiliation.contact_id.in_(numbers), Affiliation.until.is_(None))
            .order_by(Affiliation.contact_id, Affiliation.id)
        )
        for row in session.execute(places):
            self.outlets[row[0]].append(row)

    def values(self, number: int, kind: PointKind) -> tuple[str, ...]:
        return tuple(row.value for row in self.points[number] if row.kind is kind)


def _in_force(rows: Sequence[Any], day: date) -> date | None:
    found = [row.accepted_on for row in rows if holds(day, row.accepted_on, row.until, row.withdrawn_on)]
    return found[-1] if found else None


def _record(row: Any, parts: _Parts) -> Record:
    number = row.id
    return Record(
        id=number,
        kind=row.kind,
        status=row.status,
        name=row.name,
        given_name=row.given_name,
        family_name=row.family_name,
        name_ar=row.arabic_name,
        addresses=(row.address, *parts.values(number, PointKind.ADDRESS)),
        phones=(*([row.phone] if row.phone else []), *parts.values(number, PointKind.PHONE)),
        city=row.city,
        country=row.country,
        languages=tuple(item.language for item in parts.languages[number]),
        salutations=tuple((i.language, i.salutation) for i in parts.languages[number] if i.salutation),
        beats=tuple(item.beat for item in parts.beats[number]),
        outlets=tuple((item.name, item.role, item.type) for item in parts.outlets[number]),
        organisation=row.slug or "",
        title=row.title,
        title_ar=row.arabic_title,
        tags=tuple(item.tag for item in parts.tags[number]),
        embargo_terms=parts.terms.get(number),
        source=row.source,
        basis=row.lawful_basis,
        basis_since=row.basis_since,
        verified_at=row.verified_at,
        added_at=row.added_at,
    )


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
