"""What the values of a query name in the registry: an error where nothing can, a warning where nothing does today.

Beats, embargo terms, organisations and releases are closed sets: a value that is none of them is a slip of the pen, and
a list with it would miss people in silence. Tags, outlets, roles and cities come and go with the contacts who have
them, so one that nobody has is told and not refused: a wave must not fail because the last tag was taken away.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rapidfuzz import fuzz, process
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from mailer.contacts.beats import beat_called, beats_by_name
from mailer.contacts.cities import cities_called, known_city, known_places
from mailer.contacts.countries import country_name
from mailer.contacts.models import (
    Affiliation,
    City,
    Contact,
    ContactBeat,
    ContactTag,
    EmbargoTerms,
    MediaList,
    Organisation,
    OrganisationText,
    Outlet,
)
from mailer.contacts.query import Query, Term, parse
from mailer.contacts.query_keys import LIST, TERMS_WORDS, bears_tag, has_role, is_organisation, spellings
from mailer.contacts.sent import RELEASE
from mailer.contacts.spelling import fold
from mailer.errors import BadQuery, nearest

_NEAR = 65
"""Per cent of rapidfuzz's ratio: "Nile Heralt" is offered Nile Herald, and Herald alone is not."""


def named(session: Session, term: Term) -> str:
    """The term's value as the registry has it, where it is one of a closed set; else as it is.

    Raises ``ValueError`` with the reason and the advice for one that is not there.
    """
    of_registry = _CLOSED.get(term.key)
    return of_registry(session, term.value) if of_registry else term.value


def warnings(session: Session, query: Query) -> tuple[str, ...]:
    """A sentence for each word of the query that fits nobody today, or may mean something else than was meant."""
    return tuple(dict.fromkeys(_warnings(session, query)))


def list_warnings(session: Session, media_list: MediaList) -> tuple[str, ...]:
    """The same for the saved queries of a list and of the lists that it names; one that is not understood is left to
    whoever asks who is on it."""
    return tuple(dict.fromkeys(_of_list(session, media_list, set())))


def _of_list(session: Session, media_list: MediaList, seen: set[int]) -> Iterator[str]:
    if media_list.id in seen:
        return
    seen.add(media_list.id)
    for saved in media_list.queries:
        try:
            query = parse(saved.query)
        except BadQuery:
            continue
        yield from (f"List “{media_list.name}”: {warning}" for warning in _warnings(session, query))
        for term in query.terms:
            if term.key == LIST:
                inner = session.scalar(select(MediaList).where(MediaList.key == fold(term.value)))
                if inner is not None:
                    yield from _of_list(session, inner, seen)


def _warnings(session: Session, query: Query) -> Iterator[str]:
    for term in query.terms:
        if (warn := _OPEN.get(term.key)) and (said := warn(session, term.value)):
            reason, advice = said
            yield f"“{term}”: {reason}. {advice}".strip()


def _beat(session: Session, value: str) -> str:
    if slug := beat_called(session, value):
        return slug
    # What an older registry has besides: it may be asked for as it is written.
    if _some(session, select(ContactBeat.beat).where(ContactBeat.beat.in_(spellings(value)))):
        return value
    names = beats_by_name(session)
    near = _near(value, list(names))
    see = "See: dateline beats list"
    raise ValueError("not a beat that Dateline knows", f"Did you mean {names[near]}?" if near else see)


def _terms(session: Session, value: str) -> str:
    names = dict(session.execute(select(EmbargoTerms.key, EmbargoTerms.name)).all())
    if value not in TERMS_WORDS and fold(value) not in names:
        reason = "there are no embargo terms of that name"
        near = _named_near(value, [*TERMS_WORDS, *names.values()])
        raise ValueError(reason, near)
    return value


def _organisation(session: Session, value: str) -> str:
    if not _some(session, select(Organisation.id).where(is_organisation(value))):
        acronyms = session.scalars(select(Organisation.acronym).order_by(Organisation.acronym)).all()
        names = session.scalars(select(OrganisationText.name)).all()
        slugs = session.scalars(select(Organisation.slug)).all()
        near = _near(value, [*acronyms, *slugs, *names])
        raise ValueError(
            "not one of our organisations", _asking(near) or nearest(value, acronyms) or "There are none yet."
        )
    return value


def _release(session: Session, value: str) -> str:
    if not _some(session, select(RELEASE.c.id).where(RELEASE.c.slug == value)):
        slugs = session.scalars(select(RELEASE.c.slug).order_by(RELEASE.c.id.desc())).all()
        raise ValueError("there is no such release", _named_near(value, slugs) or "There are none yet.")
    return value


_CLOSED: Mapping[str, Callable[[Session, str], str]] = {
    "beat": _beat,
    "terms": _terms,
    "organisation": _organisation,
    "release": _release,
}

_Warning = tuple[str, str] | None


def _tag(session: Session, value: str) -> _Warning:
    if _some(session, select(ContactTag.tag).where(bears_tag(value))):
        return None
    return "nobody has that tag now", _asking(
        _near(value, session.scalars(select(ContactTag.tag).distinct()).all())
    )


def _outlet(session: Session, value: str) -> _Warning:
    if _some(session, select(Outlet.id).where(Outlet.key.contains(fold(value), autoescape=True))):
        return None
    return "no outlet has that in its name now", _asking(_near(value, session.scalars(select(Outlet.name)).all()))


def _role(session: Session, value: str) -> _Warning:
    current = select(Affiliation.id).where(has_role(value), Affiliation.until.is_(None))
    return None if _some(session, current) else ("nobody has such a role now", "")


def _city(session: Session, value: str) -> _Warning:
    """Nobody is there; or somebody is in a lesser city of that name, which is not meant by it."""
    here = select(City.name, City.country).join(Contact, Contact.city_id == City.id)
    meant = cities_called(value)
    if not meant:
        return None
    if not _some(session, here.where(_is_city({(city.name, city.country) for city in meant}))):
        said = f"nobody is in {meant[0].name}, {country_name(meant[0].country)}, now"
    else:
        said = ""
    others = {(city.name, city.country) for city in known_places(value)}
    others -= {(city.name, city.country) for city in meant}
    found = session.execute(here.where(_is_city(others)).distinct().order_by(City.country)).all() if others else []
    if not found:
        return (said, "") if said else None
    place = " or ".join(f'city:"{name}, {country_name(country)}"' for name, country in found)
    known = known_city(value)
    means = f"it means {known.name}, {country_name(known.country)}" if known else said
    return f"{means}, and there are contacts elsewhere in a city of that name", f"For those write {place}."


_OPEN: Mapping[str, Callable[[Session, str], _Warning]] = {
    "tag": _tag,
    "outlet": _outlet,
    "role": _role,
    "city": _city,
}


def _is_city(places: set[tuple[str, str]]) -> ColumnElement[bool]:
    return or_(*((City.name == name) & (City.country == country) for name, country in sorted(places)))


def _some(session: Session, query: Any) -> bool:
    return session.execute(query.limit(1)).first() is not None


def _near(value: str, names: Sequence[str]) -> str:
    """The name most like the value; empty for none. rapidfuzz, as there may be a hundred thousand of them."""
    found = process.extractOne(value, names, scorer=fuzz.ratio, processor=fold, score_cutoff=_NEAR)
    return found[0] if found else ""


def _asking(near: str) -> str:
    return f"Did you mean {near}?" if near else ""


def _named_near(value: str, names: Sequence[str]) -> str:
    return _asking(_near(value, names)) or nearest(value, names)
