"""What the steps of an intake hand to each other: blocks of lines, doubts and the result."""

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from mailer.releases.content import EditionContent


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Doubt:
    """Something that the officer should look at before the release goes on."""

    line: int
    """As an editor counts, from 1; 0 for the whole file."""
    text: str
    """What could not be found or is not trusted, and what to do about it."""


class Counted(StrEnum):
    """What the number of a place in a file counts."""

    LINES = "line"
    PARAGRAPHS = "paragraph"
    """In Word, which shows no lines' numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """A release in one language as it was read, with all that is doubtful about it."""

    content: EditionContent
    photo_file: str = ""
    """Relative to the release's folder and inside it."""
    embargo_line: str = ""
    """An embargo that the text speaks of; taken out of the text, and not yet an embargo."""
    embargo: str = ""
    """The front matter's wall time, verbatim, with its zone beside it."""
    zone: str = ""
    organisations: tuple[str, ...] = ()
    """Slugs or acronyms, as written."""
    slug: str = ""
    doubts: tuple[Doubt, ...] = ()
    counted: Counted = Counted.LINES
    """What ``Doubt.line`` counts."""


BULLET = re.compile(r"\s*(?P<mark>[-+*•·–▪●]|\d{1,9}[.)])\s+(?=\S)", re.ASCII)
"""What begins an item of a list."""


# Embeddings, overrides and isolates would turn the text around them; the marks LRM and RLM stay.
UNSEEN = re.compile("[\x01-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


class BadPart(Exception):
    """What makes the whole file unusable; told as ``BadRelease`` by who knows the file."""

    def __init__(self, place: str, reason: str, remedy: str) -> None:
        self.place, self.reason, self.remedy = place, reason, remedy


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file and its number there."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that stand together; here as plain text, see ``text`` and ``markdown`` for what each makes of them."""

    lines: tuple[Line, ...]
    level: int = 0
    """1 to 6 for a Markdown heading."""

    @property
    def line(self) -> int:
        """The number of its first line."""
        return self.lines[0].number

    @property
    def raw(self) -> str:
        """As it stands in the file."""
        return "\n".join(line.text for line in self.lines)

    @property
    def text(self) -> str:
        """What a reader sees, as one line."""
        raise NotImplementedError

    @property
    def body(self) -> str:
        """As Markdown."""
        raise NotImplementedError

    @property
    def entries(self) -> tuple[Line, ...]:
        """Its lines one by one as a reader sees them, links spelled out and bullets taken off."""
        raise NotImplementedError

    def saying(self, text: str) -> Self:
        """The same block with other words in its first line's place."""
        return replace(self, lines=(Line(self.line, text),), level=0)

    def only(self, *lines: Line) -> Self:
        """The same block with some of its lines."""
        return replace(self, lines=lines)


def tidy(text: str) -> str:
    """The text as one line, composed (NFC). No-break spaces stay: French needs them."""
    text = re.sub("[ \t\n]*\u00a0[ \t\n]+|[ \t\n]+\u00a0|[ \t\n]+", " ", unicodedata.normalize("NFC", text))
    return text.strip()
