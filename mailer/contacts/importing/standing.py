"""What the registry knows of many contacts, as plain values to compare a list with."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from mailer.contacts.address import Address
from mailer.contacts.importing.candidate import Place
from mailer.contacts.models.lawful import holds
from mailer.contacts.phones import Phone
from mailer.database import fetch


@dataclass(slots=True, kw_only=True)
class Acceptance:
    """Embargo terms that she accepted."""

    id: int
    accepted_on: date
    until: date | None
    withdrawn_on: date | None


@dataclass(slots=True, kw_only=True)
class Standing:
    """One contact; the attributes that a list may change are the names of ``contacts.fields``."""

    id: int = 0
    name: str = ""
    given_name: str = ""
    family_name: str = ""
    name_ar: str = ""
    address: tuple[Address, ...] = ()
    phone: tuple[Phone, ...] = ()
    title: str = ""
    title_ar: str = ""
    city: tuple[str, str] = ("", "")
    """Name and country."""
    city_id: int = 0
    organisation: str = ""
    office_id: int | None = None
    source: str = ""
    basis: str = ""
    basis_since: date | None = None
    verified: date | None = None
    verified_at: Any = None
    """As the database keeps it."""
    languages: tuple[str, ...] = ()
    salutations: tuple[tuple[str, str], ...] = ()
    beats: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    outlets: tuple[Place, ...] = ()
    affiliations: dict[str, int] = field(default_factory=dict)
    """The numbers of her present affiliations by the outlet's key."""
    acceptances: tuple[Acceptance, ...] = ()
    notes: frozenset[str] = frozenset()

    def embargo_terms(self, day: date) -> date | None:
        """When she accepted those that are in force on that day, the latest where there are several."""
        return next((a.accepted_on for a in reversed(self.acceptances) if in_force(a, day)), None)


def in_force(acceptance: Acceptance, day: date) -> bool:
    """Whether it holds on that day."""
    return holds(day, acceptance.accepted_on, acceptance.until, acceptance.withdrawn_on)


def among(values: Sequence[object]) -> str:
    """``IN`` with a place for each of the values."""
    return f"IN ({', '.join('?' * len(values))})"


def standings(session: Session, numbers: Collection[int], fields: Collection[str]) -> dict[int, Standing]:
    """The contacts of these numbers, a chunk at most, by number; of what hangs on them only what the fields need."""
    if not numbers:
        return {}
    ids = tuple(numbers)
    found = {row[0]: _standing(row) for row in fetch(session, _COLUMNS, f"{_FROM} WHERE id {among(ids)}", ids)}

    def listed(table: str, columns: Sequence[str], order: str, more: str = "") -> Mapping[int, list[Any]]:
        rows: defaultdict[int, list[Any]] = defaultdict(list)
        source = f"FROM {table} WHERE contact_id {among(ids)}{more} ORDER BY {order}"
        for row in fetch(session, ("contact_id", *columns), source, ids):
            rows[row[0]].append(row)
        return rows

    for number, rows in listed("contact_point", ("kind", "value", "key"), "contact_id, position, id").items():
        one = found[number]
        one.address += tuple(Address(row[2], row[3]) for row in rows if row[1] == "address")
        one.phone += tuple(Phone(row[2], row[3]) for row in rows if row[1] == "phone")
    columns = ("language", "salutation")
    for number, rows in listed("contact_language", columns, "contact_id, position").items():
        found[number].languages = tuple(row[1] for row in rows)
        found[number].salutations = tuple(sorted((row[1], row[2]) for row in rows if row[2]))
    if "beats" in fields:
        for number, rows in listed("contact_beat", ("beat",), "contact_id, beat").items():
            found[number].beats = tuple(sorted(row[1] for row in rows))
    if "tags" in fields:
        for number, rows in listed("contact_tag", ("tag",), "contact_id, tag").items():
            found[number].tags = tuple(sorted(row[1] for row in rows))
    if "outlets" in fields:
        places = ("key", "name", "role", "place_id")
        for number, rows in listed(_PLACES, places, "contact_id, place_id", " AND until IS NULL").items():
            found[number].outlets = tuple(Place(row[1], row[2], row[3]) for row in rows)
            found[number].affiliations = {row[1]: row[4] for row in rows}
    if "embargo_terms" in fields:
        days = ("id", "accepted_on", "until", "withdrawn_on")
        for number, rows in listed("embargo_acceptance", days, "contact_id, id").items():
            found[number].acceptances = tuple(_acceptance(row) for row in rows)
    if "notes" in fields:
        for number, rows in listed("contact_note", ("text",), "contact_id").items():
            found[number].notes = frozenset(row[1] for row in rows)
    return found


_COLUMNS = (
    "id",
    "name",
    "given_name",
    "family_name",
    "arabic_name",
    "address",
    "address_key",
    "phone",
    "title",
    "arabic_title",
    "city_name",
    "country",
    "city_id",
    "office_id",
    "slug",
    "source",
    "lawful_basis",
    "basis_since",
    "verified_at",
)
_FROM = (
    "FROM (SELECT c.*, city.name AS city_name, city.country, organisation.slug FROM contact c "
    "JOIN city ON city.id = c.city_id LEFT JOIN office ON office.id = c.office_id "
    "LEFT JOIN organisation ON organisation.id = office.organisation_id) AS people"
)
_PLACES = (
    "(SELECT a.contact_id, a.id AS place_id, a.role, a.until, o.key, o.name FROM affiliation a "
    "JOIN outlet o ON o.id = a.outlet_id) AS places"
)


def _standing(row: Sequence[Any]) -> Standing:
    return Standing(
        id=row[0],
        name=row[1],
        given_name=row[2],
        family_name=row[3],
        name_ar=row[4],
        address=(Address(row[5], row[6]),),
        phone=(Phone(row[7], ""),) if row[7] else (),
        title=row[8],
        title_ar=row[9],
        city=(row[10], row[11]),
        city_id=row[12],
        office_id=row[13],
        organisation=row[14] or "",
        source=row[15],
        basis=row[16] or "",
        basis_since=_day(row[17]),
        verified=_day(str(row[18])[:10]) if row[18] else None,
        verified_at=row[18],
    )


def _acceptance(row: Sequence[Any]) -> Acceptance:
    _, number, accepted_on, until, withdrawn_on = row
    day = _day(accepted_on)
    assert day is not None  # noqa: S101 - the column is not null
    return Acceptance(id=number, accepted_on=day, until=_day(until), withdrawn_on=_day(withdrawn_on))


def _day(kept: Any) -> date | None:
    """A day as the database keeps it: text on SQLite."""
    return date.fromisoformat(kept) if isinstance(kept, str) else kept
