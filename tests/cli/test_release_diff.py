"""``dateline releases diff``: readable without colours, in Arabic as in English."""

from pathlib import Path

import pytest

from cli.conftest import RELEASE_AR, RELEASE_EN, Dateline
from mailer.cli.release_diff import marked
from mailer.releases.wording import compare_words


@pytest.fixture
def changed(office: Path, dateline: Dateline) -> Path:
    """With a second version: a figure in English, a word in Arabic, another embargo; and a third without a doctor."""
    english = RELEASE_EN.replace("five years", "6 years")
    (office / "ports.en.txt").write_text(english, "utf-8")
    (office / "ports.ar.md").write_text(RELEASE_AR.replace("خمس سنوات", "ست سنوات"), "utf-8")
    dateline("releases", "import", "--slug", "ports", "ports.en.txt", "ports.ar.md")
    dateline("releases", "embargo", "ports", "--at", "2026-11-25 15:00", "--zone", "Asia/Beirut")
    dateline("releases", "freeze", "ports")
    (office / "ports.en.txt").write_text(english.replace(", and each of them has a doctor", ""), "utf-8")
    dateline("releases", "import", "--slug", "ports", "ports.en.txt")
    dateline("releases", "freeze", "ports")
    return office


def test_the_latest_version_is_compared_with_the_one_before(changed: Path, dateline: Dateline) -> None:
    told = dateline("releases", "diff", "ports")
    assert told.code == 0
    assert told.out.startswith("ports, version 2 → 3\n")
    assert "en paragraph 2: changed" in told.out
    assert "in March[-, and each of them has a doctor-]." in told.out
    assert "1 parts differ" in told.err


def test_any_two_versions_are_compared(changed: Path, dateline: Dateline) -> None:
    told = dateline("releases", "diff", "ports", "--from", "1", "--to", "2")
    assert "embargo: changed" in told.out
    assert "It takes [-five-] [+6+] years" in told.out
    assert "figures that came: 6\n" in told.out
    # Each mark keeps its words together, whichever way the terminal writes.
    assert "[-\u2068خمس\u2069-] [+\u2068ست\u2069+]" in told.out
    back = dateline("releases", "diff", "ports", "--from", "2", "--to", "1", "--json").json()
    assert (back["from"], back["to"]) == (2, 1)
    assert ["6"] in [one["figures_removed"] for one in back["differences"]]


def test_what_cannot_be_compared_is_told(office: Path, dateline: Dateline) -> None:
    told = dateline("releases", "diff", "ports")
    assert (told.code, "has not got a version before version 1" in told.err) == (1, True)
    assert dateline("releases", "diff", "ports", "--from", "7").code == 1
    assert dateline("releases", "diff", "ports", "--from", "1", "--to", "1").code == 2
    assert dateline("releases", "diff", "prots").code == 1


def test_what_would_turn_or_hide_the_text_is_shown() -> None:
    told = marked(compare_words("Port opens", "Port\u202e opens\x1b[2J").runs).plain
    assert "\u202e" not in told
    assert "\x1b" not in told
    assert "\N{REPLACEMENT CHARACTER}" in told
