"""Puts a media list aside for the record, and takes it back: a list that a wave went to can never be deleted."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.contacts.conditions import check
from mailer.contacts.lists import naming
from mailer.contacts.models import MediaList
from mailer.contacts.sent import WAVE, WAVE_OVER
from mailer.errors import ListInUse


def archive_list(session: Session, media_list: MediaList, *, at: datetime, actor: Actor) -> bool:
    """Put a list aside: it is not offered, takes no changes and no waves; ``False`` when it was so already.

    Raises ``ListInUse`` while a query of a list that is in use names it, or a wave to it is still to open.
    """
    if media_list.archived_at is not None:
        return False
    if users := sorted({other.name for other, _, _ in naming(session, media_list) if other.archived_at is None}):
        raise ListInUse(
            name=media_list.name,
            verb="archived",
            users="the media list " + ", ".join(f"“{user}”" for user in users),
            advice="Take it out of their queries first.",
        )
    open_ones = select(WAVE.c.id).where(
        WAVE.c.list_id == media_list.id, WAVE.c.opened_at.is_(None), WAVE.c.state.not_in(WAVE_OVER)
    )
    if waves := session.scalars(open_ones.order_by(WAVE.c.id)).all():
        raise ListInUse(
            name=media_list.name,
            verb="archived",
            users=f"wave {', '.join(map(str, waves[:10]))}, still to open",
            advice="Cancel that, or wait until it has gone out.",
        )
    media_list.archived_at = at
    session.flush()
    append(session, Event.LIST_ARCHIVED, at=at, actor=actor, data={"list": media_list.id})
    return True


def restore_list(session: Session, media_list: MediaList, *, at: datetime, actor: Actor) -> bool:
    """Take a list back into use; ``False`` when it was not archived.

    Raises ``BadQuery`` for a query of it that cannot be asked by now, such as one that names a list that is archived.
    """
    if media_list.archived_at is None:
        return False
    media_list.archived_at = None
    session.flush()
    for saved in media_list.queries:
        check(session, saved.query, at=at, within=media_list)
    append(session, Event.LIST_RESTORED, at=at, actor=actor, data={"list": media_list.id})
    return True
