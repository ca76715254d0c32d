"""What was changed in a text, word by word: what stayed, what went and what came, and which figures are others."""

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import NamedTuple

_MOST = 40_000
"""Pairs of the same word before and after, besides those at both ends: where there are more, the text is told as
replaced. All of them are weighed again and again; a paragraph that somebody wrote has some hundreds."""


class Fate(StrEnum):
    """What became of some words."""

    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


MARKS: Mapping[Fate, tuple[str, str]] = {Fate.KEPT: ("", ""), Fate.REMOVED: ("[-", "-]"), Fate.ADDED: ("[+", "+]")}
"""What stands before and after such words, for who sees no colours."""


@dataclass(frozen=True, slots=True)
class Run:
    """Words side by side that have one fate, with the spaces after them."""

    fate: Fate
    text: str


@dataclass(frozen=True, slots=True)
class Wording:
    """A text before and after. The kept and the added runs, joined, are the text after, without spaces at its ends."""

    runs: tuple[Run, ...]
    words_removed: int = 0
    words_added: int = 0
    figures_removed: tuple[str, ...] = ()
    """Numbers, amounts, shares, times and days that stand there no more, as written; one that only has other digits
    (12, ١٢) is the same."""
    figures_added: tuple[str, ...] = ()

    @property
    def removed(self) -> tuple[str, ...]:
        """What went."""
        return self._of(Fate.REMOVED)

    @property
    def added(self) -> tuple[str, ...]:
        """What came."""
        return self._of(Fate.ADDED)

    @property
    def marked(self) -> str:
        """The whole text, with what went and what came in marks."""
        told = []
        for run in self.runs:
            start, end = MARKS[run.fate]
            bare = run.text.rstrip()
            told.append(f"{start}{bare}{end}{run.text[len(bare) :]}")
        return "".join(told)

    @property
    def same(self) -> bool:
        """Whether no word went or came: then only spaces and line ends may differ."""
        return all(run.fate is Fate.KEPT for run in self.runs)

    def _of(self, fate: Fate) -> tuple[str, ...]:
        return tuple(run.text.strip() for run in self.runs if run.fate is fate)


def compare_words(before: str, after: str) -> Wording:
    """What became of a text; either may be empty."""
    old, new = tuple(_words(before)), tuple(_words(after))
    runs: list[Run] = []
    for kept, i, j in _matched(old, new):
        for fate, words in ((Fate.KEPT, new[j]),) if kept else ((Fate.REMOVED, old[i]), (Fate.ADDED, new[j])):
            if words:
                runs.append(Run(fate, "".join(word.text + word.space for word in words)))
    gone, come = _figures_gone(old, new), _figures_gone(new, old)
    counted = {fate: sum(_count(run.text) for run in runs if run.fate is fate) for fate in Fate}
    return Wording(tuple(runs), counted[Fate.REMOVED], counted[Fate.ADDED], gone, come)


def replaced(before: str, after: str) -> Wording:
    """The same of what has no words, such as a hash: all of it went, and all of it came."""
    told = ((Fate.REMOVED, before), (Fate.ADDED, after))
    return Wording(tuple(Run(fate, text) for fate, text in told if text))


class _Word(NamedTuple):
    """A word, a figure, or one other character."""

    text: str
    space: str
    """What follows before the next one."""
    figure: str
    """In plain digits; empty for what is none."""

    @property
    def sign(self) -> bool:
        """Whether it is a character that is no word."""
        return not any(c.isalnum() for c in self.text)


@cache
def _pattern() -> re.Pattern[str]:
    # Python takes no combining mark for part of a word, and an Arabic word with its vowel signs would fall apart.
    marks = "".join(chr(c) for c in range(0x300, 0x10000) if unicodedata.category(chr(c))[0] == "M")
    unspaced = "\u3040-\u30ff\u3400-\u9fff"  # Chinese and Japanese: a word has no end that can be seen
    letter = rf"[^\W\d{unspaced}]"
    sign, between, share = r"(?:(?<!\w)[-\u2212])?", r"[.,:/'\u2019\u066b\u066c\u00a0\u202f]", r"[%\u066a\u2030]"
    figure = rf"{sign}\d+(?:{between}\d+)*(?:[\u00a0\u202f]?{share})?"
    word = rf"{letter}[{marks}]*(?:(?:[-'\u2019\u200c\u200d](?={letter}))?[^\W{unspaced}][{marks}]*)*"
    return re.compile(rf"(?:(?P<figure>{figure})|{word}|\S[{marks}]*)(?P<space>\s*)")


def _words(text: str) -> Iterator[_Word]:
    for match in _pattern().finditer(text.strip()):
        space = match["space"]
        whole = match[0][: len(match[0]) - len(space)]
        yield _Word(whole, space, _plain(match["figure"] or ""))


_SIGNS = str.maketrans("\u066b\u066c\u066a\u2212\u2019", ".,%-'", "\u00a0\u202f")


def _plain(figure: str) -> str:
    """With European digits and signs."""
    return "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in figure.translate(_SIGNS))


def _matched(old: Sequence[_Word], new: Sequence[_Word]) -> Iterator[tuple[bool, slice, slice]]:
    """Stretches of both in their order, and whether their words are the same."""
    before, after = [word.text for word in old], [word.text for word in new]
    start = _alike(before, after)
    end = _alike(before[start:][::-1], after[start:][::-1])
    i_end, j_end = len(before) - end, len(after) - end
    stretches = [(True, slice(0, start), slice(0, start))]
    if _pairs(before[start:i_end], after[start:j_end]) > _MOST:
        stretches.append((False, slice(start, i_end), slice(start, j_end)))
    else:
        matcher = difflib.SequenceMatcher(None, before[start:i_end], after[start:j_end], autojunk=False)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            stretches.append((tag == "equal", slice(start + i1, start + i2), slice(start + j1, start + j2)))
    stretches.append((True, slice(i_end, len(before)), slice(j_end, len(after))))
    return _joined(stretches, new)


def _pairs(before: Sequence[str], after: Sequence[str]) -> int:
    there = Counter(after)
    return sum(count * there[word] for word, count in Counter(before).items())


def _joined(
    stretches: Sequence[tuple[bool, slice, slice]], new: Sequence[_Word]
) -> Iterator[tuple[bool, slice, slice]]:
    """A comma that stayed amid words that did not is read as part of them; stretches of one fate become one."""
    filled = [s for s in stretches if s[1].stop > s[1].start or s[2].stop > s[2].start]
    told: list[tuple[bool, slice, slice]] = []
    for place, (kept, i, j) in enumerate(filled):
        amid = 0 < place < len(filled) - 1
        same = kept and not (amid and all(word.sign for word in new[j]))
        if told and told[-1][0] is same:
            i, j = slice(told[-1][1].start, i.stop), slice(told[-1][2].start, j.stop)
            told.pop()
        told.append((same, i, j))
    return iter(told)


def _alike(before: Sequence[str], after: Sequence[str]) -> int:
    """How many are the same from the start."""
    count = 0
    for one, other in zip(before, after, strict=False):
        if one != other:
            break
        count += 1
    return count


def _figures_gone(old: Sequence[_Word], new: Sequence[_Word]) -> tuple[str, ...]:
    stay = Counter(word.figure for word in new if word.figure)
    gone = []
    for word in old:
        if word.figure and stay[word.figure]:
            stay[word.figure] -= 1
        elif word.figure:
            gone.append(word.text)
    return tuple(gone)


def _count(text: str) -> int:
    return sum(not word.sign for word in _words(text))
