"""Lists kept as JSON (RFC 8259), one array of people or one object after another: each becomes a row of text.

Of our own export (``contacts.exporting``) all comes back. Others' are read where their values are texts, or lists of
texts, under names that would be known as headings. Nothing is held but the person who is being read: a file is made of
one object after another, none of which may be larger than a row of any other list.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn, TextIO, cast

from mailer.contacts.fields import join_values, lasting_cell
from mailer.contacts.outlet_cells import outlet_value, types_cell
from mailer.contacts.outlets import outlet_type
from mailer.contacts.reading.encodings import Encoding
from mailer.contacts.reading.headings import field_called
from mailer.contacts.reading.rows import MAX_COLUMNS, OpenedList, Row, bounded
from mailer.errors import BadTable

MAX_PERSON = 1_000_000
"""Characters of one person, as in a row of CSV."""

_BEGIN = re.compile(rb"\s*(?:\[\s*(?:[\[{\"\]]|\Z)|\{\s*[\"}])")
_HELPING = 1 << 16
_NUMBER = 20
"""Digits; the longest number in a contact is her own, and a longer one costs its square to be read."""
_AT_THE_END = 12
"""Characters: an escape, or ``false``, that is cut off there is no mistake yet."""

_PASSED_OVER = frozenset({"contact", "kind", "status", "added_at"})
"""What an export says and an import does not take: this registry's own numbers, and what its commands say."""
_OURS = frozenset({"outlets", "salutations", "verified_at", "addresses", "phones"})
_MANY = {"addresses": "address", "phones": "phone"}


def is_json(start: bytes) -> bool:
    """Whether the file that starts so is of JSON, in whatever encoding."""
    return bool(_BEGIN.match(start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")))


def open_json(file: Path, encoding: Encoding) -> OpenedList:
    """The people in the file; its headings are the names that any of them has. Raises ``BadTable``.

    All of it is read once before, so that a mistake in it is told before anything is taken from it.
    """
    held: dict[str, None] = {}
    count = 0
    for count, person in enumerate(_people(file, encoding), 1):
        held |= dict.fromkeys(_cells(file, count, person))
        if len(held) > MAX_COLUMNS:
            raise _bad(file, count, f"has names that make more than {MAX_COLUMNS} of them in all", _NO_LIST)
    if not count:
        raise BadTable(file=file, reason="it has nobody in it", remedy="Export the contacts again as JSON.")
    headings = tuple(held)
    return OpenedList(file, f"JSON, {encoding.name}", headings, _rows(file, encoding, headings))


def _rows(file: Path, encoding: Encoding, headings: tuple[str, ...]) -> Iterator[Row]:
    for number, person in enumerate(_people(file, encoding), 1):
        cells = _cells(file, number, person)
        # Nothing runs in JSON: an apostrophe in it is the value's own, and must outlive the import.
        yield Row(number, bounded(lasting_cell(cells.get(heading, "")) for heading in headings))


_CORRECT = "Correct it there, or export the contacts again."
_NO_LIST = "Is it a list of people? Its form is in docs/reference/json.md, under contacts export."


def _bad(file: Path, number: int, reason: str, remedy: str) -> BadTable:
    return BadTable(file=file, reason=f"person {number} {reason}", remedy=remedy)


class _Wrong(ValueError):
    """What is wrong with the person who is being read, in words."""


def _people(file: Path, encoding: Encoding) -> Iterator[Mapping[str, object]]:
    with file.open(encoding=encoding.codec, newline="") as stream:
        objects = _Objects(file, encoding, stream)
        in_array = objects.next_sign() == "["
        if in_array:
            objects.drop(1)
        while sign := objects.next_sign():
            if in_array and sign == "]":
                objects.drop(1)
                if objects.next_sign():
                    raise objects.bad("is followed by something behind the end of the array", _NO_LIST)
                return
            if in_array and objects.number:
                if sign != ",":
                    raise objects.bad("has no comma, and no end of the array, behind it", _NO_LIST)
                objects.drop(1)
                objects.next_sign()
            yield objects.take()
        if in_array:
            remedy = "Export the contacts again."
            raise BadTable(file=file, reason="its array does not end: it is cut off", remedy=remedy)


class _Objects:
    """The text of a file as far as it is read and not used, and how many objects were taken from it."""

    def __init__(self, file: Path, encoding: Encoding, stream: TextIO) -> None:
        self._file, self._encoding, self._stream = file, encoding, stream
        self._text = ""
        self.number = 0
        self._decoder = json.JSONDecoder(
            object_pairs_hook=_pairs, parse_int=_digits, parse_float=_digits, parse_constant=_no_number
        )

    def next_sign(self) -> str:
        """Pass over white space; the character behind it, and nothing at the end."""
        while True:
            self._text = self._text.lstrip(" \t\r\n")
            if self._text or not self._read_on():
                return self._text[:1]

    def drop(self, count: int) -> None:
        """Pass over so many characters."""
        self._text = self._text[count:]

    def take(self) -> Mapping[str, object]:
        """The object that comes next, for which the file is read on as far as it needs."""
        self.number += 1
        if self._text[:1] != "{":
            raise self.bad("is no object, with names and values between { and }", _NO_LIST)
        while True:
            try:
                person, end = self._decoder.raw_decode(self._text)
            except RecursionError as error:
                raise self.bad("has lists in lists without end", _NO_LIST) from error
            except json.JSONDecodeError as error:
                self._read_on_or_refuse(error)
            except _Wrong as error:
                raise self.bad(str(error), _CORRECT) from error
            else:
                if end > MAX_PERSON:
                    raise self.bad(f"is longer than {MAX_PERSON:,} characters", _NO_LIST)
                self.drop(end)
                return cast("Mapping[str, object]", person)

    def bad(self, reason: str, remedy: str) -> BadTable:
        """What is wrong with the person who is being read."""
        return _bad(self._file, self.number, reason, remedy)

    def _read_on(self) -> bool:
        try:
            helping = self._stream.read(_HELPING)
        except UnicodeDecodeError as error:
            remedy = "Save it as UTF-8, or say with --encoding what it is."
            raise self.bad(f"or the next one is not in {self._encoding.name}", remedy) from error
        self._text += helping
        return bool(helping)

    def _read_on_or_refuse(self, error: json.JSONDecodeError) -> None:
        cut = error.msg.startswith("Unterminated") or error.pos >= len(self._text) - _AT_THE_END
        if cut and len(self._text) > MAX_PERSON:
            remedy = "A quotation mark or a bracket that opens there may never close."
            raise self.bad(f"is longer than {MAX_PERSON:,} characters", remedy) from error
        if cut and self._read_on():
            return
        if error.msg.startswith("Unterminated") or error.pos >= len(self._text.rstrip()):
            raise self.bad("is not whole: the file is cut off there", "Export the contacts again.") from error
        # Never the value itself, which may be anything.
        where = f"is not JSON: {error.msg[:1].lower()}{error.msg[1:]}, at character {error.pos + 1} of the object"
        raise self.bad(where, _CORRECT) from error


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        # RFC 8259 4: which of them counts is not known.
        raise _Wrong("has a name twice in one object")
    for name, value in pairs:
        for text in (name, value):
            if isinstance(text, str):
                _check(text)
    return found


def _check(text: str) -> None:
    if "\0" in text:
        raise _Wrong("has a NUL character in it")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise _Wrong("has half of a character in it (a lone surrogate)")


def _digits(text: str) -> str:
    """A number stays text: none is counted with, and the largest is refused before it costs anything."""
    if len(text) > _NUMBER:
        raise _Wrong(f"has a number of more than {_NUMBER} digits")
    return _Number(text)


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


def _no_number(text: str) -> NoReturn:
    raise _Wrong(f"has {text} in it, which is no number in JSON")


def _cells(file: Path, number: int, person: Mapping[str, object]) -> dict[str, str]:
    cells: dict[str, str] = {}
    for name, value in person.items():
        if name in _PASSED_OVER:
            continue
        try:
            if name == "outlets" and isinstance(value, list) and any(isinstance(one, dict) for one in value):
                cells |= _outlets(value)
            elif name == "salutations" and isinstance(value, dict):
                cells[name] = join_values(f"{language}: {_text(words)}" for language, words in value.items())
            elif name == "verified_at":
                cells["verified"] = _day(_text(value))
            else:
                column = _MANY.get(name, name)
                cells[column] = "; ".join(filter(None, (cells.get(column), _cell(value))))
        except _Wrong as error:
            if name not in _OURS and not field_called(name):
                cells[name] = ""  # what others keep of people under a name that nobody knows
                continue
            remedy = "Write a text in quotation marks, or a list of texts."
            raise _bad(file, number, f"has a {name[:40]!r} that {error}", remedy) from error
    return cells


def _cell(value: object) -> str:
    if isinstance(value, list):
        texts = [_text(one) for one in value]
        for text in texts:
            _check(text)
        return join_values(texts)
    return _text(value)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, _Number):
        raise _Wrong("is a number, not a text")
    if isinstance(value, str):
        return value
    what = "true or false" if isinstance(value, bool) else "a list" if isinstance(value, list) else "an object"
    raise _Wrong(f"is {what}, not a text")


def _outlets(value: list[object]) -> dict[str, str]:
    found: list[tuple[str, str, str]] = []
    for one in value:
        if not isinstance(one, dict):
            raise _Wrong("is partly a list of objects, with name, role and type, and partly not")
        name, role, kind = (_text(one.get(part)) for part in ("name", "role", "type"))
        if kind and outlet_type(kind) is None:
            raise _Wrong("has a type that is none")
        found.append((name, role, kind))
    return {
        "outlets": join_values(outlet_value(name, role) for name, role, _ in found),
        "outlet_type": types_cell([(name, outlet_type(kind)) for name, _, kind in found]),
    }


def _day(text: str) -> str:
    """Of an instant its day in UTC, as an export of another kind has it."""
    if not text:
        return ""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise _Wrong("is no instant, such as 2026-03-01T09:30:00Z") from None
    if instant.tzinfo is None:
        raise _Wrong("has no zone, such as the Z in 2026-03-01T09:30:00Z")
    try:
        return instant.astimezone(UTC).date().isoformat()
    except OverflowError:
        raise _Wrong("is no instant, such as 2026-03-01T09:30:00Z") from None
