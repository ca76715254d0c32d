"""What may differ between two editions, and where."""

from dataclasses import dataclass
from enum import StrEnum

from babel import Locale, UnknownLocaleError

_LONGEST = 160
"""Characters of a paragraph that are shown; the officer has the whole of it before her."""


class Kind(StrEnum):
    """What is different."""

    PARAGRAPH = "paragraph"
    """One has it, the other has not."""
    FIGURE = "figure"
    UNIT = "unit"
    """The same figure of something else."""
    DATE = "date"
    QUOTE = "quote"
    SPEAKER = "speaker"
    LINK = "link"
    PHOTO = "photo"
    DATELINE = "dateline"
    BOILERPLATE = "boilerplate"
    CONTACT = "contact"
    RELATED = "related"


class Part(StrEnum):
    """The part of an edition where it stands."""

    HEADLINE = "headline"
    SUBHEAD = "subhead"
    DATELINE = "dateline"
    PARAGRAPH = "paragraph"
    CAPTION = "caption"
    CREDIT = "credit"
    PICTURE = "picture"
    BOILERPLATE = "boilerplate"
    CONTACT = "press contact"
    RELATED = "related release"
    EMBARGO = "embargo"
    """Of the whole release."""
    SUBJECT = "subject"
    MAIL = "mail"
    """What the templates make of it all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands in an edition."""

    part: Part
    number: int = 0
    """Of the paragraph, boilerplate, press contact or related release, from 1; 0 for a part that is there once."""
    words: str = ""
    """As printed there."""

    def __str__(self) -> str:
        return f"{self.part} {self.number}" if self.number else str(self.part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that one edition says and the other says differently or not at all."""

    kind: Kind
    text: str
    """What an officer is told."""
    language: str
    other_language: str
    place: Place | None
    """In the first edition; ``None`` where it has nothing of the kind."""
    other: Place | None


def language_name(code: str) -> str:
    """The language as an officer calls it: “French”."""
    try:
        return Locale(code.partition("-")[0]).english_name or code
    except (UnknownLocaleError, ValueError):
        return code


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Text for a table, cut at a word."""
    return text if len(text) <= longest else f"{text[:longest].rpartition(' ')[0] or text[:longest]} …"
