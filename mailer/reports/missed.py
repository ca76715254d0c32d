"""Who did not receive a release and why: each person of its waves' audiences whom no relay took a message for."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    func,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from mailer.audit import Event, LogEntry
from mailer.contacts.merging import kept_for_merged
from mailer.contacts.models import City, Contact
from mailer.database import UTCDateTime, chunks
from mailer.delivery.models import Attempt
from mailer.releases.models import Release
from mailer.reports.delivered import about, reply_text
from mailer.reports.people import CITIES_NOW, KINDS, NOBODY, STATES, cities, fates, paged
from mailer.reports.report import Column, Figure, Kind, Report, Row, seal_of
from mailer.reports.words import Said, said
from mailer.schedule.models import Delivery, DeliveryState, Exclusion, ExclusionReason, Wave, WaveState

LEFT_OUT = "left-out"
"""The state of who has no delivery at all."""

_STATES: Mapping[str, Said] = {**STATES, LEFT_OUT: said("left out")}

_COLUMNS = (
    Column("wave", said("Wave"), Kind.NUMBER),
    Column("kind", said("Wave’s kind"), Kind.WORD, words=KINDS, width=0),
    Column("contact", said("Contact"), Kind.NUMBER, printed=False),
    Column("name", said("Name"), width=3),
    Column("since_then", said("Since then"), spare=True),
    Column("city", said("City"), width=2),
    Column("address", said("Address"), width=4),
    Column("state", said("State"), Kind.WORD, words=_STATES, width=0),
    Column("reason", said("Reason, as programs know it"), printed=False),
    Column("why", said("Why"), width=4),
    Column("ended_at", said("Since"), Kind.INSTANT, spare=True),
    Column("delivery", said("Delivery"), Kind.NUMBER, printed=False),
    Column("attempts", said("Attempts"), Kind.NUMBER),
    Column("relay", said("Relay"), printed=False),
    Column("reply", said("The relay’s reply"), spare=True, width=4),
)

_EXCLUDED: Mapping[str, Said] = {
    ExclusionReason.SUPPRESSED.value: said("The address is not to be written to."),
    ExclusionReason.SUPPRESSED_DOMAIN.value: said("The address is at a domain that is not to be written to."),
    ExclusionReason.UNSUBSCRIBED.value: said("Unsubscribed from an organisation that issues it."),
    ExclusionReason.NO_EMBARGO_TERMS.value: said("Has not accepted the embargo terms."),
    ExclusionReason.ALREADY_RECEIVES.value: said("Was to have it from another wave."),
    ExclusionReason.LEFT_LIST.value: said("Had left the media list before the wave opened."),
    "not-active": said("The contact was set aside, erased or merged into another."),
}

_LOGGED: Mapping[str, Said] = {
    **_EXCLUDED,
    "stale": said("The wave was stale before it could be sent."),
    "out of time": said("It could not be handed over in the time that was set."),
    "decided by an officer": said("An officer decided that it is not sent."),
    "left to an officer": said("A relay may have taken it; an officer is to decide."),
    "taken without an answer again and again": said(
        "Relays may have taken it, time and again; an officer is to decide."
    ),
    "it cannot be made again as it may have been sent": said(
        "A relay may have taken it, and it cannot be made again."
    ),
}
"""By the reason in the log's entry."""

_PLAIN: Mapping[DeliveryState, Said] = {
    DeliveryState.SENDING: said("It is being handed over now."),
    DeliveryState.FAILED: said("The relay refused it for good."),
    DeliveryState.IN_DOUBT: said("The connection broke before the relay’s answer; it may have been taken."),
    DeliveryState.HELD: said("It waits for an officer."),
    DeliveryState.CANCELLED: said("It was cancelled."),
    DeliveryState.SUPPRESSED: said("Was not to be written to any more when the turn came."),
}

_WAITS: Mapping[WaveState, Said] = {
    WaveState.PAUSED: said("It waits: its wave is paused."),
    WaveState.HELD: said("It waits: its wave is held until an officer decides."),
    WaveState.SENDING: said("It waits for its turn."),
}

_ENDINGS = (
    Event.DELIVERY_SUPPRESSED,
    Event.DELIVERY_CANCELLED,
    Event.DELIVERY_FAILED,
    Event.DELIVERY_HELD,
    Event.DELIVERY_REQUEUED,
)
"""After which a delivery has a new reason, or none any more."""


def missed(session: Session, release: Release, *, at: datetime) -> Report:
    """The answer, by city and name. Who was left out of one wave and has it from another is not among them."""
    figures = _figures(session, release.id)
    return Report(
        question="missed",
        title=said("Who did not receive %(release)s, and why", release=release.slug),
        asked=tuple(about(release)),
        made_at=at,
        columns=_COLUMNS,
        rows=_rows(session, release.id),
        figures=figures,
        notes=(
            said("Only people who were on the media list of one of its waves; who was left out of one wave and has "
                 "the release from another is not told here."),
            CITIES_NOW,
        ),
        seal=seal_of(session),
        release_id=release.id,
    )  # fmt: skip


def _person(contact_id: SQLColumnExpression[int], merged: CTE) -> ColumnElement[int]:
    """The contact who stands for that one; ``merged`` is joined outside on it."""
    return func.coalesce(merged.c.root, contact_id)


def _who_have_it(release_id: int, merged: CTE) -> Select[int]:
    """The contacts who stand for people of whose mail about the release a relay has taken any."""
    return (
        select(_person(Delivery.contact_id, merged))
        .join(Wave, Wave.id == Delivery.wave_id)
        .outerjoin(merged, merged.c.id == Delivery.contact_id)
        .where(Wave.release_id == release_id, Delivery.state == DeliveryState.ACCEPTED)
    )


def _rows(session: Session, release_id: int) -> Iterator[Row]:
    called = cities(session)
    result = session.execute(_query(release_id).execution_options(yield_per=1000))
    for page in paged(result):
        became = fates(session, {row.contact_id for row in page})
        reasons = _reasons(session, [row.delivery_id for row in page if row.delivery_id is not None])
        for row in page:
            fate = became.get(row.contact_id, NOBODY)
            reason = row.reason or reasons.get(row.delivery_id, "")
            yield (
                row.wave_id,
                row.kind.value,
                row.contact_id,
                fate.name(row.name),
                fate.since,
                called.get(row.city, row.city),
                "" if fate.erased else row.address,
                row.state or LEFT_OUT,
                reason or row.state,
                _why(row, reason),
                row.ended_at,
                row.delivery_id,
                row.attempts,
                row.relay or "",
                reply_text(row.code or 0, row.enhanced or "", row.text or ""),
            )


def _query(release_id: int) -> Any:
    merged = kept_for_merged()
    have_it = _who_have_it(release_id, merged)
    left_out = (
        select(
            Exclusion.wave_id,
            Exclusion.contact_id,
            Contact.name,
            Contact.address,
            type_coerce(Exclusion.reason, Contact.name.type).label("reason"),
            literal("").label("state"),
            null().label("delivery_id"),
            literal(0).label("attempts"),
            type_coerce(null(), UTCDateTime()).label("ended_at"),
            type_coerce(null(), UTCDateTime()).label("next_at"),
        )
        .join(Wave, Wave.id == Exclusion.wave_id)
        .join(Contact, Contact.id == Exclusion.contact_id)
        .outerjoin(merged, merged.c.id == Exclusion.contact_id)
        .where(Wave.release_id == release_id, _person(Exclusion.contact_id, merged).not_in(have_it))
    )
    unsent = (
        select(
            Delivery.wave_id,
            Delivery.contact_id,
            Delivery.name,
            Delivery.address,
            literal("").label("reason"),
            type_coerce(Delivery.state, Contact.name.type).label("state"),
            Delivery.id.label("delivery_id"),
            Delivery.attempts,
            Delivery.finished_at.label("ended_at"),
            Delivery.next_at,
        )
        .join(Wave, Wave.id == Delivery.wave_id)
        .outerjoin(merged, merged.c.id == Delivery.contact_id)
        .where(
            Wave.release_id == release_id,
            Delivery.state != DeliveryState.ACCEPTED,
            _person(Delivery.contact_id, merged).not_in(have_it),
        )
    )
    both = union_all(left_out, unsent).subquery("missed")
    last = and_(Attempt.delivery_id == both.c.delivery_id, Attempt.number == both.c.attempts)
    return (
        select(
            *both.c,
            Wave.kind,
            Wave.state.label("wave_state"),
            Wave.due_at,
            City.name.label("city"),
            Attempt.relay,
            Attempt.code,
            Attempt.enhanced,
            Attempt.text,
        )
        .join(Wave, Wave.id == both.c.wave_id)
        .join(Contact, Contact.id == both.c.contact_id)
        .join(City, City.id == Contact.city_id)
        .outerjoin(Attempt, last)
        .order_by(City.name, both.c.name, both.c.contact_id, both.c.wave_id)
    )


def _why(row: Any, reason: str) -> Said | str:
    if not row.state:
        return _EXCLUDED.get(reason, reason)
    if reason:
        return _LOGGED.get(reason, reason)
    state = DeliveryState(row.state)
    if state is DeliveryState.DEFERRED and row.next_at is not None:
        return said("The relay put it off; it is tried again at %(at)s.", at=row.next_at)
    if state in (DeliveryState.QUEUED, DeliveryState.DEFERRED):
        return _WAITS.get(row.wave_state) or said("It waits for its wave, at %(at)s.", at=row.due_at)
    return _PLAIN[state]


def _reasons(session: Session, delivery_ids: Collection[int]) -> Mapping[int, str]:
    """The reason in the last entry of the log by which each of these came to its end, where it has one."""
    found: dict[int, str] = {}
    for some in chunks(sorted(delivery_ids)):
        entries = (
            select(LogEntry.delivery_id, LogEntry.event, LogEntry.data)
            .where(LogEntry.delivery_id.in_(some), LogEntry.event.in_([event.value for event in _ENDINGS]))
            .order_by(LogEntry.id)
        )
        for number, event, data in session.execute(entries):
            if number is not None:
                found[number] = "" if event == Event.DELIVERY_REQUEUED else str(data.get("reason", ""))
    return found


def _figures(session: Session, release_id: int) -> Sequence[Figure]:
    missing = _query(release_id).order_by(None).subquery()
    people, rows = session.execute(select(func.count(func.distinct(missing.c.contact_id)), func.count())).one()
    figures = [
        Figure("contacts", said("Contacts without it"), people),
        Figure("rows", said("Times that one of them was left without it"), rows),
    ]
    by_state: dict[str, int] = dict(
        session.execute(select(missing.c.state, func.count()).group_by(missing.c.state)).all()
    )
    for state, words in _STATES.items():
        count = by_state.get("" if state == LEFT_OUT else state)
        if count:
            figures.append(Figure(state, words, count))
    merged = kept_for_merged()
    person = _person(Exclusion.contact_id, merged)
    elsewhere = session.execute(
        select(func.count(func.distinct(person)))
        .select_from(Exclusion)
        .join(Wave, Wave.id == Exclusion.wave_id)
        .outerjoin(merged, merged.c.id == Exclusion.contact_id)
        .where(Wave.release_id == release_id, person.in_(_who_have_it(release_id, merged)))
    ).scalar_one()
    figures.append(Figure("has_it_elsewhere", said("Left out of a wave, with it from another"), elsewhere))
    return figures
