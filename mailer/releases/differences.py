"""What changed between two versions of a release: per edition and part, paragraphs matched first, then their words."""

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mailer.clock import ZonedTime
from mailer.releases.content import Boilerplate, EditionContent, Photo, PressContact, Related, VersionContent
from mailer.releases.wording import Wording, compare_words, replaced

_LIKE = 0.3
"""Paragraphs of which less is alike (Dice's coefficient of their words) are told as one gone and another come."""
_MOST = 40_000
"""Paragraphs before times paragraphs after, in one place: of more, none is taken for another one's former wording."""


class Part(StrEnum):
    """What of a version it is; those before ``EDITION`` belong to all languages."""

    EMBARGO = "embargo"
    ORGANISATIONS = "organisations"
    EDITION = "edition"
    HEADLINE = "headline"
    SUBHEAD = "subhead"
    DATELINE = "dateline"
    PARAGRAPH = "paragraph"
    PICTURE = "picture"
    """By the SHA-256 of its file."""
    CAPTION = "caption"
    CREDIT = "credit"
    ALT = "alt"
    """What the picture shows, for who cannot see it."""
    BOILERPLATE = "boilerplate"
    PRESS_CONTACT = "press contact"
    RELATED = "related"


class Change(StrEnum):
    """What became of a part."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    """As it was, in another place."""
    SPACING = "spacing"
    """Only its spaces or line ends are others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One part that is not as it was."""

    language: str
    """Empty for what belongs to all editions."""
    part: Part
    change: Change
    before: int | None = None
    """Its place among those of its kind, from 1, where there may be several."""
    after: int | None = None
    wording: Wording


def differences(before: VersionContent, after: VersionContent) -> tuple[Difference, ...]:
    """All that changed, in the order in which a release is read; editions by language."""
    found = [
        *_single("", Part.EMBARGO, _embargo(before.embargo), _embargo(after.embargo)),
        *_single(
            "",
            Part.ORGANISATIONS,
            ", ".join(sorted(before.organisations)),
            ", ".join(sorted(after.organisations)),
        ),
    ]
    old, new = ({edition.language: edition for edition in version.editions} for version in (before, after))
    for language in sorted(old.keys() | new.keys()):
        found += _edition(language, old.get(language), new.get(language))
    return tuple(found)


def _edition(language: str, before: EditionContent | None, after: EditionContent | None) -> Iterator[Difference]:
    if before is None or after is None:
        change = Change.ADDED if before is None else Change.REMOVED
        yield Difference(language=language, part=Part.EDITION, change=change, wording=Wording(()))
    nothing = EditionContent(language=language, headline="")
    old, new = before or nothing, after or nothing
    yield from _single(language, Part.HEADLINE, old.headline, new.headline)
    yield from _single(language, Part.SUBHEAD, old.subhead, new.subhead)
    yield from _single(language, Part.DATELINE, _dateline(old), _dateline(new))
    yield from _several(language, Part.PARAGRAPH, old.paragraphs, new.paragraphs)
    was, now = old.photo or Photo(), new.photo or Photo()
    if was.asset != now.asset:
        change = _change(was.asset, now.asset, same=False)
        wording = replaced(was.asset, now.asset)
        yield Difference(language=language, part=Part.PICTURE, change=change, wording=wording)
    yield from _single(language, Part.CAPTION, was.caption, now.caption)
    yield from _single(language, Part.CREDIT, was.credit, now.credit)
    yield from _single(language, Part.ALT, was.alt, now.alt)
    yield from _several(
        language, Part.BOILERPLATE, [*map(_boilerplate, old.boilerplates)], [*map(_boilerplate, new.boilerplates)]
    )
    yield from _several(
        language, Part.PRESS_CONTACT, [*map(_contact, old.press_contacts)], [*map(_contact, new.press_contacts)]
    )
    yield from _several(language, Part.RELATED, [*map(_related, old.related)], [*map(_related, new.related)])


def _embargo(embargo: ZonedTime | None) -> str:
    return str(embargo) if embargo else ""


def _dateline(edition: EditionContent) -> str:
    day = edition.day.isoformat() if edition.day else ""
    return ", ".join(filter(None, (" / ".join(edition.cities), day)))


def _boilerplate(one: Boilerplate) -> str:
    return f"{one.heading}\n{one.text}"


def _contact(one: PressContact) -> str:
    return ", ".join(filter(None, (one.city, one.organisation, one.title, one.name, one.address, one.phone)))


def _related(one: Related) -> str:
    return f"{one.title} {one.url}".strip()


def _single(language: str, part: Part, before: str, after: str) -> Iterator[Difference]:
    if before != after:
        yield _difference(language, part, before, after)


def _several(language: str, part: Part, before: Sequence[str], after: Sequence[str]) -> Iterator[Difference]:
    for i, j in _pairs(before, after):
        old, new = "" if i is None else before[i], "" if j is None else after[j]
        numbers = {"before": None if i is None else i + 1, "after": None if j is None else j + 1}
        if i is not None and old == new:
            same = compare_words(old, new)
            yield Difference(language=language, part=part, change=Change.MOVED, wording=same, **numbers)
        else:
            yield _difference(language, part, old, new, **numbers)


def _difference(language: str, part: Part, old: str, new: str, **numbers: int | None) -> Difference:
    wording = compare_words(old, new)
    change = _change(old, new, same=wording.same)
    return Difference(language=language, part=part, change=change, wording=wording, **numbers)


def _change(before: str, after: str, *, same: bool) -> Change:
    if not before.strip() and after.strip():
        return Change.ADDED
    if before.strip() and not after.strip():
        return Change.REMOVED
    return Change.SPACING if same else Change.CHANGED


_Pair = tuple[int | None, int | None]


def _pairs(before: Sequence[str], after: Sequence[str]) -> Iterator[_Pair]:
    """The places of those that are not as they were: before and after, or only one of them; in the order of reading."""
    codes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    changed = [code for code in codes if code[0] != "equal"]
    went = [i for _, i1, i2, _, _ in changed for i in range(i1, i2)]
    moved = _moved(before, after, went, [j for _, _, _, j1, j2 in changed for j in range(j1, j2)])
    from_elsewhere = set(moved.values())
    for _, i1, i2, j1, j2 in changed:
        old = [i for i in range(i1, i2) if i not in from_elsewhere]
        new = [j for j in range(j1, j2) if j not in moved]
        here: list[_Pair] = list(_reworded(before, after, old, new))
        for j in (j for j in range(j1, j2) if j in moved):
            following = (place for place, (_, later) in enumerate(here) if later is not None and later > j)
            here.insert(next(following, len(here)), (moved[j], j))
        yield from here


def _moved(
    before: Sequence[str], after: Sequence[str], went: Sequence[int], came: Sequence[int]
) -> dict[int, int]:
    """Of those that came, the ones that stood elsewhere word for word, with where."""
    left: dict[str, list[int]] = {}
    for i in went:
        left.setdefault(before[i], []).append(i)
    return {j: left[after[j]].pop(0) for j in came if left.get(after[j])}


def _reworded(
    before: Sequence[str], after: Sequence[str], old: Sequence[int], new: Sequence[int]
) -> Iterator[_Pair]:
    """In one place of the text: which of the new ones is which of the old ones in other words, in their order."""
    if not old or not new or len(old) * len(new) > _MOST:
        yield from ((i, None) for i in old)
        yield from ((None, j) for j in new)
        return
    words_before = [Counter(before[i].split()) for i in old]
    words_after = [Counter(after[j].split()) for j in new]
    likeness = [[_likeness(one, other) for other in words_after] for one in words_before]
    # The pairs in order that are most alike together: best[a][b] of the first a and b, as for a longest common run.
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for a in range(1, len(old) + 1):
        for b in range(1, len(new) + 1):
            pair = best[a - 1][b - 1] + likeness[a - 1][b - 1]
            best[a][b] = max(best[a - 1][b], best[a][b - 1], pair)
    found: list[_Pair] = []
    a, b = len(old), len(new)
    while a or b:
        if a and b and likeness[a - 1][b - 1] and best[a][b] == best[a - 1][b - 1] + likeness[a - 1][b - 1]:
            a, b = a - 1, b - 1
            found.append((old[a], new[b]))
        elif b and (not a or best[a][b] == best[a][b - 1]):
            b -= 1
            found.append((None, new[b]))
        else:
            a -= 1
            found.append((old[a], None))
    yield from reversed(found)


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """From 0 to 1; 0 for what is less alike than ``_LIKE``."""
    total = one.total() + other.total()
    alike = 2 * (one & other).total() / total if total else 0.0
    return alike if alike >= _LIKE else 0.0
