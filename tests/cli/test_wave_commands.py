"""``dateline waves``, as it is typed: every refusal of a plan, and every way to stop and go on."""

from datetime import timedelta
from pathlib import Path

import pytest
from builders import DESK, NOON, make_contact
from newsroom import TestClock

from cli.conftest import Dateline, database_of, end, logged
from mailer.contacts.suppression import suppress
from mailer.schedule.models import DeliveryState
from mailer.schedule.waves import cancel_stale, wave_numbered

SCHEDULE = ("waves", "schedule", "ports", "--list", "Desk")
TOKYO = ("--at", "2026-11-25 21:00", "--zone", "Asia/Tokyo")
AT = ("--at", "2026-11-26 10:00")


def waves(dateline: Dateline) -> list[tuple[object, object]]:
    return [(wave["wave"], wave["state"]) for wave in dateline("waves", "list", "--json").json()]


def test_a_plan_says_when_to_whom_and_who_is_left_out(office: Path, dateline: Dateline) -> None:
    told = dateline(*SCHEDULE, "--under-embargo", "--at", "2026-11-24 15:00")
    assert told.code == 0
    assert "Wave 1: an under-embargo wave of ports, version 1" in told.out
    assert "goes out 2026-11-24 15:00 Asia/Beirut (UTC+2; 2026-11-24 13:00 UTC)" in told.out
    assert "to 2 contacts of “Desk”: 1 in ar, 1 in en" in told.out
    assert "left out: 2 have not accepted the embargo terms" in told.err
    assert "Hagop Terzian, Beirut: no-embargo-terms" in told.err
    assert waves(dateline) == [(1, "scheduled")]


def test_a_dry_run_of_a_plan_schedules_nothing(office: Path, dateline: Dateline) -> None:
    before = logged(office)
    told = dateline(*SCHEDULE, "--at", "embargo", "--dry-run")
    assert told.code == 0
    assert "It would be a public wave" in told.out
    assert "to 4 contacts" in told.out
    assert "Nothing was scheduled." in told.err
    assert waves(dateline) == []
    assert logged(office) == before


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (("--at", "2026-11-25 13:59"), 1, "would break the embargo of ports, 2026-11-25 14:00 Asia/Beirut"),
        ((), 1, "would break the embargo"),
        (("--at", "embargo", "--under-embargo"), 1, "when the embargo of ports, 2026-11-25 14:00"),
        (("--at", "2026-11-24 13:00"), 1, "is past: it is 2026-11-24 12:00 UTC now"),
        (("--at", "2026-11-26 10:00", "--zone", "Asia/Berut"), 1, "Did you mean Asia/Beirut?"),
        (("--at", "2027-03-28 00:30"), 1, "2027-03-28 00:30 does not exist in Asia/Beirut"),
        (("--at", "2027-10-30 23:30"), 1, "comes twice in Asia/Beirut that day: UTC+3, which is 2027-10-30 20:30"),
        (("--at", "2026-11-26 10:00+03:00"), 1, "is never +03:00 in Asia/Beirut; there it is UTC+2"),
        (("--at", "Thursday"), 1, "Thursday is not a date and time"),
        (("--at", "embargo", "--version", "2"), 1, "has not got version 2"),
        (("--at", "embargo", "--template", "fancy"), 1, "There is no template fancy"),
        ((*AT, "--not-after", "2026-11-26 10:00"), 1, "stale from 2026-11-26 10:00 Asia/Beirut"),
        ((*AT, "--not-after", "2026-11-24 10:00"), 1, "not after its time, 2026-11-26 10:00 Asia/Beirut"),
        ((*AT, "--not-after", "2027-03-28 00:30"), 1, "2027-03-28 00:30 does not exist in Asia/Beirut"),
        ((*AT, "--not-after", "2027-10-30 23:30"), 1, "comes twice in Asia/Beirut that day"),
        ((*AT, "--not-after", "2026-11-27 10:00+03:00"), 1, "is never +03:00 in Asia/Beirut"),
        ((*AT, "--not-after", "Thursday"), 1, "Thursday is not a date and time"),
        ((*AT, "--stale-after", "0h"), 1, "not after its time"),
        (
            (*AT, "--stale-after", "soon"),
            1,
            "Allowed: a whole number and s, m, h or d, such as 90m",
        ),
        ((*AT, "--stale-after", "-6h"), 1, "--stale-after cannot be -6h."),
        (("--zone", "Asia/Beirut"), 2, "--zone is the zone of a time given with --at"),
        (("--at", "embargo", "--zone", "Asia/Beirut"), 2, "--zone is the zone of a time given with --at"),
        (("--at", "embargo", "--version", "0"), 2, "--version"),
        (("--under-embargoes",), 2, "No such option"),
    ],
)
def test_a_plan_that_must_not_be_is_refused(
    office: Path, dateline: Dateline, words: tuple[str, ...], code: int, problem: str
) -> None:
    told = dateline(*SCHEDULE, *words)
    assert (told.code, told.out) == (code, "")
    assert problem in told.err
    assert waves(dateline) == []


@pytest.mark.parametrize(
    ("words", "stale", "instant"),
    [
        (("--at", "embargo", "--stale-after", "6h"), "2026-11-25 20:00 Asia/Beirut", "2026-11-25T18"),
        (("--at", "embargo", "--not-after", "2026-11-25 20:00"), "2026-11-25 20:00 Asia/Beirut", "2026-11-25T18"),
        (
            (*TOKYO, "--stale-after", "2d", "--not-after", "2026-11-26 03:00"),
            "2026-11-26 03:00 Asia/Tokyo",
            "2026-11-25T18",
        ),
        # The clocks go back by an hour in the night between: six hours are six hours.
        (
            ("--at", "2027-10-30 20:00", "--stale-after", "6h"),
            "2027-10-31 01:00 Asia/Beirut",
            "2027-10-30T23",
        ),
    ],
)
def test_an_officer_says_from_when_a_wave_is_not_sent_any_more(
    office: Path, dateline: Dateline, words: tuple[str, ...], stale: str, instant: str
) -> None:
    told = dateline(*SCHEDULE, *words, "--dry-run")
    assert f"stale from {stale} (UTC" in told.out
    assert "what has not gone out by then will not" in told.out
    assert waves(dateline) == []
    assert f"stale from {stale} (UTC" in dateline(*SCHEDULE, *words).out
    assert f"stale from      {stale} (UTC" in dateline("waves", "show", "1").out
    assert dateline("waves", "show", "1", "--json").json()["stale_at"] == f"{instant}:00:00.000000Z"
    assert "Stale from" in dateline("waves", "list").out


def test_a_list_of_waves_without_an_end_has_no_column_for_it(planned: Path, dateline: Dateline) -> None:
    assert "Stale from" not in dateline("waves", "list").out
    assert "stale from" not in dateline("waves", "show", "1").out


def test_a_wave_that_was_partly_sent_when_it_turned_stale_says_so_and_stays_so(
    office: Path, dateline: Dateline, clock: TestClock
) -> None:
    dateline(*SCHEDULE, "--at", "embargo", "--stale-after", "6h")
    dateline("waves", "pause", "1")
    clock.pass_time(timedelta(days=1, hours=6))
    told = dateline("waves", "resume", "1")
    assert told.code == 1
    assert "Wave 1 is stale since 2026-11-25 20:00 Asia/Beirut" in told.err
    assert "schedule it anew: dateline waves schedule ports --list LIST" in told.err
    assert waves(dateline) == [(1, "paused")]
    with database_of(office) as database:
        end(database, 1, DeliveryState.ACCEPTED, at=clock.now())
        with database.write() as session:
            assert cancel_stale(session, wave_numbered(session, 1), now=clock.now(), actor=DESK)
    shown = dateline("waves", "show", "1").out
    assert "reason          stale since 2026-11-25 20:00 Asia/Beirut (UTC+2; 2026-11-25 18:00 UTC)" in shown
    assert "partly sent     1 of 4 have it" in shown
    assert "cannot be resumed" in dateline("waves", "resume", "1").err
    assert "Wave 1 is stale since" in dateline("waves", "release", "1").err
    assert waves(dateline) == [(1, "cancelled")]


def test_only_what_is_frozen_and_approved_by_all_is_scheduled(office: Path, dateline: Dateline) -> None:
    dateline(
        "releases", "import", "--slug", "new", "ports.en.txt", "--organisation", "esrf", "--organisation", "wpa"
    )
    schedule = ("waves", "schedule", "new", "--list", "Desk")
    assert "Release new has not got a version" in dateline(*schedule).err
    dateline("releases", "freeze", "new")
    dateline("releases", "approve", "new", "--organisation", "esrf")
    told = dateline(*schedule)
    assert told.code == 1
    assert "Version 1 of new is not approved by wpa." in told.err
    dateline("releases", "approve", "new", "--organisation", "wpa")
    assert "has no embargo, so nothing can go out under it" in dateline(*schedule, "--under-embargo").err
    assert "has no embargo" in dateline(*schedule, "--at", "embargo").err
    assert dateline(*schedule).code == 0


def test_nobody_is_planned_twice_for_one_version(planned: Path, dateline: Dateline) -> None:
    told = dateline(*SCHEDULE, "--at", "embargo")
    assert told.code == 1
    assert "Nobody on Desk would get this wave: 4 left out" in told.err
    assert "4 have it from another wave already" in told.err.lower()
    assert dateline(*SCHEDULE, "--at", "embargo", "--again").code == 0


def test_an_unknown_list_or_release_is_named(office: Path, dateline: Dateline) -> None:
    assert "There is no media list “Dsk”" in dateline("waves", "schedule", "ports", "--list", "Dsk").err
    assert "There is no release prts." in dateline("waves", "schedule", "prts", "--list", "Desk").err
    assert dateline("waves", "schedule", "ports").code == 2


def test_a_suppressed_contact_is_left_out_and_said_so(office: Path, dateline: Dateline) -> None:
    dateline("contacts", "suppress", "nour@courier.example", "--reason", "asked us")
    told = dateline(*SCHEDULE, "--at", "embargo")
    assert "to 3 contacts" in told.out
    assert "left out: 1 must not be written to" in told.err
    (person,) = dateline("waves", "show", "1", "--json").json()["left_out"]
    assert (person["name"], person["reason"]) == ("Nour Haddad", "suppressed")


def test_waves_are_listed_by_time_and_release(planned: Path, dateline: Dateline) -> None:
    listed = dateline("waves", "list", "--release", "ports", "--json").json()
    assert [(w["kind"], w["due_at"]) for w in listed] == [
        ("under-embargo", "2026-11-24T13:00:00.000000Z"),
        ("public", "2026-11-25T12:00:00.000000Z"),
    ]
    assert listed[1]["deliveries"] == {"queued": 4}
    table = dateline("waves", "list")
    assert "queued 4" in table.out
    assert table.err == ""
    assert dateline("waves", "list", "--release", "prts").code == 1


def test_a_wave_whose_time_is_past_with_nothing_running_is_told(
    planned: Path, dateline: Dateline, clock: TestClock
) -> None:
    clock.pass_time(timedelta(hours=2))
    assert "nothing keeps the clock: start dateline run" in dateline("waves", "list").err


def test_a_wave_is_shown_with_who_was_left_out(planned: Path, dateline: Dateline) -> None:
    told = dateline("waves", "show", "1")
    assert "due             2026-11-24 15:00 Asia/Beirut (UTC+2; 2026-11-24 13:00 UTC)" in told.out
    assert "Hagop Terzian   Beirut   hagop@ledger.example   no-embargo-terms" in told.out
    assert "There is no wave 9." in dateline("waves", "show", "9").err
    assert dateline("waves", "show", "one").code == 2


def test_a_wave_is_stopped_and_goes_on(planned: Path, dateline: Dateline) -> None:
    for words, said, state in (
        (("pause", "2"), "Wave 2 is paused. Go on with: dateline waves resume 2", "paused"),
        (("resume", "2"), "Wave 2 is scheduled again.", "scheduled"),
        (("hold", "2", "--reason", "a figure is wrong"), "Wave 2 is held.", "held"),
        (("release", "2"), "Wave 2 is scheduled; its time is 2026-11-25 14:00 Asia/Beirut", "scheduled"),
        (("cancel", "2"), "Wave 2 is cancelled; 4 deliveries will not go out.", "cancelled"),
    ):
        told = dateline("waves", *words)
        assert (told.code, told.out) == (0, ""), told.err
        assert said in told.err
        shown = dateline("waves", "show", "2", "--json").json()
        assert shown["state"] == state
        if state == "held":
            assert shown["reason"] == "a figure is wrong"


@pytest.mark.parametrize(
    ("verb", "problem"),
    [
        ("resume", "Wave 2 is scheduled and cannot be resumed."),
        ("release", "Wave 2 is scheduled and cannot be released."),
    ],
)
def test_a_wave_moves_only_from_the_states_that_allow_it(
    planned: Path, dateline: Dateline, verb: str, problem: str
) -> None:
    told = dateline("waves", verb, "2")
    assert (told.code, told.out) == (1, "")
    assert problem in told.err
    assert dateline("waves", verb, "9").code == 1


def test_a_cancelled_wave_stays_cancelled(planned: Path, dateline: Dateline) -> None:
    dateline("waves", "cancel", "2")
    for verb in ("pause", "resume", "hold", "release", "cancel"):
        told = dateline("waves", verb, "2")
        assert told.code == 1
        assert "Wave 2 is cancelled and cannot be" in told.err


def test_a_moved_embargo_is_frozen_and_approved_before_anything_is_scheduled(
    office: Path, dateline: Dateline
) -> None:
    dateline("releases", "embargo", "ports", "--at", "2026-11-30 10:00", "--zone", "Asia/Beirut")
    told = dateline(*SCHEDULE, "--at", "embargo")
    assert told.code == 1
    assert "would break the embargo of ports, 2026-11-30 10:00 Asia/Beirut" in told.err
    dateline("releases", "freeze", "ports")
    assert "Version 2 of ports is not approved by esrf." in dateline(*SCHEDULE, "--at", "embargo").err
    dateline("releases", "approve", "ports", "--organisation", "esrf")
    assert dateline(*SCHEDULE, "--at", "embargo").code == 0
    (wave,) = dateline("waves", "list", "--json").json()
    assert (wave["version"], wave["due_at"]) == (2, "2026-11-30T08:00:00.000000Z")


def test_a_wave_that_follows_its_list_says_so_and_who_comes_and_goes(office: Path, dateline: Dateline) -> None:
    at = (*SCHEDULE, "--at", "2026-11-26 10:00", "--live")
    assert "its audience follows the list until it opens" in dateline(*at, "--dry-run").out
    assert "its audience follows the list until it opens" in dateline(*at).out
    assert "follows the list until it opens" in dateline("waves", "list").out
    assert "audience        follows the list until it opens" in dateline("waves", "show", "1").out
    (wave,) = dateline("waves", "list", "--json").json()
    assert (wave["audience"], wave["frozen_at"], wave["refreshed_at"]) == ("live", None, None)
    assert "Nobody comes and nobody goes." in dateline("waves", "refresh", "1", "--dry-run").err

    with database_of(office) as database, database.write() as session:
        make_contact(session, "Late Comer", address="late@ledger.example")
        stopped = make_contact(session, "Sami Stopped", address="sami@ledger.example")
        suppress(session, stopped.address, reason="asked", at=NOON, actor=DESK)
    dateline("contacts", "deactivate", "nour@courier.example")
    told = dateline("waves", "show", "1").err
    assert "Late Comer: will get it, being on the list now" in told
    assert "Nour Haddad: will not get it, having left the list" in told

    before = logged(office)
    told = dateline("waves", "refresh", "1", "--dry-run")
    assert told.code == 0
    assert "wave 1 would go to 4 contacts" in told.out
    assert "Late Comer: comes: is on the list now" in told.err
    assert "Nour Haddad: goes: has left the list" in told.err
    assert "Sami Stopped: is left out, with those who must not be written to" in told.err
    assert "Nothing was changed." in told.err
    document = dateline("waves", "refresh", "1", "--dry-run", "--json").json()
    assert document["deliveries"] == 4
    assert [person["reason"] for person in document["came"]] == ["joined-list"]
    assert (logged(office), dateline("waves", "list", "--json").json()) == (before, [wave])

    assert "wave 1 goes to 4 contacts" in dateline("waves", "refresh", "1").out
    shown = dateline("waves", "show", "1", "--json").json()
    assert (shown["list_joined"], shown["list_left"]) == ([], [])
    assert {person["name"]: person["reason"] for person in shown["left_out"]} == {
        "Nour Haddad": "left-list",
        "Sami Stopped": "suppressed",
    }
    assert shown["deliveries"] == {"cancelled": 1, "queued": 4}
    assert shown["refreshed_at"] is not None


def test_a_frozen_audience_is_said_to_be_so_and_is_not_refreshed(planned: Path, dateline: Dateline) -> None:
    assert "audience        frozen at 2026-11-24 14:00:00 UTC+2" in dateline("waves", "show", "2").out
    assert "frozen at 2026-11-24 14:00:00 UTC+2" in dateline("waves", "list").out
    told = dateline("waves", "refresh", "2")
    assert told.code == 1
    assert "The audience of wave 2 is frozen since it was scheduled" in told.err
    assert "cancel the wave and schedule it anew" in told.err
    dateline(*SCHEDULE, "--at", "2026-11-26 10:00", "--live", "--again")
    dateline("waves", "cancel", "3")
    told = dateline("waves", "refresh", "3")
    assert told.code == 1
    assert "Wave 3 is cancelled: its audience was settled" in told.err
    assert dateline("waves", "refresh", "9").code == 1


def test_who_another_wave_relied_upon_is_told_when_she_goes(office: Path, dateline: Dateline) -> None:
    dateline("lists", "create", "Nour", "--member", "nour@courier.example")
    dateline(*SCHEDULE, "--at", "2026-11-26 10:00", "--live")
    dateline("lists", "create", "Both", "--member", "nour@courier.example", "--member", "mona@sentinel.example")
    dateline("lists", "create", "Other", "--member", "nour@courier.example", "--query", "city:Tunis")
    with database_of(office) as database, database.write() as session:
        make_contact(session, "Amira Tunsi", city="Tunis")
    dateline("waves", "schedule", "ports", "--list", "Other", "--at", "2026-11-26 10:00")
    dateline("lists", "change", "Desk", "--exclude", "nour@courier.example")
    told = dateline("waves", "refresh", "1", "--dry-run")
    assert "Look at wave 2: it left out 1 people because this one was to reach them." in told.err


def test_a_wave_says_how_its_list_has_changed_since(planned: Path, dateline: Dateline) -> None:
    shown = dateline("waves", "show", "1", "--json").json()
    assert (shown["list_joined"], shown["list_left"]) == ([], [])
    assert "has changed since" not in dateline("waves", "show", "1").err
    with database_of(planned) as database, database.write() as session:
        make_contact(session, "Late Comer", address="late@ledger.example")
    dateline("contacts", "deactivate", "nour@courier.example")
    assert dateline("lists", "change", "Desk", "--add", "late@ledger.example").code == 0
    shown = dateline("waves", "show", "1", "--json").json()
    assert (shown["list_joined"], shown["list_left"]) == (["Late Comer"], ["Nour Haddad"])
    told = dateline("waves", "show", "1").err
    assert "Late Comer: gets nothing, though on the list now" in told
    assert "Nour Haddad: is in its audience still" in told
