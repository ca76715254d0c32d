"""The kept cities are whole; each is found by any of its names, and none is guessed."""

import gzip
import subprocess
import sys
from importlib.resources import files
from zoneinfo import available_timezones

import pytest

from mailer.contacts.cities import (
    cities_called,
    city_key,
    city_named,
    hand_made,
    known_city,
    nearest_city,
    well_known_cities,
    why_no_city,
)
from mailer.contacts.countries import country_code
from mailer.database import Database


def gazetteer() -> list[list[str]]:
    packed = files("mailer.contacts").joinpath("gazetteer.tsv.gz").read_bytes()
    return [line.split("\t") for line in gzip.decompress(packed).decode().splitlines()]


def test_every_known_city_is_whole_and_in_a_real_zone() -> None:
    zones = available_timezones()
    for city in hand_made():
        assert city.zone in zones
        assert len(city.country) == 2
        assert all((city.name, city.arabic, city.french))


def test_the_gazetteer_is_whole_and_small() -> None:
    zones, lines = available_timezones(), gazetteer()
    assert len(lines) > 30_000
    assert files("mailer.contacts").joinpath("gazetteer.tsv.gz").read_bytes()[4:8] == bytes(4), "a date in it"
    assert len(files("mailer.contacts").joinpath("gazetteer.tsv.gz").read_bytes()) < 1_000_000
    for name, country, zone, _, _, own, further in lines:
        assert zone in zones
        assert country_code(country) == country
        assert city_key(name) in own.split("|") or city_key(name) in further.split("|")
        assert all(city_key(key) == key for key in (*own.split("|"), *further.split("|")))


def test_a_well_known_city_is_one_in_both_lists() -> None:
    lines = {(name, country): (zone, arabic, french) for name, country, zone, arabic, french, _, _ in gazetteer()}
    missing = {city.name for city in hand_made() if (city.name, city.country) not in lines}
    assert missing == {"Lampedusa"}
    for city in hand_made():
        assert lines.get((city.name, city.country), (city.zone, city.arabic, city.french)) == (
            city.zone, city.arabic, city.french,
        )  # fmt: skip


@pytest.mark.parametrize("name", ["Beirut", "بيروت", "Beyrouth", " BEIRUT ", "بَيْرُوت", "Beirut, Lebanon", "Bayrut"])
def test_a_city_is_one_in_each_spelling(database: Database, name: str) -> None:
    with database.write() as session:
        first, city = city_named(session, "Beirut"), city_named(session, name)
        assert city is first is not None
        assert (city.zone, city.name_in("ar"), city.name_in("fr-FR")) == ("Asia/Beirut", "بيروت", "Beyrouth")


@pytest.mark.parametrize(
    ("name", "country", "found", "zone"),
    [
        ("Paris", "", "Paris FR", "Europe/Paris"),
        ("Paris", "US", "Paris US", "America/Chicago"),
        ("Paris, Texas", "", "", ""),
        ("Tripoli", "", "Tripoli LY / Tripoli LB", ""),
        ("Tripoli", "LB", "Tripoli LB", "Asia/Beirut"),
        ("Tripoli", "Liban", "Tripoli LB", "Asia/Beirut"),
        ("Tripoli", "Libya", "Tripoli LY", "Africa/Tripoli"),
        ("Tripoli, Lebanon", "", "Tripoli LB", "Asia/Beirut"),
        ("Tripoli (LB)", "", "Tripoli LB", "Asia/Beirut"),
        ("طرابلس", "", "Tripoli LY / Tripoli LB", ""),
        ("طرابلس، لبنان", "", "Tripoli LB", "Asia/Beirut"),
        ("طرابلس (ليبيا)", "", "Tripoli LY", "Africa/Tripoli"),
        ("Tripoli, Lebanon", "LY", "", ""),
        ("Tripoli", "Lebanonn", "", ""),
        ("Zahle", "", "Zahlé LB", "Asia/Beirut"),
        ("زحلة", "", "Zahlé LB", "Asia/Beirut"),
        ("Saida", "LB", "Sidon LB", "Asia/Beirut"),
        ("Saïda", "DZ", "Saïda DZ", "Africa/Algiers"),
        ("El-Arich", "", "Arish EG", "Africa/Cairo"),
        ("al arish", "", "Arish EG", "Africa/Cairo"),
        ("Ginebra", "", "Geneva CH", "Europe/Zurich"),
        ("Londres", "", "London GB", "Europe/London"),
        ("Cologne", "", "Köln DE", "Europe/Berlin"),
        ("Addis-Abeba", "", "Addis Ababa ET", "Africa/Addis_Ababa"),
        ("Washington, D.C.", "", "Washington US", "America/New_York"),
        ("St. John’s", "AG", "Saint John’s AG", "America/Antigua"),
        ("Atlantisss", "", "", ""),
        ("Lebanon", "LB", "", ""),
        ("", "", "", ""),
        (",", "", "", ""),
        ("x" * 100_000, "", "", ""),
        ("Beirut\x00", "", "", ""),
    ],
)
def test_a_name_means_the_cities_that_are_called_so(name: str, country: str, found: str, zone: str) -> None:
    cities = cities_called(name, country)
    assert " / ".join(f"{city.name} {city.country}" for city in cities) == found
    one = known_city(name, country)
    assert (one.zone if one else "") == zone


@pytest.mark.parametrize("name", ["Springfield", "Valencia", "Georgetown", "Tripoli"])
def test_a_name_that_several_share_is_asked_about(database: Database, name: str) -> None:
    assert len(cities_called(name)) > 1
    assert known_city(name) is None
    with database.write() as session:
        assert city_named(session, name) is None


def test_a_lesser_city_is_taken_into_the_registry_once(database: Database) -> None:
    with database.write() as session:
        zahle = city_named(session, "Zahle")
        assert zahle is city_named(session, "زحلة", "Lebanon")
        assert zahle is not None
        assert (zahle.name_in("fr"), zahle.zone) == ("Zahlé", "Asia/Beirut")


def test_an_unknown_city_is_not_guessed(database: Database) -> None:
    with database.write() as session:
        assert city_named(session, "Beirutt") is None


@pytest.mark.parametrize(
    ("name", "nearest"), [("Beirutt", "Beirut"), ("Zahl", "Zahlé"), ("بيروتت", "Beirut"), ("Qqqqxz", None)]
)
def test_the_nearest_name_is_offered(name: str, nearest: str | None) -> None:
    city = nearest_city(name)
    assert (city.name if city else None) == nearest


@pytest.mark.parametrize(
    ("name", "country", "words"),
    [
        ("Beirutt", "", ("not a city that Dateline knows", "Did you mean Beirut?")),
        ("Tripoli", "", ("there are several of that name", "Write Tripoli, Libya or Tripoli, Lebanon.")),
        ("Springfield", "US", ("there are several in United States", "Name a larger city near it.")),
        (
            "Beirut",
            "Lebanonn",
            ("Lebanonn is not a country that Dateline knows", "Write its name or its two-letter code."),
        ),
    ],
)
def test_an_officer_is_told_why_there_is_no_city(name: str, country: str, words: tuple[str, str]) -> None:
    assert why_no_city(name, country) == words


def test_in_a_text_only_a_well_known_name_is_a_city() -> None:
    assert well_known_cities("Beirut")
    assert not any(map(well_known_cities, ["Reading", "Nice", "Mobile", "Of", "Zahlé", "Saint-Étienne"]))


def test_the_gazetteer_is_not_read_before_it_is_needed() -> None:
    code = (
        "import mailer.cli.contacts, mailer.cli.contact_import, mailer.contacts.cities as cities\n"
        "assert cities.known_city('Beyrouth').country == 'LB'\n"
        "assert not cities._gazetteer.cache_info().currsize\n"
        "assert cities.known_city('Zahle').country == 'LB'\n"
        "assert cities._gazetteer.cache_info().currsize"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("text", "code"),
    [("LB", "LB"), ("lb", "LB"), ("Lebanon", "LB"), ("Liban", "LB"), ("لبنان", "LB"), ("UAE", "AE"), ("UK", "GB"),
     ("Palestine", "PS"), ("Côte d’Ivoire", "CI"), ("Ivory Coast", "CI"), ("États-Unis", "US"), ("Narnia", ""),
     ("", ""), ("EU", "")],
)  # fmt: skip
def test_a_country_is_known_by_code_and_by_name(text: str, code: str) -> None:
    assert country_code(text) == code
