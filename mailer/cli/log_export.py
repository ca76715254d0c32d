"""``dateline log export`` and ``verify-export``: the sealed log as files, and checking those without a database."""

from pathlib import Path
from typing import Annotated

import typer

from mailer.audit.sealing import known_keys
from mailer.audit.segments import check, export
from mailer.cli.log_seal import AgainstOption, KeysOption, key_of, notes_at
from mailer.cli.office import opened
from mailer.cli.options import JsonOption
from mailer.cli.output import bars, out, say, show_document
from mailer.errors import ExportDoubtful

_SHOWN = 20
"""Problems told one by one; ``--json`` has them all."""


def export_log(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A new folder, or one with an earlier export of this log.")
    ],
    *,
    as_json: JsonOption = False,
) -> None:
    """Write the sealed log to files that are checked without its database; to an earlier export, what is new."""
    with opened() as office, office.database.read() as session, bars() as progress:
        task = progress.add_task("Writing entries", total=None)
        done = export(
            session,
            folder,
            known_keys(office.config.keys_folder),
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    if as_json:
        show_document(
            {"folder": str(folder), "sealed": done.size, "segments": done.segments, "written": done.written}
        )
        return
    out.print(str(folder), markup=False)
    say(f"{done.size} sealed entries are in it, in {done.segments} files, of which {done.written} are new.")
    say("No name and no address is in it. Whoever gets it needs our public key too: dateline log key")


def verify_export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="An export, as dateline log export wrote it.")],
    *,
    keys: KeysOption = None,
    witnessed: AgainstOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check an export. Needs no office and no database. Give --key, from whom you trust, or it vouches for itself."""
    believed = [key_of(text) for text in keys or ()]
    notes = notes_at(witnessed or ())
    with bars() as progress:
        task = progress.add_task("Looking at entries", total=None)
        found = check(
            folder,
            believed,
            witnessed=notes,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    if as_json:
        show_document(
            {
                "fits": not found.problems,
                "key": str(found.signer or ""),
                "believed": bool(keys),
                "sealed": found.size,
                "proven": found.entries,
                "witnessed": found.witnessed,
                "problems": found.problems,
            }
        )
    else:
        for problem in found.problems[:_SHOWN]:
            say(f"• {problem}")
        say(f"Of {found.size} sealed entries {found.entries} are there and as they were sealed.")
        if notes:
            say(f"Of {len(notes)} checkpoints that were kept elsewhere {found.witnessed} fit.")
        if found.signer and not keys:
            say(f"This holds if the key is theirs, which --key would have checked: {found.signer}")
    if found.problems:
        raise ExportDoubtful(faults=len(found.problems), first=found.problems[0])
