"""``dateline report``: an answer is whole, noted in the log before anybody has it, and over no other file."""

import csv
import errno
import io
import json
import os
import signal
import stat
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from builders import NOON

from cli.conftest import EMBARGO, Dateline, database_of, end, logged
from cli.test_json_reference import TYPES, documented, printed
from mailer.audit import entries
from mailer.database import Database
from mailer.schedule.models import DeliveryState

QUESTIONS = [
    ("received", ("received", "ports")),
    ("missed", ("missed", "ports")),
    ("sent", ("sent", "--contact", "nour@courier.example")),
    ("embargoed", ("embargoed", "ports", "--at", "2026-11-24 15:30")),
    ("numbers", ("numbers", "ports")),
]


@pytest.fixture
def sent_office(planned: Path, dateline: Dateline) -> Path:
    """Of wave 1 one is accepted; of wave 2 one is accepted and one refused; the log is sealed."""
    with database_of(planned) as database:
        end(database, 1, DeliveryState.ACCEPTED, at=NOON + timedelta(hours=1))
        end(database, 3, DeliveryState.ACCEPTED, at=EMBARGO + timedelta(seconds=3))
        end(database, 4, DeliveryState.FAILED, at=EMBARGO + timedelta(seconds=4), code=550)
    dateline("log", "seal")
    return planned


def last_entry(office: Path) -> tuple[str, object]:
    with database_of(office) as database, database.read() as session:
        entry = list(entries(session))[-1]
        return entry.event, entry.data


@pytest.mark.parametrize(("question", "words"), QUESTIONS, ids=[q for q, _ in QUESTIONS])
def test_json_has_the_fields_and_types_that_are_documented(
    sent_office: Path, dateline: Dateline, question: str, words: tuple[str, ...]
) -> None:
    told = dateline("report", *words, "--json")
    assert told.code == 0
    document = told.json()
    fields = documented()[f"report {question}"]
    assert {f for f in printed(document) if not f.startswith("figures.")} == set(fields)
    for row in document["rows"]:
        for field, value in row.items():
            kind = fields[f"rows[].{field}"].strip()
            if value is not None:
                allowed = (int, float) if kind == "number" else TYPES[kind]
                assert isinstance(value, allowed), field


@pytest.mark.parametrize(
    ("form", "begins"),
    [
        ("table", b"Who received ports"),
        ("csv", b"\xef\xbb\xbfdelivery,"),
        ("xlsx", b"PK"),
        ("json", b"{"),
        ("pdf", b"%PDF"),
    ],
)
def test_each_format_is_written_whole_and_noted(
    sent_office: Path, dateline: Dateline, form: str, begins: bytes
) -> None:
    told = dateline("report", "received", "ports", "--format", form, "--output", "who.out")
    assert (told.code, told.out) == (0, "")
    assert told.err.endswith("2 rows in who.out\n")
    assert Path("who.out").read_bytes().startswith(begins)
    assert stat.S_IMODE(Path("who.out").stat().st_mode) == 0o600
    assert last_entry(sent_office) == (
        "report.read",
        {
            "question": "received",
            "rows": 2,
            "format": form,
            "people": 1,
        },
    )
    assert not list(Path().glob(".who*"))


def test_the_name_of_the_file_says_the_format(sent_office: Path, dateline: Dateline) -> None:
    assert dateline("report", "missed", "ports", "--output", "who.pdf").code == 0
    assert Path("who.pdf").read_bytes().startswith(b"%PDF")


def test_the_entry_names_release_and_person_by_number(sent_office: Path, dateline: Dateline) -> None:
    dateline("report", "missed", "ports")
    dateline("report", "sent", "--contact", "nour@courier.example")
    about_release, about_person = dateline("log", "list", "--event", "report.read", "--json").lines()
    assert (about_release["release"], about_release["contact"]) == ("ports", None)
    nour = dateline("contacts", "show", "nour@courier.example", "--json").json()["contact"]
    assert (about_person["release"], about_person["contact"]) == (None, nour)
    assert "nour" not in json.dumps(about_person["data"])


def test_a_table_goes_to_stdout_and_the_rest_to_stderr(sent_office: Path, dateline: Dateline) -> None:
    told = dateline("report", "missed", "ports")
    assert "Hagop Terzian" in told.out
    assert "Has not accepted the embargo terms." in told.out
    assert "The relay refused it for good." in told.out
    assert "checkpoint" in told.out
    assert told.err == "6 rows\n"


def test_csv_has_rows_alone_and_the_checkpoint_is_told_beside_them(sent_office: Path, dateline: Dateline) -> None:
    told = dateline("report", "received", "ports", "--format", "csv")
    found = list(csv.DictReader(io.StringIO(told.out.removeprefix("\ufeff"), newline="")))
    assert [row["delivery"] for row in found] == ["1", "3"]
    assert "last checkpoint" in told.err


def test_who_had_it_is_asked_in_a_zone(sent_office: Path, dateline: Dateline) -> None:
    def count(*words: str) -> int:
        return len(dateline("report", "embargoed", "ports", *words, "--json").json()["rows"])

    assert count() == 0
    assert count("--at", "2026-11-24 15:00") == 1
    assert count("--at", "2026-11-24 15:00", "--zone", "UTC") == 1
    assert count("--at", "2026-11-24 12:59", "--zone", "UTC") == 0
    assert count("--at", "2026-11-25 14:00") == 0


def test_a_chart_is_drawn_beside_the_numbers(sent_office: Path, dateline: Dateline) -> None:
    told = dateline("report", "numbers", "ports", "--chart", "pace.svg", "--language", "fr")
    assert told.code == 0
    root = ET.fromstring(Path("pace.svg").read_text("utf-8").split("\n", 1)[1])
    assert root.get("lang") == "fr"
    again = dateline("report", "numbers", "ports", "--chart", "pace.svg")
    assert (again.code, again.out) == (1, "")
    assert "There is a file pace.svg already" in again.err


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (("received", "prts"), 1, "prts"),
        (("received", "ports", "--format", "docx"), 1, "--format cannot be docx"),
        (("received", "ports", "--format", "csv", "--json"), 2, "exclude each other"),
        (("received", "ports", "--language", "de"), 1, "--language cannot be de"),
        (("received", "ports", "--city", "Beirrut"), 1, "Beirrut"),
        (("received", "ports", "--wave", "99"), 1, "There is no wave 99"),
        (("received", "ports", "--output", "nowhere/x.csv"), 1, "cannot be written"),
        (("sent",), 2, "Say whom you ask about"),
        (("sent", "--contact", "nobody@nowhere.example"), 1, "There is no contact"),
        (("embargoed", "ports", "--zone", "UTC"), 2, "--zone is the zone"),
        (("embargoed", "ports", "--at", "yesterday"), 1, "is not a date and time"),
    ],
)
def test_what_cannot_be_is_refused_and_not_noted(
    sent_office: Path, dateline: Dateline, words: tuple[str, ...], code: int, problem: str
) -> None:
    before = logged(sent_office)
    told = dateline("report", *words)
    assert (told.code, told.out) == (code, "")
    assert problem in told.err
    assert logged(sent_office) == before


def test_no_file_is_written_over_but_by_force(sent_office: Path, dateline: Dateline) -> None:
    Path("mine.csv").write_text("mine")
    before = logged(sent_office)
    told = dateline("report", "received", "ports", "--output", "mine.csv")
    assert told.code == 1
    assert Path("mine.csv").read_text() == "mine"
    assert logged(sent_office) == before
    assert dateline("report", "received", "ports", "--output", "mine.csv", "--force").code == 0
    assert Path("mine.csv").read_text("utf-8-sig").startswith("delivery,")


def test_a_report_that_shows_one_person_is_noted_with_her(sent_office: Path, dateline: Dateline) -> None:
    dateline("report", "received", "ports", "--city", "Beirut")
    (noted,) = dateline("log", "list", "--event", "report.read", "--json").lines()
    nour = dateline("contacts", "show", "nour@courier.example", "--json").json()["contact"]
    assert (noted["contact"], noted["data"]["people"]) == (nour, 1)
    reads = dateline("report", "reads", "--contact", "nour@courier.example", "--json").json()["rows"]
    assert [row["people"] for row in reads if row["question"] == "report received"] == [1]


def test_while_the_log_is_kept_from_writing_no_report_is_shown_and_the_reason_is_told(
    sent_office: Path, dateline: Dateline, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = logged(sent_office)
    monkeypatch.setattr("mailer.cli.office.Database", lambda url: Database(url, busy_seconds=0))
    with database_of(sent_office) as other, other.write():
        for where in ((), ("--output", "who.csv")):
            told = dateline("report", "received", "ports", *where)
            assert (told.code, told.out) == (1, "")
            assert told.err.startswith(
                "Nothing is shown, as the log could not note that it was read: The database"
            )
    assert logged(sent_office) == before
    assert not list(Path().glob("*who*"))


def test_a_file_is_written_where_the_folder_knows_no_links(
    sent_office: Path, dateline: Dateline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("mailer.cli.files.os.link", refuse)
    assert dateline("report", "received", "ports", "--output", "who.csv").code == 0
    assert Path("who.csv").read_text("utf-8-sig").startswith("delivery,")
    assert [path.name for path in Path().glob("*who*")] == ["who.csv"]


def test_a_full_disk_under_the_temporary_files_is_a_stated_problem(
    sent_office: Path, dateline: Dateline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = logged(sent_office)
    monkeypatch.setattr("mailer.cli.report_answers.present", full)
    told = dateline("report", "received", "ports")
    assert (told.code, told.out) == (1, "")
    assert "cannot be written: No space left on device" in told.err
    assert logged(sent_office) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_who_is_told_to_end_leaves_no_half_file(
    sent_office: Path, dateline: Dateline, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    def end_it(*_: object) -> None:
        os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    monkeypatch.setattr("mailer.cli.report_answers.present", end_it)
    signal.signal(number, signal.SIG_IGN)  # so that a test which fails does not end the tests
    try:
        told = dateline("report", "received", "ports", "--output", "who.csv")
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)
    assert told.code == 128 + number
    assert not list(Path().glob("*who*"))


def test_a_long_name_in_arabic_is_a_name(sent_office: Path, dateline: Dateline) -> None:
    name = "ت" * 120 + ".csv"
    assert dateline("report", "received", "ports", "--output", name).code == 0
    assert Path(name).exists()


def test_nobody_has_an_answer_that_could_not_be_noted(
    sent_office: Path, dateline: Dateline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mailer.cli.report_answers.note_read", fail)
    for where in ((), ("--output", "who.csv")):
        told = dateline("report", "received", "ports", *where)
        assert (told.code, told.out) == (130, "")
    assert not list(Path().glob("*who*"))
