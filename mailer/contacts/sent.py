"""Who was sent what, for searches and histories: the tables of deliveries, which belong to a room above this one, by
their names.

``tests/contacts/test_sent.py`` holds them to the models.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, String, column, select, table
from sqlalchemy.orm import Session

from mailer.database import UTCDateTime, chunks

DELIVERY = table(
    "delivery",
    column("id"),
    column("wave_id"),
    column("contact_id"),
    column("language", String()),
    column("state", String()),
    column("finished_at", UTCDateTime()),
)
WAVE = table(
    "wave",
    column("id"),
    column("release_id"),
    column("version_id"),
    column("list_id"),
    column("state", String()),
    column("opened_at", UTCDateTime()),
)
WAVE_OVER = ("cancelled", "done")
RELEASE = table("release", column("id"), column("slug", String()))
VERSION = table("version", column("id"), column("number"))
ATTEMPT = table("attempt", column("delivery_id"), column("number"), column("text", String()))
ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What a wave takes to everybody."""

    release: str
    """The slug."""
    version: int


def sent_to(*, since: datetime | None = None) -> Select[int]:
    """The contacts of whose mail a relay has taken one, at or after that instant."""
    accepted = select(DELIVERY.c.contact_id).where(DELIVERY.c.state == ACCEPTED)
    return accepted if since is None else accepted.where(DELIVERY.c.finished_at >= since)


def sent_release(slug: str) -> Select[int]:
    """The contacts who were sent that release, in whichever version."""
    waves = select(WAVE.c.id).join(RELEASE, RELEASE.c.id == WAVE.c.release_id).where(RELEASE.c.slug == slug)
    return sent_to().where(DELIVERY.c.wave_id.in_(waves))


def dispatches(session: Session, wave_ids: Collection[int]) -> Mapping[int, Dispatch]:
    """What these waves took, by their numbers."""
    found: dict[int, Dispatch] = {}
    for some in chunks(wave_ids):
        query = (
            select(WAVE.c.id, RELEASE.c.slug, VERSION.c.number)
            .join(RELEASE, RELEASE.c.id == WAVE.c.release_id)
            .join(VERSION, VERSION.c.id == WAVE.c.version_id)
            .where(WAVE.c.id.in_(some))
        )
        found |= {row[0]: Dispatch(row[1], row[2]) for row in session.execute(query)}
    return found


def languages_sent(session: Session, contact_ids: Select[int]) -> Mapping[int, str]:
    """In which language each delivery to these contacts is, by its number."""
    query = select(DELIVERY.c.id, DELIVERY.c.language).where(DELIVERY.c.contact_id.in_(contact_ids))
    return {row[0]: row[1] for row in session.execute(query)}


def replies(session: Session, contact_ids: Select[int]) -> Mapping[tuple[int, int], str]:
    """What relays said about these contacts, in their own words, by delivery and attempt."""
    query = (
        select(ATTEMPT.c.delivery_id, ATTEMPT.c.number, ATTEMPT.c.text)
        .join(DELIVERY, DELIVERY.c.id == ATTEMPT.c.delivery_id)
        .where(DELIVERY.c.contact_id.in_(contact_ids))
    )
    return {(row[0], row[1]): row[2] for row in session.execute(query)}
