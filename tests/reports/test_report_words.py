"""Everything that a report says is translated, and its values stand where and how they should."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from mailer.reports.report import Kind
from mailer.reports.values import clock_length
from mailer.reports.words import LANGUAGES, Named, Words, said, seen

ROOM = Path(__file__).parents[2] / "mailer" / "reports"


def messages() -> set[str]:
    """What is given to ``said`` anywhere in the room."""
    found = extract_from_dir(ROOM, method_map=[("**.py", "python")], keywords={"said": None})
    return {message for _, _, message, _, _ in found if isinstance(message, str)}


def catalogue(language: str) -> Mapping[str, str]:
    with (ROOM / "locale" / language / "LC_MESSAGES" / "templates.po").open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id}


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_everything_is_translated_and_nothing_else_is(language: str) -> None:
    told = catalogue(language)
    assert set(told) == messages()
    assert all(told.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_value_keeps_its_place_and_its_direction(language: str) -> None:
    words = Words(language, "Asia/Beirut")
    text = words.say(said("Before %(until)s.", until=datetime(2026, 11, 24, 12, tzinfo=timezone(timedelta(0)))))
    value = "2026-11-24 14:00:00 UTC+2"
    assert (f"\u2068{value}\u2069" if language == "ar" else value) in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines", "two lines"),
        ("a\u202eb", "a\ufffdb"),
        ("a\x00b\x1b[1m", "a\ufffdb\ufffd[1m"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\ud800", "\ufffd"),
    ],
)
def test_what_cannot_be_seen_is_shown(text: str, shown: str) -> None:
    assert seen(text) == shown
    assert Words("en", "UTC").show(text) == shown


def test_a_city_has_its_name_in_each_language() -> None:
    cairo = Named({"en": "Cairo", "ar": "القاهرة", "fr": ""})
    assert [Words(language, "UTC").show(cairo) for language in LANGUAGES] == ["Cairo", "القاهرة", "Cairo"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00:00.0"),
        (4.25, "0:00:04.2"),
        (59.96, "0:01:00.0"),
        (3661, "1:01:01.0"),
        (-0.01, "0:00:00.0"),
        (-61, "-0:01:01.0"),
    ],
)
def test_a_length_of_time_is_read_as_hours_minutes_and_seconds(seconds: float, text: str) -> None:
    assert clock_length(seconds) == text


def test_a_kind_of_value_is_its_text() -> None:
    assert str(Kind.INSTANT) == "instant"
