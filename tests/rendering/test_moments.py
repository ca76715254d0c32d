"""An embargo is told by the clocks of the cities that it concerns, without a zone that could be misread."""

from datetime import date

import pytest
from material import BEIRUT, CAIRO, NAIROBI, template

from mailer.clock import ZonedTime
from mailer.rendering import Place
from mailer.rendering.moments import day_text, embargo_moments

AT = ZonedTime.parse("2026-11-24 10:00", "Asia/Beirut")


def lines(language: str, *places: Place, embargo: ZonedTime = AT) -> list[str]:
    return [moment.text for moment in embargo_moments(embargo, places, language, template().catalogue(language))]


def test_each_city_has_a_line_and_utc_the_last() -> None:
    assert lines("en", NAIROBI, BEIRUT, CAIRO) == [
        "Tuesday 24 November 2026, 11:00 in Nairobi (UTC+3)",
        "Tuesday 24 November 2026, 10:00 in Beirut (UTC+2)",
        "Tuesday 24 November 2026, 10:00 in Cairo (UTC+2)",
        "Tuesday 24 November 2026, 08:00 UTC",
    ]
    assert lines("fr", CAIRO, BEIRUT)[0] == "mardi 24 novembre 2026, 10:00 – Le Caire (UTC+2)"
    assert lines("ar", CAIRO, BEIRUT)[0] == "الثلاثاء 24 نوفمبر 2026، الساعة 10:00 بتوقيت القاهرة (UTC+2)"


def test_the_same_city_has_one_line() -> None:
    assert len(lines("en", CAIRO, BEIRUT, CAIRO)) == 3


def test_the_embargo_s_own_clock_is_there_when_no_city_has_it() -> None:
    assert lines("en", NAIROBI)[1] == "Tuesday 24 November 2026, 10:00 in Beirut (UTC+2)"
    assert lines("en")[0].startswith("Tuesday 24 November 2026, 10:00 in Beirut")


def test_the_day_is_each_city_s_own() -> None:
    late = ZonedTime.parse("2026-11-24 00:30", "Asia/Beirut")
    assert lines("en", BEIRUT, embargo=late) == [
        "Tuesday 24 November 2026, 00:30 in Beirut (UTC+2)",
        "Monday 23 November 2026, 22:30 UTC",
    ]
    assert lines("en", embargo=ZonedTime.parse("2026-11-24 10:00", "UTC")) == [
        "Tuesday 24 November 2026, 10:00 UTC"
    ]


@pytest.mark.parametrize(
    ("language", "short"),
    [("en", "24 Nov 10:00 UTC+2"), ("fr", "24 nov. 10:00 UTC+2"), ("ar", "24 نوفمبر 10:00 UTC+2")],
)
def test_a_subject_has_a_short_form(language: str, short: str) -> None:
    assert embargo_moments(AT, [BEIRUT], language, template().catalogue(language))[0].short == short


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "24 November 2026"), ("fr", "24 novembre 2026"), ("ar", "24 نوفمبر 2026"), ("ar-EG", "24 نوفمبر 2026"),
     ("fa", "24 نوامبر 2026"), ("de", "24. November 2026"), ("xx", "24 November 2026")],
)  # fmt: skip
def test_a_day_has_latin_digits_in_every_language(language: str, text: str) -> None:
    assert day_text(date(2026, 11, 24), language) == text
