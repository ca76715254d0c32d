"""Which paragraphs of one edition answer which of the other, by their length, figures, links and quotes.

Gale and Church's way (A Program for Aligning Sentences in Bilingual Corpora, 1993): the cheapest path through both
texts, where a step takes one paragraph of each, one of either alone, or two of one for one of the other.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

_ALONE = 1.0
"""What a paragraph without an answer costs; all other costs are in its measure."""
_MOST = 10_000
"""Paragraphs of one times those of the other: with 100 in each it takes about two seconds."""
_SPLIT = 0.9
_LENGTH = 1.5
_HEADING = 2.0
_QUOTED = 0.6
_FIGURES = 1.2
_LINKED = 0.8

# A text of 100 characters in English has about so many in other languages; measured on the demonstration's release.
_MEASURE = {"en": 100, "ar": 84, "fr": 117, "es": 112}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is known of a paragraph without understanding it."""

    length: int
    """Characters that a reader sees."""
    heading: bool
    quoted: bool
    values: frozenset[Decimal]
    links: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pair:
    """Paragraphs that answer each other, by their places from 0; one side is empty where there is no answer."""

    left: tuple[int, ...]
    right: tuple[int, ...]


def align(left: Sequence[Shape], right: Sequence[Shape], *, languages: tuple[str, str]) -> tuple[Pair, ...]:
    """Each paragraph in one pair, in order; of a book, each is taken to answer the one in the same place."""
    if len(left) * len(right) > _MOST:
        both = min(len(left), len(right))
        return (
            *(Pair((n,), (n,)) for n in range(both)),
            *(Pair((n,), ()) for n in range(both, len(left))),
            *(Pair((), (n,)) for n in range(both, len(right))),
        )
    best: dict[tuple[int, int], tuple[float, tuple[int, int]]] = {(0, 0): (0.0, (0, 0))}
    for i, j in product(range(len(left) + 1), range(len(right) + 1)):
        ways = [
            (best[i - a, j - b][0] + _cost(left[i - a : i], right[j - b : j], languages), (a, b))
            for a, b in ((1, 1), (1, 0), (0, 1), (2, 1), (1, 2))
            if i >= a and j >= b
        ]
        if ways:
            best[i, j] = min(ways)
    pairs: list[Pair] = []
    i, j = len(left), len(right)
    while i or j:
        a, b = best[i, j][1]
        pairs.append(Pair(tuple(range(i - a, i)), tuple(range(j - b, j))))
        i, j = i - a, j - b
    return tuple(reversed(pairs))


def in_measure(length: int, language: str) -> float:
    """How long a text would be in English."""
    return length * 100 / _MEASURE.get(language.partition("-")[0], 100)


def _cost(left: Sequence[Shape], right: Sequence[Shape], languages: tuple[str, str]) -> float:
    if not left or not right:
        return _ALONE * (len(left) + len(right))
    a = in_measure(sum(shape.length for shape in left), languages[0])
    b = in_measure(sum(shape.length for shape in right), languages[1])
    # A short line says little by its length.
    cost = _LENGTH * abs(math.log((a + 20) / (b + 20)))
    cost += _SPLIT if len(left) + len(right) > 2 else 0
    cost += _HEADING * (any(s.heading for s in left) != any(s.heading for s in right))
    cost += _QUOTED * (any(s.quoted for s in left) != any(s.quoted for s in right))
    ours, theirs = (frozenset[object]().union(*(shape.values for shape in side)) for side in (left, right))
    cost += _unlike(ours, theirs, _FIGURES)
    ours, theirs = (frozenset[object]().union(*(shape.links for shape in side)) for side in (left, right))
    return cost + min(0.0, _unlike(ours, theirs, _LINKED))


def _unlike(left: frozenset[object], right: frozenset[object], weight: float) -> float:
    """From the weight's half, where nothing is common, down to minus the weight, where all is."""
    if not left or not right:
        return weight / 8 if left or right else 0.0
    common = len(left & right) / min(len(left), len(right))
    return weight * (0.5 - 1.5 * common)
