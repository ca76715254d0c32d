"""The office's keys for its log: one that signs, and all public ones that ever did, oldest first.

They lie in ``log.pem`` and ``log.pub``, beside the database and not in it: who owns the database alone cannot sign.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from mailer.audit.sealing.notes import VerifierKey, is_key_name, sign
from mailer.errors import BadLogKey, UnwritableFile

_SECRET, _PUBLIC = "log.pem", "log.pub"
_NAME = "Log: "
"""What stands before the log's name in the first line of the secret key's file."""


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


def log_key_of(folder: Path, name: str) -> tuple[LogKey, bool]:
    """The key that signs, and whether it was made now, with that name. Raises ``BadLogKey`` and ``UnwritableFile``.

    Whoever starts first makes it; of two who start at once both have the same one.
    """
    made = (folder / _SECRET).exists() is False and _make(folder, name)
    key = _read(folder / _SECRET)
    # Also where whoever made it did not come so far: without it nobody could check what the other one signs.
    if key.verifier not in known_keys(folder):
        with _writing(folder / _PUBLIC), (folder / _PUBLIC).open("a", encoding="utf-8") as known:
            known.write(f"{key.verifier}\n")
    return key, made


def _make(folder: Path, name: str) -> bool:
    secret = Ed25519PrivateKey.generate()
    pem = secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with _writing(folder / _SECRET):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number, draft = mkstemp(dir=folder, prefix=".log-")  # which only its owner can read
        try:
            with open(number, "wb") as file:  # noqa: PTH123
                file.write(f"{_NAME}{name}\n".encode() + pem)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, folder / _SECRET)  # whole, or not at all
        except FileExistsError:
            return False
        finally:
            Path(draft).unlink()
    return True


def _read(file: Path) -> LogKey:
    try:
        content = file.read_bytes()
        secret = load_pem_private_key(content, password=None)
    except OSError as error:
        raise BadLogKey(file=file, reason=error.strerror or "it cannot be read") from error
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        # The library's own words may quote the file.
        raise BadLogKey(file=file, reason="it is not a private key in PEM form") from error
    if not isinstance(secret, Ed25519PrivateKey):
        raise BadLogKey(file=file, reason="it is not an Ed25519 key")
    first = content.split(b"\n", 1)[0].decode("utf-8", "replace")
    name = first.removeprefix(_NAME)
    if not first.startswith(_NAME) or not is_key_name(name):
        raise BadLogKey(file=file, reason=f"its first line is not “{_NAME}” and the log's name")
    return LogKey(name, secret)


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnwritableFile(file=file, reason=error.strerror or "unknown reason") from error


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
