"""Why somebody is on a media list, or kept off it."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased

from mailer.contacts.conditions import IS_ACTIVE, ListParts, condition, parts_of
from mailer.contacts.models import Contact, ContactStatus, MediaList, MediaListMember
from mailer.contacts.query import parse
from mailer.contacts.search_index import refresh
from mailer.errors import BadQuery

BY_HAND = "by hand"


@dataclass(frozen=True, slots=True)
class Reasons:
    """One contact and one list."""

    contact_id: int
    name: str
    on_it: bool
    because: tuple[str, ...]
    """``by hand``, and the queries that find her, as they are saved."""
    kept_off: tuple[str, ...]
    """Why she is not on it nevertheless: ``by hand``, her status, or the contact into whom she was merged."""


def reasons(session: Session, media_list: MediaList, *, at: datetime) -> Iterator[Reasons]:
    """Everybody who is on the list, or would be if she were not kept off, by number.

    Raises ``BadQuery`` for a saved query that is not understood any more.
    """
    refresh(session)
    return _reasons(session, parts_of(session, media_list, at=at), media_list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One list that names or finds a person."""

    media_list: MediaList
    on_it: bool
    kept_off: bool | None
    """By hand: whether she is kept off it or was put on it; ``None`` where no hand did either."""
    queries: tuple[str, ...]
    """Those that find her, as they are saved."""


def lists_of(session: Session, numbers: Sequence[int], *, at: datetime) -> Sequence[Listed]:
    """The lists that name or find a person, archived ones too, by the lists' names.

    ``numbers`` are those of her contact and of all that were merged into it.

    A saved query that is not understood any more finds nobody here, as whoever asks for a person's lists has to be
    answered; see ``BrokenList`` for whoever sends to one.
    """
    refresh(session)
    member = MediaListMember
    rows = select(member.list_id, member.excluded).where(member.contact_id.in_(numbers)).order_by(member.excluded)
    hands = dict(session.execute(rows).all())
    active = set(session.scalars(select(Contact.id).where(Contact.id.in_(numbers), IS_ACTIVE)))
    listed = []
    for media_list in session.scalars(select(MediaList).order_by(MediaList.key)).all():
        hand = hands.get(media_list.id)
        finding = _finding(session, media_list, numbers, at=at)
        if hand is None and not finding:
            continue
        # A list has only who is active; a query of it may find her other numbers, and finds nobody for that.
        found = active if hand is False else active & set().union(*finding.values())
        on_it = bool(found) and not hand
        listed.append(Listed(media_list=media_list, on_it=on_it, kept_off=hand, queries=tuple(finding)))
    return listed


def _finding(
    session: Session, media_list: MediaList, numbers: Sequence[int], *, at: datetime
) -> dict[str, set[int]]:
    """The saved queries that find any of these contacts, with those whom they find."""
    fits: dict[str, ColumnElement[bool]] = {}
    for saved in media_list.queries:
        with suppress(BadQuery):
            fits[saved.query] = condition(session, parse(saved.query), at=at)
    if not fits:
        return {}
    columns = [fit.label(None) for fit in fits.values()]
    rows = session.execute(select(Contact.id, *columns).where(Contact.id.in_(numbers))).all()
    found = {text: {row[0] for row in rows if row[place]} for place, text in enumerate(fits, 1)}
    return {text: people for text, people in found.items() if people}


def _reasons(session: Session, parts: ListParts, media_list: MediaList) -> Iterator[Reasons]:
    into = aliased(Contact)
    # By hand she is also where she was merged into another one, which is told by her own row.
    picked = select(MediaListMember.contact_id).where(MediaListMember.list_id == media_list.id)
    hand = or_(parts.by_hand, Contact.id.in_(picked))
    found = or_(hand, *(fits for _, fits in parts.queries))
    columns = [hand.label("hand"), parts.kept_off.label("off"), *(fits.label(None) for _, fits in parts.queries)]
    rows = select(Contact.id, Contact.name, Contact.status, into.name, into.id, *columns)
    rows = rows.outerjoin(into, into.id == Contact.merged_into_id)
    # A query of names and words finds who was merged too; only a hand put her there.
    shown = or_(Contact.status == ContactStatus.ACTIVE, Contact.id.in_(picked))
    rows = rows.where(found, shown).order_by(Contact.id)
    for number, name, status, into_name, into_id, by_hand, off, *fits in session.execute(rows):
        queries = [text for (text, _), fit in zip(parts.queries, fits, strict=True) if fit]
        kept = [BY_HAND] if off else []
        if status is ContactStatus.MERGED:
            kept.append(f"merged into {into_name} (no. {into_id})")
        elif status is not ContactStatus.ACTIVE:
            kept.append(str(status.value))
        # Who is only kept off was put there by a hand too, which says nothing of why she would be on it.
        because = ((BY_HAND,) if by_hand and not off else ()) + tuple(queries)
        yield Reasons(number, name, not kept, because, tuple(kept))
