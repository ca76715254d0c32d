"""A language is known by its code and by its name in English, Arabic, French and in itself."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.contacts.language_names import language_code


@pytest.mark.parametrize(
    ("text", "code"),
    [("ar", "ar"), ("AR", "ar"), (" ar ", "ar"), ("ar-EG", "ar-EG"), ("ar_eg", "ar-EG"), ("es-419", "es-419"),
     ("iw", "he"), ("ara", "ar"), ("fra", "fr"), ("eng", "en"), ("ckb", "ckb"),
     ("Arabic", "ar"), ("العربية", "ar"), ("عربية", "ar"), ("عربي", "ar"), ("arabe", "ar"), ("ARABE", "ar"),
     ("English", "en"), ("الإنجليزية", "en"), ("انجليزي", "en"), ("anglais", "en"),
     ("French", "fr"), ("Français", "fr"), ("francais", "fr"), ("الفرنسية", "fr"),
     ("Spanish", "es"), ("español", "es"), ("espagnol", "es"), ("Deutsch", "de"), ("italiano", "it"),
     ("Türkçe", "tr"), ("فارسی", "fa"), ("Farsi", "fa"), ("Русский", "ru"), ("中文", "zh"), ("Kiswahili", "sw"),
     ("Հայերեն", "hy"), ("Arabic (Egypt)", "ar-EG"), ("français (Suisse)", "fr-CH"),
     ("العربية (مصر)", "ar-EG")],
)  # fmt: skip
def test_a_language_is_known_by_code_and_by_name(text: str, code: str) -> None:
    assert language_code(text) == code


@pytest.mark.parametrize(
    "text", ["", "xx", "ar-XX", "Klingonese", "zh-Hant", "arabic english", "a", "ar\x00", "x" * 9999]
)
def test_what_is_no_language_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        language_code(text)


@given(st.text(max_size=20))
def test_a_code_is_its_own_code(text: str) -> None:
    with suppress(ValueError):
        code = language_code(text)
        assert language_code(code) == code
