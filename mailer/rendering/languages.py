"""Languages: which editions a contact gets, in which order, and which way they are written."""

from collections.abc import Collection, Sequence
from enum import StrEnum

from babel import Locale, UnknownLocaleError

# ISO 639 codes of languages that are written from right to left; a script subtag decides before them.
_RTL_LANGUAGES = frozenset(["ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "syr", "ug", "ur", "yi"])
_RTL_SCRIPTS = frozenset(["Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa"])


class Layout(StrEnum):
    """How many editions one mail holds."""

    PREFERRED = "preferred"
    BOTH = "both"
    """Several editions in one mail."""


def direction(language: str) -> str:
    """``rtl`` or ``ltr``."""
    base, *rest = language.split("-")
    scripts = [part for part in rest if len(part) == 4 and part.isalpha()]
    if scripts:
        return "rtl" if scripts[0].title() in _RTL_SCRIPTS else "ltr"
    return "rtl" if base.lower() in _RTL_LANGUAGES else "ltr"


def best_of(language: str, offered: Collection[str]) -> str | None:
    """The offered language that serves a reader of ``language``: itself, the plain one, another region's."""
    wanted = language.lower()
    exact = {tag.lower(): tag for tag in reversed(list(offered))}
    # RFC 4647 3.4, lookup: cut subtags off the end until one matches; then any region of the same language.
    parts = wanted.split("-")
    for end in range(len(parts), 0, -1):
        if found := exact.get("-".join(parts[:end])):
            return found
    return next((tag for tag in offered if tag.lower().split("-")[0] == parts[0]), None)


def pick_languages(
    reads: Sequence[str], offered: Sequence[str], *, default: str, layout: Layout
) -> tuple[str, ...]:
    """The editions that a contact gets, best first.

    Preferred: the first of her languages that the release has, else the default, else the release's first.
    Both: every edition; hers in her order, then the default, then the rest.
    """
    wanted = [best for language in (*reads, default) if (best := best_of(language, offered))]
    order = tuple(dict.fromkeys((*wanted, *offered)))
    return order if layout is Layout.BOTH else order[:1]


def locale_of(language: str) -> Locale:
    """Babel's locale for dates and names; English for a language that Babel does not know."""
    for tag in (language, language.split("-")[0], "en"):
        try:
            return Locale.parse(tag, sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    raise AssertionError("Babel always knows English")
