"""The content lines of vCards as bytes: unfolded, taken apart into name, parameters and value, and decoded.

Of vCard 2.1 (versit 1996), 3.0 (RFC 2426) and 4.0 (RFC 6350), in bytes, since each line of 2.1 may be in an
encoding of its own, and some programs fold in the middle of a character.
"""

import quopri
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mailer.contacts.reading.encodings import UTF_8, Encoding, detect_in, encoding_called
from mailer.errors import BadTable

MAX_VALUE = 100_000
"""Bytes of a value that are kept; the rest of it is read past."""
MAX_LINES = 2000
"""Content lines of one card that are looked at."""

IGNORED = frozenset({"PHOTO", "LOGO", "KEY", "SOUND", "CALADRURI", "SOCIALPROFILE", "X-ABADR"})
"""Pictures and keys, whose values are not even put together."""

_PIECE = 65_536


@dataclass(frozen=True, slots=True)
class ContentLine:
    """One property of a card."""

    name: str
    """In capitals, without its group."""
    group: str
    parameters: Mapping[str, tuple[str, ...]]
    """By name in capitals; the values of vCard 2.1 that have no name are types."""
    value: str
    """Decoded, with its backslashes still in it."""

    def types(self) -> frozenset[str]:
        return frozenset(
            part.strip().upper() for value in self.parameters.get("TYPE", ()) for part in value.split(",")
        )

    def preference(self) -> int:
        """1 for the one that is preferred, 101 for one of which nothing is said (RFC 6350 5.3)."""
        pref = (*self.parameters.get("PREF", ()), "")[0]
        if pref.isdecimal():
            return min(100, int(pref[:4]))
        return 1 if "PREF" in self.types() else 101


def content_lines(file: Path, encoding: Encoding) -> Iterator[ContentLine]:
    """The lines of the file one by one. Raises ``BadTable`` for what is no text."""
    unfolded = _Unfolding()
    for line in _lines(file, encoding):
        if b"\0" in line:
            raise BadTable(
                file=file, reason="it has NUL characters in it", remedy="It is damaged; export the cards again."
            )
        if (whole := unfolded.take(line)) is not None:
            yield _taken_apart(file, whole, encoding)
    if (whole := unfolded.end()) is not None:
        yield _taken_apart(file, whole, encoding)


def _lines(file: Path, encoding: Encoding) -> Iterator[bytes]:
    """Physical lines in bytes without their ends, those of UTF-16 as UTF-8. A very long one comes in pieces."""
    if not _is_wide(encoding):
        with file.open("rb") as stream:
            while line := stream.readline(_PIECE):
                yield from line.rstrip(b"\r\n").split(b"\r")
        return
    with file.open(encoding=encoding.codec, newline=None) as text:
        try:
            while wide := text.readline(_PIECE):
                yield wide.removesuffix("\n").encode()
        except UnicodeDecodeError as error:
            raise BadTable(
                file=file,
                reason=f"it is not {encoding.name} all through",
                remedy="Export the cards again, or say the encoding with --encoding.",
            ) from error


def _is_wide(encoding: Encoding) -> bool:
    return encoding.codec.startswith(("utf-16", "utf-32"))


class _Unfolding:
    """Puts folded lines together: those that begin with white space, and quoted-printable ones that end in =."""

    def __init__(self) -> None:
        self._held: bytearray | None = None
        self._soft = False
        self._ignored = False

    def take(self, line: bytes) -> bytes | None:
        """A whole line, once the next one has begun."""
        if self._held is not None and self._soft:
            self._add(line)
            return None
        if self._held is not None and line[:1] in (b" ", b"\t"):
            # RFC 6350 3.2: the one white space goes away. In 2.1 it stays, where a folded text could be told to be one.
            self._add(line[1:])
            return None
        whole = self.end()
        if b":" in line:
            self._held = bytearray()
            head = line.split(b":", 1)[0].upper()
            name = re.split(rb"[;.]", head.split(b";")[0])[-1].decode("ascii", "replace")
            self._ignored = name in IGNORED
            self._printable = b"QUOTED-PRINTABLE" in head
            self._add(line)
        return whole

    def end(self) -> bytes | None:
        held, self._held, self._soft = self._held, None, False
        return bytes(held) if held is not None and not self._ignored else None

    def _add(self, piece: bytes) -> None:
        held = self._held
        if held is None:
            return
        self._soft = self._printable and piece.endswith(b"=")
        if self._soft:
            piece = piece[:-1]
        if not self._ignored and len(held) < MAX_VALUE:
            held += piece[: MAX_VALUE - len(held)]


_HEAD = re.compile(rb'((?:[^":]|"[^"]*")*):(.*)', re.DOTALL)
_PARAMETER = re.compile(r';((?:[^";]|"[^"]*")*)')
_ENCODINGS_21 = frozenset({"QUOTED-PRINTABLE", "BASE64", "8BIT", "7BIT", "B"})


def _taken_apart(file: Path, line: bytes, encoding: Encoding) -> ContentLine:
    wide = _is_wide(encoding)
    match = _HEAD.fullmatch(line)
    head, value = (match[1], match[2]) if match else line.split(b":", 1)
    text = head.decode("utf-8" if wide else encoding.codec, "replace")
    group, _, name = text.partition(";")[0].strip().upper().rpartition(".")
    parameters: dict[str, list[str]] = {}
    for part in _PARAMETER.findall(text):
        key, sign, said = part.partition("=")
        if not sign:
            key, said = ("ENCODING", key) if key.strip().upper() in _ENCODINGS_21 else ("TYPE", key)
        parameters.setdefault(key.strip().upper(), []).append(said.strip().strip('"'))
    printable = "QUOTED-PRINTABLE" in (said.upper() for said in parameters.get("ENCODING", ()))
    if printable:
        value = quopri.decodestring(value)
    charset = next(iter(parameters.get("CHARSET", ())), "")
    # Lines of UTF-16 were decoded with the file, whatever they say; what quoted-printable stood for was not.
    named = encoding_called(charset) if charset and (printable or not wide) else None
    return ContentLine(
        name=name,
        group=group,
        parameters={key: tuple(values) for key, values in parameters.items()},
        value=_decoded(file, value, named or (UTF_8 if wide or printable else encoding)),
    )


def _decoded(file: Path, value: bytes, encoding: Encoding) -> str:
    try:
        return value.decode(encoding.codec)
    except UnicodeDecodeError:
        pass
    try:
        return value.decode(detect_in(file, value).codec)
    except (UnicodeDecodeError, BadTable):
        return value.decode("cp1252", "replace")
