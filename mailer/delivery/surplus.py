"""Gives claims back that wait for a limit or a relay, with the time from which they are looked at again."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from mailer.database import bulk, storing
from mailer.delivery.claims import Claim, give_back


def put_off(session: Session, claims: Sequence[tuple[Claim, datetime]], *, process_id: str, at: datetime) -> None:
    """As ``give_back``, and nobody claims them before their time."""
    stored = storing(session)
    bulk(
        session,
        "UPDATE delivery SET next_at = ? WHERE id = ? AND process_id = ? AND state = 'sending'",
        [(stored(until), claim.id, process_id) for claim, until in claims],
    )
    give_back(session, [claim.id for claim, _ in claims], process_id=process_id, at=at)
