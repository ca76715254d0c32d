"""``dateline releases check``, and what freezing tells of it."""

from datetime import timedelta
from pathlib import Path

import pytest
from newsroom import TestClock

from cli.conftest import RELEASE_AR, Dateline, logged


@pytest.fixture
def unfinished(office: Path, dateline: Dateline) -> Path:
    """The office with a release that has a blank in each language, and a dead link."""
    text = (office / "ports.en.txt").read_text("utf-8").replace("five years", "XX years")
    (office / "blank.en.txt").write_text(text, "utf-8")
    arabic = RELEASE_AR.replace("خمس سنوات.", "خمس سنوات، كما قال [الاسم]، [هنا](#notes).")
    (office / "blank.ar.md").write_text(arabic, "utf-8")
    assert dateline("releases", "import", "--slug", "blank", "blank.en.txt", "blank.ar.md").code == 0
    return office


def test_each_is_told_with_its_place_its_words_and_what_to_do(unfinished: Path, dateline: Dateline) -> None:
    told = dateline("releases", "check", "blank")
    assert (told.code, told.err) == (0, "")
    lines = [line.strip() for line in told.out.splitlines() if line]
    assert lines[lines.index("English: 1 to look at") :] == [
        "English: 1 to look at",
        "1. “XX” looks like something that is still to be filled in.",
        "paragraph 1: Help begins at the quay. It takes XX years, said the two organisations.",
        "Write what belongs there, or take it out.",
    ]
    assert "Arabic: 2 to look at" in lines


def test_each_line_of_arabic_has_its_own_direction(unfinished: Path, dateline: Dateline) -> None:
    for line in dateline("releases", "check", "blank").out.splitlines():
        assert line.count("\u2068") == line.count("\u2069")
        assert "\u2068" in line or not any("\u0600" <= c <= "\u06ff" for c in line)


def test_programs_get_the_same(unfinished: Path, dateline: Dateline) -> None:
    rows = dateline("releases", "check", "blank", "--json").json()
    assert [(row["language"], row["kind"], row["place"]["number"]) for row in rows] == [
        ("ar", "placeholder", 1),
        ("ar", "link", 1),
        ("en", "placeholder", 1),
    ]


def test_freezing_counts_them_and_goes_on(unfinished: Path, dateline: Dateline) -> None:
    frozen = dateline("releases", "freeze", "blank")
    count = "3 things in the text or its mail: dateline releases check blank --version 1"
    assert (frozen.code, count in frozen.err) == (0, True)
    (unfinished / "blank.en.txt").write_text((unfinished / "ports.en.txt").read_text("utf-8"), "utf-8")
    dateline("releases", "import", "--slug", "blank", "blank.en.txt")
    assert len(dateline("releases", "check", "blank", "--json").json()) == 2
    assert len(dateline("releases", "check", "blank", "--version", "1", "--json").json()) == 3
    assert "2 things in the text" in dateline("releases", "freeze", "blank").err


def test_a_release_without_any_is_told_to_have_none(office: Path, dateline: Dateline) -> None:
    told = dateline("releases", "check", "ports")
    assert (told.code, told.out) == (0, "")
    assert "Nothing was found to look at" in told.err
    assert dateline("releases", "check", "ports", "--json").json() == []
    assert "in the text or its mail" not in dateline("releases", "freeze", "ports").err


def test_an_embargo_that_ran_out_after_freezing_is_none_to_look_at(
    office: Path, dateline: Dateline, clock: TestClock
) -> None:
    clock.pass_time(timedelta(days=3))
    rows = dateline("releases", "check", "ports", "--json").json()
    assert [(row["kind"], row["language"], row["place"]["part"]) for row in rows] == [("embargo", "", "embargo")]
    assert dateline("releases", "check", "ports", "--version", "1", "--json").json() == []


def test_a_broken_template_is_told_and_keeps_no_text_from_being_frozen(office: Path, dateline: Dateline) -> None:
    (office / "templates" / "frame.html").write_text("{% if %}", "utf-8")
    rows = dateline("releases", "check", "ports", "--json").json()
    assert [row["kind"] for row in rows] == ["mail"]
    assert "frame.html, line 1" in rows[0]["text"]
    assert dateline("releases", "freeze", "ports").code == 0


def test_looking_changes_nothing(unfinished: Path, dateline: Dateline) -> None:
    before = logged(unfinished)
    dateline("releases", "check", "blank")
    assert logged(unfinished) == before


def test_what_is_not_there_is_refused(office: Path, dateline: Dateline) -> None:
    assert dateline("releases", "check", "port").code == 1
    assert dateline("releases", "check", "ports", "--version", "9").code == 1
