"""Telephone numbers are understood as people of each country write them, and shown in one form."""

import csv
from contextlib import suppress
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.contacts.phones import MAX_LENGTH, phone

LISTS = sorted((Path(__file__).parents[2] / "contacts").glob("*.csv"))


@pytest.mark.parametrize(
    ("text", "country", "shown"),
    [
        # Lebanon: trunk prefix 0
        ("01 555 010", "LB", "+961 1 555 010"),
        ("03/123456", "LB", "+961 3 123 456"),
        ("01-555010", "LB", "+961 1 555 010"),
        ("01 555 0101", "LB", "+961 1 555 0101"),
        ("+961 1 555 010", "LB", "+961 1 555 010"),
        ("+961 1 555 0101", "LB", "+961 1 555 0101"),
        ("+961 (0)1 555 010", "LB", "+961 1 555 010"),
        ("+961 (0)1 555 0101", "LB", "+961 1 555 0101"),
        ("(+961) 1 555 010", "LB", "+961 1 555 010"),
        ("+00961 1 555 010", "LB", "+961 1 555 010"),
        ("00961 1 555 010", "LB", "+961 1 555 010"),
        ("00961 1 555 010", "EG", "+961 1 555 010"),
        ("961 1 555 010", "LB", "+961 1 555 010"),
        ("9611555010", "LB", "+961 1 555 010"),
        ("٠١ ٥٥٥ ٠١٠", "LB", "+961 1 555 010"),
        ("٠٠٩٦١١٥٥٥٠١٠", "LB", "+961 1 555 010"),
        ("+٩٦١ ١ ٥٥٥ ٠١٠", "LB", "+961 1 555 010"),
        ("۰۱۵۵۵۰۱۰", "LB", "+961 1 555 010"),
        ("＋９６１ １ ５５５ ０１０", "LB", "+961 1 555 010"),
        ("\u202a+961 1 555\u200e 010\u202c", "LB", "+961 1 555 010"),
        ("+961‑1‑555‑010", "LB", "+961 1 555 010"),
        ("+961\u00a01\u00a0555\u00a0010", "LB", "+961 1 555 010"),
        ("tel: 01 555 010", "LB", "+961 1 555 010"),
        ("Tel.: +961 1 555 010", "LB", "+961 1 555 010"),
        ("هاتف ٠١٥٥٥٠١٠", "LB", "+961 1 555 010"),
        ("هاتف: 01555010", "LB", "+961 1 555 010"),
        # Egypt
        ("02 2555 0101", "EG", "+20 2 25550101"),
        ("0100 123 4567", "EG", "+20 10 01234567"),
        ("+20 2 5555 0101", "EG", "+20 2 55550101"),
        ("٠١٠٠١٢٣٤٥٦٧", "EG", "+20 10 01234567"),
        # Jordan, Iraq, Palestine, Syria
        ("06 555 0101", "JO", "+962 6 555 0101"),
        ("0770 555 0101", "IQ", "+964 770 555 0101"),
        ("059 555 0101", "PS", "+970 595 550 101"),
        ("+970 2 555 0101", "PS", "+970 2 555 0101"),
        ("0955 555 010", "SY", "+963 955 555 010"),
        # Tunisia has no trunk prefix
        ("71 555 101", "TN", "+216 71 555 101"),
        ("+21671555101", "TN", "+216 71 555 101"),
        # Switzerland, France, United Kingdom, Kenya
        ("022 555 01 11", "CH", "+41 22 555 01 11"),
        ("0041 22 555 01 11", "CH", "+41 22 555 01 11"),
        ("01 55 50 01 01", "FR", "+33 1 55 50 01 01"),
        ("01.55.50.01.01", "FR", "+33 1 55 50 01 01"),
        ("Tél. : 01 55 50 01 01", "FR", "+33 1 55 50 01 01"),
        ("020 7946 0018", "GB", "+44 20 7946 0018"),
        ("(020) 7946 0018", "GB", "+44 20 7946 0018"),
        ("020 555 0101", "KE", "+254 20 5550101"),
        ("+254 20 555 0101", "KE", "+254 20 5550101"),
        # Where international calls do not begin with 00, both are understood
        ("011 961 1 555 010", "US", "+961 1 555 010"),
        ("00 961 1 555 010", "US", "+961 1 555 010"),
        ("0011 961 1 555 010", "AU", "+961 1 555 010"),
        ("(202) 555-0147", "US", "+1 202-555-0147"),
        # A zero that belongs to the number, a trunk prefix that is no zero, a number of no country
        ("06 5555 0101", "IT", "+39 06 5555 0101"),
        ("8 (495) 555-01-01", "RU", "+7 495 555-01-01"),
        ("+800 1234 5678", "LB", "+800 1234 5678"),
        ("+41 22 555 01 11", "", "+41 22 555 01 11"),
    ],
)
def test_a_number_is_shown_in_international_form(text: str, country: str, shown: str) -> None:
    found = phone(text, country)
    assert found.text == shown
    assert found.key == "+" + "".join(filter(str.isdigit, shown))


@pytest.mark.parametrize(
    "text",
    ["01 555 010 ext. 12", "01 555 010 ext 12", "01 555 010 x12", "01 555 010 poste 12", "01 555 010, poste 12",
     "01 555 010 #12", "+9611555010;ext=12", "01 555 010 تحويلة ١٢", "01 555 010 داخلي: 12", "01 555 010 Ext.12",
     "tel:+961-1-555-010;ext=12", "+961 1 555 010 ext. 12"],
)  # fmt: skip
def test_an_extension_is_kept(text: str) -> None:
    found = phone(text, "LB")
    assert (found.text, found.key) == ("+961 1 555 010 ext. 12", "+9611555010;ext=12")


def test_two_extensions_of_one_line_are_two_numbers() -> None:
    assert phone("01 555 010 x1", "LB").key != phone("01 555 010 x2", "LB").key != phone("01 555 010", "LB").key


@pytest.mark.parametrize(
    ("text", "country", "reason"),
    [
        ("", "LB", "no digits"),
        ("+", "LB", "no digits"),
        ("none", "LB", "no digits"),
        ("123", "LB", "too short for Lebanon"),
        ("1787", "LB", "too short for Lebanon"),
        ("+961 1 55", "EG", "too short for Lebanon"),
        ("+9613123456789012", "LB", "too long for Lebanon"),
        ("01 55 50 01 01 12 34", "FR", "too long for France"),
        ("01555010 / 03123456", "LB", "is it more than one"),
        ("+961 1 555 010-12", "LB", "is it more than one"),
        ("+961 1 555 010, 03 123456", "LB", "signs in it"),
        ("1-800-FLOWERS", "US", "letters"),
        ("01 555 010 (Nour)", "LB", "letters"),
        ("=01+555010", "LB", "signs"),
        ("+961 1 555 010@x", "LB", "letters"),
        ("555-0147", "US", "lacks the area code"),
        ("+999 123456", "LB", "no country has that code"),
        ("01 555 010", "", "no country's code"),
        ("01 555 010", "XX", "no country's code"),
        # Lebanon's, without its plus, in Cairo: Egypt has numbers of that length.
        ("9611555010", "EG", "not a number of Egypt"),
        ("1" * 500, "LB", "too long"),
        ("+961 1 555\x00 010", "LB", "signs"),
        ("+44 000 000 0000", "LB", "zeros"),
        ("²²² ³³³", "LB", "signs|letters|no digits"),
    ],
)
def test_what_is_no_number_is_refused_with_a_reason(text: str, country: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        phone(text, country)


def test_every_number_of_the_sample_lists_is_kept_as_it_stands() -> None:
    for file in LISTS:
        for row in csv.DictReader(file.read_text("utf-8").splitlines()):
            given_digits = "".join(filter(str.isdigit, row["phone"]))
            assert phone(row["phone"], "LB").key == f"+{given_digits}"


@given(
    st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)),
    st.integers(0, 10**12),
    st.sampled_from(["", " ext. 7", " ext. 1234"]),
    st.booleans(),
)
def test_what_is_shown_is_read_back_as_the_same_everywhere(
    country: str, digits: int, extension: str, real: bool
) -> None:
    number = phonenumbers.example_number(country)
    national = str(digits) if number is None or not real else str(number.national_number)
    code = phonenumbers.country_code_for_region(country)
    try:
        first = phone(f"+{code} {national}{extension}", country)
    except ValueError:
        return
    assert len(first.text) <= MAX_LENGTH
    for place in (country, "US", "LB", ""):
        assert phone(first.text, place) == first


@given(
    st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)),
    st.from_regex(r"[0-9]{3,16}", fullmatch=True),
)
@example(code=7, rest="84955550101")  # with its trunk prefix, which no plain reading may keep
@example(code=1, rest="12025550147")
def test_a_plain_number_is_what_the_library_takes_it_for(code: int, rest: str) -> None:
    written = f"+{code} {rest[:3]} {rest[3:]}".strip()
    try:
        parsed = phonenumbers.parse(written)
        reason = phonenumbers.is_possible_number_with_reason(parsed)
        wanted = reason == phonenumbers.ValidationResult.IS_POSSIBLE and parsed.national_number
    except phonenumbers.NumberParseException:
        wanted = False
    try:
        found = phone(written, "LB")
    except ValueError:
        assert not wanted
    else:
        assert wanted
        assert found.key == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        shown = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        assert found.text == shown or shown.count(" ") + shown.count("-") == 1


@given(st.text(max_size=80), st.sampled_from(["LB", "EG", "FR", "US", "", "ZZ"]))
def test_no_text_fails_in_another_way_than_with_a_reason(text: str, country: str) -> None:
    with suppress(ValueError):
        assert phone(text, country).key.startswith("+")
