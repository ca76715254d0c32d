"""The words of a list for what the registry keeps otherwise: lawful bases, and days."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache

from mailer.contacts.models import LawfulBasis
from mailer.contacts.spelling import fold

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
# Digits that people type in Arabic and Persian.
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ]00:00(?::00)?)?", re.ASCII)


def basis(text: str) -> LawfulBasis | None:
    """The lawful basis of that name; ``None`` for none that is known."""
    return _bases().get(_plain(text))


def day(text: str) -> date:
    """A day as 2026-03-01, in Latin or Arabic digits; with the midnight that a spreadsheet adds or without it.

    Raises ``ValueError``. A day between slashes is none: whether 05/01 is in May or in January, nobody knows.
    """
    match = _DAY.fullmatch(text.translate(_DIGITS))
    if match is None:
        raise ValueError("not a day")
    return date(int(match[1]), int(match[2]), int(match[3]))


@cache
def _bases() -> Mapping[str, LawfulBasis]:
    return {_plain(word): basis for basis, words in _BASES.items() for word in (basis.value, *words)}


def _plain(text: str) -> str:
    return fold(text).replace("-", " ").replace("_", " ")
