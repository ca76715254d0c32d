"""Named mappings: which column of somebody's lists is which field, and what they do not say, kept for the next time."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.contacts.models import ImportMapping
from mailer.contacts.reading.columns import checked
from mailer.contacts.spelling import CONTROLS, fold
from mailer.contacts.table import clean
from mailer.errors import BadMapping, UnknownMapping, nearest

LONGEST_NAME = 120


def save_mapping(
    session: Session,
    name: str,
    fields: Mapping[str, str],
    *,
    defaults: Mapping[str, str] = MappingProxyType({}),
    at: datetime,
    actor: Actor,
) -> None:
    """Keep the fields by heading ("" for a column that is left out), and defaults by field, under the name, in place of
    what it had.

    Raises ``BadMapping`` for a name that is none, or a field that is not there.
    """
    name = clean(name)
    key = fold(name)
    if not key or CONTROLS.search(name) or max(len(name), len(key)) > LONGEST_NAME:
        raise BadMapping(
            mapping=name[:LONGEST_NAME],
            reason=f"its name must have between 1 and {LONGEST_NAME} characters",
            remedy="Name it for who keeps such lists, such as --save-mapping “City desk”.",
        )
    folded = {fold(heading): field for heading, field in checked(fields).items()}
    kept = session.scalar(select(ImportMapping).where(ImportMapping.key == key))
    if kept is None:
        kept = ImportMapping(key=key)
        session.add(kept)
    elif (kept.name, kept.fields, kept.defaults) == (name, folded, dict(defaults)):
        return
    kept.name, kept.fields, kept.defaults, kept.saved_at = name, folded, dict(defaults), at
    session.flush()
    # Which one by its number: a name may well be a person's.
    append(session, Event.MAPPING_SAVED, at=at, actor=actor, data={"mapping": kept.id})


def mapping_named(session: Session, name: str) -> Mapping[str, str]:
    """The mapping of this name in any spelling: field by folded heading, as ``recognise`` takes it.

    Raises ``UnknownMapping``.
    """
    return dict(_kept(session, name).fields)


def defaults_named(session: Session, name: str) -> Mapping[str, str]:
    """The defaults that are kept with the mapping of this name, value by field. Raises ``UnknownMapping``."""
    return dict(_kept(session, name).defaults)


def _kept(session: Session, name: str) -> ImportMapping:
    kept = session.scalar(select(ImportMapping).where(ImportMapping.key == fold(clean(name))))
    if kept is None:
        names = session.scalars(select(ImportMapping.name).order_by(ImportMapping.key)).all()
        advice = nearest(name, names) or "None is saved yet; save one with --save-mapping NAME."
        raise UnknownMapping(name=clean(name)[:LONGEST_NAME], nearest=advice)
    return kept
