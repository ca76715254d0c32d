"""A text part as the bytes of its transfer encoding, with slots into which personal values are spliced.

The static runs are encoded once. Base64 counts in threes, so a slot starts a new line, takes the 0 to 2
bytes that the run before it left over and borrows 0 to 2 from the run behind it, which is encoded beforehand for
each of the three cases; lines shorter than 76 are legal (RFC 2045 6.8). Quoted-printable puts soft line
breaks round the slot (RFC 2045 6.7).

No line of either has a tab, two spaces in a row or a space at its end: DKIM's relaxed canonicalisation (RFC 6376 3.4.4)
changes nothing in it, so that the body's hash is that of the bytes as they are.
"""

from binascii import b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from mailer.rendering.slots import Segments, Slot

_BYTES = 57
"""What a line of 76 base64 characters holds."""
_HELD = 64
"""A static run between two slots that is shorter than this is encoded together with them, for each message."""

Values = Mapping[Slot, bytes]


class Body(Protocol):
    """An encoded part."""

    @property
    def encoding(self) -> str:
        """The name for ``Content-Transfer-Encoding``."""
        ...

    @property
    def size(self) -> int:
        """The bytes of its static runs."""
        ...

    def splice(self, values: Values) -> list[bytes]:
        """The part's encoded bytes with the values in their slots, in chunks; the last line is ended."""
        ...


def encode(segments: Segments) -> Body:
    """In the transfer encoding that takes less room; quoted-printable, which people can read, where equal."""
    quoted, base = QuotedPrintable(segments), Base64(segments)
    return quoted if quoted.size <= base.size else base


def canonical(text: str) -> bytes:
    """UTF-8 with CRLF line ends (RFC 2045 6.7 and 6.8 want them before the encoding)."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode()


class QuotedPrintable:
    """Readable where the text is mostly ASCII."""

    encoding = "quoted-printable"

    def __init__(self, segments: Segments) -> None:
        *inner, last = (canonical(text) for text in segments.texts)
        self._runs = [before_break(run) for run in inner]
        self._last = quoted(last)
        self._slots = segments.slots
        self.size = sum(map(len, self._runs)) + len(self._last)

    def splice(self, values: Values) -> list[bytes]:
        chunks: list[bytes] = []
        for run, slot in zip(self._runs, self._slots, strict=True):
            chunks += (run, before_break(values[slot]))
        chunks.append(self._last)
        return chunks


class Base64:
    """Shorter where the text is mostly not ASCII."""

    encoding = "base64"

    def __init__(self, segments: Segments) -> None:
        first, *others = (canonical(text) for text in segments.texts)
        self.size = (sum(map(len, others), len(first)) + 2) // 3 * 4
        self.size += self.size // 76 * 2
        self._first, self._left = _whole_lines(first) if others else (lines(first)[:-2], b"")
        self._steps: list[_Step] = []
        group: list[Slot | bytes] = []
        for place, (slot, run) in enumerate(zip(segments.slots, others, strict=True), 1):
            group.append(slot)
            if len(run) >= _HELD:
                cut = (lambda data: (lines(data)[:-2], b"")) if place == len(others) else _whole_lines
                cases = tuple(cut(run[borrowed:]) for borrowed in range(3))
                self._steps.append(_Step(tuple(group), run[:2], cases))
                group = []
            else:
                group.append(run)
        self._tail = tuple(group)

    def splice(self, values: Values) -> list[bytes]:
        chunks, left = [self._first], self._left
        for step in self._steps:
            data = left + b"".join([values[p] if isinstance(p, Slot) else p for p in step.group])
            borrowed = -len(data) % 3
            static, left = step.cases[borrowed]
            chunks += (lines(data + step.lent[:borrowed]), static)
        if self._tail:
            data = left + b"".join([values[p] if isinstance(p, Slot) else p for p in self._tail])
            chunks.append(lines(data)[:-2])
        return chunks


@dataclass(frozen=True, slots=True)
class _Step:
    """Slots with the short runs between them, and the long run behind them."""

    group: tuple[Slot | bytes, ...]
    lent: bytes
    """The first two bytes of the long run."""
    cases: tuple[tuple[bytes, bytes], ...]
    """The long run encoded without its first 0, 1 or 2 bytes, and what it leaves over."""


def lines(data: bytes) -> bytes:
    """Base64 in lines of 76 characters with CRLF."""
    if len(data) <= _BYTES:
        return b2a_base64(data, newline=False) + b"\r\n" if data else b""
    return b"".join(
        b2a_base64(data[start : start + _BYTES], newline=False) + b"\r\n" for start in range(0, len(data), _BYTES)
    )


def _whole_lines(data: bytes) -> tuple[bytes, bytes]:
    whole = len(data) - len(data) % 3
    return lines(data[:whole]), data[whole:]


LINE = 75
"""Of a line's 76 characters one is kept for the soft break."""

_PLAIN = bytes(range(0x20, 0x3D)) + bytes(range(0x3E, 0x7F))
_TOKENS = [chr(byte) if byte in _PLAIN else f"={byte:02X}" for byte in range(256)]


def quoted(data: bytes) -> bytes:
    """Quoted-printable (RFC 2045 6.7)."""
    return "\r\n".join(_quoted_line(line) for line in data.split(b"\r\n")).encode()


def before_break(data: bytes) -> bytes:
    """Quoted-printable that goes on behind a soft line break, for what comes before or in a slot."""
    if (
        len(data) < LINE
        and data
        and data[:1] not in b".F"
        and b"  " not in data
        and not data.translate(None, _PLAIN)
    ):
        return data + b"=\r\n"
    text = quoted(data)
    last = text[text.rfind(b"\n") + 1 :]
    return text + b"=\r\n" if last else text


def _quoted_line(line: bytes) -> str:
    letters = [_TOKENS[byte] for byte in line]
    if line[-1:] in (b" ", b"\t"):
        # RFC 2045 6.7 (3): a blank at the end of a line is lost on the way.
        letters[-1] = f"={line[-1]:02X}"
    done: list[str] = []
    current = ""
    for place, letter in enumerate(letters):
        if letter == " " and current.endswith(" "):
            # RFC 6376 3.4.4: to DKIM a run of blanks is one.
            letter = "=20"
        if len(current) + len(letter) > LINE:
            done.append(current + "=")
            current = ""
        # A line that is a dot or begins with "From " is altered by some that pass the mail on.
        if not current and (letter == "." or (letter == "F" and line.startswith(b"From ", place))):
            current = f"={ord(letter):02X}"
        else:
            current += letter
    return "\r\n".join([*done, current])
