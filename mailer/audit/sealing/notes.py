"""Signed notes and checkpoints, by the C2SP specifications signed-note and tlog-checkpoint.

A note is a text and, behind an empty line, who signed it. A checkpoint is a note that says how many entries a log has
and what the root of their tree is. Both are what witnesses and verifiers of transparency logs read.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mailer.audit.sealing.merkle import HASH_BYTES

_ED25519 = b"\x01"
"""The signature's type (C2SP signed-note)."""
_KEY_BYTES = 32
_NAME = re.compile(r"[^\s+]{1,200}")
_SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/]+={0,2})")
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_MAX_CHARACTERS = 20_000
_SETTLED, _TIME = "settled ", "time "
"""What the lines begin with that we add to a checkpoint (extension lines of C2SP tlog-checkpoint)."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Whose signatures on notes are believed: a name and a public key of 32 bytes."""

    name: str
    public: bytes
    since: int = field(default=0, compare=False)
    """Entries in the tree when it took over from the key before it."""

    @classmethod
    def of(cls, name: str, key: Ed25519PrivateKey) -> "VerifierKey":
        """That of a private key."""
        return cls(name, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    @classmethod
    def parsed(cls, text: str) -> "VerifierKey":
        """From ``name+hash+key``, or from that and `` from 700`` as ``line`` gives it. Raises ``ValueError``."""
        text, there, since = text.strip().partition(" from ")
        if there and not _SIZE.fullmatch(since):
            raise ValueError("behind “from” there is no number of entries")
        name, _, rest = text.partition("+")
        number, _, encoded = rest.partition("+")
        try:
            content = base64.b64decode(encoded, validate=True)
        except binascii.Error as error:
            raise ValueError("its last part is not base64") from error
        if not is_key_name(name) or content[:1] != _ED25519 or len(content) != 1 + _KEY_BYTES:
            raise ValueError("it is not a name and an Ed25519 key")
        key = cls(name, content[1:], int(since or 0))
        if key.number.hex() != number:
            raise ValueError("its parts do not belong together")
        return key

    @property
    def number(self) -> bytes:
        """The four bytes by which a signature says which key it is of."""
        return sha256(f"{self.name}\n".encode() + _ED25519 + self.public).digest()[:4]

    @property
    def line(self) -> str:
        """The key with where it took over, if it was not the first."""
        return f"{self} from {self.since}" if self.since else str(self)

    def __str__(self) -> str:
        """As C2SP signed-note writes it."""
        return f"{self.name}+{self.number.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"


def good_for(keys: Sequence[VerifierKey], size: int) -> list[VerifierKey]:
    """Those that may sign a tree of this size: each from where it took over up to where the next one did.

    So a key that has gone out of use, and may have been stolen since, signs nothing that is new.
    """
    starts = sorted({key.since for key in keys if key.since <= size})
    # At the very size where one takes over from the other, both may.
    first = starts[-2] if len(starts) > 1 and starts[-1] == size else starts[-1] if starts else 0
    return [key for key in keys if first <= key.since <= size]


def is_key_name(name: str) -> bool:
    """Whether keys can be called so: no space and no plus (C2SP signed-note), and nothing that moves a cursor."""
    return bool(_NAME.fullmatch(name)) and name.isprintable()


def sign(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """A note: the text, which ends its last line, and its signature."""
    number = VerifierKey.of(name, key).number
    signature = base64.b64encode(number + key.sign(text.encode())).decode()
    return f"{text}\n— {name} {signature}\n"


def signer_of(note: str, keys: Iterable[VerifierKey]) -> VerifierKey | None:
    """The first of these keys that has signed the note; ``None`` where none has, or where it is no note.

    Signatures by other keys do not matter; a wrong one that claims to be by one of these makes the note no note.
    """
    text, lines = _parts(note)
    found: VerifierKey | None = None
    for key in keys:
        for name, signature in lines:
            if name != key.name or signature[:4] != key.number:
                continue
            try:
                Ed25519PublicKey.from_public_bytes(key.public).verify(signature[4:], text.encode())
            except InvalidSignature:
                return None
            found = found or key
    return found


def _parts(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    text, middle, signatures = note.rpartition("\n\n")
    lines: list[tuple[str, bytes]] = []
    if not middle or not signatures.endswith("\n") or len(note) > _MAX_CHARACTERS:
        return "", []
    for line in signatures.removesuffix("\n").split("\n"):
        if (match := _SIGNATURE.fullmatch(line)) is None:
            return "", []
        try:
            signature = base64.b64decode(match["signature"], validate=True)
        except binascii.Error:
            return "", []
        if base64.b64encode(signature).decode() != match["signature"]:
            return "", []  # bits that mean nothing, so that there would be two texts of one signature
        lines.append((match["name"], signature))
    return f"{text}\n", lines


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How many entries a log has, the root of their tree, and what else is signed with that."""

    origin: str
    size: int
    root: bytes
    settled: int | None = None
    """No entry up to this number will come any more that is not in the tree; ``None`` where the note does not say."""
    time: str = ""
    """When it was signed, by the signer's own clock: UTC as a leaf has it."""

    @classmethod
    def parsed(cls, note: str) -> "Checkpoint":
        """What a note says, whoever signed it. Raises ``ValueError``."""
        lines = note.split("\n")
        try:
            origin, size, root = lines[0], lines[1], base64.b64decode(lines[2], validate=True)
        except (IndexError, binascii.Error) as error:
            raise ValueError("it is not a checkpoint") from error
        if not origin or not _SIZE.fullmatch(size) or len(root) != HASH_BYTES:
            raise ValueError("it is not a checkpoint")
        settled, time = None, ""
        for line in lines[3:]:
            if not line:
                break
            if line.startswith(_SETTLED) and _SIZE.fullmatch(number := line.removeprefix(_SETTLED)):
                settled = int(number)
            elif line.startswith(_TIME):
                time = line.removeprefix(_TIME)
        return cls(origin, int(size), root, settled, time)

    def __str__(self) -> str:
        text = f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"
        if self.settled is not None:
            text += f"{_SETTLED}{self.settled}\n"
        return f"{text}{_TIME}{self.time}\n" if self.time else text


def time_text(at: datetime) -> str:
    """The instant as leaves and checkpoints write it."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def also_signed(note: str, name: str, key: Ed25519PrivateKey) -> str:
    """The note with one signature more."""
    text, _, _ = note.rpartition("\n\n")
    return note + sign(f"{text}\n", name, key).rpartition("\n\n")[2]
