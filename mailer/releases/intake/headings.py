"""Which part of a release a block begins, if it begins one."""

import re
from dataclasses import dataclass
from enum import StrEnum

from mailer.contacts.spelling import fold
from mailer.releases.intake.anatomy import STOPS, Anatomy, any_of, said_first
from mailer.releases.intake.officers import says_how_to_reach
from mailer.releases.intake.parts import Block, Line

_RULES = re.compile(r"(?:#\s*){3,}|[-–—*\s]*[-–—]\s*30\s*[-–—][-–—*\s]*")
_LONGEST = 90
"""Characters; a longer line is a sentence, not a heading."""


class Part(StrEnum):
    """The parts that have a heading of their own."""

    ABOUT = "about"
    CONTACTS = "contacts"
    RELATED = "related"
    NOTES = "notes"
    ENDS = "ends"
    OTHER = "other"
    """A heading that we have no part for."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading as printed, and the block's words behind it."""

    part: Part
    text: str
    rest: Block | None = None


def heading_of(block: Block, anatomy: Anatomy) -> Heading | None:
    """What the block begins; ``None`` for a block that goes on with what was before it."""
    if _is_end(block, anatomy):
        return Heading(Part.ENDS, block.text)
    first = block.only(block.lines[0]).text if len(block.lines) > 1 and not block.level else block.text
    below = block.only(*block.lines[1:]) if len(block.lines) > 1 and not block.level else None
    if found := _of_line(first, anatomy, alone=below is None, marked=bool(block.level)):
        return Heading(found, _bare(first), below)
    head, colon, rest = _parted(block)
    if colon and rest.strip() and (found := _leading(head, rest, anatomy)):
        return Heading(found, _bare(head), block.only(Line(block.line, rest.strip()), *block.lines[1:]))
    if (words := _turning_to(block.text, anatomy)) and says_how_to_reach(words):
        return Heading(Part.CONTACTS, block.text.removesuffix(words).strip(), block.saying(words))
    return Heading(Part.OTHER, block.text) if block.level else None


def is_label(text: str, anatomy: Anatomy) -> bool:
    """Whether a line only says that this is a press release."""
    return fold(text).strip(" .:*_-–—[]()") in {fold(label) for label in (*anatomy.labels, *anatomy.immediate)}


def is_immediate(text: str, anatomy: Anatomy) -> bool:
    """Whether a label says that the release may be published at once."""
    return said_first(anatomy.immediate, text) is not None


def is_embargo(text: str, anatomy: Anatomy) -> bool:
    """Whether a line says until when nothing may be published. A headline about an arms embargo does not."""
    rest = said_first(anatomy.embargo, text)
    if rest is None or len(text) > 160:
        return False
    if len(text[: len(text) - len(rest)].split()) > 1:
        return not re.search(r"\w", rest) or re.search(rf"\d|{any_of(anatomy.weekdays)}", fold(rest)) is not None
    return re.match(rf"[\W_]*$|[:–—-]|\d|{any_of(anatomy.until)}(?!\w)", fold(rest)) is not None


def _is_end(block: Block, anatomy: Anatomy) -> bool:
    raw = block.raw.strip()
    if _RULES.fullmatch(raw):
        return True
    bare = fold(block.text).strip(" .:*_-–—[]()/#")
    return bare in {fold(word) for word in anatomy.ends}


def _bare(text: str) -> str:
    return text.strip(" \u00a0:\uff1a")


def _parted(block: Block) -> tuple[str, str, str]:
    """The first line as written, up to a colon and behind it; emphasis round the head goes with it."""
    match = re.match(r"(.{1,90}?)\s*([:\uff1a])(?!//)(?:\*\*|__|[*_])?(.*)", block.lines[0].text)
    return (match[1].strip(" \u00a0\t*_"), match[2], match[3]) if match else ("", "", "")


def _of_line(line: str, anatomy: Anatomy, *, alone: bool, marked: bool) -> Part | None:
    """What a whole line is the heading of: one alone may lack the colon that one above a text needs."""
    bare = _bare(line)
    colon = bare != line.strip()
    if not bare or len(bare) > _LONGEST or not (alone or colon):
        return None
    ended = bare.endswith(STOPS)
    if name := _about(bare, anatomy):
        short = len(bare.split()) <= (6 if anatomy.uncased else 4) and not re.search("[,،]", bare)
        if marked or (_is_name(name, bare, anatomy) and not ended) or (colon and short):
            return Part.ABOUT
    if (rest := said_first(anatomy.contact, bare)) is not None and (
        colon or marked or not rest.strip() or _turns(rest, anatomy)
    ):
        return Part.CONTACTS
    if (rest := said_first(anatomy.related, bare)) is not None and (not rest.strip() or colon or marked):
        return Part.RELATED
    if (rest := said_first(anatomy.notes, bare)) is not None and (not rest.strip() or marked):
        return Part.NOTES
    return None


def _leading(head: str, rest: str, anatomy: Anatomy) -> Part | None:
    """What a heading with its text on the same line begins."""
    if len(head) > _LONGEST:
        return None
    if (name := _about(head, anatomy)) and _is_name(name, head, anatomy) and len(head.split()) <= 10:
        return Part.ABOUT
    if said_first(anatomy.contact, head) is not None and says_how_to_reach(rest):
        return Part.CONTACTS
    if said_first(anatomy.notes, head) == "":
        return Part.NOTES
    if said_first(anatomy.related, head) == "":
        return Part.RELATED
    return None


def _about(line: str, anatomy: Anatomy) -> str:
    """What follows “About”, unless it is a number: “About 40 per cent of them need:” is a sentence."""
    name = (said_first(anatomy.about, line) or "").strip()
    return "" if name[:1].isdecimal() else name


def _is_name(name: str, line: str, anatomy: Anatomy) -> bool:
    """Whether what follows “About” is a name: in capitals, or after a phrase that leaves no doubt."""
    words = name.strip(" \u00a0’'").replace("’", "' ").replace("'", "' ").split()
    while words and fold(words[0]) in {fold(article) for article in anatomy.articles}:
        del words[0]
    if not words:
        return False
    if anatomy.uncased and not words[0][0].isupper():
        return len(line.split()) - len(name.split()) > 1
    return words[0][0].isupper()


def _turns(text: str, anatomy: Anatomy) -> bool:
    return re.search(rf"{any_of(anatomy.turn_to)}(?: \w{{1,4}})?$", fold(text).rstrip(" :.,")) is not None


def _turning_to(text: str, anatomy: Anatomy) -> str:
    """Who “For more information, please contact …” goes on to name, as written."""
    if said_first(anatomy.contact, text) is None:
        return ""
    words = text.split(" ")
    folded = [fold(word).strip(" ,:") for word in words]
    verbs = {fold(verb) for verb in anatomy.turn_to}
    place = next((n for n, word in enumerate(folded[:12]) if word in verbs), -1)
    return " ".join(words[place + 1 :]) if place >= 0 else ""
