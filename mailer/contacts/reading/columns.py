"""Which column of a list is which field: recognised by its heading, or said by the officer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from mailer.contacts.fields import FIELDS
from mailer.contacts.reading.headings import FIELDS as COLUMN_FIELDS
from mailer.contacts.reading.headings import LEFT_OUT, field_called, key_of
from mailer.contacts.reading.rows import Row
from mailer.errors import BadMapping, nearest

_MANY = frozenset(field.name for field in FIELDS if field.many) | {"notes"}
_GOOGLE_SEPARATOR = " ::: "
"""Between several values in one cell of a Google Contacts export."""

_NOM, _ISM, _LAQAB = key_of("Nom"), key_of("الاسم"), key_of("اللقب")

_NO_MAPPING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Columns:
    """The field of each column, in their order."""

    fields: tuple[str, ...]
    """A name of ``headings.FIELDS``, or "" for a column that is left out."""
    unknown: tuple[str, ...]
    """The headings that nobody recognised; those known to be of no use here are not among them."""

    def cells(self, row: Row) -> dict[str, str]:
        """The row's text by field, "" where it has none; cells beyond the last heading are not looked at.

        Several columns of one field that may have many values are joined by line breaks; of a field with one value
        the first column that has any counts, from left to right.
        """
        told = row.cells + ("",) * (len(self.fields) - len(row.cells))
        if _have_one_column(self.fields) and _GOOGLE_SEPARATOR not in "\n".join(told):
            cells = dict(zip(self.fields, told, strict=False))
            cells.pop("", None)
            return cells
        cells = {}
        for field, cell in zip(self.fields, told, strict=False):
            if not field:
                continue
            if field in _MANY and _GOOGLE_SEPARATOR in cell:
                cell = cell.replace(_GOOGLE_SEPARATOR, "\n")
            held = cells.get(field, "")
            if not held or held.isspace():
                cells[field] = cell
            elif field in _MANY and cell and not cell.isspace():
                cells[field] = f"{held}\n{cell}"
        return cells


@lru_cache(maxsize=16)
def _have_one_column(fields: tuple[str, ...]) -> bool:
    """Whether none of the fields has a second one."""
    named = [field for field in fields if field]
    return len(named) == len(set(named))


def recognise(headings: Sequence[str], mapping: Mapping[str, str] = _NO_MAPPING) -> Columns:
    """The fields of these headings; the mapping (field by heading, "" to leave a column out) goes before all else.

    Its headings are compared as ``headings.key_of`` has them, exact ones first. Raises ``BadMapping`` for a field or
    a heading that is not there.
    """
    said = _places(headings, mapping)
    recognised = _in_company(headings)
    fields = [said.get(place, "" if field == LEFT_OUT else field) for place, field in enumerate(recognised)]
    unknown = [heading for place, heading in enumerate(headings) if place not in said and not recognised[place]]
    return Columns(tuple(fields), tuple(unknown))


def mapping_of(options: Sequence[str]) -> Mapping[str, str]:
    """What an officer says with ``--map column=field``, field by heading; the last = splits them.

    A field that is empty or a hyphen leaves the column out. Raises ``BadMapping``.
    """
    mapping: dict[str, str] = {}
    for option in options:
        heading, sign, field = (part.strip() for part in option.rpartition("="))
        if not sign or not heading:
            raise BadMapping(
                mapping=option,
                reason="it is not a heading and a field with = between them",
                remedy="Write it as “Heading in the file”=address.",
            )
        mapping[heading] = _field(heading, field)
    return mapping


def checked(mapping: Mapping[str, str]) -> Mapping[str, str]:
    """The mapping with each field by its own name. Raises ``BadMapping`` for a field that is not there."""
    return {heading: _field(heading, field) for heading, field in mapping.items()}


def _in_company(headings: Sequence[str]) -> list[str]:
    """What each heading means beside the others, for the few that mean different things in different lists."""
    fields = [field_called(heading) for heading in headings]
    keys = [key_of(heading) for heading in headings]
    for place, heading in enumerate(headings):
        if keys[place] == _NOM and "given_name" not in fields and "name" not in fields:
            fields[place] = "name"  # beside “Prénom” it is the family's alone
        elif keys[place] == _ISM and _LAQAB in keys:
            fields[place] = "given_name"
        elif fields[place] == "title" and heading != "title" and "organisation" not in fields:
            # Only an officer of ours has a title; a journalist's is her role, or Outlook's “Mr” beside “Job Title”.
            fields[place] = LEFT_OUT if "role" in fields else "role"
    return fields


def _field(heading: str, field: str) -> str:
    if field in ("", LEFT_OUT):
        return ""
    name = field.casefold().replace("-", "_").replace(" ", "_")
    if name not in COLUMN_FIELDS:
        # Somebody may well call a field by another of its names: e-mail, outlet.
        name = field_called(field)
    if name not in COLUMN_FIELDS:
        raise BadMapping(
            mapping=f"{heading}={field}",
            reason=f"there is no field {field}",
            remedy=f"{nearest(field, COLUMN_FIELDS)} Or leave the column out with: {heading}=-",
        )
    return name


def _places(headings: Sequence[str], mapping: Mapping[str, str]) -> dict[int, str]:
    said: dict[int, str] = {}
    for heading, field in mapping.items():
        name = _field(heading, field)
        places = [place for place, other in enumerate(headings) if other == heading]
        places = places or [place for place, other in enumerate(headings) if _alike(other, heading)]
        if not places:
            raise BadMapping(
                mapping=f"{heading}={field}",
                reason=f"the list has no column {heading}",
                remedy=nearest(heading, headings),
            )
        said.update(dict.fromkeys(places, name))
    return said


def _alike(heading: str, other: str) -> bool:
    """Whether they differ in no more than capitals, accents and marks; digits do tell columns apart here."""
    return bool(key := key_of(heading)) and key == key_of(other) and _digits(heading) == _digits(other)


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))
