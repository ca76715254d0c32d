"""``dateline contacts`` and ``dateline lists``, as they are typed."""

from pathlib import Path

import pytest

from cli.conftest import Dateline, logged

LEILA = "Leila Rahal,leila@courier.example,Beirut,ar"
HEADINGS = "name,address,city,languages"


def write(office: Path, *rows: str) -> Path:
    file = office / "new.csv"
    file.write_text("\n".join((HEADINGS, *rows)) + "\n", "utf-8")
    return file


def names(told_json: list[dict[str, object]]) -> list[object]:
    return [contact["name"] for contact in told_json]


def test_a_bad_row_is_told_with_its_place_and_the_good_ones_go_in(office: Path, dateline: Dateline) -> None:
    told = dateline("contacts", "import", write(office, LEILA, "Omar Yamout,omar@courier,Beirut,ar"))
    assert told.code == 1
    assert told.out == ""
    assert "new.csv: 1 added, 0 changed, 0 as before, 1 refused" in told.err
    assert "new.csv, row 3, address “omar@courier”: " in told.err
    assert dateline("contacts", "show", "leila@courier.example").code == 0


def test_the_same_file_again_changes_nothing(office: Path, dateline: Dateline) -> None:
    told = dateline(
        "contacts", "import", "contacts/people.csv", "contacts/organisations.toml", "contacts/officers.csv"
    )
    assert told.code == 0
    assert "people.csv: 0 added, 0 changed, 4 as before" in told.err
    assert "organisations.toml: 0 added, 0 changed, 2 as before" in told.err


def test_a_dry_run_of_an_import_changes_nothing(office: Path, dateline: Dateline) -> None:
    before = logged(office)
    told = dateline("contacts", "import", write(office, LEILA), "--dry-run")
    assert told.code == 0
    assert "1 would be added" in told.err
    assert "Nothing was changed." in told.err
    assert dateline("contacts", "show", "leila@courier.example").code == 1
    assert logged(office) == before


def test_a_file_that_is_missing_leaves_none_half_told(office: Path, dateline: Dateline) -> None:
    told = dateline("contacts", "import", write(office, LEILA), "nowhere.csv")
    assert told.code == 1
    assert "nowhere.csv cannot be read" in told.err
    # The files go in together or not at all: what did not go in is not said to have.
    assert "added" not in told.err
    assert dateline("contacts", "show", "leila@courier.example").code == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ((), ["Hagop Terzian", "Jad Moukarzel", "Lamia Tarazi", "Nour Haddad"]),
        (("city:بيروت", "kind:journalist"), ["Hagop Terzian", "Nour Haddad"]),
        (("city:Beirut kind:journalist language:ar",), ["Nour Haddad"]),
        (("terms:yes", "-city:Cairo", "outlet:courier"), ["Nour Haddad"]),
    ],
)
def test_contacts_are_listed_by_query(
    office: Path, dateline: Dateline, query: tuple[str, ...], found: list[str]
) -> None:
    listed = dateline("contacts", "list", "--json", *query, *(["--limit", "4"] if not query else [])).json()
    assert sorted(map(str, names(listed))) == found


def test_a_table_says_how_many_on_stderr(office: Path, dateline: Dateline) -> None:
    told = dateline("contacts", "list", "kind:journalist")
    assert "Hagop Terzian" in told.out
    assert "\u2068هبة سليم\u2069" in told.out
    assert told.err == "4 contacts\n"
    assert dateline("contacts", "list", "name:Nobody").err == "Nobody found.\n"


def test_a_query_that_is_wrong_is_told_with_its_place(office: Path, dateline: Dateline) -> None:
    told = dateline("contacts", "list", "city:Beirrut")
    assert (told.code, told.out) == (1, "")
    assert "character 6" in told.err
    assert "Did you mean Beirut?" in told.err


@pytest.mark.parametrize("who", ["nour@courier.example", "Nour Haddad", "نور حداد"])
def test_a_contact_is_shown_whoever_way_she_is_named(office: Path, dateline: Dateline, who: str) -> None:
    shown = dateline("contacts", "show", who, "--json").json()
    assert shown["address"] == "nour@courier.example"
    assert shown["suppressed"] is False
    assert "languages      ar, en" in dateline("contacts", "show", who).out


def test_an_unknown_contact_is_not_guessed(office: Path, dateline: Dateline) -> None:
    told = dateline("contacts", "show", "Nour")
    assert told.code == 1
    assert "Nour Haddad <nour@courier.example>" in told.err


def test_a_suppressed_address_is_told_and_can_be_lifted(office: Path, dateline: Dateline) -> None:
    assert dateline("contacts", "suppress", "NOUR@courier.example", "--reason", "asked by telephone").code == 0
    assert dateline("contacts", "show", "nour@courier.example", "--json").json()["suppressed"] is True
    assert "suppressed already" in dateline("contacts", "suppress", "nour@courier.example", "--reason", "x").err
    assert "may be written to again" in dateline("contacts", "unsuppress", "nour@courier.example").err
    assert dateline("contacts", "show", "nour@courier.example", "--json").json()["suppressed"] is False
    assert dateline("contacts", "suppress", "nour", "--reason", "x").code == 1


def test_a_list_is_made_shown_and_changed(office: Path, dateline: Dateline) -> None:
    made = dateline(
        "lists", "create", "Levant", "--query", "city:Beirut kind:journalist", "--exclude", "Hagop Terzian"
    )
    assert (made.code, made.err) == (0, "Media list “Levant” has 1 contacts now.\n")
    changed = dateline(
        "lists", "change", "levant", "--add", "Mona Rashwan", "--add-query", "language:ar city:Cairo"
    )
    assert "it has 5 contacts" in changed.err
    query = ("--add-query", "city:Cairo kind:journalist", "--remove-query", "language:ar city:Cairo")
    assert "it has 3 contacts" in dateline("lists", "change", "Levant", *query).err
    assert names(dateline("lists", "show", "Levant", "--json").json()) == [
        "Nour Haddad",
        "Mona Rashwan",
        "هبة سليم",
    ]
    assert "Nothing to change" in dateline("lists", "change", "Levant", "--exclude", "Hagop Terzian").err
    assert "it has 2 contacts" in dateline("lists", "change", "Levant", "--remove", "Mona Rashwan").err
    (levant,) = [row for row in dateline("lists", "list", "--json").json() if row["list"] == "Levant"]
    assert levant == {
        "list": "Levant",
        "contacts": 2,
        "queries": ["city:Beirut kind:journalist", "city:Cairo kind:journalist"],
        "by_hand": 0,
        "excluded": 2,
        "archived_at": None,
    }
    shown = dateline("lists", "show", "Levant")
    assert "Nour Haddad" in shown.out
    assert "2 contacts. Queries: " in shown.err


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("create", "Desk", "--query", "city:Cairo"), "There is a media list “Desk” already"),
        (("create", "Empty"), "would have no members"),
        (("create", "Odd", "--query", "town:Cairo"), "town"),
        (("create", "Odd", "--member", "Nobody"), "There is no contact “Nobody”"),
        (("show", "Dek"), "There is no media list “Dek”"),
        (("change", "Dek", "--add", "Nour Haddad"), "There is no media list “Dek”"),
    ],
)
def test_a_list_that_cannot_be_is_refused(
    office: Path, dateline: Dateline, words: tuple[str, ...], problem: str
) -> None:
    told = dateline("lists", *words)
    assert (told.code, told.out) == (1, "")
    assert problem in told.err
