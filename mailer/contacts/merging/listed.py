"""Places on media lists that were given by hand: those of the merged contact become the kept one's.

Who was kept off a list stays off it, whichever of the two rows said so.
"""

from collections.abc import Iterator

from sqlalchemy import delete, insert, select

from mailer.contacts.merging.laid import Change, Laid, Pair, Undo
from mailer.contacts.models import MediaList, MediaListMember

_NOT_THERE = None


def lay(pair: Pair) -> Laid:
    """Move them."""
    laid = Laid()
    theirs, hers = _places(pair, pair.merged.id), _places(pair, pair.kept.id)
    names = dict(pair.session.execute(select(MediaList.id, MediaList.name).where(MediaList.id.in_(theirs))).all())
    members = []
    for list_id, excluded in sorted(theirs.items()):
        before = hers.get(list_id, _NOT_THERE)
        after = excluded or bool(before)
        members.append([list_id, excluded, before, after])
        _put(pair, pair.merged.id, list_id, _NOT_THERE)
        if before is not after:
            _put(pair, pair.kept.id, list_id, after)
            laid.changes.append(Change(f"media list {names[list_id]}", _word(before), _word(after)))
    if members:
        laid.undo["members"] = members
    return laid


def lift(pair: Pair, undo: Undo) -> Iterator[str]:
    """Give both the places that they had; yields what stays."""
    members = undo.get("members", ())
    there = dict(
        pair.session.execute(
            select(MediaList.id, MediaList.name).where(MediaList.id.in_([row[0] for row in members]))
        ).all()
    )
    hers = _places(pair, pair.kept.id)
    for list_id, excluded, before, after in members:
        if list_id not in there:
            continue
        _put(pair, pair.merged.id, list_id, excluded)
        if hers.get(list_id, _NOT_THERE) is after:
            _put(pair, pair.kept.id, list_id, before)
        else:
            yield f"her place on the media list {there[list_id]}, which was changed since"


def _places(pair: Pair, contact_id: int) -> dict[int, bool]:
    rows = select(MediaListMember.list_id, MediaListMember.excluded)
    return dict(pair.session.execute(rows.where(MediaListMember.contact_id == contact_id)).all())


def _put(pair: Pair, contact_id: int, list_id: int, excluded: bool | None) -> None:  # noqa: FBT001
    of_both = (MediaListMember.list_id == list_id, MediaListMember.contact_id == contact_id)
    pair.session.execute(delete(MediaListMember).where(*of_both))
    if excluded is not None:
        row = {"list_id": list_id, "contact_id": contact_id, "excluded": excluded}
        pair.session.execute(insert(MediaListMember), [row])


def _word(excluded: bool | None) -> str:  # noqa: FBT001
    return {None: "", False: "on it", True: "kept off it"}[excluded]
