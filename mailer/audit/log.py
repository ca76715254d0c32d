"""Appends events to the log and reads them back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from mailer.audit.models import LogEntry
from mailer.database import insert_rows

Actor = NewType("Actor", str)
"""Who did it: ``cli:`` and the account's name, or ``system:`` and the process's part. Never an address."""


class Event(StrEnum):
    """Everything that the log tells of."""

    ORGANISATION_ADDED = "organisation.added"
    ORGANISATION_CHANGED = "organisation.changed"
    CONTACT_ADDED = "contact.added"
    CONTACT_CHANGED = "contact.changed"
    CONTACT_MERGED = "contact.merged"
    CONTACT_UNMERGED = "contact.unmerged"
    CONTACT_NOTED = "contact.noted"
    CONTACT_VERIFIED = "contact.verified"
    CONTACT_ERASED = "contact.erased"
    CONTACT_READMITTED = "contact.readmitted"
    """She asked to be in the registry again, and an address of hers is not barred as erased any more."""
    CONTACT_DISCLOSED = "contact.disclosed"
    """Everything held on her was given out, as to herself when she asks (GDPR, Article 15)."""
    CONTACTS_EXPORTED = "contacts.exported"
    PEOPLE_READ = "people.read"
    """Somebody was shown people's details: see ``audit.readings``."""
    TERMS_ADDED = "terms.added"
    TERMS_ACCEPTED = "terms.accepted"
    TERMS_WITHDRAWN = "terms.withdrawn"
    BEAT_ADDED = "beat.added"
    MAPPING_SAVED = "mapping.saved"
    SUPPRESSION_ADDED = "suppression.added"
    SUPPRESSION_REMOVED = "suppression.removed"
    LIST_CREATED = "list.created"
    LIST_CHANGED = "list.changed"
    LIST_ARCHIVED = "list.archived"
    LIST_RESTORED = "list.restored"
    LIST_DELETED = "list.deleted"
    RELEASE_ADDED = "release.added"
    RELEASE_CHANGED = "release.changed"
    RELEASE_TESTED = "release.tested"
    """A mail of it went to colleagues, marked as a test: to how many addresses, of which version (none: a draft)."""
    VERSION_FROZEN = "version.frozen"
    VERSION_APPROVED = "version.approved"
    WAVE_SCHEDULED = "wave.scheduled"
    WAVE_REFRESHED = "wave.refreshed"
    """Its live audience was brought up to date with its media list."""
    WAVE_OPENED = "wave.opened"
    WAVE_HELD = "wave.held"
    WAVE_RELEASED = "wave.released"
    WAVE_PAUSED = "wave.paused"
    WAVE_RESUMED = "wave.resumed"
    WAVE_CANCELLED = "wave.cancelled"
    WAVE_DONE = "wave.done"
    DELIVERY_ADDED = "delivery.added"
    """To a wave that was scheduled, as its audience is live."""
    DELIVERY_EXCLUDED = "delivery.excluded"
    DELIVERY_ACCEPTED = "delivery.accepted"
    DELIVERY_DEFERRED = "delivery.deferred"
    DELIVERY_FAILED = "delivery.failed"
    DELIVERY_IN_DOUBT = "delivery.in-doubt"
    DELIVERY_HELD = "delivery.held"
    DELIVERY_REQUEUED = "delivery.requeued"
    DELIVERY_CANCELLED = "delivery.cancelled"
    DELIVERY_SUPPRESSED = "delivery.suppressed"
    PROCESS_STARTED = "process.started"
    PROCESS_STOPPED = "process.stopped"
    CLOCK_JUMPED = "clock.jumped"
    RELAY_DOWN = "relay.down"
    RELAY_UP = "relay.up"
    RELAY_THROTTLED = "relay.throttled"
    LOG_KEY_MADE = "log.key-made"
    LOG_KEY_CHANGED = "log.key-changed"
    LOG_SET_BACK = "log.set-back"
    """Somebody put back an older copy of the database and has said so."""
    LOG_ENTRY_UNREADABLE = "log.entry-unreadable"
    """An entry that nobody can read was passed over when it was to be sealed."""
    OFFICE_BACKED_UP = "office.backed-up"
    """Everything was given out in one file; with the secret keys, where ``with_keys``."""
    OFFICE_RESTORED = "office.restored"
    """It goes on from an older state: what the log had behind this entry's place before is not in this database."""
    REPORT_READ = "report.read"
    """Somebody was shown an answer about people (see ``mailer.reports``): which question, and how many rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """Which entries to read; what is ``None`` does not matter."""

    event: str | None = None
    release_id: int | None = None
    wave_id: int | None = None
    delivery_ids: Select[Any] | None = None
    contact_ids: Select[Any] | None = None
    since: datetime | None = None
    until: datetime | None = None


def append(
    session: Session,
    event: Event,
    *,
    at: datetime,
    actor: Actor,
    release_id: int | None = None,
    wave_id: int | None = None,
    delivery_id: int | None = None,
    contact_id: int | None = None,
    data: Mapping[str, object] | None = None,
) -> None:
    """Add one entry in the caller's transaction. ``data`` holds no names, addresses or bodies."""
    row = entry(
        event,
        at=at,
        actor=actor,
        release_id=release_id,
        wave_id=wave_id,
        delivery_id=delivery_id,
        contact_id=contact_id,
        data=data,
    )
    append_many(session, [row])


def entry(
    event: Event,
    *,
    at: datetime,
    actor: Actor,
    release_id: int | None = None,
    wave_id: int | None = None,
    delivery_id: int | None = None,
    contact_id: int | None = None,
    data: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """One entry for ``append_many``."""
    return {
        "at": at,
        "event": event.value,
        "actor": actor,
        "release_id": release_id,
        "wave_id": wave_id,
        "delivery_id": delivery_id,
        "contact_id": contact_id,
        "data": dict(data or {}),
    }


def append_many(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add entries in the caller's transaction, each made by ``entry``."""
    if rows:
        session.execute(insert(LogEntry), rows)


def append_rows(session: Session, rows: Sequence[tuple[Any, ...]]) -> None:
    """Add entries as the driver takes them (see ``database.bulk``): at, event, actor, release, wave, delivery, contact
    and data as JSON text. For whoever appends one for each delivery of a wave."""
    insert_rows(session, LogEntry, _COLUMNS, rows)


_COLUMNS = ("at", "event", "actor", "release_id", "wave_id", "delivery_id", "contact_id", "data")


def entries(session: Session, criteria: Criteria = Criteria(), *, limit: int = 0) -> Iterator[LogEntry]:
    """The entries that fit, oldest first; with a limit, the newest so many of them."""
    conditions: tuple[Any, ...] = (
        criteria.event is None or LogEntry.event == criteria.event,
        criteria.release_id is None or LogEntry.release_id == criteria.release_id,
        criteria.wave_id is None or LogEntry.wave_id == criteria.wave_id,
        criteria.delivery_ids is None or LogEntry.delivery_id.in_(criteria.delivery_ids),
        criteria.contact_ids is None or LogEntry.contact_id.in_(criteria.contact_ids),
        criteria.since is None or LogEntry.at >= criteria.since,
        criteria.until is None or LogEntry.at < criteria.until,
    )
    query = select(LogEntry).where(*(c for c in conditions if c is not True))
    if limit:
        newest = query.order_by(LogEntry.id.desc()).limit(limit)
        yield from reversed(session.scalars(newest).all())
    else:
        yield from session.scalars(query.order_by(LogEntry.id).execution_options(yield_per=1000))
