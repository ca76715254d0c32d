"""What waits for a contact who is merged into another: once, and not never."""

from datetime import timedelta

import pytest
from builders import DESK, NOON, make_contact, make_list
from newsroom import make_release, make_version, make_wave, plan_wave
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer.contacts.merging import merge, unmerge
from mailer.contacts.models import Contact, SuppressionKind
from mailer.contacts.suppression import suppress
from mailer.database import Database
from mailer.delivery.claims import claim
from mailer.schedule.live import needs_refresh
from mailer.schedule.merged import count_doubles
from mailer.schedule.models import Audience, Delivery, DeliveryState, Exclusion, Wave
from mailer.schedule.waves import open_wave

LONG = timedelta(days=2)
LATER = NOON + LONG


@pytest.fixture
def database(database: Database) -> Database:
    return database


def merge_both(session: Session, kept: Contact, merged: Contact) -> int:
    done = merge(session, kept, merged, at=NOON, actor=DESK)
    return count_doubles(session, done.kept, done.merged)


def claimed(session: Session, wave: Wave) -> set[str]:
    """The addresses to which it goes out."""
    open_wave(session, wave.id, now=NOON, doubt="", late_grace=LONG, give_up_after=LONG, actor=DESK)
    return {c.address for c in claim(session, wave.id, process_id="1" * 32, limit=9, now=NOON)}


def test_she_gets_a_wave_once(database: Database) -> None:
    with database.write() as session:
        kept, merged = make_contact(session), make_contact(session)
        wave = make_wave(session, make_list(session, kept, merged))
        assert merge_both(session, kept, merged) == 1
        assert claimed(session, wave) == {kept.address}


def test_she_is_not_missed_where_only_the_merged_one_would_get_it(database: Database) -> None:
    with database.write() as session:
        kept, merged = make_contact(session), make_contact(session)
        wave = make_wave(session, make_list(session, merged))
        assert merge_both(session, kept, merged) == 0
        assert claimed(session, wave) == {merged.address}


@pytest.mark.parametrize("one_into_the_other", [False, True])
def test_she_gets_a_wave_once_where_two_of_its_contacts_are_merged_into_a_third(
    database: Database, *, one_into_the_other: bool
) -> None:
    with database.write() as session:
        kept, first, second = (make_contact(session) for _ in range(3))
        wave = make_wave(session, make_list(session, first, second))
        merge_both(session, first if one_into_the_other else kept, second)
        merge_both(session, kept, first)
        assert claimed(session, wave) == {first.address}


def test_she_gets_it_where_she_can_be_reached(database: Database) -> None:
    with database.write() as session:
        kept, merged = make_contact(session), make_contact(session)
        wave = make_wave(session, make_list(session, kept, merged))
        merge_both(session, kept, merged)
        kind = SuppressionKind.UNDELIVERABLE
        suppress(session, kept.address, reason="no such mailbox", kind=kind, at=NOON, actor=DESK)
        assert claimed(session, wave) == {merged.address}


def test_what_is_under_way_to_one_is_not_sent_to_the_other(database: Database) -> None:
    with database.write() as session:
        kept, first, second = (make_contact(session) for _ in range(3))
        wave = make_wave(session, make_list(session, first, second))
        hers = (Delivery.wave_id == wave.id, Delivery.contact_id == second.id)
        session.execute(update(Delivery).where(*hers).values(state=DeliveryState.ACCEPTED))
        for other in (first, second):
            merge_both(session, kept, other)
        assert claimed(session, wave) == set()


@pytest.mark.parametrize("audience", list(Audience))
def test_who_has_it_under_the_merged_number_does_not_get_it_from_another_wave(
    database: Database, audience: Audience
) -> None:
    with database.write() as session:
        kept, middle, merged, nour = (make_contact(session) for _ in range(4))
        version = make_version(session, make_release(session))
        first = plan_wave(session, version, make_list(session, merged)).wave
        assert claimed(session, first) == {merged.address}
        merge_both(session, middle, merged)
        merge_both(session, kept, middle)
        both = make_list(session, kept, nour, name="Both")
        second = plan_wave(session, version, both, due=LATER, audience=audience).wave
        assert not needs_refresh(session, second, at=NOON)
        assert session.scalars(select(Exclusion.contact_id)).all() == [kept.id]
        for person in (middle, merged):
            unmerge(session, person, at=NOON, actor=DESK)
        # They were two people after all, and she has not got it.
        assert needs_refresh(session, second, at=NOON)


@pytest.mark.parametrize("again_the_other_way", [False, True])
def test_two_people_who_were_merged_by_mistake_and_parted_again_both_get_what_was_planned_for_them(
    database: Database, *, again_the_other_way: bool
) -> None:
    with database.write() as session:
        kept, merged = make_contact(session), make_contact(session)
        wave = make_wave(session, make_list(session, kept, merged))
        merge_both(session, kept, merged)
        unmerge(session, merged, at=NOON, actor=DESK)
        if again_the_other_way:
            merge_both(session, merged, kept)
            assert claimed(session, wave) == {merged.address}
        else:
            assert claimed(session, wave) == {kept.address, merged.address}


@pytest.mark.parametrize(
    ("hers", "theirs", "doubles"),
    [
        (DeliveryState.ACCEPTED, DeliveryState.DEFERRED, 1),
        # Hers will never arrive, so the other one must.
        (DeliveryState.FAILED, DeliveryState.QUEUED, 0),
        (DeliveryState.CANCELLED, DeliveryState.QUEUED, 0),
        (DeliveryState.QUEUED, DeliveryState.FAILED, 0),
        # What is under way, or has gone, is history: the one that waits is the double.
        (DeliveryState.QUEUED, DeliveryState.SENDING, 1),
        (DeliveryState.QUEUED, DeliveryState.ACCEPTED, 1),
        (DeliveryState.ACCEPTED, DeliveryState.ACCEPTED, 0),
    ],
)
def test_only_what_waits_and_would_come_twice_is_a_double(
    database: Database, hers: DeliveryState, theirs: DeliveryState, doubles: int
) -> None:
    with database.write() as session:
        kept, merged = make_contact(session), make_contact(session)
        make_wave(session, make_list(session, kept, merged))
        for contact, state in ((kept, hers), (merged, theirs)):
            session.execute(update(Delivery).where(Delivery.contact_id == contact.id).values(state=state))
        assert merge_both(session, kept, merged) == doubles
        rows = session.execute(select(Delivery.contact_id, Delivery.state)).all()
        assert dict(map(tuple, rows)) == {kept.id: hers, merged.id: theirs}
