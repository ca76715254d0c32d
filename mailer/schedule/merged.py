"""What waits for a contact who was merged into another: she gets a wave once, and she gets it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit import Actor
from mailer.contacts.models import Contact
from mailer.schedule.models import RECEIVING_STATES, Delivery, DeliveryState, Wave
from mailer.schedule.waves import cancel_deliveries


def cancel_doubles(session: Session, kept: Contact, merged: Contact, *, at: datetime, actor: Actor) -> int:
    """Cancel what waits for the merged one in waves that reach the kept one too; returns how many.

    The others go out to the address that they were made for: nobody is missed for being merged. What a process is
    handing over at this moment is finished by it.
    """
    hers = select(Delivery.wave_id).where(Delivery.contact_id == kept.id, Delivery.state.in_(RECEIVING_STATES))
    waiting = (
        Delivery.contact_id == merged.id,
        Delivery.state.in_((DeliveryState.QUEUED, DeliveryState.DEFERRED)),
    )
    waves = select(Delivery.wave_id).where(*waiting, Delivery.wave_id.in_(hers))
    # The waves' rows first and in order, as whoever ends or gives up deliveries takes them.
    session.execute(select(Wave.id).where(Wave.id.in_(waves)).order_by(Wave.id).with_for_update())
    return cancel_deliveries(session, *waiting, Delivery.wave_id.in_(hers), at=at, actor=actor)
