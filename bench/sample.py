"""One message of Dateline's own, from which the yardsticks' messages are made: the same size, the same two parts."""

from dataclasses import dataclass
from pathlib import Path

import office
from sqlalchemy import select

from mailer.delivery.messages import load_text
from mailer.rendering import Personal
from mailer.schedule.models import Delivery, Wave

NAME, TOKEN = "@@NAME@@", "@@TOKEN@@"
"""What stands for the personal values; neither HTML nor Jinja2 means anything by them."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The message, with marks where it is personal."""

    size: int
    """Bytes, as one recipient gets them."""
    subject: str
    text: str
    html: str


def sample(folder: Path) -> Sample:
    """As a tiny office compiles it, without a photo."""
    database = office.opened(f"sqlite:///{folder}/sample.db")
    try:
        with database.write() as session:
            office.fill(session, 5)
            office.release(session)
            wave = office.plan(session).wave
        with database.read() as session:
            first = session.scalars(select(Delivery).where(Delivery.wave_id == wave.id)).first()
            text = load_text(session, first.compiled_id)  # type: ignore[union-attr]
            date = session.get_one(Wave, wave.id).due_at
    finally:
        database.close()
    real = Personal(
        name=first.name,  # type: ignore[union-attr]
        address=first.address,  # type: ignore[union-attr]
        token=first.token,  # type: ignore[union-attr]
        date=date,
    )
    seen = text.preview(Personal(name=NAME, address="nobody@paper.example", token=TOKEN, date=date))
    return Sample(sum(map(len, text.splice(real))), seen.subject, seen.text, seen.html)
