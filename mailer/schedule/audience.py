"""Expands a wave's audience into deliveries, and says who was left out and why."""

import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, insert, select
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append_many, entry
from mailer.contacts.models import Contact, ContactLanguage, ContactStatus
from mailer.contacts.stops import all_stops
from mailer.contacts.terms import accepts_embargo, day_of
from mailer.database import chunks, insert_rows
from mailer.releases.models import Approval
from mailer.rendering import Occasion, pick_languages
from mailer.schedule.models import RECEIVING_STATES, Delivery, DeliveryState, Exclusion, ExclusionReason, Wave

_BATCH = 1024

_COLUMNS = (
    *("wave_id", "contact_id", "compiled_id", "name", "address", "address_key", "language", "token", "state"),
    *("attempts", "sha256"),
)


@dataclass(slots=True)
class Expansion:
    """Who gets the wave, in numbers."""

    deliveries: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    """How many by the language of the edition (the first one in the mail)."""
    excluded: Counter[ExclusionReason] = field(default_factory=Counter)


def expand(
    session: Session,
    wave: Wave,
    audience: Select[int],
    *,
    offered: Sequence[str],
    default_language: str,
    again: bool,
    compiled_for: Callable[[tuple[str, ...], int], int],
    at: datetime,
    actor: Actor,
) -> Expansion:
    """Make the deliveries of a wave from the ids of its audience, in sets.

    ``compiled_for`` gives the id of the compiled text for editions and a city. Nobody is dropped silently: who gets
    nothing becomes an ``Exclusion`` and an entry of the log.
    """
    expansion = Expansion()
    reads = _languages(session, audience)
    stops = all_stops(session, issuers_of(session, wave.version_id))
    receiving = set() if again else _receiving(session, wave)
    picked: dict[tuple[str, ...], tuple[str, ...]] = {}
    everybody = _people(session, audience, {day_of(at), day_of(wave.due_at)})
    tokens = _tokens(len(everybody))
    for people in chunks(everybody, _BATCH):
        rows: list[tuple[Any, ...]] = []
        left_out: list[tuple[int, ExclusionReason]] = []
        for person, token in zip(people, tokens, strict=False):
            if stop := stops.why(person.id, person.address_key):
                left_out.append((person.id, ExclusionReason(stop.value)))
                continue
            if wave.kind is Occasion.UNDER_EMBARGO and not person.accepts_embargo:
                left_out.append((person.id, ExclusionReason.NO_EMBARGO_TERMS))
                continue
            if person.id in receiving:
                left_out.append((person.id, ExclusionReason.ALREADY_RECEIVES))
                continue
            hers = tuple(reads[person.id])
            languages = picked.get(hers)
            if languages is None:
                languages = pick_languages(hers, offered, default=default_language, layout=wave.layout)
                picked[hers] = languages
            arabic = languages[0].partition("-")[0] == "ar"
            expansion.languages[languages[0]] += 1
            rows.append(
                (
                    wave.id,
                    person.id,
                    compiled_for(languages, person.city_id),
                    (person.arabic_name or person.name) if arabic else person.name,
                    person.address,
                    person.address_key,
                    languages[0],
                    token,
                    DeliveryState.QUEUED.value,
                    0,
                    "",
                )
            )
        if rows:
            insert_rows(session, Delivery, _COLUMNS, rows)
            expansion.deliveries += len(rows)
        if left_out:
            _leave_out(session, wave, left_out, at=at, actor=actor)
            expansion.excluded.update(reason for _, reason in left_out)
    return expansion


def issuers_of(session: Session, version_id: int) -> frozenset[int]:
    """The organisations in whose name a version is sent: each has approved it, or nothing of it could be scheduled.

    Those of the release may be others by now; it is the version that her mail shows.
    """
    query = select(Approval.organisation_id).where(Approval.version_id == version_id)
    return frozenset(session.scalars(query))


def _tokens(count: int) -> Iterator[str]:
    """So many, in their order: 128 bits, of which the first 32 are the same for all and the others random.

    So they lie side by side in the index that keeps them unique; scattered over all of it they would take longer to
    enter than everything else of a delivery. Asking the system for randomness once is faster by far, too.
    """
    shared, digits = secrets.token_hex(4), secrets.token_hex(12 * count)
    return iter(sorted(shared + digits[start : start + 24] for start in range(0, len(digits), 24)))


def _people(session: Session, audience: Select[int], days: Collection[date]) -> Sequence[Any]:
    # By city, so that an operator who looks at a wave sees it go out city by city, and by id to be repeatable.
    query = (
        select(
            Contact.id,
            Contact.name,
            Contact.arabic_name,
            Contact.address,
            Contact.address_key,
            Contact.city_id,
            # On the day on which it goes out as well: an acceptance may end before.
            and_(*map(accepts_embargo, days)).label("accepts_embargo"),
        )
        .where(Contact.id.in_(audience), Contact.status == ContactStatus.ACTIVE)
        .order_by(Contact.city_id, Contact.id)
    )
    # All of it first: inserting while a cursor is open would read its own writes on SQLite. By the connection, as
    # rows that pass through the session's loading take twice as long.
    return session.connection().execute(query).all()


def _languages(session: Session, audience: Select[int]) -> Mapping[int, list[str]]:
    query = (
        select(ContactLanguage.contact_id, ContactLanguage.language)
        .where(ContactLanguage.contact_id.in_(audience))
        .order_by(ContactLanguage.contact_id, ContactLanguage.position)
    )
    reads: defaultdict[int, list[str]] = defaultdict(list)
    for contact_id, language in session.connection().execute(query):
        reads[contact_id].append(language)
    return reads


def _receiving(session: Session, wave: Wave) -> set[int]:
    query = (
        select(Delivery.contact_id)
        .join(Wave, Wave.id == Delivery.wave_id)
        .where(
            Wave.version_id == wave.version_id,
            Wave.kind == wave.kind,
            Wave.id != wave.id,
            Delivery.state.in_(RECEIVING_STATES),
        )
    )
    return set(session.scalars(query))


def _leave_out(
    session: Session, wave: Wave, left_out: Sequence[tuple[int, ExclusionReason]], *, at: datetime, actor: Actor
) -> None:
    rows = [{"wave_id": wave.id, "contact_id": contact, "reason": reason} for contact, reason in left_out]
    session.execute(insert(Exclusion), rows)
    append_many(
        session,
        [
            entry(
                Event.DELIVERY_EXCLUDED,
                at=at,
                actor=actor,
                release_id=wave.release_id,
                wave_id=wave.id,
                contact_id=contact,
                data={"reason": reason.value},
            )
            for contact, reason in left_out
        ],
    )
