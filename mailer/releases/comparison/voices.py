"""Who is quoted in a paragraph, and whether two names in two scripts are one person's."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from mailer.contacts.spelling import fold
from mailer.releases.intake.anatomy import any_of
from mailer.releases.intake.quotes import Quote, quotes

_SPOKEN = 40
"""Characters; what is shorter and has no speaker is a title or a term in quotation marks."""
_ALIKE = 80
"""Of 100: spellings of one name in Latin letters, such as Khairallah and Kheirallah."""
_STYLES = any_of(
    (
        *("mr", "mrs", "ms", "dr", "prof", "professor", "sir", "said", "the", "h.e."),
        *("m.", "mme", "dre", "docteur", "docteure", "la", "le", "sr", "sra", "don", "dona", "el"),
        *(
            "السيد",
            "السيدة",
            "الدكتور",
            "الدكتورة",
            "الأستاذ",
            "الأستاذة",
            "المهندس",
            "المهندسة",
            "سعادة",
            "معالي",
        ),
    )
)

Spellings = Collection[frozenset[str]]
"""Each known person's names in all scripts, folded."""


@dataclass(frozen=True, slots=True)
class Voices:
    """What is quoted in some paragraphs."""

    quotes: tuple[Quote, ...]
    """Without titles and terms."""
    speakers: tuple[str, ...]
    """As named there, each once."""

    @property
    def length(self) -> int:
        """Characters that are quoted."""
        return sum(len(quote.text) for quote in self.quotes)


def voices(paragraphs: Sequence[str]) -> Voices:
    """The quotes of paragraphs and who speaks."""
    found = [quote for text in paragraphs for quote in quotes(text)]
    spoken = tuple(quote for quote in found if quote.speaker or len(quote.text) >= _SPOKEN)
    speakers: list[str] = []
    for quote in spoken:
        if quote.speaker and not any(same_name(quote.speaker, other) for other in speakers):
            speakers.append(quote.speaker)
    return Voices(spoken, tuple(speakers))


def same_name(one: str, other: str) -> bool:
    """Whether two names in one script are likely one person's: “Dr. Khairallah” is Salwa Khairallah."""
    left, right = _names(one), _names(other)
    return any(fuzz.ratio(a, b) >= _ALIKE for a in left for b in right)


def same_script(one: str, other: str) -> bool:
    """Whether two names can be compared by their letters."""
    return _is_arabic(one) == _is_arabic(other)


def known_as(speaker: str, people: Spellings) -> frozenset[str] | None:
    """All spellings of the one known person who is named here; ``None`` if nobody or more than one is."""
    name = f" {_bare(speaker)} "
    whole = [person for person in people if any(f" {spelling} " in name for spelling in person)]
    if not whole:
        last = name.split()[-1:]
        # A second mention is by the last name alone.
        whole = [person for person in people if last and any(spelling.split()[-1:] == last for spelling in person)]
    return whole[0] if len(whole) == 1 else None


def is_named(person: frozenset[str], text: str) -> bool:
    """Whether a text names a person, in whatever spelling."""
    folded = " ".join(["", *re.findall(r"\w+", fold(text)), ""])
    return any(f" {spelling} " in folded for spelling in person)


def _bare(speaker: str) -> str:
    return " ".join(re.sub(rf"(?<!\w){_STYLES}(?!\w)\.?|[^\w\s'-]", " ", fold(speaker)).split())


def _names(speaker: str) -> list[str]:
    return [word for word in re.findall(r"[^\W\d_]+", _bare(speaker)) if len(word) >= 4] or [_bare(speaker)]


def _is_arabic(text: str) -> bool:
    return any("\u0600" <= letter <= "\u06ff" for letter in text)
