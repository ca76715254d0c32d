"""Lists kept as vCards, 2.1 to 4.0, many in one file: each card becomes a row of the fields of ``contacts.fields``.

Of our own export (``contacts.exporting``) all comes back; of others' what a registry of journalists can use.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from mailer.contacts.fields import NAMES, join_values, lasting_cell
from mailer.contacts.outlet_cells import outlet_value
from mailer.contacts.reading.content_lines import MAX_LINES, ContentLine, content_lines
from mailer.contacts.reading.encodings import Encoding
from mailer.contacts.reading.headings import FIELDS
from mailer.contacts.reading.rows import OpenedList, Row, bounded
from mailer.contacts.table import MAX_CELL
from mailer.errors import BadTable

_BEGIN = re.compile(rb"\s*BEGIN\s*:\s*VCARD\b", re.IGNORECASE)
_OWN = "X-DATELINE-"
_OURS = "-//DATELINE//"
_USED = frozenset(
    {"VERSION", "PRODID", "KIND", "X-ADDRESSBOOKSERVER-KIND", "N", "FN", "EMAIL", "TEL", "ORG", "TITLE", "ROLE"}
    | {"ADR", "LANG", "CATEGORIES", "NOTE"}
)
_NO_BEATS = frozenset({"mycontacts", "starred", "starred in android"})
"""The groups in which Google's address book has its own; it writes the first into every card."""
_NOT_CALLED = frozenset({"FAX", "PAGER", "MODEM", "BBS", "X-TELEX"})


def is_vcards(start: bytes) -> bool:
    """Whether the file that starts so is of vCards, in whatever encoding."""
    return bool(_BEGIN.match(start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")))


def open_vcards(file: Path, encoding: Encoding) -> OpenedList:
    """The cards of the file; its headings are the fields that any of them has. Raises ``BadTable``."""
    held: set[str] = set()
    versions: set[str] = set()
    count = 0
    for count, card in enumerate(_cards(file, encoding), 1):  # noqa: B007
        held.update(field for field, value in _fields(card).items() if value)
        versions.update(line.value.strip() for line in card.get("VERSION", ()))
    if not count:
        raise BadTable(file=file, reason="it has no card in it", remedy="Export the contacts again as vCard.")
    headings = tuple(field for field in FIELDS if field in held)
    known = sorted(versions & {"2.1", "3.0", "4.0"})
    how = f"vCard {' and '.join(known)}".strip() + f", {encoding.name}"
    return OpenedList(file, how, headings, _rows(file, encoding, headings))


def _rows(file: Path, encoding: Encoding, headings: tuple[str, ...]) -> Iterator[Row]:
    for number, card in enumerate(_cards(file, encoding), 1):
        fields = _fields(card)
        # A field that this card lacks, and another has, is an empty cell as in any list. Nothing runs in a card: an
        # apostrophe in it is the value's own, and must outlive the import, which takes a spreadsheet's off.
        yield Row(number, bounded(lasting_cell(fields.get(heading, "")) for heading in headings))


_Card = dict[str, list[ContentLine]]


def _cards(file: Path, encoding: Encoding) -> Iterator[_Card]:
    """Each card's lines by name, groups of people left out."""
    card: _Card | None = None
    number = lines = depth = 0
    for line in content_lines(file, encoding):
        if line.name == "BEGIN" and line.value.strip().upper() == "VCARD":
            depth += 1
            if depth == 1:
                card, number, lines = defaultdict(list), number + 1, 0
        elif line.name == "END" and line.value.strip().upper() == "VCARD":
            depth = max(0, depth - 1)
            if depth == 0 and card is not None:
                yield card
                card = None
        elif card is not None and depth == 1:  # deeper is the card of her secretary (vCard 2.1, AGENT)
            lines += 1
            if lines > MAX_LINES:
                raise BadTable(
                    file=file,
                    reason=f"card {number} has more than {MAX_LINES:,} lines",
                    remedy="Take that card out; no person has so many addresses.",
                )
            if line.name in _USED or line.name.startswith(_OWN):
                card[line.name].append(line)
    if card is not None:
        raise BadTable(
            file=file,
            reason=f"card {number} does not end: it is cut off, or lacks END:VCARD",
            remedy="Export the cards again.",
        )


def _fields(card: _Card) -> dict[str, str]:
    fields = _name(card)
    ours = any(line.value.upper().startswith(_OURS) for line in card.get("PRODID", ()))
    fields["address"] = _joined(_text(line.value) for line in _preferred(card.get("EMAIL", [])))
    phones = [line for line in _preferred(card.get("TEL", [])) if not line.types() & _NOT_CALLED]
    fields["phone"] = _joined(_phone(line) for line in phones)
    for line in islice(_preferred(card.get("ADR", [])), 1):
        parts = [_text(part) for part in _split(line.value, ";")] + [""] * 7
        # RFC 6350 6.3.1: box, extension, street, locality, region, code, country.
        fields["city"], fields["country"] = parts[3], parts[6]
    fields["languages"] = _joined(_text(line.value) for line in _preferred(card.get("LANG", [])))
    categories = (_text(part) for line in card.get("CATEGORIES", ()) for part in _split(line.value, ","))
    fields["beats"] = _joined(name for name in categories if name.casefold() not in _NO_BEATS)
    fields["notes"] = "\n".join(filter(None, (_text(line.value) for line in card.get("NOTE", ()))))
    fields |= _work(card, ours=ours)
    for name, lines in card.items():
        field = name.removeprefix(_OWN).replace("-", "_").lower()
        if name.startswith(_OWN) and field in NAMES:
            fields[field] = _text(lines[0].value)
    return fields


def _name(card: _Card) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in islice(card.get("N", ()), 1):
        family, given, *_ = [*(_text(part) for part in _split(line.value, ";")), "", ""]
        fields |= {"family_name": family, "given_name": given, "name": f"{given} {family}".strip()}
    names = card.get("FN", [])
    arabic = [line for line in names if _language(line) == "ar"]
    if len(arabic) < len(names):
        # Of several (RFC 6350 6.2.1) the Arabic one has a field of its own.
        fields["name_ar"] = "".join(_text(line.value) for line in arabic[:1])
        names = [line for line in names if line not in arabic]
    for line in islice(_preferred(names), 1):
        fields["name"] = _text(line.value) or fields.get("name", "")
    return fields


def _language(line: ContentLine) -> str:
    return (*line.parameters.get("LANGUAGE", ()), "")[0].partition("-")[0].lower()


def _work(card: _Card, *, ours: bool) -> dict[str, str]:
    """Outlets with the role in each, by the group that holds both; in others' cards the one role of the card."""
    roles = {line.group: _text(line.value) for line in card.get("ROLE", ()) if line.group}
    titles = [_text(line.value) for line in card.get("TITLE", ())]
    outlets: list[str] = []
    for line in card.get("ORG", ()):
        name = _text(_split(line.value, ";")[0])  # then come its departments
        role = roles.get(line.group, "") if line.group else ""
        outlets.append(outlet_value(name, role) if name else "")
    fields = {"outlets": _joined(outlets)}
    if ours:
        fields["title"] = "".join(titles[:1])
    else:
        named = {line.group for line in card.get("ORG", ()) if line.group}
        loose = [_text(line.value) for line in card.get("ROLE", ()) if line.group not in named]
        fields["role"] = next(filter(None, [*titles, *loose]), "")
    return fields


def _preferred(lines: list[ContentLine]) -> list[ContentLine]:
    return sorted(lines, key=ContentLine.preference)


def _phone(line: ContentLine) -> str:
    text = _text(line.value)
    if text[:4].lower() == "tel:":
        # RFC 3966: tel:+961-1-555-0100;ext=12
        number, _, rest = text[4:].partition(";")
        extension = re.search(r"(?:^|;)ext=([\d.() -]{1,12})", rest)
        text = number + (f" ext. {extension[1]}" if extension else "")
    return text


def _joined(values: Iterator[str] | list[str]) -> str:
    joined = join_values(dict.fromkeys(filter(None, (value.strip() for value in values))))
    return joined[: MAX_CELL + 1]


_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def _text(value: str) -> str:
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value).strip()


def _split(value: str, sign: str) -> list[str]:
    """The parts between signs that no backslash makes text; backslashes stay in them."""
    parts = [""]
    for piece in re.findall(rf"{sign}|(?:\\.|[^\\{sign}])+|\\$", value, re.DOTALL):
        if piece == sign:
            parts.append("")
        else:
            parts[-1] += piece
    return parts
