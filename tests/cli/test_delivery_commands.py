"""``dateline deliveries`` and ``dateline log``, as they are typed: who received what, by every filter and form."""

import csv
import hashlib
import io
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from builders import NOON

from cli.conftest import EMBARGO, Dateline, database_of, end
from mailer.schedule.models import Delivery, DeliveryState

# The deliveries of the prepared plan: wave 1 has 1 and 2, wave 2 has 3 to 6, each by city and then as imported.
NOUR_1, MONA_1, NOUR_2, HAGOP_2, MONA_2, HEBA_2 = range(1, 7)
HAGOP = 7


def carry_out(home: Path) -> None:
    """Part of the plan: accepted at 13:00 and at the embargo, one failed, the rest is still queued."""
    early = NOON + timedelta(hours=1)
    with database_of(home) as database:
        end(database, NOUR_1, DeliveryState.ACCEPTED, at=early)
        end(database, MONA_1, DeliveryState.FAILED, at=early, code=550)
        end(database, NOUR_2, DeliveryState.ACCEPTED, at=EMBARGO)


@pytest.fixture(scope="module")
def read_only(prepared_plan: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plan, partly carried out, for tests that only read."""
    home = tmp_path_factory.mktemp("sent") / "office"
    shutil.copytree(prepared_plan, home)
    carry_out(home)
    return home


@pytest.fixture
def sent(read_only: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same with the test inside it."""
    monkeypatch.chdir(read_only)
    return read_only


FILTERS = [
    ((), {NOUR_1, MONA_1, NOUR_2, HAGOP_2, MONA_2, HEBA_2}),
    (("--release", "ports", "--wave", "1"), {NOUR_1, MONA_1}),
    (("--contact", "nour@courier.example"), {NOUR_1, NOUR_2}),
    (("--contact", "منى رشوان"), {MONA_1, MONA_2}),
    (("--outlet", "courier"), {NOUR_1, NOUR_2, MONA_1, MONA_2}),
    (("--outlet", "وكالة"), {HEBA_2}),
    (("--city", "القاهرة"), {MONA_1, MONA_2, HEBA_2}),
    (("--city", "Le Caire", "--wave", "2"), {MONA_2, HEBA_2}),
    (("--city", "Tunis"), set()),
    (("--language", "ar"), {NOUR_1, NOUR_2, HEBA_2}),
    (("--state", "accepted"), {NOUR_1, NOUR_2}),
    (("--state", "accepted", "--state", "failed"), {NOUR_1, NOUR_2, MONA_1}),
    # What is not finished counts by the time at which its wave is due; 14:00 in Beirut is the embargo.
    (("--since", "2026-11-25"), {NOUR_2, HAGOP_2, MONA_2, HEBA_2}),
    (("--since", "2026-11-25 14:00"), {NOUR_2, HAGOP_2, MONA_2, HEBA_2}),
    (("--since", "2026-11-25 14:01"), set()),
    (("--until", "2026-11-25 14:00"), {NOUR_1, MONA_1}),
]


@pytest.mark.parametrize(("words", "found"), FILTERS)
def test_deliveries_are_found_by_every_filter(
    sent: Path, dateline: Dateline, words: tuple[str, ...], found: set[int]
) -> None:
    told = dateline("deliveries", "list", "--json", *words)
    assert told.code == 0
    assert {row["delivery"] for row in told.lines()} == found


def test_a_delivery_says_what_the_relay_answered(sent: Path, dateline: Dateline) -> None:
    (row,) = dateline("deliveries", "list", "--state", "failed", "--json").lines()
    assert (row["name"], row["city"], row["language"]) == ("Mona Rashwan", "Cairo", "en")
    assert (row["code"], row["relay"], row["finished_at"]) == (550, "main", "2026-11-24T13:00:00.000000Z")
    told = dateline("deliveries", "list", "--wave", "1")
    assert "\u2068نور حداد\u2069" in told.out
    assert "2026-11-24 15:00:00 UTC+2" in told.out
    assert "550 2.0.0 Ok" in told.out
    assert told.err == "2 deliveries\n"


def test_deliveries_as_csv_are_one_row_each(sent: Path, dateline: Dateline) -> None:
    text = dateline("deliveries", "list", "--csv").out
    headings, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    assert headings[:3] == ["delivery", "wave", "kind"]
    assert len(rows) == 6
    assert dateline("deliveries", "list", "--csv", "--city", "Tunis").err == "No delivery fits.\n"


@pytest.mark.parametrize("command", ["deliveries", "log"])
@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--release", "prts"), "There is no release prts."),
        (("--wave", "9"), "There is no wave 9."),
        (("--contact", "Nobody"), "There is no contact “Nobody”."),
        (("--city", "Utopolis"), "Utopolis is not a city that Dateline knows."),
        (("--state", "sent"), "--state cannot be sent."),
        (("--since", "yesterday"), "yesterday is not a date and time."),
        (("--until", "2026-02-31"), "2026-02-31 is not a date and time."),
    ],
)
def test_a_filter_that_means_nothing_is_refused(
    sent: Path, dateline: Dateline, command: str, words: tuple[str, ...], problem: str
) -> None:
    told = dateline(command, "list", *words)
    assert (told.code, told.out) == (1, "")
    assert problem in told.err


def test_a_day_begins_when_the_clocks_make_it_begin(sent: Path, dateline: Dateline) -> None:
    # On 28 March 2027 Beirut has no 00:00: the day's first moment is 01:00, which is 22:00 UTC of the day before.
    assert dateline("deliveries", "list", "--since", "2027-03-28").code == 0


LOGGED: list[tuple[tuple[str, ...], Callable[[dict[str, object]], bool]]] = [
    (("--event", "wave.scheduled"), lambda e: e["event"] == "wave.scheduled" and e["release"] == "ports"),
    (("--release", "ports"), lambda e: e["release"] == "ports"),
    (("--wave", "2"), lambda e: e["wave"] == 2),
    (("--contact", "Hagop Terzian"), lambda e: e["contact"] == HAGOP),
    (("--outlet", "Ledger"), lambda e: e["contact"] == HAGOP),
    (("--city", "بيروت", "--event", "delivery.excluded"), lambda e: e["contact"] == HAGOP),
    (("--since", "2026-11-24 14:00"), lambda e: str(e["at"]) >= "2026-11-24T12"),
    (
        ("--until", "2026-11-24 14:01", "--event", "wave.scheduled", "--limit", "1"),
        lambda e: e["event"] == "wave.scheduled",
    ),
]


@pytest.mark.parametrize(("words", "fits"), LOGGED)
def test_the_log_is_found_by_every_filter(
    sent: Path, dateline: Dateline, words: tuple[str, ...], fits: Callable[[dict[str, object]], bool]
) -> None:
    found = dateline("log", "list", "--json", *words).lines()
    assert found
    assert all(map(fits, found))
    assert len(found) < len(dateline("log", "list", "--json").lines()) or "--since" in words


def test_the_log_of_deliveries_is_found_by_state_and_language(planned: Path, dateline: Dateline) -> None:
    carry_out(planned)
    dateline("deliveries", "give-up", str(HAGOP_2), str(HEBA_2))
    for words, found in (
        (("--state", "cancelled"), {HAGOP_2, HEBA_2}),
        (("--language", "ar"), {HEBA_2}),
        (("--state", "accepted"), set()),
    ):
        logged = dateline("log", "list", "--json", *words).lines()
        assert {entry["delivery"] for entry in logged} == found


def test_the_log_is_told_as_a_table_and_as_csv(sent: Path, dateline: Dateline) -> None:
    assert "wave.scheduled" in dateline("log", "list").out
    text = dateline("log", "list", "--csv", "--limit", "2").out
    headings, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    assert headings == ["entry", "at", "event", "actor", "release", "wave", "delivery", "contact", "data"]
    assert len(rows) == 2
    assert "--event cannot be wave.lost." in dateline("log", "list", "--event", "wave.lost").err
    assert dateline("log", "list", "--limit", "-1").code == 2


def test_a_message_is_produced_again_byte_for_byte(planned: Path, dateline: Dateline) -> None:
    told = dateline("deliveries", "show", str(NOUR_2), "--eml", "nour.eml")
    assert (told.code, told.out) == (0, "nour.eml\n")
    assert "No relay has taken it so far" in told.err
    message = (planned / "nour.eml").read_bytes()
    with database_of(planned) as database, database.write() as session:
        session.get_one(Delivery, NOUR_2).sha256 = hashlib.sha256(message).hexdigest()
        session.get_one(Delivery, MONA_2).sha256 = "0" * 64
    assert "is the one in the log." in dateline("deliveries", "show", str(NOUR_2), "--eml", "nour.eml").err
    wrong = dateline("deliveries", "show", str(MONA_2), "--eml", "mona.eml")
    assert wrong.code == 1
    assert "is NOT the one in the log" in wrong.err


def test_a_message_that_cannot_be_shown_is_told(planned: Path, dateline: Dateline) -> None:
    assert "There is no delivery 99." in dateline("deliveries", "show", "99", "--eml", "x.eml").err
    (planned / "taken").write_text("a file")
    told = dateline("deliveries", "show", "1", "--eml", "taken/x.eml")
    assert (told.code, told.out) == (1, "")
    assert "taken/x.eml cannot be written: " in told.err
    assert dateline("deliveries", "show", "1").code == 2


def test_an_officer_decides_about_single_deliveries(planned: Path, dateline: Dateline) -> None:
    carry_out(planned)
    assert "1 deliveries are queued again." in dateline("deliveries", "send-again", str(MONA_1)).err
    assert "2 deliveries are cancelled." in dateline("deliveries", "give-up", str(HAGOP_2), str(HEBA_2)).err
    told = dateline("deliveries", "send-again", str(MONA_1), str(NOUR_1))
    assert told.code == 1
    assert "cannot be sent again; nothing was changed." in told.err
    states = {row["delivery"]: row["state"] for row in dateline("deliveries", "list", "--json").lines()}
    assert states == {
        NOUR_1: "accepted",
        MONA_1: "queued",
        NOUR_2: "accepted",
        HAGOP_2: "cancelled",
        MONA_2: "queued",
        HEBA_2: "cancelled",
    }
