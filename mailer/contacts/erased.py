"""Erased addresses: the keyed hashes by which they are known again, so that nobody takes them in unasked.

Of an address at a provider whose mailboxes have several spellings (see ``mailbox.surely``) the hash of the mailbox is
kept beside its own, and an address is looked up by both.
"""

import hashlib
import hmac
import os
import re
import secrets
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mailer.contacts.mailbox import surely
from mailer.contacts.models import ErasedAddress
from mailer.database import chunks
from mailer.errors import BadErasureKey, ErasureKeyMissing, UnwritableFile

ERASED_DOMAIN = "erased.invalid"
"""Of the addresses that stand in for erased ones: RFC 6761 6.4 keeps ``.invalid`` from ever leading anywhere, and
``contacts.address`` takes none."""

_KEY = re.compile(r"[0-9a-f]{64}\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class ErasureKey:
    """The office's key: with it, and only with it, an erased address is known again."""

    file: Path
    secret: bytes | None = field(repr=False)
    """32 random octets; ``None`` while nobody has been erased and there is no file."""

    @property
    def id(self) -> str:
        """Its name beside each hash: 16 hexadecimal digits of its SHA-256; empty where there is none."""
        return hashlib.sha256(self.secret).hexdigest()[:16] if self.secret else ""

    def digest(self, address_key: str) -> str:
        """HMAC-SHA-256 (RFC 2104) of an ``Address.key``, in hexadecimal."""
        if self.secret is None:
            raise ErasureKeyMissing(file=self.file)
        return hmac.digest(self.secret, address_key.encode(), "sha256").hex()


def read_key(file: Path) -> ErasureKey:
    """The key in that file, one without a secret where there is no file. Raises ``BadErasureKey``."""
    try:
        text = file.read_text("ascii")
    except FileNotFoundError:
        return ErasureKey(file, None)
    except OSError as error:
        raise BadErasureKey(file=file, reason=error.strerror or "unknown reason") from error
    except UnicodeDecodeError as error:
        raise BadErasureKey(file=file, reason="it is not such a key") from error
    if not _KEY.fullmatch(text):
        raise BadErasureKey(file=file, reason="it is not such a key")
    return ErasureKey(file, bytes.fromhex(text.strip()))


def needed_key(session: Session, file: Path) -> ErasureKey:
    """The key in that file, made where nobody has been erased yet and there is none.

    Raises ``BadErasureKey``, ``ErasureKeyMissing`` or ``UnwritableFile``. On the disk before this returns: a hash whose
    key is lost could not be told from none.
    """
    key = read_key(file)
    check_key(session, key)
    if key.secret is not None:
        return key
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        whole = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
        descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as stream:
                stream.write(secrets.token_hex(32) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            # Whole or not at all, and never over one that another process has made in between.
            os.link(whole, file)
            _keep_name(file.parent)
        finally:
            whole.unlink(missing_ok=True)
    except FileExistsError:
        pass
    except OSError as error:
        raise UnwritableFile(file=file, reason=error.strerror or "unknown reason") from error
    return read_key(file)


def check_key(session: Session, key: ErasureKey) -> None:
    """Make sure that all who were erased were erased with this key. Raises ``ErasureKeyMissing``, ``BadErasureKey``."""
    known = set(session.scalars(select(ErasedAddress.key_id).distinct()))
    if known and key.secret is None:
        raise ErasureKeyMissing(file=key.file)
    if others := known - {key.id}:
        raise BadErasureKey(
            file=key.file,
            reason=f"it is the key {key.id}, and people were erased with {', '.join(sorted(others))}",
        )


def erased_among(session: Session, address_keys: Collection[str], key: ErasureKey) -> set[str]:
    """Those of the keys (see ``Address.key``) that were erased. Raises ``ErasureKeyMissing`` or ``BadErasureKey``
    rather than take somebody for a stranger."""
    check_key(session, key)
    if key.secret is None:
        return set()
    keys: defaultdict[str, list[str]] = defaultdict(list)
    for address_key in address_keys:
        for form in _forms(address_key):
            keys[key.digest(form)].append(address_key)
    return {address_key for digest in _kept(session, keys) for address_key in keys[digest]}


def keep_erased(
    session: Session,
    address_keys: Collection[str],
    key: ErasureKey,
    *,
    at: datetime,
    shared: Collection[str] = (),
) -> None:
    """Note that these addresses are erased; of those ``shared``, whose mailbox somebody else has in another spelling,
    the address only. Raises as ``erased_among``."""
    check_key(session, key)
    forms = {form for k in address_keys for form in ((k,) if k in shared else _forms(k))}
    digests = {key.digest(form) for form in forms}
    new = digests - _kept(session, digests)
    session.add_all(ErasedAddress(digest=digest, key_id=key.id, erased_at=at) for digest in sorted(new))
    session.flush()


def readmit(session: Session, address_keys: Collection[str], key: ErasureKey) -> None:
    """Forget that these addresses were erased, and their mailboxes: she has asked to be in the registry again."""
    check_key(session, key)
    for chunk in chunks({key.digest(form) for address_key in address_keys for form in _forms(address_key)}):
        session.execute(delete(ErasedAddress).where(ErasedAddress.digest.in_(chunk)))


def _forms(address_key: str) -> set[str]:
    return {address_key, surely(address_key)}


def _kept(session: Session, digests: Collection[str]) -> set[str]:
    found: set[str] = set()
    for chunk in chunks(digests):
        found.update(session.scalars(select(ErasedAddress.digest).where(ErasedAddress.digest.in_(chunk))))
    return found


def _keep_name(folder: Path) -> None:
    """A file's name is on the disk only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
