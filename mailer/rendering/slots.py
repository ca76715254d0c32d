"""Personal values in a template: they can be printed and nothing else, so that one rendering serves everyone.

A personal value prints as a marker with a fresh nonce that no release text can know; where the markers came
to lie in the finished text, the compiled message has a slot.
"""

import re
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from markupsafe import Markup


class Slot(StrEnum):
    """What is filled in later; the value is its letter in a marker."""

    NAME = "n"
    ADDRESS = "a"
    TOKEN = "t"  # noqa: S105
    MESSAGE_ID = "m"
    UNSUBSCRIBE_URL = "u"
    SECTION = "s"
    """Not personal: a finished edition in the frame that is put round it."""

    # A member is its text, in C: the enumeration's own way costs a call for each look into a table.
    __hash__ = str.__hash__


class Unprintable(Exception):
    """A template did something else with a personal value than print it."""

    def __init__(self) -> None:
        super().__init__("a personal value can only be printed")


@dataclass(frozen=True, slots=True)
class Segments:
    """A text with slots in it."""

    texts: tuple[str, ...]
    """One more than there are slots; the slots lie between them."""
    slots: tuple[Slot, ...]


class Mint:
    """Gives out the markers of one compilation and finds every one of them again."""

    def __init__(self) -> None:
        self._nonce = secrets.token_hex(10)
        self._issued: list[str] = []  # the content of each marker; empty for a personal one
        self._filled: set[int] = set()
        self.pattern = re.compile(f"dateline{self._nonce}([a-z])([0-9]+)end")

    @property
    def issued(self) -> int:
        """How many markers were given out so far."""
        return len(self._issued)

    def marker(self, slot: Slot, content: str) -> Markup:
        """A new marker: ASCII letters and digits, which neither escaping nor an HTML parser changes."""
        self._issued.append(content)
        return Markup(f"dateline{self._nonce}{slot}{len(self._issued) - 1}end")  # noqa: S704

    def fill(self, text: str) -> str:
        """The text with the finished sections in their places."""

        def section(match: re.Match[str]) -> str:
            if match[1] != Slot.SECTION:
                return match[0]
            self._filled.add(int(match[2]))
            return self._issued[int(match[2])]

        return self.pattern.sub(section, text)

    def cut(self, text: str, *, since: int) -> Segments:
        """The text cut at its markers. Raises ``Unprintable`` when one given out from ``since`` on is lost."""
        pieces = self.pattern.split(text)
        texts, letters, numbers = pieces[::3], pieces[1::3], pieces[2::3]
        lost = set(range(since, len(self._issued))) - {int(number) for number in numbers} - self._filled
        if lost or any(self._nonce in text for text in texts):
            raise Unprintable
        return Segments(tuple(texts), tuple(Slot(letter) for letter in letters))


class PersonalValue:
    """What a template gets for a slot, or for a finished section."""

    __slots__ = ("_content", "_mint", "_slot")

    def __init__(self, mint: Mint, slot: Slot, content: str = "") -> None:
        self._mint, self._slot, self._content = mint, slot, content


def printed(value: object) -> object:
    """What a template prints for a value: the environment's ``finalize``."""
    if isinstance(value, PersonalValue):
        return value._mint.marker(value._slot, value._content)
    return value


def _refuse(*_: object) -> NoReturn:
    raise Unprintable


# Whatever Jinja's operators, tests, filters and loops could try.
_TRIES = """str repr html format bool len iter contains getitem hash int float index call
            eq ne lt le gt ge add radd mul rmul mod rmod"""
for _name in _TRIES.split():
    setattr(PersonalValue, f"__{_name}__", _refuse)
