"""``docs/reference/json.md`` is true: each ``--json`` prints the fields that it documents, and no others."""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from builders import NOON, make_contact

from cli.conftest import Dateline, database_of, end
from mailer.config import config_file
from mailer.schedule.models import DeliveryState

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "json.md"

LEAVES = {
    "editions[].photo": {"asset", "caption", "credit", "alt"},
    "editions[].boilerplates": {"heading", "text"},
    "editions[].press_contacts": {"city", "name", "title", "organisation", "address", "phone"},
    "editions[].related": {"title", "url"},
}
"""Objects whose fields the page names in the row of the object itself."""
OPEN = ("data", "deliveries", "counts")
"""Objects with keys that depend on what they tell of."""


@cache
def documented() -> dict[str, dict[str, str]]:
    """The fields of each section with their types, its own and those that it takes from another."""
    sections: dict[str, dict[str, str]] = {}
    for section in REFERENCE.read_text("utf-8").split("\n## ")[1:]:
        title, _, text = section.partition("\n")
        fields = dict(re.findall(r"^\| `([\w\[\].]+)` \| ([^|]+) \|", text, re.MULTILINE))
        if base := re.search(r"The fields of `([\w ]+)`, and:", text):
            fields = sections[base[1]] | fields
        sections[title] = fields
    return sections


def fields_of(value: object, path: str = "") -> Iterator[str]:
    """The path of every field, ``[]`` for the items of a list of objects."""
    if isinstance(value, dict) and path not in OPEN:
        for key, inner in value.items():
            yield f"{path}.{key}" if path else key
            yield from fields_of(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in value:
            yield from fields_of(item, f"{path}[]") if isinstance(item, dict) else ()


def printed(document: object) -> set[str]:
    """What a document has, an object's leaves folded into its row of the page."""
    found = set(fields_of(document))
    for path, leaves in LEAVES.items():
        for prefix in (f"{path}.", f"{path}[]."):
            inner = {field for field in found if field.startswith(prefix)}
            assert not inner or {field.removeprefix(prefix) for field in inner} == leaves
            found -= inner
    return found


ARRAYS = [
    ("check", ("check",)),
    ("contacts list", ("contacts", "list")),
    ("contacts list", ("lists", "show", "Desk")),
    ("contacts list", ("contacts", "search", "haddad")),
    ("contacts suppressions", ("contacts", "suppressions")),
    ("terms list", ("terms", "list")),
    ("lists list", ("lists", "list")),
    ("beats list", ("beats", "list")),
    ("outlets list", ("outlets", "list")),
    ("lists show --why", ("lists", "show", "Desk", "--why")),
    ("releases list", ("releases", "list")),
    ("releases compare", ("releases", "compare", "ports")),
    ("releases check", ("releases", "check", "ports")),
    ("waves list", ("waves", "list")),
    ("dkim show", ("dkim", "show")),
    ("contacts retention", ("contacts", "retention", "--dry-run")),
    ("contacts import", ("contacts", "import", "list.csv", "--dry-run", "--default", "source=Fair 2026")),
    ("contacts duplicates", ("contacts", "duplicates")),
    ("contacts notes", ("contacts", "notes", "nour@courier.example")),
    ("contacts history", ("contacts", "history", "nour@courier.example")),
    ("contacts hygiene", ("contacts", "hygiene")),
]
OBJECTS = [
    ("contacts show", ("contacts", "show", "nour@courier.example")),
    ("outlets show", ("outlets", "show", "Levant Courier")),
    ("lists preview", ("lists", "preview", "--query", "city:Beirut")),
    ("terms show", ("terms", "show", "Embargo 2026")),
    ("releases show", ("releases", "show", "ports")),
    ("releases diff", ("releases", "diff", "ports")),
    ("waves show", ("waves", "show", "1")),
    ("waves refresh", ("waves", "refresh", "3")),
    ("dkim show", ("dkim", "new", "second")),
    ("log seal", ("log", "seal")),
    ("log verify", ("log", "verify", "--against", "terms.txt")),
    ("log checkpoint", ("log", "checkpoint")),
    ("log key", ("log", "key")),
    ("log rotate-key", ("log", "rotate-key")),
    ("log tiles", ("log", "tiles", "static")),
    ("log export", ("log", "export", "exported")),
    ("backup", ("backup",)),
    ("recover", ("recover",)),
]
LINES = [("deliveries list", ("deliveries", "list")), ("log list", ("log", "list"))]


LIST = """\
name,address,city,languages
Nour Renamed,nour@courier.example,Beirut,ar
Ann,ann@paper.example; ann@other.example,Beirut,en
Ann,ann@other.example,Beirut,en
Zed,zed@paper.example,Beirut,en
Nobody,nobody,Beirut,en
"""
"""A list with one of each: changed, added, two rows of one person, suppressed, refused."""


@pytest.fixture
def planned(planned: Path, dateline: Dateline) -> Path:
    """With a key that signs, a suppression, embargo terms, somebody twice, a note, a wave whose list has changed."""
    dateline("contacts", "suppress", "@former.example", "--reason", "asked", "--organisation", "esrf", "--yes")
    dateline("contacts", "suppress", "zed@paper.example", "--reason", "asked")
    (planned / "list.csv").write_text(LIST, "utf-8")
    (planned / "terms.txt").write_text("Until then I keep it to myself.", "utf-8")
    dateline("terms", "add", "Embargo 2026", "terms.txt")
    settings = config_file(planned)
    lines = dateline("dkim", "new", "press", "--algorithm", "ed25519").out.partition("[[dkim]]")
    text = settings.read_text("utf-8").replace('erase_unused_after = ""', 'erase_unused_after = "3y"')
    settings.write_text(text + "".join(lines[1:]), "utf-8")
    with database_of(planned) as database, database.write() as session:
        make_contact(session, "Unused").added_at = NOON - timedelta(days=1200)
        make_contact(session, "Nour Haddad", address="nour+press@courier.example")
        for name in ("goes", "comes"):
            make_contact(session, f"Who {name}", address=f"{name}@paper.example")
        make_contact(session, "Who is stopped", address="stopped@former.example")
    dateline("contacts", "note", "nour@courier.example", "Prefers to be called.")
    dateline("lists", "create", "Live", "--member", "nour@courier.example", "--member", "goes@paper.example")
    dateline("waves", "schedule", "ports", "--list", "Live", "--at", "2026-11-27 10:00", "--live", "--again")
    dateline("lists", "change", "Live", "--remove", "goes@paper.example")
    dateline("lists", "change", "Live", "--add", "comes@paper.example", "--add", "stopped@former.example")
    text = (planned / "ports.en.txt").read_text("utf-8").replace("two organisations", "two partners")
    text = text.replace("has a doctor.", "has a doctor (TBC).")
    (planned / "ports.en.txt").write_text(text, "utf-8")
    dateline("releases", "import", "--slug", "ports", "ports.en.txt")
    dateline("releases", "freeze", "ports")
    dateline("contacts", "show", "nour@courier.example")
    dateline("log", "seal")
    return planned


def rows(dateline: Dateline, words: tuple[str, ...]) -> list[object]:
    told = dateline(*words, "--json")
    if words in [of_lines for _, of_lines in LINES]:
        return told.lines()
    document = told.json()
    return document if isinstance(document, list) else [document]


@pytest.mark.parametrize(("section", "words"), [*ARRAYS, *OBJECTS, *LINES])
def test_the_fields_are_those_that_are_documented(
    planned: Path, dateline: Dateline, section: str, words: tuple[str, ...]
) -> None:
    found = rows(dateline, words)
    assert found
    for row in found:
        assert isinstance(row, dict)
        assert set(row) == {field for field in documented()[section] if "." not in field}
    assert set().union(*map(printed, found)) == set(documented()[section])


TYPES = {
    "text": str,
    "number": int,
    "true or false": bool,
    "time": str,
    "day": str,
    "list of text": list,
    "list of numbers": list,
    "list of objects": list,
    "object": dict,
}
NULLS = {"version", "sha256", "embargo_wall", "embargo_zone", "release"}
"""Fields that are null besides times, days, numbers and objects, where the page says so."""


@pytest.mark.parametrize(("section", "words"), [*ARRAYS, *OBJECTS, *LINES])
def test_the_types_are_those_that_are_documented(
    planned: Path, dateline: Dateline, section: str, words: tuple[str, ...]
) -> None:
    with database_of(planned) as database:
        end(database, 1, DeliveryState.ACCEPTED, at=NOON)
    for row in rows(dateline, words):
        assert isinstance(row, dict)
        for field, kind in documented()[section].items():
            if "." in field:
                continue
            value = row[field]
            if value is None:
                assert kind.strip() in ("time", "day", "number", "object") or field in NULLS, field
                continue
            assert type(value) is TYPES[kind.strip()], field
            if kind.strip() == "time":
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", value), field
            if kind.strip() == "day":
                assert re.fullmatch(r"\d{4}-\d\d-\d\d", value), field


def test_every_command_with_json_is_documented() -> None:
    import typer

    from mailer.cli.app import app

    names = {
        f"{group} {command}".strip()
        for group, command, options in commands(typer.main.get_command(app))
        if "--json" in options
    }
    # What a receipt proves is held to the page in test_receipts.py, the other two in test_backup_commands.py, and
    # reports in test_report_commands.py.
    names = {name for name in names if not name.startswith("report ")}
    elsewhere = {"verify-receipt", "verify-export", "restore"}
    assert names - elsewhere == {" ".join(words[:2]) for _, words in [*ARRAYS, *OBJECTS, *LINES]}


def commands(root: object) -> Iterator[tuple[str, str, set[str]]]:
    """Every command of the app: its group, its name and its options."""
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        if hasattr(command, "commands"):
            yield from ((name, inner, options) for _, inner, options in commands(command))
        else:
            yield "", name, {option for parameter in command.params for option in parameter.opts}
