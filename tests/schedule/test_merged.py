"""What waits for a contact who is merged into another: once, and not never."""

from datetime import timedelta

import pytest
from builders import DESK, NOON, make_contact, make_list
from newsroom import make_wave
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer.contacts.merging import merge, unmerge
from mailer.contacts.models import Contact
from mailer.database import Database
from mailer.delivery.claims import claim
from mailer.schedule.merged import count_doubles
from mailer.schedule.models import Delivery, DeliveryState, Wave
from mailer.schedule.waves import open_wave

LONG = timedelta(days=2)


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
