"""Who had a release's embargoed copy at an instant, and since when: whom to ask when it is out too early."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from mailer.contacts.models import City, Contact
from mailer.contacts.terms import day_of
from mailer.delivery.models import Attempt
from mailer.delivery.reply import Stage
from mailer.delivery.report import outlets_on, places_of
from mailer.releases.models import Release, Version
from mailer.rendering import Occasion
from mailer.reports.delivered import about, reply_text
from mailer.reports.people import CITIES_NOW, NOBODY, cities, fates, paged
from mailer.reports.report import Column, Figure, Kind, Report, Row, seal_of
from mailer.reports.words import Said, said
from mailer.schedule.models import Delivery, DeliveryState, Wave

_SURE: Mapping[str, Said] = {"yes": said("yes"), "in-doubt": said("not known")}

_COLUMNS = (
    Column("delivery", said("No."), Kind.NUMBER),
    Column("version", said("Version"), Kind.NUMBER),
    Column("wave", said("Wave"), Kind.NUMBER, printed=False),
    Column("contact", said("Contact"), Kind.NUMBER, printed=False),
    Column("name", said("Name"), width=3),
    Column("since_then", said("Since then"), spare=True),
    Column("outlets", said("Outlets then"), Kind.LIST, width=3),
    Column("city", said("City"), width=2),
    Column("address", said("Address"), width=4),
    Column("language", said("Language"), width=0),
    Column("since", said("Had it since"), Kind.INSTANT),
    Column("embargo_at", said("Embargo until"), Kind.INSTANT),
    Column("had_it", said("Had it"), Kind.WORD, words=_SURE, width=0),
    Column("reply", said("The relay’s reply"), printed=False),
    Column("message_sha256", said("SHA-256 of the message"), printed=False),
)


def embargoed(session: Session, release: Release, *, instant: datetime, at: datetime) -> Report:
    """The answer for that instant, by city and name: each copy of a wave under embargo that a relay took by then, or
    may have taken, and whose embargo was not over then."""
    copies = _copies(release.id, instant)
    had, doubtful, first = session.execute(
        select(
            func.count(func.distinct(case((copies.c.answered == 1, copies.c.contact_id)))),
            func.count(func.distinct(case((copies.c.answered == 0, copies.c.contact_id)))),
            func.min(copies.c.since),
        )
    ).one()
    over = session.scalar(select(func.max(Version.embargo_at)).where(Version.release_id == release.id))
    notes = [
        said("A copy counts from when a relay took it until the embargo that stands in it."),
        said("“Not known”: the connection broke before the relay’s answer, so the copy may have been taken."),
        said("It is also not known of a copy that is being handed over, or was when the process died; it counts from "
             "when it may first have gone out."),
        CITIES_NOW,
    ]  # fmt: skip
    if over is None or over <= instant:
        notes.append(said("At that instant no version of the release was under embargo."))
    return Report(
        question="embargoed",
        title=said("Who had %(release)s under embargo", release=release.slug),
        asked=(*about(release), said("At the instant %(at)s.", at=instant)),
        made_at=at,
        columns=_COLUMNS,
        rows=_rows(session, copies),
        figures=(
            Figure("contacts", said("Contacts who had it"), had),
            Figure("in_doubt", said("Contacts who may have had it"), doubtful),
            Figure("first_at", said("First"), first, Kind.INSTANT),
        ),
        notes=notes,
        seal=seal_of(session),
        release_id=release.id,
    )


def _copies(release_id: int, instant: datetime) -> Any:
    """The deliveries that somebody had or may have had by then, each with the first time of which that is so."""
    moments = union_all(_attempts(release_id, instant), _under_way(release_id, instant)).subquery()
    query = select(
        moments.c.id,
        moments.c.contact_id,
        func.min(moments.c.since).label("since"),
        func.max(moments.c.answered).label("answered"),
    )
    return query.where(moments.c.since <= instant).group_by(moments.c.id, moments.c.contact_id).cte("copies")


def _attempts(release_id: int, instant: datetime) -> Select[*tuple[Any, ...]]:
    """Those after which a relay has the message, or may have it: sent to its end, and answered well or not at all."""
    taken = Attempt.code.between(200, 299)
    # Who takes over from a process that died knows only by now that it had sent, not when, nor by which relay.
    since = case((Attempt.relay == "", _could_begin(Attempt.number)), else_=Attempt.at)
    query = select(
        Delivery.id, Delivery.contact_id, since.label("since"), case((taken, 1), else_=0).label("answered")
    ).join(Attempt, Attempt.delivery_id == Delivery.id)
    ended = and_(Attempt.stage == Stage.END.value, or_(taken, Attempt.code == 0))
    return _under_embargo(query, release_id, instant).where(ended)


def _under_way(release_id: int, instant: datetime) -> Select[*tuple[Any, ...]]:
    """Those that a process has claimed: it may be sending them, or may have died, which nobody has found yet."""
    since = _could_begin(Delivery.attempts + 1)
    query = select(Delivery.id, Delivery.contact_id, since.label("since"), literal(0).label("answered"))
    return _under_embargo(query, release_id, instant).where(Delivery.state == DeliveryState.SENDING)


def _under_embargo(
    query: Select[*tuple[Any, ...]], release_id: int, instant: datetime
) -> Select[*tuple[Any, ...]]:
    return (
        query.join(Wave, Wave.id == Delivery.wave_id)
        .join(Version, Version.id == Wave.version_id)
        .where(Wave.release_id == release_id, Wave.kind == Occasion.UNDER_EMBARGO, Version.embargo_at > instant)
    )


def _could_begin(number: SQLColumnExpression[int]) -> ColumnElement[datetime]:
    """When the attempt of that number may have begun at the earliest: after the one before it, or with the wave."""
    earlier = aliased(Attempt)
    before = (
        select(func.max(earlier.at))
        .where(earlier.delivery_id == Delivery.id, earlier.number < number)
        .correlate(Delivery, Attempt)
        .scalar_subquery()
    )
    return func.coalesce(before, Wave.opened_at, Wave.due_at)


def _rows(session: Session, copies: Any) -> Iterator[Row]:
    called = cities(session)
    query = (
        select(
            copies.c.since,
            copies.c.answered,
            Delivery.id,
            Delivery.contact_id,
            Delivery.name,
            Delivery.address,
            Delivery.language,
            Delivery.wave_id,
            Delivery.sha256,
            Version.number,
            Version.embargo_at,
            City.name.label("city"),
            Attempt.code,
            Attempt.enhanced,
            Attempt.text,
        )
        .join(Delivery, Delivery.id == copies.c.id)
        .join(Wave, Wave.id == Delivery.wave_id)
        .join(Version, Version.id == Wave.version_id)
        .join(Contact, Contact.id == Delivery.contact_id)
        .join(City, City.id == Contact.city_id)
        .outerjoin(Attempt, and_(Attempt.delivery_id == Delivery.id, Attempt.number == Delivery.attempts))
        .order_by(City.name, Delivery.name, Delivery.id)
    )
    for page in paged(session.execute(query.execution_options(yield_per=1000))):
        people = {row.contact_id for row in page}
        became = fates(session, people)
        places = places_of(session, people)
        for row in page:
            fate = became.get(row.contact_id, NOBODY)
            yield (
                row.id,
                row.number,
                row.wave_id,
                row.contact_id,
                fate.name(row.name),
                fate.since,
                outlets_on(places[row.contact_id], day_of(row.since)),
                called.get(row.city, row.city),
                "" if fate.erased else row.address,
                row.language,
                row.since,
                row.embargo_at,
                "yes" if row.answered else "in-doubt",
                reply_text(row.code or 0, row.enhanced or "", row.text or ""),
                row.sha256,
            )
