"""A suppressed address is known in each of its spellings, and the log keeps no address of anybody."""

import pytest
from builders import DESK, NOON, make_contact
from sqlalchemy import select

from mailer.audit import Event, entries
from mailer.contacts.address import address
from mailer.contacts.models import Suppression
from mailer.contacts.suppression import lift, suppress, suppressed_among
from mailer.database import Database, migrate
from mailer.errors import BadAddress


@pytest.fixture
def office(database: Database) -> Database:
    migrate.upgrade(database)
    return database


def test_a_suppressed_address_is_found_among_many_in_each_spelling(office: Database) -> None:
    with office.write() as session:
        assert suppress(session, "Nour@Paper.example", reason="unsubscribed", at=NOON, actor=DESK)
        assert suppress(session, "rim@صحيفة.example", reason="unsubscribed", at=NOON, actor=DESK)
        asked = [address(text).key for text in ("NOUR@paper.example", "rim@xn--ogbhx3c3b.example")]
        others = [f"n{n}@paper.example" for n in range(33_000)]  # more than SQLite takes as parameters at once
        assert suppressed_among(session, [*asked[:1], *others, *asked[1:]]) == set(asked)
        assert suppressed_among(session, set()) == set()


def test_a_second_suppression_changes_nothing_and_a_lifted_one_is_gone(office: Database) -> None:
    with office.write() as session:
        assert suppress(session, "a@paper.example", reason="first", at=NOON, actor=DESK)
        assert not suppress(session, "A@paper.example", reason="second", at=NOON, actor=DESK)
        assert session.scalars(select(Suppression.reason)).one() == "first"
        assert lift(session, "A@PAPER.example", at=NOON, actor=DESK)
        assert not lift(session, "a@paper.example", at=NOON, actor=DESK)
        assert suppressed_among(session, ["a@paper.example"]) == set()
        assert suppress(session, "a@paper.example", reason="again", at=NOON, actor=DESK)


def test_the_log_names_a_contact_by_number_and_a_stranger_not_at_all(office: Database) -> None:
    with office.write() as session:
        nour = make_contact(session, address="nour@paper.example")
        suppress(session, "NOUR@paper.example", reason="she asked", at=NOON, actor=DESK)
        suppress(session, "stranger@paper.example", reason="bounced", at=NOON, actor=DESK)
        lift(session, "nour@paper.example", at=NOON, actor=DESK)
    with office.read() as session:
        assert [(e.event, e.contact_id, e.data) for e in entries(session)] == [
            (Event.SUPPRESSION_ADDED, nour.id, {}),
            (Event.SUPPRESSION_ADDED, None, {}),
            (Event.SUPPRESSION_REMOVED, nour.id, {}),
        ]


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("", "no reason given"),
        ("550 5.1.1\r\n\x00no such\tuser\udce9", "550 5.1.1 no such user"),
        ("x" * 9999, "x" * 300),
        ("طلبت، ذلك\nبنفسها", "طلبت، ذلك بنفسها"),
    ],
)
def test_no_reason_keeps_a_suppression_from_being_made(office: Database, reason: str, kept: str) -> None:
    with office.write() as session:
        suppress(session, "a@paper.example", reason=reason, at=NOON, actor=DESK)
        assert session.scalars(select(Suppression.reason)).one() == kept


@pytest.mark.parametrize(
    "text", ["", "nobody", "a@b@c.example", "a\x00@paper.example", "a@paper.example\r\nBcc: b@c"]
)
def test_what_is_no_address_is_refused(office: Database, text: str) -> None:
    with office.write() as session:
        with pytest.raises(BadAddress):
            suppress(session, text, reason="x", at=NOON, actor=DESK)
        with pytest.raises(BadAddress):
            lift(session, text, at=NOON, actor=DESK)
