"""Who was sent what, for searches: the tables of deliveries, which belong to a room above this one, by their names.

``tests/contacts/test_sent.py`` holds them to the models.
"""

from datetime import datetime

from sqlalchemy import Select, String, column, select, table

from mailer.database import UTCDateTime

DELIVERY = table(
    "delivery",
    column("wave_id"),
    column("contact_id"),
    column("state", String()),
    column("finished_at", UTCDateTime()),
)
WAVE = table(
    "wave",
    column("id"),
    column("release_id"),
    column("list_id"),
    column("state", String()),
    column("opened_at", UTCDateTime()),
)
WAVE_OVER = ("cancelled", "done")
RELEASE = table("release", column("id"), column("slug", String()))
ACCEPTED = "accepted"


def sent_to(*, since: datetime | None = None) -> Select[int]:
    """The contacts of whose mail a relay has taken one, at or after that instant."""
    accepted = select(DELIVERY.c.contact_id).where(DELIVERY.c.state == ACCEPTED)
    return accepted if since is None else accepted.where(DELIVERY.c.finished_at >= since)


def sent_release(slug: str) -> Select[int]:
    """The contacts who were sent that release, in whichever version."""
    waves = select(WAVE.c.id).join(RELEASE, RELEASE.c.id == WAVE.c.release_id).where(RELEASE.c.slug == slug)
    return sent_to().where(DELIVERY.c.wave_id.in_(waves))
