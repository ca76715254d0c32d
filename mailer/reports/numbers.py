"""A campaign in numbers: how far its deliveries came and how soon, by city, relay, recipients' domain and language."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Select, SQLColumnExpression, Text, and_, case, func, literal, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from mailer.contacts.erased import ERASED_DOMAIN
from mailer.contacts.models import City, Contact
from mailer.delivery.models import Attempt
from mailer.delivery.report import Criteria, conditions
from mailer.releases.models import Release, Version
from mailer.rendering import Occasion
from mailer.reports.delivered import about, asked_of
from mailer.reports.people import CITIES_NOW, cities
from mailer.reports.report import Column, Figure, Kind, Report, Row, seal_of
from mailer.reports.words import Named, Said, said
from mailer.schedule.models import Delivery, DeliveryState, Exclusion, Wave

_BY: Mapping[str, Said] = {
    "all": said("all"),
    "city": said("city"),
    "relay": said("relay"),
    "domain": said("recipients’ domain"),
    "language": said("language"),
}

_COUNTED: Mapping[str, tuple[Said, tuple[DeliveryState, ...]]] = {
    "accepted": (said("Accepted"), (DeliveryState.ACCEPTED,)),
    "deferred": (said("Deferred"), (DeliveryState.DEFERRED,)),
    "failed": (said("Failed"), (DeliveryState.FAILED,)),
    "held": (said("Held or in doubt"), (DeliveryState.HELD, DeliveryState.IN_DOUBT)),
    "waiting": (said("Waiting"), (DeliveryState.QUEUED, DeliveryState.SENDING)),
    "stopped": (said("Cancelled or suppressed"), (DeliveryState.CANCELLED, DeliveryState.SUPPRESSED)),
}

COLUMNS = (
    Column("by", said("By"), Kind.WORD, words=_BY, width=0),
    Column("what", said("Which"), width=3),
    Column("deliveries", said("Deliveries"), Kind.NUMBER),
    *(Column(name, words, Kind.NUMBER) for name, (words, _) in _COUNTED.items()),
    Column("tried_again", said("Tried more than once"), Kind.NUMBER),
    Column("median", said("Median"), Kind.SECONDS),
    Column("p95", said("95th percentile"), Kind.SECONDS),
    Column("slowest", said("Slowest"), Kind.SECONDS),
)

BINS = 60
"""Of the chart."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long after their instant deliveries were accepted, in seconds; negative is before it."""

    median: float
    p95: float
    slowest: float


@dataclass(frozen=True, slots=True)
class Pace:
    """How deliveries were accepted one after the other, for the chart."""

    bin_seconds: float
    counts: Sequence[int]
    """How many in each bin, from the instant on; what was accepted before it is in the first."""
    times: Times


def numbers(session: Session, release: Release, criteria: Criteria, *, at: datetime) -> Report:
    """The answer, first for all of it, then by each of the four, most deliveries first."""
    wanted = replace(criteria, release_id=release.id)
    return Report(
        question="numbers",
        title=said("%(release)s in numbers", release=release.slug),
        asked=(*about(release), *asked_of(session, wanted)),
        made_at=at,
        columns=COLUMNS,
        rows=_rows(session, wanted),
        figures=_figures(session, wanted),
        notes=(
            said("Times are from the embargo to the relay’s reply; of a wave under embargo, or of a release without "
                 "an embargo, from the instant of the wave."),
            said("Percentiles are by the nearest rank."),
            CITIES_NOW,
        ),
        seal=seal_of(session),
        release_id=release.id,
    )  # fmt: skip


def pace(session: Session, release: Release, criteria: Criteria) -> Pace | None:
    """What the chart shows; ``None`` where nothing was accepted."""
    wanted = replace(criteria, release_id=release.id)
    timed = _measured(wanted, _ALL).subquery()
    after = timed.c.after
    times = _percentiles(session, wanted, _ALL).get("")
    if times is None:
        return None
    # Whole microseconds, so that the slowest falls into the last bin on both databases alike.
    width = max(round(times.slowest * 1e6) // BINS + 1, 1)
    place = case((after < 0, 0), else_=after // width)
    query = select(place.label("place"), func.count()).where(after.is_not(None)).group_by(place)
    counts = [0] * BINS
    for number, some in session.execute(query):
        counts[int(number)] = some
    return Pace(width / 1e6, counts, times)


_Column = SQLColumnExpression[str]

_ALL: _Column = literal("")


def _rows(session: Session, criteria: Criteria) -> Iterator[Row]:
    called = cities(session)
    by: Mapping[str, _Column] = {
        "all": _ALL,
        "city": City.name,
        "relay": func.coalesce(Attempt.relay, ""),
        "domain": _DomainOf(Delivery.address_key),
        "language": Delivery.language,
    }
    for name, what in by.items():
        times = _percentiles(session, criteria, what)
        for value, *counts in _counts(session, criteria, what):
            found = times.get(value)
            spent = (found.median, found.p95, found.slowest) if found else (None, None, None)
            yield (name, _named(name, value, called), *counts, *spent)


def _named(by: str, value: str, called: Mapping[str, Named]) -> Said | Named | str:
    match by, value:
        case "city", _:
            return called.get(value, value)
        case "relay", "":
            return said("none yet")
        case "domain", _ if value == ERASED_DOMAIN:
            return said("of people who were erased")
        case _:
            return value


def _figures(session: Session, criteria: Criteria) -> Sequence[Figure]:
    ((_, count, *by_state, _),) = _counts(session, criteria, _ALL) or [("", *[0] * (len(_COUNTED) + 2))]
    people = _joined(select(func.count(func.distinct(Delivery.contact_id))), criteria)
    left_out = select(func.count()).select_from(Exclusion).join(Wave, Wave.id == Exclusion.wave_id)
    left_out = left_out.where(Wave.release_id == criteria.release_id)
    if criteria.wave_id is not None:
        left_out = left_out.where(Wave.id == criteria.wave_id)
    times = _percentiles(session, criteria, _ALL).get("")
    return (
        Figure("deliveries", said("Deliveries"), count),
        Figure("contacts", said("Contacts"), session.scalar(people) or 0),
        *(Figure(name, words, n) for (name, (words, _)), n in zip(_COUNTED.items(), by_state, strict=True)),
        Figure("left_out", said("Left out of a wave"), session.scalar(left_out) or 0),
        Figure("median", said("Median"), times.median if times else None, Kind.SECONDS),
        Figure("p95", said("95th percentile"), times.p95 if times else None, Kind.SECONDS),
    )


def _joined(query: Select[Any], criteria: Criteria) -> Select[Any]:
    """The query over the deliveries that fit, with all that a number may be by."""
    return (
        query.select_from(Delivery)
        .join(Wave, Wave.id == Delivery.wave_id)
        .join(Version, Version.id == Wave.version_id)
        .join(Contact, Contact.id == Delivery.contact_id)
        .join(City, City.id == Contact.city_id)
        .outerjoin(Attempt, and_(Attempt.delivery_id == Delivery.id, Attempt.number == Delivery.attempts))
        .where(*conditions(criteria))
    )


def _counts(session: Session, criteria: Criteria, what: _Column) -> Sequence[Any]:
    """By ``what``: all, those of each of ``_COUNTED``, those that were tried more than once."""
    measured = _measured(criteria, what).subquery()
    query = select(
        measured.c.what,
        func.count(),
        *(func.count(case((measured.c.state.in_(states), 1))) for _, states in _COUNTED.values()),
        func.count(case((measured.c.attempts > 1, 1))),
    ).group_by(measured.c.what)
    return session.execute(query.order_by(func.count().desc(), measured.c.what)).all()


def _measured(criteria: Criteria, what: _Column) -> Select[Any]:
    """Each delivery with how long it took, in microseconds; null where it was not accepted."""
    instant = case(
        (and_(Wave.kind == Occasion.PUBLIC, Version.embargo_at.is_not(None)), Version.embargo_at),
        else_=Wave.due_at,
    )
    took = _Microseconds(Delivery.finished_at) - _Microseconds(instant)
    query = select(
        what.label("what"),
        Delivery.state,
        Delivery.attempts,
        case((Delivery.state == DeliveryState.ACCEPTED, took)).label("after"),
    )
    return _joined(query, criteria)


def _percentiles(session: Session, criteria: Criteria, what: _Column) -> Mapping[str, Times]:
    """By ``what``, where anything was accepted. The nearest rank, as SQLite has no percentiles of its own."""
    measured = _measured(criteria, what).subquery()
    ranked = (
        select(
            measured.c.what,
            measured.c.after,
            func.row_number().over(partition_by=measured.c.what, order_by=measured.c.after).label("rank"),
            func.count().over(partition_by=measured.c.what).label("size"),
        )
        .where(measured.c.after.is_not(None))
        .subquery()
    )
    rank, size = ranked.c.rank, ranked.c.size
    half, most = (size + 1) // 2, (size * 95 + 99) // 100
    query = select(ranked.c.what, ranked.c.after, rank == half, rank == most, rank == size).where(
        or_(rank == half, rank == most, rank == size)
    )
    found: dict[str, list[float]] = {}
    for value, after, *which in session.execute(query):
        times = found.setdefault(value, [0.0, 0.0, 0.0])
        for place, is_it in enumerate(which):
            if is_it:
                times[place] = after / 1e6
    return {value: Times(*times) for value, times in found.items()}


class _Microseconds(FunctionElement[int]):
    """An instant as whole microseconds since 1970: differences are exact, and the same on both databases."""

    type = BigInteger()
    inherit_cache = True


@compiles(_Microseconds)
def _microseconds_in_sqlite(element: _Microseconds, compiler: Any, **options: Any) -> str:
    # As it is kept: 2026-11-24 12:00:00.000000
    text = compiler.process(element.clauses, **options)
    return f"(CAST(strftime('%s', {text}) AS INTEGER) * 1000000 + CAST(substr({text}, 21, 6) AS INTEGER))"


@compiles(_Microseconds, "postgresql")
def _microseconds_in_postgresql(element: _Microseconds, compiler: Any, **options: Any) -> str:
    return f"CAST(EXTRACT(EPOCH FROM {compiler.process(element.clauses, **options)}) * 1000000 AS bigint)"


class _DomainOf(FunctionElement[str]):
    """What stands behind the @ of an address."""

    type = Text()
    inherit_cache = True


@compiles(_DomainOf)
def _domain_in_sqlite(element: _DomainOf, compiler: Any, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    return f"substr({text}, instr({text}, '@') + 1)"


@compiles(_DomainOf, "postgresql")
def _domain_in_postgresql(element: _DomainOf, compiler: Any, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    return f"substr({text}, strpos({text}, '@') + 1)"
