"""DKIM keys: made, kept in a file that only its owner can read, and read again."""

import os
from enum import StrEnum
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from mailer.errors import BadDkimKey, DkimKeyExists, UnwritableFile

__all__ = [
    "Algorithm",
    "PrivateKey",
    "RSAPrivateKey",
    "algorithm_of",
    "load_key",
    "make_key",
    "public_part",
    "save",
]

RSA_BITS = (2048, 4096)
"""RFC 8301 3.2: signers use at least the first, and not every verifier takes more than the second."""

PrivateKey = RSAPrivateKey | Ed25519PrivateKey


class Algorithm(StrEnum):
    """As ``k=`` names it in the DNS, and ``a=`` with ``-sha256`` behind it in a signature."""

    RSA = "rsa"
    ED25519 = "ed25519"


def algorithm_of(key: PrivateKey) -> Algorithm:
    """What the key is for."""
    return Algorithm.RSA if isinstance(key, RSAPrivateKey) else Algorithm.ED25519


def make_key(algorithm: Algorithm) -> PrivateKey:
    """A new key."""
    if algorithm is Algorithm.RSA:
        return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS[0])
    return Ed25519PrivateKey.generate()


def save(key: PrivateKey, file: Path) -> None:
    """Write a new key where only its owner can read it. Raises ``DkimKeyExists`` or ``UnwritableFile``."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:  # noqa: PTH123
            new.write(pem)
    except FileExistsError as error:
        raise DkimKeyExists(file=file) from error
    except OSError as error:
        raise UnwritableFile(file=file, reason=error.strerror or "unknown reason") from error


def load_key(file: Path) -> PrivateKey:
    """The key in a PEM file, PKCS #8 or PKCS #1. Raises ``BadDkimKey``."""
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except OSError as error:
        raise BadDkimKey(file=file, reason=error.strerror or "it cannot be read") from error
    except TypeError as error:
        raise BadDkimKey(file=file, reason="it is locked with a password") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        # The library's own words may quote the file.
        raise BadDkimKey(file=file, reason="it is not a private key in PEM form") from error
    least, most = RSA_BITS
    match key:
        case RSAPrivateKey() if not least <= key.key_size <= most:
            raise BadDkimKey(file=file, reason=f"it has {key.key_size} bits, allowed are {least} to {most}")
        case RSAPrivateKey() | Ed25519PrivateKey():
            return key
    raise BadDkimKey(file=file, reason="it is neither an RSA nor an Ed25519 key")


def public_part(key: PrivateKey) -> bytes:
    """The public key as its DNS record has it, before base64."""
    if isinstance(key, RSAPrivateKey):
        # RFC 6376 appendix C makes it so, and verifiers read it so: not the bare RSAPublicKey of 3.6.1.
        return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)  # RFC 8463 4.2
