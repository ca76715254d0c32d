"""Finds contacts who may be one person, as pairs with a score and why.

Not everybody is compared with everybody, which would be 5,000,000,000 pairs of 100,000 contacts: only those who share
a key, such as a telephone number, a mailbox, or the skeletons of two words of their names. A key that more share than
``CROWD`` tells little by itself; those are compared where they share a city, an outlet or a domain as well.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from mailer.contacts.domains import PROVIDERS, domain_of
from mailer.contacts.likeness import Name, likeness
from mailer.contacts.mailbox import mailbox, squeezed
from mailer.contacts.models import ContactKind

CROWD = 40
_SWITCHBOARD = 4  # people: a number that more share is their house's

# Out of 100. Each was set so that the cases in the tests come out as an officer would judge them.
_SAME_ADDRESS, _SAME_MAILBOX, _SAME_PHONE = 100, 97, 93
_NAME_WEIGHT = 0.86
_OUTLET_FOR, _OUTLET_AGAINST = 8, 10
_CITY_FOR, _CITY_AGAINST, _COUNTRY_AGAINST = 5, 7, 12
_MAIL_FOR, _DOMAIN_FOR = 8, 4
_ALIKE = 75.0
"""Below that the names speak against it, whatever else agrees; see ``likeness``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is compared of a contact."""

    id: int
    kind: ContactKind = ContactKind.JOURNALIST
    names: tuple[Name, ...]
    """In each way in which it is known."""
    addresses: tuple[str, ...]
    """Keys; the first one is written to."""
    phones: tuple[str, ...] = ()
    """Keys."""
    city: int = 0
    country: str = ""
    outlets: frozenset[int] = field(default_factory=frozenset)
    """Where she works now."""
    mailboxes: frozenset[str] = field(init=False)
    squeezed: frozenset[str] = field(init=False)
    domains: frozenset[str] = field(init=False)
    """Of her addresses, without those at which anybody may have one."""

    def __post_init__(self) -> None:
        # Once, as each is compared with many.
        for name, values in (
            ("mailboxes", map(mailbox, self.addresses)),
            ("squeezed", map(squeezed, self.addresses)),
            ("domains", set(map(domain_of, self.addresses)) - PROVIDERS),
        ):
            object.__setattr__(self, name, frozenset(values))


@dataclass(frozen=True, slots=True)
class Match:
    """Two who may be one; the lower number first."""

    first: int
    second: int
    score: int
    """From 0 to 100."""
    why: tuple[str, ...]
    """What speaks for it and against it, in words."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The pairs that are offered, and how many were compared for them."""

    matches: list[Match]
    compared: int


def matches(
    people: Sequence[Person],
    *,
    min_score: int,
    distinct: Collection[tuple[int, int]] = (),
    outlet_names: Callable[[int], str] = str,
) -> Compared:
    """The pairs of that score or more, the surest first; those that are known to be distinct are left out."""
    switchboards = _shared_by_many(people)
    seen: set[int] = set()
    known = set(distinct)
    found = []
    width = max((person.id for person in people), default=0) + 1
    for one, two in _candidates(people, switchboards):
        first, second = (one, two) if one.id < two.id else (two, one)
        pair = first.id * width + second.id
        if pair in seen or first is second:
            continue
        seen.add(pair)
        score, why = compare(first, second, switchboards=switchboards, outlet_names=outlet_names)
        if score >= min_score and (first.id, second.id) not in known:
            found.append(Match(first.id, second.id, score, tuple(why)))
    found.sort(key=lambda match: (-match.score, match.first, match.second))
    return Compared(found, len(seen))


def compare(
    one: Person,
    two: Person,
    *,
    switchboards: Collection[str] = (),
    outlet_names: Callable[[int], str] = str,
) -> tuple[int, list[str]]:
    """How likely the two are one person, from 0 to 100, and why."""
    if one.kind is not two.kind:
        return 0, []
    why: list[str] = []
    floor = _by_address(one, two, why)
    names = 0.0
    for a in one.names:
        for b in two.names:
            names = max(names, likeness(a, b))
    if not floor and names < _ALIKE:
        return 0, []
    shared = [number for number in one.phones if number in two.phones and number not in switchboards]
    score = names * _NAME_WEIGHT
    if names >= _ALIKE:
        why.append("same name" if names >= 100 else f"names alike ({names:.0f} %)")
    if shared:
        why.append("same telephone number")
        floor = max(floor, _SAME_PHONE)
    score += _circumstances(one, two, why, outlet_names)
    return round(min(max(score, floor), 100 if floor == _SAME_ADDRESS else 99)), why


def _by_address(one: Person, two: Person, why: list[str]) -> int:
    if one.mailboxes.isdisjoint(two.mailboxes):
        return 0
    if set(one.addresses) & set(two.addresses):
        why.append("same address")
        return _SAME_ADDRESS
    why.append("same mailbox, written differently")
    return _SAME_MAILBOX


def _circumstances(one: Person, two: Person, why: list[str], outlet_names: Callable[[int], str]) -> int:
    points = 0
    if one.outlets and two.outlets:
        if both := one.outlets & two.outlets:
            points += _OUTLET_FOR
            why.append(f"both at {outlet_names(min(both))}")
        else:
            points -= _OUTLET_AGAINST
            why.append("but at different outlets")
    if one.city == two.city:
        points += _CITY_FOR
        why.append("same city")
    else:
        points -= _CITY_AGAINST if one.country == two.country else _COUNTRY_AGAINST
        why.append("but in different cities" if one.country == two.country else "but in different countries")
    if one.squeezed & two.squeezed:
        points += _MAIL_FOR
        why.append("addresses alike")
    elif (
        shared := {domain_of(key) for key in one.addresses} & {domain_of(key) for key in two.addresses} - PROVIDERS
    ):
        points += _DOMAIN_FOR
        why.append(f"both have addresses at {min(shared)}")
    return points


def _shared_by_many(people: Sequence[Person]) -> frozenset[str]:
    counts: defaultdict[str, int] = defaultdict(int)
    for person in people:
        for number in person.phones:
            counts[number] += 1
    return frozenset(number for number, count in counts.items() if count > _SWITCHBOARD)


def _candidates(people: Sequence[Person], switchboards: Collection[str]) -> Iterator[tuple[Person, Person]]:
    blocks: defaultdict[str, list[Person]] = defaultdict(list)
    for person in people:
        for key in _keys(person, switchboards):
            blocks[key].append(person)
    for members in blocks.values():
        if len(members) <= CROWD:
            yield from combinations(members, 2)
        else:
            yield from _of_crowd(members)


def _keys(person: Person, switchboards: Collection[str]) -> set[str]:
    # Who shares a mailbox shares this.
    keys = {f"m{key}" for key in person.squeezed}
    keys |= {f"p{number}" for number in person.phones if number not in switchboards}
    for name in person.names:
        bones = sorted(set(name.bones), key=lambda bone: (-len(bone), bone))[:4]
        if len(bones) == 1:
            keys.add(f"w{bones[0]}")
        for one, two in combinations(bones, 2):
            keys.add(f"b{min(one, two)} {max(one, two)}")
            # With the other's initial alone: N. Haddad, or one of them misspelt.
            keys |= {f"i{one} {two[0]}", f"i{two} {one[0]}"}
    return keys


def _of_crowd(members: Sequence[Person]) -> Iterator[tuple[Person, Person]]:
    """Those who share more than the one key."""
    closer: defaultdict[tuple[str, object], list[Person]] = defaultdict(list)
    for person in members:
        for outlet in person.outlets:
            closer["outlet", outlet].append(person)
        for domain in person.domains:
            closer["domain", domain].append(person)
        for plain in {name.plain for name in person.names}:
            closer["name", (person.city, plain)].append(person)
    for some in closer.values():
        if len(some) <= CROWD:
            yield from combinations(some, 2)
        else:
            # Of too many to compare all, each with those whose names come next.
            ordered = sorted(some, key=lambda person: (person.names[0].plain if person.names else "", person.id))
            for place, person in enumerate(ordered):
                for other in ordered[place + 1 : place + 1 + CROWD // 2]:
                    yield person, other
