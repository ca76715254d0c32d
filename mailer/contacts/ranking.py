"""Finds as somebody types: the first few contacts who have the words, those first who are called so."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import String, bindparam, column, select, table, text
from sqlalchemy.orm import Session

from mailer.contacts.conditions import condition
from mailer.contacts.matching import fts5, tsquery
from mailer.contacts.models import Contact, ContactText
from mailer.contacts.query import Query, Term
from mailer.contacts.query_keys import NAME, WORDS
from mailer.contacts.search import find_contacts
from mailer.contacts.search_index import refresh
from mailer.contacts.spelling import fold
from mailer.contacts.words import IN_NAME, asked
from mailer.database import is_sqlite

LIMIT = 20
_CANDIDATES = 200
"""Of each rank so many are put in the order of their names: the ones who were added first. Whoever wants another one of
more people than that has to write a further word."""


@dataclass(frozen=True, slots=True)
class Found:
    """The first contacts in the order of their ranks, and whether there are more."""

    contacts: Sequence[Contact]
    more: bool


def search(session: Session, query: Query, *, at: datetime, limit: int = LIMIT) -> Found:
    """The first ones whom a query finds, the same on both databases.

    First who has the words in her name as they stand, then whose name has a word that begins with the last one; then
    who has them elsewhere, in the same way. Among equals by name. A query without words: by city and name.
    """
    if not _sought(query):
        contacts = find_contacts(session, query, at=at, limit=limit + 1)
        return Found(contacts[:limit], len(contacts) > limit)
    refresh(session)
    found: list[int] = []
    for words, whole in _ranks(query):
        if len(found) <= limit:
            found += _having(session, query, words, at=at, whole=whole, but=found, limit=limit)
    shown = found[:limit]
    people = {contact.id: contact for contact in session.scalars(select(Contact).where(Contact.id.in_(shown)))}
    return Found([people[number] for number in shown], len(found) > limit)


def _sought(query: Query) -> tuple[Term, ...]:
    """What the index is asked for; the rest of the query is asked of those whom it finds."""
    names = tuple(term for term in query.terms if term.key == NAME and not term.negated)
    return query.words or names[:1]


def _ranks(query: Query) -> Iterator[tuple[Sequence[str], bool]]:
    if not query.words:
        names = [IN_NAME + word for term in _sought(query) for word in asked(term.value)]
        yield names, True
        yield names, False
        return
    words = list(dict.fromkeys(word for term in query.words for word in asked(term.value)))
    last = query.terms[-1]
    is_open = last.key == WORDS and not last.negated and not last.whole
    if is_open:
        # The one that is being typed stands last, though it may have been there before.
        end = asked(last.value)[-1]
        words = [word for word in words if word != end] + [end]
    for some in ([IN_NAME + word for word in words], words):
        yield some, True
        if is_open:
            yield some, False


def _having(
    session: Session,
    query: Query,
    words: Sequence[str],
    *,
    at: datetime,
    whole: bool,
    but: Sequence[int],
    limit: int,
) -> list[int]:
    """The numbers of who has these words and fits the rest of the query. The database goes through its own index in
    the order of the contacts and stops when there are enough: a word that all have costs no more than a rare one."""
    rest = replace(query, terms=tuple(term for term in query.terms if term not in _sought(query)))
    people = select(Contact.id, Contact.name).where(condition(session, rest, at=at), Contact.id.not_in(but))
    if is_sqlite(session):
        index = table("contact_search", column("rowid"))
        people = people.join_from(index, Contact, Contact.id == index.c.rowid).order_by(index.c.rowid)
        asks, value = text("contact_search MATCH :words"), fts5(words, whole=whole)
    else:
        people = people.join_from(ContactText, Contact, Contact.id == ContactText.contact_id)
        people = people.order_by(ContactText.contact_id)
        asks, value = text("contact_text.lexemes @@ CAST(:words AS tsquery)"), tsquery(words, whole=whole)
    people = people.where(asks.bindparams(bindparam("words", value, String())))
    rows = session.execute(people.limit(max(_CANDIDATES, limit + 1))).all()
    return [number for number, _ in sorted(rows, key=lambda row: (fold(row[1]), row[0]))]
