"""Checks a receipt of Dateline without Dateline: python3 verify_receipt.py RECEIPT.json KEY

Written apart from it, from RFC 6962 and the C2SP specifications signed-note and tlog-checkpoint. Needs `cryptography`.
"""

import base64
import hashlib
import json
import pathlib
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def need(condition, otherwise):
    if not condition:
        sys.exit(otherwise)


def sha256(content):
    return hashlib.sha256(content).digest()


def signed_text(note, key):
    """The text of a note, after its signature by this key was checked."""
    key, _, since = key.partition(" from ")
    name, number, public = key.split("+", 2)
    public = base64.b64decode(public)
    need(public[:1] == b"\1" and sha256(name.encode() + b"\n" + public)[:4].hex() == number, "this is no key")
    text, _, signatures = note.rpartition("\n\n")
    for line in signatures.splitlines():
        _, signer, signature = line.split(" ")
        signature = base64.b64decode(signature)
        if signer == name and signature[:4].hex() == number:
            Ed25519PublicKey.from_public_bytes(public[1:]).verify(signature[4:], text.encode() + b"\n")
            need(int(text.split("\n")[1]) >= int(since or 0), "this key signed nothing as old as that")
            return text
    return sys.exit("the checkpoint is not signed with this key")


def root_from(leaf, index, size, path):
    """The root of the tree that has this leaf there: the path is used up from its end, as the tree is split."""
    if size == 1:
        need(not path, "a path is too long")
        return sha256(b"\0" + leaf)
    need(path, "a path is too short")
    left = 1
    while left * 2 < size:
        left *= 2
    if index < left:
        return sha256(b"\1" + root_from(leaf, index, left, path[:-1]) + path[-1])
    return sha256(b"\1" + path[-1] + root_from(leaf, index - left, size - left, path[:-1]))


def main(file, key):
    receipt = json.loads(pathlib.Path(file).read_text("utf-8"))
    _, size, root, *_ = signed_text(receipt["checkpoint"], key).split("\n")
    proven = [json.loads(entry["leaf"]) for entry in receipt["entries"]]
    for field in ("release", "wave", "delivery", "contact"):
        about = {entry[field] for entry in proven} - {None}
        need(len(about) < 2 and (about or field != "delivery"), f"the entries are not about one {field}")
    for entry in receipt["entries"]:
        need(
            type(entry["index"]) is int and 0 <= entry["index"] < int(size), "an entry is said to be where none is"
        )
        path = [base64.b64decode(step) for step in entry["path"]]
        found = root_from(entry["leaf"].encode(), entry["index"], int(size), path)
        need(found == base64.b64decode(root), "this entry is not in the log: " + ascii(entry["leaf"]))
        print("proven:", ascii(entry["leaf"]))  # so that no terminal obeys it
    for what, naming, content in (
        ("version", "wave.scheduled", receipt["version"].encode()),
        ("message", "delivery.", base64.b64decode(receipt["message"])),
    ):
        named = [
            entry["event"]
            for entry in proven
            if sha256(content).hex() == entry["data"].get("sha256") and entry["event"].startswith(naming)
        ]
        need(named or not content, f"the {what} is not the one that the entries name")
        print(
            f"{what}:",
            f"{len(content)} bytes, as the entries name it: {named}" if content else "not in the receipt",
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
