"""The text of a query: ``city:Beirut language:ar haddad -beat:culture``, read and written.

All its terms must hold, those with a minus must not. A value that cannot be right (no such city, no such
language code) is an error here: a misspelt query must not become an audience with nobody in it. ``query_keys`` has the
keys, and ``conditions`` makes of a query what a database understands.
"""

import difflib
import re
from dataclasses import dataclass, field

from mailer.contacts.query_keys import KEYS, NAMES, WORDS
from mailer.contacts.spelling import CONTROLS, fold
from mailer.contacts.table import clean
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
    """One word of a query: ``city:Beirut``; negated: ``-city:Beirut``. One without a key is looked for in the texts."""

    key: str
    """``WORDS`` for one without."""
    value: str
    negated: bool = False
    whole: bool = False
    """Of one without a key: it stood in quotation marks, and longer words that begin with it are not meant."""
    place: int = field(default=0, compare=False)
    """Of its value in the text, counted from 0, for errors that only the registry can find."""

    def __str__(self) -> str:
        quoted = '"' + self.value.replace('"', '""') + '"'
        value = quoted if self.whole or _NEEDS_QUOTES.search(self.value) else self.value
        return f"{'-' if self.negated else ''}{self.key}{':' if self.key else ''}{value}"


@dataclass(frozen=True, slots=True)
class Query:
    """A query that ``parse`` has checked; its text is the same query in plain form."""

    terms: tuple[Term, ...]
    line: str = field(default="", compare=False)
    """As it was written: the places of the terms are those in it."""

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))

    @property
    def words(self) -> tuple[Term, ...]:
        """Its words without a key that somebody must have."""
        return tuple(term for term in self.terms if term.key == WORDS and not term.negated)

    def refused(self, term: Term, reason: str, advice: str) -> BadQuery:
        """The error that points at that term's value."""
        return bad_query(self.line, term.place, reason, advice)


def parse(text: str) -> Query:
    """Read a query. Raises ``BadQuery`` with the place and the reason, and nothing else."""
    # On one line, so that a caret fits below it; the length, and so every place, stays.
    line = re.sub(r"[\t\n\r]", " ", text)
    if control := CONTROLS.search(line):
        raise bad_query(line, control.start(), "there is a character that cannot be shown", "Type it again.")
    if len(line) > MAX_QUERY:
        raise bad_query(line, MAX_QUERY, f"it is longer than {MAX_QUERY:,} characters", _SEVERAL)
    terms: list[Term] = []
    place = _end(_BETWEEN, line, 0)
    if place == len(line):
        raise bad_query(line, 0, "the query is empty", f"Write a name, or key:value; keys are {NAMES}.")
    while place < len(line):
        if len(terms) == MAX_TERMS:
            raise bad_query(line, place, f"it has more than {MAX_TERMS} words", _SEVERAL)
        term, after = _term(line, place)
        same = [t for t in terms if t.key == term.key and not t.negated]
        if same and not term.negated and KEYS[term.key].single:
            raise bad_query(line, place, f"nobody has two: {term.key} is there already", _SEVERAL)
        terms.append(term)
        place = _end(_BETWEEN, line, after)
    query = Query(tuple(terms), line)
    if len(str(query)) > MAX_QUERY:
        raise bad_query(line, 0, f"written out it is longer than {MAX_QUERY:,} characters", _SEVERAL)
    return query


_SEVERAL = "A media list takes several queries: whom any of them finds is on it."


def _end(pattern: re.Pattern[str], line: str, place: int) -> int:
    match = pattern.match(line, place)
    return match.end() if match else place


def bad_query(line: str, place: int, reason: str, advice: str) -> BadQuery:
    """The error that points at that place of the line, counted from 0."""
    word = "".join(c if c.isprintable() else "\ufffd" for c in line[place : place + 40])
    shown = f"“{word.split(' ')[0]}”" if word.strip() else "at its end"
    return BadQuery(query=line, position=place + 1, shown=shown, reason=reason, advice=advice)


def _term(line: str, place: int) -> tuple[Term, int]:
    negated = line[place] in "-−–"
    start = place + negated
    colon = _end(_KEY, line, start)
    if line[colon : colon + 1] != ":" or colon == start:
        return _words(line, start, negated=negated)
    key = line[start:colon].casefold()
    if key not in KEYS:
        near = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.5)
        advice = f"Did you mean {near[0]}:?" if near else f"Keys are {NAMES}."
        raise bad_query(line, start, "there is no such key", advice)
    spec = KEYS[key]
    found = _VALUE.match(line, colon + 1)
    if found is None:
        if not line[colon + 1 : colon + 2].strip():
            reason, advice = f"nothing comes after {key}", f"Write it as {spec.example}, without a space."
            raise bad_query(line, colon, reason, advice)
        reason, advice = "this quotation mark has no partner", 'Write it as outlet:"Nile Herald".'
        raise bad_query(line, colon + 1, reason, advice)
    _require_space(line, found.end())
    value = _value(found)
    try:
        if not fold(value):
            raise ValueError("there is nothing in it to look for")
        return Term(key, spec.check(value), negated, place=found.start()), found.end()
    except ValueError as error:
        reason, advice = (*error.args, f"Write it as {spec.example}.")[:2]
        raise bad_query(line, found.start(), reason, advice) from error


def _words(line: str, start: int, *, negated: bool) -> tuple[Term, int]:
    """A word without a key, or several in quotation marks."""
    if line[start : start + 1] == ":":
        raise bad_query(line, start, "there is no key in front", f"Keys are {NAMES}.")
    found = _VALUE.match(line, start)
    if found is None:
        if not line[start : start + 1].strip():
            raise bad_query(line, start, "nothing comes after it", "Put it right in front: -beat:culture.")
        raise bad_query(line, start, "this quotation mark has no partner", 'Write it as "Nile Herald".')
    value, whole = _value(found), line[start] in '"“«'
    if not whole and (reasons := _no_word(value)):
        raise bad_query(line, start, *reasons)
    _require_space(line, found.end())
    try:
        return Term(WORDS, KEYS[WORDS].check(value), negated, whole, place=start), found.end()
    except ValueError as error:
        reason, advice = (*error.args, "Write a name, an outlet, or a word of a note.")[:2]
        raise bad_query(line, start, reason, advice) from error


def _value(found: re.Match[str]) -> str:
    doubled = found["doubled"]
    raw = next(filter(None, found.groups()), "") if doubled is None else doubled.replace('""', '"')
    return re.sub(rf"^[ {_MARKS}]+|[ {_MARKS}]+$", "", clean(raw))


def _require_space(line: str, end: int) -> None:
    if end < len(line) and _end(_BETWEEN, line, end) == end:
        reason, advice = "there is no space in front of it", 'Write outlet:"Nile Herald" city:Cairo.'
        raise bad_query(line, end, reason, advice)


def _no_word(word: str) -> tuple[str, str] | None:
    """The reason and the advice for what other programs take for a sign."""
    if word.casefold() in ("or", "|", "||", "ou", "أو"):
        return "a query has no “or”", f'{_SEVERAL} To look for the word, write "{word}".'
    if word.casefold() in ("and", "&", "&&", "et", "و"):
        return (
            "a query needs no “and”",
            f'Leave it out: all words must hold. To look for the word, write "{word}".',
        )
    if word.casefold() in ("not", "!"):
        return "a query has no “not”", "Put a minus right in front of the key, such as -beat:culture."
    return None
