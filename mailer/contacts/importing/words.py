"""The words of a list for what the registry keeps as codes: languages, lawful bases, types of outlet, days."""

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from typing import TypeVar

from babel import Locale

from mailer.contacts.models import LawfulBasis, OutletType
from mailer.contacts.spelling import fold

_Kind = TypeVar("_Kind", bound=StrEnum)

_CODE = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{2}|\d{3}))?", re.ASCII | re.IGNORECASE)
# ISO 639-2's codes of the languages that lists name so, as libraries and some address books do.
_LONG_CODES = {
    "ara": "ar",
    "eng": "en",
    "fra": "fr",
    "fre": "fr",
    "spa": "es",
    "deu": "de",
    "ger": "de",
    "rus": "ru",
    "zho": "zh",
    "chi": "zh",
    "tur": "tr",
    "fas": "fa",
    "per": "fa",
}
_NAMED_IN = ("en", "ar", "fr")

_BASES: Mapping[LawfulBasis, tuple[str, ...]] = {
    LawfulBasis.CONSENT: ("consent", "consentement", "موافقة", "الموافقة"),
    LawfulBasis.CONTRACT: ("contract", "contrat", "عقد", "العقد"),
    LawfulBasis.LEGAL_OBLIGATION: ("legal obligation", "obligation légale", "التزام قانوني", "الالتزام القانوني"),
    LawfulBasis.PUBLIC_INTEREST: (
        "public interest",
        "public task",
        "intérêt public",
        "mission d'intérêt public",
        "المصلحة العامة",
        "مصلحة عامة",
    ),
    LawfulBasis.LEGITIMATE_INTEREST: (
        "legitimate interest",
        "legitimate interests",
        "intérêt légitime",
        "intérêts légitimes",
        "المصلحة المشروعة",
        "مصلحة مشروعة",
    ),
}
_OUTLET_TYPES: Mapping[OutletType, tuple[str, ...]] = {
    OutletType.AGENCY: ("agency", "news agency", "wire", "agence", "agence de presse", "وكالة", "وكالة أنباء"),
    OutletType.NEWSPAPER: ("newspaper", "daily", "paper", "journal", "quotidien", "جريدة", "صحيفة", "صحيفة يومية"),
    OutletType.MAGAZINE: ("magazine", "weekly", "revue", "hebdomadaire", "مجلة"),
    OutletType.TELEVISION: (
        "television",
        "tv",
        "télévision",
        "télé",
        "chaîne de télévision",
        "تلفزيون",
        "تلفاز",
        "قناة",
        "قناة تلفزيونية",
    ),
    OutletType.RADIO: ("radio", "إذاعة", "راديو"),
    OutletType.ONLINE: ("online", "website", "web", "site", "site web", "en ligne", "موقع", "موقع إلكتروني"),
    OutletType.FREELANCE: ("freelance", "freelancer", "pigiste", "indépendant", "indépendante", "مستقل", "مستقلة"),
    OutletType.OTHER: ("other", "autre", "آخر", "أخرى", "غير ذلك"),
}

# Digits that people type in Arabic and Persian.
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ]00:00(?::00)?)?", re.ASCII)


def language(text: str) -> str:
    """The code of a language that is told by code or by name, such as ``ar`` or ``en-GB``; empty for none that is
    known. Its name may be English, Arabic, French or its own."""
    if match := _CODE.fullmatch(text.strip()):
        code = _LONG_CODES.get(match[1].lower(), match[1].lower())
        if code in _codes():
            return f"{code}-{match[2].upper()}" if match[2] else code
    return _named().get(fold(text), "")


@cache
def _codes() -> frozenset[str]:
    return frozenset(str(code) for code in Locale("en").languages if "_" not in str(code))


@cache
def _named() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for code in sorted(_codes(), key=len):
        names = [Locale(spoken).languages.get(code) for spoken in _NAMED_IN]
        if code in _LOCAL:
            names.append(Locale(code).languages.get(code))
        for name in names:
            if name:
                found.setdefault(fold(name), code)
                # "Arabic" is العربية with the article, and a list may have it without.
                found.setdefault(fold(name).removeprefix("ال"), code)
    return found


_LOCAL = (
    "es",
    "de",
    "it",
    "pt",
    "ru",
    "tr",
    "fa",
    "he",
    "zh",
    "el",
    "nl",
    "sv",
    "ur",
    "hy",
    "ku",
    "so",
    "sw",
    "am",
)
"""Languages whose own name for themselves we take too."""


def basis(text: str) -> LawfulBasis | None:
    """The lawful basis of that name; ``None`` for none that is known."""
    return _bases().get(_plain(text))


def outlet_type(text: str) -> OutletType | None:
    """The type of outlet of that name; ``None`` for none that is known."""
    return _types().get(_plain(text))


@cache
def _bases() -> Mapping[str, LawfulBasis]:
    return _by_word(_BASES)


@cache
def _types() -> Mapping[str, OutletType]:
    return _by_word(_OUTLET_TYPES)


def _by_word(words: Mapping[_Kind, tuple[str, ...]]) -> Mapping[str, _Kind]:
    return {_plain(word): kind for kind, several in words.items() for word in (kind.value, *several)}


def _plain(text: str) -> str:
    return fold(text).replace("-", " ").replace("_", " ")


def day(text: str) -> date:
    """A day as 2026-03-01, in Latin or Arabic digits; with the midnight that a spreadsheet adds or without it.

    Raises ``ValueError``. A day between slashes is none: whether 05/01 is in May or in January, nobody knows.
    """
    match = _DAY.fullmatch(text.translate(_DIGITS))
    if match is None:
        raise ValueError("not a day")
    return date(int(match[1]), int(match[2]), int(match[3]))
