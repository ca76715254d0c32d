"""DKIM (RFC 6376, RFC 8463): the signatures by which receivers know that a message is ours and unchanged.

Nothing in a signature is random or of the present: ``t=`` is the opening of the wave, and both algorithms give the same
signature again. So a message that is signed again is the same to the byte.
"""

import re
from base64 import b64encode
from binascii import b2a_base64
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple, Self

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from mailer.config import Dkim
from mailer.delivery.dkim_keys import PrivateKey, RSAPrivateKey, algorithm_of, load_key, public_part
from mailer.errors import BadDkimKey

# RFC 6376 5.4: named once more in h= than the message has them (8.15 and 5.4.2), so that one that is added on the way
# breaks the signature: they say who writes, to whom, when and what, how the body is to be read (another Content-Type
# shows another message), and where "unsubscribe" goes (RFC 8058 4). No list or relay adds them in good faith.
_OVERSIGNED = (
    b"from",
    b"reply-to",
    b"to",
    b"cc",
    b"subject",
    b"date",
    b"message-id",
    b"mime-version",
    b"content-type",
    b"content-transfer-encoding",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
)
# Signed as often as they are there (RFC 6376 5.4.1). A newsroom's own list may add a Sender or a List-Id of its own.
_SIGNED = frozenset(
    (*_OVERSIGNED, b"sender", b"content-language", b"in-reply-to", b"references", b"list-id", b"list-help")
)

_LINE = 76
"""Characters; RFC 5322 2.1.1 wants lines below 79."""
_CACHED = 512
"""Octets: a longer chunk of a body is likely to be the same object for many recipients."""

_PADDING, _SHA256 = PKCS1v15(), SHA256()


class DnsRecord(NamedTuple):
    """The TXT record by which receivers find a public key (RFC 6376 3.6.2)."""

    name: str
    value: str

    @property
    def strings(self) -> list[str]:
        """The value in strings of at most 255 octets, which is what one can hold (RFC 1035 3.3.14)."""
        return [self.value[start : start + 255] for start in range(0, len(self.value), 255)]

    @property
    def zone_line(self) -> str:
        """As a zone file has it."""
        strings = " ".join(f'"{string}"' for string in self.strings)
        return f"{self.name}. IN TXT ( {strings} )"


class Signer:
    """Signs with one key. From any thread."""

    def __init__(self, key: PrivateKey, *, domain: str, selector: str, retired: bool = False) -> None:
        """``domain`` is in ASCII: RFC 8616 5 allows that in every message, and U-labels in some."""
        self._key = key
        self.algorithm = algorithm_of(key)
        self.domain, self.selector = domain, selector
        self.retired = retired
        """Whether it only makes again what was signed with it before."""
        self._start = lru_cache(maxsize=64)(self._make_start)

    @classmethod
    def of(cls, setting: Dkim) -> Self:
        """As the settings have it. Raises ``BadDkimKey``."""
        key = load_key(setting.key_file)
        return cls(key, domain=setting.domain, selector=setting.selector, retired=setting.retired)

    @property
    def slow(self) -> bool:
        """Whether a signature takes longer than all the rest of a message: RSA does, Ed25519 does not."""
        return isinstance(self._key, RSAPrivateKey)

    @property
    def record(self) -> DnsRecord:
        """What has to be in the DNS."""
        # RFC 6376 3.6.1, RFC 8463 4.2.
        value = f"v=DKIM1; k={self.algorithm}; p={b64encode(public_part(self._key)).decode()}"
        return DnsRecord(f"{self.selector}._domainkey.{self.domain}", value)

    def field(self, names: tuple[bytes, ...], fields: bytes, *, body_hash: bytes, second: int) -> bytes:
        """The DKIM-Signature field; ``names`` and ``fields`` are what is signed, the message's lowest field first."""
        start, canonical_start = self._start(names)
        # RFC 6376 3.7: this field itself is signed last, with an empty b= and without its line end.
        signature = self._sign(b"%b%b t=%d; bh=%b; b=" % (fields, canonical_start, second, body_hash))
        encoded = b2a_base64(signature, newline=False)
        lines = [encoded[place : place + _LINE - 4] for place in range(0, len(encoded), _LINE - 4)]
        return b"%b t=%d; bh=%b;\r\n b=%b\r\n" % (start, second, body_hash, b"\r\n ".join(lines))

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(data, _PADDING, _SHA256)
        return self._key.sign(sha256(data).digest())  # RFC 8463 3: Ed25519 signs the hash

    def _make_start(self, names: tuple[bytes, ...]) -> tuple[bytes, bytes]:
        """The part of the field that depends on which fields are signed, as it is and in canonical form."""
        if names.count(b"from") != 1:
            raise ValueError("a message has exactly one From")  # RFC 6376 5.4 and 3.8
        h, line = "", " h="
        for name in (*names, *_OVERSIGNED):
            if len(line) + len(name) >= _LINE:
                h, line = f"{h}{line}\r\n", "  "
            line += f"{name.decode('ascii')}:"
        start = (
            f"DKIM-Signature: v=1; a={self.algorithm}-sha256; c=relaxed/relaxed;\r\n"
            f" d={self.domain}; s={self.selector};\r\n{h}{line.removesuffix(':')};\r\n"
        ).encode()
        name, _, value = start.partition(b":")
        return start, b"%b:%b" % (name.lower(), _relaxed_value(value))


def readable(settings: Sequence[Dkim]) -> tuple[list[Signer], list[tuple[Dkim, BadDkimKey]]]:
    """The signers of those settings, and which of them cannot be used."""
    signers: list[Signer] = []
    bad: list[tuple[Dkim, BadDkimKey]] = []
    for setting in settings:
        try:
            signers.append(Signer.of(setting))
        except BadDkimKey as error:
            bad.append((setting, error))
    return signers, bad


def sign(signers: Sequence[Signer], head: Sequence[bytes], body: Sequence[bytes], *, at: datetime) -> bytes:
    """The fields to be put before a message; ``head`` is its fields, ``body`` what follows the empty line.

    Lines end in CRLF; a chunk of ``head`` holds whole fields.
    """
    # RFC 6376 5.4.2: of several fields of one name the lowest is meant first, hence from below.
    shared, *personal = head
    parts = [*(_relaxed_head(part) for part in reversed(personal)), _relaxed_shared(shared)]
    names = tuple(name for part in parts for name in part[0])
    fields = b"".join([part[1] for part in parts])
    body_hash = b2a_base64(hash_body(body), newline=False)
    second = int(at.timestamp())
    return b"".join([signer.field(names, fields, body_hash=body_hash, second=second) for signer in signers])


def hash_body(chunks: Sequence[bytes]) -> bytes:
    """SHA-256 of the body in relaxed canonical form (RFC 6376 3.4.4)."""
    # Joined, as to hash a chunk at a time costs more than to copy them.
    body = b"".join(chunks)
    return sha256(body if _is_relaxed(chunks) else _relaxed_body(body)).digest()


def _is_relaxed(chunks: Sequence[bytes]) -> bool:
    """Whether the body is in relaxed form as it is, so far as a quick look tells; the mail that we render is."""
    end = chunks[-1][-3:] if chunks else b""
    if len(end) < 3 or end[:1] == b"\n" or end[1:] != b"\r\n":
        return False
    # A CR stands where a chunk ends, so that a blank there is seen.
    short = b"\r".join([chunk for chunk in chunks if len(chunk) < _CACHED]) + b"\r"
    return _settled(short) and all(map(_settled_cached, [chunk for chunk in chunks if len(chunk) >= _CACHED]))


def _settled(chunk: bytes) -> bool:
    """Whether relaxed form changes nothing in a chunk, whatever comes behind it."""
    return not (_TAB in chunk or b"  " in chunk or b" \r" in chunk or chunk.endswith(b" "))


# As in smtp: to look at each byte again for each recipient would take longer than to hash it. Each language and city of
# a wave has its own text, of a handful of chunks.
_settled_cached = lru_cache(maxsize=1024)(_settled)

_TAB, _VT, _FF = b"\t\v\f"
"""As numbers, which are found five times as fast. The last two are blanks to Python, but not to RFC 5234."""
_BLANKS = re.compile(rb"[ \t]+")


def _relaxed_body(body: bytes) -> bytes:
    body = _BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n").removesuffix(b" ")
    while body.endswith(b"\r\n"):
        body = body[:-2]
    return body + b"\r\n" if body else b""


def _relaxed_head(part: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """The names of the fields to be signed, from below, and the fields in relaxed form (RFC 6376 3.4.2)."""
    names: list[bytes] = []
    pieces: list[bytes] = []
    unfolded = part.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    for field in reversed(unfolded.split(b"\r\n")):
        name, _, value = field.partition(b":")
        name = name.lower().rstrip(b" \t")
        if name in _SIGNED:
            names.append(name)
            pieces += (name, b":", _relaxed_value(value), b"\r\n")
    return tuple(names), b"".join(pieces)


# The first chunk is the same object for all who share a text.
_relaxed_shared = lru_cache(maxsize=512)(_relaxed_head)


def _relaxed_value(value: bytes) -> bytes:
    if _VT in value or _FF in value:
        return _BLANKS.sub(b" ", value).strip(b" ")
    return b" ".join(value.split())
