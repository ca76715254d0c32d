"""What is older than the office keeps it goes, and nothing that is younger or in use."""

from datetime import timedelta
from pathlib import Path

import pytest
from builders import DESK, NOON, make_contact, make_officer, make_organisation
from newsroom import told
from sqlalchemy import select
from sqlalchemy.orm import Session
from zenobia import make_sent, merge

from mailer.audit import Event
from mailer.contacts.erased import needed_key
from mailer.contacts.models import Contact, ContactStatus
from mailer.database import Database
from mailer.delivery.models import Attempt
from mailer.privacy.retention import Rules, due, let_go
from mailer.schedule.models import Delivery, DeliveryState

YEARS = timedelta(days=3 * 365)
OLD = NOON - YEARS - timedelta(days=1)
YOUNG = NOON - YEARS + timedelta(days=1)
UNUSED = Rules(unused=YEARS)


def old(session: Session, name: str = "Nour Haddad") -> Contact:
    contact = make_contact(session, name)
    contact.added_at = OLD
    return contact


def found(office: Database) -> list[str]:
    with office.read() as session:
        return [person.name for person in due(session, UNUSED, at=NOON).people]


def test_who_was_not_used_for_so_long_is_found_and_nobody_else(office: Database) -> None:
    with office.write() as session:
        old(session, "Unused")
        old(session, "Inactive").status = ContactStatus.INACTIVE
        old(session, "Verified long ago").verified_at = OLD
        make_contact(session, "Added now")
        old(session, "Added then").added_at = YOUNG
        old(session, "Verified").verified_at = YOUNG
        (sent,) = make_sent(session, old(session, "Sent to"))
        sent.finished_at = YOUNG
        officer = make_officer(session, make_organisation(session, "asrf").offices[0])
        officer.added_at = OLD
        erased = old(session, "Erased")
        erased.status = ContactStatus.ERASED
    assert found(office) == ["Unused", "Inactive", "Verified long ago"]


def test_an_old_delivery_is_no_use_and_one_that_may_yet_go_out_is(office: Database) -> None:
    with office.write() as session:
        gone, waiting = old(session, "Gone"), old(session, "Waiting")
        deliveries = {row.contact_id: row for row in make_sent(session, gone, waiting)}
        for row in deliveries.values():
            row.finished_at = OLD
        deliveries[waiting.id].state = DeliveryState.HELD
    assert found(office) == ["Gone"]


def test_what_was_merged_into_her_counts_as_hers(office: Database) -> None:
    with office.write() as session:
        kept, merged, third = old(session, "Kept"), old(session, "Merged"), old(session, "Third")
        merge(session, third, merged)
        merge(session, merged, kept)
        third.verified_at = YOUNG
        number = third.id
    assert found(office) == []
    with office.write() as session:
        session.get_one(Contact, number).verified_at = OLD
    assert found(office) == ["Kept"]


def test_letting_go_erases_all_of_them_and_logs_why(office: Database, tmp_path: Path) -> None:
    with office.write() as session:
        numbers = [old(session, f"Person {place}").id for place in range(450)]
        make_contact(session, "Stays")
    with office.write() as session:
        key = needed_key(session, tmp_path / "erasure.key")
        done = let_go(session, UNUSED, key=key, at=NOON, actor=DESK)
    assert len(done.people) == 450
    with office.read() as session:
        assert session.scalars(select(Contact.name).where(Contact.status != ContactStatus.ERASED)).all() == [
            "Stays"
        ]
        entries = told(session, Event.CONTACT_ERASED)
    assert [entry.contact_id for entry in entries] == numbers
    assert {entry.data["reason"] for entry in entries} == {"age"}
    assert found(office) == []


def test_relays_words_and_names_in_deliveries_go_by_their_age(office: Database) -> None:
    rules = Rules(attempt_texts=timedelta(days=90), personal_values=timedelta(days=700))
    with office.write() as session:
        sent = make_sent(session, *(make_contact(session, f"Person {place}") for place in range(4)))
        ages = (timedelta(days=800), timedelta(days=600), timedelta(days=60), timedelta(days=800))
        for row, age in zip(sent, ages, strict=True):
            row.finished_at = NOON - age
            session.get_one(Attempt, (row.id, 1)).at = NOON - age
        sent[3].state = DeliveryState.HELD
        first = sent[0].id
    with office.write() as session:
        before = due(session, rules, at=NOON)
        assert (before.attempt_texts, before.personal_values, before.people) == (3, 1, [])
        assert let_go(session, rules, key=None, at=NOON, actor=DESK) == before
    with office.read() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
        assert [row.name.startswith("erased on") for row in rows] == [True, False, False, False]
        assert [bool(text) for text in session.scalars(select(Attempt.text).order_by(Attempt.delivery_id))] == [
            *(False, False, True, False)
        ]
        assert rows[0].id == first
        assert rows[0].address.endswith("@erased.invalid")
        assert due(session, rules, at=NOON).nothing


def test_without_a_rule_nothing_is_due(office: Database) -> None:
    with office.write() as session:
        old(session)
        assert due(session, Rules(), at=NOON).nothing
        assert not Rules().any


@pytest.mark.parametrize("rules", [UNUSED, Rules(personal_values=YEARS)])
def test_a_rule_is_seen(rules: Rules) -> None:
    assert rules.any
