"""Sets two editions of a release side by side and tells what one says and the other does not."""

from collections.abc import Collection, Iterator, Sequence

from mailer.contacts.spelling import fold
from mailer.releases.comparison.alignment import Pair, align
from mailer.releases.comparison.counting import compare_figures
from mailer.releases.comparison.differing import Difference, Kind
from mailer.releases.comparison.furnishing import compare_furnishing
from mailer.releases.comparison.links import Link, links
from mailer.releases.comparison.quoting import Quoting
from mailer.releases.comparison.side import Passage, Side, difference, first_place, only_in
from mailer.releases.content import EditionContent


def compare(
    one: EditionContent, other: EditionContent, *, people: Collection[Collection[str]] = ()
) -> tuple[Difference, ...]:
    """What differs, in the order in which an officer reads: from the headline to the related releases.

    ``people`` are the names of known people, each in all scripts: nobody's name is guessed across scripts.
    """
    sides = (Side.of(one), Side.of(other))
    pairs = _pairs(sides)
    return (
        *_head(sides),
        *_body(sides, pairs, _known(sides, people)),
        *_links(sides, pairs),
        *compare_furnishing(sides),
    )


def compare_all(
    editions: Sequence[EditionContent], *, first: str, people: Collection[Collection[str]] = ()
) -> tuple[Difference, ...]:
    """Compare the edition in the language ``first``, or else the first one there is, with each of the others."""
    if not editions:
        return ()
    base = next((edition for edition in editions if edition.language == first), editions[0])
    return tuple(
        found for edition in editions if edition is not base for found in compare(base, edition, people=people)
    )


_Passages = tuple[tuple[Passage, ...], tuple[Passage, ...]]


def _pairs(sides: tuple[Side, Side]) -> tuple[_Passages, ...]:
    """The paragraphs that answer each other."""
    left, right = sides
    found: tuple[Pair, ...] = align(
        [passage.shape for passage in left.body],
        [passage.shape for passage in right.body],
        languages=(left.content.language, right.content.language),
    )
    return tuple(
        (tuple(left.body[n] for n in pair.left), tuple(right.body[n] for n in pair.right)) for pair in found
    )


def _known(sides: tuple[Side, Side], people: Collection[Collection[str]]) -> tuple[frozenset[str], ...]:
    """Known people's spellings: those given, and the press contacts who have one address in both editions."""
    known = [frozenset(fold(name) for name in names if name.strip()) for names in people]
    by_address: dict[str, set[str]] = {}
    for side in sides:
        for contact in side.content.press_contacts:
            if contact.address and contact.name:
                by_address.setdefault(contact.address.casefold(), set()).add(fold(contact.name))
    joined: list[frozenset[str]] = []
    for person in (*known, *map(frozenset, by_address.values())):
        same = [other for other in joined if other & person]
        joined = [other for other in joined if other not in same] + [person.union(*same)]
    return tuple(person for person in joined if person)


def _head(sides: tuple[Side, Side]) -> Iterator[Difference]:
    left, right = sides
    for which, side in enumerate(sides):
        if side.content.subhead and not sides[1 - which].content.subhead:
            yield only_in(sides, which, Kind.PARAGRAPH, "A subhead", side.head[-1].place(), None)
    yield from compare_figures(sides, left.head, right.head, counted=(left.counted, right.counted))


def _body(
    sides: tuple[Side, Side], pairs: Sequence[_Passages], people: tuple[frozenset[str], ...]
) -> Iterator[Difference]:
    counted = (sides[0].counted, sides[1].counted)
    quoting = Quoting(sides, people)
    before: _Passages = ((), ())
    for left, right in pairs:
        if left and right:
            yield from compare_figures(sides, left, right, counted=counted)
            yield from quoting.compare(left, right)
        else:
            yield _missing(sides, left, right, before)
            quoting.pass_over(left, right)
        before = (left or before[0], right or before[1])


def _missing(
    sides: tuple[Side, Side], left: Sequence[Passage], right: Sequence[Passage], before: _Passages
) -> Difference:
    which = 0 if left else 1
    passage, after = (left or right)[0], before[1 - which]
    has, lacks = sides[which], sides[1 - which]
    where = f"it would stand after {after[-1].place()}" if after else "it would stand first"
    place = passage.place()
    text = f"A paragraph of the {has.name} ({place}) has no answer in the {lacks.name}: {where}."
    near = after[-1].place() if after else None
    return difference(sides, Kind.PARAGRAPH, text, *((place, near) if which == 0 else (near, place)))


def _links(sides: tuple[Side, Side], pairs: Sequence[_Passages]) -> Iterator[Difference]:
    left, right = (
        [(link, p) for p in (*side.body, *side.boilerplates) for link in links(p.markdown)] for side in sides
    )
    ours = [(link, p) for link, p in left if not any(link.agrees(other) for other, _ in right)]
    theirs = [(link, p) for link, p in right if not any(link.agrees(other) for other, _ in left)]
    for link, passage in tuple(ours):
        across = _answer(passage, pairs, 0)
        if found := next(((other, p) for other, p in theirs if p in across), None):
            ours.remove((link, passage))
            theirs.remove(found)
            place, there = passage.place(link.url), found[1].place(found[0].url)
            text = (
                f"A link of the {sides[0].name} ({place}) leads elsewhere in the {sides[1].name} ({there}): "
                f"{link.url} and {found[0].url}."
            )
            yield difference(sides, Kind.LINK, text, place, there)
    remaining: tuple[list[tuple[Link, Passage]], ...] = (ours, theirs)
    for which, found_links in enumerate(remaining):
        for link, passage in found_links:
            near = first_place(_answer(passage, pairs, which))
            yield only_in(sides, which, Kind.LINK, f"A link to {link.url}", passage.place(link.url), near)


def _answer(passage: Passage, pairs: Sequence[_Passages], which: int) -> tuple[Passage, ...]:
    return next((pair[1 - which] for pair in pairs if passage in pair[which]), ())
