"""Numbers written as words, in each language; and the words that scale a figure: million, milliard, ألف."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from mailer.contacts.spelling import fold

_HUNDRED, _THOUSAND, _MILLION, _MILLIARD = 100, 1_000, 10**6, 10**9


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words, folded."""

    units: Mapping[str, int]
    """Below a hundred, and whole hundreds that are one word."""
    scales: Mapping[str, int]
    """What multiplies the number before it, or is that number alone."""
    duals: Mapping[str, int]
    """Two of a scale in one word."""
    plurals: frozenset[str]
    """Scales that count nothing when they stand alone: “thousands of people”."""
    links: frozenset[str]
    accusatives: frozenset[str] = frozenset()
    """Scales in a form that may also be the dual."""
    """May stand between the words of one number."""


def _row(words: str, start: int = 0, step: int = 1) -> dict[str, int]:
    """Each word of the row means one step more than the one before it; a bar parts ways to write one number."""
    return {
        fold(form): start + step * place for place, forms in enumerate(words.split()) for form in forms.split("|")
    }


_ENGLISH = Words(
    units=_row(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen"
    )
    | _row("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10),
    scales={
        "hundred": _HUNDRED,
        "thousand": _THOUSAND,
        "k": _THOUSAND,
        "million": _MILLION,
        "millions": _MILLION,
        "m": _MILLION,
        "mn": _MILLION,
        "billion": _MILLIARD,
        "billions": _MILLIARD,
        "bn": _MILLIARD,
        "trillion": 10**12,
        "hundreds": _HUNDRED,
        "thousands": _THOUSAND,
    },
    duals={},
    plurals=frozenset(("hundreds", "thousands", "millions", "billions", "k", "m", "mn", "bn")),
    links=frozenset(("and",)),
)

_FRENCH = Words(
    units=_row(
        "zero un|une deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize "
        "dix-sept dix-huit dix-neuf"
    )
    | _row(
        "vingt trente quarante cinquante soixante septante quatre-vingt|quatre-vingts|huitante nonante", 20, 10
    ),
    scales={
        "cent": _HUNDRED,
        "cents": _HUNDRED,
        "mille": _THOUSAND,
        "million": _MILLION,
        "millions": _MILLION,
        "m": _MILLION,
        "milliard": _MILLIARD,
        "milliards": _MILLIARD,
        "md": _MILLIARD,
        "mds": _MILLIARD,
        "billion": 10**12,
        "billions": 10**12,
        "centaines": _HUNDRED,
        "milliers": _THOUSAND,
    },
    duals={},
    plurals=frozenset(("cents", "centaines", "milliers", "millions", "milliards", "billions", "m", "md", "mds")),
    links=frozenset(("et",)),
)

_SPANISH = Words(
    units=_row(
        "cero uno|un|una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
        "diecisiete dieciocho diecinueve veinte veintiuno|veintiún|veintiuna veintidós veintitrés veinticuatro "
        "veinticinco veintiséis veintisiete veintiocho veintinueve"
    )
    | _row("treinta cuarenta cincuenta sesenta setenta ochenta noventa", 30, 10)
    | _row(
        "cien|ciento doscientos|doscientas trescientos|trescientas cuatrocientos|cuatrocientas "
        "quinientos|quinientas seiscientos|seiscientas setecientos|setecientas ochocientos|ochocientas "
        "novecientos|novecientas",
        100,
        100,
    ),
    scales={
        "mil": _THOUSAND,
        "miles": _THOUSAND,
        "cientos": _HUNDRED,
        "millon": _MILLION,
        "millones": _MILLION,
        "m": _MILLION,
        "billon": 10**12,
        "billones": 10**12,
    },
    duals={},
    plurals=frozenset(("miles", "cientos", "millones", "billones", "m")),
    links=frozenset(("y",)),
)

# Masculine, feminine, and as they stand before “ten”; the conjunction is written onto the word that it adds.
_ARABIC = Words(
    units=_row(
        "صفر واحد|واحدة|أحد|إحدى اثنان|اثنين|اثنتان|اثنتين|اثنا|اثني|اثنتا|اثنتي ثلاثة|ثلاث أربعة|أربع خمسة|خمس ستة|ست "
        "سبعة|سبع ثمانية|ثماني|ثمان تسعة|تسع عشرة|عشر"
    )
    | _row(
        "عشرون|عشرين ثلاثون|ثلاثين أربعون|أربعين خمسون|خمسين ستون|ستين سبعون|سبعين ثمانون|ثمانين تسعون|تسعين",
        20,
        10,
    )
    | _row(
        "مئتان|مئتا|مائتا|مئتين|مائتان|مائتين|مئتي|مائتي ثلاثمئة|ثلاثمائة أربعمئة|أربعمائة خمسمئة|خمسمائة ستمئة|ستمائة "
        "سبعمئة|سبعمائة ثمانمئة|ثمانمائة|ثمانيمئة تسعمئة|تسعمائة",
        200,
        100,
    ),
    scales={
        fold(word): value
        for words, value in (
            ("مئة مائة مئات", _HUNDRED),
            ("ألف آلاف ألفا الاف", _THOUSAND),
            ("مليون ملايين مليونا", _MILLION),
            ("مليار مليارات مليارا بليون بلايين", _MILLIARD),
            ("تريليون ترليون تريليونات", 10**12),
        )
        for word in words.split()
    },
    duals={
        fold(word): 2 * value
        for words, value in (
            ("ألفان ألفين ألفي", _THOUSAND),
            ("مليونان مليونين مليوني", _MILLION),
            ("ملياران مليارين ملياري", _MILLIARD),
        )
        for word in words.split()
    },
    plurals=frozenset(map(fold, ("مئات", "آلاف", "ملايين", "مليارات", "بلايين", "تريليونات"))),
    links=frozenset(),
    accusatives=frozenset(map(fold, ("ألفا", "مليونا", "مليارا"))),
)

_LANGUAGES: Mapping[str, Words] = {"en": _ENGLISH, "ar": _ARABIC, "fr": _FRENCH, "es": _SPANISH}


def words_of(language: str) -> Words:
    """The words of one of the languages that we read."""
    return _LANGUAGES[language]


@cache
def bare(word: str, language: str) -> tuple[str, bool]:
    """The number word in a folded word, and whether an “and” is written onto it; empty where there is none."""
    words = _LANGUAGES[language]
    known = words.units.keys() | words.scales.keys() | words.duals.keys()
    if word in known:
        return word, False
    if language == "ar":
        rest, added = (word[1:], True) if word.startswith("و") else (word, False)
        for prefix in ("", "ال", "بال", "لل", "كال", "ب", "ل", "ف"):
            if rest.startswith(prefix) and rest[len(prefix) :] in known:
                return rest[len(prefix) :], added
    return "", False


def value_of(run: Iterable[tuple[str, bool]], language: str) -> tuple[int, int]:
    """The number that the words begin with, and how many of them it takes. Pairs are as ``bare`` gives them."""
    words = _LANGUAGES[language]
    total = current = taken = 0
    for place, (word, added) in enumerate(run, 1):
        if word in words.units:
            value = words.units[word]
            fits = _fits(current, value, added=added, language=language)
            if taken and not fits and not (current == 0 and total):
                break
            current += value
        elif word in words.duals:
            if current:
                break
            total += words.duals[word]
        elif word in words.scales:
            scale = words.scales[word]
            if scale == _HUNDRED:
                if current >= _HUNDRED or (not current and taken and not added):
                    break
                current = max(current, 1) * _HUNDRED
            elif language == "es" and scale > _THOUSAND and total and not current:
                total *= scale  # mil millones
            else:
                total += max(current, 1) * scale
                current = 0
        else:
            break
        taken = place
    return total + current, taken


def _fits(current: int, value: int, *, added: bool, language: str) -> bool:
    """Whether a word goes on with the number so far: “twenty five”, not “two three”."""
    if not current:
        return True
    if value >= _HUNDRED:
        return False
    if current % _HUNDRED == 0:
        return True
    if language == "ar":
        # Five and twenty; and three ten, which is thirteen.
        return (value >= 20 and value % 10 == 0 and current % _HUNDRED < 10 and added) or (
            value == 10 and current % _HUNDRED < 10 and not added
        )
    tens = current % _HUNDRED
    return tens in (60, 80) if 10 <= value < 20 else tens >= 20 and tens % 10 == 0 and 0 < value < 10
