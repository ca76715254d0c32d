"""The figures of a text: numbers, sums, days and hours, as values that do not depend on the language or its digits."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from mailer.releases.comparison import moments
from mailer.releases.comparison.moments import Day, Found
from mailer.releases.comparison.numerals import bare, value_of, words_of
from mailer.releases.comparison.units import BEFORE, PER_CENT, SIGNS, unit_words
from mailer.releases.intake.anatomy import Folded, anatomy_of

_SMALL = 3
"""What is less is said in words, by a dual or not at all in many languages."""
_NEAR_UNIT = 3
"""Words between a figure and what it counts: “26.5 million new US dollars”."""
_MOST_WORDS = 40
"""Of one number; what goes on for longer is none, and would be read again from each of its words."""
_GAP = "\x00"
_PHONE = r"(?:[\d ()/-]|\.(?=\d)){5,}\d"

# In this order: what holds digits and is no figure.
_NO_FIGURES = (
    re.compile(r"https?://\S+|www\.\S+|\S+@\S+"),
    re.compile(r"(?:utc|gmt|غرينتش) *[+\-–−]? *\d{1,2}(?::\d\d)?"),
    re.compile(rf"\+\d{_PHONE}"),
    re.compile(rf"(?:tel|phone|هاتف|telefono|telephone|telf)\.?[ :]+[\d(]{_PHONE}"),
    re.compile(r"(?<!\d)24/7(?!\d)|(?<![\d/])\d/\d(?![\d/])"),
    moments.HIJRI,
)
_NUMBER = re.compile(
    r"(?<![\d])(?P<sign>us\$|[$€£])? ?(?P<digits>\d{1,3}(?:(?P<group>[\x20.,'’٬])\d{3}(?!\d))(?:(?P=group)\d{3}(?!\d))*"
    r"(?:[.,٫]\d+)?|\d+(?:[.,٫]\d+)?)"
)
_WORD = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")
_HYPHENED = re.compile(r"quatre-vingts?|[^-]+")
_ORDINAL = re.compile(r"(?:st|nd|rd|th|er|ere|e|eme|es|o|a|s)(?!\w)")
_RANGE = re.compile(r" ?(?:-|–|to|and|or|a|et|ou|y|o|الي|او) ?[$€£]?\d+(?:[.,٫]\d+)?")
_HALF = {
    "en": re.compile(r" and a half(?!\w)"),
    "ar": re.compile(r" ونصف(?: ال[^\W\d_]+)?(?!\w)"),
    "fr": re.compile(r" et demie?(?!\w)"),
    "es": re.compile(r" y medi[oa](?!\w)"),
}
_MINUS = {
    "en": re.compile(r"(?<!\w)minus ?$"),
    "ar": re.compile(r"(?<!\w)(?:ناقص|سالب) ?$"),
    "fr": re.compile(r"(?<!\w)moins ?$"),
    "es": re.compile(r"(?<!\w)menos ?$"),
}
_CLOCK = re.compile(r"(?P<hour>[01]?\d|2[0-3])\.(?P<minute>[0-5]\d)")
_SPAN = re.compile(r"(?<!\d)(?P<from>(?:19|20)\d\d)[/–-](?P<to>\d\d)(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Something countable that a text says."""

    words: str
    """As printed."""
    start: int
    end: int
    """In the text as printed."""
    values: frozenset[Decimal] = frozenset()
    """More than one where it can be read in two ways: ``1.500`` in Spanish."""
    unit: str = ""
    days: tuple[Day, ...] = ()
    minutes: frozenset[int] = frozenset()
    firm: bool = True
    """Whether the other edition must have it. A number in small words need not be there in another language."""

    @property
    def meaning(self) -> object:
        """The same for two figures that say the same in every respect."""
        return self.values, self.unit, self.days, self.minutes, self.firm

    @property
    def is_day(self) -> bool:
        return bool(self.days)

    def agrees(self, other: "Figure") -> bool:
        """Whether both say the same, whatever the unit."""
        if self.days and other.days:
            return any(one.agrees(two) for one in self.days for two in other.days)
        if self.days or other.days:
            days, number = (self, other) if self.days else (other, self)
            # “24 and 25 November” in one is “24 November and 25 November” in the other.
            return any(day.day and Decimal(day.day) in number.values for day in days.days)
        if self.minutes and other.minutes:
            return bool(self.minutes & other.minutes) or bool(self.values & other.values)
        return bool(self.values & other.values)

    def same_unit(self, other: "Figure") -> bool:
        """Whether both count the same, as far as they say."""
        return not (self.unit and other.unit) or self.unit == other.unit


@lru_cache(maxsize=512)
def figures(text: str, language: str) -> tuple[Figure, ...]:
    """The figures of a text as a reader sees it, in their order; none in a language that we cannot read."""
    if anatomy_of(language) is None:
        return ()
    language = language.partition("-")[0]
    folded = Folded.of(text)
    plain = "".join(str(unicodedata.decimal(letter, letter)) for letter in folded.text)
    for pattern in _NO_FIGURES:
        plain = pattern.sub(lambda match: _GAP * len(match[0]), plain)
    found: list[Figure] = []
    written = "".join(text[place] for place in folded.places[:-1])

    def words(start: int, end: int) -> tuple[str, int, int]:
        first, last = folded.places[start], folded.places[end]
        return text[first:last].strip(), first, last

    for moment in _moments(plain, written, language):
        if _GAP in plain[moment.start : moment.end]:
            continue
        shown, first, last = words(moment.start, moment.end)
        firm = not moment.days or any(day.day or day.year for day in moment.days)
        found.append(
            Figure(
                words=shown,
                start=first,
                end=last,
                days=moment.days,
                minutes=frozenset(moment.minutes),
                values=frozenset((Decimal(moment.number),) if moment.number else ()),
                unit="hours" if moment.number else "",
                firm=firm and (moment.number == 0 or moment.number >= _SMALL),
            )
        )
        plain = plain[: moment.start] + _GAP * (moment.end - moment.start) + plain[moment.end :]
    for number in _numbers(plain, language):
        shown, first, last = words(number.start, number.end)
        found.append(
            Figure(
                words=shown,
                start=first,
                end=last,
                values=number.values,
                unit=number.unit,
                minutes=_of_the_clock(plain[number.start : number.end].strip()),
                firm=number.firm,
            )
        )
    return tuple(sorted(found, key=lambda figure: figure.start))


def _moments(text: str, written: str, language: str) -> Iterator[Found]:
    """Days and hours that do not overlap, the fuller form before the barer one."""
    taken: list[Found] = []
    for found in (*moments.days(text, written, language), *moments.hours(text, language)):
        if all(found.end <= other.start or found.start >= other.end for other in taken):
            taken.append(found)
            yield found


def _of_the_clock(digits: str) -> frozenset[int]:
    """The minutes after midnight of “10.00”: in “from 10.00 to 17.00 hours” only the last one is called an hour."""
    match = _CLOCK.fullmatch(digits)
    return frozenset((int(match["hour"]) * 60 + int(match["minute"]),) if match else ())


@dataclass(frozen=True, slots=True)
class _Number:
    start: int
    end: int
    values: frozenset[Decimal]
    unit: str
    firm: bool


def _numbers(text: str, language: str) -> Iterator[_Number]:
    place = 0
    digits = _NUMBER.search(text)
    while place < len(text):
        # Looked for once and kept: a long text without digits is not searched again from each of its words.
        if digits and digits.start() < place:
            digits = _NUMBER.search(text, place)
        word = _WORD.search(text, place)
        if word and (digits is None or word.start() < digits.start()):
            number = _in_words(text, word.start(), language)
            place = number.end if number else word.end()
            if number:
                yield number
            continue
        if digits is None:
            return
        number = _in_digits(text, digits, language)
        place = max(number.end if number else digits.end(), digits.end())
        if number:
            yield number


def _in_digits(text: str, match: re.Match[str], language: str) -> _Number | None:
    start, end = match.start(), match.end()
    before = text[max(0, match.start("digits") - 2) : match.start("digits")]
    # “G20”, “A4”, “km2”: a name, not a figure. “COVID-19” may be written otherwise in another script.
    if not match["sign"] and before[-1:].isalpha() and not _prefixed(before[-1:], language):
        return None
    if before[-1:] == "_":
        return None
    compound = before[-1:] in ("-", "‑") and before[:1].isalpha()
    values = _read(match["digits"], match["group"] or "", language)
    firm = not compound
    if _is_negative(text, start, language):
        values = frozenset(-value for value in values)
        if text[start - 1] in "-−–‑":
            # Shown with it, for an officer to see what differs.
            start -= 1
    elif language == "ar" and re.compile(r"[-−](?![\w-])").match(text, end):
        # From right to left a minus is sometimes typed behind its figure.
        values |= {-value for value in values}
    if span := _SPAN.match(text, match.start("digits")):
        # “2025/26” is what others write 2025/2026.
        return _Number(start, span.end(), _years(span), "", firm=firm)
    if ordinal := _ORDINAL.match(text, end):
        return _Number(start, ordinal.end(), values, "", firm=False)
    end, scale = _scaled(text, end, language)
    # “From 1.2 to 1.5 million” may mean millions both times.
    shared = {1, _scale_of_range(text, end, language)} if scale == 1 else {scale}
    values = frozenset(value * factor for value in values for factor in shared)
    unit, end = _unit(text, start, end, match["sign"] or "", language)
    whole = all(value == value.to_integral_value() for value in values)
    small = whole and max(map(abs, values)) < _SMALL and scale == 1 and unit not in SIGNS.values()
    return _Number(start, end, values, unit, firm and not small)


def _is_negative(text: str, start: int, language: str) -> bool:
    """Whether a minus stands before the figure; a dash between two figures, or one with a space, is none."""
    before = text[max(0, start - 12) : start]
    return bool(re.search(r"(?<![\w)%٪])(?<!\d )[-−–‑]$", before) or _MINUS[language].search(before))


def _years(span: re.Match[str]) -> frozenset[Decimal]:
    """Both years: the other edition may name either or write out both."""
    first = int(span["from"])
    return frozenset((Decimal(first), Decimal(first // 100 * 100 + int(span["to"]))))


def _prefixed(letter: str, language: str) -> bool:
    """Arabic writes “and”, “in”, “to” onto what follows: و25."""
    return language == "ar" and letter in "وبلفك"


def _read(digits: str, group: str, language: str) -> frozenset[Decimal]:
    """The values that digits may have: which mark parts thousands depends on the language, and on habit."""
    digits = digits.replace("٫", "." if group != "." else "٫")
    if not group:
        return frozenset((Decimal(digits.replace(",", ".").replace("٫", ".")),))
    whole, *rest = re.split(rf"[^\d{re.escape(group)}]", digits)
    thousands = Decimal(f"{whole.replace(group, '')}.{rest[0]}" if rest else whole.replace(group, ""))
    once = whole.count(group) == 1 and not rest and not digits.startswith("0")
    if group in ".," and once and not (language == "en" and group == ","):
        decimal = Decimal(digits.replace(",", "."))
        return frozenset((thousands, decimal))
    if group in ".," and digits.startswith("0"):
        return frozenset((Decimal(digits.replace(",", ".")),))
    return frozenset((thousands,))


def _scaled(text: str, end: int, language: str) -> tuple[int, int]:
    """What the words behind the digits multiply them by, and where those end."""
    words, scale = words_of(language), 1
    while match := re.compile(r"(?: ?-? ?)([^\W\d_]+)").match(text, end):
        # In Arabic, “بالمئة” is per cent and not a hundred.
        word = "" if unit_words(language)[0].match(text, match.start(1)) else bare(match[1], language)[0]
        # One letter is a scale only right behind its figure, or with money.
        if word not in words.scales or (match[1] not in words.scales and match[1].startswith("و")):
            break
        if len(word) == 1 and not _is_scale(text, end, match):
            break
        scale *= words.scales[word]
        end = match.end()
    return end, scale


def _scale_of_range(text: str, end: int, language: str) -> int:
    """What multiplies the upper end of a range whose lower end stands before; 1 where there is none."""
    upper = _RANGE.match(text, end)
    return _scaled(text, upper.end(), language)[1] if upper else 1


def _is_scale(text: str, end: int, match: re.Match[str]) -> bool:
    """Whether a single letter behind digits is a scale: “$5m”, “26,5 M€”, and “3.4m” but for metres, “5 m”."""
    money = re.search(r"[$€£] ?[\d.,]+$", text[max(0, end - 14) : end])
    behind = re.match(r" ?[$€£]", text[match.end() :])
    return bool(money or behind) or match.start(1) == end


def _unit(text: str, start: int, end: int, sign: str, language: str) -> tuple[str, int]:
    """What the figure counts, and where its words end."""
    if sign:
        return SIGNS[sign[-1]], end
    if text[start - 1 : start] in ("%", "٪"):
        return PER_CENT, end
    if match := re.compile(r" ?([%٪$€£])").match(text, end):
        return SIGNS[match[1]], match.end()
    code = re.search(r"(?<!\w)([a-z]{3}) ?$", text[max(0, start - 5) : start])
    if code and code[1] in BEFORE:
        return BEFORE[code[1]], end
    pattern, meaning = unit_words(language)
    at = end
    for _ in range(_NEAR_UNIT):
        space = re.compile(r"[ -]?(?:d'|de |of |من )?").match(text, at)
        at = space.end() if space else at
        if match := pattern.match(text, at):
            return meaning[match[0]], match.end()
        word = _WORD.match(text, at)
        if word is None or language == "ar" or bare(word[0], language)[0]:
            break
        at = word.end()
    return "", end


def _in_words(text: str, start: int, language: str) -> _Number | None:
    """A number in words that begins at a place."""
    words = words_of(language)
    run: list[tuple[str, bool]] = []
    ends: list[int] = []
    at = start
    while (
        len(run) < _MOST_WORDS and (match := _WORD.match(text, at)) and not unit_words(language)[0].match(text, at)
    ):
        parts = [match[0]] if bare(match[0], language)[0] else _HYPHENED.findall(match[0])
        if len(ends) and match[0] in words.links:
            at = match.end()
        else:
            found = [bare(part, language) for part in parts]
            if not all(word for word, _ in found):
                break
            run += found
            ends += [match.end()] * len(found)
            at = match.end()
        space = re.compile(r" +").match(text, at)
        if space is None:
            break
        at = space.end()
    if not run:
        return None
    if run[0][0] in words.plurals:
        # “Thousands of people” counts nothing.
        return None
    value, taken = value_of(run, language)
    if not taken:
        return None
    end = ends[taken - 1]
    values, end = _with_half(text, end, Decimal(value), words.scales.get(run[taken - 1][0], 1), language)
    if taken == 1 and run[0][0] in words.accusatives:
        # “مليونا شخص” are two million, “مليونًا” is one: they are written alike.
        values = frozenset((*values, *(2 * value for value in values)))
    large = value >= 1_000 and (taken > 1 or run[0][0] in words.duals)
    unit, end = _unit(text, start, end, "", language)
    if unit and unit not in SIGNS.values():
        # A span in words may well be said otherwise: “a fortnight”.
        unit = unit if value >= _SMALL else ""
    return _Number(start, end, values, unit, large)


def _with_half(text: str, end: int, value: Decimal, scale: int, language: str) -> tuple[frozenset[Decimal], int]:
    """“Two and a half million”, “un million et demi”: the value with the half behind it, and where that ends."""
    half = _HALF[language].match(text, end)
    if half is None:
        return frozenset((value,)), end
    scale = max(scale, max((s for s in words_of(language).scales.values() if value >= 2 * s), default=1))
    if scale > 1:
        return frozenset((value + Decimal(scale) / 2,)), half.end()
    end, scale = _scaled(text, half.end(), language)
    return frozenset(((value + Decimal("0.5")) * scale,)), end
