"""Lays the people of a list over the registry: who is new, which fields change and how, who cannot be taken."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from mailer.contacts.address import Address
from mailer.contacts.cities import KnownCity
from mailer.contacts.fields import join_values
from mailer.contacts.importing.account import Change
from mailer.contacts.importing.candidate import Candidate, Place
from mailer.contacts.importing.needed import NAMES
from mailer.contacts.importing.people import Known, Person
from mailer.contacts.importing.standing import Standing, among, in_force
from mailer.contacts.importing.unfit import Unfit
from mailer.contacts.importing.vocabulary import Vocabulary
from mailer.contacts.models import OutletType
from mailer.contacts.phones import Phone
from mailer.database import chunks, fetch

_AS_TOLD = ("given_name", "family_name", "name_ar", "title", "title_ar", "source", "basis_since", "verified")
"""Fields that a list replaces by what it says, blank or not."""
_ALSO_AS_TOLD = ("beats", "tags", "salutations")


@dataclass(frozen=True, slots=True)
class Entry:
    """What becomes of one person. The values are of the attributes of ``Candidate``."""

    candidate: Candidate
    before: Standing
    """Empty, and without a number, for somebody new."""
    after: Mapping[str, Any]
    """The new values of the fields that change."""

    def changes(self, day: date) -> tuple[Change, ...]:
        """Field by field, as cells show them."""
        return tuple(
            Change(field, shown(field, _before(self.before, field, day)), shown(field, value))
            for field, value in self.after.items()
        )


class Outlets:
    """The outlets that a list names: their numbers, and what kind they are, in the registry and by the list."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}
        self.types: dict[str, OutletType | None] = {}
        self.told: dict[str, OutletType] = {}
        """The types that the list brings; the first row that tells one of an outlet has it."""
        self._asked: set[str] = set()

    def look_up(self, session: Session, keys: Iterable[str]) -> None:
        """Read those of the keys that were not asked for before."""
        new = set(keys) - self._asked
        self._asked |= new
        for chunk in chunks(new):
            source = f"FROM outlet WHERE key {among(chunk)}"
            for key, number, kind in fetch(session, ("key", "id", "type"), source, tuple(chunk)):
                self.ids[key] = number
                self.types[key] = OutletType(kind) if kind else None


_PARTS = ("given_name", "family_name")


def _name_with(candidate: Candidate, standing: Standing) -> str:
    """Her name with the one part that is told; the name that she has where it is not made of its parts."""
    if standing.name != f"{standing.given_name} {standing.family_name}":
        return standing.name
    return f"{candidate.given_name or standing.given_name} {candidate.family_name or standing.family_name}"


class Planner:
    """Plans the people of one list. It reads nothing and changes nothing."""

    def __init__(
        self,
        fields: Sequence[str],
        known: Known,
        vocabulary: Vocabulary,
        outlets: Outlets,
        *,
        day: date,
        asked: Collection[str] = (),
    ) -> None:
        """``asked``: keys of addresses at which somebody asked not to be written to."""
        self._fields, self._known, self._vocabulary = frozenset(fields), known, vocabulary
        self._asked = asked
        self._outlets, self._day = outlets, day
        self._told = [field for field in (*_AS_TOLD, *_ALSO_AS_TOLD) if field in self._fields]
        special: Mapping[str, Callable[[Candidate, Standing], object]] = {
            "phone": _phones,
            "city": _city,
            "languages": lambda candidate, _: candidate.languages or _SAME,
            "outlets": _outlets,
            "outlet_type": self._outlet_types,
            "embargo_terms": self._embargo_terms,
            "basis": lambda candidate, before: _other(candidate.basis, candidate.basis or "", before.basis),
            "notes": lambda candidate, before: (
                _SAME if candidate.notes in before.notes else candidate.notes or _SAME
            ),
        }
        self._special = [(field, plan) for field, plan in special.items() if field in self._fields]
        asked_apart = ("outlet_type", "organisation")
        self._plain = [field for field in (*self._told, *special) if field in self._fields - {*asked_apart}]

    def plan(self, candidate: Candidate, before: Standing | None) -> Entry:
        """What this person's fields become; who is new must lack nothing, see ``needed``. Raises ``Unfit``."""
        after = self._changed(candidate, before) if before else self._all(candidate)
        standing = before or _NOBODY
        if "salutations" in after:
            self._readable(candidate, standing)
        if "organisation" in self._fields:
            self._office(candidate, standing, after)
        return Entry(candidate, standing, after)

    def _all(self, candidate: Candidate) -> dict[str, Any]:
        """All that is told of somebody new."""
        after: dict[str, Any] = {"address": candidate.address, "name": candidate.name or candidate.name_ar}
        for field in self._plain:
            if value := getattr(candidate, field):
                after[field] = value
        if "outlet_type" in self._fields and (types := self._outlet_types(candidate, _NOBODY)) is not _SAME:
            after["outlet_type"] = types
        return after

    def _changed(self, candidate: Candidate, standing: Standing) -> dict[str, Any]:
        """The fields of somebody known that the list tells otherwise."""
        after: dict[str, Any] = {}
        self._addresses(candidate, standing, after)
        name = candidate.name
        # A list of given names alone does not mean that nobody has a family.
        part = "name" not in self._fields and bool(candidate.given_name) is not bool(candidate.family_name)
        if part:
            name = _name_with(candidate, standing)
        if name and name != standing.name:
            after["name"] = name
        nameless = not (candidate.name or candidate.name_ar)
        for field in self._told:
            if nameless and field in NAMES:
                continue  # a row without any name says nothing of hers
            if part and field in _PARTS and not getattr(candidate, field):
                continue
            value = getattr(candidate, field)
            if value != getattr(standing, field):
                after[field] = value
        for field, plan in self._special:
            value = plan(candidate, standing)
            if value is not _SAME and value != getattr(standing, field, None):
                after[field] = value
        return after

    def withdrawn(self, candidate: Candidate, before: Standing) -> str:
        """What an officer should know where a list names terms that are over; else empty."""
        if candidate.embargo_terms is None or before.embargo_terms(self._day) == candidate.embargo_terms:
            return ""
        over = _over(candidate.embargo_terms, before, self._day)
        if not over:
            return ""
        return f"the terms that she accepted on {candidate.embargo_terms} hold no more; a list does not renew them"

    def _addresses(self, candidate: Candidate, before: Standing, after: dict[str, Any]) -> None:
        """The addresses of a cell, the first to be written to; a single one that we know leaves the others alone."""
        told = candidate.address
        keys = [one.key for one in before.address]
        if len(told) == 1 and keys == [told[0].key]:
            return
        known = dict(zip(keys, before.address, strict=True))
        # The first address of somebody who was merged into her stays that one's; she may have it as a further one.
        own = [one for one in told if self._known.held.get(one.key, before.id) == before.id]
        hers = [one for one in told if one in own or one.key in known]
        if told[0] not in own:
            hers = [before.address[0], *(one for one in hers if one.key != before.address[0].key)]
        leads = len(told) == 1 and told[0].key in self._known.contacts
        if not candidate.whole and (candidate.joined or leads):
            first = before.address if hers[0].key in known else (hers[0], *before.address)
            hers = list({one.key: one for one in (*first, *hers)}.values())
        # Else nobody could tell any more that it was she who asked.
        there = {one.key for one in hers}
        hers += [one for one in before.address if one.key in self._asked and one.key not in there]
        if [one.key for one in hers] != keys:
            after["address"] = tuple(known.get(one.key, one) for one in hers)

    def _readable(self, candidate: Candidate, before: Standing) -> None:
        languages = candidate.languages or before.languages
        for code, _ in candidate.salutations:
            if code not in languages:
                remedy = f"Add {code} to her languages, or take that salutation out."
                raise Unfit(
                    "salutations", f"she does not read {code}", remedy, _shown_pairs(candidate.salutations)
                )

    def _office(self, candidate: Candidate, before: Standing, after: dict[str, Any]) -> None:
        if not candidate.organisation:
            if before.organisation:
                after["organisation"] = ""
            return
        issuer = self._vocabulary.issuers[candidate.organisation]
        city = _place(candidate.city) if candidate.city else before.city
        office = issuer.offices.get(city)
        if office is None:
            reason = f"{issuer.acronym} has no office in {city[0]}"
            raise Unfit("city", reason, "Add it to organisations.toml and import that file first.", city[0])
        if candidate.organisation != before.organisation or office != before.office_id:
            after["organisation"] = candidate.organisation

    def _outlet_types(self, candidate: Candidate, _before: Standing) -> object:
        found = {}
        for place in candidate.outlets:
            if place.type is None or place.key in self._outlets.told:
                continue
            self._outlets.told[place.key] = place.type
            if self._outlets.types.get(place.key) is not place.type:
                found[place.name] = place.type
        return found or _SAME

    def _embargo_terms(self, candidate: Candidate, before: Standing) -> object:
        told, held = candidate.embargo_terms, before.embargo_terms(self._day)
        if told == held:
            return _SAME
        if told is not None and any(
            a.accepted_on == told and a.accepted_on > self._day for a in before.acceptances
        ):
            return _SAME  # it begins later, and is known
        if told is not None and _over(told, before, self._day):
            return _SAME
        return told


def _over(told: date, before: Standing, day: date) -> bool:
    """Whether she accepted on that day and it holds no more: a list from before must not bring it back."""
    return any(a.accepted_on == told and told <= day and not in_force(a, day) for a in before.acceptances)


_SAME = object()
_NOBODY = Standing()


def _other(value: object, text: object, before: object) -> object:
    return _SAME if text == before else value


def _phones(candidate: Candidate, before: Standing) -> object:
    texts = [one.text for one in candidate.phone]
    return _SAME if texts == [one.text for one in before.phone] else candidate.phone


def _city(candidate: Candidate, before: Standing) -> object:
    return _SAME if candidate.city is None or _place(candidate.city) == before.city else candidate.city


def _place(city: KnownCity) -> tuple[str, str]:
    return city.name, city.country


def _outlets(candidate: Candidate, before: Standing) -> object:
    told, known = candidate.outlets, before.outlets
    if len(told) == len(known) and {(p.key, p.role) for p in told} == {(p.key, p.role) for p in known}:
        return _SAME
    return told


def _before(before: Standing, field: str, day: date) -> object:
    if field == "embargo_terms":
        return before.embargo_terms(day)
    return getattr(before, field, None) if field != "notes" else None


def shown(field: str, value: Any) -> str:
    """A field's value as a cell shows it."""
    match value:
        case None | "" | ():
            return ""
        case KnownCity():
            return f"{value.name} ({value.country})"
        case date():
            return value.isoformat()
        case str():
            return str(value)
        case dict():
            return join_values(f"{name}: {kind.value}" for name, kind in value.items())
    if field == "city":
        return f"{value[0]} ({value[1]})" if value[0] else ""
    if field == "salutations":
        return _shown_pairs(value)
    return join_values(_shown_one(one) for one in value)


def _shown_one(one: object) -> str:
    match one:
        case Place():
            return one.name + (f" ({one.role})" if one.role else "")
        case Address() | Phone():
            return one.text
        case _:
            return str(one)


def _shown_pairs(pairs: Sequence[tuple[str, str]]) -> str:
    return join_values(f"{code}: {words}" for code, words in pairs)


def numbers(people: Sequence[Person]) -> list[int]:
    """The contacts among these people whom the registry knows."""
    return [person.contact_id for person in people if person.contact_id is not None]
