"""Receipts whose every byte, signature too, is by somebody who means ill: refused in words, and never false in what
is told of them."""

import base64
import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mailer.audit.sealing import Checkpoint, LogKey, VerifierKey, check_receipt
from mailer.audit.sealing.merkle import inclusion_proof, leaf_hash, node_hash, root
from mailer.errors import BadReceipt

VERIFIER = Path(__file__).parents[2] / "docs" / "reference" / "verify_receipt.py"
KEY = LogKey("rogue.example/log", Ed25519PrivateKey.from_private_bytes(bytes(32)))
TEXT, OTHER, MAIL = "Frozen text", "Another version", b"Subject: x\r\n\r\n"
HERS = {"release": 1, "wave": 2, "delivery": 3, "contact": 4}
OF_WAVE = HERS | {"delivery": None, "contact": None}
OF_VERSION = OF_WAVE | {"wave": None}


def line(event: str, about: dict[str, Any], hashed: bytes | None = None, **other: Any) -> str:
    data = {} if hashed is None else {"sha256": sha256(hashed).hexdigest()}
    fields = {"entry": 1, "at": "2026-03-01T07:00:00.000000Z", "event": event, "actor": "cli:desk"}
    return json.dumps(fields | about | {"data": data} | other)


FROZEN = line("version.frozen", OF_VERSION, TEXT.encode())
APPROVED = line("version.approved", OF_VERSION, TEXT.encode())
SCHEDULED = line("wave.scheduled", OF_WAVE, TEXT.encode())
ACCEPTED = line("delivery.accepted", HERS, MAIL)
DEFERRED = line("delivery.deferred", HERS, MAIL)


def made(file: Path, *leaves: str, version: str = "", message: bytes = b"", instead: Any = ()) -> Path:
    hashes = [leaf_hash(leaf.encode()) for leaf in leaves]

    def subtree(height: int, number: int) -> bytes:
        if height == 0:
            return hashes[number]
        return node_hash(subtree(height - 1, 2 * number), subtree(height - 1, 2 * number + 1))

    size = len(leaves)
    entries = []
    for index, leaf in enumerate(leaves):
        path = [base64.b64encode(step).decode() for step in inclusion_proof(index, size, subtree)]
        entries.append({"leaf": leaf, "index": index, "path": path})
    document = {
        "format": "dateline-receipt/1",
        "told": {},
        "checkpoint": KEY.sign(str(Checkpoint(KEY.name, size, root(size, subtree)))),
        "keys": [str(KEY.verifier)],
        "entries": entries,
        "version": version,
        "message": base64.b64encode(message).decode(),
    }
    file.write_text(json.dumps(document | dict(instead)), "utf-8")
    return file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "receipt.json"


def test_what_a_receipt_says_was_accepted_and_approved_an_entry_of_it_says(file: Path) -> None:
    whole = check_receipt(made(file, FROZEN, APPROVED, SCHEDULED, ACCEPTED, version=TEXT, message=MAIL))
    assert (whole.accepted, whole.approved) == (True, True)
    less = check_receipt(made(file, FROZEN, SCHEDULED, DEFERRED, version=TEXT, message=MAIL))
    assert (less.accepted, less.approved) == (False, False)


def test_a_version_that_the_wave_did_not_name_is_not_what_it_sent(file: Path) -> None:
    with pytest.raises(BadReceipt, match="the wave was to send"):
        check_receipt(made(file, FROZEN, APPROVED, ACCEPTED, version=TEXT))
    with pytest.raises(BadReceipt, match="more than one version"):
        frozen = line("version.frozen", OF_VERSION, OTHER.encode())
        check_receipt(made(file, frozen, SCHEDULED, ACCEPTED, version=OTHER))


@pytest.mark.parametrize("field", HERS)
def test_entries_about_two_things_do_not_belong_together(file: Path, field: str) -> None:
    with pytest.raises(BadReceipt, match=f"more than one {field}"):
        check_receipt(made(file, ACCEPTED, line("delivery.deferred", HERS | {field: 9})))


@pytest.mark.parametrize(
    "leaf",
    [
        "",
        "x",
        "[]",
        "5",
        "[" * 100_000,
        '{"entry":1}',
        ACCEPTED[:-1] + ', "event": "delivery.failed"}',
        line("delivery.accepted", HERS, data=5),
        line("delivery.accepted", HERS, data={"sha256": [1]}),
        line("delivery.accepted", HERS | {"wave": [1]}),
        line("delivery.accepted", HERS | {"wave": True}),
        line("delivery.accepted", HERS, entry="1"),
        line("delivery.accepted", HERS, actor={"cli": "desk"}),
        line("delivery.accepted", HERS, data={"reply": "\ud800"}),
        line("delivery.accepted", HERS, more=1),
    ],
)
def test_a_leaf_that_is_no_entry_is_refused_though_the_tree_has_it(file: Path, leaf: str) -> None:
    with pytest.raises(BadReceipt, match="not an entry of a log"):
        check_receipt(made(file, ACCEPTED, leaf))


@pytest.mark.parametrize("index", [None, "0", 0.0, 0.5, False, -1, 1, [], 10**30])
def test_a_place_in_the_tree_is_a_whole_number_in_it(file: Path, index: object) -> None:
    entries = [{"leaf": ACCEPTED, "index": index, "path": []}]
    with pytest.raises(BadReceipt, match="not in the tree"):
        check_receipt(made(file, ACCEPTED, instead={"entries": entries}))


@pytest.mark.parametrize(
    "other",
    [
        {"entries": [{"leaf": "\ud800", "index": 0, "path": []}]},
        {"entries": {"leaf": 1}},
        {"entries": [5]},
        {"version": "\ud800"},
        {"version": None},
        {"message": 5},
        {"checkpoint": 5},
        {"keys": [5]},
    ],
)
def test_parts_of_another_kind_are_refused(file: Path, other: dict[str, Any]) -> None:
    with pytest.raises(BadReceipt, match="not a whole receipt"):
        check_receipt(made(file, ACCEPTED, instead=other))


def test_a_name_that_is_there_twice_is_refused(file: Path) -> None:
    content = made(file, ACCEPTED).read_text("utf-8")
    file.write_text(content[:-1] + ', "message": ""}', "utf-8")
    with pytest.raises(BadReceipt, match="not JSON"):
        check_receipt(file)


@pytest.mark.parametrize("name", ["log\x1b[2J", "log\u202e", "log\x07"])
def test_the_name_of_a_key_cannot_move_the_cursor(name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        VerifierKey.parsed(str(VerifierKey(name, KEY.verifier.public)))


@pytest.mark.parametrize(
    ("leaves", "version"),
    [
        ((), ""),
        ((FROZEN,), ""),
        ((ACCEPTED, line("delivery.accepted", HERS | {"delivery": 9})), ""),
        ((FROZEN, APPROVED, ACCEPTED), TEXT),
    ],
)
def test_the_verifier_in_the_documentation_is_as_strict(file: Path, leaves: tuple[str, ...], version: str) -> None:
    instead = {} if leaves else {"entries": []}
    made(file, *(leaves or (ACCEPTED,)), version=version, instead=instead)
    with pytest.raises(BadReceipt):
        check_receipt(file)
    command = [sys.executable, str(VERIFIER), str(file), str(KEY.verifier)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode != 0
    assert "Traceback" not in told.stderr
