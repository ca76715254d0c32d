"""``dateline init``, ``check`` and ``migrate``: making an office and seeing that all is well."""

import shlex
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from mailer.cli.home import home
from mailer.cli.identity import sender_of
from mailer.cli.output import Form, err, out, say, show_list
from mailer.clock import SystemClock
from mailer.config import config_file, load
from mailer.database import Database, migrate
from mailer.delivery.checkup import Finding, Grade, check_office, problem
from mailer.errors import DatelineError, OfficeExists, UnreadableFile, UnwritableFile

FOLDERS = ("config", "contacts", "templates")
_COLOURS = {Grade.OK: "green", Grade.WARNING: "yellow", Grade.PROBLEM: "bold red"}


def office_parts() -> Path:
    """Where the parts of a fresh office lie: in the wheel within the package, in a checkout beside it."""
    package = Path(str(files("mailer")))
    for folder in (package / "office", package.parent):
        if all((folder / part).is_dir() for part in FOLDERS):
            return folder
    raise UnreadableFile(file=package / "office", reason="this installation lacks it; install Dateline anew")


def make_office(folder: Path) -> None:
    """Write a fresh office with an empty database. Raises ``OfficeExists`` or ``UnwritableFile``."""
    if config_file(folder).exists():
        raise OfficeExists(folder=folder)
    parts = office_parts()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for part in FOLDERS:
            # Files that are there already are somebody's work; the settings go last, as they make it an office.
            for source in sorted((parts / part).rglob("*"), key=lambda file: file.name == "dateline.toml"):
                target = folder / part / source.relative_to(parts / part)
                # Keys are one office's own, wherever it was made.
                if source.is_dir() or target.exists() or "keys" in source.relative_to(parts).parts:
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
    except OSError as error:
        raise UnwritableFile(file=error.filename or folder, reason=error.strerror or "unknown reason") from error
    database = Database(load(folder).database_url)
    try:
        migrate.upgrade(database)
    finally:
        database.close()


def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the new office.")]) -> None:
    """Make a fresh press office in a folder: settings, sample contacts, templates, and an empty database."""
    make_office(folder)
    say(f"A press office is in {folder}. Next:")
    say(f"  1. cd {shlex.quote(str(folder))}")
    say("  2. Write your office's name, time zone, address and relay in config/dateline.toml")
    say("  3. Replace the invented people in contacts/ with yours")
    say("  4. dateline contacts import contacts/organisations.toml contacts/*.csv")
    say("  5. dateline check")


def check(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print the findings as one JSON array.")] = False
) -> None:
    """Look at the whole office: settings, database, templates, relays, clock. Exit 1 if there is a problem."""
    findings: list[Finding] = []
    try:
        config = load(home())
        for finding in check_office(config, SystemClock(), sender=sender_of(config)):
            findings.append(finding)
            if not as_json:
                _print(finding)
    except DatelineError as error:
        findings.append(problem("settings", str(error)))
        if not as_json:
            _print(findings[-1])
    if as_json:
        rows = ({"subject": f.subject, "grade": f.grade.value, "text": f.text} for f in findings)
        show_list(rows, (), form=Form.JSON, zone="UTC", empty="")
    problems = sum(f.grade is Grade.PROBLEM for f in findings)
    if problems:
        say(f"{problems} to mend before mail goes out.")
        raise SystemExit(1)


def _print(finding: Finding) -> None:
    line = Text()
    line.append(f"{finding.grade.value:8} ", style=_COLOURS[finding.grade])
    line.append(f"{finding.subject}: ", style="bold")
    line.append(finding.text)
    out.print(line)


def migrate_database() -> None:
    """Bring the database to the level that this version needs. Make a backup first."""
    config = load(home())
    database = Database(config.database_url)
    try:
        before = migrate.upgrade(database)
        now = migrate.level(database)
    finally:
        database.close()
    if before.present == now.present:
        err.print(f"{database.shown} is at level {now.present} already; nothing was changed.", markup=False)
    else:
        err.print(f"{database.shown} is now at level {now.present}.", markup=False)
