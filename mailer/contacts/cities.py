"""The cities that we know by name, with country and time zone; taken into the database as they are used."""

import csv
import difflib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.contacts.models import City
from mailer.contacts.spelling import fold


@dataclass(frozen=True, slots=True)
class KnownCity:
    """A row of ``cities.csv``."""

    name: str
    country: str
    zone: str
    arabic: str
    french: str

    @property
    def names(self) -> dict[str, str]:
        """Its names by language."""
        return {"en": self.name, "ar": self.arabic, "fr": self.french}


@cache
def known_cities() -> dict[str, KnownCity]:
    """Every known city by each of its folded names (English, Arabic, French)."""
    text = files("mailer.contacts").joinpath("cities.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    cities = [KnownCity(r["city"], r["country"], r["zone"], r["arabic"], r["french"]) for r in rows]
    return {fold(name): city for city in cities for name in (city.name, city.arabic, city.french)}


def known_city(name: str) -> KnownCity | None:
    """The city of that name in any of the three languages; ``None`` for one we don't know, never a guess."""
    return known_cities().get(fold(name))


def nearest_city(name: str) -> KnownCity | None:
    """The city whose name is most like that one, to ask about in a message; never to be taken for it."""
    near = difflib.get_close_matches(fold(name), known_cities(), n=1)
    return known_cities()[near[0]] if near else None


def city_named(session: Session, name: str) -> City | None:
    """The city of that name (see ``known_city``) as the registry's own, taken into it when it is first used."""
    known = known_city(name)
    if known is None:
        return None
    city = session.scalar(select(City).where(City.name == known.name, City.country == known.country))
    if city is None:
        city = City(
            name=known.name, country=known.country, zone=known.zone, arabic=known.arabic, french=known.french
        )
        session.add(city)
        session.flush()
    return city
