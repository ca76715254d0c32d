"""Makes of a query what a database understands; reads from the registry what a query alone cannot say: other lists."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.orm import Session

from mailer.contacts.matching import having
from mailer.contacts.models import Contact, ContactStatus, MediaList, MediaListMember, MediaListQuery
from mailer.contacts.query import Query, Term, parse
from mailer.contacts.query_keys import KEYS, LIST, STATUS, WORDS
from mailer.contacts.query_names import named
from mailer.contacts.spelling import fold
from mailer.errors import BadQuery, BrokenList

IS_ACTIVE = Contact.status == ContactStatus.ACTIVE
MAX_DEPTH = 5
"""Lists in lists in lists: nobody can tell any more why somebody is on the outermost."""
MAX_TERMS = 2_000
"""Words of a query with all those of the lists that it names: SQLite takes 32,766 parameters in one statement."""


@dataclass(frozen=True, slots=True)
class _Scope:
    session: Session
    at: datetime
    path: tuple[tuple[int, str], ...]
    """The lists that are being read, outermost first: number and name."""
    terms: list[Term] = field(default_factory=list)
    """All that were read so far, to count them."""

    def inside(self, media_list: MediaList) -> "_Scope":
        return _Scope(self.session, self.at, (*self.path, (media_list.id, media_list.name)), self.terms)


def condition(session: Session, query: Query, *, at: datetime) -> ColumnElement[bool]:
    """For the ``WHERE`` of a select on ``Contact``: whom the query finds at that instant, the same on both databases.

    Only who is active is found, unless the query asks for a status. Raises ``BadQuery`` for what is not in the
    registry, such as a list that there is not, and for a list that would contain itself.
    """
    fits = _condition(_Scope(session, at, ()), query)
    if any(term.key == STATUS for term in query.terms):
        return fits
    return and_(IS_ACTIVE, fits)


def check(session: Session, text: str, *, at: datetime, within: MediaList | None = None) -> Query:
    """Read a query that is to be saved in a list. Raises ``BadQuery`` for what cannot be, such as a circle of lists."""
    query = parse(text)
    path = ((within.id, within.name),) if within is not None and within.id else ()
    _condition(_Scope(session, at, path), query)
    return query


@dataclass(frozen=True, slots=True)
class ListParts:
    """What puts a contact on a list or keeps her off it, as conditions on ``Contact``. Only who is active is on it."""

    by_hand: ColumnElement[bool]
    queries: Sequence[tuple[str, ColumnElement[bool]]]
    kept_off: ColumnElement[bool]

    @property
    def on_it(self) -> ColumnElement[bool]:
        """Of a contact: whether she is on it."""
        found = or_(self.by_hand, *(fits for _, fits in self.queries))
        return and_(IS_ACTIVE, found, ~self.kept_off)


def parts_of(session: Session, media_list: MediaList, *, at: datetime) -> ListParts:
    """What makes the list. Raises ``BrokenList`` for a query that is not understood any more: a list that left it out
    would miss people in silence."""
    return _parts(_Scope(session, at, ()).inside(media_list), media_list)


def _parts(scope: _Scope, media_list: MediaList) -> ListParts:
    texts = select(MediaListQuery.query).where(MediaListQuery.list_id == media_list.id).order_by(MediaListQuery.id)
    queries = [(text, _saved(scope, media_list, text)) for text in scope.session.scalars(texts).all()]
    return ListParts(
        by_hand=Contact.id.in_(_picked(media_list.id, excluded=False)),
        queries=queries,
        kept_off=Contact.id.in_(_picked(media_list.id, excluded=True)),
    )


def _saved(scope: _Scope, media_list: MediaList, text: str) -> ColumnElement[bool]:
    try:
        return _condition(scope, parse(text))
    except BrokenList:
        raise  # of a list inside this one
    except BadQuery as error:
        raise BrokenList(**error.fields, name=media_list.name) from error


def _picked(list_id: int, *, excluded: bool) -> Select[int]:
    """Who was picked by hand; one who was merged into another contact leads to that one."""
    person = Contact.__table__.alias()
    rows = select(MediaListMember.contact_id.label("id"))
    rows = rows.where(MediaListMember.list_id == list_id, MediaListMember.excluded.is_(excluded))
    chain = rows.cte(recursive=True)
    into = select(person.c.merged_into_id).join(chain, person.c.id == chain.c.id)
    chain = chain.union(into.where(person.c.merged_into_id.is_not(None)))
    return select(chain.c.id)


def _condition(scope: _Scope, query: Query) -> ColumnElement[bool]:
    parts = []
    for place, term in enumerate(query.terms, 1):
        scope.terms.append(term)
        if len(scope.terms) > MAX_TERMS:
            reason = f"with the lists that it names it has more than {MAX_TERMS:,} words"
            raise query.refused(term, reason, "Name fewer lists, or such as have fewer queries.")
        match term.key:
            case key if key == LIST:
                fits = _on_list(scope, query, term)
            case key if key == WORDS:
                # As somebody is still typing it.
                open_end = place == len(query.terms) and not term.whole and not term.negated
                fits = having(term.value, whole=not open_end)
            case key:
                fits = KEYS[key].condition(_named(scope, query, term), scope.at)
        parts.append(~fits if term.negated else fits)
    return and_(true(), *parts)


def _named(scope: _Scope, query: Query, term: Term) -> str:
    try:
        return named(scope.session, term)
    except ValueError as error:
        reason, advice = error.args
        raise query.refused(term, reason, advice) from error


def _on_list(scope: _Scope, query: Query, term: Term) -> ColumnElement[bool]:
    key = fold(term.value)
    media_list = scope.session.scalar(select(MediaList).where(MediaList.key == key))
    if media_list is None:
        names = dict(scope.session.execute(select(MediaList.key, MediaList.name).order_by(MediaList.key)).all())
        near = difflib.get_close_matches(key, names, n=1)
        advice = f"Did you mean “{names[near[0]]}”?" if near else "See: dateline lists list"
        raise query.refused(term, "there is no such media list", advice)
    if media_list.archived_at is not None and not _is_for_the_record(scope):
        advice = f"Take it back with: dateline lists restore “{media_list.name}”"
        raise query.refused(term, f"the list was archived on {media_list.archived_at:%Y-%m-%d}", advice)
    if media_list.id in (number for number, _ in scope.path):
        circle = " → ".join(f"“{name}”" for name in (*(name for _, name in scope.path), media_list.name))
        raise query.refused(term, f"the list would contain itself: {circle}", "Leave one of these lists out.")
    if len(scope.path) >= MAX_DEPTH:
        reason = f"lists lie in lists more than {MAX_DEPTH} deep"
        raise query.refused(term, reason, "Name the inner lists instead of the outer one.")
    return _parts(scope.inside(media_list), media_list).on_it


def _is_for_the_record(scope: _Scope) -> bool:
    """Whether the outermost list is an archived one itself, which only shows who is on it."""
    outermost = scope.session.get(MediaList, scope.path[0][0]) if scope.path else None
    return outermost is not None and outermost.archived_at is not None
