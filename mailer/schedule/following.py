"""How a media list has changed since a wave was scheduled to it: the wave keeps the audience that it had then."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select, union
from sqlalchemy.orm import Session

from mailer.contacts.lists import members_of
from mailer.contacts.models import Contact
from mailer.errors import BadQuery
from mailer.schedule.models import Delivery, Exclusion, Wave, WaveState


@dataclass(frozen=True, slots=True)
class Difference:
    """Who would be in the audience if the wave were scheduled now, and who would not be any more; by name."""

    joined: tuple[tuple[int, str], ...]
    """Numbers and names."""
    left: tuple[tuple[int, str], ...]
    broken: str = ""
    """Why it cannot be told any more who is on the list; then the two are empty and say nothing."""


def since_scheduled(session: Session, wave: Wave, *, at: datetime) -> Difference | None:
    """What has changed on the list of a wave that has not been opened; ``None`` for another one, which is settled."""
    if wave.opened_at is not None or wave.state in (WaveState.CANCELLED, WaveState.DONE):
        return None
    then = union(
        select(Delivery.contact_id).where(Delivery.wave_id == wave.id),
        select(Exclusion.contact_id).where(Exclusion.wave_id == wave.id),
    ).subquery()
    try:
        now = members_of(session, wave.media_list, at=at)
    except BadQuery as error:
        return Difference((), (), str(error))
    settled = select(then.c.contact_id)
    return Difference(
        joined=_named(session, select(Contact.id).where(Contact.id.in_(now), Contact.id.not_in(settled))),
        left=_named(session, select(Contact.id).where(Contact.id.in_(settled), Contact.id.not_in(now))),
    )


def _named(session: Session, ids: Select[int]) -> tuple[tuple[int, str], ...]:
    query = select(Contact.id, Contact.name).where(Contact.id.in_(ids)).order_by(Contact.name, Contact.id)
    return tuple((number, name) for number, name in session.execute(query))
