"""``dateline log``: seal, verify, checkpoint, key and receipt: what proves the log to somebody who doubts it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from mailer.audit import Question
from mailer.audit.sealing import (
    SUFFIX,
    Checkpoint,
    Report,
    Sealer,
    Verified,
    VerifierKey,
    check_receipt,
    known_keys,
    last_checkpoint,
    verify,
)
from mailer.cli.office import home, opened
from mailer.cli.options import JsonOption
from mailer.cli.output import bars, out, say, show_document, write_file
from mailer.cli.readings import noted
from mailer.config import load
from mailer.delivery.dkim import readable
from mailer.delivery.receipts import receipt
from mailer.errors import BadOption, LogDoubtful, UnreadableFile
from mailer.schedule.models import Delivery

_SHOWN = 20
"""Problems told one by one; ``--json`` has them all."""


KeysOption = Annotated[
    list[str] | None,
    typer.Option(
        "--key",
        metavar="KEY",
        help="Believe this public key alone, as dateline log key prints it. May be repeated.",
    ),
]


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
            metavar="PATH",
            help="A checkpoint that was kept elsewhere, or a folder of them. May be repeated.",
        ),
    ] = None,
    keys: KeysOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go through the whole log and compare each entry with its seal. Ends with 1 where something does not fit."""
    believed = [_key(text) for text in keys or ()]
    notes = [_note(file) for path in witnessed or () for file in _files(path)]
    with opened() as office, office.database.read() as session, _progress() as progress:
        found = verify(
            session, believed or known_keys(office.config.keys_folder), witnessed=notes, progress=progress
        )
    if as_json:
        show_document(_document(found))
    else:
        _tell(found, witnessed=len(notes))
    if found.problems:
        raise LogDoubtful(faults=len(found.problems), first=found.problems[0].text)


def checkpoint(*, as_json: JsonOption = False) -> None:
    """Print the last checkpoint, to be kept out of reach of whoever could change the database."""
    with opened() as office, office.database.read() as session:
        last = last_checkpoint(session)
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
    keys = known_keys(load(home()).keys_folder)
    if as_json:
        show_document({"keys": [str(known) for known in keys]})
        return
    for known in keys:
        out.print(str(known), markup=False)
    if not keys:
        say("The log has no key yet; it is made when something is sealed first: dateline log seal")


def receipt_of(
    number: Annotated[int, typer.Argument(metavar="DELIVERY", help="The delivery's number.")],
    output: Annotated[Path, typer.Option("--output", help="Where to write it.")],
) -> None:
    """Write a file that proves one delivery to somebody outside; she checks it with dateline verify-receipt."""
    with opened() as office, office.database.read() as session:
        signers, _ = readable(office.config.dkim)
        text, whole = receipt(
            session,
            number,
            keys=known_keys(office.config.keys_folder),
            bounce_address=office.sender.bounce_address,
            signers=signers,
        )
        noted(office, Question.RECEIPT, [session.get_one(Delivery, number).contact_id])
    write_file(output, text.encode())
    out.print(str(output), markup=False)
    if not whole:
        say("Without the message, which cannot be produced again as it was; its hash is in the receipt.")
    say("It has the person's name and address in it. Whoever gets it needs our public key too: dateline log key")


def verify_receipt(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A receipt, as dateline log receipt wrote it.")],
    *,
    keys: KeysOption = None,
    eml: Annotated[
        Path | None, typer.Option("--eml", help="Write the message that it proves to this file.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check a receipt. Needs no office and no database. Give --key, from whom you trust, or it vouches for itself."""
    found = check_receipt(file, [_key(text) for text in keys or ()])
    if eml is not None and found.message:
        write_file(eml, found.message)
    if as_json:
        show_document(
            {
                "key": str(found.signer),
                "believed": bool(keys),
                "sealed": found.checkpoint.size,
                "entries": list(found.entries),
                "message_bytes": len(found.message),
                "message_accepted": found.accepted,
                "version_characters": len(found.version),
                "version_approved": found.approved,
            }
        )
        return
    say(f"{len(found.entries)} entries of the log {found.signer.name} are proven, and belong together:")
    for entry in found.entries:
        told = f"{entry['entry']}  {entry['at']}  {entry['event']}  by {entry['actor']}"
        # Whoever made the receipt may have chosen them, and the terminal would obey.
        out.print("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in told), markup=False)
    if found.message and found.accepted:
        say("The message in the receipt is the one that a relay took, byte for byte; --eml FILE writes it.")
    elif found.message:
        say("The message in the receipt was to be sent; no entry in it says that a relay took it.")
    if found.version and found.approved:
        say("The text in the receipt is the version that the wave was to send, and it was approved.")
    elif found.version:
        say("The text is the version that the wave was to send; no entry in it says that it was approved.")
    if not keys:
        say(f"This holds if the key is theirs, which --key would have checked: {found.signer}")


def _key(text: str) -> VerifierKey:
    try:
        return VerifierKey.parsed(text)
    except ValueError as error:
        raise BadOption(
            option="--key", value=text, allowed=f"a key as dateline log key prints it; {error}"
        ) from error


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(path.glob(f"*{SUFFIX}"))
    if not files:
        raise UnreadableFile(file=path, reason=f"there is no file *{SUFFIX} in it")
    return files


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
    whole = ", and all is as it was sealed" if found.sealed and not found.problems else ""
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
    with bars() as progress:
        task = progress.add_task("Looking at entries", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
