"""The cities that we know by name, with country and time zone; taken into the database as they are used.

Two lists: some two hundred well-known ones with their English, Arabic and French names (``cities.csv``, made by hand),
and behind them the cities of the world (``gazetteer.tsv.gz``, from GeoNames), read only for what the first lacks.
"""

import csv
import difflib
import gzip
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from rapidfuzz import fuzz, process
from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.contacts.countries import country_code, country_name
from mailer.contacts.models import City
from mailer.contacts.spelling import fold


@dataclass(frozen=True, slots=True)
class KnownCity:
    """A city that we know; its Arabic or French name is empty where we have none."""

    name: str
    country: str
    """ISO 3166-1 alpha-2."""
    zone: str
    """IANA name."""
    arabic: str
    french: str

    @property
    def names(self) -> dict[str, str]:
        """Its names by language."""
        names = {"en": self.name, "ar": self.arabic, "fr": self.french}
        return {language: name for language, name in names.items() if name}


def cities_called(name: str, country: str = "") -> tuple[KnownCity, ...]:
    """The cities that a name may mean, none to several; ``country`` by code or by its name, if it is known.

    The name is read in any of our languages, with its country behind it or without ("Tripoli, Lebanon"). A
    well-known city is preferred to lesser ones of its name (Paris is in France), and a city's own name to
    what others are called elsewhere; where that leaves several, it is the caller who asks which.
    """
    code = country_code(country) if country.strip() else ""
    if country.strip() and not code:
        return ()
    return _called(name.strip()[:200], code)


def known_city(name: str, country: str = "") -> KnownCity | None:
    """The one city of that name; ``None`` for none and for several, never a guess."""
    cities = cities_called(name, country)
    return cities[0] if len(cities) == 1 else None


def known_places(name: str) -> tuple[KnownCity, ...]:
    """All cities that have that name, the lesser ones too: Paris in France and in Texas."""
    key = city_key(name[:200])
    gazetteer = _gazetteer()
    lesser = gazetteer.cities((*gazetteer.own.get(key, ()), *gazetteer.further.get(key, ())))
    return tuple(dict.fromkeys((*_well_known().get(key, ()), *lesser)))


def well_known_cities(name: str) -> tuple[KnownCity, ...]:
    """Those of that name in the hand-made list alone: for texts, where any capitalised word is some town's name."""
    return _well_known().get(city_key(name), ())


def nearest_city(name: str) -> KnownCity | None:
    """The city whose name is most like that one, to ask about in a message; never to be taken for it."""
    key = city_key(_apart(name)[0])
    if near := difflib.get_close_matches(key, _well_known(), n=1, cutoff=0.8):
        return _well_known()[near[0]][0]
    if found := process.extractOne(key, _gazetteer().own.keys(), scorer=fuzz.ratio, score_cutoff=80):
        return _gazetteer().cities(_gazetteer().own[found[0]])[0]
    near = difflib.get_close_matches(key, _well_known(), n=1)
    return _well_known()[near[0]][0] if near else None


def why_no_city(name: str, country: str = "") -> tuple[str, str]:
    """Why ``known_city`` gives none, and what to do, in words for an officer."""
    if country.strip() and not country_code(country):
        return (
            f"{country.strip()[:60]} is not a country that Dateline knows",
            "Write its name or its two-letter code.",
        )
    cities = cities_called(name, country)
    if cities:
        choices = list(dict.fromkeys(f"{city.name}, {country_name(city.country)}" for city in cities))
        if len(choices) == 1:
            return f"there are several in {country_name(cities[0].country)}", "Name a larger city near it."
        more = f" or in {len(choices) - 5} others" if len(choices) > 5 else ""
        return "there are several of that name", f"Write {' or '.join(choices[:5])}{more}."
    near = nearest_city(name)
    advice = f"Did you mean {near.name}?" if near else "Write its usual English, Arabic or French name."
    return "not a city that Dateline knows", advice


def city_named(session: Session, name: str, country: str = "") -> City | None:
    """The city of that name (see ``known_city``) as the registry's own, taken into it when it is first used."""
    known = known_city(name, country)
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


def city_key(name: str) -> str:
    """A city's name for comparison: folded, and without the marks that come and go in it (St. John’s, Addis-Abeba)."""
    return " ".join(_MARKS.sub("", fold(name)).translate(_GAPS).split())


_MARKS = re.compile("['`´‘’ʻʼʿʾ.]")
_GAPS = str.maketrans("-,،", "   ")
_WITH_COUNTRY = re.compile(r"(?P<city>[^,،(]+?)\s*(?:[,،]\s*(?P<after>[^,،()]+)|\((?P<within>[^()]+)\))\s*")


@lru_cache(maxsize=8192)
def _called(name: str, country: str) -> tuple[KnownCity, ...]:
    if whole := _found(city_key(name), country):
        return whole
    alone, code = _apart(name)
    return _found(city_key(alone), code) if code and country in ("", code) else ()


def _apart(name: str) -> tuple[str, str]:
    """“Tripoli, Lebanon”, “Tripoli (LB)”: the city, and its country's code; without one, the name as it is."""
    if (match := _WITH_COUNTRY.fullmatch(name)) and (code := country_code(match["after"] or match["within"])):
        return match["city"], code
    return name, ""


def _found(key: str, country: str) -> tuple[KnownCity, ...]:
    if not key:
        return ()
    if known := _in(_well_known().get(key, ()), country):
        return known
    gazetteer = _gazetteer()
    own = _in(gazetteer.cities(gazetteer.own.get(key, ())), country)
    further = _in(gazetteer.cities(gazetteer.further.get(key, ())), country)
    # Saïda is a city in Algeria, and what Sidon is called in Lebanon: that has to be asked.
    famous = tuple(city for city in further if city in hand_made())
    return tuple(dict.fromkeys(own + famous)) if own else further


def _in(cities: Sequence[KnownCity], country: str) -> tuple[KnownCity, ...]:
    return tuple(city for city in cities if country in ("", city.country))


@cache
def hand_made() -> tuple[KnownCity, ...]:
    """The well-known cities."""
    text = files("mailer.contacts").joinpath("cities.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(KnownCity(r["city"], r["country"], r["zone"], r["arabic"], r["french"]) for r in rows)


@cache
def _well_known() -> Mapping[str, tuple[KnownCity, ...]]:
    found: dict[str, tuple[KnownCity, ...]] = {}
    for city in hand_made():
        for key in {city_key(name) for name in city.names.values()}:
            found[key] = (*found.get(key, ()), city)
    return found


class _Gazetteer:
    """The cities of the world, each line taken apart only when somebody asks for it."""

    def __init__(self) -> None:
        packed = files("mailer.contacts").joinpath("gazetteer.tsv.gz").read_bytes()
        self._lines = gzip.decompress(packed).decode().splitlines()
        self.own: dict[str, tuple[int, ...]] = {}
        """The lines of each key of a city's own names: English, Arabic, French."""
        self.further: dict[str, tuple[int, ...]] = {}
        """And of what it is called besides."""
        for number, line in enumerate(self._lines):
            _, own, further = line.rsplit("\t", 2)
            for index, keys in ((self.own, own), (self.further, further)):
                if keys:
                    for key in keys.split("|"):
                        index[key] = (*index[key], number) if key in index else (number,)

    def cities(self, numbers: Sequence[int]) -> tuple[KnownCity, ...]:
        """The cities of these lines; those of one name, country and zone are one."""
        found: dict[tuple[str, str, str], KnownCity] = {}
        for number in numbers:
            city = self._city(number)
            found.setdefault((city.name, city.country, city.zone), city)
        return tuple(found.values())

    def _city(self, number: int) -> KnownCity:
        name, country, zone, arabic, french, _, _ = self._lines[number].split("\t")
        return KnownCity(name, country, zone, arabic, french)


@cache
def _gazetteer() -> _Gazetteer:
    return _Gazetteer()
