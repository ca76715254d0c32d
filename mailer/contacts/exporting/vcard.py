"""Contacts for address books: vCard 4.0 (RFC 6350), one card after the other.

What vCard has no property for is written as ``X-DATELINE-`` and the field's name, with the text of a list's cell.
Notes are not in it: they are the office's own, and cards are passed on.
"""

import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from mailer.contacts.records import Record

_LINE = 75
"""Octets in a line without its end (RFC 6350 3.2)."""

_OWN = (
    *("name_ar", "salutations", "outlet_type", "organisation", "title_ar", "tags", "embargo_terms"),
    *("source", "basis", "basis_since", "verified"),
)

# RFC 6350 3.4 and 4: in a text value, and between the parts of one that is structured or a list.
_SPECIAL = re.compile(r"[\\,;]|\r\n|\r|\n")
_ESCAPED = {"\\": "\\\\", ",": "\\,", ";": "\\;"}


def write_vcards(people: Iterable[Record], stream: BinaryIO) -> int:
    """Write a card for each."""
    count = 0
    for count, person in enumerate(people, 1):  # noqa: B007
        for line in _card(person):
            stream.write(fold_line(line))
    return count


def fold_line(line: str) -> bytes:
    """A content line with its end, folded at 75 octets and never inside a character (RFC 6350 3.2)."""
    pieces: list[bytes] = []
    content = line.encode()
    start, room = 0, _LINE
    while len(content) - start > room:
        end = start + room
        while content[end] & 0xC0 == 0x80:  # the middle of a character
            end -= 1
        pieces.append(content[start:end])
        # The space at the beginning of a folded line counts.
        start, room = end, _LINE - 1
    pieces.append(content[start:])
    return b"\r\n ".join(pieces) + b"\r\n"


def escape(text: str) -> str:
    """A text value as a content line has it."""
    return _SPECIAL.sub(lambda match: _ESCAPED.get(match[0], "\\n"), text)


def _card(person: Record) -> Iterator[str]:
    yield "BEGIN:VCARD"
    yield "VERSION:4.0"
    yield "PRODID:-//Dateline//EN"
    yield "KIND:individual"
    yield f"FN:{escape(person.name)}"
    if person.given_name or person.family_name:
        yield f"N:{escape(person.family_name)};{escape(person.given_name)};;;"
    for place, address in enumerate(person.addresses):
        yield f"EMAIL{';PREF=1' if not place else ''}:{escape(address)}"
    for place, phone in enumerate(person.phones):
        # Text is the property's default type (RFC 6350 6.4.1), and keeps an extension as it is written.
        yield f"TEL{';PREF=1' if not place else ''}:{escape(phone)}"
    for place, (name, role, _) in enumerate(person.outlets, 1):
        # A group (RFC 6350 3.3) says which role belongs to which outlet.
        yield f"OUTLET{place}.ORG:{escape(name)}"
        if role:
            yield f"OUTLET{place}.ROLE:{escape(role)}"
    if person.title:
        yield f"TITLE:{escape(person.title)}"
    yield f"ADR:;;;{escape(person.city)};;;{escape(person.country)}"
    for place, language in enumerate(person.languages, 1):
        yield f"LANG;PREF={min(place, 100)}:{escape(language)}"
    if person.beats:
        yield f"CATEGORIES:{','.join(map(escape, person.beats))}"
    cells = person.cells()
    for field in _OWN:
        if cells[field]:
            yield f"X-DATELINE-{field.upper().replace('_', '-')}:{escape(cells[field])}"
    yield "END:VCARD"
