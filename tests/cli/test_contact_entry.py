"""Somebody is taken in and changed by hand, and every refusal names the option that it is about."""

from pathlib import Path

import pytest

from cli.conftest import Dateline

NOUR = "nour@courier.example"
RIM = ("contacts", "add", "Rim Khoury", "--address", "rim@wave.example", "--city", "بيروت", "--language", "Arabic")


def test_who_is_added_has_all_that_was_said_of_her(office: Path, dateline: Dateline) -> None:
    told = dateline(
        *RIM,
        *("--language", "fr", "--name-ar", "ريم خوري", "--given", "Rim", "--family", "Khoury"),
        *("--phone", "01 555 0177", "--outlet", "Radio Wave (producer)", "--beat", "الهجرة", "--tag", "Board"),
        *("--salutation", "fr: Chère Rim", "--source", "her card", "--basis", "consent"),
        *("--basis-since", "2026-01-05", "--address", "rim.khoury@home.example"),
    )
    assert told.code == 0, told.err
    assert "Rim Khoury is contact" in told.err
    line = dateline("contacts", "export", "tag:board", "--format", "json").out
    for value in ("rim@wave.example", "rim.khoury@home.example", "+961 1 555 0177", "Radio Wave", "producer"):
        assert value in line
    assert '"basis": "consent"' in line
    assert "Chère Rim" in line
    (entry,) = [e for e in dateline("log", "list", "--json").lines() if e["event"] == "contact.added"][-1:]
    assert (entry["data"], "rim" in str(entry).casefold()) == ({}, False)


def test_a_dry_run_says_field_by_field_what_would_change(office: Path, dateline: Dateline) -> None:
    before = dateline("contacts", "show", NOUR, "--json").json()
    told = dateline("contacts", "change", NOUR, "--city", "Cairo", "--beat", "health", "--dry-run")
    assert told.code == 0, told.err
    assert "city Beirut (LB) → Cairo (EG)" in told.err
    assert "beats migration → health; migration" in told.err
    assert told.err.rstrip().endswith("Nothing was changed.")
    assert dateline("contacts", "show", NOUR, "--json").json() == before
    assert "is changed" in dateline("contacts", "change", NOUR, "--city", "Cairo", "--beat", "health").err
    assert dateline("contacts", "show", NOUR, "--json").json()["city"] == "Cairo"
    assert "all that is so" in dateline("contacts", "change", NOUR, "--city", "Cairo").err
    told = dateline(*RIM, "--dry-run")
    assert (told.code, "address (empty) → rim@wave.example" in told.err) == (0, True)
    assert dateline("contacts", "show", "rim@wave.example").code == 1


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--city", "Nirgendheim", "--city “Nirgendheim”"),
        ("--address", "nobody", "--address “nobody”"),
        ("--language", "klingonish", "--language “klingonish”"),
        ("--beat", "flying kites", "--beat “flying kites”"),
        ("--phone", "0", "--phone “0”"),
        ("--basis", "because", "--basis “because”"),
        ("--basis-since", "5/1/2026", "--basis-since “5/1/2026”"),
        ("--basis-since", "2999-01-01", "still to come"),
        ("--salutation", "Dear Nour", "--salutation"),
        ("--salutation", "de: Liebe Nour", "she does not read de"),
        ("--organisation", "nobody", "--organisation “nobody”"),
        ("--title", "=cmd|x", "spreadsheet's formula"),
        ("--tag", "x" * 61, "cannot be a tag"),
        ("--name", "", "--name: it is empty"),
        ("--given", "a\x07b", "control character"),
        ("--outlet", "()", "is not an outlet"),
        ("--remove-beat", "health", "--remove-beat “health”: she has not got it"),
        ("--remove-address", NOUR, "--remove-address “nour@courier.example”: it is the only one"),
        ("--clear", "address", "--clear cannot be address"),
        ("--clear", "language", "--language: it is empty"),
    ],
)
def test_what_cannot_be_taken_names_its_option_and_changes_nothing(
    office: Path, dateline: Dateline, option: str, value: str, reason: str
) -> None:
    before = dateline("contacts", "export", "--format", "json").out
    told = dateline("contacts", "change", NOUR, option, value)
    assert (told.code, reason in told.err) == (1, True), told.err
    assert "\x07" not in told.err
    assert dateline("contacts", "export", "--format", "json").out == before


def test_several_problems_are_told_together(office: Path, dateline: Dateline) -> None:
    told = dateline("contacts", "change", NOUR, "--city", "Nirgendheim", "--basis", "because")
    assert (told.code, "--city “Nirgendheim”" in told.err, "--basis “because”" in told.err) == (1, True, True)
    # Each remedy says to which it belongs.
    assert "\n--city: Write" in told.err
    assert "\n--basis: Write one of: consent" in told.err


def test_an_address_that_somebody_has_is_refused_with_her_name(office: Path, dateline: Dateline) -> None:
    told = dateline(
        "contacts", "add", "Rim", "--address", "HAGOP@ledger.example", "--city", "Cairo", "--language", "en"
    )
    assert (told.code, "Hagop Terzian, has it" in told.err) == (1, True), told.err
    told = dateline("contacts", "change", NOUR, "--address", "hagop@ledger.example")
    assert (told.code, "contacts merge" in told.err) == (1, True), told.err


def test_who_was_erased_comes_back_only_at_her_own_wish(office: Path, dateline: Dateline) -> None:
    assert dateline(*RIM).code == 0
    assert dateline("contacts", "erase", "rim@wave.example", "--yes").code == 0
    told = dateline(*RIM)
    assert (told.code, "--again" in told.err) == (1, True), told.err
    told = dateline(*RIM, "--again")
    assert (told.code, "--source" in told.err) == (1, True), told.err
    words = (*RIM, "--again", "--source", "her letter of 2 November", "--basis", "consent")
    assert dateline(*words, "--dry-run").code == 0
    assert "contact.readmitted" not in dateline("log", "list", "--json").out
    assert dateline(*words).code == 0
    (entry,) = [e for e in dateline("log", "list", "--json").lines() if e["event"] == "contact.readmitted"]
    assert (entry["data"], entry["contact"]) == (
        {"addresses": 1},
        dateline("contacts", "show", "rim@wave.example", "--json").json()["contact"],
    )
    # The bar is lifted: the next list brings her up to date as anybody.
    (office / "list.csv").write_text(
        "name,address,city,languages\nRim Khoury,rim@wave.example,Cairo,ar\n", "utf-8"
    )
    assert "1 changed" in dateline("contacts", "import", "list.csv").err


def test_what_is_needed_of_somebody_new_is_asked_for(office: Path, dateline: Dateline) -> None:
    assert dateline("contacts", "add", "Rim", "--address", "rim@wave.example", "--city", "Beirut").code == 2
