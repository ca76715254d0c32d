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
from mailer.contacts.models import Contact, ContactLanguage, ContactStatus, MediaList
from mailer.contacts.stops import all_stops
from mailer.contacts.terms import accepts_embargo, day_of
from mailer.database import chunks, insert_rows
from mailer.errors import NobodyToSendTo
from mailer.releases.models import Approval
from mailer.rendering import Occasion, pick_languages
from mailer.schedule.models import RECEIVING_STATES, Delivery, DeliveryState, Exclusion, ExclusionReason, Wave

_BATCH = 1024

COLUMNS = (
    *("wave_id", "contact_id", "compiled_id", "name", "address", "address_key", "language", "token", "state"),
    *("attempts", "sha256"),
)
"""Of a delivery, as ``Sieve.sort`` gives them."""

EXCLUDED_WORDS: Mapping[ExclusionReason, str] = {
    ExclusionReason.SUPPRESSED: "must not be written to",
    ExclusionReason.SUPPRESSED_DOMAIN: "are at a domain that must not be written to",
    ExclusionReason.UNSUBSCRIBED: "have unsubscribed from an organisation that issues it",
    ExclusionReason.NO_EMBARGO_TERMS: "have not accepted the embargo terms",
    ExclusionReason.ALREADY_RECEIVES: "have it from another wave already",
    ExclusionReason.LEFT_LIST: "have left the list",
}


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
    compiled_for: Callable[[tuple[str, ...], int], int],
    at: datetime,
    actor: Actor,
) -> Expansion:
    """Make the deliveries of a wave from the ids of its audience, in sets.

    ``compiled_for`` gives the id of the compiled text for editions and a city. Nobody is dropped silently: who gets
    nothing becomes an ``Exclusion`` and an entry of the log.
    """
    expansion = Expansion()
    sieve = Sieve(session, wave, offered=offered, compiled_for=compiled_for, at=at)
    for rows, out in sieve.sort(audience):
        if rows:
            insert_rows(session, Delivery, COLUMNS, rows)
            expansion.deliveries += len(rows)
            expansion.languages.update(row[COLUMNS.index("language")] for row in rows)
        if out:
            leave_out(session, wave, out, at=at, actor=actor)
            expansion.excluded.update(reason for _, reason in out)
    return expansion


class Sieve:
    """The rules of one wave, as they stand at one instant: who of some contacts gets it, and who is left out."""

    def __init__(
        self,
        session: Session,
        wave: Wave,
        *,
        offered: Sequence[str],
        compiled_for: Callable[[tuple[str, ...], int], int],
        at: datetime,
    ) -> None:
        """``offered``: the languages of the version's editions."""
        self._session, self._wave, self._offered, self._compiled_for = session, wave, offered, compiled_for
        self._days = {day_of(at), day_of(wave.due_at)}
        self._stops = all_stops(session, issuers_of(session, wave.version_id))
        self._receiving = set() if wave.again else set(session.scalars(receiving(wave)))
        self._picked: dict[tuple[str, ...], tuple[str, ...]] = {}

    def sort(
        self, audience: Select[int]
    ) -> Iterator[tuple[Sequence[tuple[Any, ...]], Sequence[tuple[int, ExclusionReason]]]]:
        """A batch at a time: rows of deliveries for ``COLUMNS``, and who is left out and why, by contact."""
        everybody = _people(self._session, audience, self._days)
        reads = _languages(self._session, audience)
        tokens = _tokens(len(everybody))
        for people in chunks(everybody, _BATCH):
            rows: list[tuple[Any, ...]] = []
            out: list[tuple[int, ExclusionReason]] = []
            for person, token in zip(people, tokens, strict=False):
                if reason := self._why_not(person):
                    out.append((person.id, reason))
                else:
                    rows.append(self._row(person, tuple(reads[person.id]), token))
            yield rows, out

    def _why_not(self, person: Any) -> ExclusionReason | None:
        if stop := self._stops.why(person.id, person.address_key):
            return ExclusionReason(stop.value)
        if self._wave.kind is Occasion.UNDER_EMBARGO and not person.accepts_embargo:
            return ExclusionReason.NO_EMBARGO_TERMS
        return ExclusionReason.ALREADY_RECEIVES if person.id in self._receiving else None

    def _row(self, person: Any, reads: tuple[str, ...], token: str) -> tuple[Any, ...]:
        wave = self._wave
        languages = self._picked.get(reads)
        if languages is None:
            languages = pick_languages(reads, self._offered, default=wave.default_language, layout=wave.layout)
            self._picked[reads] = languages
        arabic = languages[0].partition("-")[0] == "ar"
        return (
            wave.id,
            person.id,
            self._compiled_for(languages, person.city_id),
            (person.arabic_name or person.name) if arabic else person.name,
            person.address,
            person.address_key,
            languages[0],
            token,
            DeliveryState.QUEUED.value,
            0,
            "",
        )


def nobody(media_list: MediaList, excluded: Counter[ExclusionReason]) -> NobodyToSendTo:
    """The error for a wave that would reach nobody at all."""
    reasons = "; ".join(f"{count} {EXCLUDED_WORDS[reason]}" for reason, count in excluded.items())
    return NobodyToSendTo(
        name=media_list.name,
        excluded=excluded.total(),
        reasons=f"{reasons[:1].upper()}{reasons[1:]}."
        if reasons
        else "The list is empty: see dateline lists show.",
    )


def leave_out(
    session: Session, wave: Wave, left_out: Sequence[tuple[int, ExclusionReason]], *, at: datetime, actor: Actor
) -> None:
    """Note that these contacts get nothing, and why; each with its entry in the log."""
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


def receiving(wave: Wave) -> Select[int]:
    """The contacts who have this version, or may yet have it, from another wave of the same kind.

    Who was merged after it had been planned leads to the one who is kept: they are one person.
    """
    theirs = (
        select(Delivery.contact_id.label("id"))
        .join(Wave, Wave.id == Delivery.wave_id)
        .where(
            Wave.version_id == wave.version_id,
            Wave.kind == wave.kind,
            Wave.id != wave.id,
            Delivery.state.in_(RECEIVING_STATES),
        )
    )
    person = Contact.__table__.alias()
    chain = theirs.cte(recursive=True)
    into = select(person.c.merged_into_id).join(chain, person.c.id == chain.c.id)
    chain = chain.union(into.where(person.c.merged_into_id.is_not(None)))
    return select(chain.c.id)


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
