"""What a report says to people: its words in a language, its values in the office's zone; ``locale/`` translates."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files

from mailer.rendering.languages import direction
from mailer.rendering.translations import Catalogue, catalogue_for
from mailer.reports.values import has_rtl, isolated, shown

LANGUAGES = ("en", "ar", "fr")
_PACKAGE = files("mailer.reports")

# What would turn or hide the text around it: all that is not printed, but for the joiners of Persian and Indic names.
_UNSEEN = re.compile(r"[^\S ]|[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence or a word in English, to be said in the reader's language; made by ``said``."""

    message: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Named:
    """Something with names of its own in several languages, such as a city; programs are given the English one."""

    names: Mapping[str, str]

    def name_in(self, language: str) -> str:
        """Its name in that language; the English one where there is none."""
        return self.names.get(language) or self.names["en"]


def span_words(since: datetime | None, until: datetime | None) -> Iterator[Said]:
    """Between which times something is asked for; nothing where it has no beginning and no end."""
    if since is not None:
        yield said("From %(since)s on.", since=since)
    if until is not None:
        yield said("Before %(until)s.", until=until)


def said(message: str, /, **values: object) -> Said:
    """Words for a report. ``%(name)s`` stands for the value of that name; a per cent sign is written ``%%``.

    The message is written out where this is called: a test collects them and holds the catalogues to them.
    """
    return Said(message, values)


@dataclass(frozen=True, slots=True)
class Words:
    """How a report speaks: one of ``LANGUAGES``, and instants by the clocks of an IANA zone."""

    language: str
    zone: str

    @property
    def direction(self) -> str:
        """``rtl`` or ``ltr``."""
        return direction(self.language)

    def say(self, words: Said) -> str:
        """Those words in this language, each value in its own direction."""
        values = {name: self._among(self.show(value)) for name, value in words.values.items()}
        return _catalogue(self.language).say(words.message, **values)

    def _among(self, value: str) -> str:
        """The value among words: a day after Arabic ones would be shown with its year last."""
        return isolated(value) if self.direction == "rtl" or has_rtl(value) else value

    def show(self, value: object) -> str:
        """A value for people, on one line, with nothing in it that cannot be seen."""
        match value:
            case Said():
                return self.say(value)
            case Named():
                return seen(value.name_in(self.language))
            case bool():
                return self.say(said("yes") if value else said("no"))
            case str():
                return seen(value)
            case datetime():
                return shown(value, self.zone)
            case Mapping():
                return ", ".join(
                    self._among(f"{seen(str(key))} {self.show(inner)}") for key, inner in value.items()
                )
            case Iterable():
                return ", ".join(self._among(self.show(inner)) for inner in value)
            case _:
                return shown(value, self.zone)


def seen(text: str) -> str:
    """The text with a mark in place of what cannot be seen: line ends become spaces."""
    return _UNSEEN.sub(lambda match: " " if match[0].isspace() else "\N{REPLACEMENT CHARACTER}", text)


@cache
def _catalogue(language: str) -> Catalogue:
    names = [f"locale/{code}/LC_MESSAGES/templates.po" for code in LANGUAGES if code != "en"]
    return catalogue_for(language, {name: _PACKAGE.joinpath(name).read_text("utf-8") for name in names})
