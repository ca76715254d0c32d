"""``dateline releases compare``, and what freezing and approving tell of the editions."""

from pathlib import Path

import pytest
from rich.console import Console

from cli.conftest import RELEASE_AR, Dateline

ARABIC = RELEASE_AR.replace(
    "خمس سنوات.", "خمس سنوات، كما قالت المنظمتان.\n\nوتُفتتح الموانئ الثلاثة الأولى في مارس، وفي كل منها طبيب."
)


@pytest.fixture
def telling(office: Path, dateline: Dateline) -> Path:
    """The office with a release whose Arabic edition has another number of years."""
    text = (office / "ports.en.txt").read_text("utf-8").replace("five years", "5 years")
    (office / "five.en.txt").write_text(text, "utf-8")
    (office / "five.ar.md").write_text(ARABIC.replace("خمس سنوات", "٧ سنوات"), "utf-8")
    assert dateline("releases", "import", "--slug", "five", "five.en.txt", "five.ar.md").code == 0
    return office


def test_what_differs_is_told_with_both_places(telling: Path, dateline: Dateline) -> None:
    told = dateline("releases", "compare", "five")
    assert told.code == 0
    assert "English and Arabic: 1 to look at" in told.out
    assert "“5 years” in the English edition (paragraph 1) is “٧ سنوات” in the Arabic edition" in told.out


def test_two_places_stand_side_by_side_where_the_window_allows_it(
    telling: Path, dateline: Dateline, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = {}
    for width in (120, 60):
        monkeypatch.setattr(
            "mailer.cli.release_compare.out", Console(width=width, soft_wrap=True, highlight=False)
        )
        lines = dateline("releases", "compare", "five").out.splitlines()
        heads[width] = [line for line in lines if "English, paragraph 1:" in line]
    assert "Arabic, paragraph 1:" in heads[120][0]
    assert "Arabic" not in heads[60][0]


def test_each_line_of_arabic_has_its_own_direction(telling: Path, dateline: Dateline) -> None:
    for line in dateline("releases", "compare", "five").out.splitlines():
        assert line.count("\u2068") == line.count("\u2069")
        assert "\u2068" in line or not any("\u0600" <= c <= "\u06ff" for c in line)


def test_freezing_and_approving_count_what_differs_and_go_on(telling: Path, dateline: Dateline) -> None:
    count = (
        "1 thing differs between the English and the Arabic edition: dateline releases compare five --version 1"
    )
    frozen = dateline("releases", "freeze", "five")
    assert (frozen.code, count in frozen.err) == (0, True)
    approved = dateline("releases", "approve", "five", "--organisation", "esrf")
    assert (approved.code, count in approved.err) == (0, True)
    assert "esrf has approved" in approved.err.casefold()


def test_a_frozen_version_is_compared_as_it_was_frozen(telling: Path, dateline: Dateline) -> None:
    dateline("releases", "freeze", "five")
    (telling / "five.ar.md").write_text(ARABIC, "utf-8")
    dateline("releases", "import", "--slug", "five", "five.ar.md")
    kinds = {
        words: [row["kind"] for row in dateline("releases", "compare", "five", *words, "--json").json()]
        for words in ((), ("--version", "1"))
    }
    assert kinds == {(): [], ("--version", "1"): ["figure"]}


def test_one_edition_has_nothing_to_be_compared_with(office: Path, dateline: Dateline) -> None:
    (office / "alone.txt").write_text((office / "ports.en.txt").read_text("utf-8"), "utf-8")
    dateline("releases", "import", "--slug", "alone", "alone.txt")
    told = dateline("releases", "compare", "alone")
    assert (told.code, told.out) == (0, "")
    assert "alone has one edition" in told.err
    assert "differ" not in dateline("releases", "freeze", "alone").err


def test_editions_that_say_the_same_are_told_to(office: Path, dateline: Dateline) -> None:
    (office / "same.md").write_text(ARABIC, "utf-8")
    dateline("releases", "import", "--slug", "same", "ports.en.txt", "same.md")
    told = dateline("releases", "compare", "same")
    assert (told.code, told.out) == (0, "")
    assert "Nothing was found that differs" in told.err
    assert dateline("releases", "compare", "same", "--json").json() == []


def test_a_release_that_is_not_there_is_refused(office: Path, dateline: Dateline) -> None:
    assert dateline("releases", "compare", "port").code == 1
    assert dateline("releases", "compare", "ports", "--version", "9").code == 1
