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

from mailer.audit.sealing.merkle import leaf_hash, root_of_inclusion
from mailer.audit.sealing.notes import Checkpoint, VerifierKey, signer_of
from mailer.audit.sealing.proofs import Proven
from mailer.errors import BadReceipt, UnreadableFile

FORMAT = "dateline-receipt/1"
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
    """The text that was approved, in its canonical form; empty where the receipt has none."""


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
        "keys": [str(key) for key in keys],
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
            (one["leaf"], one["index"], [base64.b64decode(step, validate=True) for step in one["path"]])
            for one in document["entries"]
        ]
        version = document["version"]
        hash(version + "".join(leaf for leaf, _, _ in entries))
        signer = signer_of(note, believed)
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise BadReceipt(file=file, reason="it is not a whole receipt") from error
    if signer is None:
        raise BadReceipt(file=file, reason="its checkpoint is signed by no key that is believed")
    for leaf, index, path in entries:
        if root_of_inclusion(leaf_hash(leaf.encode()), index, checkpoint.size, path) != checkpoint.root:
            raise BadReceipt(file=file, reason=f"the entry {leaf[:60]}… is not in the tree that was signed")
    told = tuple(json.loads(leaf) for leaf, _, _ in entries)
    _belong_together(file, told, message, version)
    return Checked(signer, checkpoint, told, message, version)


def _document(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise BadReceipt(file=file, reason="it is too large for a receipt")
        document = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise UnreadableFile(file=file, reason=error.strerror or "unknown reason") from error
    except (ValueError, RecursionError) as error:
        raise BadReceipt(file=file, reason="it is not JSON") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BadReceipt(file=file, reason=f"it is not of the format {FORMAT}")
    return document


def _belong_together(file: Path, entries: Sequence[Mapping[str, Any]], message: bytes, version: str) -> None:
    """That all are about one delivery of one version, and that text and message are those whose hashes they name."""
    for field in ("delivery", "wave", "release", "contact"):
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
    if version and versions != {sha256(version.encode()).hexdigest()}:
        raise BadReceipt(file=file, reason="its text is not the version that the entries name")
    messages = {entry["data"]["sha256"] for entry in of_delivery if "sha256" in entry["data"]}
    if message and sha256(message).hexdigest() not in messages:
        raise BadReceipt(file=file, reason="its message is not the one that the entries name")
