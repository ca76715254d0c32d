"""Header fields: names and subjects as RFC 2047 encoded words, addresses, dates; every line short and CRLF only.

Our own encoder, since the standard library's loses spaces in long subjects (cpython issue 92081).
"""

import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

from email_validator import EmailNotValidError, validate_email

from mailer.errors import UnfitAddress
from mailer.rendering.bidi import CONTROLS

LINE = 76
"""RFC 2047 2: no line with an encoded word is longer."""
_WORD = 75
"""RFC 2047 2: nor is an encoded word."""

_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_PRINTABLE = re.compile(r"[ -~]*")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SAFE = r"[^\s\x00-\x20\x7f-\x9f\ud800-\udfff()<>\[\]:;,\\\"@]"
_ADDRESS = re.compile(rf"{_SAFE}{{1,64}}@{_SAFE}{{1,255}}")
# RFC 2047 5 (3): the characters that stand for themselves in a phrase, and so everywhere.
_Q_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")


def one_line(text: str) -> str:
    """The text without control characters and line ends, words one space apart: fit for a header."""
    if text.isprintable() and "  " not in text and text == text.strip():
        return text
    return " ".join(CONTROLS.sub("", _UNSAFE.sub(" ", text)).split())


def text_field(name: str, text: str) -> str:
    """A field of free text, such as a subject, with its CRLF."""
    text = one_line(text)
    head = f"{name}: "
    if _PRINTABLE.fullmatch(text) and "=?" not in text and (folded := _fold(head, text)):
        return folded + "\r\n"
    return head + _encoded(text, room=LINE - len(head)) + "\r\n"


def mailbox_field(name: str, person: str, address: str) -> str:
    """A field with one mailbox, with its CRLF. Raises ``UnfitAddress``."""
    return f"{name}: {mailbox(person, address, room=LINE - len(name) - 2)}\r\n"


def mailbox(person: str, address: str, *, room: int) -> str:
    """``Name <address>`` as RFC 5322 3.4 writes it, ``room`` being what is left of the line."""
    address = header_address(address)
    person = one_line(person)
    if not person:
        return address
    if len(person) + len(address) + 3 <= room and _ATOMS.fullmatch(person) and "=?" not in person:
        return f"{person} <{address}>"
    phrase = _phrase(person, room)
    left = room if "\r\n" not in phrase else LINE
    gap = " " if len(phrase) - phrase.rfind("\n") - 1 + len(address) + 3 <= left else "\r\n "
    return f"{phrase}{gap}<{address}>"


def header_address(address: str) -> str:
    """The address as headers and envelopes write it: the domain in ASCII unless the local part is not.

    Then everything is UTF-8 anyway (RFC 6532). Raises ``UnfitAddress``.
    """
    if not _ADDRESS.fullmatch(address):
        raise UnfitAddress(address=ascii(address), reason="it is not a mail address")
    if address.isascii() or needs_smtputf8(address):
        return address
    return _in_ascii(address)


@lru_cache(maxsize=4096)
def _in_ascii(address: str) -> str:
    try:
        checked = validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        raise UnfitAddress(address=ascii(address), reason=str(error).rstrip(".")) from error
    return f"{address.rpartition('@')[0]}@{checked.ascii_domain}"


def needs_smtputf8(address: str) -> bool:
    """Whether mail to this address needs a relay that speaks RFC 6531: its local part is not ASCII."""
    return not address.rpartition("@")[0].isascii()


@lru_cache(maxsize=64)
def date_field(date: datetime) -> str:
    """The field that says when the wave opened."""
    return f"Date: {format_datetime(date)}\r\n"


def verp(bounce_address: str, token: str) -> str:
    """The envelope's sender of one delivery, so that whatever bounces names it: ``press+TOKEN@office.example``."""
    local, _, domain = bounce_address.rpartition("@")
    return f"{local}+{token}@{domain}"


class WayOut:
    """How recipients unsubscribe: by mail always, by https where the office has a page for it."""

    __slots__ = ("_mail", "_web")

    def __init__(self, url: str, address: str) -> None:
        before, there, after = url.partition("{token}")
        self._web = (before, after) if there else (f"{url.rstrip('/')}/", "") if url else None
        self._mail = f"mailto:{quote(header_address(address), safe='@+')}?subject=unsubscribe%20"

    def link(self, token: str) -> str:
        """For the body."""
        return f"{self._web[0]}{token}{self._web[1]}" if self._web else f"{self._mail}{token}"

    def fields(self, token: str) -> str:
        """The header fields, with their CRLF."""
        if not self._web:
            return f"List-Unsubscribe: <{self._mail}{token}>\r\n"
        # RFC 2369 2: the first form is tried first; RFC 8058 3.1: the button needs https.
        return (
            f"List-Unsubscribe: <{self.link(token)}>,\r\n <{self._mail}{token}>\r\n"
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        )


@lru_cache(maxsize=16384)
def _phrase(person: str, room: int) -> str:
    if "=?" not in person and len(person) <= room - 10:
        if _ATOMS.fullmatch(person):
            return person
        if _PRINTABLE.fullmatch(person):
            quoted = '"' + person.replace("\\", r"\\").replace('"', r"\"") + '"'
            if len(quoted) <= room:
                return quoted
    return _encoded(person, room=room)


def _fold(head: str, text: str) -> str | None:
    """The field folded before spaces, or ``None`` where a word is longer than a line."""
    lines, line = [], head
    # RFC 5322 2.2.3: a line end put in before a space is taken out again by the reader, the space stays.
    for word in re.findall(r" ?[^ ]+", text):
        if len(line) + len(word) > LINE:
            lines.append(line)
            line = ""
        if (not line and not word.startswith(" ")) or len(word) > LINE:
            return None
        line += word
    return "\r\n".join([*lines, line])


def _encoded(text: str, *, room: int) -> str:
    """The text as encoded words, the first of which has ``room``; the white space between them is not read."""
    raw = text.encode()
    by_letter = sum(1 if byte in _Q_SAFE or byte == 0x20 else 3 for byte in raw)
    letter, encode, size = ("Q", _q, _q_size) if by_letter <= len(raw) * 4 / 3 else ("B", _b, _b_size)
    words: list[str] = []
    current = b""
    limit = min(room, _WORD)
    for cluster in _clusters(text):
        pieces = [cluster.encode()]
        if size(pieces[0]) > _WORD - 12:  # a letter with more marks than one word holds
            pieces = [character.encode() for character in cluster]
        for piece in pieces:
            if current and size(current + piece) + 12 > limit:
                words.append(encode(current))
                current, limit = b"", _WORD
            current += piece
    words.append(encode(current))
    return "\r\n ".join(f"=?utf-8?{letter}?{word}?=" for word in words)


def _clusters(text: str) -> Iterator[str]:
    """Letters together with the marks on them; a joiner holds on to both sides."""
    current = ""
    for character in text:
        joined = unicodedata.category(character)[0] == "M" or "\u200d" in (character, current[-1:])
        if current and not joined:
            yield current
            current = ""
        current += character
    if current:
        yield current


def _b(raw: bytes) -> str:
    return b64encode(raw).decode()


def _b_size(raw: bytes) -> int:
    return (len(raw) + 2) // 3 * 4


def _q(raw: bytes) -> str:
    return "".join("_" if byte == 0x20 else chr(byte) if byte in _Q_SAFE else f"={byte:02X}" for byte in raw)


def _q_size(raw: bytes) -> int:
    return sum(1 if byte in _Q_SAFE or byte == 0x20 else 3 for byte in raw)
