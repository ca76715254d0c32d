"""Deliveries as the rows of a report: who was sent what, when, and what the relay replied."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.contacts.models import City, Contact
from mailer.delivery.report import Criteria, conditions, deliveries
from mailer.releases.models import Release
from mailer.reports.people import KINDS, NOBODY, STATES, cities, fates, paged
from mailer.reports.report import Column, Figure, Kind, Row
from mailer.reports.words import Named, Said, said, span_words
from mailer.schedule.models import Delivery, Wave

COLUMNS = (
    Column("delivery", said("No."), Kind.NUMBER),
    Column("release", said("Release"), width=2),
    Column("version", said("Version"), Kind.NUMBER),
    Column("version_sha256", said("SHA-256 of the version"), printed=False),
    Column("wave", said("Wave"), Kind.NUMBER, printed=False),
    Column("kind", said("Wave’s kind"), Kind.WORD, words=KINDS, width=0),
    Column("contact", said("Contact"), Kind.NUMBER, printed=False),
    Column("name", said("Name"), width=3),
    Column("since_then", said("Since then"), spare=True),
    Column("outlets", said("Outlets then"), Kind.LIST, width=3),
    Column("city", said("City"), width=2),
    Column("address", said("Address"), width=4),
    Column("language", said("Language"), width=0),
    Column("state", said("State"), Kind.WORD, words=STATES, printed=False),
    Column("finished_at", said("When"), Kind.INSTANT),
    Column("relay", said("Relay"), width=1),
    Column("reply", said("The relay’s reply"), width=4),
    Column("message_sha256", said("SHA-256 of the message"), printed=False),
)


def columns_without(*fields: str) -> tuple[Column, ...]:
    """Those of ``COLUMNS`` that tell a reader something; the others stay in CSV, XLSX and JSON."""
    return tuple(replace(column, printed=False) if column.field in fields else column for column in COLUMNS)


def rows(session: Session, criteria: Criteria) -> Iterator[Row]:
    """The deliveries that fit, by wave, city and name; an erased person has no name, and who was merged is told."""
    called = cities(session)
    for page in paged(deliveries(session, criteria)):
        became = fates(session, {row.contact for row in page})
        for row in page:
            fate = became.get(row.contact, NOBODY)
            yield (
                row.delivery,
                row.release,
                row.version,
                row.version_sha256,
                row.wave,
                row.kind,
                row.contact,
                fate.name(row.name),
                fate.since,
                row.outlets,
                called.get(row.city, row.city),
                "" if fate.erased else row.address,
                row.language,
                row.state,
                row.finished_at,
                row.relay,
                reply_text(row.code, row.enhanced, row.reply),
                row.message_sha256,
            )


def reply_text(code: int, enhanced: str, text: str) -> str:
    """A relay's reply on one line; empty where there was none."""
    return " ".join(filter(None, (str(code or ""), enhanced, text)))


def figures(session: Session, criteria: Criteria) -> Sequence[Figure]:
    """How many there are, to how many people, from when to when."""
    query = (
        select(
            func.count(),
            func.count(func.distinct(Delivery.contact_id)),
            func.min(Delivery.finished_at),
            func.max(Delivery.finished_at),
        )
        .select_from(Delivery)
        .join(Wave, Wave.id == Delivery.wave_id)
        .join(Contact, Contact.id == Delivery.contact_id)
        .where(*conditions(criteria))
    )
    count, people, first, last = session.execute(query).one()
    return (
        Figure("deliveries", said("Deliveries"), count),
        Figure("contacts", said("Contacts"), people),
        Figure("first_at", said("First"), first, Kind.INSTANT),
        Figure("last_at", said("Last"), last, Kind.INSTANT),
    )


def about(release: Release) -> Iterator[Said]:
    """Which release was asked about, and until when it was under embargo."""
    yield said("Release %(release)s.", release=release.slug)
    for version in sorted(release.versions, key=lambda version: version.number):
        if version.embargo_at is not None:
            number = version.number
            yield said("Version %(version)s: embargo until %(at)s.", version=number, at=version.embargo_at)
        else:
            yield said("Version %(version)s: no embargo.", version=version.number)


def asked_of(session: Session, criteria: Criteria) -> Iterator[Said]:
    """What was asked about deliveries, in words; the release has a sentence of its own."""
    if criteria.wave_id is not None:
        yield said("Only wave %(wave)s.", wave=criteria.wave_id)
    if criteria.contact_ids:
        person, *merged = criteria.contact_ids
        yield from _person(session, person, merged)
    if criteria.outlet is not None:
        yield said("Only people who were at an outlet “%(outlet)s” on that day.", outlet=criteria.outlet)
    if criteria.city_id is not None:
        city = session.get(City, criteria.city_id)
        names = {"en": city.name, "ar": city.arabic, "fr": city.french} if city else {"en": "?"}
        yield said("Only people whose city is %(city)s.", city=Named(names))
    if criteria.language is not None:
        yield said("Only in the language %(language)s.", language=criteria.language)
    yield from span_words(criteria.since, criteria.until)


def _person(session: Session, person: int, merged: Collection[int]) -> Iterator[Said]:
    contact = session.get_one(Contact, person)
    fate = fates(session, [person]).get(person, NOBODY)
    yield said("Only contact %(contact)s: %(name)s.", contact=person, name=fate.name(contact.name))
    if others := [number for number in sorted(merged) if number != person]:
        yield said("With those that were merged into it: %(contacts)s.", contacts=", ".join(map(str, others)))
