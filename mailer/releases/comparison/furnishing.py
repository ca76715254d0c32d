"""Compares what stands round the text: dateline, photo, boilerplates, press contacts, related releases."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations

from mailer.releases.comparison.counting import compare_figures
from mailer.releases.comparison.differing import Difference, Kind, Part, Place
from mailer.releases.comparison.links import link_to
from mailer.releases.comparison.side import Passage, Side, difference, only_in
from mailer.releases.content import Photo
from mailer.releases.intake.dateline import is_city, same_city

_MANY = 5
"""Boilerplates; of more, each is taken to answer the one in the same place."""
_LOCAL = 7
"""Digits of a telephone number that stay the same with and without the codes before it."""


def compare_furnishing(sides: tuple[Side, Side]) -> Iterator[Difference]:
    """What differs outside the text."""
    yield from _dateline(sides)
    yield from _photo(sides)
    yield from _boilerplates(sides)
    yield from _contacts(sides)
    yield from _related(sides)


def _dateline(sides: tuple[Side, Side]) -> Iterator[Difference]:
    left, right = (side.content for side in sides)
    places = tuple(
        Place(part=Part.DATELINE, words=", ".join((*content.cities, *([str(content.day)] if content.day else []))))
        for content in (left, right)
    )
    if left.day and right.day and left.day != right.day:
        text = f"The {sides[0].name} is dated {left.day}, the {sides[1].name} {right.day}."
        yield difference(sides, Kind.DATELINE, text, *places)
    for which, (one, other) in enumerate(((left, right), (right, left))):
        if one.day and not other.day:
            yield only_in(sides, which, Kind.DATELINE, f"The day {one.day}", places[which], places[1 - which])
        # A city that no list knows is only counted: its name in another script is not guessed.
        unknown = sum(not is_city(city) for city in other.cities) - sum(not is_city(city) for city in one.cities)
        for city in one.cities:
            if any(same_city(city, name) for name in other.cities):
                continue
            if not is_city(city) and len(one.cities) <= len(other.cities):
                continue
            if is_city(city) and unknown > 0:
                unknown -= 1
                continue
            yield only_in(sides, which, Kind.DATELINE, f"The city {city}", places[which], places[1 - which])


def _photo(sides: tuple[Side, Side]) -> Iterator[Difference]:
    left, right = (side.content.photo or Photo() for side in sides)
    if left.asset and right.asset and left.asset != right.asset:
        places = (
            Place(part=Part.PICTURE, words=left.asset[:12]),
            Place(part=Part.PICTURE, words=right.asset[:12]),
        )
        text = f"The {sides[0].name} has another picture than the {sides[1].name}."
        yield difference(sides, Kind.PHOTO, text, *places)
    for part, words in ((Part.CAPTION, (left.caption, right.caption)), (Part.CREDIT, (left.credit, right.credit))):
        for which in (0, 1):
            if words[which] and not words[1 - which]:
                place = Place(part=part, words=words[which])
                yield only_in(sides, which, Kind.PHOTO, f"The photo's {part}", place, None)
    if left.caption and right.caption:
        counted = (sides[0].counted, sides[1].counted)
        yield from compare_figures(sides, sides[0].caption, sides[1].caption, counted=counted)


def _boilerplates(sides: tuple[Side, Side]) -> Iterator[Difference]:
    left, right = sides
    if len(left.content.boilerplates) != len(right.content.boilerplates):
        which = 0 if len(left.content.boilerplates) > len(right.content.boilerplates) else 1
        more, fewer = (len(sides[n].content.boilerplates) for n in (which, 1 - which))
        headings = "; ".join(boilerplate.heading for boilerplate in sides[which].content.boilerplates)
        place = Place(part=Part.BOILERPLATE, words=headings)
        text = (
            f"The {sides[which].name} has {more} boilerplates ({headings}), the {sides[1 - which].name} {fewer}."
        )
        yield difference(sides, Kind.BOILERPLATE, text, *((place, None) if which == 0 else (None, place)))
        return
    counted = tuple([figure for p in side.boilerplates for figure in p.figures] for side in sides)
    for one, other in _answering(left.boilerplates, right.boilerplates):
        yield from compare_figures(sides, [one], [other], counted=(counted[0], counted[1]))


def _answering(left: Sequence[Passage], right: Sequence[Passage]) -> Sequence[tuple[Passage, Passage]]:
    """The boilerplates that are about one organisation: those with most in common, since each edition has its order."""
    if len(left) != len(right) or len(left) > _MANY:
        return list(zip(left, right, strict=False))

    def common(order: Iterable[Passage]) -> int:
        return sum(len(_marks(one) & _marks(other)) for one, other in zip(left, order, strict=True))

    return list(zip(left, max(permutations(right), key=common), strict=True))


def _marks(passage: Passage) -> set[object]:
    """What a text keeps in another language: its figures, and its acronyms."""
    return {value for figure in passage.figures for value in figure.values} | set(
        re.findall(r"\b[A-Z]{2,}\b", passage.text)
    )


def _contacts(sides: tuple[Side, Side]) -> Iterator[Difference]:
    addresses = tuple({contact.address.casefold() for contact in side.content.press_contacts} for side in sides)
    for which, side in enumerate(sides):
        for number, contact in enumerate(side.content.press_contacts, 1):
            if contact.address and contact.address.casefold() not in addresses[1 - which]:
                place = Place(part=Part.CONTACT, number=number, words=f"{contact.name}, {contact.address}")
                yield only_in(sides, which, Kind.CONTACT, f"The press contact {contact.name}", place, None)
    for number, one in enumerate(sides[0].content.press_contacts, 1):
        for there, other in enumerate(sides[1].content.press_contacts, 1):
            same = one.address and one.address.casefold() == other.address.casefold()
            if same and one.phone and other.phone and _local(one.phone) != _local(other.phone):
                places = (
                    Place(part=Part.CONTACT, number=number, words=one.phone),
                    Place(part=Part.CONTACT, number=there, words=other.phone),
                )
                text = (
                    f"{one.name} has the telephone number {one.phone} in the {sides[0].name} and {other.phone} "
                    f"in the {sides[1].name}."
                )
                yield difference(sides, Kind.CONTACT, text, *places)


def _local(phone: str) -> str:
    digits = "".join(str(unicodedata.decimal(letter, "")) for letter in phone)
    return digits[-_LOCAL:]


def _related(sides: tuple[Side, Side]) -> Iterator[Difference]:
    for which, side in enumerate(sides):
        across = sides[1 - which].content.related
        for number, related in enumerate(side.content.related, 1):
            link = link_to(related.url)
            if related.url and any(link.agrees(link_to(other.url)) for other in across if other.url):
                continue
            # Without an address, or with a page for each language, only the number of them can be compared.
            if number <= len(across) and not (related.url and across[number - 1].url):
                continue
            place = Place(part=Part.RELATED, number=number, words=related.title)
            yield only_in(sides, which, Kind.RELATED, f"The related release “{related.title[:80]}”", place, None)
