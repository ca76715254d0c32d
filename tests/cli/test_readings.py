"""Who is shown people's details is noted in the log, before anything is shown, whichever command shows them."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import typer
from builders import DESK, NOON, make_contact

from cli.conftest import Dateline, database_of, end
from mailer.audit import Event, LogEntry, Question, append, entries
from mailer.cli.app import app
from mailer.config import config_file
from mailer.database import Database
from mailer.schedule.models import DeliveryState

NOUR = "nour@courier.example"

READ = [
    (("contacts", "list"), 13, {}),
    (("contacts", "list", "city:Beirut"), 8, {}),
    (("contacts", "list", "city:Beirut", "--csv"), 8, {}),
    (("contacts", "list", "--limit", "2", "--json"), 2, {}),
    (("contacts", "show", NOUR), 1, {}),
    (("contacts", "show", NOUR, "--json"), 1, {}),
    (("contacts", "search", "nour"), 2, {}),
    (("contacts", "notes", NOUR), 1, {}),
    (("contacts", "history", NOUR), 1, {}),
    (("contacts", "duplicates"), 2, {}),
    (("contacts", "hygiene", "--limit", "3"), 3, {}),
    (("contacts", "suppressions"), 1, {}),
    (("contacts", "retention", "--dry-run"), 1, {}),
    (("contacts", "erase", NOUR, "--dry-run"), 1, {}),
    (("contacts", "change", NOUR, "--phone", "+961 1 555 0102", "--dry-run"), 1, {}),
    (("contacts", "merge", "1", "2", "--dry-run"), 2, {}),
    (("contacts", "import", "list.csv", "--dry-run"), 1, {}),
    (("outlets", "show", "Levant Courier"), 2, {}),
    (("lists", "show", "Desk"), 8, {"list": 1}),
    (("lists", "show", "Desk", "--why", "--json"), 8, {"list": 1}),
    (("lists", "preview", "--query", "city:Cairo", "--sample", "1"), 1, {}),
    (("lists", "change", "Desk", "--remove", NOUR, "--dry-run"), 1, {"list": 1}),
    (("waves", "show", "1"), 6, {"wave": 1}),
    (("waves", "schedule", "ports", "--list", "Desk", "--at", "embargo", "--dry-run"), 4, {}),
    (("waves", "refresh", "3", "--dry-run"), 2, {"wave": 3}),
    (("deliveries", "list"), 5, {}),
    (("deliveries", "list", "--wave", "2", "--json"), 4, {"wave": 2}),
    (("deliveries", "list", "--release", "ports", "--contact", NOUR), 1, {"release": 1}),
    (("deliveries", "show", "1", "--eml", "one.eml"), 1, {}),
    (("releases", "preview", "ports", "--to", NOUR, "--to-folder", "mails"), 1, {}),
    (("log", "receipt", "1", "--output", "one.receipt"), 1, {}),
]
"""What is typed, how many people it shows, and what the log says besides that it was about."""

NOTED_OTHERWISE = {"contacts export", "contacts dossier", "backup", "restore"}
"""With events of their own."""

NO_PEOPLE = {
    *("init", "demo", "check", "migrate", "run", "contacts reindex", "recover"),
    *("verify-receipt", "verify-export"),
    *("beats list", "outlets list", "terms list", "terms show", "lists list", "releases list", "waves list"),
    *(
        "releases show",
        "releases diff",
        "releases compare",
        "releases check",
        "log list",
        "log seal",
        "log verify",
        "log checkpoint",
        "log key",
        "log rotate-key",
        "log tiles",
        "log export",
        "dkim new",
        "dkim show",
    ),
}
"""They show nobody of the registry; the press contacts of a release are printed in it, and the log has numbers."""

CHANGES = {
    *(f"contacts {name}" for name in ("add", "suppress", "unsuppress", "accept", "withdraw", "basis")),
    *(f"contacts {name}" for name in ("distinct", "unmerge", "join", "left", "move", "note", "tag", "untag")),
    *(f"contacts {name}" for name in ("verify", "deactivate", "activate")),
    *(f"lists {name}" for name in ("create", "rename", "copy", "delete", "archive", "restore")),
    *(f"outlets {name}" for name in ("set-type", "rename", "merge")),
    *(f"waves {name}" for name in ("pause", "resume", "hold", "release", "cancel")),
    *("test-send", "deliveries send-again", "deliveries give-up", "beats add", "terms add"),
    *(f"releases {name}" for name in ("import", "embargo", "freeze", "approve")),
}
"""They tell of what they did, which the log has."""


def commands() -> set[str]:
    root = typer.main.get_command(app)
    return {
        f"{name} {inner}".strip()
        for name, command in root.commands.items()  # type: ignore[attr-defined]
        for inner in getattr(command, "commands", {"": command})
    }


@pytest.fixture
def planned(planned: Path, dateline: Dateline) -> Path:
    """With somebody twice, somebody unused, a suppression, a note, a live wave, and a delivery that has ended."""
    dateline("contacts", "suppress", "zed@paper.example", "--reason", "asked")
    dateline("contacts", "note", NOUR, "Prefers to be called.")
    (planned / "list.csv").write_text("name,address,city\nNour Renamed,nour@courier.example,Beirut\n", "utf-8")
    settings = config_file(planned)
    kept = settings.read_text("utf-8").replace('erase_unused_after = ""', 'erase_unused_after = "3y"')
    settings.write_text(kept, "utf-8")
    with database_of(planned) as database:
        with database.write() as session:
            make_contact(session, "Unused").added_at = NOON - timedelta(days=1200)
            for name in ("goes", "comes"):
                make_contact(session, f"Who {name}", address=f"{name}@paper.example")
            make_contact(session, "Nour Haddad", address="nour+press@courier.example")
        end(database, 1, DeliveryState.ACCEPTED, at=NOON)
        with database.write() as session:
            append(session, Event.DELIVERY_ACCEPTED, at=NOON, actor=DESK, delivery_id=1, contact_id=1)
    dateline("lists", "create", "Live", "--member", NOUR, "--member", "goes@paper.example")
    dateline("waves", "schedule", "ports", "--list", "Live", "--at", "2026-11-27 10:00", "--live", "--again")
    dateline("lists", "change", "Live", "--remove", "goes@paper.example", "--add", "comes@paper.example")
    dateline("log", "seal")
    return planned


def readings(home: Path) -> list[LogEntry]:
    with database_of(home) as database, database.read() as session:
        return [entry for entry in entries(session) if entry.event == Event.PEOPLE_READ]


def test_every_command_is_known_to_show_people_or_not() -> None:
    read = {" ".join(words[:2]) for words, _, _ in READ}
    # Reports are answered in one way, which notes them.
    assert read | NOTED_OTHERWISE | NO_PEOPLE | CHANGES == {c for c in commands() if not c.startswith("report ")}
    assert {question.value for question in Question} - {"contacts hygiene --dns"} == read


def test_what_is_shown_of_people_is_noted(planned: Path, dateline: Dateline) -> None:
    found = []
    for words, _, _ in READ:
        before = len(readings(planned))
        told = dateline(*words)
        assert told.code == 0, told.err
        (noted,) = readings(planned)[before:]
        assert noted.data["question"] == " ".join(words[:2])
        assert (noted.at, noted.actor.partition(":")[0]) == (NOON, "cli")
        # By number, and only where it is one: no name, no address, no word of a query.
        assert (noted.contact_id is not None) == (noted.data["people"] == 1 and words[1] != "suppressions"), words
        about = {name: number for name, number in noted.data.items() if name not in ("question", "people")}
        found.append((words, noted.data["people"], about))
    assert found == READ


def test_as_many_are_noted_as_are_shown(planned: Path, dateline: Dateline) -> None:
    for words in (("contacts", "list"), ("lists", "show", "Desk"), ("contacts", "suppressions")):
        shown = dateline(*words, "--json").json()
        assert readings(planned)[-1].data["people"] == len(shown)
    people = {row["contact"] for row in dateline("deliveries", "list", "--json").lines()}
    assert readings(planned)[-1].data["people"] == len(people)


def test_where_nobody_is_shown_nothing_is_noted(office: Path, dateline: Dateline) -> None:
    before = len(readings(office))
    assert "Nobody found" in dateline("contacts", "search", "zzzz").err
    assert dateline("contacts", "show", "Nobody").code == 1
    assert dateline("deliveries", "list").code == 0
    assert dateline("lists", "show", "No such list").code == 1
    assert dateline("log", "list", "--csv").code == 0
    assert len(readings(office)) == before


@pytest.mark.parametrize(
    "words", [("contacts", "list"), ("contacts", "show", NOUR, "--json"), ("lists", "show", "Desk")]
)
def test_what_cannot_be_noted_is_not_shown(
    office: Path, dateline: Dateline, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    before = len(readings(office))
    monkeypatch.setattr("mailer.cli.office.Database", lambda url: Database(url, busy_seconds=0))
    with database_of(office) as other, other.write():
        told = dateline(*words)
    assert (told.code, told.out) == (1, "")
    assert told.err.startswith("Nothing is shown, as the log could not note that it was read: The database")
    assert "Try again in a moment" in told.err
    assert len(readings(office)) == before
    assert dateline(*words).code == 0


def test_her_history_does_not_grow_by_being_read_and_her_dossier_says_who_looked(
    office: Path, dateline: Dateline
) -> None:
    first = dateline("contacts", "history", NOUR, "--json").json()
    dateline("contacts", "show", NOUR)
    assert dateline("contacts", "history", NOUR, "--json").json() == first
    log = json.loads(dateline("contacts", "dossier", NOUR).out)["log"]
    assert [row["words"] for row in log if row["event"] == "people.read"] == ["Shown to an officer"] * 3


def test_a_list_of_readings_is_part_of_the_log(office: Path, dateline: Dateline) -> None:
    dateline("contacts", "search", "nour")
    row = dateline("log", "list", "--event", "people.read", "--limit", "1", "--json").lines()[0]
    assert row["data"] == {"question": "contacts search", "people": 1}
    assert "contacts search" in dateline("log", "list", "--contact", NOUR).out
