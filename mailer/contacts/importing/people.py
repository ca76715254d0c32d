"""Which rows of a list, and which contacts of the registry, are one person: by all the addresses that they have."""

from collections.abc import Callable, Collection, Iterator, Sequence
from copy import copy
from dataclasses import dataclass

from sqlalchemy.orm import Session

from mailer.contacts.importing.account import Merged, Refusal
from mailer.contacts.importing.candidate import MANY, SINGLE, Candidate, Place
from mailer.contacts.importing.cells import Heads
from mailer.contacts.importing.standing import among
from mailer.contacts.importing.unfit import Unfit
from mailer.contacts.spelling import fold
from mailer.database import chunks, fetch

IsErased = Callable[[Collection[str]], set[str]]
"""Which of these keys of addresses were erased and must not be taken in again."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the registry has at some keys of addresses."""

    contacts: dict[str, int]
    """The contact whom a key leads to: hers, a further one of hers, or that of one who was merged into her."""
    main: dict[str, int]
    """Of those, the keys of first addresses, with the contact who has it, merged or not."""
    held: dict[str, int]
    """The same for further addresses too."""
    erased: set[str]


@dataclass(slots=True)
class Person:
    """Somebody whom a list tells of, with all her rows."""

    candidate: Candidate
    contact_id: int | None
    further: list[Candidate]


def known_among(session: Session, keys: Collection[str], is_erased: IsErased) -> Known:
    """Look the keys up, many at a time."""
    contacts: dict[str, int] = {}
    main: dict[str, int] = {}
    held: dict[str, int] = {}
    merged: dict[int, int] = {}
    erased: set[str] = set()
    for chunk in chunks(keys):
        source = f"FROM contact WHERE address_key {among(chunk)}"
        for key, number, into in fetch(session, ("address_key", "id", "merged_into_id"), source, tuple(chunk)):
            contacts[key] = main[key] = held[key] = number
            if into is not None:
                merged[number] = into
        source = f"FROM contact_point WHERE kind = 'address' AND key {among(chunk)}"
        for key, number in fetch(session, ("key", "contact_id"), source, tuple(chunk)):
            contacts.setdefault(key, number)
            held.setdefault(key, number)
        erased |= is_erased(chunk)
    _follow(session, contacts, merged)
    return Known(contacts, main, held, erased)


def _follow(session: Session, contacts: dict[str, int], merged: dict[int, int]) -> None:
    """Lead each key on to the contact that others were merged into, however often."""
    unknown = set(contacts.values()) | set(merged.values())
    while unknown:
        later: set[int] = set()
        for chunk in chunks(unknown):
            source = f"FROM contact WHERE merged_into_id IS NOT NULL AND id {among(chunk)}"
            for number, into in fetch(session, ("id", "merged_into_id"), source, tuple(chunk)):
                merged[number] = into
                later.add(into)
        unknown = later - merged.keys() - unknown
    for key, number in contacts.items():
        while number in merged:
            number = merged[number]
        contacts[key] = number


class People:
    """The people of one list, row by row."""

    def __init__(self, heads: Heads, known: Known) -> None:
        self.heads, self._known = heads, known
        self.people: list[Person] = []
        self._by_key: dict[str, Person] = {}
        self._by_contact: dict[int, Person] = {}

    def take(self, candidate: Candidate) -> Refusal | None:
        """Put a row to its person; the reason where it has none or several."""
        try:
            person = self._person(candidate)
        except Unfit as unfit:
            return self.heads.refusal(candidate.row, unfit)
        for one in candidate.address:
            self._by_key[one.key] = person
        if person.contact_id is not None:
            self._by_contact[person.contact_id] = person
        return None

    def _person(self, candidate: Candidate) -> Person:
        known, keys = self._known, [one.key for one in candidate.address]
        if len(keys) == 1 and not (
            keys[0] in self._by_key or keys[0] in known.contacts or keys[0] in known.erased
        ):
            # Nearly everybody of a first import.
            self.people.append(new := Person(candidate, None, []))
            return new
        contacts = {known.contacts[key]: None for key in keys if key in known.contacts}
        found = {id(self._by_key[key]): self._by_key[key] for key in keys if key in self._by_key}
        # Told before the registry is asked: two people at one address are not one for having been taken in as one.
        for person in found.values():
            if not _may_be_one(person.candidate, candidate):
                text = next(a.text for a in candidate.address if self._by_key.get(a.key) is person)
                reason = f"row {person.candidate.row} of this file has the same address and another name"
                remedy = "Give each person an address of her own, or spell her name the same way in both rows."
                raise Unfit("address", reason, remedy, text)
        for number in contacts:
            if (other := self._by_contact.get(number)) is not None:
                found[id(other)] = other
        contacts |= {person.contact_id: None for person in found.values() if person.contact_id is not None}
        self._refuse(candidate, list(contacts), list(found.values()))
        contact = next(iter(contacts), None)
        if not found:
            new = Person(candidate, contact, [])
            self.people.append(new)
            return new
        (person,) = found.values()
        person.contact_id = contact
        person.further.append(candidate)
        return person

    def _refuse(self, candidate: Candidate, contacts: Sequence[int], found: Sequence[Person]) -> None:
        erased = any(one.key in self._known.erased for one in candidate.address)
        if not erased and len(contacts) < 2 and len(found) < 2:
            return
        text = "; ".join(one.text for one in candidate.address)
        if erased:
            reason = "it was erased from the registry, and is not taken in again"
            remedy = "Leave the row out. If she herself asks to be in again: dateline contacts add, with --again"
            raise Unfit("address", reason, remedy, text)
        if len(contacts) > 1:
            first, second = contacts[:2]
            reason = f"these addresses belong to two contacts, {first} and {second}"
            remedy = f"If they are one person, merge them first; see: dateline contacts show {first}"
            raise Unfit("address", reason, remedy, text)
        rows = " and ".join(str(person.candidate.row) for person in found)
        reason = f"these addresses belong to rows {rows} of this file, which have none in common"
        raise Unfit("address", reason, "If they are one person, put her addresses into one row.", text)


def _may_be_one(one: Candidate, other: Candidate) -> bool:
    """Whether two rows with one address have one name: in either script, as far as both have it."""
    for field in ("name", "name_ar"):
        names = fold(getattr(one, field)), fold(getattr(other, field))
        if all(names):
            return names[0] == names[1]
    return True


def joined(person: Person, known: Known) -> tuple[Candidate, list[Merged]]:
    """All rows of a person as one, and what was told of her: several values add up, of single ones the first is kept.

    The first is the row whose address she is written to, where the registry knows her.
    """
    rows = [person.candidate, *person.further]
    contact = person.contact_id
    rows.sort(key=lambda row: known.main.get(row.address[0].key) != contact)
    whole = copy(rows[0]) if len(rows) > 1 else rows[0]
    whole.joined = len(rows) > 1
    told = []
    for row in rows[1:]:
        kept = tuple(_join(whole, row))
        reason = "the same address" if _share(rows[0], row) else "another address of hers"
        told.append(Merged(row.row, whole.row, contact, whole.name or whole.name_ar, reason, kept))
    own = known.main.get(rows[0].address[0].key)
    if contact is not None and own != contact:
        name = whole.name or whole.name_ar
        told.append(Merged(whole.row, whole.row, contact, name, "a further address of a known contact", ()))
    return whole, told


def _share(one: Candidate, other: Candidate) -> bool:
    return not {a.key for a in one.address}.isdisjoint(a.key for a in other.address)


def _join(whole: Candidate, row: Candidate) -> Iterator[str]:
    """Add a row to another; the fields in which the first one's value was kept against another."""
    keys = {one.key for one in whole.address}
    whole.address += tuple(one for one in row.address if one.key not in keys)
    for field in MANY:
        first, second = getattr(whole, field), getattr(row, field)
        setattr(whole, field, _united(field, first, second))
        if (
            field == "outlets"
            and {p.key: p.role for p in second}.items() - {p.key: p.role for p in whole.outlets}.items()
        ):
            yield field
    for field in SINGLE:
        first, second = getattr(whole, field), getattr(row, field)
        if not first:
            setattr(whole, field, second)
        elif second and first != second:
            yield field


def _united(field: str, first: Sequence[object], second: Sequence[object]) -> tuple[object, ...]:
    def key(value: object) -> object:
        return value.key if isinstance(value, Place) else value

    found = {key(value): value for value in first}
    for value in second:
        found.setdefault(key(value), value)
    values = tuple(found.values())
    return tuple(sorted(values)) if field in ("beats", "tags", "salutations") else values  # type: ignore[type-var]
