"""How a list has changed since a wave's audience was made of it, which a frozen one keeps and a live one follows."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select, union
from sqlalchemy.orm import Session

from mailer.contacts.lists import members_of
from mailer.contacts.models import Contact
from mailer.errors import BadQuery
from mailer.schedule.models import Delivery, Exclusion, ExclusionReason, Wave, WaveState


@dataclass(frozen=True, slots=True)
class Difference:
    """Who would be in the audience if it were made now, and who would not be any more; by name."""

    joined: tuple[tuple[int, str], ...]
    """Numbers and names."""
    left: tuple[tuple[int, str], ...]
    broken: str = ""
    """Why it cannot be told any more who is on the list; then the two are empty and say nothing."""


def since_scheduled(session: Session, wave: Wave, *, at: datetime) -> Difference | None:
    """What has changed on the list of a wave that has not been opened; ``None`` for another one, which is settled."""
    if wave.opened_at is not None or wave.state in (WaveState.CANCELLED, WaveState.DONE):
        return None
    # Who had left a live audience before is in it no more, though her delivery is there to show it.
    gone = select(Exclusion.contact_id).where(
        Exclusion.wave_id == wave.id, Exclusion.reason == ExclusionReason.LEFT_LIST
    )
    then = union(
        select(Delivery.contact_id).where(Delivery.wave_id == wave.id, Delivery.contact_id.not_in(gone)),
        select(Exclusion.contact_id).where(
            Exclusion.wave_id == wave.id, Exclusion.reason != ExclusionReason.LEFT_LIST
        ),
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
