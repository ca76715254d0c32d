"""Takes turns: what reads much and then writes by it must not overtake another that does the same."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from mailer.database.bulk import is_sqlite

_REGISTRY, _FAMILIES = 0x4461746552656773, 0x4461746546616D73
"""Keep our locks apart from anybody else's in the same PostgreSQL database."""


def take_turn(session: Session) -> None:
    """Be the only one who imports, enters, merges or erases people until this transaction ends. Before anything is read
    of them: two imports would add the same person twice, and one would write back who was erased meanwhile.

    On SQLite a writing session is alone from its start.
    """
    if not is_sqlite(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _REGISTRY})


def take_family_turn(session: Session) -> None:
    """Be the only one who decides under which of her contacts a person gets a wave, until this transaction ends: two
    who claim at once, each for one of them, would both find that she has it under none."""
    if not is_sqlite(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _FAMILIES})
