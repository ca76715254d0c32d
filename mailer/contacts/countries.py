"""Countries by ISO code or by their names in English, Arabic and French, as the Unicode CLDR has them."""

import difflib
from collections.abc import Mapping
from functools import cache

from babel import Locale

from mailer.contacts.spelling import fold


@cache
def countries_by_name() -> Mapping[str, str]:
    """ISO 3166-1 alpha-2 code by folded name, and by folded code."""
    found: dict[str, str] = {}
    for language in ("en", "ar", "fr"):
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha():
                found[fold(name)] = code
                found.setdefault(fold(code), code)
    return found


def nearest_country(name: str) -> str | None:
    """The name most like that one, for a message."""
    near = difflib.get_close_matches(fold(name), [n for n in countries_by_name() if len(n) > 2], n=1)
    return near[0].title() if near else None
