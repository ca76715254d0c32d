"""The office's keys for its log: one that signs, and all public ones that ever did, oldest first.

They lie in ``log.pem`` and ``log.pub``, beside the database and not in it: who owns the database alone cannot sign.
Beside them lie checkpoints that such a person cannot reach either: the last one that was signed here, in
``log.sealed``, and in ``handover-….checkpoint`` each one at which a key took over from another.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
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

from mailer.audit.sealing.notes import Checkpoint, VerifierKey, also_signed, is_key_name, sign
from mailer.errors import BadLogKey, UnwritableFile

SEALED = "log.sealed"
"""The last checkpoint that was signed here …"""
HANDOVERS = "handover-*.checkpoint"
"""… those at which a key took over …"""
SET_BACK = "set-back-*.checkpoint"
"""… and those of a log that was longer than the one that was put back."""
_SECRET, _PUBLIC = "log.pem", "log.pub"
_NAME = "Log: "
"""What stands before the log's name in the first line of the secret key's file."""


@dataclass(frozen=True, slots=True)
class LogKey:
    """What signs checkpoints, and under which name."""

    name: str
    secret: Ed25519PrivateKey
    folder: Path | None = None
    """Where it lies with the others; ``None`` for one that lies nowhere."""

    @property
    def verifier(self) -> VerifierKey:
        """Whoever has this can check what the key has signed."""
        return VerifierKey.of(self.name, self.secret)

    def sign(self, text: str) -> str:
        """The text as a signed note."""
        return sign(text, self.name, self.secret)

    def as_it_is_now(self) -> "LogKey":
        """The key that lies there now: somebody may have changed it while a process ran. Raises ``BadLogKey``."""
        return self if self.folder is None else _read(self.folder)

    def known(self) -> Sequence[VerifierKey]:
        """What may have signed this log until now. Raises ``BadLogKey``."""
        return [self.verifier] if self.folder is None else known_keys(self.folder)

    def take_over(self, last: str) -> None:
        """Be known as what signs from now on, if it is not; ``last`` is the last checkpoint there is, or empty.

        That one is signed anew, by this key beside the former one, and kept beside the keys: nobody who has the former
        key can give the log another past. Raises ``BadLogKey`` and ``UnwritableFile``.
        """
        folder = self.folder
        if folder is None or self.verifier in (known := known_keys(folder)):
            return
        size = Checkpoint.parsed(last).size if last and known else 0
        if size:
            _replace(
                folder / HANDOVERS.replace("*", f"{size:012}"),
                also_signed(last, self.name, self.secret).encode(),
                mode=0o644,
            )
        _write_known(folder, [*known, VerifierKey(self.name, self.verifier.public, size)])


def log_key_of(folder: Path, name: str) -> tuple[LogKey, bool]:
    """The key that signs, and whether it was made now, with that name. Raises ``BadLogKey`` and ``UnwritableFile``.

    Whoever starts first makes it; of two who start at once both have the same one. Where another key has signed
    before, the sealer lets it take over.
    """
    made = (folder / _SECRET).exists() is False and _make(folder, name)
    key = _read(folder)
    if not known_keys(folder):
        key.take_over("")
    return key, made


@contextmanager
def changing(folder: Path) -> Iterator[None]:
    """Wait until nobody else changes the key, and keep others from it. Raises ``UnwritableFile``."""
    with _writing(folder):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # a share that knows no locks has only one officer at a time
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def change_key(folder: Path, made: Callable[[VerifierKey], None]) -> LogKey:
    """Put another key in the place of the one that signs, whose secret part is gone then.

    ``made`` is given its public part before it is in place. Raises ``BadLogKey`` and ``UnwritableFile``.
    """
    name = _read(folder).name
    secret = Ed25519PrivateKey.generate()
    made(VerifierKey.of(name, secret))
    _replace(folder / _SECRET, _pem(name, secret))
    return _read(folder)


def remember(folder: Path, note: str) -> None:
    """Keep the last checkpoint that was signed here. Raises ``UnwritableFile``."""
    # Not secret, and somebody else's account may seal next.
    _replace(folder / SEALED, note.encode(), mode=0o644)


def remembered(folder: Path) -> str:
    """The last checkpoint that was signed here; empty before there is one. Raises ``BadLogKey``."""
    file = folder / SEALED
    try:
        note = file.read_text("utf-8")
        Checkpoint.parsed(note)
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:  # a wrong byte is a ValueError as well
        raise BadLogKey(file=file, reason="it is not the last checkpoint") from error
    return note


def set_back(folder: Path, size: int) -> None:
    """The log has only so many sealed entries again: what lies here about more of them is kept under another name.

    A key that took over later takes over there. Raises ``BadLogKey`` and ``UnwritableFile``.
    """
    keys = [VerifierKey(key.name, key.public, min(key.since, size)) for key in known_keys(folder)]
    _write_known(folder, keys)
    for file in (folder / SEALED, *folder.glob(HANDOVERS)):
        with _writing(file):
            if file.exists() and (more := _size(file)) > size:
                file.replace(folder / SET_BACK.replace("*", f"{more:012}-{file.stem}"))


def _size(file: Path) -> int:
    try:
        return Checkpoint.parsed(file.read_text("utf-8")).size
    except ValueError as error:  # a wrong byte is one as well
        raise BadLogKey(file=file, reason="there is no checkpoint in it") from error


def beside_the_keys(folder: Path) -> Sequence[str]:
    """The checkpoints that lie there as notes, by which the log can be held to what it was. Raises ``BadLogKey``."""
    notes: list[str] = [note] if (note := remembered(folder)) else []
    for file in sorted(folder.glob(HANDOVERS)):
        try:
            notes.append(file.read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise BadLogKey(file=file, reason="it cannot be read") from error
    return notes


def _make(folder: Path, name: str) -> bool:
    secret = Ed25519PrivateKey.generate()
    with _writing(folder / _SECRET):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = _draft(folder, _pem(name, secret))
        try:
            os.link(draft, folder / _SECRET)  # whole, or not at all
        except FileExistsError:
            return False
        finally:
            draft.unlink()
    return True


def _pem(name: str, secret: Ed25519PrivateKey) -> bytes:
    return f"{_NAME}{name}\n".encode() + secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_known(folder: Path, keys: Sequence[VerifierKey]) -> None:
    _replace(folder / _PUBLIC, "".join(f"{key.line}\n" for key in keys).encode(), mode=0o644)


def _replace(file: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write a file so that it is there whole, before and after, whenever the power goes. Raises ``UnwritableFile``."""
    with _writing(file):
        draft = _draft(file.parent, content)
        try:
            draft.chmod(mode)
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)


def _draft(folder: Path, content: bytes) -> Path:
    number, draft = mkstemp(dir=folder, prefix=".log-")  # which only its owner can read
    try:
        with open(number, "wb") as file:  # noqa: PTH123
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        Path(draft).unlink()
        raise
    return Path(draft)


def _read(folder: Path) -> LogKey:
    file = folder / _SECRET
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
    return LogKey(name, secret, folder)


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
