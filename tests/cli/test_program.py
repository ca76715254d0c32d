"""The program as a whole: how it ends, where it writes, and that it runs where nothing is set up for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.conftest import Dateline, database_of
from mailer.config import config_file
from mailer.database import Database
from mailer.schedule.models import Delivery


def run(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The program in a process of its own, with nothing in its environment but what is said here."""
    command = [sys.executable, "-m", "mailer", "--home", str(home), *words]
    path = {"PATH": os.environ["PATH"], "HOME": str(home)}
    return subprocess.run(command, env=path | environment, capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize("words", [(), ("contacts",), ("contacts", "lst"), ("list",), ("contacts", "show")])
def test_wrong_usage_ends_with_2_and_says_how_it_is_used(
    office: Path, dateline: Dateline, words: tuple[str, ...]
) -> None:
    told = dateline(*words)
    assert told.code == 2
    assert "Usage: " in told.err + told.out


def test_help_and_version_need_no_office(tmp_path: Path, dateline: Dateline) -> None:
    for words in (("--help",), ("waves", "schedule", "--help"), ("--version",)):
        told = dateline(*words, home=tmp_path)
        assert (told.code, told.err) == (0, "")
        assert "dateline" in told.out


def test_a_folder_without_an_office_says_what_to_do(tmp_path: Path, dateline: Dateline) -> None:
    told = dateline("contacts", "list", home=tmp_path)
    assert (told.code, told.out) == (1, "")
    assert told.err == (
        f"{tmp_path} is not a press office: it has no config/dateline.toml.\n"
        "Go to your office's folder, name it with --home, or make one with: dateline init FOLDER\n"
    )


LOCALES = [
    {"LC_ALL": "C"},
    {"LC_ALL": "C", "PYTHONIOENCODING": "latin-1"},
    {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
]


@pytest.mark.parametrize("variables", LOCALES)
def test_arabic_is_printed_whatever_the_locale(prepared: Path, variables: dict[str, str]) -> None:
    done = run(prepared, "contacts", "list", "city:Cairo", "kind:journalist", **variables)
    assert done.returncode == 0, done.stderr
    assert "هبة سليم" in done.stdout.decode("utf-8")
    assert done.stderr.decode("utf-8") == "2 contacts\n"


def test_results_go_to_stdout_and_everything_else_to_stderr(prepared: Path) -> None:
    done = run(prepared, "contacts", "show", "Nour")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"Did you mean Nour Haddad" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_reader_that_goes_away_leaves_no_traceback(prepared: Path) -> None:
    command = [sys.executable, "-m", "mailer", "--home", str(prepared), "contacts", "list", "--csv"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_no_secret_is_printed_by_any_command(
    office: Path, dateline: Dateline, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "hunter2-and-a-half"
    settings = config_file(office)
    settings.write_text(
        settings.read_text("utf-8").replace('username = ""', f'username = "desk"\npassword = "{secret}"'), "utf-8"
    )
    told = [dateline("check"), dateline("contacts", "list"), dateline("log", "list", "--json")]
    for url in (f"postgresql://desk:{secret}@127.0.0.1:1/press", f"mysql://desk:{secret}@db.example/press"):
        monkeypatch.setenv("DATELINE_DATABASE__URL", url)
        told += [dateline("check"), dateline("contacts", "list"), dateline("migrate")]
    assert {answer.code for answer in told[3:]} == {1}
    for answer in told:
        assert secret not in answer.out + answer.err


def test_a_token_that_would_unsubscribe_a_contact_is_in_no_list(planned: Path, dateline: Dateline) -> None:
    with database_of(planned) as database, database.read() as session:
        tokens = [delivery.token for delivery in session.query(Delivery)]
    said = "".join(dateline(command, "list", "--json").out for command in ("deliveries", "log", "waves"))
    assert said
    assert not any(token in said for token in tokens)


def test_a_database_that_is_busy_is_a_stated_problem(
    office: Path, dateline: Dateline, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An officer waits half a minute; a test does not.
    monkeypatch.setattr("mailer.cli.office.Database", lambda url: Database(url, busy_seconds=0))
    with database_of(office) as database, database.write():
        told = dateline("contacts", "suppress", "nour@courier.example", "--reason", "x")
    assert (told.code, told.out) == (1, "")
    assert "is busy with another process; nothing was changed." in told.err
