"""``dateline contacts erase``: it says what goes and what stays, asks, and does it once."""

import io
import stat
from pathlib import Path

import pytest
from builders import NOON

from cli.conftest import Dateline, database_of, end
from mailer.schedule.models import DeliveryState

NOUR = "nour@courier.example"


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_a_dry_run_says_what_goes_and_what_stays(planned: Path, dateline: Dateline) -> None:
    told = dateline("contacts", "erase", NOUR, "--dry-run")
    assert (told.code, told.out) == (0, "")
    number = dateline("contacts", "show", NOUR, "--json").json()["contact"]
    assert f"Nour Haddad <nour@courier.example>, contact {number}. For good go:" in told.err
    assert "name and address in 2 deliveries, of which 2 wait and are cancelled" in told.err
    assert "a keyed hash of 1 addresses" in told.err
    assert told.err.endswith("Nothing was erased.\n")
    assert dateline("contacts", "show", NOUR).code == 0
    assert not Path("data/erasure.key").exists()


@pytest.mark.parametrize("text", ["", "hagop@ledger.example\n", "yes\n"])
def test_without_her_address_typed_nothing_is_erased(
    planned: Path, dateline: Dateline, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    answer(monkeypatch, text)
    told = dateline("contacts", "erase", NOUR)
    assert told.code == 1
    assert "nothing was erased" in told.err
    assert dateline("contacts", "show", NOUR).code == 0


def test_with_it_she_is_gone_and_every_list_still_works(
    planned: Path, dateline: Dateline, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database_of(planned) as database:
        end(database, 1, DeliveryState.ACCEPTED, at=NOON)
    before = {row["delivery"]: row for row in dateline("deliveries", "list", "--json").lines()}
    number = before[1]["contact"]
    who = dateline("contacts", "show", str(number), "--json").json()
    answer(monkeypatch, f" {who['address'].upper()}\n")
    told = dateline("contacts", "erase", str(number))
    assert told.code == 0
    assert f"Contact {number} is erased" in told.err
    assert stat.S_IMODE(Path("data/erasure.key").stat().st_mode) == 0o600
    assert Path("data/erasure.key").read_text().strip() not in told.err
    for words in (
        ("contacts", "list", "--json"),
        ("deliveries", "list", "--json"),
        ("log", "list", "--json"),
        ("waves", "show", "1", "--json"),
        ("lists", "show", "Desk", "--json"),
    ):
        shown = dateline(*words)
        assert shown.code == 0
        assert who["address"] not in shown.out
        assert who["name"] not in shown.out
    rows = {row["delivery"]: row for row in dateline("deliveries", "list", "--json").lines()}
    assert (rows[1]["name"], rows[1]["state"]) == ("erased on 2026-11-24", "accepted")
    again = dateline("deliveries", "show", "1", "--eml", "x.eml")
    assert again.code == 1
    assert "whom it went to was erased" in again.err
    twice = dateline("contacts", "erase", str(number), "--yes")
    assert (twice.code, f"Contact {number} was erased on 2026-11-24" in twice.err) == (1, True)


def test_nobody_is_erased_with_another_key_than_the_first(planned: Path, dateline: Dateline) -> None:
    assert dateline("contacts", "erase", NOUR, "--yes").code == 0
    Path("data/erasure.key").write_text("0" * 64)
    told = dateline("contacts", "erase", "hagop@ledger.example", "--yes")
    assert told.code == 1
    assert "The key" in told.err
    assert dateline("contacts", "show", "hagop@ledger.example").code == 0
