"""A receipt: one file that proves to somebody outside what became of one delivery; checked without the database.

It is JSON: the log's entries about the delivery with the proof of each, the checkpoint that they lead to, the text that
was approved and the message that was sent. What an entry says by a hash is beside it in full.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from mailer.audit.log import Event
from mailer.audit.sealing.merkle import leaf_hash, root_of_inclusion
from mailer.audit.sealing.notes import Checkpoint, VerifierKey, good_for, signer_of
from mailer.audit.sealing.proofs import Proven
from mailer.errors import BadReceipt, UnreadableFile

FORMAT = "dateline-receipt/1"
_NUMBERS = ("release", "wave", "delivery", "contact")
_FIELDS = ("entry", "at", "event", "actor", *_NUMBERS, "data")
MAX_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class Checked:
    """What a receipt proves."""

    signer: VerifierKey
    checkpoint: Checkpoint
    entries: tuple[Mapping[str, Any], ...]
    """What each proven entry says, as the log has it."""
    message: bytes
    """The mail whose hash they name; empty where the receipt has none."""
    version: str
    """The text that the wave was to send, in its canonical form; empty where the receipt has none."""
    accepted: bool
    """Whether an entry says that a relay has taken this message, and not only that it was to be sent."""
    approved: bool
    """Whether an entry says that this version was approved."""


def write_receipt(
    *,
    checkpoint: str,
    entries: Sequence[Proven],
    message: bytes,
    version: str,
    keys: Sequence[VerifierKey],
    told: Mapping[str, object],
) -> str:
    """The file's text. ``told`` is for a reader's convenience and proves nothing by itself."""
    document = {
        "format": FORMAT,
        "told": told,
        "checkpoint": checkpoint,
        "keys": [key.line for key in keys],
        "entries": [{"leaf": one.leaf, "index": one.index, "path": one.path} for one in entries],
        "version": version,
        "message": base64.b64encode(message).decode(),
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def check_receipt(file: Path, keys: Sequence[VerifierKey] = ()) -> Checked:
    """Check a receipt by itself. Raises ``UnreadableFile`` or ``BadReceipt``.

    ``keys`` are those that whoever checks believes; without any the receipt's own are taken, and it only proves that
    its parts belong together.
    """
    document = _document(file)
    try:
        believed = list(keys) or [VerifierKey.parsed(key) for key in document["keys"]]
        note = document["checkpoint"]
        checkpoint = Checkpoint.parsed(note)
        message = base64.b64decode(document["message"], validate=True)
        entries = [
            (one["leaf"].encode(), one["index"], [base64.b64decode(step, validate=True) for step in one["path"]])
            for one in document["entries"]
        ]
        version = document["version"]
        version_hash = sha256(version.encode()).hexdigest()
        signer = signer_of(note, good_for(believed, checkpoint.size))
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise BadReceipt(file=file, reason="it is not a whole receipt") from error
    if signer is None:
        raise BadReceipt(file=file, reason="its checkpoint is signed by no key that is believed")
    told: list[Mapping[str, Any]] = []
    for place, (leaf, index, path) in enumerate(entries, 1):
        hashed = leaf_hash(leaf)
        if type(index) is not int or root_of_inclusion(hashed, index, checkpoint.size, path) != checkpoint.root:
            raise BadReceipt(file=file, reason=f"the entry that is its number {place} is not in the tree")
        try:
            told.append(_entry(leaf))
        except (ValueError, RecursionError) as error:
            raise BadReceipt(file=file, reason=f"its number {place} is not an entry of a log") from error
    _belong_together(file, told, message, version_hash if version else "")
    return Checked(
        signer,
        checkpoint,
        tuple(told),
        message,
        version,
        accepted=_says(told, Event.DELIVERY_ACCEPTED, sha256(message).hexdigest()),
        approved=_says(told, Event.VERSION_APPROVED, version_hash),
    )


def _document(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise BadReceipt(file=file, reason="it is too large for a receipt")
        document = json.loads(content.decode(), object_pairs_hook=_once)
    except OSError as error:
        raise UnreadableFile(file=file, reason=error.strerror or "unknown reason") from error
    except (ValueError, RecursionError) as error:
        raise BadReceipt(file=file, reason="it is not JSON") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BadReceipt(file=file, reason=f"it is not of the format {FORMAT}")
    return document


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object as JSON has it. What is there twice one reader takes from the front, and the next from the end."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found


def _entry(leaf: bytes) -> Mapping[str, Any]:
    """What a leaf says. Raises ``ValueError`` for one that ``leaf.leaf`` does not make of a row of ours."""
    told = json.loads(leaf, object_pairs_hook=_once)
    if (
        not isinstance(told, dict)
        or tuple(told) != _FIELDS
        or type(told["entry"]) is not int
        or not all(isinstance(told[field], str) for field in ("at", "event", "actor"))
        or not all(told[field] is None or type(told[field]) is int for field in _NUMBERS)
        or not isinstance(told["data"], dict)
        or not isinstance(told["data"].get("sha256", ""), str)
    ):
        raise ValueError("it has not the fields of an entry")
    json.dumps(told, ensure_ascii=False).encode()  # a half of a character cannot be shown
    return told


def _says(entries: Sequence[Mapping[str, Any]], event: Event, named: str) -> bool:
    return any(entry["event"] == event and entry["data"].get("sha256") == named for entry in entries)


def _belong_together(file: Path, entries: Sequence[Mapping[str, Any]], message: bytes, version_hash: str) -> None:
    """That all are about one delivery of one version, and that text and message are those whose hashes they name."""
    for field in _NUMBERS:
        if len({entry[field] for entry in entries if entry[field] is not None}) > 1:
            raise BadReceipt(file=file, reason=f"its entries are about more than one {field}")
    of_delivery = [entry for entry in entries if entry["delivery"] is not None]
    if not of_delivery:
        raise BadReceipt(file=file, reason="no entry is about a delivery")
    versions = {
        entry["data"]["sha256"] for entry in entries if entry["delivery"] is None and "sha256" in entry["data"]
    }
    if len(versions) > 1:
        raise BadReceipt(file=file, reason="its entries are about more than one version")
    if version_hash and versions != {version_hash}:
        raise BadReceipt(file=file, reason="its text is not the version that the entries name")
    if version_hash and not _says(entries, Event.WAVE_SCHEDULED, version_hash):
        # Of another version of the same release there are true entries as well.
        raise BadReceipt(file=file, reason="no entry says that its text is the version that the wave was to send")
    messages = {entry["data"]["sha256"] for entry in of_delivery if "sha256" in entry["data"]}
    if message and sha256(message).hexdigest() not in messages:
        raise BadReceipt(file=file, reason="its message is not the one that the entries name")
