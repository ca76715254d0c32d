"""Compares what two passages count: a figure in one only, another figure, the same figure of something else."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailer.releases.comparison.differing import Difference, Kind
from mailer.releases.comparison.figures import Figure
from mailer.releases.comparison.side import Passage, Side, difference, first_place, only_in

_SMALL = 3
"""Ones and twos in words are articles, duals and idioms."""


@dataclass(frozen=True, slots=True)
class _Here:
    """A figure and the passage that it is in."""

    figure: Figure
    passage: Passage


def compare_figures(
    sides: tuple[Side, Side],
    left: Sequence[Passage],
    right: Sequence[Passage],
    *,
    counted: tuple[Sequence[Figure], Sequence[Figure]],
) -> Iterator[Difference]:
    """What differs between passages that answer each other.

    ``counted`` is what each edition counts anywhere: a figure that a translator has moved to another sentence is
    no difference, unless something else stands in its place.
    """
    ours, theirs = _without_answer(left, right)
    for here in tuple(ours):
        if other := next((o for o in theirs if here.figure.agrees(o.figure)), None):
            ours.remove(here)
            theirs.remove(other)
            if here.figure.firm or other.figure.firm:
                yield _against(sides, Kind.UNIT, here, other)
    for here in tuple(ours):
        if other := _in_its_place(here, theirs, counted):
            ours.remove(here)
            theirs.remove(other)
            kind = Kind.DATE if here.figure.is_day else Kind.FIGURE
            yield _against(sides, kind, here, other)
    for which, remaining, across in ((0, ours, right), (1, theirs, left)):
        for here in remaining:
            figure = here.figure
            if figure.firm and not _is_among(figure, counted[1 - which]):
                kind = Kind.DATE if figure.is_day else Kind.FIGURE
                place = here.passage.place(figure.words)
                yield only_in(sides, which, kind, f"“{figure.words}”", place, first_place(across))


def _without_answer(left: Sequence[Passage], right: Sequence[Passage]) -> tuple[list[_Here], list[_Here]]:
    ours, theirs = _once(left), _once(right)

    def answered(here: _Here, others: Sequence[_Here]) -> bool:
        return any(here.figure.agrees(o.figure) and here.figure.same_unit(o.figure) for o in others)

    return [h for h in ours if not answered(h, theirs)], [h for h in theirs if not answered(h, ours)]


def _once(passages: Sequence[Passage]) -> list[_Here]:
    """The figures of passages, each once however often it is said."""
    found: dict[object, _Here] = {}
    for passage in passages:
        for figure in passage.figures:
            found.setdefault(figure.meaning, _Here(figure, passage))
    return list(found.values())


def _in_its_place(
    here: _Here, others: Sequence[_Here], counted: tuple[Sequence[Figure], Sequence[Figure]]
) -> _Here | None:
    """What the other edition says where this one says the figure; nothing where both are said elsewhere as well."""
    figure = here.figure
    found = []
    for place, other in enumerate(others):
        if not _alike(figure, other.figure):
            continue
        explained = (_is_among(figure, counted[1]), _is_among(other.figure, counted[0]))
        # In words a number is often part of an idiom: only where neither is anywhere in the other edition.
        if all(explained) or (any(explained) and not (figure.firm and other.figure.firm)):
            continue
        found.append((figure.unit != other.figure.unit, not other.figure.firm, place, other))
    return min(found, key=lambda candidate: candidate[:3])[3] if found else None


def _alike(one: Figure, other: Figure) -> bool:
    """Whether one may stand for the other: a day for a day, an hour for an hour, a number for a number."""
    if one.is_day or other.is_day:
        return one.is_day and other.is_day
    if one.minutes or other.minutes:
        return bool(one.minutes and other.minutes)
    if any(not figure.firm and re.search(r"\d", figure.words) for figure in (one, other)):
        # An ordinal or a part of a name; other languages write it out.
        return False
    large = min(map(abs, (*one.values, *other.values))) >= _SMALL
    return large and one.same_unit(other) and (one.firm or other.firm or one.unit == other.unit)


def _is_among(figure: Figure, counted: Sequence[Figure]) -> bool:
    return any(figure.agrees(other) and figure.same_unit(other) for other in counted)


def _against(sides: tuple[Side, Side], kind: Kind, here: _Here, other: _Here) -> Difference:
    place, across = here.passage.place(here.figure.words), other.passage.place(other.figure.words)
    text = (
        f"“{here.figure.words}” in the {sides[0].name} ({place}) is “{other.figure.words}” "
        f"in the {sides[1].name} ({across})."
    )
    return difference(sides, kind, text, place, across)
