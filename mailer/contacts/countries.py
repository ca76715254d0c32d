"""Countries by ISO 3166-1 alpha-2 code, and by their names in the registry's three languages."""

import difflib
from collections.abc import Mapping
from functools import cache

from babel import Locale

from mailer.contacts.spelling import fold

_LANGUAGES = ("en", "ar", "fr")
# What people write and CLDR does not.
_OTHERS = {
    "AE": ("UAE", "U.A.E.", "Emirates", "الإمارات"),
    "BA": ("Bosnia", "Bosnie", "البوسنة"),
    "CD": ("DRC", "DR Congo", "RDC", "Democratic Republic of the Congo", "Congo-Kinshasa"),
    "CG": ("Congo-Brazzaville", "Republic of the Congo"),
    "CI": ("Ivory Coast", "ساحل العاج"),
    "CZ": ("Czech Republic", "République tchèque"),
    "GB": ("UK", "U.K.", "Great Britain", "Britain", "England", "Scotland", "Wales", "Angleterre", "بريطانيا"),
    "LA": ("Lao PDR",),
    "MK": ("Macedonia", "Macédoine"),
    "MM": ("Burma", "Birmanie"),
    "NL": ("Holland", "Hollande"),
    "PS": ("Palestine", "State of Palestine", "oPt", "État de Palestine", "فلسطين", "دولة فلسطين"),
    "RU": ("Russian Federation", "Fédération de Russie"),
    "SA": ("KSA", "Saudi", "السعودية"),
    "SY": ("Syrian Arab Republic", "الجمهورية العربية السورية"),
    "TR": ("Turkey", "Türkiye"),
    "US": ("USA", "U.S.A.", "U.S.", "America", "United States of America", "États-Unis d'Amérique", "أمريكا"),
}  # fmt: skip


def country_code(text: str) -> str:
    """The code of a country written as a code or by its name in English, Arabic or French; empty for none we know."""
    return _names().get(fold(text), "")


@cache
def country_name(code: str, language: str = "en") -> str:
    """Its name in that language; the code itself where there is none."""
    return str(Locale.parse(language, sep="-").territories.get(code, code))


def nearest_country(text: str) -> str | None:
    """The name most like that one, to ask about in a message."""
    near = difflib.get_close_matches(fold(text), [name for name in _names() if len(name) > 2], n=1)
    return country_name(_names()[near[0]]) if near else None


@cache
def _names() -> Mapping[str, str]:
    names: dict[str, str] = {}
    for language in _LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "QO", "ZZ", "XA", "XB"):
                names.setdefault(fold(name), code)
                names[fold(code)] = code
    for code, others in _OTHERS.items():
        names |= {fold(name): code for name in others}
    return names
