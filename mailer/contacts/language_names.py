"""Languages by name: the code of one that a list calls Arabic, العربية or arabe."""

import difflib
import re
from collections.abc import Mapping
from functools import cache, lru_cache

from babel import Locale
from babel.core import get_global

from mailer.contacts.countries import country_code
from mailer.contacts.spelling import fold

_LANGUAGES = ("en", "ar", "fr")
# Whose own names are known too: the languages in which the press of the regions around us writes.
_OWN = (
    "am", "az", "be", "bg", "bn", "bs", "ca", "ckb", "cs", "da", "de", "el", "es", "et", "fa", "fi", "ha", "he", "hi",
    "hr", "hu", "hy", "id", "it", "ja", "ka", "kk", "ko", "ku", "lt", "lv", "mk", "ms", "mt", "my", "ne", "nl", "no",
    "pl", "ps", "pt", "ro", "ru", "sk", "sl", "so", "sq", "sr", "sv", "sw", "ta", "th", "ti", "tr", "uk", "ur", "uz",
    "vi", "zh", "zgh", "kab", "yo", "ig", "om", "sd",
)  # fmt: skip
_OTHERS = {
    "farsi": "fa",
    "kiswahili": "sw",
    "castellano": "es",
    "castilian": "es",
    "arabi": "ar",
    "tamazight": "zgh",
}
_NONE = ("mul", "und", "zxx", "mis")  # several, not determined, none, without a code: ISO 639-2
_CODE = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{2}|\d{3}))?", re.IGNORECASE | re.ASCII)
_IN_COUNTRY = re.compile(r"([^()]+?)\s*\(([^()]+)\)\s*")


@lru_cache(maxsize=1024)
def language_code(text: str) -> str:
    """The code of a language, such as ``ar`` or ``ar-EG``, given as a code or by its name.

    Names are those in English, Arabic and French, and for many languages their own; a country may stand
    behind in brackets. Raises ``ValueError`` with the reason.
    """
    plain = text.strip()
    if code := _coded(plain) or _named(plain):
        return code
    if (match := _IN_COUNTRY.fullmatch(plain)) and (country := country_code(match[2])):
        language = _coded(match[1]) or _named(match[1])
        if language and "-" not in language:
            return f"{language}-{country}"
    if re.match(r"[a-z]{2,3}[-_][a-z]{4}\b", plain, re.IGNORECASE | re.ASCII):
        raise ValueError("a script cannot be said; write language and country, such as zh-TW")
    raise ValueError("not a language that Dateline knows; write its code or its name, such as ar or Arabic")


def nearest_language(text: str) -> str:
    """The English name of the language whose name is most like that one, to ask about; empty for none."""
    near = difflib.get_close_matches(fold(text), [*_names(), *_own_names()], n=1, cutoff=0.7)
    code = (_names().get(near[0]) or _own_names()[near[0]]) if near else ""
    return str(Locale("en").languages[code]) if code else ""


def _coded(text: str) -> str:
    match = _CODE.fullmatch(text)
    if match is None:
        return ""
    language, region = match[1].lower(), (match[2] or "").upper()
    # Old codes and those of three letters: iw is he, ara is ar.
    alias = get_global("language_aliases").get(language, language)
    english = Locale("en")
    language = alias if alias in english.languages else language
    if language not in english.languages or (region and region not in english.territories):
        return ""
    return f"{language}-{region}" if region else language


def _named(text: str) -> str:
    key = fold(text)
    return _names().get(key) or _OTHERS.get(key) or _own_names().get(key, "")


@cache
def _names() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for language in _LANGUAGES:
        for code, name in Locale(language).languages.items():
            if _CODE.fullmatch(code) and "_" not in code and code not in _NONE:
                found.setdefault(fold(name), code)
    # العربية is عربية and عربي in a list.
    for name, code in list(found.items()):
        if name.startswith("ال") and name.endswith("يه") and " " not in name:
            for shorter in (name[2:], name[2:-1], name[:-1]):
                found.setdefault(shorter, code)
    return found


@cache
def _own_names() -> Mapping[str, str]:
    return {fold(Locale(code).languages.get(code, "")): code for code in _OWN if Locale(code).languages.get(code)}
