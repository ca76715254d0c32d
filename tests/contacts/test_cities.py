"""The kept cities are whole, and each is found by any of its names."""

from zoneinfo import available_timezones

import pytest

from mailer.contacts.cities import city_named, known_cities
from mailer.database import Database, migrate


def test_every_known_city_is_whole_and_in_a_real_zone() -> None:
    zones = available_timezones()
    for city in known_cities().values():
        assert city.zone in zones
        assert len(city.country) == 2
        assert all((city.name, city.arabic, city.french))


@pytest.mark.parametrize("name", ["Beirut", "بيروت", "Beyrouth", " BEIRUT ", "بَيْرُوت"])
def test_a_city_is_one_in_each_spelling(database: Database, name: str) -> None:
    migrate.upgrade(database)
    with database.write() as session:
        first, city = city_named(session, "Beirut"), city_named(session, name)
        assert city is first is not None
        assert (city.zone, city.name_in("ar"), city.name_in("fr-FR")) == ("Asia/Beirut", "بيروت", "Beyrouth")


def test_an_unknown_city_is_not_guessed(database: Database) -> None:
    migrate.upgrade(database)
    with database.write() as session:
        assert city_named(session, "Beirutt") is None
