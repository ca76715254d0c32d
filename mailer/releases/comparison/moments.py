"""Days and hours in folded text, in whatever order a language writes them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from mailer.contacts.spelling import fold
from mailer.releases.intake.anatomy import anatomy_of, any_of


@dataclass(frozen=True, slots=True)
class Day:
    """A day, or as much of it as is said; zero for what is not."""

    day: int
    month: int
    year: int

    def agrees(self, other: "Day") -> bool:
        """Whether nothing that both say is different."""
        pairs = ((self.day, other.day), (self.month, other.month), (self.year, other.year))
        return all(0 in pair or pair[0] == pair[1] for pair in pairs)


@dataclass(frozen=True, slots=True)
class Found:
    """A day or an hour, and where it stands."""

    start: int
    end: int
    days: tuple[Day, ...] = ()
    """More than one where it can be read in two ways."""
    minutes: tuple[int, ...] = ()
    """After midnight; more than one where it can be read in two ways."""
    number: int = 0
    """What it may count besides: “9 heures” is an hour of the day or a length of time."""


# The months of the Islamic calendar stand beside the others in Arabic texts and have no answer in another language.
_HIJRI = any_of(
    (
        *(
            "محرم",
            "صفر",
            "ربيع الأول",
            "ربيع الثاني",
            "ربيع الآخر",
            "جمادى الأولى",
            "جمادى الآخرة",
            "جمادى الثانية",
        ),
        *("رجب", "شعبان", "رمضان", "شوال", "ذو القعدة", "ذي القعدة", "ذو الحجة", "ذي الحجة"),
    )
)
HIJRI = re.compile(rf"\(?(?<!\d)\d{{1,2}} +(?:من +)?{_HIJRI}(?: +(?:سنه|عام))?(?: +\d{{4}})?(?: *ه(?:ـ|(?!\w)))?")

_AM = {
    "en": r"a\.?m\.?",
    "ar": r"صباحا|فجرا|ص(?!\w)",
    "fr": r"du matin",
    "es": r"a\. ?m\.|am(?!\w)|de la manana|de la madrugada",
}
_PM = {
    "en": r"p\.?m\.?",
    "ar": r"مساء|ظهرا|بعد الظهر|عصرا|ليلا|م(?!\w)",
    "fr": r"de l'apres-midi|du soir",
    "es": r"p\. ?m\.|pm(?!\w)|de la tarde|de la noche",
}
_ARABIC_HOURS = {
    fold(name): hour
    for hour, name in enumerate(
        (
            *("الواحدة", "الثانية", "الثالثة", "الرابعة", "الخامسة", "السادسة"),
            *("السابعة", "الثامنة", "التاسعة", "العاشرة", "الحادية عشرة", "الثانية عشرة"),
        ),
        1,
    )
}
_ARABIC_PARTS = {fold(part): m for part, m in (("والنصف", 30), ("والربع", 15), ("والثلث", 20), ("إلا ربعًا", -15))}
"""What may be said behind a named hour, in minutes."""
_NOON = {"en": r"(?:12 )?(?:noon|midday)", "ar": r"(?!)", "fr": r"midi", "es": r"mediodia"}


def days(text: str, written: str, language: str) -> Iterator[Found]:
    """The days in folded text; ``written`` is the same text with its capitals, letter for letter."""
    months = _months(language)
    for pattern in _dates(language):
        for match in pattern.finditer(text):
            parts = match.groupdict()
            year = int(parts.get("year") or 0)
            if number := parts.get("number"):
                day, month = int(parts["day"] or 0), int(number)
                ways = ((day, month), (month, day)) if "-" not in match[0] else ((day, month),)
                read = tuple(Day(d, m, year) for d, m in ways if 0 < d <= 31 and 0 < m <= 12)
                if read:
                    yield Found(match.start(), match.end(), days=tuple(dict.fromkeys(read)))
                continue
            name = parts["month"] or ""
            # “may” and “march” are verbs; “mars” and “آب” have other meanings too, and are never alone in doubt.
            if language == "en" and not written[match.start("month")].isupper():
                continue
            day = int(parts.get("day") or 0)
            if day <= 31:
                yield Found(match.start(), match.end(), days=(Day(day, months[" ".join(name.split())], year),))


def hours(text: str, language: str) -> Iterator[Found]:
    """The hours of the day in folded text."""
    am, pm = _AM[language], _PM[language]
    half = rf"(?: *(?:(?P<am>{am})|(?P<pm>{pm})))"
    clock = r"(?<![\d:.,])(?P<hour>\d{1,2})"
    yield from _hours(rf"{clock}[:](?P<minute>[0-5]\d)(?![\d:]){half}?", text)
    if language in ("en", "es"):
        yield from _hours(rf"{clock}(?:\.(?P<minute>[0-5]\d))?{half}(?!\w)", text)
    if language == "fr":
        yield from _hours(rf"{clock} ?h(?:eures?)? ?(?P<minute>[0-5]\d)?(?!\w){half}?", text)
    if language == "es":
        yield from _hours(rf"{clock}[.](?P<minute>[0-5]\d) ?h(?:oras)?(?!\w){half}?", text)
        yield from _hours(rf"{clock} ?h(?:oras)?(?!\w){half}?", text)
    if language == "ar":
        yield from _hours(rf"(?<!\w)الساعه +{clock}(?:[.](?P<minute>[0-5]\d))?(?!\d){half}?", text)
        named, parts = any_of(tuple(_ARABIC_HOURS)), any_of(tuple(_ARABIC_PARTS))
        for match in re.finditer(rf"الساعه +(?P<named>{named})(?!\w)(?: +(?P<part>{parts})(?!\w))?{half}?", text):
            hour = _ARABIC_HOURS[" ".join(match["named"].split())]
            whole = _minutes(hour, 0, match["am"], match["pm"])[0]
            minutes = (whole + _ARABIC_PARTS.get(match["part"] or "", 0)) % (24 * 60)
            yield Found(match.start(), match.end(), minutes=(minutes,))
    for match in re.finditer(rf"(?<!\w)(?:{_NOON[language]})(?!\w)", text):
        yield Found(match.start(), match.end(), minutes=(12 * 60,))


def _hours(pattern: str, text: str) -> Iterator[Found]:
    for match in re.finditer(pattern, text):
        minutes = match.groupdict().get("minute")
        hour, minute = int(match["hour"]), int(minutes or 0)
        if hour < 25:
            spoken = match["am"] or match["pm"] or minutes
            yield Found(
                match.start(),
                match.end(),
                minutes=_minutes(hour, minute, match["am"], match["pm"]),
                number=0 if spoken else hour,
            )


def _minutes(hour: int, minute: int, am: str | None, pm: str | None) -> tuple[int, ...]:
    if pm and hour < 12:
        hour += 12
    if am and hour == 12:
        hour = 0
    return ((hour % 24) * 60 + minute,)


@cache
def _months(language: str) -> dict[str, int]:
    anatomy = anatomy_of(language)
    assert anatomy is not None, language  # noqa: S101 - the language of an edition that was read
    return {fold(name): n for n, names in enumerate(anatomy.months, 1) for name in names}


@cache
def _dates(language: str) -> tuple[re.Pattern[str], ...]:
    """From the fullest to the barest form; where two begin at one place the first one counts."""
    anatomy = anatomy_of(language)
    assert anatomy is not None, language  # noqa: S101 - the language of an edition that was read
    named = any_of(tuple(_months(language)))
    # “تشرين الثاني/نوفمبر” is one month under two names.
    month = rf"(?P<month>{named})(?: *[/(] *{named} *\)?)?\.?"
    day = r"(?<![\d.,])(?P<day>\d{1,2})(?: ?(?:er|st|nd|rd|th|o|°)\b)?"
    year = r"(?P<year>(?:19|20)\d{2})(?![\d.,]\d)"
    fill = any_of(anatomy.date_fillers)
    between = rf"(?: +{fill})? +"
    before = rf"[,،]?(?: +{fill})? *"
    return tuple(
        re.compile(form)
        for form in (
            rf"{day}{between}{month}(?!\w){before}{year}",
            rf"(?<!\w){month} +{day}(?!\w)[,،]? +{year}",
            r"(?<!\d)(?P<year>\d{4})-(?P<number>\d{1,2})-(?P<day>\d{1,2})(?!\d)",
            r"(?<![\d/.])(?P<day>\d{1,2})[/.](?P<number>\d{1,2})[/.](?P<year>\d{4})(?![\d/])",
            rf"{day}{between}{month}(?!\w)",
            rf"(?<!\w){month} +{day}(?![\w%:]|[.,]\d)",
            rf"(?<!\w)(?:[وبل]|ال)?{month}(?!\w){before}{year}",
            rf"(?<!\w){month}(?!\w)",
        )
    )
