"""Media lists: who is on one, by hand and by saved queries, less who is kept off."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Select, delete, func, insert, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.contacts.conditions import IS_ACTIVE, check, condition, parts_of
from mailer.contacts.models import Contact, MediaList, MediaListMember, MediaListQuery
from mailer.contacts.query import MAX_QUERY, Query, Term, parse
from mailer.contacts.query_keys import LIST
from mailer.contacts.search_index import refresh
from mailer.contacts.sent import WAVE as WAVES
from mailer.contacts.spelling import CONTROLS, fold
from mailer.contacts.standing import require_not_erased
from mailer.contacts.table import clean
from mailer.database import chunks
from mailer.errors import (
    BadList,
    BadQuery,
    EmptyList,
    ListArchived,
    ListExists,
    ListExistsArchived,
    ListInUse,
    UnknownList,
)

MAX_QUERIES = 50
"""In one list: see ``query.MAX_TERMS``."""


def create_list(
    session: Session,
    name: str,
    *,
    members: Sequence[Contact] = (),
    queries: Sequence[str] = (),
    excluded: Sequence[Contact] = (),
    at: datetime,
    actor: Actor,
) -> MediaList:
    """Make a list; who is both a member and excluded is excluded.

    Raises ``BadList``, ``BadQuery``, ``EmptyList``, ``ListExists`` for a name that is taken in any spelling, or
    ``ContactGone`` for who was erased.
    """
    require_not_erased((*members, *excluded))
    name, key = _checked_name(name)
    texts = list(dict.fromkeys(str(check(session, text, at=at)) for text in queries))
    media_list = MediaList(name=name, key=key, queries=[MediaListQuery(query=text) for text in texts])
    wanted = {contact.id: False for contact in members} | {contact.id: True for contact in excluded}
    _require_fit(media_list, wanted)
    try:
        # Not looked up before: somebody else may make the same list in between.
        with session.begin_nested():
            session.add(media_list)
    except IntegrityError as error:
        raise _taken(session.scalars(select(MediaList).where(MediaList.key == key)).one()) from error
    data = _lay(session, media_list, {}, wanted) | {"list": media_list.id, "queries": len(texts)}
    append(session, Event.LIST_CREATED, at=at, actor=actor, data=data)
    return media_list


def change_list(
    session: Session,
    media_list: MediaList,
    *,
    add: Sequence[Contact] = (),
    remove: Sequence[Contact] = (),
    exclude: Sequence[Contact] = (),
    add_queries: Sequence[str] = (),
    remove_queries: Sequence[str] = (),
    at: datetime,
    actor: Actor,
) -> bool:
    """Change who is on a list; ``False`` when it was so already.

    Who is added is on the list afterwards, excluded before or not; who is removed is not, and where a query
    would still find her she is excluded; who is excluded stays off it whatever its queries find later.
    Raises ``BadList``, ``BadQuery``, ``EmptyList``, ``ListArchived``, or ``ContactGone`` for who was erased and is to
    be added or excluded.
    """
    require_current(media_list)
    require_not_erased((*add, *exclude))
    checked = [str(check(session, text, at=at, within=media_list)) for text in add_queries]
    data = _change_queries(media_list, checked, remove_queries)
    rows = select(MediaListMember.contact_id, MediaListMember.excluded)
    rows = rows.where(MediaListMember.list_id == media_list.id)
    old = dict(session.execute(rows).all())
    wanted = old | {contact.id: False for contact in add}
    for contact in remove:
        if not wanted.get(contact.id):  # who is excluded stays so
            wanted.pop(contact.id, None)
    if remove and media_list.queries:
        refresh(session)
        queries = parts_of(session, media_list, at=at).queries
        found = set(session.scalars(select(Contact.id).where(or_(*(fits for _, fits in queries)))))
        wanted |= {contact.id: True for contact in remove if contact.id in found}
    wanted |= {contact.id: True for contact in exclude}
    _require_fit(media_list, wanted)
    data |= _lay(session, media_list, old, wanted)
    if not data:
        return False
    append(session, Event.LIST_CHANGED, at=at, actor=actor, data={"list": media_list.id} | data)
    return True


def rename_list(session: Session, media_list: MediaList, name: str, *, at: datetime, actor: Actor) -> bool:
    """Give a list another name, also in the queries of other lists that name it; ``False`` when it had it already.

    Raises ``BadList`` or ``ListExists``.
    """
    name, key = _checked_name(name)
    if name == media_list.name:
        return False
    taken = session.scalar(select(MediaList).where(MediaList.key == key, MediaList.id != media_list.id))
    if taken is not None:
        raise _taken(taken)
    for other, query, parsed in naming(session, media_list):
        terms = (replace(t, value=name) if _names(t, media_list) else t for t in parsed.terms)
        text = str(Query(tuple(terms)))
        if len(text) > MAX_QUERY:
            reason = f"the query {query.query} of “{other.name}” names it and would become too long"
            raise BadList(name=name[:40], reason=reason, advice="Choose a shorter name.")
        query.query = text
    media_list.name, media_list.key = name, key
    session.flush()
    append(session, Event.LIST_CHANGED, at=at, actor=actor, data={"list": media_list.id, "renamed": True})
    return True


def _taken(by: MediaList) -> ListExists:
    # Who cannot see it in the list of lists must be told where it is.
    return (ListExistsArchived if by.archived_at else ListExists)(name=by.name)


def copy_list(session: Session, media_list: MediaList, name: str, *, at: datetime, actor: Actor) -> MediaList:
    """Make another list with the same members, queries and exclusions. Raises ``BadList`` or ``ListExists``."""
    rows = select(MediaListMember.contact_id, MediaListMember.excluded)
    picked = dict(session.execute(rows.where(MediaListMember.list_id == media_list.id)).all())
    return create_list(
        session,
        name,
        members=[Contact(id=number) for number, excluded in picked.items() if not excluded],
        queries=[query.query for query in media_list.queries],
        excluded=[Contact(id=number) for number, excluded in picked.items() if excluded],
        at=at,
        actor=actor,
    )


def delete_list(session: Session, media_list: MediaList, *, at: datetime, actor: Actor) -> None:
    """Take a list away; no contact goes with it. Raises ``ListInUse`` while a query of another list names it, or a wave
    was ever made of it, since the wave's record names its audience."""
    if users := sorted({other.name for other, _, _ in naming(session, media_list)}):
        users_told = "the media list " + ", ".join(f"“{user}”" for user in users)
        advice = "Take it out of their queries first."
        raise ListInUse(name=media_list.name, verb="deleted", users=users_told, advice=advice)
    waves = session.scalars(select(WAVES.c.id).where(WAVES.c.list_id == media_list.id).order_by(WAVES.c.id)).all()
    if waves:
        users_told = f"wave {', '.join(map(str, waves[:10]))}"
        advice = "The record of a wave names its list. Put it aside instead, with: dateline lists archive"
        raise ListInUse(name=media_list.name, verb="deleted", users=users_told, advice=advice)
    append(session, Event.LIST_DELETED, at=at, actor=actor, data={"list": media_list.id})
    session.execute(delete(MediaListMember).where(MediaListMember.list_id == media_list.id))
    session.expire(media_list, ["members"])
    session.delete(media_list)
    session.flush()


def naming(session: Session, media_list: MediaList) -> list[tuple[MediaList, MediaListQuery, Query]]:
    """The saved queries, of other lists, that name this one."""
    found = []
    for other in session.scalars(select(MediaList).where(MediaList.id != media_list.id).order_by(MediaList.key)):
        for query in other.queries:
            with suppress(BadQuery):  # one that is not understood any more names nothing
                parsed = parse(query.query)
                if any(_names(term, media_list) for term in parsed.terms):
                    found.append((other, query, parsed))
    return found


def _names(term: Term, media_list: MediaList) -> bool:
    return term.key == LIST and fold(term.value) == media_list.key


def list_named(session: Session, name: str) -> MediaList:
    """The list of that name in any spelling. Raises ``UnknownList`` with the nearest one."""
    name = CONTROLS.sub("\ufffd", clean(name))
    key = fold(name)
    media_list = session.scalar(select(MediaList).where(MediaList.key == key))
    if media_list is None:
        names = dict(session.execute(select(MediaList.key, MediaList.name).order_by(MediaList.key)).all())
        near = difflib.get_close_matches(key, names, n=1)
        some = f"Lists are: {', '.join(list(names.values())[:10])}." if names else "There are no lists yet."
        raise UnknownList(name=name[:120], nearest=f"Did you mean “{names[near[0]]}”?" if near else some)
    return media_list


def all_lists(session: Session) -> Sequence[MediaList]:
    """Every list, by name, those that are archived too."""
    return session.scalars(select(MediaList).order_by(MediaList.key)).all()


def current_lists(session: Session) -> Sequence[MediaList]:
    """Those that are in use, by name."""
    return session.scalars(select(MediaList).where(MediaList.archived_at.is_(None)).order_by(MediaList.key)).all()


def require_current(media_list: MediaList) -> None:
    """Raises ``ListArchived``."""
    if media_list.archived_at is not None:
        raise ListArchived(name=media_list.name, day=f"{media_list.archived_at:%Y-%m-%d}")


def members_of(session: Session, media_list: MediaList, *, at: datetime) -> Select[int]:
    """The ids of the contacts who are on the list at that instant, each once; no rule of sending is in it.

    Raises ``BadQuery`` for a saved query that is not understood any more, instead of leaving people out.
    """
    refresh(session)
    return select(Contact.id).where(parts_of(session, media_list, at=at).on_it)


def found_by(session: Session, queries: Sequence[str], *, at: datetime) -> Select[int]:
    """The ids of the contacts whom any of the queries finds, as a list of them would; nothing is made of it.

    Raises ``BadQuery``.
    """
    refresh(session)
    parsed = [check(session, text, at=at) for text in queries]
    return select(Contact.id).where(or_(*(condition(session, query, at=at) for query in parsed)), IS_ACTIVE)


def count(session: Session, media_list: MediaList, *, at: datetime) -> int:
    """How many contacts are on the list at that instant."""
    return session.scalar(select(func.count()).select_from(members_of(session, media_list, at=at).subquery())) or 0


def _change_queries(media_list: MediaList, add: Iterable[str], remove: Iterable[str]) -> dict[str, object]:
    """Returns how many were added and removed, for the log: their text may name a person."""
    have = {query.query: query for query in media_list.queries}
    gone = []
    for text in remove:
        # As it is saved, first: a query that is not understood any more must be removable.
        query = have.pop(text, None) or have.pop(str(parse(text)), None)
        if query is None:
            advice = f"Its queries are: {'; '.join(have)}." if have else "It has no queries."
            raise BadList(name=media_list.name, reason=f"it has no query {text[:200]} to take away", advice=advice)
        gone.append(query)
    new = [text for text in dict.fromkeys(add) if text not in have]
    for query in gone:
        media_list.queries.remove(query)
    media_list.queries.extend(MediaListQuery(query=text) for text in new)
    counts = {"queries_added": len(new), "queries_removed": len(gone)}
    return {key: number for key, number in counts.items() if number}


def _checked_name(name: str) -> tuple[str, str]:
    name, key = clean(name), fold(name)
    if not key or CONTROLS.search(name) or max(len(name), len(key)) > 120:
        raise BadList(name=name[:40], reason="that is no name", advice="Name it in at most 120 characters.")
    return name, key


def _require_fit(media_list: MediaList, wanted: Mapping[int, bool]) -> None:
    if len(media_list.queries) > MAX_QUERIES:
        advice = "Make two lists of it, or fewer and wider queries."
        raise BadList(name=media_list.name, reason=f"it has more than {MAX_QUERIES} queries", advice=advice)
    if not media_list.queries and all(wanted.values()):
        raise EmptyList(name=media_list.name)


def _lay(
    session: Session, media_list: MediaList, old: Mapping[int, bool], wanted: Mapping[int, bool]
) -> dict[str, object]:
    """Make the rows of ``old`` those of ``wanted`` (by contact: excluded?); returns whose changed, for the log."""
    new = [id_ for id_, excluded in wanted.items() if old.get(id_) is not excluded]
    gone = [id_ for id_ in old if old[id_] is not wanted.get(id_)]
    session.flush()
    for some in chunks(gone):
        of_chunk = MediaListMember.contact_id.in_(some)
        session.execute(delete(MediaListMember).where(MediaListMember.list_id == media_list.id, of_chunk))
    if new:
        rows = [{"list_id": media_list.id, "contact_id": id_, "excluded": wanted[id_]} for id_ in new]
        session.execute(insert(MediaListMember), rows)
    session.expire(media_list, ["members"])
    changes = {
        "added": [id_ for id_ in new if not wanted[id_]],
        "excluded": [id_ for id_ in new if wanted[id_]],
        "removed": [id_ for id_ in gone if id_ not in wanted],
    }
    return {what: sorted(ids) for what, ids in changes.items() if ids}
