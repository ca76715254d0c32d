"""``dateline contacts retention``: off by default, and asks before it does anything."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from builders import NOON, make_contact

from cli.conftest import Dateline, database_of
from mailer.config import config_file


@pytest.fixture
def aged(office: Path) -> Path:
    """With somebody whom nobody has used for four years."""
    with database_of(office) as database, database.write() as session:
        make_contact(session, "Unused Person").added_at = NOON - timedelta(days=1500)
    return office


def rule(office: Path, line: str) -> None:
    settings = config_file(office)
    key = line.partition(" = ")[0]
    settings.write_text(settings.read_text("utf-8").replace(f'{key} = ""', line), "utf-8")


def test_nothing_goes_unless_a_rule_says_so(aged: Path, dateline: Dateline) -> None:
    told = dateline("contacts", "retention", "--yes")
    assert (told.code, told.out) == (0, "")
    assert "No rule is set" in told.err
    assert "Unused Person" in dateline("contacts", "list").out


def test_a_dry_run_lists_who_would_go_and_why(aged: Path, dateline: Dateline) -> None:
    rule(aged, 'erase_unused_after = "3y"')
    told = dateline("contacts", "retention", "--dry-run")
    assert "Unused Person" in told.out
    assert "not added, verified or sent anything for 1095 days" in told.out
    assert "1 people to be erased" in told.err
    assert "Nothing was changed." in told.err
    assert "Unused Person" in dateline("contacts", "list").out


@pytest.mark.parametrize(("answer", "code"), [("yes\n", 0), ("", 1), ("no\n", 1)])
def test_it_asks_first(
    aged: Path, dateline: Dateline, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    rule(aged, 'erase_unused_after = "3y"')
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    assert dateline("contacts", "retention").code == code
    assert ("Unused Person" in dateline("contacts", "list").out) is bool(code)


@pytest.mark.parametrize("age", ["3", "3m", "29d", "0y", "1000y", "-1y", "1h"])
def test_an_age_that_is_none_or_too_short_is_refused(aged: Path, dateline: Dateline, age: str) -> None:
    rule(aged, f'erase_unused_after = "{age}"')
    told = dateline("contacts", "retention", "--yes")
    assert told.code == 1
    assert "privacy.erase_unused_after" in told.err
    assert "30 days or more" in told.err
