"""A command imports only what it needs, and the list of commands is true all the same."""

import subprocess
import sys

import pytest
import typer

from mailer.cli import contacts
from mailer.cli.app import COMMANDS, app
from mailer.cli.loading import Later

COMMAND_LINE = """
import sys
from mailer.cli import main
sys.argv = ["dateline", *sys.argv[1:]]
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
print("\\n" + " ".join({name.partition(".")[0] for name in sys.modules}))
"""


def loaded_by(*words: str) -> set[str]:
    """The libraries that a command has imported when it has ended."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND_LINE, *words], check=True, capture_output=True, text=True, timeout=60
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("words", [("--help",), ("--version",)])
def test_the_list_of_commands_and_the_version_need_no_library_but_those_of_the_command_line(
    words: tuple[str, ...],
) -> None:
    assert not {"sqlalchemy", "pydantic", "jinja2", "babel"} & loaded_by(*words)


def test_who_lists_contacts_reads_no_files_sends_no_mail_and_migrates_nothing() -> None:
    others = {"alembic", "python_calamine", "charset_normalizer", "jinja2", "css_inline", "markdown_it"}
    others |= {"cryptography", "aiosmtpd", "apscheduler", "xlsxwriter", "yaml"}
    assert not others & loaded_by("contacts", "list", "--help")


def test_the_sending_process_reads_no_lists_of_contacts() -> None:
    others = {"alembic", "python_calamine", "charset_normalizer", "aiosmtpd", "xlsxwriter"}
    assert not others & loaded_by("run", "--help")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_of_a_command_is_what_it_says_of_itself(name: str) -> None:
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    for width in (20, 45, 60, 120):
        shown = Later("", COMMANDS[name].help).line(name, width)
        assert shown == command.get_short_help_str(width)


def test_only_what_takes_a_query_takes_words_that_begin_with_a_minus() -> None:
    commands = typer.main.get_group(contacts.app).commands
    loose = {n for n, command in commands.items() if command.context_settings["ignore_unknown_options"]}
    assert loose == {"list", "search", "export"}
