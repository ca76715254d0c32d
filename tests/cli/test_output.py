"""What is printed: safe for a spreadsheet, exact for a program, right way round for a person."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from mailer.cli import output
from mailer.cli.output import Column, Form, form_of, show_document, show_list, shown
from mailer.contacts.fields import safe_cell

WHEN = datetime(2026, 12, 22, 8, tzinfo=UTC)
COLUMNS = (Column("name", "Name"), Column("city", "City"))


def show(rows: Iterable[Mapping[str, object]], form: Form, *, lines: bool = False) -> int:
    return show_list(rows, COLUMNS, form=form, zone="Asia/Beirut", empty="Nobody is here.", lines=lines)


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        '=HYPERLINK("https://evil.example")',
        "+961 1 555 0101",
        "-2+3",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        "\uff1d1+1",
        "=نور",
    ],
)
def test_a_cell_that_a_spreadsheet_would_run_is_neutralised(cell: str) -> None:
    assert safe_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Nour Haddad", "نور حداد", "a=b", "1-2", "nour@paper.example"])
def test_any_other_cell_stays_as_it_is(cell: str) -> None:
    assert safe_cell(cell) == cell


def test_csv_is_read_by_a_spreadsheet_as_it_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    row = {
        "name": "نور حداد",
        "outlets": ["=cmd|' /C calc'!A0", "Radio"],
        "at": WHEN,
        "ended": None,
        "data": {"reason": "-"},
        "reply": "-1, “quoted”\r\nnext",
    }
    assert show([row], Form.CSV) == 1
    text = capsys.readouterr().out
    # Without the mark Excel shows Arabic as rubbish.
    assert text.startswith("\ufeff")
    headings, cells = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    assert headings == list(row)
    assert cells == [
        "نور حداد",
        "'=cmd|' /C calc'!A0; Radio",
        "2026-12-22T08:00:00.000000Z",
        "",
        '{"reason": "-"}',
        "'-1, “quoted”\r\nnext",
    ]


def test_json_has_times_in_utc_and_arabic_as_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    local = WHEN.astimezone(ZoneInfo("Asia/Beirut"))
    show_document({"name": "نور", "at": local, "day": date(2026, 12, 22), "none": None, "list": ("a",), "n": 3})
    text = capsys.readouterr().out
    assert "نور" in text
    assert json.loads(text) == {
        "name": "نور",
        "at": "2026-12-22T08:00:00.000000Z",
        "day": "2026-12-22",
        "none": None,
        "list": ["a"],
        "n": 3,
    }


def test_a_long_list_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(({"name": str(n), "city": "Beirut"} for n in range(3)), Form.JSON, lines=True) == 3
    assert [json.loads(line)["name"] for line in capsys.readouterr().out.splitlines()] == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("form", "lines", "printed"),
    [(Form.TABLE, False, ""), (Form.CSV, False, ""), (Form.JSON, True, ""), (Form.JSON, False, "[]\n")],
)
def test_an_empty_list_says_on_stderr_what_to_do(
    capsys: pytest.CaptureFixture[str], form: Form, lines: bool, printed: str
) -> None:
    assert show([], form, lines=lines) == 0
    said = capsys.readouterr()
    assert said.out == printed
    assert said.err == "Nobody is here.\n"


def test_an_arabic_name_does_not_turn_the_columns_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"name": "نور حداد", "city": "Beirut"}, {"name": "Hagop", "city": "Beirut"}], Form.TABLE)
    text = capsys.readouterr().out
    assert "\u2068نور حداد\u2069" in text
    assert "\u2068Hagop" not in text


def test_a_table_is_not_cut_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    show([{"name": "x" * 300, "city": "Beirut"}], Form.TABLE)
    assert "x" * 300 + "   Beirut" in capsys.readouterr().out


@pytest.mark.parametrize(("width", "in_a_table"), [(60, True), (20, False)])
def test_what_does_not_fit_into_the_terminal_is_listed_and_never_folded(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int, in_a_table: bool
) -> None:
    terminal = Console(soft_wrap=True, force_terminal=True, no_color=True, width=width)
    monkeypatch.setattr(output, "out", terminal)
    show([{"name": "عبد الرحمن محمد إبراهيم", "city": "Cairo"}], Form.TABLE)
    text = capsys.readouterr().out
    assert "\u2068عبد الرحمن محمد إبراهيم\u2069" in text
    assert ("───" in text) is in_a_table


def test_a_time_is_shown_in_the_offices_zone_with_its_offset() -> None:
    assert shown(WHEN, "Asia/Beirut") == "2026-12-22 10:00:00 UTC+2"
    assert shown({"reason": "late", "states": {"accepted": 3}}, "UTC") == "reason late, states accepted 3"


def test_json_and_csv_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        form_of(as_json=True, as_csv=True)
    assert ended.value.code == 2
    assert "exclude each other" in capsys.readouterr().err


def test_a_name_is_not_taken_for_markup_or_an_emoji(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"name": "[bold]Nour[/bold]", "city": ":key:"}], Form.TABLE)
    output.say("[red]:key:[/red]")
    said = capsys.readouterr()
    assert "[bold]Nour[/bold]   :key:" in said.out
    assert said.err == "[red]:key:[/red]\n"
