"""Gives claims back that wait for a limit or a relay, with the time from which they are looked at again."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from mailer.delivery.claims import Claim, give_back, lock_waves_of
from mailer.schedule.models import Delivery, DeliveryState


def put_off(session: Session, claims: Sequence[tuple[Claim, datetime]], *, process_id: str, at: datetime) -> None:
    """As ``give_back``, and nobody claims them before their time, to the second."""
    if not claims:
        return
    lock_waves_of(session, [claimed.id for claimed, _ in claims])
    together: defaultdict[datetime, list[int]] = defaultdict(list)
    for claimed, until in claims:
        together[until.replace(microsecond=0)].append(claimed.id)
    for until, numbers in together.items():
        session.execute(
            update(Delivery)
            .where(
                Delivery.id.in_(numbers),
                Delivery.process_id == process_id,
                Delivery.state == DeliveryState.SENDING,
            )
            .values(next_at=until)
            .execution_options(synchronize_session=False)
        )
    give_back(session, [claimed.id for claimed, _ in claims], process_id=process_id, at=at)
