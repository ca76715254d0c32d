"""Why somebody is on a media list, or kept off it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased

from mailer.contacts.conditions import ListParts, parts_of
from mailer.contacts.models import Contact, ContactStatus, MediaList, MediaListMember
from mailer.contacts.search_index import refresh

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


def lists_of(session: Session, contact_id: int, *, at: datetime) -> Sequence[tuple[MediaList, Reasons]]:
    """The lists that a contact is on, or is kept off, with the reasons; by the lists' names."""
    refresh(session)
    found = []
    for media_list in session.scalars(select(MediaList).order_by(MediaList.key)).all():
        parts = parts_of(session, media_list, at=at)
        found += [(media_list, r) for r in _reasons(session, parts, media_list, only=Contact.id == contact_id)]
    return found


def _reasons(
    session: Session, parts: ListParts, media_list: MediaList, *, only: ColumnElement[bool] | None = None
) -> Iterator[Reasons]:
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
    rows = rows.where(found, shown, *(() if only is None else (only,))).order_by(Contact.id)
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
