"""``dateline beats`` and ``dateline outlets``, as they are typed."""

from pathlib import Path

import pytest

from cli.conftest import Dateline, logged


def test_beats_are_listed_with_how_many_cover_them(office: Path, dateline: Dateline) -> None:
    beats = {beat["beat"]: beat for beat in dateline("beats", "list", "--json").json()}
    assert beats["migration"]["contacts"] == 2
    assert beats["refugees"]["mediatopic"] == "20000645"
    assert beats["health"]["whose"] == "dateline"
    assert "migration" in dateline("beats", "list").out
    assert "الهجرة" in dateline("beats", "list", "--csv").out


def test_an_own_beat_is_added_once(office: Path, dateline: Dateline) -> None:
    told = dateline("beats", "add", "port-life", "--name", "Port life", "--fr", "Vie portuaire")
    assert (told.code, told.out) == (0, "")
    beats = {beat["beat"]: beat for beat in dateline("beats", "list", "--json").json()}
    assert beats["port-life"]["whose"] == "office"
    again = dateline("beats", "add", "ports", "--name", "Vie Portuaire")
    assert again.code == 1
    assert "is the name of a beat already (port-life)" in again.err
    assert dateline("beats", "add", "Port Life", "--name", "x").code == 1


def test_outlets_are_listed_and_shown(office: Path, dateline: Dateline) -> None:
    outlets = {o["outlet"]: o for o in dateline("outlets", "list", "--json").json()}
    assert outlets["Levant Courier"] == {"outlet": "Levant Courier", "type": "", "contacts": 2}
    shown = dateline("outlets", "show", "levant courier")
    assert "Levant Courier (type not known)" in shown.out
    assert "Nour Haddad" in shown.out
    assert dateline("outlets", "show", "Levant Courrier").err.endswith("Did you mean Levant Courier?\n")


@pytest.mark.parametrize("word", ["newspaper", "جريدة", "quotidien"])
def test_the_type_is_said_in_any_language(office: Path, dateline: Dateline, word: str) -> None:
    assert dateline("outlets", "set-type", "Levant Courier", word).code == 0
    assert dateline("outlets", "show", "Levant Courier", "--json").json()["type"] == "newspaper"
    assert "already" in dateline("outlets", "set-type", "Levant Courier", word).err


def test_an_unknown_type_is_refused_with_those_there_are(office: Path, dateline: Dateline) -> None:
    told = dateline("outlets", "set-type", "Levant Courier", "zeppelin")
    assert told.code == 1
    assert "There is: agency, newspaper" in told.err


def test_a_merge_is_tried_before_it_is_done(office: Path, dateline: Dateline) -> None:
    before = logged(office)
    told = dateline("outlets", "merge", "Levant Courier", "Cedar Ledger", "--dry-run")
    assert told.err == "1 contacts would move from Cedar Ledger to Levant Courier.\nNothing was changed.\n"
    assert logged(office) == before
    assert dateline("outlets", "merge", "Levant Courier", "Cedar Ledger").code == 0
    assert dateline("outlets", "show", "Cedar Ledger").code == 1
    assert len(dateline("outlets", "show", "Levant Courier", "--json").json()["staff"]) == 3


def test_an_outlet_is_renamed(office: Path, dateline: Dateline) -> None:
    told = dateline("outlets", "rename", "Cedar Ledger", "The Cedar Ledger")
    assert told.err == "Cedar Ledger is called The Cedar Ledger now.\n"
    assert dateline("outlets", "rename", "The Cedar Ledger", "Levant Courier").code == 1
