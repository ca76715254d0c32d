"""Gives checkpoints away, out of reach of whoever could change the database: to a folder elsewhere or a web address."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from tempfile import mkstemp
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from mailer.audit.sealing.notes import Checkpoint
from mailer.errors import WitnessDiffers, WitnessFailed

SUFFIX = ".checkpoint"
_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Witness:
    """Somebody else who keeps checkpoints."""

    name: str
    """The folder, the web address or the mail address."""
    give: Callable[[str], None]
    """Takes a checkpoint as a note. Raises ``WitnessFailed``, or ``WitnessDiffers`` where it knows another one."""
    every: timedelta
    at_end: bool = True
    """Whether it is given the last one also when the process ends."""


def witnesses(folder: Path | None, url: str, *, every: timedelta) -> list[Witness]:
    """The folder and the web address that the settings name."""
    found: list[Witness] = []
    if folder is not None:
        found.append(Witness(str(folder), lambda note: into_folder(folder, note), every))
    if url:
        found.append(Witness(_without_secrets(url), lambda note: to_address(url, note), every))
    return found


def _without_secrets(url: str) -> str:
    """The address for people: a password or a token in it is nobody's business who reads the database or a screen."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def into_folder(folder: Path, note: str) -> None:
    """Keep it as a file of its own, called by its number of entries; one that is there is never written over."""
    file = folder / f"{Checkpoint.parsed(note).size:012}{SUFFIX}"
    try:
        # Not made where it is missing: a share that is not mounted must not look like one.
        number, draft = mkstemp(dir=folder, prefix=".")
        try:
            with open(number, "w", encoding="utf-8", newline="\n") as new:  # noqa: PTH123
                new.write(note)
                new.flush()
                os.fsync(new.fileno())
            if not file.exists():
                Path(draft).replace(file)
                return
        finally:
            Path(draft).unlink(missing_ok=True)
        known = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WitnessFailed(witness=folder, reason=getattr(error, "strerror", None) or str(error)) from error
    if Checkpoint.parsed(known) != Checkpoint.parsed(note):
        raise WitnessDiffers(witness=file)


def to_address(url: str, note: str) -> None:
    """POST it as plain text; whatever answers with 2xx has it."""
    headers = {"Content-Type": "text/plain; charset=utf-8", "User-Agent": "Dateline"}
    request = Request(url, note.encode(), headers, method="POST")  # noqa: S310 - the settings take http and https alone
    try:
        with urlopen(request, timeout=_SECONDS):  # noqa: S310
            return
    except HTTPError as error:
        raise WitnessFailed(witness=_without_secrets(url), reason=f"it answered {error.code}") from error
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise WitnessFailed(witness=_without_secrets(url), reason=str(reason)) from error


def notes_in_mail(content: bytes) -> Sequence[str]:
    """The checkpoints that a mail has as files, or as its text; none where it is no mail, or has none."""
    found: list[str] = []
    for part in message_from_bytes(content).walk():
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes):
            continue
        try:
            note = payload.decode().replace("\r\n", "\n")
            Checkpoint.parsed(note)
        except ValueError:
            continue
        # Whatever stands behind the last signature is a mail program's.
        found.append(f"{note.rstrip()}\n")
    return found
