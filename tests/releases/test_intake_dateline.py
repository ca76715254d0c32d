"""Cities and day are read as they are printed in four languages, and nothing else is taken for them."""

from datetime import date

import pytest

from mailer.releases.intake.dateline import find_dateline, read_dateline, same_city

DAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("language", "text", "cities"),
    [
        ("en", "Beirut / Cairo, 24 November 2026 The centres open.", ("Beirut", "Cairo")),
        ("en", "BEIRUT/CAIRO, 24 November 2026 – The centres open.", ("BEIRUT", "CAIRO")),
        ("en", "Beirut, Cairo – November 24, 2026 — The centres open.", ("Beirut", "Cairo")),
        ("en", "Beirut and Cairo, Tuesday 24 Nov. 2026: The centres open.", ("Beirut", "Cairo")),
        (
            "en",
            "Beirut, Lebanon / Cairo, Egypt, 24th November 2026 The centres open.",
            ("Beirut, Lebanon", "Cairo, Egypt"),
        ),
        ("en", "Beirut (24 November 2026) – The centres open.", ("Beirut",)),
        ("en", "Beirut, 2026-11-24 – The centres open.", ("Beirut",)),
        ("en", "Beirut, 24/11/2026 – The centres open.", ("Beirut",)),
        ("en", "24 November 2026, Beirut – The centres open.", ("Beirut",)),
        ("en", "Zahlet Bay, 24 November 2026 – The centres open.", ("Zahlet Bay",)),
        ("ar", "بيروت / القاهرة، 24 نوفمبر 2026 The centres open.", ("بيروت", "القاهرة")),
        ("ar", "بيروت والقاهرة، ٢٤ تشرين الثاني ٢٠٢٦ – The centres open.", ("بيروت", "القاهرة")),
        ("ar", "بيروت، الثلاثاء 24 تشرين الثاني/نوفمبر 2026م – The centres open.", ("بيروت",)),
        ("ar", "الجزائر، في 24 نوفمبر 2026: The centres open.", ("الجزائر",)),
        ("ar", "وهران، الجزائر، 24 نونبر 2026 — The centres open.", ("وهران، الجزائر",)),
        ("fr", "Beyrouth / Le Caire, le 24 novembre 2026 The centres open.", ("Beyrouth", "Le Caire")),
        ("fr", "Beyrouth et Le Caire, mardi 24 novembre 2026 – The centres open.", ("Beyrouth", "Le Caire")),
        ("es", "Beirut / El Cairo, 24 de noviembre de 2026 - The centres open.", ("Beirut", "El Cairo")),
    ],
)
def test_cities_day_and_text_are_told_apart(language: str, text: str, cities: tuple[str, ...]) -> None:
    found = find_dateline(text, language)
    assert found is not None
    assert (found.cities, found.day, found.rest, found.doubts) == (cities, DAY, "The centres open.", ())


@pytest.mark.parametrize(
    ("language", "month", "names"),
    [
        ("ar", 1, ["يناير", "كانون الثاني", "كانون الثاني/يناير", "جانفي"]),
        ("ar", 4, ["أبريل", "ابريل", "نيسان", "أفريل"]),
        ("ar", 8, ["أغسطس", "آب", "أوت", "غشت"]),
        ("ar", 12, ["ديسمبر", "كانون الأول", "كانون الاول", "ديسمبر/كانون الأول", "دجنبر"]),
        ("fr", 1, ["1er janvier", "janvier"]),
        ("fr", 8, ["août", "aout", "AOÛT"]),
        ("en", 9, ["September", "Sept.", "SEP"]),
        ("es", 9, ["septiembre", "de setiembre de"]),
    ],
)
def test_months_are_known_by_each_of_their_names(language: str, month: int, names: list[str]) -> None:
    city = {"ar": "بيروت،"}.get(language, "Beirut,")
    for name in names:
        day = "" if name[0].isdecimal() else "1 "
        found = find_dateline(f"{city} {day}{name} 2026 – X", language)
        assert found is not None, name
        assert (found.day, found.rest) == (date(2026, month, 1), "X")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "About 3.4 million people travelled in 2025."),
        ("en", "On 24 November 2026, the two organisations met."),
        ("en", "Yesterday, 24 November 2026, they met."),
        ("en", "Beirut on 24 November 2026 saw the first ferry."),
        ("en", "The first three will open in Beirut, Cairo and Tunis by 24 November 2026 – the others later."),
        ("en", "- Beirut, 24 November 2026 – the first centre opens"),
        ("en", "The quay – once a market – is calm."),
        ("en", "Port calls: 24 November 2026 – Beirut."),
        ("ar", "وأضاف أمس، 24 نوفمبر 2026، أن المراكز ستُفتتح."),
        ("fr", "Le 24 novembre 2026, les deux organisations se sont réunies."),
        ("es", "El 24 de noviembre de 2026, las dos organizaciones se reunieron."),
    ],
)
def test_a_sentence_with_a_place_or_a_day_is_no_dateline(language: str, text: str) -> None:
    assert find_dateline(text, language) is None


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("Beirut, 31 November 2026 – X", "no such day as 31 november 2026"),
        ("Beirut, 04/05/2026 – X", "two ways"),
        ("بيروت، 24 تشرين الأول/نوفمبر 2026 – X", "two different months"),
    ],
)
def test_a_day_that_cannot_be_trusted_is_left_out_and_told(text: str, doubt: str) -> None:
    found = find_dateline(text, "ar" if "ب" in text else "en")
    assert found is not None
    assert (found.day, found.rest) == (None, "X")
    assert doubt in found.doubts[0]


def test_an_agency_s_dateline_without_a_year_or_a_date_keeps_its_cities() -> None:
    dated = find_dateline("BEIRUT, Nov. 24 – The centres open.", "en")
    bare = find_dateline("BEIRUT (ESRF) – The centres open.", "en")
    source = find_dateline("BEIRUT (ESRF), Nov. 24, 2026 – The centres open.", "en")
    assert source is not None
    assert (source.cities, source.day, source.rest) == (("BEIRUT",), DAY, "(ESRF) The centres open.")
    assert dated is not None
    assert (dated.cities, dated.day, dated.rest) == (("BEIRUT",), None, "The centres open.")
    assert bare is not None
    assert (bare.cities, bare.day, bare.rest) == (("BEIRUT",), None, "(ESRF) The centres open.")


def test_what_is_said_to_be_a_dateline_needs_no_known_city() -> None:
    found = read_dateline("Nowhere Bay, 24 November 2026", "en")
    assert (found.cities, found.day, found.rest) == (("Nowhere Bay",), DAY, "")


def test_a_city_is_the_same_in_capitals_in_another_language_and_with_its_country() -> None:
    assert same_city("BEIRUT", "بيروت")
    assert same_city("Beirut, Lebanon", "Beyrouth")
    assert not same_city("Beirut", "Cairo")
    assert not same_city("Nowhere", "Elsewhere")
