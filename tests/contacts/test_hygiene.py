"""Hygiene lists whom to check, the longest unverified first, and names each reason that holds, and no other."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from builders import DESK, NOON, make_contact, make_list, make_officer, make_organisation, make_outlet
from newsroom import make_wave
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer.contacts.affiliations import leave_outlet
from mailer.contacts.hygiene import Doubtful, doubtful
from mailer.contacts.models import Affiliation, Contact, ContactStatus, LawfulBasis, SuppressionKind
from mailer.contacts.notes import verify
from mailer.contacts.suppression import suppress
from mailer.database import Database
from mailer.schedule.models import Delivery, DeliveryState

YEAR = timedelta(days=365)
LEFT = "her address is at the domain of an outlet she has left"


@pytest.fixture
def office(database: Database) -> Database:
    return database


def spotless(session: Session, name: str = "Nour Haddad", **more: object) -> Contact:
    """Somebody of whom there is nothing to check."""
    contact = make_contact(session, name, **{"outlets": ["Courier"]} | more)  # type: ignore[arg-type]
    contact.source, contact.lawful_basis, contact.verified_at = "her card", LawfulBasis.CONSENT, NOON
    session.flush()
    return contact


def listed(session: Session, *, now: datetime = NOON) -> list[Doubtful]:
    return list(doubtful(session, older_than=YEAR, now=now))


def checks(session: Session, contact: Contact, *, now: datetime = NOON) -> tuple[str, ...]:
    return next((one.check for one in listed(session, now=now) if one.contact_id == contact.id), ())


def unverified(_: Session, contact: Contact) -> None:
    contact.verified_at, contact.added_at = None, NOON - YEAR - timedelta(days=1)


def verified_long_ago(_: Session, contact: Contact) -> None:
    contact.verified_at = NOON - YEAR - timedelta(seconds=1)


def dead(session: Session, contact: Contact) -> None:
    suppress(session, contact.address, reason="550", kind=SuppressionKind.UNDELIVERABLE, at=NOON, actor=DESK)


def without_outlet(_: Session, contact: Contact) -> None:
    contact.affiliations[0].until = date(2026, 11, 1)


def without_source(_: Session, contact: Contact) -> None:
    contact.source = ""


def without_basis(_: Session, contact: Contact) -> None:
    contact.lawful_basis = None


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (unverified, "never verified"),
        (verified_long_ago, "not verified since"),
        (dead, "address undeliverable"),
        (without_outlet, "no outlet now"),
        (without_source, "no source of the address"),
        (without_basis, "no lawful basis"),
    ],
)
def test_a_reason_is_named_where_it_holds(
    office: Database, spoil: Callable[[Session, Contact], None], reason: str
) -> None:
    with office.write() as session:
        contact = spotless(session)
        assert listed(session) == []
        spoil(session, contact)
        session.flush()
        assert checks(session, contact) == (reason,)


def test_who_asked_not_to_be_written_to_has_no_dead_address(office: Database) -> None:
    with office.write() as session:
        contact = spotless(session)
        suppress(session, contact.address, reason="asked", at=NOON, actor=DESK)
        assert listed(session) == []


def test_to_whom_nothing_was_delivered_for_long_is_listed_and_who_never_got_any_is_not(office: Database) -> None:
    with office.write() as session:
        contact, other = spotless(session), spotless(session, "Rim Khoury")
        make_wave(session, make_list(session, contact))
        accepted = {"state": DeliveryState.ACCEPTED, "finished_at": NOON}
        session.execute(update(Delivery).values(**accepted))
        later = NOON + YEAR + timedelta(days=1)
        for one in (contact, other):
            verify(session, one, at=later, actor=DESK)
        (found,) = listed(session, now=later)
    assert (found.contact_id, found.check, found.delivered_at) == (contact.id, ("nothing delivered since",), NOON)


def test_an_officer_of_ours_needs_no_outlet(office: Database) -> None:
    with office.write() as session:
        officer = make_officer(session, make_organisation(session).offices[0])
        assert "no outlet now" not in checks(session, officer)


def test_the_one_of_whom_nobody_made_sure_for_the_longest_time_is_first(office: Database) -> None:
    with office.write() as session:
        for name, days, verified in (("B", 800, 700), ("A", 600, None), ("C", 2000, 100), ("D", 650, None)):
            contact = spotless(session, name)
            contact.added_at = NOON - timedelta(days=days)
            contact.verified_at = NOON - timedelta(days=verified) if verified else None
        session.flush()
        assert [one.name for one in listed(session)] == ["B", "D", "A"]


@pytest.mark.parametrize("status", [ContactStatus.INACTIVE, ContactStatus.ERASED])
def test_who_is_not_active_is_not_looked_at(office: Database, status: ContactStatus) -> None:
    with office.write() as session:
        make_contact(session).status = status
        session.flush()
        assert listed(session) == []


def left_courier(
    session: Session, *, colleagues: tuple[str, ...], hers: str, now_at: tuple[str, ...] = ()
) -> Contact:
    """Somebody who left Courier for other outlets; her colleagues' addresses are at these domains."""
    for number, domain in enumerate(colleagues):
        spotless(session, f"Colleague {number}", address=f"c{number}@{domain}")
    contact = spotless(session, address=f"nour@{hers}", outlets=["Courier", *now_at])
    leave_outlet(session, contact, make_outlet(session, "Courier"), on=NOON.date(), at=NOON, actor=DESK)
    return contact


@pytest.mark.parametrize(
    ("colleagues", "hers", "expected"),
    [
        (("courier.example", "courier.example"), "courier.example", True),
        (("courier.example", "courier.example", "gmail.com"), "courier.example", True),
        (("courier.example", "courier.example"), "home.example", False),
        (("courier.example",), "courier.example", False),  # one alone may have it from elsewhere
        (("courier.example", "courier.example", "x.example", "y.example"), "courier.example", False),  # half
        (("gmail.com", "gmail.com"), "gmail.com", False),  # anybody may have a mailbox there
        (("courier.example", "courier.example"), "news.courier.example", False),  # not the same domain
        ((), "courier.example", False),
    ],
)
def test_an_address_at_the_domain_of_an_outlet_that_she_has_left(
    office: Database, colleagues: tuple[str, ...], hers: str, expected: bool
) -> None:
    with office.write() as session:
        contact = left_courier(session, colleagues=colleagues, hers=hers, now_at=("Wave",))
        assert (LEFT in checks(session, contact)) is expected
        others = [one for one in listed(session) if one.contact_id != contact.id]
    assert others == []


def test_who_went_to_a_sister_with_the_same_domain_keeps_her_address(office: Database) -> None:
    with office.write() as session:
        contact = left_courier(session, colleagues=("c.example", "c.example"), hers="c.example", now_at=("Wave",))
        assert LEFT in checks(session, contact)
        for number in range(2):
            spotless(session, f"Sister {number}", address=f"s{number}@c.example", outlets=["Wave"])
        assert checks(session, contact) == ()


def test_colleagues_who_left_or_were_set_aside_tell_nothing_of_an_outlet(office: Database) -> None:
    with office.write() as session:
        contact = left_courier(session, colleagues=("c.example", "c.example"), hers="c.example", now_at=("Wave",))
        colleague = session.scalars(select(Contact).where(Contact.name == "Colleague 0")).one()
        colleague.status = ContactStatus.INACTIVE
        session.flush()
        assert checks(session, contact) == ()
        colleague.status = ContactStatus.ACTIVE
        ended = update(Affiliation).where(Affiliation.contact_id == colleague.id).values(until=NOON.date())
        session.execute(ended)
        session.expire_all()
        assert LEFT not in checks(session, contact)


def test_who_came_back_to_the_outlet_is_at_home_there(office: Database) -> None:
    with office.write() as session:
        contact = left_courier(session, colleagues=("c.example", "c.example"), hers="c.example")
        contact.affiliations.append(Affiliation(outlet=make_outlet(session, "Courier")))
        session.flush()
        assert checks(session, contact) == ()
