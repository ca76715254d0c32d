"""The dateline: the cities and the day with which a release begins."""

import re
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache

from babel import Locale

from mailer.contacts.cities import well_known_cities
from mailer.contacts.spelling import fold
from mailer.releases.intake.anatomy import Folded, anatomy_of, any_of
from mailer.releases.intake.parts import BULLET

_BY_HAND = "Write it as 24 November 2026, with the month in words."


@dataclass(frozen=True, slots=True, kw_only=True)
class Dateline:
    """What a dateline says, and where it ends."""

    cities: tuple[str, ...] = ()
    """As printed."""
    day: date | None = None
    rest: str = ""
    """The text behind it, as written."""
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Date:
    start: int
    end: int
    """In the text as written."""
    day: date | None
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Forms:
    """A language's ways to write a date, for folded text."""

    dates: tuple[re.Pattern[str], ...]
    months: dict[str, int]
    before: re.Pattern[str]
    """What stands between the cities and the date."""
    conjunction: str = field(default="")


def find_dateline(text: str, language: str) -> Dateline | None:
    """The dateline with which a paragraph begins; ``None`` where it begins with something else."""
    if BULLET.match(text):
        return None
    found = _date(text[:300], language)
    if found is None:
        return _undated(text, language)
    before, gap = _before(text[: found.start], language)
    after = text[found.end :]
    if not before:
        return _date_first(found, after, language)
    before, source = _without_source(before)
    cities = _cities(before, language)
    known = any(well_known_cities(_first(city)) for city in cities)
    closed = re.match(r"\s*[)\]]?\s*(?:[-–—―]|$)", after) is not None
    # A sentence may begin with a place and a day as well: “Beirut on 24 November saw …”.
    parted = any(mark in gap for mark in ",،([–—-")
    if not cities or not (closed or (known and parted)):
        return None
    if found.day is None and not found.doubts and not closed:
        return None
    return Dateline(cities=cities, day=found.day, rest=f"{source}{_rest(after)}", doubts=found.doubts)


def read_dateline(text: str, language: str) -> Dateline:
    """A dateline that is said to be one: whatever is not its date is its cities."""
    found = _date(text, language)
    if found is None:
        return Dateline(cities=_cities(text, language))
    before, _ = _before(text[: found.start], language)
    line = find_dateline(text, language) or Dateline(cities=_cities(before, language), rest=text[found.end :])
    return replace(line, day=found.day, rest=line.rest.strip(" .,،–—-)"), doubts=found.doubts)


def read_date(text: str, language: str) -> tuple[date | None, tuple[str, ...]]:
    """A date on its own, and what is doubtful about it."""
    found = _date(text, language)
    return (found.day, found.doubts) if found else (None, (f"“{text[:60]}” is not a date. {_BY_HAND}",))


def same_city(one: str, other: str) -> bool:
    """Whether two printed names mean one city."""
    known = set(well_known_cities(_first(one)))
    return fold(one) == fold(other) or not known.isdisjoint(well_known_cities(_first(other)))


def is_city(text: str) -> bool:
    """Whether a city of that name is known."""
    return bool(well_known_cities(_first(text)))


def _first(city: str) -> str:
    """“Beirut, Lebanon” is Beirut."""
    return re.split("[,،]", city)[0].strip()


def _rest(after: str) -> str:
    return re.sub(r"^\s*(?:م(?=\s|[-–—]))?\s*[)\]]?[\s.,،:–—―-]*", "", after)


def _before(text: str, language: str) -> tuple[str, str]:
    """What is before a date, without and with what leads over to it."""
    folded = Folded.of(text)
    match = _forms(language).before.search(folded.text)
    cut = folded.places[match.start()] if match else len(text)
    return text[:cut].strip(" \u00a0\t*_("), text[cut:]


def _undated(text: str, language: str) -> Dateline | None:
    """“BEIRUT (ESRF) – …”: cities alone, each of them known."""
    match = re.match(r"([^.–—―:\n]{2,80}?)\s*(?:[–—―]|--|\s-\s)", text)
    if match is None:
        return None
    before, source = _without_source(match[1])
    cities = _cities(before, language)
    if not cities or not all(well_known_cities(_first(city)) for city in cities):
        return None
    return Dateline(cities=cities, rest=f"{source}{_rest(text[match.end() :])}")


def _without_source(text: str) -> tuple[str, str]:
    """The cities, and the agency in brackets behind them, which is no city and stays with the text."""
    match = re.fullmatch(r"(.*?)\s*(\([^()]{1,40}\))[\s,،]*", text)
    return (match[1], f"{match[2]} ") if match else (text, "")


def _date_first(found: _Date, after: str, language: str) -> Dateline | None:
    """“24 November 2026, Beirut – …”, or the day on a line of its own."""
    if not after.strip(" .,،)"):
        return Dateline(day=found.day, doubts=found.doubts)
    match = re.match(r"[\s,،|/–—-]*([^.–—―:\d]{2,80}?)\s*(?:[–—―:]|--|\s-\s|$)", after)
    cities = _cities(match[1], language) if match else ()
    if match is None or not cities or not all(well_known_cities(_first(city)) for city in cities):
        return None
    return Dateline(cities=cities, day=found.day, rest=_rest(after[match.end() :]), doubts=found.doubts)


def _cities(text: str, language: str) -> tuple[str, ...]:
    """The cities that a text lists, a country staying with its city; nothing where it cannot be such a list."""
    cities: list[str] = []
    for part in re.split(r"\s*[/|;&؛]\s*|\s+[–—-]\s+", text.strip(" \u00a0.,،:–—-")):
        for name in _joined(part, language):
            before = well_known_cities(_first(cities[-1])) if cities else ()
            here = {fold(n) for n in _territories(language).values()}
            own = {fold(_territories(language).get(city.country, "")) for city in before}
            if cities and (fold(name) in own or (fold(name) in here and not well_known_cities(name))):
                cities[-1] += f", {name}" if "،" not in text else f"، {name}"
            else:
                cities.append(name)
    return tuple(cities) if len(cities) <= 8 and all(_looks_like_city(city) for city in cities) else ()


def _joined(part: str, language: str) -> list[str]:
    names = [name.strip() for name in re.split("[,،]", part) if name.strip()]
    conjunction = _forms(language).conjunction
    apart: list[str] = []
    for name in names:
        halves = re.split(conjunction, name, flags=re.IGNORECASE)
        # Only where each half is a city: there is a Trinidad and Tobago.
        apart += (
            halves
            if len(halves) > 1 and not well_known_cities(name) and all(map(well_known_cities, halves))
            else [name]
        )
    return apart


def _looks_like_city(text: str) -> bool:
    words = text.split()
    # “of”, “al”, “sur” and the like may be in a city's name; other small letters make a sentence.
    named = all(not word[0].islower() or len(word) <= 3 for word in words)
    return 0 < len(words) <= 6 and named and not text[0].islower() and not re.search(r"[\d“”«»!?:]", text)


@cache
def _territories(language: str) -> dict[str, str]:
    return dict(Locale(language.partition("-")[0]).territories)


@cache
def _forms(language: str) -> _Forms:
    anatomy = anatomy_of(language)
    assert anatomy is not None, language  # noqa: S101 - the language was checked at the door
    months = {fold(name): n for n, names in enumerate(anatomy.months, 1) for name in names}
    named = any_of(tuple(months))
    month = rf"(?P<month>{named})(?: *[/(] *(?P<other>{named}) *\)?)?\.?"
    day = r"(?<!\d)(?P<day>\d{1,2})(?: ?(?:er|st|nd|rd|th|o|°)\b)?"
    year = r"(?P<year>\d{4})(?!\d)"
    of = rf"(?: +{any_of(anatomy.date_fillers)})? +"
    dates = (
        rf"{day}{of}{month}(?:(?:[,،]? *(?:del? +)?)(?: ?{year})|(?!\w))",
        rf"(?<!\w){month} +{day}(?:[,،]? +{year}|(?![\w%]))",
        r"(?<!\d)(?P<year>\d{4})-(?P<number>\d{1,2})-(?P<day>\d{1,2})(?!\d)",
        r"(?<!\d)(?P<day>\d{1,2})[/.](?P<number>\d{1,2})[/.](?P<year>\d{4})(?!\d)",
    )
    between = any_of((*anatomy.weekdays, *anatomy.date_fillers))
    return _Forms(
        tuple(re.compile(form) for form in dates),
        months,
        re.compile(rf"(?:[\s,،(\[–—-]|(?<!\w){between}(?!\w))+$"),
        r"\s+و\s?(?=\S)" if anatomy.uncased else rf"\s+(?:{'|'.join(anatomy.conjunctions)})\s+",
    )


def _date(text: str, language: str) -> _Date | None:
    forms = _forms(language)
    folded = Folded.of(text)
    matches = [match for form in forms.dates if (match := form.search(folded.text))]
    if not matches:
        return None
    match = min(matches, key=lambda m: (m.start(), -m.end()))
    day, doubts = _day(match.groupdict(), match[0], forms.months)
    return _Date(folded.places[match.start()], folded.places[match.end()], day, doubts)


def _day(parts: dict[str, str | None], shown: str, months: dict[str, int]) -> tuple[date | None, tuple[str, ...]]:
    number = parts.get("number")
    month = int(number) if number else months[" ".join((parts["month"] or "").split())]
    day, year = int(parts["day"] or 0), parts.get("year")
    if year is None:
        return None, ()
    if number and "-" not in shown and day <= 12 and month <= 12 and day != month:
        return None, (f"The date {shown} can be read in two ways. {_BY_HAND}",)
    other = months.get(" ".join((parts.get("other") or "").split()), month)
    if other != month:
        return None, (f"The date {shown} names two different months. {_BY_HAND}",)
    try:
        return date(int(year), month, day), ()
    except ValueError:
        return None, (f"There is no such day as {shown}. {_BY_HAND}",)
