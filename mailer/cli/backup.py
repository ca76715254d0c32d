"""``dateline backup``, ``restore`` and ``recover``: keeping an office, and what was put back sends nothing again."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from mailer.audit.sealing import accept_backup
from mailer.cli.files import ForceOption
from mailer.cli.home import home
from mailer.cli.office import account, opened
from mailer.cli.options import JsonOption
from mailer.cli.output import Column, Form, err, look_at, out, say, show_document, show_list
from mailer.clock import SystemClock
from mailer.config import load
from mailer.database import Database
from mailer.errors import LogDoubtful
from mailer.keeping import (
    Aftermath,
    BackedUp,
    HeldWave,
    Restored,
    back_up,
    evidence,
    put_away,
    recover,
    restore,
    secrets_in_settings,
)
from mailer.keeping import Progress as Report

_COLUMNS = (
    Column("wave", "Wave", number=True),
    Column("release", "Release"),
    Column("kind", "Kind"),
    Column("due", "Time"),
    Column("was", "Was"),
    Column("accepted", "Have it", number=True),
    Column("waiting", "Would get it", number=True),
    Column("held", "In doubt", number=True),
)
_SHOWN = 20
"""Files told one by one."""


def backup(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="Where to write it, or a folder for it; backups/ in the office's folder where it is left out.",
        ),
    ] = None,
    *,
    with_keys: Annotated[
        bool,
        typer.Option("--with-keys", help="Take the secret keys along too; then keep it as you keep those."),
    ] = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write the whole office into one file, while it goes on working and sending."""
    config = load(home())
    at = SystemClock().now()
    name = f"dateline-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}.zip"
    target = config.home / "backups" / name if file is None else file / name if file.is_dir() else file
    database = Database(config.database_url)
    try:
        with _progress() as progress:
            done = back_up(
                config,
                database,
                target,
                with_keys=with_keys,
                force=force,
                at=at,
                actor=account(),
                progress=progress,
            )
    finally:
        database.close()
    if as_json:
        show_document(_document(done))
    else:
        out.print(str(done.file), markup=False)
        _tell(done)
    if secrets_in_settings(config):
        look_at(["there is a password in config/dateline.toml, and so in the backup; see password_file"])


def _tell(done: BackedUp) -> None:
    manifest = done.manifest
    say(f"The office as it was at {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC, {done.size / 1_000_000:.1f} MB.")
    say(f"In it: the database with its log ({manifest.sealed} sealed entries), config/, contacts/ and templates/.")
    if manifest.with_keys:
        say("The secret keys are in it: whoever has it can sign a log, and mail, as this office.")
    for paper in done.left_out[:_SHOWN]:
        say(f"Not in it: {paper.name} ({paper.why_not})")
    if len(done.left_out) > _SHOWN:
        say(f"… and {len(done.left_out) - _SHOWN} more files.")
    say("Journalists' names and addresses are in it. See that it can be brought back: dateline restore FILE DIR")


def _document(done: BackedUp) -> Mapping[str, object]:
    manifest = done.manifest
    return {
        "file": str(done.file),
        "bytes": done.size,
        "made_at": manifest.made_at,
        "dateline": manifest.dateline,
        "database": manifest.kind,
        "level": manifest.level,
        "entries": manifest.entries,
        "sealed": manifest.sealed,
        "root": manifest.root,
        "checkpoint": manifest.checkpoint,
        "with_keys": manifest.with_keys,
        "left_out": manifest.left_out,
    }


def restore_office(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup, as dateline backup wrote it.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The office's folder: empty, or not there yet.")],
    *,
    database_url: Annotated[
        str,
        typer.Option(
            "--database-url",
            metavar="URL",
            help="An empty database, instead of the one that the settings in the backup name.",
        ),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Make an office of a backup. It holds every wave until you decide: some may have gone out since."""
    with _progress() as progress:
        done = restore(
            file,
            folder,
            database_url=database_url,
            environment=os.environ,
            at=SystemClock().now(),
            actor=account(),
            progress=progress,
        )
    if as_json:
        show_document(_restored(done))
    else:
        _tell_restored(done, elsewhere=database_url)
    if done.log.problems:
        raise LogDoubtful(faults=len(done.log.problems), first=done.log.problems[0].text)


def _tell_restored(done: Restored, *, elsewhere: str) -> None:
    manifest, log = done.manifest, done.log
    say(f"The office as it was at {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC is in {done.folder}.")
    say(f"Its database is {done.database}.")
    if elsewhere:
        say("The settings still name the old one: write this under [database] url, or set DATELINE_DATABASE__URL.")
    if not manifest.sealed:
        say("Nothing of its log had been sealed.")
    elif not log.problems:
        fits = ", and the checkpoint in the backup fits" if log.witnessed else ""
        say(f"Its log was looked through: {log.sealed} sealed entries are as they were sealed{fits}.")
    for name in done.missing[:_SHOWN]:
        say(f"Put back yourself, as it was not in the backup: {name}")
    _decide(done.waves)
    say("Then: dateline check")


def recover_office(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what is known and which waves it would hold; change nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Go on after the database was put back by hand: hold every wave until you decide, and say so in the log."""
    with opened() as office:
        with office.database.read() as session:
            found = evidence(session, office.config, office.process_folder)
        with office.database.write() as session:
            done = recover(session, found, at=office.clock.now(), actor=office.actor)
            if dry_run:
                session.rollback()
        if not dry_run:
            put_away(found.journals)
            accept_backup(office.database, office.config.keys_folder, at=office.clock.now(), actor=office.actor)
    if as_json:
        show_document(_recovered(done, found.texts))
        return
    for sentence in found.texts or ["Nothing beside the database says that it is older than it should be."]:
        say(sentence)
    if done.deliveries:
        say(f"{done.deliveries} deliveries went out by those journals, or may have, and are held for themselves.")
    _decide(done.waves)
    if dry_run:
        say("Nothing was changed.")


def _decide(waves: Sequence[HeldWave]) -> None:
    if not waves:
        say("No wave waits: nothing can go out a second time.")
        return
    show_list([_wave(wave) for wave in waves], _COLUMNS, form=Form.TABLE, zone="UTC", empty="")
    err.print(
        "These waves are held, and may have gone out since. Ask who would know, then wave by wave:", markup=False
    )
    say("  dateline waves release NUMBER   lets it go: whoever “would get it” gets it, perhaps again")
    say("  dateline waves cancel NUMBER    stops it for good, as where it has gone out")
    if any(wave.doubtful for wave in waves):
        say("What is in doubt stays held: dateline deliveries list --state held, then deliveries send-again")


def _wave(wave: HeldWave) -> Mapping[str, object]:
    return {
        "wave": wave.number,
        "release": wave.release,
        "kind": wave.kind,
        "due": str(wave.due),
        "was": wave.was.value,
        "accepted": wave.accepted,
        "waiting": wave.waiting,
        "held": wave.doubtful,
    }


def _restored(done: Restored) -> Mapping[str, object]:
    return {
        "folder": str(done.folder),
        "database": done.database,
        "made_at": done.manifest.made_at,
        "level_before": done.manifest.level,
        "log_fits": not done.log.problems,
        "sealed": done.log.sealed,
        "problems": [problem.text for problem in done.log.problems],
        "missing": done.missing,
        "waves": [_wave(wave) for wave in done.waves],
    }


def _recovered(done: Aftermath, texts: Sequence[str]) -> Mapping[str, object]:
    return {"older": list(texts), "deliveries": done.deliveries, "waves": [_wave(wave) for wave in done.waves]}


@contextmanager
def _progress() -> Iterator[Report]:
    """A bar on a terminal; nothing elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:
        task = bars.add_task("Beginning", total=None)
        yield lambda what, done, total: bars.update(task, description=what, completed=done, total=total or None)
