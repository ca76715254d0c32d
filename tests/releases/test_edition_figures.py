"""What a text counts is the same value in whatever language, digits and order it is written."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.releases.comparison.figures import Figure, figures
from mailer.releases.comparison.moments import Day


def the_figure(text: str, language: str) -> Figure:
    found = figures(text, language)
    assert len(found) == 1, found
    return found[0]


NUMBERS = [
    ("en", "281 million people", 281_000_000),
    ("ar", "٢٨١ مليون شخص", 281_000_000),
    ("ar", "۲۸۱ مليون شخص", 281_000_000),
    ("ar", "٢٨١ مليونًا", 281_000_000),
    ("fr", "281 millions de personnes", 281_000_000),
    ("es", "281 millones de personas", 281_000_000),
    ("en", "281m people", 281_000_000),
    ("en", "3.4 million", 3_400_000),
    ("ar", "٣٫٤ مليون", 3_400_000),
    ("ar", "٣,٤ مليون", 3_400_000),
    ("ar", "3.4 مليون", 3_400_000),
    ("fr", "3,4 millions", 3_400_000),
    ("es", "3,4 millones", 3_400_000),
    ("es", "3.4 millones", 3_400_000),
    ("en", "410,000", 410_000),
    ("fr", "410 000", 410_000),
    ("fr", "410\u00a0000", 410_000),
    ("fr", "410\u202f000", 410_000),
    ("es", "410.000", 410_000),
    ("es", "410 000", 410_000),
    ("es", "410 mil", 410_000),
    ("ar", "410 آلاف", 410_000),
    ("ar", "٤١٠٬٠٠٠", 410_000),
    ("ar", "41 ألف متطوع", 41_000),
    ("ar", "و41 ألفًا", 41_000),
    ("en", "1,234,567", 1_234_567),
    ("fr", "1 234 567", 1_234_567),
    ("es", "1.234.567", 1_234_567),
    ("ar", "١٬٢٣٤٬٥٦٧", 1_234_567),
    ("en", "3 billion", 3 * 10**9),
    ("ar", "3 مليارات", 3 * 10**9),
    ("fr", "3 milliards", 3 * 10**9),
    ("es", "3.000 millones", 3 * 10**9),
    ("es", "3 mil millones", 3 * 10**9),
    ("en", "three billion", 3 * 10**9),
    ("ar", "ثلاثة مليارات", 3 * 10**9),
    ("es", "tres mil millones", 3 * 10**9),
    ("en", "two million", 2_000_000),
    ("ar", "مليوني شخص", 2_000_000),
    ("ar", "مليونان", 2_000_000),
    ("ar", "ألفي شخص", 2_000),
    ("en", "twenty-five thousand", 25_000),
    ("ar", "خمسة وعشرون ألفًا", 25_000),
    ("ar", "بخمسة وعشرين ألف", 25_000),
    ("fr", "vingt-cinq mille", 25_000),
    ("es", "veinticinco mil", 25_000),
    ("ar", "ثلاثة آلاف وخمسمئة", 3_500),
    ("ar", "ثلاثة آلاف وخمسمائة", 3_500),
    ("en", "three thousand five hundred", 3_500),
    ("fr", "trois mille cinq cents", 3_500),
    ("fr", "quatre-vingt-dix-sept", 97),
    ("fr", "soixante et onze", 71),
    ("es", "treinta y cinco", 35),
    ("en", "thirteen", 13),
    ("ar", "ثلاث عشرة", 13),
    ("ar", "ثلاثة عشر", 13),
    ("en", "6", 6),
    ("ar", "سبعة وثلاثون بالمئة", 37),
    ("en", "$5m", 5_000_000),
    ("en", "two and a half million", 2_500_000),
    ("ar", "مليونان ونصف المليون", 2_500_000),
    ("ar", "مليونًا ونصف المليون", 1_500_000),
    ("ar", "مليونا شخص", 2_000_000),
    ("fr", "un million et demi", 1_500_000),
    ("es", "un millón y medio", 1_500_000),
    ("en", "a ship of 180 m", 180),
    ("en", "2025/26", 2025),
]


@pytest.mark.parametrize(("language", "text", "value"), NUMBERS)
def test_a_number_has_one_value_in_every_language(language: str, text: str, value: int) -> None:
    assert Decimal(value) in the_figure(text, language).values


UNITS = [
    ("en", "37 per cent", "per cent"),
    ("en", "37%", "per cent"),
    ("ar", "37 في المئة", "per cent"),
    ("ar", "٣٧ بالمائة", "per cent"),
    ("ar", "٪٣٧", "per cent"),
    ("ar", "٣٧٪", "per cent"),
    ("fr", "37\u202f%", "per cent"),
    ("fr", "37 pour cent", "per cent"),
    ("es", "37 por ciento", "per cent"),
    ("en", "US$26.5 million", "dollars"),
    ("en", "USD 26.5 million", "dollars"),
    ("en", "26.5 million US dollars", "dollars"),
    ("ar", "26.5 مليون دولار أمريكي", "dollars"),
    ("fr", "26,5 millions de dollars", "dollars"),
    ("fr", "26,5 M€", "euros"),
    ("fr", "3 milliards d’euros", "euros"),
    ("es", "26,5 millones de euros", "euros"),
    ("en", "120 km", "kilometres"),
    ("ar", "120 كيلومترًا", "kilometres"),
    ("ar", "120 كم", "kilometres"),
    ("es", "120 kilómetros", "kilometres"),
    ("en", "an 18-month phase", "months"),
    ("ar", "18 شهرًا", "months"),
    ("ar", "9 ساعات", "hours"),
    ("ar", "95 دقيقة", "minutes"),
]


@pytest.mark.parametrize(("language", "text", "unit"), UNITS)
def test_what_a_number_counts_is_known(language: str, text: str, unit: str) -> None:
    assert the_figure(text, language).unit == unit


DAYS = [
    ("en", "24 November 2026", Day(24, 11, 2026)),
    ("en", "24th of November 2026", Day(24, 11, 2026)),
    ("en", "November 24, 2026", Day(24, 11, 2026)),
    ("en", "2026-11-24", Day(24, 11, 2026)),
    ("ar", "24 نوفمبر 2026", Day(24, 11, 2026)),
    ("ar", "٢٤ تشرين الثاني ٢٠٢٦", Day(24, 11, 2026)),
    ("ar", "24 تشرين الثاني/نوفمبر 2026", Day(24, 11, 2026)),
    ("ar", "24 نوفمبر (تشرين الثاني) 2026", Day(24, 11, 2026)),
    ("ar", "1 كانون الثاني 2027", Day(1, 1, 2027)),
    ("ar", "1 يناير 2027", Day(1, 1, 2027)),
    ("ar", "15 جانفي 2027", Day(15, 1, 2027)),
    ("fr", "24 novembre 2026", Day(24, 11, 2026)),
    ("fr", "le 1er mars 2027", Day(1, 3, 2027)),
    ("es", "24 de noviembre de 2026", Day(24, 11, 2026)),
    ("en", "March 2027", Day(0, 3, 2027)),
    ("ar", "مارس 2027", Day(0, 3, 2027)),
    ("ar", "آذار 2027", Day(0, 3, 2027)),
    ("en", "24 November", Day(24, 11, 0)),
    ("es", "el 24 de noviembre", Day(24, 11, 0)),
]


@pytest.mark.parametrize(("language", "text", "day"), DAYS)
def test_a_day_is_one_day_in_whatever_order(language: str, text: str, day: Day) -> None:
    assert the_figure(text, language).days == (day,)


def test_a_day_that_can_be_read_in_two_ways_agrees_with_both() -> None:
    figure = the_figure("05/11/2026", "en")
    assert figure.agrees(the_figure("5 نوفمبر 2026", "ar"))
    assert figure.agrees(the_figure("11 مايو 2026", "ar"))
    assert not figure.agrees(the_figure("6 نوفمبر 2026", "ar"))


HOURS = [
    ("en", "10:30 a.m.", 630),
    ("en", "2 p.m.", 840),
    ("en", "12 a.m.", 0),
    ("en", "noon", 720),
    ("en", "14:00", 840),
    ("ar", "الساعة ١٠:٣٠ صباحًا", 630),
    ("ar", "الساعة 2 بعد الظهر", 840),
    ("ar", "الساعة العاشرة صباحًا", 600),
    ("ar", "الساعة الثانية عشرة ظهرًا", 720),
    ("fr", "14 h 30", 870),
    ("fr", "14h30", 870),
    ("fr", "14 heures", 840),
    ("es", "14.30 horas", 870),
    ("es", "2 de la tarde", 840),
    ("es", "14 horas", 840),
]


@pytest.mark.parametrize(("language", "text", "minutes"), HOURS)
def test_an_hour_is_one_hour_on_every_clock(language: str, text: str, minutes: int) -> None:
    assert minutes in the_figure(text, language).minutes


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "thousands of people and millions of others"),
        ("ar", "آلاف الأشخاص وملايين غيرهم"),
        ("fr", "des milliers de personnes"),
        ("es", "miles de personas"),
        ("en", "Call +961 1 555 0101 or tel. 01 555 01 01"),
        ("ar", "هاتف: ٠١ ٥٥٥ ٠١٠١"),
        ("en", "https://esrf.example/2026/11/24?page=3 and desk24@esrf.example"),
        ("en", "the G20, an A4 page"),
        ("en", "open 24/7 (UTC+2)"),
        ("ar", "14 جمادى الآخرة 1448هـ"),
        ("en", "They may march on."),
        ("fr", "les 2/3 des élèves"),
    ],
)
def test_what_is_no_figure_is_not_counted(language: str, text: str) -> None:
    assert figures(text, language) == ()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "six countries"),
        ("en", "2 offices"),
        ("en", "the 21st century"),
        ("en", "the 1990s"),
        ("en", "COVID-19"),
        ("fr", "le 3e rapport"),
        ("ar", "واحد"),
    ],
)
def test_what_another_language_may_say_otherwise_is_not_asked_for(language: str, text: str) -> None:
    assert not the_figure(text, language).firm


@given(st.integers(3, 10**12), st.sampled_from(["en", "ar", "fr", "es"]), st.sampled_from(["0", "٠", "۰"]))
def test_a_whole_number_is_read_in_each_script_and_grouping(number: int, language: str, zero: str) -> None:
    mark = {"en": ",", "ar": "٬", "fr": "\u202f", "es": "."}[language]
    digits = f"{number:,}".replace(",", mark)
    text = "".join(chr(ord(zero) + int(c)) if c.isdecimal() else c for c in digits)
    assert Decimal(number) in the_figure(text, language).values


@given(st.text(max_size=200), st.sampled_from(["en", "ar", "fr", "es"]))
def test_any_text_can_be_read(text: str, language: str) -> None:
    for figure in figures(text, language):
        assert figure.words in text or not figure.words
        assert 0 <= figure.start <= figure.end <= len(text)
