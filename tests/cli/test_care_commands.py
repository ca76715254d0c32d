"""An officer keeps her contacts clean: notes, moves, checks, and one contact for one person."""

from pathlib import Path

from builders import make_contact

from cli.conftest import Dateline, database_of

NOUR = "nour@courier.example"


def test_a_note_is_kept_and_is_part_of_the_history(office: Path, dateline: Dateline) -> None:
    assert "Nothing is noted" in dateline("contacts", "notes", NOUR).err
    assert dateline("contacts", "note", NOUR, "Asked for figures by port", "--request").code == 0
    (note,) = dateline("contacts", "notes", NOUR, "--json").json()
    assert (note["kind"], note["text"]) == ("request", "Asked for figures by port")
    history = dateline("contacts", "history", NOUR, "--json").json()
    assert [passage["what"] for passage in history] == ["request", "contact.added"]
    assert history[0]["words"] == "she asked"
    told = dateline("contacts", "history", NOUR)
    assert "added to the registry" in told.out
    assert "Asked for figures by port" in told.out
    assert "contact." not in told.out
    assert history[-1]["what"] == "contact.added"  # newest first
    assert "figures" not in dateline("log", "list", "--json").out  # the log has no words of hers
    told = dateline("contacts", "note", NOUR, "  ")
    assert (told.code, "cannot" in told.err or "note" in told.err) == (1, True)


def test_tags_are_found_by_a_query_and_taken_off_again(office: Path, dateline: Dateline) -> None:
    dateline("contacts", "tag", NOUR, "hagop@ledger.example", "--as", "Board")
    found = dateline("contacts", "list", "tag:board", "--json").json()
    assert {contact["address"] for contact in found} == {NOUR, "hagop@ledger.example"}
    assert "0 contacts are tagged" in dateline("contacts", "tag", NOUR, "--as", "board").err
    dateline("contacts", "untag", NOUR, "--as", "BOARD")
    assert len(dateline("contacts", "list", "tag:board", "--json").json()) == 1


def test_who_left_an_outlet_leaves_its_lists_and_stays_in_the_registry(office: Path, dateline: Dateline) -> None:
    query = 'outlet:"Levant Courier"'
    before = {contact["address"] for contact in dateline("contacts", "list", query, "--json").json()}
    assert NOUR in before
    told = dateline("contacts", "left", NOUR, "Levant Courier")
    assert (told.code, NOUR in told.err) == (0, True)  # that address is the outlet's
    after = {contact["address"] for contact in dateline("contacts", "list", query, "--json").json()}
    assert after == before - {NOUR}
    assert dateline("contacts", "show", NOUR).code == 0
    assert dateline("contacts", "left", NOUR, "Levant Courier").code == 1
    assert dateline("contacts", "join", NOUR, "Nile Sentinel", "--role", "editor").code == 0
    told = dateline("contacts", "move", NOUR, "--from", "Nile Sentinel", "--to", "Cedar Ledger")
    assert "went from Nile Sentinel to Cedar Ledger" in told.err
    assert dateline("contacts", "show", NOUR, "--json").json()["outlets"] == ["Cedar Ledger"]
    assert dateline("contacts", "left", NOUR, "Cedar Ledger", "--on", "yesterday").code == 1


def test_two_contacts_of_one_person_become_one_and_two_again(office: Path, dateline: Dateline) -> None:
    with database_of(office) as database, database.write() as session:
        other = make_contact(session, "Nour Haddad", address="nour+press@courier.example", beats=["health"]).id
    (pair,) = dateline("contacts", "duplicates", "--json").json()
    assert (pair["other"], pair["score"] > 90, bool(pair["why"])) == (other, True, True)
    told = dateline("contacts", "merge", NOUR, str(other), "--dry-run")
    assert (told.code, "beats" in told.err, "Nothing was changed" in told.err) == (0, True, True)
    assert len(dateline("contacts", "duplicates", "--json").json()) == 1
    assert dateline("contacts", "merge", NOUR, str(other)).code == 0
    assert dateline("contacts", "duplicates", "--json").json() == []
    assert set(dateline("contacts", "show", NOUR, "--json").json()["beats"]) == {"health", "migration"}
    assert dateline("contacts", "unmerge", str(other)).code == 0
    assert dateline("contacts", "show", NOUR, "--json").json()["beats"] == ["migration"]
    assert dateline("contacts", "unmerge", str(other)).code == 1
    dateline("contacts", "distinct", NOUR, str(other))
    assert dateline("contacts", "duplicates", "--json").json() == []


def test_who_is_set_aside_is_on_no_list(office: Path, dateline: Dateline) -> None:
    def on_it() -> set[str]:
        return {contact["address"] for contact in dateline("lists", "show", "Desk", "--json").json()}

    assert NOUR in on_it()
    dateline("contacts", "deactivate", NOUR)
    assert NOUR not in on_it()
    dateline("contacts", "activate", NOUR)
    assert NOUR in on_it()


def test_hygiene_names_what_to_check_and_a_check_is_remembered(office: Path, dateline: Dateline) -> None:
    def of_nour() -> dict[str, object]:
        rows = dateline("contacts", "hygiene", "--json").json()
        return next(row for row in rows if row["address"] == NOUR)

    dateline("contacts", "verify", NOUR)
    assert of_nour()["verified_at"] is not None
    assert "no lawful basis" in of_nour()["check"]  # type: ignore[operator]
    assert "no source of the address" in of_nour()["check"]  # type: ignore[operator]
    words = ("contacts", "basis", NOUR, "--basis", "consent", "--since", "2026-01-05", "--source", "her card")
    assert dateline(*words).code == 0
    assert NOUR not in dateline("contacts", "hygiene", "--json").out  # verified within the year: nothing is left
