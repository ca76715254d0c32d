"""``dateline report approvals``, ``versions``, ``lists`` and ``reads``: in every format, and noted themselves."""

from pathlib import Path

import pytest

from cli.conftest import RELEASE_EN, Dateline
from cli.test_json_reference import TYPES, documented, printed

NOUR = "nour@courier.example"


@pytest.fixture
def changed(office: Path, dateline: Dateline) -> Path:
    """With a second version, and a list that was changed."""
    (office / "ports.en.txt").write_text(RELEASE_EN.replace("five years", "6 years"), "utf-8")
    dateline("releases", "import", "--slug", "ports", "ports.en.txt")
    dateline("releases", "freeze", "ports")
    dateline("lists", "change", "Desk", "--exclude", NOUR)
    dateline("contacts", "show", NOUR)
    return office


def test_each_question_is_answered_in_each_format(changed: Path, dateline: Dateline) -> None:
    for words, told in (
        (("approvals", "ports"), "ESRF"),
        (("versions", "ports"), "five"),
        (("lists", "Desk"), "kept off it"),
        (("lists", "--contact", NOUR, "--since", "2026-11-24"), "Nour Haddad"),
        (("reads", "--contact", NOUR), "contacts show"),
    ):
        answer = dateline("report", *words)
        assert (answer.code, told in answer.out) == (0, True), answer
        assert told in dateline("report", *words, "--format", "csv").out
        assert dateline("report", *words, "--json").json()["rows"]
        assert dateline("report", *words, "--output", "answer.xlsx", "--force").code == 0
        in_arabic = dateline("report", *words, "--language", "ar")
        assert (in_arabic.code, "أُعدّ في" in in_arabic.out) == (0, True)


@pytest.mark.parametrize(
    "words",
    [("approvals", "ports"), ("versions", "ports"), ("lists", "Desk"), ("reads",)],
    ids=lambda words: words[0],
)
def test_json_has_the_fields_and_types_that_are_documented(
    changed: Path, dateline: Dateline, words: tuple[str, ...]
) -> None:
    document = dateline("report", *words, "--json").json()
    fields = documented()[f"report {words[0]}"]
    assert document["rows"]
    assert {f for f in printed(document) if not f.startswith("figures.")} | {
        "seal.at",
        "seal.root",
        "seal.size",
    } == set(fields)
    for row in document["rows"]:
        for field, value in row.items():
            kind = fields[f"rows[].{field}"].strip()
            assert (value is None and kind in ("number", "time")) or isinstance(value, TYPES[kind]), field


def test_asking_who_looked_is_a_look_too(changed: Path, dateline: Dateline) -> None:
    dateline("report", "reads", "--contact", NOUR)
    rows = dateline("report", "reads", "--contact", NOUR, "--json").json()["rows"]
    assert [row["question"] for row in rows][-2:] == ["contacts show", "report reads"]


def test_what_is_not_known_is_refused(changed: Path, dateline: Dateline) -> None:
    assert dateline("report", "approvals", "prots").code == 1
    assert dateline("report", "lists", "No such list").code == 1
    assert dateline("report", "reads", "--contact", "Nobody").code == 1
    assert dateline("report", "versions", "ports", "--from", "2", "--to", "2").code == 2
    assert dateline("report", "versions", "ports", "--from", "9").code == 1
    assert dateline("report", "reads", "--actor", "nobody", "--json").json()["rows"] == []
