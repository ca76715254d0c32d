"""Takes over from processes that died: what their journals say is recorded, the rest goes back to the queue."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.database import Database
from mailer.delivery.claims import claims_of, give_back, retire, the_dead
from mailer.delivery.journal import Ended, Ending, Remains, journal_file, read_remains
from mailer.delivery.outcome import Policy, record
from mailer.delivery.reply import Stage
from mailer.logs import fields
from mailer.schedule.models import Delivery

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What one dead process left, in numbers."""

    process_id: str
    recorded: int
    in_doubt: int
    given_back: int


def take_over(
    database: Database, folder: Path, *, policy: Policy, at: datetime, me: str = ""
) -> Iterator[TakenOver]:
    """Settle the affairs of every dead process, each in one transaction. Living ones are not touched."""
    with the_dead(database, folder, me=me) as dead:
        for process_id in dead:
            file = journal_file(folder, process_id)
            try:
                remains = read_remains(file)
            except OSError as error:
                # Without it nobody knows what went out: left as it is, and told, until somebody gives access.
                _log.warning(
                    "the journal of a dead process cannot be read, its deliveries wait: %s",
                    error,
                    extra=fields("journal.unreadable", process=process_id),
                )
                continue
            with database.write() as session:
                taken = _settle(session, process_id, remains, policy=policy, at=at)
            # Only now: a crash before the commit must find the journal again.
            with suppress(OSError):
                file.unlink(missing_ok=True)
            yield taken


def _settle(session: Session, process_id: str, remains: Remains, *, policy: Policy, at: datetime) -> TakenOver:
    claimed = select(Delivery.id, Delivery.sha256).where(*claims_of(process_id))
    hashes = dict(session.execute(claimed).all())
    ended = [attempt for attempt in remains.ended if attempt.delivery_id in hashes]
    known = {attempt.delivery_id for attempt in ended}
    doubtful = {
        delivery_id: remains.begun.get(delivery_id, sha256)
        for delivery_id, sha256 in hashes.items()
        # Without a whole journal nothing says that a claim's data did not go out.
        if delivery_id not in known and (delivery_id in remains.begun or not remains.whole)
    }
    in_doubt = [
        Ended(
            delivery_id=delivery_id,
            at=at,
            relay="",
            stage=Stage.END.value,
            verdict=Ending.IN_DOUBT.value,
            code=0,
            enhanced="",
            text="the process died before the relay's reply was kept",
            sha256=sha256,
        )
        for delivery_id, sha256 in doubtful.items()
    ]
    record(session, [*ended, *in_doubt], process_id=process_id, policy=policy)
    rest = [delivery_id for delivery_id in hashes if delivery_id not in known and delivery_id not in doubtful]
    give_back(session, rest, process_id=process_id, at=at)
    retire(session, process_id, at=at, reason="died; taken over")
    return TakenOver(process_id, len(ended), len(in_doubt), len(rest))
