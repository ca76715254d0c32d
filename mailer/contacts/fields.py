"""The fields of a contact in a list, an export or a message: their names, and how values stand in a cell."""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a list; its name is the heading that an export writes."""

    name: str
    many: bool = False
    """Whether its cell may hold several values: see ``split_values``."""


FIELDS = (
    Field("name"),
    Field("given_name"),
    Field("family_name"),
    Field("name_ar"),
    Field("address", many=True),
    Field("phone", many=True),
    Field("city"),
    Field("country"),
    Field("languages", many=True),
    Field("salutations", many=True),
    Field("beats", many=True),
    Field("outlets", many=True),
    Field("outlet_type", many=True),
    Field("organisation"),
    Field("title"),
    Field("title_ar"),
    Field("tags", many=True),
    Field("embargo_terms"),
    Field("source"),
    Field("basis"),
    Field("basis_since"),
    Field("verified"),
)
"""In the order of an export. The first address and the first telephone number are the ones that are used; languages
stand in the order in which she likes them; a salutation is written ``en: Dear Ms Haddad``, outlets and their types as
``contacts.outlet_cells`` has it; days are written 2026-03-01."""

NAMES = tuple(field.name for field in FIELDS)

SEPARATORS = ";؛\n"
_NEEDS_QUOTES = re.compile(f'[{SEPARATORS}"“”]|^\\s|\\s$')
_VALUE = re.compile(rf'\s*(?:"(?P<quoted>(?:[^"]|"")*)"\s*(?=[{SEPARATORS}]|$)|(?P<plain>[^{SEPARATORS}]*))')


def join_values(values: Iterable[str]) -> str:
    """Several values as one cell, such that ``split_values`` gives them back."""
    return "; ".join(_quoted(value) if _NEEDS_QUOTES.search(value) else value for value in values)


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def split_values(cell: str) -> list[str]:
    """The values of a cell, between semicolons (Latin or Arabic) or on lines of their own; empty ones are left out.

    One with a semicolon in it stands in quotation marks, those inside doubled, as in CSV.
    """
    values: list[str] = []
    place = 0
    while place <= len(cell):
        match = _VALUE.match(cell, place)
        if match is None:
            break
        quoted = match["quoted"]
        value = match["plain"].strip() if quoted is None else quoted.replace('""', '"')
        if value:
            values.append(value)
        place = match.end() + 1
    return values


# A spreadsheet runs a cell that begins with one of these (OWASP, "CSV Injection"); the wide ones are for those
# that fold full-width forms. Apostrophes may stand before it, so that a cell which had one keeps it.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def safe_cell(text: str) -> str:
    """A cell that a spreadsheet shows and does not run: what would be a formula gets an apostrophe before it."""
    return f"'{text}" if _FORMULA.match(text) else text


def plain_cell(text: str) -> str:
    """What ``safe_cell`` was given; the apostrophe of a cell that would be no formula stays."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def lasting_cell(text: str) -> str:
    """For a format in which nothing runs: a cell that ``plain_cell`` gives back, and that is nearly always as it is."""
    return text if plain_cell(text) == text else f"'{text}"
