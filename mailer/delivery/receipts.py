"""The receipt of a delivery: see ``audit.sealing.receipt``."""

from collections.abc import Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from mailer.audit import Event, LogEntry
from mailer.audit.sealing import VerifierKey, prove, write_receipt
from mailer.delivery.dkim import Signer
from mailer.delivery.messages import reproduce
from mailer.delivery.models import Attempt
from mailer.errors import NothingToProve, PersonForgotten, UnknownDelivery
from mailer.releases.models import Release, Version
from mailer.schedule.models import Delivery, Wave

_OF_WAVE = (Event.WAVE_SCHEDULED, Event.WAVE_OPENED)
_OF_VERSION = (Event.VERSION_FROZEN, Event.VERSION_APPROVED)


def receipt(
    session: Session,
    delivery_id: int,
    *,
    keys: Sequence[VerifierKey],
    bounce_address: str,
    signers: Sequence[Signer] = (),
) -> tuple[str, bool]:
    """The file's text, and whether the message is in it: it is where it can be produced again byte for byte.

    Raises ``UnknownDelivery``, ``NothingToProve`` before there is an entry about it, and ``NotSealed`` while one of
    them is not under a checkpoint.
    """
    delivery = session.get(Delivery, delivery_id)
    if delivery is None:
        raise UnknownDelivery(delivery=delivery_id)
    wave = session.get_one(Wave, delivery.wave_id)
    version = session.get_one(Version, wave.version_id)
    checkpoint, proven = prove(session, _entries(session, delivery, version))
    try:
        again = reproduce(session, delivery_id, bounce_address=bounce_address, signers=signers)
        message = again.message if again.matches else b""
        address, name = delivery.address, delivery.name
    except PersonForgotten:
        message, address, name = b"", "", ""
    attempts = session.scalars(select(Attempt).where(Attempt.delivery_id == delivery.id).order_by(Attempt.number))
    told = {
        "delivery": delivery.id,
        "state": delivery.state.value,
        "name": name,
        "address": address,
        "release": session.get_one(Release, version.release_id).slug,
        "version": version.number,
        "wave": wave.id,
        "kind": wave.kind.value,
        "wall_time": wave.wall,
        "zone": wave.zone,
        "attempts": [
            {
                "at": one.at.isoformat(),
                "relay": one.relay,
                "code": one.code,
                "enhanced": one.enhanced,
                "reply": one.text,
            }
            for one in attempts
        ],
    }
    text = write_receipt(
        checkpoint=checkpoint, entries=proven, message=message, version=version.content, keys=keys, told=told
    )
    return text, bool(message)


def _entries(session: Session, delivery: Delivery, version: Version) -> list[int]:
    """Of the version and its approvals, of the wave, and of the delivery, in the log's order."""
    about_all = and_(LogEntry.release_id == version.release_id, LogEntry.delivery_id.is_(None))
    found = session.execute(
        select(LogEntry.id, LogEntry.event, LogEntry.delivery_id, LogEntry.data).where(
            or_(
                LogEntry.delivery_id == delivery.id,
                and_(about_all, LogEntry.event.in_(_OF_VERSION)),
                and_(LogEntry.wave_id == delivery.wave_id, LogEntry.event.in_(_OF_WAVE)),
            )
        )
    )
    rows = [row for row in found if row.event not in _OF_VERSION or row.data.get("sha256") == version.sha256]
    if all(row.delivery_id is None for row in rows):
        raise NothingToProve(delivery=delivery.id, state=delivery.state.value)
    return sorted(row.id for row in rows)
