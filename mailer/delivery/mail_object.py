"""A mail object (RFC 5321 2.3.1): an envelope and its content, checked and in the form that goes over the wire."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Self

_KEPT = 512
"""Octets; a longer chunk is most likely the same object for every recipient, and to look that up is cheaper then. The
fields of one recipient, or her signature, are shorter, and would put what is shared out of the cache."""
# No control characters, spaces or angle brackets: nothing that could end the path or the command.
_ADDRESS = re.compile(r"[^\x00-\x20\x7f-\xa0<>@\u2028\u2029]{1,64}@[^\x00-\x20\x7f-\xa0<>@\u2028\u2029]{1,255}")
_ENVID = re.compile(r"[A-Za-z0-9.-]{0,100}")


@dataclass(frozen=True, slots=True)
class Envelope:
    """From whom and to whom, as the relay is told; checked here, since it is written into commands."""

    sender: str
    """Empty for a message that must not bounce (RFC 5321 4.5.5)."""
    recipient: str
    smtputf8: bool = False
    """Whether an address or a header is not ASCII (RFC 6531)."""
    envid: str = ""
    """Comes back in a delivery status notification, where the relay knows these (RFC 3461 4.4)."""

    def __post_init__(self) -> None:
        for address in (self.sender, self.recipient) if self.sender else (self.recipient,):
            if not _ADDRESS.fullmatch(address):
                raise ValueError("an address has one @, no spaces, control characters or angle brackets")
            if not (self.smtputf8 or address.isascii()):
                raise ValueError("an address that is not ASCII needs SMTPUTF8")
        if not _ENVID.fullmatch(self.envid):
            raise ValueError("an envelope identifier has at most 100 letters, digits, dots and hyphens")


class MailObject(NamedTuple):
    """What one transaction hands over."""

    envelope: Envelope
    content: bytes
    """With its dots doubled (RFC 5321 4.5.2), and without the dot that ends it."""
    size: int
    """Octets of the content before its dots were doubled (RFC 1870 3)."""
    ascii_only: bool

    @classmethod
    def of(cls, envelope: Envelope, chunks: Sequence[bytes]) -> Self:
        """A message of whole lines that end in CRLF, cut into chunks anywhere but inside a CRLF.

        Raises ``ValueError`` for one that is not fit for SMTP.
        """
        # The long chunks are looked at once for all recipients. What lies between them is looked at in one piece, with
        # the ends of the long ones in it, so that a line that begins in one chunk and ends in another is seen whole.
        between: list[bytes] = []
        dots, ascii_only = False, True
        for chunk in chunks:
            if len(chunk) < _KEPT:
                between.append(chunk)
                continue
            ends, chunk_has_dots, is_ascii = _looked_at(chunk)
            between.append(ends)
            dots = dots or chunk_has_dots
            ascii_only = ascii_only and is_ascii
        rest = b"".join(between)
        _refuse_bare(rest)
        if rest[-2:] != b"\r\n":
            raise ValueError("a message ends with CRLF")
        content = b"".join(chunks)
        size = len(content)
        if dots or rest[:1] == b"." or b"\n." in rest:
            content = (b"." if content[:1] == b"." else b"") + content.replace(b"\n.", b"\n..")
        return cls(envelope, content, size, ascii_only and rest.isascii())


def _refuse_bare(part: bytes) -> None:
    whole = part.count(b"\r\n")
    # A bare CR or LF may be an end of line to the next server: RFC 5321 2.3.8 forbids it, and what follows it
    # could be read as the end of this message and the commands of another.
    if b"\0" in part or not whole == part.count(b"\n") == part.count(b"\r"):
        raise ValueError("a message has no NUL, and CR and LF only together")


# Most of a message is the same object for every recipient, whose hash is worked out once; looking at each byte
# again for each recipient would take longer than sending it.
@lru_cache(maxsize=128)
def _looked_at(chunk: bytes) -> tuple[bytes, bool, bool]:
    """Its first octet and how it ends, whether a line inside it begins with a dot, and whether it is ASCII."""
    _refuse_bare(chunk)
    end = b"\r\n" if chunk.endswith(b"\r\n") else chunk[-1:]
    return chunk[:1] + end if chunk[:1] not in b"\r\n" else b"-" + end, b"\n." in chunk, chunk.isascii()
