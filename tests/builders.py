"""Makes valid objects of the registry, so that a test says only what matters to it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import count

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit import Actor
from mailer.contacts.address import address as checked_address
from mailer.contacts.cities import city_named
from mailer.contacts.lists import create_list
from mailer.contacts.models import (
    Affiliation,
    City,
    Contact,
    ContactBeat,
    ContactKind,
    ContactLanguage,
    EmbargoAcceptance,
    MediaList,
    Office,
    Organisation,
    OrganisationText,
    Outlet,
)
from mailer.contacts.spelling import fold

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DESK = Actor("cli:desk")

_numbers = count(1)


def make_city(session: Session, name: str = "Beirut") -> City:
    city = city_named(session, name)
    assert city is not None
    return city


def make_organisation(
    session: Session,
    slug: str = "esrf",
    *,
    acronym: str = "",
    names: Mapping[str, str] | None = None,
    cities: Sequence[str] = ("Beirut",),
) -> Organisation:
    """With one office in each of the cities."""
    acronym = acronym or slug.upper()
    names = names or {"en": f"{acronym} Relief", "ar": f"إغاثة {acronym}"}
    organisation = Organisation(
        slug=slug,
        acronym=acronym,
        texts=[OrganisationText(language=code, name=n, about=f"{n} helps.") for code, n in names.items()],
        offices=[Office(city=make_city(session, city)) for city in cities],
    )
    session.add(organisation)
    session.flush()
    return organisation


def make_contact(
    session: Session,
    name: str = "Nour Haddad",
    *,
    address: str = "",
    arabic_name: str = "",
    phone: str = "",
    city: str = "Beirut",
    languages: Sequence[str] = ("en",),
    beats: Sequence[str] = (),
    outlets: Sequence[str] = (),
    terms: date | None = None,
) -> Contact:
    """A journalist, with an address of her own where the test does not say which."""
    journalist = Contact(
        kind=ContactKind.JOURNALIST,
        name=name,
        arabic_name=arabic_name,
        phone=phone,
        city=make_city(session, city),
        acceptances=[EmbargoAcceptance(accepted_on=terms, recorded_at=NOON)] if terms else [],
    )
    return _add(session, journalist, address, languages, beats, outlets)


def make_officer(
    session: Session,
    office: Office,
    name: str = "Lamia Tarazi",
    *,
    address: str = "",
    arabic_name: str = "",
    phone: str = "+961 1 555 0130",
    title: str = "Head of Communications",
    languages: Sequence[str] = ("en",),
) -> Contact:
    """A communications officer of that office, in its city."""
    officer = Contact(
        kind=ContactKind.OFFICER,
        name=name,
        arabic_name=arabic_name,
        phone=phone,
        title=title,
        city=office.city,
        office=office,
    )
    return _add(session, officer, address, languages)


def make_outlet(session: Session, name: str = "Nile Herald") -> Outlet:
    """The outlet of that name, made once."""
    outlet = session.scalar(select(Outlet).where(Outlet.key == fold(name)))
    if outlet is None:
        outlet = Outlet(name=name, key=fold(name))
        session.add(outlet)
        session.flush()
    return outlet


def make_list(
    session: Session,
    *members: Contact,
    name: str = "Beirut desk",
    queries: Sequence[str] = (),
    excluded: Sequence[Contact] = (),
) -> MediaList:
    return create_list(session, name, members=members, queries=queries, excluded=excluded, at=NOON, actor=DESK)


def _add(
    session: Session,
    contact: Contact,
    address: str,
    languages: Sequence[str],
    beats: Sequence[str] = (),
    outlets: Sequence[str] = (),
) -> Contact:
    mailbox = checked_address(address or f"person{next(_numbers)}@paper.example")
    contact.address, contact.address_key, contact.added_at = mailbox.text, mailbox.key, NOON
    contact.languages = [ContactLanguage(language=code, position=n) for n, code in enumerate(languages)]
    contact.beats = [ContactBeat(beat=beat) for beat in beats]
    contact.affiliations = [Affiliation(outlet=make_outlet(session, outlet)) for outlet in outlets]
    session.add(contact)
    session.flush()
    return contact
