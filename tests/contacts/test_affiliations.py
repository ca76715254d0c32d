"""Moves between outlets: what is over has an end, and is not overwritten."""

from collections.abc import Sequence
from datetime import date

import pytest
from builders import DESK, NOON, make_contact, make_list, make_outlet
from newsroom import told
from sqlalchemy.orm import Session

from mailer.contacts.affiliations import join_outlet, leave_outlet, move, outlet_of
from mailer.contacts.domains import named_after
from mailer.contacts.lists import members_of
from mailer.contacts.models import Contact, ContactStatus, Outlet
from mailer.contacts.outlets import outlet_named
from mailer.database import Database
from mailer.errors import AlreadyAtOutlet, BadField, BadMove, ContactGone, NotAtOutlet, UnknownOutlet

DAY = date(2026, 3, 1)


@pytest.fixture
def database(database: Database) -> Database:
    return database


def join(session: Session, contact: Contact, outlet: Outlet, role: str = "", on: date | None = DAY) -> None:
    join_outlet(session, contact, outlet, role=role, on=on, at=NOON, actor=DESK)


def leave(session: Session, contact: Contact, outlet: Outlet, on: date = DAY) -> Sequence[str]:
    return leave_outlet(session, contact, outlet, on=on, at=NOON, actor=DESK).addresses


def places(contact: Contact) -> list[tuple[str, str, date | None, date | None]]:
    return [(a.outlet.name, a.role, a.since, a.until) for a in contact.affiliations]


def test_who_leaves_an_outlet_is_off_its_lists_and_stays_in_the_registry(database: Database) -> None:
    with database.write() as session:
        nour = make_contact(session, outlets=("Levant Courier",))
        omar = make_contact(session, "Omar Said", outlets=("Levant Courier",))
        couriers = make_list(session, name="Couriers", queries=['outlet:"Levant Courier"'])
        leave(session, nour, make_outlet(session, "Levant Courier"))
        assert list(session.scalars(members_of(session, couriers, at=NOON))) == [omar.id]
        assert nour.status is ContactStatus.ACTIVE
        assert places(nour) == [("Levant Courier", "", None, DAY)]
        entry = told(session)[-1]
        assert (entry.event, entry.contact_id) == ("contact.changed", nour.id)
        assert entry.data == {"fields": ["outlets"], "left": make_outlet(session, "Levant Courier").id}


def test_who_comes_back_has_been_there_twice(database: Database) -> None:
    with database.write() as session:
        courier = make_outlet(session, "Levant Courier")
        nour = make_contact(session)
        join(session, nour, courier, "reporter")
        leave(session, nour, courier, date(2026, 4, 1))
        join(session, nour, courier, "editor", date(2026, 6, 1))
        assert places(nour) == [
            ("Levant Courier", "reporter", DAY, date(2026, 4, 1)),
            ("Levant Courier", "editor", date(2026, 6, 1), None),
        ]


def test_another_role_begins_and_the_former_one_ends(database: Database) -> None:
    with database.write() as session:
        courier = make_outlet(session, "Levant Courier")
        nour = make_contact(session)
        join(session, nour, courier, "reporter")
        join(session, nour, courier, "editor", date(2026, 6, 1))
        assert places(nour) == [
            ("Levant Courier", "reporter", DAY, date(2026, 5, 31)),
            ("Levant Courier", "editor", date(2026, 6, 1), None),
        ]
        for role in ("", "editor"):
            with pytest.raises(AlreadyAtOutlet, match="as editor"):
                join(session, nour, courier, role, date(2026, 7, 1))
        with pytest.raises(BadMove, match="since 2026-06-01"):
            join(session, nour, courier, "publisher", DAY)


def test_a_move_ends_the_one_place_on_the_day_before_the_other_begins(database: Database) -> None:
    with database.write() as session:
        courier, ledger = make_outlet(session, "Levant Courier"), make_outlet(session, "Cedar Ledger")
        nour = make_contact(session, outlets=("Levant Courier",))
        move(session, nour, left=courier, joined=ledger, role="editor", on=DAY, at=NOON, actor=DESK)
        assert places(nour) == [
            ("Levant Courier", "", None, date(2026, 2, 28)),
            ("Cedar Ledger", "editor", DAY, None),
        ]
        move(session, nour, left=ledger, joined=courier, on=DAY, at=NOON, actor=DESK)
        assert places(nour)[1:] == [("Cedar Ledger", "editor", DAY, DAY), ("Levant Courier", "", DAY, None)]
        with pytest.raises(BadMove, match="two outlets"):
            move(session, nour, left=courier, joined=courier, on=DAY, at=NOON, actor=DESK)


@pytest.mark.parametrize(
    ("day", "reason"), [(date(2026, 11, 26), "yet to come"), (date(2026, 2, 28), "joined it on 2026-03-01")]
)
def test_a_day_that_cannot_be_is_refused(database: Database, day: date, reason: str) -> None:
    with database.write() as session:
        courier = make_outlet(session, "Levant Courier")
        nour = make_contact(session)
        join(session, nour, courier)
        with pytest.raises(BadMove, match=reason):
            leave(session, nour, courier, day)


def test_today_is_a_day_wherever_it_has_begun(database: Database) -> None:
    with database.write() as session:
        courier = make_outlet(session, "Levant Courier")
        nour = make_contact(session, outlets=("Levant Courier",))
        leave(session, nour, courier, date(2026, 11, 25))  # as the clocks of Kiritimati say it


def test_nobody_leaves_where_she_is_not(database: Database) -> None:
    with database.write() as session:
        courier = make_outlet(session, "Levant Courier")
        with pytest.raises(NotAtOutlet, match="She works for Cedar Ledger"):
            leave(session, make_contact(session, outlets=("Cedar Ledger",)), courier)


def test_who_is_gone_moves_no_more(database: Database) -> None:
    with database.write() as session:
        nour = make_contact(session)
        nour.status = ContactStatus.ERASED
        with pytest.raises(ContactGone):
            join(session, nour, make_outlet(session))


def test_an_address_at_the_left_outlet_is_told(database: Database) -> None:
    with database.write() as session:
        courier, ledger = make_outlet(session, "Levant Courier"), make_outlet(session, "Cedar Ledger")
        for name in ("Hagop", "Mona"):
            make_contact(session, name, address=f"{name}@cl.example", outlets=("Cedar Ledger",))
        both = ("Levant Courier", "Cedar Ledger")
        nour = make_contact(session, address="nour@levantcourier.example", outlets=both)
        leila = make_contact(session, "Leila", address="leila@cl.example", outlets=both)
        jad = make_contact(session, "Jad", address="jad@gmail.com", outlets=both)
        make_contact(session, "Rami", address="rami@gmail.com", outlets=both)
        assert leave(session, nour, courier) == ("nour@levantcourier.example",)
        assert leave(session, leila, courier) == ()
        assert leave(session, leila, ledger) == ("leila@cl.example",)
        assert leave(session, jad, courier) == ()


@pytest.mark.parametrize(
    ("domain", "outlet", "fits"),
    [
        ("courier.example", "levant courier", True),
        ("levant-courier.example", "levant courier", True),
        ("mail.ledger.example", "cedar ledger", True),
        ("bbc.example", "bbc", True),
        ("paper.example", "levant courier", False),
        ("paper.example", "وكاله الوادي", False),
        ("theday.example", "the day", True),
        ("there.example", "the day", False),
        ("example", "the", False),
    ],
)
def test_a_domain_is_known_by_the_outlet_s_name(domain: str, outlet: str, fits: bool) -> None:
    assert named_after(domain, outlet) is fits


def test_an_outlet_is_found_in_any_spelling_and_never_guessed(database: Database) -> None:
    with database.write() as session:
        courier = make_outlet(session, "Levant Courier")
        assert outlet_named(session, "LEVANT  courier") is courier
        assert outlet_of(session, "levant courier") == (courier, False)
        assert outlet_of(session, "Cedar Ledger")[1] is True
        with pytest.raises(UnknownOutlet, match=r"Did you mean Levant Courier\?"):
            outlet_named(session, "Levant Couriers")
        for name in ("", "a\x00b", "x" * 201):
            with pytest.raises(BadField):
                outlet_of(session, name)
        with pytest.raises(BadField, match="without brackets"):
            join(session, make_contact(session), courier, "editor (night)")
