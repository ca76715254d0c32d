"""The commands put together, and how the program ends."""

import logging
import sys
import tempfile
import traceback
from typing import Annotated

import typer
from rich.logging import RichHandler

from mailer.cli.console import err, fail
from mailer.cli.home import HomeOption, set_home
from mailer.cli.loading import Later, group_of
from mailer.errors import DatelineError
from mailer.logs import TextFormatter

COMMANDS = {
    "init": Later(
        "setup:init",
        "Make a fresh press office in a folder: settings, sample contacts, templates, and an empty database.",
    ),
    "demo": Later(
        "demo:demo",
        "Show the whole way of one release: two organisations, two languages, an embargo, and who received what.",
    ),
    "check": Later("setup:check", "Look at the whole office: settings, database, templates, relays, clock."),
    "migrate": Later("setup:migrate_database", "Bring the database to the level that this version needs."),
    "run": Later("run:run", "Keep the clock, open each wave at its time, and send."),
    "backup": Later(
        "backup:backup", "Write the whole office into one file, while it goes on working and sending."
    ),
    "restore": Later("backup:restore_office", "Make an office of a backup."),
    "recover": Later(
        "backup:recover_office",
        "Go on after the database was put back by hand: hold every wave until you decide, and say so in the log.",
    ),
    "test-send": Later(
        "trial:send_test",
        "Send the mail of a release to yourself or colleagues at once, marked as a test. It is no delivery.",
    ),
    "verify-receipt": Later("log_seal:verify_receipt", "Check a receipt."),
    "verify-export": Later("log_export:verify_export", "Check an export."),
    "contacts": Later("contacts:app", "The registry of journalists and communications officers."),
    "beats": Later("beats:app", "The subjects that contacts cover."),
    "outlets": Later("outlets:app", "Where contacts work."),
    "terms": Later("terms:app", "Embargo terms: the texts that journalists accept."),
    "lists": Later("lists:app", "Media lists: who gets a wave."),
    "releases": Later("releases:app", "Press releases: import, preview, freeze, approve."),
    "waves": Later("waves:app", "The plan: what goes out when, to whom."),
    "deliveries": Later("deliveries:app", "Who received what."),
    "report": Later("reports:app", "Answers to officers and auditors, to print or hand on."),
    "log": Later("log:app", "The append-only record of every event."),
    "dkim": Later("dkim:app", "The keys that sign our mail, and their DNS records."),
}

app = typer.Typer(
    name="dateline",
    cls=group_of(COMMANDS),
    help="A self-hosted press office: press releases to the right journalists, never before the embargo, with proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(value: bool) -> None:  # noqa: FBT001 - typer's own form of callback
    if value:
        from importlib.metadata import version

        sys.stdout.write(f"dateline {version('dateline')}\n")
        raise typer.Exit


@app.callback()
def office(
    *,
    home: HomeOption = None,
    version: Annotated[  # noqa: ARG001 - its callback has done it
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Work in the press office of the current folder, or of --home."""
    set_home(home)


def _keep_trace() -> str:
    """Write the present traceback where somebody who mends it finds it; returns the file's name."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="dateline-", suffix=".trace", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exc(file=file)
    return file.name


def main() -> None:
    """Run a command; a stated problem ends with 1, wrong usage with 2, and no traceback reaches a person."""
    for stream in (sys.stdout, sys.stderr):
        # A name in Arabic must not end a command where the locale is C.
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    handler = RichHandler(console=err, show_path=False, rich_tracebacks=False)
    handler.setFormatter(TextFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    try:
        app()
    except DatelineError as error:
        fail(error)
    except KeyboardInterrupt:
        err.print("Stopped.")
        raise SystemExit(130) from None
    except BrokenPipeError:
        # The reader of a pipe has gone, as head does.
        sys.stderr.close()
        raise SystemExit(0) from None
    except Exception as error:
        err.print(
            f"Dateline has failed in a way that it does not know ({type(error).__name__}).", style="bold red"
        )
        err.print(f"What happened is in {_keep_trace()}; please report it with what you did.", markup=False)
        raise SystemExit(1) from None
