"""Checks the cells of a row: a candidate with the registry's values, or every problem that the row has."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from operator import itemgetter

from mailer.contacts.address import Address, address, plain_address
from mailer.contacts.cities import KnownCity, cities_called, why_no_city
from mailer.contacts.fields import plain_cell, split_values
from mailer.contacts.importing import words
from mailer.contacts.importing.account import Refusal
from mailer.contacts.importing.candidate import Candidate, Place
from mailer.contacts.importing.needed import NAMES
from mailer.contacts.importing.unfit import Unfit
from mailer.contacts.importing.vocabulary import Vocabulary
from mailer.contacts.language_names import language_code
from mailer.contacts.models import LawfulBasis
from mailer.contacts.outlet_cells import read_outlet, read_types
from mailer.contacts.phones import Phone, phone
from mailer.contacts.spelling import CONTROLS, fold
from mailer.contacts.table import MAX_CELL, clean

_KEPT = 200  # characters of a value in a refusal
_FIRST = itemgetter(slice(1))
_SIGNED = ("phone", "notes")
"""Fields whose cells may begin with a plus or a hyphen."""
_LENGTHS = {
    "name": 200,
    "given_name": 200,
    "family_name": 200,
    "name_ar": 200,
    "title": 200,
    "title_ar": 200,
    "source": 300,
}

_SEVERAL = re.compile(r"[;؛,،/|\s<>\"]|mailto:", re.IGNORECASE)
_BETWEEN = re.compile(r"[,،/|\s]+")
_SEVERAL_PHONES = re.compile(r"[;؛\n,،/|\"]")
_BETWEEN_PHONES = re.compile(r"[,،/|]+")
# No @ in the words before the bracket: that would be another address of hers, which must not be lost.
_IN_BRACKETS = re.compile(r"[^<>@]*<\s*(?:mailto:)?([^<>\s]+)\s*>", re.IGNORECASE)
_BETWEEN_LANGUAGES = re.compile(r"[,،/|&+]|\s(?:and|et|و)\s")
_NONE: frozenset[str] = frozenset()
_TAG = re.compile(r"[\w&' .-]{1,60}")

Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Heads:
    """A file's name, and which of its headings is which field: for messages."""

    file: str
    headings: Mapping[str, str]

    def refusal(self, row: int, unfit: Unfit, cells: Cells | None = None) -> Refusal:
        """The problem with its place."""
        value = clean(unfit.value[:_KEPT]) or (clean(cells.get(unfit.field, "")) if cells else "")
        column = self.headings.get(unfit.field, unfit.field)
        return Refusal(self.file, row, column, value[:_KEPT], unfit.reason, unfit.remedy)


@dataclass(frozen=True, slots=True)
class Faulty:
    """A row that cannot be taken, with all that is wrong."""

    candidate: Candidate
    """As far as it could be read."""
    refusals: list[Refusal]
    faults: frozenset[str]
    """The fields that are at fault; ``name`` for any part of it."""


class Checker:
    """Checks the rows of one file. Equal cells are looked at once."""

    def __init__(self, heads: Heads, fields: Sequence[str], vocabulary: Vocabulary, *, day: date) -> None:
        self.heads, self._vocabulary, self._day = heads, vocabulary, day
        self._fields = frozenset(fields)
        self._simple = [(field, parse) for field, parse in self._parsers() if field in self._fields]
        self._together = [
            check
            for field, check in (
                ("phone", self._phones),
                ("outlets", self._places),
                ("salutations", self._salutations),
            )
            if field in self._fields
        ]
        if "city" in self._fields:
            self._together.insert(0, self._place)  # a telephone number is read as its country writes it
        self._together.insert(0, self._name)
        self._city = lru_cache(maxsize=10_000)(_city)
        self._outlets = lru_cache(maxsize=50_000)(_outlets)

    def check(self, row: int, cells: Cells) -> Candidate | Faulty:
        """The candidate, or all that is wrong. Whether it says enough is not asked here: see ``needed``."""
        problems: list[Unfit] = []
        cells = self._plain(cells, problems)
        candidate = Candidate(row)
        faulty = frozenset(problem.field for problem in problems) if problems else _NONE
        for field, parse in self._simple:
            if field in faulty:
                continue
            try:
                setattr(candidate, field, parse(cells[field]))
            except Unfit as unfit:
                problems.append(unfit)
        faulty = frozenset(problem.field for problem in problems) if problems else _NONE
        for check in self._together:
            try:
                check(candidate, cells, faulty)
            except Unfit as unfit:
                problems.append(unfit)
        return self._faulty(candidate, problems, cells) if problems else candidate

    def _faulty(self, candidate: Candidate, problems: list[Unfit], cells: Cells) -> Faulty:
        fields = {problem.field for problem in problems}
        if not fields.isdisjoint(NAMES):
            fields.add("name")
        refusals = [self.heads.refusal(candidate.row, unfit, cells) for unfit in problems]
        return Faulty(candidate, refusals, frozenset(fields))

    def _plain(self, cells: Cells, problems: list[Unfit]) -> Cells:
        """The cells as one line of clean text each; what is wrong with any of them as text is added to the problems."""
        together = " ".join(cells.values())
        if "'" in together:
            # As we write a cell ourselves that a spreadsheet would run.
            cells = {field: plain_cell(cell) for field, cell in cells.items()}
        # What can be printed has no control characters, no line breaks and no marks that turn text round: most rows.
        if (
            together.isprintable()
            and len(together) <= MAX_CELL
            and (together.isascii() or unicodedata.is_normalized("NFC", together))
            and not _has_formula(cells)
        ):
            return {field: cell.strip() for field, cell in cells.items()}
        found = {}
        for field, cell in cells.items():
            found[field] = ""
            try:
                found[field] = _text(field, cell)
            except Unfit as unfit:
                problems.append(unfit)
        return found

    def _parsers(self) -> list[tuple[str, Callable[[str], object]]]:
        def once(parse: Callable[[str], object]) -> Callable[[str], object]:
            return lru_cache(maxsize=10_000)(parse)

        def text(field: str) -> Callable[[str], str]:
            longest = _LENGTHS[field]

            def parse(cell: str) -> str:
                if len(cell) > longest:
                    raise Unfit(field, f"it is longer than {longest} characters", "Shorten it.")
                return " ".join(cell.split()) if "  " in cell else cell

            return parse

        return [
            *((field, text(field)) for field in _LENGTHS),
            ("address", _addresses),
            ("languages", once(_languages)),
            ("beats", once(self._vocabulary.beats)),
            ("organisation", once(self._vocabulary.organisation)),
            ("tags", once(_tags)),
            ("embargo_terms", once(lambda cell: _day(cell, "embargo_terms"))),
            ("basis", once(_basis)),
            ("basis_since", once(lambda cell: _day(cell, "basis_since", latest=self._day))),
            ("verified", once(lambda cell: _day(cell, "verified", latest=self._day))),
            ("notes", str),
        ]

    def _name(self, candidate: Candidate, cells: Cells, faulty: frozenset[str]) -> None:
        if candidate.name:
            return
        if candidate.given_name or candidate.family_name:
            candidate.name = " ".join(filter(None, (candidate.given_name, candidate.family_name)))
            if len(candidate.name) > _LENGTHS["name"]:
                raise Unfit("given_name", "the whole name is longer than 200 characters", "Shorten it.")

    def _place(self, candidate: Candidate, cells: Cells, faulty: frozenset[str]) -> None:
        if cells["city"] and "city" not in faulty:
            candidate.city = self._city(cells["city"], cells.get("country", ""))

    def _phones(self, candidate: Candidate, cells: Cells, faulty: frozenset[str]) -> None:
        if not (cell := cells.get("phone")) or "phone" in faulty:
            return
        try:
            candidate.phone = read_phones(cell, candidate.city.country if candidate.city else "")
        except Unfit:
            if candidate.city:
                raise
            candidate.national = cell

    def _places(self, candidate: Candidate, cells: Cells, faulty: frozenset[str]) -> None:
        if faulty & {"outlets", "role", "outlet_type"}:
            return
        candidate.outlets = self._outlets(cells["outlets"], cells.get("role", ""), cells.get("outlet_type", ""))

    def _salutations(self, candidate: Candidate, cells: Cells, faulty: frozenset[str]) -> None:
        if not (cell := cells.get("salutations")) or "salutations" in faulty:
            return
        found = {}
        for part in split_values(cell):
            before, colon, after = part.partition(":")
            code = _language(before)
            if not colon or not code or not after.strip() or len(after.strip()) > 200:
                remedy = "Write the language before each: en: Dear Ms Haddad; fr: Chère Madame Haddad."
                raise Unfit("salutations", f"“{part[:40]}” is not a salutation", remedy)
            found[code] = after.strip()
        if "languages" in self._fields and candidate.languages:
            for code in found:
                if code not in candidate.languages:
                    remedy = f"Add {code} to her languages, or take that salutation out."
                    raise Unfit("salutations", f"she does not read {code}", remedy)
        candidate.salutations = tuple(sorted(found.items()))


def _has_formula(cells: Cells) -> bool:
    """Whether any of them begins as one does; a telephone number may begin with a plus."""
    starts = "".join(map(_FIRST, cells.values()))
    if "=" in starts or "@" in starts or "-" in starts:
        return True
    return starts.count("+") > cells.get("phone", "").startswith("+")


def _text(field: str, cell: str) -> str:
    """One cell as clean text; line breaks are kept where they stand between values."""
    if len(cell) > MAX_CELL:
        reason = f"it is longer than {MAX_CELL:,} characters; is a quotation mark missing?"
        raise Unfit(field, reason, "Look for a quotation mark that is not closed, in this row or above it.", cell)
    lines = (clean(line) for line in cell.splitlines()) if field in _LINES else (clean(cell),)
    text = "\n".join(line for line in lines if line)
    if CONTROLS.search(text.replace("\n", "")):
        raise Unfit(field, "it has a control character", "Type it again.", value=CONTROLS.sub("\ufffd", text))
    signs = ("=", "@") if field in _SIGNED else ("=", "@", "+", "-")
    if text.startswith(signs):
        raise Unfit(field, "it looks like a spreadsheet's formula", "Put the value itself there.", value=text)
    return text


_LINES = frozenset(
    ("address", "phone", "languages", "salutations", "beats", "outlets", "outlet_type", "tags", "notes")
)


def _addresses(cell: str) -> tuple[Address, ...]:
    if "/" not in cell and "|" not in cell and (plain := plain_address(cell)):
        return (plain,)  # most cells; nothing else that stands between several is in a plain one
    if not _SEVERAL.search(cell):
        return (_address(cell),)
    found: dict[str, Address] = {}
    for value in split_values(cell):
        for part in _mailboxes(value):
            one = _address(part)
            found.setdefault(one.key, one)
    if not found:
        return (_address(""),)
    return tuple(found.values())


def _mailboxes(value: str) -> Sequence[str]:
    """One value as its addresses; it is taken apart only where each part is one."""
    parts = _IN_BRACKETS.findall(value)
    if parts and not _BETWEEN.sub("", _IN_BRACKETS.sub("", value)):
        return parts
    for between in (_BETWEEN_PHONES, _BETWEEN):
        parts = [part.strip() for part in between.split(value) if part.strip()]
        if len(parts) > 1 and all(_is_address(part) for part in parts):
            return [_bare(part) for part in parts]
    return [_bare(value)]


def _bare(text: str) -> str:
    if match := _IN_BRACKETS.fullmatch(text):
        return match[1]
    return text[7:] if text[:7].lower() == "mailto:" else text


def _is_address(text: str) -> bool:
    try:
        address(_bare(text))
    except ValueError:
        return False
    return True


def _address(text: str) -> Address:
    if not text:
        raise Unfit("address", "it is empty", "Write her mail address there: name@paper.example.")
    try:
        found = address(text)
    except ValueError as error:
        raise Unfit("address", str(error), "Write it as name@paper.example.", value=text) from error
    if len(found.key) > 320 or len(found.text) > 320:
        raise Unfit("address", "it is longer than 320 characters", "Write it as name@paper.example.", value=text)
    return found


def read_phones(cell: str, country: str) -> tuple[Phone, ...]:
    """The telephone numbers of a cell, national ones as that country writes them. Raises ``Unfit``."""
    if not _SEVERAL_PHONES.search(cell):
        return (_phone(cell, country),)
    found: dict[str, Phone] = {}
    for value in split_values(cell):
        parts = [part.strip() for part in _BETWEEN_PHONES.split(value) if part.strip()]
        try:
            several = [phone(part, country) for part in parts] if len(parts) > 1 else []
        except ValueError:
            several = []
        for one in several or [_phone(value, country)]:
            found.setdefault(one.key, one)
    return tuple(found.values())


def _phone(text: str, country: str) -> Phone:
    try:
        return phone(text, country)
    except ValueError as error:
        raise Unfit("phone", str(error), "Write it with its country, as +961 1 555 0100.", text) from error


def _city(cell: str, country: str) -> KnownCity:
    cities = cities_called(cell, country)
    if len(cities) == 1:
        return cities[0]
    reason, remedy = why_no_city(cell, country)
    raise Unfit("city", reason, remedy)


def _languages(cell: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for value in split_values(cell):
        found |= dict.fromkeys(_languages_in(value))
    return tuple(found)


def _languages_in(value: str) -> Sequence[str]:
    """One value as its languages; the name of some has several words or a comma in it, so the whole is asked first."""
    if code := _language(value):
        return [code]
    parts = [part.strip() for part in _BETWEEN_LANGUAGES.split(value) if part.strip()]
    codes = [_language(part) for part in parts]
    if all(codes):
        return codes
    if all(codes := [_language(word) for word in value.split()]):
        return codes
    wrong = next(part for part in parts if not _language(part))
    remedy = "Write a code, such as ar, en or fr, or the language's name; semicolons between several."
    raise Unfit("languages", f"“{wrong[:40]}” is not a language that Dateline knows", remedy)


def _language(text: str) -> str:
    """The language's code; empty for none that we know."""
    try:
        return language_code(text)
    except ValueError:
        return ""


def _outlets(cell: str, role: str, kind: str) -> tuple[Place, ...]:
    places: dict[str, Place] = {}
    for part in split_values(cell):
        name, role_there = read_outlet(part) or ("", "")
        key = fold(name)
        # Folding may lengthen: one Arabic ligature stands for eighteen letters.
        if not 0 < max(len(name), len(key)) <= 200 or not key or len(role_there) > 120:
            remedy = "Write it as Levant Courier (reporter), semicolons between several."
            raise Unfit("outlets", f"“{part[:40]}” is not an outlet", remedy, part)
        places.setdefault(key, Place(key, clean(name), clean(role_there)))
    found = tuple(places.values())
    if found and role:
        found = (_with_role(found, role),)
    return _with_types(found, kind) if found and kind else found


def _with_role(places: Sequence[Place], role: str) -> Place:
    if len(role) > 120:
        raise Unfit("role", "it is longer than 120 characters", "Shorten it.")
    if len(places) > 1:
        remedy = "Write each role in brackets behind its outlet: Levant Courier (reporter)."
        raise Unfit("role", "it is not clear at which of the outlets she has it", remedy)
    (place,) = places
    if place.role and fold(place.role) != fold(role):
        remedy = f"Keep one of the two: {place.role}, or this."
        raise Unfit("role", "the outlet's cell says another role", remedy)
    return replace(place, role=place.role or role)


def _with_types(places: Sequence[Place], cell: str) -> tuple[Place, ...]:
    try:
        types = read_types(cell, [place.key for place in places])
    except ValueError as error:
        reason, remedy = error.args
        raise Unfit("outlet_type", reason, remedy) from error
    return tuple(replace(place, type=types.get(place.key)) for place in places)


def _tags(cell: str) -> tuple[str, ...]:
    found = set()
    for value in split_values(cell):
        tag = clean(value).casefold()
        if not _TAG.fullmatch(tag):
            remedy = "Use letters, digits, spaces and hyphens, 60 at most; semicolons between several."
            raise Unfit("tags", f"“{value[:40]}” cannot be a tag", remedy)
        found.add(tag)
    return tuple(sorted(found))


def _basis(cell: str) -> LawfulBasis | None:
    found = words.basis(cell) if cell else None
    if cell and found is None:
        known = ", ".join(basis.value for basis in LawfulBasis)
        raise Unfit("basis", "it is not a lawful basis", f"Write one of: {known}.")
    return found


def _day(cell: str, field: str, *, latest: date | None = None) -> date | None:
    if not cell:
        return None
    try:
        found = words.day(cell)
    except ValueError as error:
        raise Unfit(field, "it is not a day", "Write it as 2026-03-01, or leave it empty.") from error
    if latest is not None and found > latest:
        raise Unfit(field, "that day is still to come", "Correct it, or leave it empty.")
    return found
