"""Beats: stand-in until the vocabulary has them."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.contacts.models import Beat
from mailer.contacts.spelling import fold

_KNOWN = [
    "migration",
    "humanitarian",
    "economy",
    "politics",
    "culture",
    "health",
    "human-rights",
    "climate",
    "sport",
]


def beats_by_name(session: Session) -> Mapping[str, str]:
    found = {slug: slug for slug in _KNOWN}
    for beat in session.scalars(select(Beat)):
        found |= {fold(name): beat.slug for name in (beat.name, beat.slug)}
    return found
