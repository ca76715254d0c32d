"""What waits for a contact who was merged into another: she gets a wave once, and she gets it."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.contacts.models import Contact
from mailer.schedule.models import RECEIVING_STATES, Delivery, DeliveryState


def count_doubles(session: Session, kept: Contact, merged: Contact) -> int:
    """How many deliveries wait for the merged one in waves that reach the kept one too.

    They are not sent, which ``delivery.barred`` sees to when a batch is claimed. Nothing is cancelled before: two
    people who were merged by mistake, and parted again, must both get what was planned for them.
    """
    hers = select(Delivery.wave_id).where(Delivery.contact_id == kept.id, Delivery.state.in_(RECEIVING_STATES))
    waiting = (
        Delivery.contact_id == merged.id,
        Delivery.state.in_((DeliveryState.QUEUED, DeliveryState.DEFERRED)),
    )
    doubles = select(func.count()).select_from(Delivery).where(*waiting, Delivery.wave_id.in_(hers))
    return session.scalar(doubles) or 0
