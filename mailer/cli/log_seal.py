"""``dateline log``: seal, verify, checkpoint and receipt: what proves the log to somebody who doubts it."""

from collections.abc import Iterator, Mapping, Sequence
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
    beside_the_keys,
    check_receipt,
    known_keys,
    last_checkpoint,
    notes_in_mail,
    verify,
    write_tree,
)
from mailer.cli.identity import log_key, sender_of
from mailer.cli.office import opened
from mailer.cli.options import JsonOption
from mailer.cli.output import bars, out, say, show_document, write_file
from mailer.cli.readings import noted
from mailer.delivery.dkim import readable
from mailer.delivery.receipts import receipt
from mailer.errors import BadOption, EntriesUnreadable, LogDoubtful, UnreadableFile
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


AgainstOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--against",
        metavar="PATH",
        help="A checkpoint that was kept elsewhere: a file, a mail (.eml), or a folder of them. May be repeated.",
    ),
]


def seal(*, as_json: JsonOption = False) -> None:
    """Seal the entries that are new. A running dateline run does so by itself, every few seconds."""
    with opened() as office:
        done = Sealer(office.database, log_key(office)).seal_all(at=office.clock.now())
    if as_json:
        show_document({"sealed_now": done.entries, "sealed": done.size, "unreadable": list(done.unreadable)})
    if done.unreadable:
        raise EntriesUnreadable(count=len(done.unreadable), entries=", ".join(map(str, done.unreadable[:_SHOWN])))
    if as_json:
        return
    new = f"{done.entries} entries were sealed" if done.entries else "Nothing is new"
    say(f"{new}; the log has {done.size} under its last checkpoint. See: dateline log verify")


def verify_log(
    *,
    witnessed: AgainstOption = None,
    keys: KeysOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go through the whole log and compare each entry with its seal. Ends with 1 where something does not fit."""
    believed = [key_of(text) for text in keys or ()]
    notes = notes_at(witnessed or ())
    with opened() as office, office.database.read() as session, _progress() as progress:
        beside = [] if believed else beside_the_keys(office.config.keys_folder)
        found = verify(
            session,
            believed or known_keys(office.config.keys_folder),
            witnessed=notes,
            beside=beside,
            # A key and no checkpoint beside it: nothing was ever sealed here.
            may_be_new=not (believed or beside),
            progress=progress,
        )
    if as_json:
        show_document(_document(found))
    else:
        _tell(found, witnessed=len(notes))
    if found.problems:
        raise LogDoubtful(faults=found.counts.total(), first=found.problems[0].text)


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


def tiles(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write them; what is there is kept.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Write the log's tree as static files (C2SP tlog-tiles), so that others can check it with their own programs."""
    with opened() as office, office.database.read() as session:
        done = write_tree(session, folder)
    if as_json:
        show_document({"sealed": done.size, "tiles_written": done.tiles})
        return
    out.print(str(folder), markup=False)
    say(
        f"{done.tiles} tiles are new, under a checkpoint of {done.size} entries. No entry is among them, only hashes."
    )


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
            bounce_address=sender_of(office.config).bounce_address,
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
    found = check_receipt(file, [key_of(text) for text in keys or ()])
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


def key_of(text: str) -> VerifierKey:
    """The key that ``--key`` names. Raises ``BadOption``."""
    try:
        return VerifierKey.parsed(text)
    except ValueError as error:
        raise BadOption(
            option="--key", value=text, allowed=f"a key as dateline log key prints it; {error}"
        ) from error


def notes_at(paths: Sequence[Path]) -> list[str]:
    """The checkpoints that lie there, in files or in folders of them. Raises ``UnreadableFile``."""
    return [note for path in paths for file in _files(path) for note in _notes(file)]


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in (SUFFIX, ".eml"))
    if not files:
        raise UnreadableFile(file=path, reason=f"there is no file *{SUFFIX} or *.eml in it")
    return files


def _notes(file: Path) -> Sequence[str]:
    """The checkpoints of a file; of one that has none its text, so that it is said of it."""
    try:
        content = file.read_bytes()
        return notes_in_mail(content) or [content.decode().replace("\r\n", "\n")]  # as mail programs save it
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "there is no checkpoint in it"
        raise UnreadableFile(file=file, reason=reason) from error


def _tell(found: Verified, *, witnessed: int) -> None:
    for problem in found.problems[:_SHOWN]:
        say(f"• {problem.text}")
    if (faults := found.counts.total()) > _SHOWN:
        say(f"… {faults} in all: " + ", ".join(f"{count} {fault.value}" for fault, count in found.counts.items()))
        say("--json prints the first 1,000 of each kind.")
    whole = ", and all is as it was sealed" if found.sealed and not found.problems else ""
    say(f"{found.sealed} sealed entries were looked at, and {found.checkpoints} checkpoints fit{whole}.")
    if found.unsealed:
        say(f"{found.unsealed} entries wait for their seal; until then nothing is said about them.")
    if witnessed:
        say(f"Of {witnessed} checkpoints that were kept elsewhere {found.witnessed} fit.")
    elif not found.problems and found.sealed:
        say("Somebody with the secret key could have built all of it anew: only --against would show that.")


def _document(found: Verified) -> Mapping[str, object]:
    return {
        "fits": not found.problems,
        "sealed": found.sealed,
        "unsealed": found.unsealed,
        "checkpoints": found.checkpoints,
        "witnessed": found.witnessed,
        "faults": found.counts.total(),
        "counts": {fault.value: count for fault, count in found.counts.items()},
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
