"""Suppression: the addresses that must not be written to, whichever list names them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.contacts.address import address
from mailer.contacts.models import Contact, Suppression, SuppressionKind
from mailer.contacts.spelling import CONTROLS
from mailer.contacts.table import clean
from mailer.errors import BadAddress

_CHUNK = 500  # keys in one query, well below the 32,766 parameters that SQLite takes


def suppress(session: Session, text: str, *, reason: str, at: datetime, actor: Actor) -> bool:
    """Write to this address no more; ``False`` where that was so, and its first reason stays.

    Raises ``BadAddress``. A reason is cut to what fits, not refused: it may come from a stranger's mail server,
    and nobody is to be written to again for want of good words.
    """
    key = _key(text)
    reason = clean(CONTROLS.sub(" ", reason))[:300] or "no reason given"
    try:
        # Not looked up before: a bounce and an officer may say so in the same moment.
        with session.begin_nested():
            session.add(Suppression(address_key=key, kind=SuppressionKind.ASKED, reason=reason, since=at))
    except IntegrityError:
        return False
    _log(session, Event.SUPPRESSION_ADDED, key, at, actor)
    return True


def lift(session: Session, text: str, *, at: datetime, actor: Actor) -> bool:
    """Let this address be written to again; ``False`` where nothing kept it from that. Raises ``BadAddress``."""
    key = _key(text)
    by_all = (Suppression.address_key == key, Suppression.organisation_id.is_(None))
    suppression = session.scalar(select(Suppression).where(*by_all))
    if suppression is None:
        return False
    session.delete(suppression)
    session.flush()
    _log(session, Event.SUPPRESSION_REMOVED, key, at, actor)
    return True


def suppressed_among(session: Session, address_keys: Collection[str]) -> set[str]:
    """Those of the keys (see ``Address.key``) that are suppressed."""
    keys = list(address_keys)
    found: set[str] = set()
    for start in range(0, len(keys), _CHUNK):
        chunk = keys[start : start + _CHUNK]
        found.update(session.scalars(select(Suppression.address_key).where(Suppression.address_key.in_(chunk))))
    return found


def _key(text: str) -> str:
    try:
        return address(text).key
    except ValueError as error:
        raise BadAddress(address=clean(text)[:80], reason=error) from error


def _log(session: Session, event: Event, key: str, at: datetime, actor: Actor) -> None:
    # By the contact's number, where she is one of ours: the log cannot forget an address.
    contact_id = session.scalar(select(Contact.id).where(Contact.address_key == key))
    append(session, event, at=at, actor=actor, contact_id=contact_id)
