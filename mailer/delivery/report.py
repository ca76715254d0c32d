"""Answers who received what: deliveries by release, wave, person, outlet, city, language, state and time."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, Date, Integer, Select, and_, func, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from mailer.audit import Criteria as LogCriteria
from mailer.audit import Event, entries
from mailer.contacts.cities import cities_called, known_city, why_no_city
from mailer.contacts.models import Affiliation, City, Contact, Outlet
from mailer.contacts.spelling import fold
from mailer.delivery.models import Attempt
from mailer.errors import AmbiguousCity, UnknownCity
from mailer.releases.models import Release, Version
from mailer.schedule.models import Delivery, DeliveryState, Exclusion, ExclusionReason, Wave

_PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """Which deliveries; what is ``None`` does not matter."""

    release_id: int | None = None
    wave_id: int | None = None
    contact_id: int | None = None
    contact_ids: Sequence[int] = ()
    """One of these, such as all that were merged into one person."""
    outlet: str | None = None
    """Where she worked on that day (see ``Row.outlets``): its name or part of it, in any spelling."""
    city_id: int | None = None
    language: str | None = None
    states: Collection[DeliveryState] = ()
    since: datetime | None = None
    """Finished at or after; what has not finished counts by the time at which its wave is due."""
    until: datetime | None = None
    """Before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One delivery as it is shown."""

    delivery: int
    wave: int
    kind: str
    release: str
    version: int
    version_sha256: str
    contact: int
    name: str
    address: str
    city: str
    outlets: tuple[str, ...]
    """Where she worked on the day on which it ended, in UTC; what has not ended counts by the day of its wave."""
    language: str
    state: str
    attempts: int
    finished_at: datetime | None
    next_at: datetime | None
    relay: str
    code: int
    enhanced: str
    reply: str
    message_sha256: str
    """Empty until it was first tried."""


def deliveries(session: Session, criteria: Criteria) -> Iterator[Row]:
    """The deliveries that fit, by wave, city and name."""
    last = and_(Attempt.delivery_id == Delivery.id, Attempt.number == Delivery.attempts)
    wanted = _wanted(criteria)
    query = (
        select(
            Delivery.id,
            Delivery.wave_id,
            Wave.kind,
            Wave.due_at,
            Release.slug,
            Version.number,
            Version.sha256.label("version_sha256"),
            Delivery.contact_id,
            Delivery.name,
            Delivery.address,
            City.name.label("city"),
            Delivery.language,
            Delivery.state,
            Delivery.attempts,
            Delivery.finished_at,
            Delivery.next_at,
            Attempt.relay,
            Attempt.code,
            Attempt.enhanced,
            Attempt.text,
            Delivery.sha256,
        )
        .join(wanted, wanted.c.id == Delivery.id)
        .join(Wave, Wave.id == Delivery.wave_id)
        .join(Release, Release.id == Wave.release_id)
        .join(Version, Version.id == Wave.version_id)
        .join(Contact, Contact.id == Delivery.contact_id)
        .join(City, City.id == Contact.city_id)
        .outerjoin(Attempt, last)
        .order_by(Delivery.wave_id, City.name, Delivery.name, Delivery.id)
    )
    result = session.execute(query.execution_options(yield_per=_PAGE))
    for page in result.partitions(_PAGE):
        places = places_of(session, {row.contact_id for row in page})
        for row in page:
            yield Row(
                delivery=row.id,
                wave=row.wave_id,
                kind=row.kind.value,
                release=row.slug,
                version=row.number,
                version_sha256=row.version_sha256,
                contact=row.contact_id,
                name=row.name,
                address=row.address,
                city=row.city,
                outlets=outlets_on(places[row.contact_id], (row.finished_at or row.due_at).astimezone(UTC).date()),
                language=row.language,
                state=row.state.value,
                attempts=row.attempts,
                finished_at=row.finished_at,
                next_at=row.next_at,
                relay=row.relay or "",
                code=row.code or 0,
                enhanced=row.enhanced or "",
                reply=row.text or "",
                message_sha256=row.sha256,
            )


def _wanted(criteria: Criteria) -> CTE:
    """Their ids. PostgreSQL looks for the best order of eight tables at most (``join_collapse_limit``): what is chosen
    is found first, and what is told about it after."""
    query = select(Delivery.id).join(Wave, Wave.id == Delivery.wave_id)
    query = query.join(Contact, Contact.id == Delivery.contact_id).where(*conditions(criteria))
    return query.cte("wanted").prefix_with("MATERIALIZED", dialect="postgresql")


def recipients(session: Session, criteria: Criteria) -> set[int]:
    """The numbers of the people whose deliveries fit."""
    query = select(Delivery.contact_id).join(Wave, Wave.id == Delivery.wave_id)
    query = query.join(Contact, Contact.id == Delivery.contact_id).where(*conditions(criteria))
    return set(session.scalars(query.distinct()))


def delivery_ids(*, language: str | None, states: Collection[DeliveryState]) -> Select[Any] | None:
    """The ids of the deliveries in that language and those states, for the log's search; ``None`` for all."""
    if language is None and not states:
        return None
    return select(Delivery.id).where(*conditions(Criteria(language=language, states=states)))


def people_of(criteria: Criteria) -> Select[Any] | None:
    """The ids of the contacts that fit by person, outlet and city, for the log's search; ``None`` for all."""
    if criteria.contact_id is None and criteria.outlet is None and criteria.city_id is None:
        return None
    query = select(Contact.id)
    if criteria.contact_id is not None:
        query = query.where(Contact.id == criteria.contact_id)
    if criteria.city_id is not None:
        query = query.where(Contact.city_id == criteria.city_id)
    if criteria.outlet is not None:
        query = query.where(Contact.id.in_(at_outlet(criteria.outlet)))
    return query


def city_in_registry(session: Session, name: str) -> int:
    """The id of the city of that name; -1, which nobody is in, for a known one where we have no contact.

    Raises ``UnknownCity`` or ``AmbiguousCity``. Unlike ``contacts.cities.city_named`` it takes nothing into
    the registry.
    """
    known = known_city(name)
    if known is None:
        reason, advice = why_no_city(name)
        if cities_called(name):
            raise AmbiguousCity(city=name, reason=reason, advice=advice)
        raise UnknownCity(city=name, advice=advice)
    found = session.scalar(select(City.id).where(City.name == known.name, City.country == known.country))
    return -1 if found is None else found


def release_names(session: Session) -> Mapping[int, str]:
    """The short name of each release by its id."""
    return dict(session.execute(select(Release.id, Release.slug)).all())


def conditions(criteria: Criteria) -> list[ColumnElement[bool]]:
    """The same for a query over ``Delivery``, ``Wave`` and ``Contact``."""
    when = _when(criteria)
    city: ColumnElement[Any] = Contact.city_id.expression
    since, until = criteria.since, criteria.until
    if (since or until) and _all_taken(criteria):
        # SQLite takes each end of a span for a quarter of what there is, and a city for ten people: it would rather
        # look at all that a city ever got.
        since, until = since or _EARLIEST, until or _LATEST
        city = _NoWayIn(Contact.city_id)
    fitting: list[ColumnElement[bool]] = []
    for value, condition in (
        (criteria.release_id, Wave.release_id == criteria.release_id),
        (criteria.wave_id, Delivery.wave_id == criteria.wave_id),
        (criteria.contact_id, Delivery.contact_id == criteria.contact_id),
        (criteria.city_id, city == criteria.city_id),
        (criteria.language, Delivery.language == criteria.language),
    ):
        if value is not None:
            fitting.append(condition)
    if since is not None:
        fitting.append(when >= since)
    if until is not None:
        fitting.append(when < until)
    if criteria.contact_ids:
        fitting.append(Delivery.contact_id.in_(criteria.contact_ids))
    if criteria.states:
        fitting.append(Delivery.state.in_(list(criteria.states)))
    if criteria.outlet is not None:
        # The first leads to her deliveries by their index; the second alone would be asked of every delivery.
        fitting.append(Delivery.contact_id.in_(at_outlet(criteria.outlet)))
        fitting.append(_was_at_outlet(criteria.outlet, when))
    return fitting


_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def _all_taken(criteria: Criteria) -> bool:
    return set(criteria.states) == {DeliveryState.ACCEPTED}


def _when(criteria: Criteria) -> ColumnElement[Any]:
    """What a relay has taken has ended: by its own time, rather than by either of two, an index leads to it."""
    return (
        Delivery.finished_at.expression
        if _all_taken(criteria)
        else func.coalesce(Delivery.finished_at, Wave.due_at)
    )


def at_outlet(name: str) -> Select[Any]:
    """The ids of the contacts who work or worked for an outlet of that name, or part of it."""
    return (
        select(Affiliation.contact_id)
        .join(Outlet, Outlet.id == Affiliation.outlet_id)
        .where(Outlet.key.contains(fold(name), autoescape=True))
    )


def _was_at_outlet(name: str, when: ColumnElement[datetime]) -> ColumnElement[bool]:
    day = _DayOf(when)
    return (
        at_outlet(name)
        .where(
            Affiliation.contact_id == Delivery.contact_id,
            or_(Affiliation.since.is_(None), Affiliation.since <= day),
            or_(Affiliation.until.is_(None), Affiliation.until >= day),
        )
        .exists()
    )


class _NoWayIn(FunctionElement[int]):
    """A number by which SQLite looks for no rows, and only at those that it has (its "Query Planner", section 8.1)."""

    type = Integer()
    inherit_cache = True


@compiles(_NoWayIn)
def _no_way_in_postgresql(element: _NoWayIn, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(_NoWayIn, "sqlite")
def _no_way_in_sqlite(element: _NoWayIn, compiler: Any, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


class _DayOf(FunctionElement[date]):
    """The day of an instant in UTC."""

    type = Date()
    inherit_cache = True


@compiles(_DayOf)
def _day_in_sqlite(element: _DayOf, compiler: Any, **options: Any) -> str:
    return f"date({compiler.process(element.clauses, **options)})"


@compiles(_DayOf, "postgresql")
def _day_in_postgresql(element: _DayOf, compiler: Any, **options: Any) -> str:
    return f"CAST(({compiler.process(element.clauses, **options)}) AT TIME ZONE 'UTC' AS date)"


Stay = tuple[str, date | None, date | None]
"""An outlet, and the first and the last day there; ``None`` where not known, or not over."""


def places_of(session: Session, contacts: Collection[int]) -> Mapping[int, Sequence[Stay]]:
    """Every outlet at which each of them works or worked."""
    query = (
        select(Affiliation.contact_id, Outlet.name, Affiliation.since, Affiliation.until)
        .join(Outlet, Outlet.id == Affiliation.outlet_id)
        .where(Affiliation.contact_id.in_(contacts))
        .order_by(Affiliation.id)
    )
    stays: defaultdict[int, list[Stay]] = defaultdict(list)
    for contact_id, name, since, until in session.execute(query):
        stays[contact_id].append((name, since, until))
    return stays


def outlets_on(stays: Sequence[Stay], day: date) -> tuple[str, ...]:
    """The outlets at which somebody was on that day."""
    held = (name for name, since, until in stays if (since or day) <= day <= (until or day))
    return tuple(dict.fromkeys(held))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A contact of a wave's audience who got nothing."""

    contact: int
    name: str
    address: str
    city: str
    reason: str
    """Of ``ExclusionReason``, or one for which a claim sets a delivery aside (see ``delivery.barred``)."""


def left_out(session: Session, wave_id: int) -> Sequence[LeftOut]:
    """Who was left out of a wave when it was scheduled, or refreshed, or right before its message went; and why."""
    query = (
        select(Contact.id, Contact.name, Contact.address, City.name, Exclusion.reason)
        .join(Contact, Contact.id == Exclusion.contact_id)
        .join(City, City.id == Contact.city_id)
        .where(Exclusion.wave_id == wave_id)
    )
    found = [LeftOut(*row[:4], row[4].value) for row in session.execute(query)]
    aside = (
        select(Delivery.id, Contact.id, Contact.name, Delivery.address, City.name)
        .join(Contact, Contact.id == Delivery.contact_id)
        .join(City, City.id == Contact.city_id)
        .where(Delivery.wave_id == wave_id, Delivery.state == DeliveryState.SUPPRESSED)
    )
    if rows := session.execute(aside).all():
        said = entries(session, LogCriteria(event=Event.DELIVERY_SUPPRESSED, wave_id=wave_id))
        why = {one.delivery_id: str(one.data.get("reason") or "") for one in said}
        found += [LeftOut(*row[1:], why.get(row[0], ExclusionReason.SUPPRESSED.value)) for row in rows]
    return sorted(found, key=lambda one: (one.reason, one.city, one.name, one.contact))


@dataclass(frozen=True, slots=True)
class Timing:
    """How soon after its time a wave's messages were accepted."""

    first: datetime | None
    last: datetime | None


def timing(session: Session, wave_id: int) -> Timing:
    """When a relay accepted the first and the last message of a wave."""
    query = select(func.min(Delivery.finished_at), func.max(Delivery.finished_at)).where(
        Delivery.wave_id == wave_id, Delivery.state == DeliveryState.ACCEPTED
    )
    return Timing(*session.execute(query).one())
