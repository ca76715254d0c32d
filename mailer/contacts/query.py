"""The query language of searches and saved queries: ``city:Beirut language:ar -beat:culture``.

All its terms must hold, those with a minus must not. A value that cannot be right (no such city, no such
language code) is an error here: a misspelt query must not become an audience with nobody in it.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, and_, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from mailer.clock import SystemClock
from mailer.contacts.cities import known_cities, known_city, nearest_city
from mailer.contacts.models import (
    Affiliation,
    City,
    Contact,
    ContactBeat,
    ContactKind,
    ContactLanguage,
    Outlet,
)
from mailer.contacts.spelling import CONTROLS, fold
from mailer.contacts.table import clean
from mailer.contacts.terms import accepts_embargo, day_of
from mailer.errors import BadQuery

MAX_QUERY = 1000
"""Characters, which is what a saved query's column takes."""
MAX_TERMS = 20
"""With 50 queries in a list it stays far below SQLite's 32,766 parameters of one statement."""

# Directional marks come along when text is copied from Arabic pages; they stand for nothing.
_MARKS = "\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"
_BETWEEN = re.compile(rf"[\s{_MARKS}]*")
_KEY = re.compile(r'[^\s:"“”«»]*')
# A quotation mark inside "…" is written twice, as in CSV; word processors turn "…" into “…” or «…».
_VALUE = re.compile(r'"(?P<doubled>(?:[^"]|"")*)"|“([^“”]*)”|«([^«»]*)»|([^\s"“”«»]+)')
_NEEDS_QUOTES = re.compile(r'[\s"“”«»]')


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a query: ``city:Beirut``; negated: ``-city:Beirut``."""

    key: str
    value: str
    negated: bool = False

    def __str__(self) -> str:
        quoted = '"' + self.value.replace('"', '""') + '"'
        value = quoted if _NEEDS_QUOTES.search(self.value) else self.value
        return f"{'-' if self.negated else ''}{self.key}:{value}"

    def condition(self) -> ColumnElement[bool]:
        """What it asks of a ``Contact``."""
        condition = _KEYS[self.key].condition(self.value)
        return ~condition if self.negated else condition


@dataclass(frozen=True, slots=True)
class Query:
    """A query that ``parse`` has checked; its text is the same query in plain form."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))

    def condition(self) -> ColumnElement[bool]:
        """For the ``WHERE`` of a select on ``Contact``; picks the same contacts on both databases."""
        return and_(*(term.condition() for term in self.terms))


def parse(text: str) -> Query:
    """Read a query. Raises ``BadQuery`` with the place and the reason, and nothing else."""
    # On one line, so that a caret fits below it; the length, and so every place, stays.
    line = re.sub(r"[\t\n\r]", " ", text)
    if control := CONTROLS.search(line):
        raise _bad(line, control.start(), "there is a character that cannot be shown", "Type it again.")
    if len(line) > MAX_QUERY:
        raise _bad(line, MAX_QUERY, f"it is longer than {MAX_QUERY:,} characters", _SEVERAL)
    terms: list[Term] = []
    place = _end(_BETWEEN, line, 0)
    if place == len(line):
        raise _bad(line, 0, "the query is empty", f"Write it as key:value; keys are {_NAMES}.")
    while place < len(line):
        if len(terms) == MAX_TERMS:
            raise _bad(line, place, f"it has more than {MAX_TERMS} words", _SEVERAL)
        term, after = _term(line, place)
        same = [t for t in terms if t.key == term.key and not t.negated]
        if same and not term.negated and _KEYS[term.key].single:
            raise _bad(line, place, f"nobody has two: {term.key} is there already", _SEVERAL)
        terms.append(term)
        place = _end(_BETWEEN, line, after)
    query = Query(tuple(terms))
    if len(str(query)) > MAX_QUERY:
        raise _bad(line, 0, f"written out it is longer than {MAX_QUERY:,} characters", _SEVERAL)
    return query


_SEVERAL = "A media list takes several queries: whom any of them finds is on it."


def _end(pattern: re.Pattern[str], line: str, place: int) -> int:
    match = pattern.match(line, place)
    return match.end() if match else place


def _bad(line: str, place: int, reason: str, advice: str) -> BadQuery:
    word = "".join(c if c.isprintable() else "\ufffd" for c in line[place : place + 40])
    shown = f"“{word.split(' ')[0]}”" if word.strip() else "at its end"
    return BadQuery(query=line, position=place + 1, shown=shown, reason=reason, advice=advice)


def _term(line: str, place: int) -> tuple[Term, int]:
    negated = line[place] in "-−–"
    start = place + negated
    colon = _end(_KEY, line, start)
    key = line[start:colon].casefold()
    if line[colon : colon + 1] != ":":
        raise _bad(line, place, *_no_key(line[start:colon]))
    if key not in _KEYS:
        near = difflib.get_close_matches(key, _KEYS, n=1, cutoff=0.5)
        advice = f"Did you mean {near[0]}:?" if near else f"Keys are {_NAMES}."
        raise _bad(line, start, "there is no such key", advice)
    spec = _KEYS[key]
    found = _VALUE.match(line, colon + 1)
    if found is None:
        if not line[colon + 1 : colon + 2].strip():
            raise _bad(line, colon, f"nothing comes after {key}", f"Write it as {spec.example}, without a space.")
        raise _bad(line, colon + 1, "this quotation mark has no partner", 'Write it as outlet:"Nile Herald".')
    if found.end() < len(line) and _end(_BETWEEN, line, found.end()) == found.end():
        raise _bad(line, found.end(), "there is no space in front of it", 'Write outlet:"Nile Herald" city:Cairo.')
    doubled = found["doubled"]
    raw = next(filter(None, found.groups()), "") if doubled is None else doubled.replace('""', '"')
    value = re.sub(rf"^[ {_MARKS}]+|[ {_MARKS}]+$", "", clean(raw))
    try:
        if not fold(value):
            raise ValueError("there is nothing in it to look for")
        return Term(key, spec.check(value), negated), found.end()
    except ValueError as error:
        reason, advice = (*error.args, f"Write it as {spec.example}.")[:2]
        raise _bad(line, found.start(), reason, advice) from error


def _no_key(word: str) -> tuple[str, str]:
    """The reason and the advice for a word without a colon."""
    if word.casefold() in ("or", "|", "||", "ou", "أو"):
        return "a query has no “or”", _SEVERAL
    if word.casefold() in ("and", "&", "&&", "et", "و"):
        return "a query needs no “and”", "Leave it out: all words must hold."
    if word.casefold() in ("not", "!"):
        return "a query has no “not”", "Put a minus right in front of the key, such as -beat:culture."
    return "it has no key in front", f"Write name:{word or 'Haddad'}, or another key: {_NAMES}."


def _known_city(value: str) -> str:
    if known_city(value) is None:
        near = nearest_city(value)
        advice = f"Did you mean {near.name}?" if near else "Write its usual English, Arabic or French name."
        raise ValueError("not a city that Dateline knows", advice)
    return value


def _in_city(value: str) -> ColumnElement[bool]:
    known = known_cities()[fold(value)]
    return Contact.city_id.in_(select(City.id).where(City.name == known.name, City.country == known.country))


def _language_code(value: str) -> str:
    language, hyphen, region = value.partition("-")
    code = f"{language.lower()}{hyphen}{region.upper()}"
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Z]{2}|-\d{3})?", code, re.ASCII):
        raise ValueError("not a language code")
    return code


def _reads(value: str) -> ColumnElement[bool]:
    # RFC 4647 3.3.1: who asks for ar is answered with ar and with ar-EG.
    language = ContactLanguage.language
    fits = or_(language == value, language.startswith(f"{value}-"))
    return Contact.id.in_(select(ContactLanguage.contact_id).where(fits))


def _covers(value: str) -> ColumnElement[bool]:
    # The registry keeps beats as they were written: human-rights here, human rights there.
    spellings = sorted({value, value.replace(" ", "-"), value.replace("-", " ")})
    return Contact.id.in_(select(ContactBeat.contact_id).where(ContactBeat.beat.in_(spellings)))


def _works_for(value: str) -> ColumnElement[bool]:
    fits = Outlet.key.contains(fold(value), autoescape=True)
    return Contact.id.in_(
        select(Affiliation.contact_id).join(Affiliation.outlet).where(fits, Affiliation.until.is_(None))
    )


class _AsciiLower(FunctionElement[str]):
    """``lower()`` for A to Z alone, which is all that SQLite's own knows; PostgreSQL's depends on its locale."""

    type = String()
    inherit_cache = True


@compiles(_AsciiLower)
def _sqlite_lower(element: _AsciiLower, compiler: Any, **options: Any) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


@compiles(_AsciiLower, "postgresql")
def _postgresql_lower(element: _AsciiLower, compiler: Any, **options: Any) -> str:
    return f'lower(({compiler.process(element.clauses, **options)}) COLLATE "C")'


_ASCII = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}


def named(value: str) -> ColumnElement[bool]:
    """Part of the name, or of the Arabic name, whatever its case.

    No more than case: the registry keeps no folded names, so an accent or a hamza left out is not forgiven.
    """
    # Letters beyond A to Z are compared as they are, so their usual cases are tried one by one.
    spellings = {text.translate(_ASCII) for text in (value, value.lower(), value.upper(), value.title())}
    return or_(
        *(
            _AsciiLower(column).contains(spelling, autoescape=True)
            for column in (Contact.name, Contact.arabic_name)
            for spelling in sorted(spellings)
        )
    )


def _has_terms() -> ColumnElement[bool]:
    return accepts_embargo(day_of(SystemClock().now()))


def _one_of(*choices: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if (choice := value.casefold()) not in choices:
            raise ValueError(f"it is neither {' nor '.join(choices)}")
        return choice

    return check


@dataclass(frozen=True, slots=True)
class _Key:
    check: Callable[[str], str]
    """Gives the value in its plain form; ``ValueError`` with the reason, and advice if it knows better."""
    condition: Callable[[str], ColumnElement[bool]]
    example: str
    single: bool = False
    """A contact has exactly one, so that two of them would find nobody."""


_KEYS: Mapping[str, _Key] = {
    "city": _Key(_known_city, _in_city, "city:Beirut", single=True),
    "language": _Key(_language_code, _reads, "language:ar"),
    "beat": _Key(str.casefold, _covers, "beat:migration"),
    "outlet": _Key(str, _works_for, 'outlet:"Nile Herald"'),
    "kind": _Key(
        _one_of(*ContactKind), lambda value: Contact.kind == ContactKind(value), "kind:journalist", single=True
    ),
    "terms": _Key(
        _one_of("yes", "no"),
        lambda value: _has_terms() if value == "yes" else ~_has_terms(),
        "terms:yes",
        single=True,
    ),
    "name": _Key(str, named, "name:Haddad"),
}
_NAMES = ", ".join(_KEYS)
