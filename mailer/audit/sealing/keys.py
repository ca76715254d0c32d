"""The office's keys for its log: one that signs, and all public ones that ever did, oldest first.

They lie in ``log.pem`` and ``log.pub``, beside the database and not in it: who owns the database alone cannot sign.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from mailer.audit.sealing.notes import VerifierKey, sign
from mailer.errors import BadLogKey, LogKeyExists, UnwritableFile

_SECRET, _PUBLIC = "log.pem", "log.pub"


@dataclass(frozen=True, slots=True)
class LogKey:
    """What signs checkpoints, and under which name."""

    name: str
    secret: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        """Whoever has this can check what the key has signed."""
        return VerifierKey.of(self.name, self.secret)

    def sign(self, text: str) -> str:
        """The text as a signed note."""
        return sign(text, self.name, self.secret)


def make_log_key(folder: Path, name: str) -> LogKey:
    """Make the first key, of that name. Raises ``LogKeyExists`` and ``UnwritableFile``."""
    key = LogKey(name, Ed25519PrivateKey.generate())
    pem = key.secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The public key first: without it nobody could check what the other one signs.
        with (folder / _PUBLIC).open("a", encoding="utf-8") as known:
            known.write(f"{key.verifier}\n")
            known.flush()
            os.fsync(known.fileno())
        with open(os.open(folder / _SECRET, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:  # noqa: PTH123
            new.write(pem)
            new.flush()
            os.fsync(new.fileno())
    except FileExistsError as error:
        raise LogKeyExists(file=folder / _SECRET) from error
    except OSError as error:
        raise UnwritableFile(file=folder / _SECRET, reason=error.strerror or "unknown reason") from error
    return key


def log_key(folder: Path) -> LogKey | None:
    """The key that signs; ``None`` before there is one. Raises ``BadLogKey``."""
    file = folder / _SECRET
    try:
        secret = load_pem_private_key(file.read_bytes(), password=None)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadLogKey(file=file, reason=error.strerror or "it cannot be read") from error
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        # The library's own words may quote the file.
        raise BadLogKey(file=file, reason="it is not a private key in PEM form") from error
    if not isinstance(secret, Ed25519PrivateKey):
        raise BadLogKey(file=file, reason="it is not an Ed25519 key")
    for known in reversed(known_keys(folder)):
        if VerifierKey.of(known.name, secret) == known:
            return LogKey(known.name, secret)
    raise BadLogKey(file=file, reason=f"{_PUBLIC} beside it does not have its public part")


def known_keys(folder: Path) -> Sequence[VerifierKey]:
    """The public keys, oldest first; none before there are any. Raises ``BadLogKey``."""
    file = folder / _PUBLIC
    found: list[VerifierKey] = []
    try:
        lines = file.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise BadLogKey(file=file, reason="it cannot be read") from error
    for number, line in enumerate(lines, 1):
        try:
            found.append(VerifierKey.parsed(line))
        except ValueError as error:
            raise BadLogKey(file=file, reason=f"line {number}: {error}") from error
    return found
