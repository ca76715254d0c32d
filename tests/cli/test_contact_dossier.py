"""``dateline contacts dossier``: JSON or a page, whole, and noted in the log."""

import json
import stat
from pathlib import Path

import pytest

from cli.conftest import Dateline, logged

NOUR = "nour@courier.example"


def test_json_goes_to_stdout_and_is_noted(planned: Path, dateline: Dateline) -> None:
    before = logged(planned)
    told = dateline("contacts", "dossier", NOUR)
    document = json.loads(told.out)
    assert (told.code, document["name"], len(document["deliveries"])) == (0, "Nour Haddad", 2)
    assert document["made_at"] == "2026-11-24T12:00:00.000000Z"
    assert logged(planned) == before + 1
    assert (
        dateline("log", "list", "--event", "contact.disclosed", "--json").lines()[0]["contact"]
        == document["contact"]
    )


@pytest.mark.parametrize(
    ("language", "heading"), [("en", "What we hold on"), ("ar", "ما لدينا عن"), ("fr", "Ce que")]
)
def test_a_page_is_written_in_each_language(
    planned: Path, dateline: Dateline, language: str, heading: str
) -> None:
    told = dateline("contacts", "dossier", NOUR, "--html", "--language", language, "--output", "nour.html")
    assert (told.code, told.out) == (0, "")
    assert heading in Path("nour.html").read_text("utf-8")
    assert stat.S_IMODE(Path("nour.html").stat().st_mode) == 0o600
    assert dateline("contacts", "dossier", NOUR, "--output", "nour.html").code == 1


def test_what_cannot_be_is_refused_and_not_noted(planned: Path, dateline: Dateline) -> None:
    before = logged(planned)
    assert dateline("contacts", "dossier", "Nobody").code == 1
    assert "--language cannot be xx" in dateline("contacts", "dossier", NOUR, "--language", "xx").err
    assert logged(planned) == before
