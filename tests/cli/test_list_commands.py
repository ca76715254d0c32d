"""Media lists on the command line: looked at before they are used, and told with their reasons."""

from pathlib import Path

from cli.conftest import Dateline, logged


def test_people_are_found_by_their_words_in_either_script(office: Path, dateline: Dateline) -> None:
    assert [c["name"] for c in dateline("contacts", "search", "nour", "hadd", "--json").json()] == ["Nour Haddad"]
    assert [c["name"] for c in dateline("contacts", "search", "حداد", "--json").json()] == ["Nour Haddad"]
    told = dateline("contacts", "search", "kind:journalist", "--limit", "1")
    assert (told.code, "more than 1" in told.err) == (0, True)
    assert "Nobody found" in dateline("contacts", "search", "zzzz").err
    assert "character 1" in dateline("contacts", "search", "/%").err
    assert "were made anew" in dateline("contacts", "reindex").err


def test_a_preview_and_a_dry_run_change_nothing(office: Path, dateline: Dateline) -> None:
    before = logged(office)
    told = dateline(
        "lists", "preview", "--query", "city:Beirut kind:journalist", "--query", "city:Cairo", "--json"
    )
    assert told.json()["contacts"] == len(told.json()["sample"]) >= 4
    assert "of whom these are 1" in dateline("lists", "preview", "--query", "kind:journalist", "--sample", "1").err
    told = dateline("lists", "change", "Desk", "--remove", "nour@courier.example", "--dry-run")
    assert "0 would come" in told.err
    assert "1 would go: Nour Haddad" in told.err
    assert logged(office) == before
    assert len(dateline("lists", "show", "Desk", "--json").json()) == 4


def test_a_list_tells_why_and_is_renamed_copied_and_deleted(office: Path, dateline: Dateline) -> None:
    dateline("lists", "change", "Desk", "--exclude", "nour@courier.example")
    why = {row["name"]: row for row in dateline("lists", "show", "Desk", "--why", "--json").json()}
    assert why["Nour Haddad"]["kept_off"] == ["by hand"]
    assert why["Hagop Terzian"]["because"] == ["kind:journalist"]
    assert dateline("lists", "rename", "Desk", "Newsdesk").code == 0
    assert "3 contacts" in dateline("lists", "copy", "Newsdesk", "Other").err
    assert dateline("lists", "delete", "Other").code == 0
    assert [row["list"] for row in dateline("lists", "list", "--json").json()] == ["Newsdesk"]


def test_a_list_that_a_wave_went_to_stays(planned: Path, dateline: Dateline) -> None:
    told = dateline("lists", "delete", "Desk")
    assert (told.code, "used by wave 1, 2" in told.err) == (1, True)
