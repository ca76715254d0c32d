"""The keys of the query language: what each takes, and what it asks of a contact."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, String, and_, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from mailer.contacts.cities import cities_called, known_city, why_no_city
from mailer.contacts.countries import country_code, country_name, nearest_country
from mailer.contacts.language_names import language_code, nearest_language
from mailer.contacts.matching import having, in_name
from mailer.contacts.models import (
    Affiliation,
    City,
    Contact,
    ContactBeat,
    ContactKind,
    ContactLanguage,
    ContactStatus,
    ContactTag,
    EmbargoAcceptance,
    EmbargoTerms,
    Office,
    Organisation,
    OrganisationText,
    Outlet,
    OutletType,
)
from mailer.contacts.sent import sent_release, sent_to
from mailer.contacts.spans import NEVER, check_span, span_of
from mailer.contacts.spelling import fold
from mailer.contacts.terms import accepts_embargo, day_of
from mailer.contacts.words import asked

WORDS = ""
"""The key of words without one."""
NAME = "name"
LIST = "list"
STATUS = "status"
TERMS_WORDS = ("yes", "no", "expired")
"""What ``terms`` takes besides the terms' names."""
MAX_WORDS = 20
"""In one value: each is a look into the index."""


@dataclass(frozen=True, slots=True)
class Key:
    """What may come after a key."""

    check: Callable[[str], str]
    """Gives the value in its plain form; ``ValueError`` with the reason, and advice if it knows better."""
    condition: Callable[[str, datetime], ColumnElement[bool]]
    """What it asks of a ``Contact`` at an instant."""
    example: str
    single: bool = False
    """A contact has exactly one, so that two of them would find nobody."""


def _one_of(*choices: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if (choice := value.casefold()) not in choices:
            raise ValueError(f"it is neither {' nor '.join(choices)}")
        return choice

    return check


def _known_city(value: str) -> str:
    if known_city(value) is None:
        # Never all of them, nor the one where somebody happens to be: Tripoli in Lebanon is not that in Libya, and a
        # list that found both, or another one next month, would send news to the wrong country.
        reason, advice = why_no_city(value)
        written = [f'city:"{city.name}, {country_name(city.country)}"' for city in cities_called(value)]
        if choices := list(dict.fromkeys(written)):
            more = f" or in {len(choices) - 5} others" if len(choices) > 5 else ""
            advice = f"Write {' or '.join(choices[:5])}{more}."
        raise ValueError(reason, advice)
    return value


def _in_city(value: str, _at: datetime) -> ColumnElement[bool]:
    known = known_city(value)
    assert known is not None, value  # noqa: S101 - it was checked when the query was read
    return Contact.city_id.in_(select(City.id).where(City.name == known.name, City.country == known.country))


def _known_country(value: str) -> str:
    if not country_code(value):
        near = nearest_country(value)
        advice = f"Did you mean {near}?" if near else "Write its ISO code, such as LB, or its usual name."
        raise ValueError("not a country that Dateline knows", advice)
    return value


def _in_country(value: str, _at: datetime) -> ColumnElement[bool]:
    return Contact.city_id.in_(select(City.id).where(City.country == country_code(value)))


def _language(value: str) -> str:
    try:
        return language_code(value)
    except ValueError as error:
        near = nearest_language(value)
        advice = f"Did you mean {near}?" if near else "Write its code or its name, such as ar or Arabic."
        raise ValueError("not a language that Dateline knows", advice) from error


def _reads(value: str, _at: datetime) -> ColumnElement[bool]:
    # RFC 4647 3.3.1: who asks for ar is answered with ar and with ar-EG.
    language = ContactLanguage.language
    fits = or_(language == value, language.startswith(f"{value}-"))
    return Contact.id.in_(select(ContactLanguage.contact_id).where(fits))


def spellings(value: str) -> list[str]:
    """A beat's or tag's, where hyphen or space is the same."""
    return sorted({value, value.replace(" ", "-"), value.replace("-", " ")})


def _covers(value: str, _at: datetime) -> ColumnElement[bool]:
    # By its short name, which ``query_names`` has looked up; older registries have some with a space in them.
    return Contact.id.in_(select(ContactBeat.contact_id).where(ContactBeat.beat.in_(spellings(value))))


def bears_tag(value: str) -> ColumnElement[bool]:
    """Of a ``ContactTag``."""
    return or_(*(_letters_are(ContactTag.tag, spelling) for spelling in spellings(value)))


def _tagged(value: str, _at: datetime) -> ColumnElement[bool]:
    return Contact.id.in_(select(ContactTag.contact_id).where(bears_tag(value)))


def _works_where(fits: ColumnElement[bool]) -> ColumnElement[bool]:
    now = select(Affiliation.contact_id).join(Affiliation.outlet).where(fits, Affiliation.until.is_(None))
    return Contact.id.in_(now)


def _works_for(value: str, _at: datetime) -> ColumnElement[bool]:
    return _works_where(Outlet.key.contains(fold(value), autoescape=True))


def has_role(value: str) -> ColumnElement[bool]:
    """Of an ``Affiliation``."""
    return _has_letters(Affiliation.role, value)


def _works_as(value: str, _at: datetime) -> ColumnElement[bool]:
    return _works_where(has_role(value))


def is_organisation(value: str) -> ColumnElement[bool]:
    """Of an ``Organisation``: the value is its short name or acronym, or a part of its name."""
    return or_(
        _letters_are(Organisation.slug, value),
        _letters_are(Organisation.acronym, value),
        Organisation.id.in_(
            select(OrganisationText.organisation_id).where(_has_letters(OrganisationText.name, value))
        ),
    )


def _of_organisation(value: str, _at: datetime) -> ColumnElement[bool]:
    # A journalist has no office: null is in nothing and, with a minus in front, not in nothing either.
    of_it = Contact.office_id.in_(select(Office.id).join(Organisation).where(is_organisation(value)))
    return and_(Contact.office_id.is_not(None), of_it)


def _has_terms(value: str, at: datetime) -> ColumnElement[bool]:
    day, acceptance = day_of(at), EmbargoAcceptance
    match value:
        case "yes":
            return accepts_embargo(day)
        case "no":
            return ~accepts_embargo(day)
        case "expired":
            over = select(acceptance.contact_id).where(
                acceptance.until < day,
                or_(acceptance.withdrawn_on.is_(None), acceptance.withdrawn_on > acceptance.until),
            )
            return and_(Contact.id.in_(over), ~accepts_embargo(day))
    named = select(acceptance.contact_id).where(
        acceptance.terms_id.in_(select(EmbargoTerms.id).where(EmbargoTerms.key == fold(value))),
        acceptance.accepted_on <= day,
        or_(acceptance.until.is_(None), acceptance.until >= day),
        or_(acceptance.withdrawn_on.is_(None), acceptance.withdrawn_on > day),
    )
    return Contact.id.in_(named)


def _terms(value: str) -> str:
    return value.casefold() if value.casefold() in TERMS_WORDS else value


def _was_sent(value: str, at: datetime) -> ColumnElement[bool]:
    span = span_of(value, at)
    if span is None:
        return Contact.id.not_in(sent_to())
    last: list[ColumnElement[bool]] = [Contact.id.in_(sent_to(since=span.begin))]
    if span.end is not None:
        last.append(Contact.id.not_in(sent_to(since=span.end)))
    return and_(*last)


def _within(column: SQLColumnExpression[Any]) -> Callable[[str, datetime], ColumnElement[bool]]:
    def condition(value: str, at: datetime) -> ColumnElement[bool]:
        span = span_of(value, at)
        if span is None:
            return column.is_(None)
        # Said for each row: what is null is neither, and the minus in front would leave it out too.
        parts: list[ColumnElement[bool]] = [column.is_not(None)]
        parts += [column >= span.begin] if span.begin else []
        parts += [column < span.end] if span.end else []
        return and_(*parts)

    return condition


def _span(value: str) -> str:
    if (plain := check_span(value)) == NEVER:
        raise ValueError("everybody was added one day")
    return plain


def _searchable(value: str) -> str:
    found = asked(value)
    if not found:
        raise ValueError("there is no letter and no digit in it to look for")
    if len(found) > MAX_WORDS:
        raise ValueError(f"it has more than {MAX_WORDS} words")
    return value


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


def _cases(value: str) -> list[str]:
    # Letters beyond A to Z are compared as they are, so their usual cases are tried one by one.
    return sorted({text.translate(_ASCII) for text in (value, value.lower(), value.upper(), value.title())})


def _has_letters(column: SQLColumnExpression[str], value: str) -> ColumnElement[bool]:
    """Part of it, whatever the case."""
    return or_(*(_AsciiLower(column).contains(spelling, autoescape=True) for spelling in _cases(value)))


def _letters_are(column: SQLColumnExpression[str], value: str) -> ColumnElement[bool]:
    return or_(*(_AsciiLower(column) == spelling for spelling in _cases(value)))


def _lists_are_resolved(_value: str, _at: datetime) -> ColumnElement[bool]:
    raise AssertionError("a list's queries are read from the registry: see contacts.conditions")


KEYS: Mapping[str, Key] = {
    WORDS: Key(_searchable, lambda value, _: having(value), "Haddad"),
    NAME: Key(_searchable, lambda value, _: in_name(value), "name:Haddad"),
    "city": Key(_known_city, _in_city, "city:Beirut", single=True),
    "country": Key(_known_country, _in_country, "country:Lebanon", single=True),
    "language": Key(_language, _reads, "language:ar"),
    "beat": Key(str.casefold, _covers, "beat:migration"),
    "outlet": Key(str, _works_for, 'outlet:"Nile Herald"'),
    "outlet-type": Key(
        _one_of(*OutletType), lambda value, _: _works_where(Outlet.type == OutletType(value)), "outlet-type:radio"
    ),
    "role": Key(str, _works_as, "role:editor"),
    "tag": Key(str, _tagged, "tag:gala-2026"),
    "kind": Key(
        _one_of(*ContactKind), lambda value, _: Contact.kind == ContactKind(value), "kind:journalist", single=True
    ),
    "organisation": Key(str, _of_organisation, "organisation:esrf", single=True),
    "terms": Key(_terms, _has_terms, "terms:yes"),
    STATUS: Key(
        _one_of(*ContactStatus),
        lambda value, _: Contact.status == ContactStatus(value),
        "status:inactive",
        single=True,
    ),
    "sent": Key(check_span, _was_sent, "sent:>30d, sent:<2026-01-01 or sent:never"),
    "release": Key(str.casefold, lambda value, _: Contact.id.in_(sent_release(value)), "release:ports-agreement"),
    "verified": Key(check_span, _within(Contact.verified_at), "verified:>1y or verified:never"),
    "added": Key(_span, _within(Contact.added_at), "added:<30d"),
    LIST: Key(str, _lists_are_resolved, 'list:"Levant"'),
}
NAMES = ", ".join(filter(None, KEYS))
