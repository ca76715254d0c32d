"""Media lists on the command line: looked at before they are used, and told with their reasons."""

from pathlib import Path

from cli.conftest import Dateline, database_of, logged
from mailer.contacts.lists import list_named
from mailer.contacts.models import MediaListQuery


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


def test_a_word_that_fits_nobody_today_is_told_wherever_a_list_is_used(planned: Path, dateline: Dateline) -> None:
    told = "“-tag:vip”: nobody has that tag now."
    assert f"look at this: {told}" in dateline("contacts", "list", "-tag:vip").err
    assert told in dateline("contacts", "search", "-tag:vip").err
    assert told in dateline("contacts", "export", "-tag:vip", "--format", "json").err
    assert told in dateline("lists", "preview", "--query", "-tag:vip").err
    assert f"List “Quiet”: {told}" in dateline("lists", "create", "Quiet", "--query", "city:Cairo -tag:vip").err
    assert told in dateline("lists", "show", "Quiet").err
    planned_wave = dateline("waves", "schedule", "ports", "--list", "Quiet", "--at", "2026-11-27 10:00", "--again")
    assert (planned_wave.code, told in planned_wave.err) == (0, True)


def test_a_list_with_a_query_that_is_not_understood_any_more_stops_what_needs_it_and_hides_no_other(
    planned: Path, dateline: Dateline
) -> None:
    with database_of(planned) as database, database.write() as session:
        desk = list_named(session, "Desk")
        desk.queries.append(MediaListQuery(query="city:Cairo organisation:gone"))
    dateline("lists", "create", "Cairo", "--query", "city:Cairo")
    told = dateline("lists", "list", "--json")
    assert [(row["list"], row["contacts"]) for row in told.json()] == [("Cairo", 4), ("Desk", None)]
    broken = "“Desk”: its query city:Cairo organisation:gone is wrong at character 25, “gone”"
    assert broken in told.err
    for command in (
        ("lists", "show", "Desk"),
        ("waves", "schedule", "ports", "--list", "Desk", "--at", "embargo"),
    ):
        told = dateline(*command)
        assert (told.code, broken in told.err) == (1, True)
    told = dateline("waves", "show", "2")
    assert (told.code, "whether the list has changed since is not known" in told.err) == (0, True)
    change = ("lists", "change", "Desk", "--remove-query", "city:Cairo organisation:gone")
    assert dateline(*change).code == 0


def test_of_several_queries_that_are_not_understood_any_more_one_after_another_is_mended(
    planned: Path, dateline: Dateline
) -> None:
    first, second = "organisation:gone", "organisation:lost"
    with database_of(planned) as database, database.write() as session:
        desk = list_named(session, "Desk")
        desk.queries += [MediaListQuery(query=first), MediaListQuery(query=second)]
    mend = ("lists", "change", "Desk", "--remove-query", first)
    told = dateline(*mend, "--dry-run")
    assert (told.code, "cannot be told. Nothing was changed." in told.err) == (0, True)
    told = dateline(*mend)
    assert (told.code, "is changed: who is on it cannot be told yet" in told.err, second in told.err) == (
        0,
        True,
        True,
    )
    told = dateline("lists", "change", "Desk", "--remove-query", second)
    assert (told.code, "is changed: it has" in told.err) == (0, True)


def test_a_list_is_archived_when_its_waves_have_gone_and_no_new_one_goes_to_it(
    planned: Path, dateline: Dateline
) -> None:
    told = dateline("lists", "archive", "Desk")
    assert (told.code, "used by wave 1, 2, still to open" in told.err) == (1, True)
    for wave in ("1", "2"):
        assert dateline("waves", "cancel", wave).code == 0
    assert "archived" in dateline("lists", "archive", "Desk").err
    assert "lists archive" in dateline("lists", "delete", "Desk").err
    assert dateline("lists", "list", "--json").json() == []
    (row,) = dateline("lists", "list", "--archived", "--json").json()
    assert (row["list"], row["contacts"], row["archived_at"][:10]) == ("Desk", 4, "2026-11-24")
    assert "Desk" in dateline("lists", "list", "--archived").out
    schedule = ("waves", "schedule", "ports", "--list", "Desk", "--at", "embargo")
    told = dateline(*schedule)
    assert (told.code, "lists restore “Desk”" in told.err) == (1, True)
    assert "4 contacts" in dateline("lists", "restore", "Desk").err
    assert dateline(*schedule).code == 0


def test_who_was_merged_leads_to_the_one_who_is_kept_and_that_is_said(office: Path, dateline: Dateline) -> None:
    people = {c["name"]: c["contact"] for c in dateline("contacts", "list", "--json").json()}
    kept, merged = people["Hagop Terzian"], people["Nour Haddad"]
    assert dateline("contacts", "merge", str(kept), str(merged)).code == 0
    told = dateline("lists", "create", "Merged", "--member", str(merged))
    assert f"Contact {merged} was merged into contact {kept}, Hagop Terzian: that one is meant." in told.err
    assert [c["contact"] for c in dateline("lists", "show", "Merged", "--json").json()] == [kept]
    told = dateline("lists", "change", "Desk", "--remove", str(merged), "--dry-run")
    assert "1 would go: Hagop Terzian" in told.err


def test_a_broken_list_is_told_once_however_many_name_it(office: Path, dateline: Dateline) -> None:
    dateline("lists", "create", "Inner", "--query", "city:Beirut")
    for name in ("First", "Second"):
        dateline("lists", "create", name, "--query", "list:Inner")
    with database_of(office) as database, database.write() as session:
        list_named(session, "Inner").queries[0].query = "who:Haddad"
    told = dateline("lists", "list")
    assert told.code == 0
    assert told.err.count("It cannot be told who is on the media list “Inner”") == 1
