"""What waits for two contacts who are merged: she gets a wave once, and she gets it."""

from sqlalchemy import and_, distinct, func, or_, select
from sqlalchemy.orm import Session, aliased

from mailer.contacts.models import Contact
from mailer.schedule.models import RECEIVING_STATES, Delivery, DeliveryState, Wave


def count_doubles(session: Session, kept: Contact, merged: Contact) -> int:
    """How many deliveries wait for one of them that would bring her what she gets, or has, under the other one.

    They are not sent, which ``delivery.barred`` sees to when a batch is claimed. Nothing is cancelled before: two
    people who were merged by mistake, and parted again, must both get what was planned for them.
    """
    wave, other_wave = aliased(Wave), aliased(Wave)
    waiting, other = aliased(Delivery), aliased(Delivery)
    same_wave = waiting.wave_id == other.wave_id
    same_text = and_(wave.again.is_(False), wave.version_id == other_wave.version_id, wave.kind == other_wave.kind)
    # Of two that wait in one wave, the kept one's goes; in two waves, whichever comes first.
    has_it = other.state.in_(set(RECEIVING_STATES) - set(_WAITING))
    gives_way = and_(same_wave, waiting.contact_id == merged.id, other.state.in_(RECEIVING_STATES))
    doubles = (
        select(func.count(distinct(waiting.id)))
        .join(wave, wave.id == waiting.wave_id)
        .join(other, and_(other.contact_id.in_((kept.id, merged.id)), other.contact_id != waiting.contact_id))
        .join(other_wave, other_wave.id == other.wave_id)
        .where(waiting.contact_id.in_((kept.id, merged.id)), waiting.state.in_(_WAITING))
        .where(or_(gives_way, and_(has_it, or_(same_wave, same_text))))
    )
    return session.scalar(doubles) or 0


_WAITING = (DeliveryState.QUEUED, DeliveryState.DEFERRED)
