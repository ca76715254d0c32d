"""The commands put together, and how the program ends."""

import logging
import sys
import tempfile
import traceback
from typing import Annotated

import typer
from rich.logging import RichHandler

from mailer.cli import (
    backup,
    beats,
    contacts,
    deliveries,
    demo,
    dkim,
    lists,
    log,
    log_export,
    log_seal,
    outlets,
    releases,
    reports,
    run,
    setup,
    terms,
    trial,
    waves,
)
from mailer.cli.office import HomeOption, set_home
from mailer.cli.output import err, fail
from mailer.errors import DatelineError
from mailer.logs import TextFormatter

app = typer.Typer(
    name="dateline",
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


app.command("init")(setup.init)
app.command("demo")(demo.demo)
app.command("check")(setup.check)
app.command("migrate")(setup.migrate_database)
app.command("run")(run.run)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore_office)
app.command("recover")(backup.recover_office)
app.command("test-send")(trial.send_test)
app.add_typer(contacts.app, name="contacts", help="The registry of journalists and communications officers.")
app.add_typer(beats.app, name="beats", help="The subjects that contacts cover.")
app.add_typer(outlets.app, name="outlets", help="Where contacts work.")
app.add_typer(terms.app, name="terms", help="Embargo terms: the texts that journalists accept.")
app.add_typer(lists.app, name="lists", help="Media lists: who gets a wave.")
app.add_typer(releases.app, name="releases", help="Press releases: import, preview, freeze, approve.")
app.add_typer(waves.app, name="waves", help="The plan: what goes out when, to whom.")
app.add_typer(deliveries.app, name="deliveries", help="Who received what.")
app.add_typer(reports.app, name="report", help="Answers to officers and auditors, to print or hand on.")
app.add_typer(log.app, name="log", help="The append-only record of every event.")
app.command("verify-receipt")(log_seal.verify_receipt)
app.command("verify-export")(log_export.verify_export)
app.add_typer(dkim.app, name="dkim", help="The keys that sign our mail, and their DNS records.")


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
