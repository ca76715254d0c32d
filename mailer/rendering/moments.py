"""Days and moments in an edition's language: an embargo by the clocks of the cities that it concerns.

A moment is shown with its city and its UTC offset; zone abbreviations mislead (EST is three zones) and are
wrong in some languages. Digits are Latin in every language, as in the releases themselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, get_timezone_location

from mailer.clock import ZonedTime, offset_text
from mailer.rendering.issue import Place
from mailer.rendering.languages import locale_of
from mailer.rendering.translations import Catalogue

# Babel has no numbering of its own for dates everywhere: map whatever digits it printed.
_LATIN: Final = {ord(zero) + value: str(value) for zero in "٠۰०০" for value in range(10)}
# Babel's own long forms are American in English ("November 24, 2026").
_OURS: Final = frozenset({"ar", "en", "fr"})


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant by the clock of one city."""

    city: str
    """Empty for UTC itself."""
    day: str
    time: str
    offset: str
    """``UTC+2``."""
    short: str
    """``24 Nov 10:00 UTC+2``."""
    text: str
    """``Tuesday 24 November 2026, 10:00 in Cairo (UTC+2)``."""


def day_text(day: date, language: str) -> str:
    """``24 November 2026``."""
    locale = locale_of(language)
    return format_date(day, "d MMMM y" if locale.language in _OURS else "long", locale=locale).translate(_LATIN)


def embargo_moments(
    embargo: ZonedTime, places: Iterable[Place], language: str, catalogue: Catalogue
) -> tuple[Moment, ...]:
    """The embargo by each city's clock, each city once, and in UTC; by its own zone too where no city has it."""
    cities = {(place.names["en"], place.zone): place.name_in(language) for place in places}
    if embargo.zone not in {zone for _, zone in cities}:
        city = get_timezone_location(embargo.zone, locale=locale_of(language), return_city=True)
        cities[city, embargo.zone] = city
    local = [_moment(embargo.instant.astimezone(ZoneInfo(zone)), city, language, catalogue)
             for (_, zone), city in cities.items() if zone not in _UTC]  # fmt: skip
    return (*local, _moment(embargo.instant.astimezone(UTC), "", language, catalogue))


_UTC: Final = frozenset({"UTC", "Etc/UTC", "Zulu", "Etc/Zulu", "UCT", "Etc/UCT", "Universal", "Etc/Universal"})


def _moment(when: datetime, city: str, language: str, catalogue: Catalogue) -> Moment:
    locale = locale_of(language)
    ours = locale.language in _OURS
    day = format_date(when, "EEEE d MMMM y" if ours else "full", locale=locale)
    short = format_date(when, "d MMM", locale=locale) if ours else format_skeleton("MMMd", when, locale=locale)
    time, offset = f"{when:%H:%M}", offset_text(when)
    values: dict[str, Any] = {"day": day.translate(_LATIN), "time": time, "city": city, "offset": offset}
    pattern = "%(day)s, %(time)s in %(city)s (%(offset)s)" if city else "%(day)s, %(time)s UTC"
    return Moment(
        short=f"{short} {time} {offset}".translate(_LATIN), text=catalogue.say(pattern, **values), **values
    )
