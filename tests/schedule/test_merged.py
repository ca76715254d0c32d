"""What waits for a contact who is merged into another: once, and not never."""

import pytest
from builders import DESK, NOON, make_contact, make_list
from newsroom import make_wave, told
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer.audit import Event
from mailer.contacts.merging import merge
from mailer.contacts.models import Contact
from mailer.database import Database
from mailer.schedule.merged import cancel_doubles
from mailer.schedule.models import Delivery, DeliveryState


def states(session: Session, *contacts: Contact) -> list[DeliveryState | None]:
    found = dict(session.execute(select(Delivery.contact_id, Delivery.state)).all())
    return [found.get(contact.id) for contact in contacts]


def merge_both(session: Session, kept: Contact, merged: Contact) -> int:
    done = merge(session, kept, merged, at=NOON, actor=DESK)
    return cancel_doubles(session, done.kept, done.merged, at=NOON, actor=DESK)


@pytest.fixture
def database(database: Database) -> Database:
    return database


def test_she_gets_a_wave_once(database: Database) -> None:
    with database.write() as session:
        kept, merged = make_contact(session), make_contact(session)
        make_wave(session, make_list(session, kept, merged))
        assert merge_both(session, kept, merged) == 1
        assert states(session, kept, merged) == [DeliveryState.QUEUED, DeliveryState.CANCELLED]
        (entry,) = told(session, Event.DELIVERY_CANCELLED)
        assert entry.contact_id == merged.id


def test_she_is_not_missed_where_only_the_merged_one_would_get_it(database: Database) -> None:
    with database.write() as session:
        kept, merged = make_contact(session), make_contact(session)
        make_wave(session, make_list(session, merged))
        assert merge_both(session, kept, merged) == 0
        assert states(session, kept, merged) == [None, DeliveryState.QUEUED]


@pytest.mark.parametrize(
    ("hers", "theirs", "after"),
    [
        (DeliveryState.ACCEPTED, DeliveryState.DEFERRED, DeliveryState.CANCELLED),
        # Hers will never arrive, so the other one must.
        (DeliveryState.FAILED, DeliveryState.QUEUED, DeliveryState.QUEUED),
        (DeliveryState.CANCELLED, DeliveryState.QUEUED, DeliveryState.QUEUED),
        # What is under way, or has gone, is history.
        (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.SENDING),
        (DeliveryState.QUEUED, DeliveryState.ACCEPTED, DeliveryState.ACCEPTED),
    ],
)
def test_only_what_waits_and_would_come_twice_is_cancelled(
    database: Database, hers: DeliveryState, theirs: DeliveryState, after: DeliveryState
) -> None:
    with database.write() as session:
        kept, merged = make_contact(session), make_contact(session)
        make_wave(session, make_list(session, kept, merged))
        for contact, state in ((kept, hers), (merged, theirs)):
            session.execute(update(Delivery).where(Delivery.contact_id == contact.id).values(state=state))
        merge_both(session, kept, merged)
        assert states(session, kept, merged) == [hers, after]
