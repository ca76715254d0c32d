"""``dateline log``: seal, verify, checkpoint and key: what proves the log to somebody who doubts it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import select

from mailer.audit.sealing import (
    Checkpoint,
    LogCheckpoint,
    Report,
    Sealer,
    Verified,
    VerifierKey,
    known_keys,
    verify,
)
from mailer.cli.office import home, opened
from mailer.cli.options import JsonOption
from mailer.cli.output import err, out, say, show_document
from mailer.config import load
from mailer.errors import BadOption, LogDoubtful, UnreadableFile

_SHOWN = 20
"""Problems told one by one; ``--json`` has them all."""


def seal(*, as_json: JsonOption = False) -> None:
    """Seal the entries that are new. A running dateline run does so by itself, every few seconds."""
    with opened() as office:
        done = Sealer(office.database, office.log_key()).seal_all(at=office.clock.now())
    if as_json:
        show_document({"sealed_now": done.entries, "sealed": done.size})
        return
    new = f"{done.entries} entries were sealed" if done.entries else "Nothing is new"
    say(f"{new}; the log has {done.size} under its last checkpoint. See: dateline log verify")


def verify_log(
    *,
    witnessed: Annotated[
        list[Path] | None,
        typer.Option(
            "--witnessed",
            metavar="FILE",
            help="A checkpoint that was kept elsewhere, as dateline log checkpoint printed it. May be repeated.",
        ),
    ] = None,
    keys: Annotated[
        list[str] | None,
        typer.Option(
            "--key",
            metavar="KEY",
            help="Believe this public key alone, not config/keys/log.pub. May be repeated.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Go through the whole log and compare each entry with its seal. Ends with 1 where something does not fit."""
    believed = [_key(text) for text in keys or ()]
    notes = [_note(file) for file in witnessed or ()]
    with opened() as office, office.database.read() as session, _progress() as progress:
        found = verify(session, believed or known_keys(office.keys), witnessed=notes, progress=progress)
    if as_json:
        show_document(_document(found))
    else:
        _tell(found, witnessed=len(notes))
    if found.problems:
        raise LogDoubtful(faults=len(found.problems), first=found.problems[0].text)


def checkpoint(*, as_json: JsonOption = False) -> None:
    """Print the last checkpoint, to be kept out of reach of whoever could change the database."""
    with opened() as office, office.database.read() as session:
        last = session.scalars(select(LogCheckpoint).order_by(LogCheckpoint.size.desc()).limit(1)).first()
    if last is None:
        say("Nothing has been sealed yet. To do so: dateline log seal")
        raise typer.Exit(1)
    if as_json:
        told = Checkpoint.parsed(last.note)
        show_document({"sealed": told.size, "root": told.root.hex(), "at": last.at, "note": last.note})
        return
    out.print(last.note, end="", markup=False)


def key(*, as_json: JsonOption = False) -> None:
    """Print the public keys that the log was ever sealed with, oldest first. Give them to whoever shall check it."""
    keys = known_keys(load(home()).home / "config" / "keys")
    if as_json:
        show_document({"keys": [str(known) for known in keys]})
        return
    for known in keys:
        out.print(str(known), markup=False)
    if not keys:
        say("The log has no key yet; it is made when something is sealed first: dateline log seal")


def _key(text: str) -> VerifierKey:
    try:
        return VerifierKey.parsed(text)
    except ValueError as error:
        raise BadOption(
            option="--key", value=text, allowed=f"a key as dateline log key prints it; {error}"
        ) from error


def _note(file: Path) -> str:
    try:
        return file.read_text("utf-8").replace("\r\n", "\n")  # as mail programs save it
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise UnreadableFile(file=file, reason=reason) from error


def _tell(found: Verified, *, witnessed: int) -> None:
    for problem in found.problems[:_SHOWN]:
        say(f"• {problem.text}")
    if len(found.problems) > _SHOWN:
        say(f"… and {len(found.problems) - _SHOWN} more; --json prints them all.")
    whole = "" if found.problems else ", and all is as it was sealed"
    say(f"{found.sealed} sealed entries were looked at, and {found.checkpoints} checkpoints fit{whole}.")
    if found.unsealed:
        say(f"{found.unsealed} entries wait for their seal; until then nothing is said about them.")
    if witnessed:
        say(f"Of {witnessed} checkpoints that were kept elsewhere {found.witnessed} fit.")
    elif not found.problems and found.sealed:
        say("Somebody with the secret key could have built all of it anew: only --witnessed would show that.")


def _document(found: Verified) -> Mapping[str, object]:
    return {
        "fits": not found.problems,
        "sealed": found.sealed,
        "unsealed": found.unsealed,
        "checkpoints": found.checkpoints,
        "witnessed": found.witnessed,
        "problems": [
            {"fault": p.fault.value, "entry": p.entry_id, "checkpoint": p.size, "text": p.text}
            for p in found.problems
        ],
    }


@contextmanager
def _progress() -> Iterator[Report]:
    """A bar on a terminal; nothing elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("Looking at entries", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
