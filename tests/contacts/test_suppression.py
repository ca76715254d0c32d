"""A suppressed address is known in each of its spellings, and the log keeps no address of anybody."""

import pytest
from builders import DESK, NOON, make_contact, make_organisation
from newsroom import told
from sqlalchemy import event, select

from mailer.audit import Event, entries
from mailer.contacts.address import address
from mailer.contacts.merging import merge
from mailer.contacts.models import ContactPoint, PointKind, Suppression, SuppressionKind
from mailer.contacts.models.lawful import ELSEWHERE
from mailer.contacts.stops import stops_among, suppressed_spellings
from mailer.contacts.suppression import (
    asked_among,
    asked_elsewhere,
    concerned,
    lift,
    suppress,
    suppressed_among,
    suppressions,
)
from mailer.database import Database
from mailer.errors import BadAddress, BadDomain


@pytest.fixture
def office(database: Database) -> Database:
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


def test_a_domain_stands_for_all_addresses_there_and_below_in_each_spelling(office: Database) -> None:
    with office.write() as session:
        assert suppress(session, "@Paper.example", reason="asked by letter", at=NOON, actor=DESK)
        assert suppress(session, "@صحيفة.example", reason="asked by letter", at=NOON, actor=DESK)
        assert not suppress(session, "@xn--ogbhx3c3b.example", reason="again", at=NOON, actor=DESK)
        stopped = ["a@paper.example", "a@desk.beirut.paper.example", "a@xn--ogbhx3c3b.example"]
        others = ["a@newspaper.example", "paper.example@other.example", "a@example", "a@paper.example.other"]
        assert suppressed_among(session, [*stopped, *others]) == set(stopped)
        assert lift(session, "@PAPER.example.", at=NOON, actor=DESK)
        assert suppressed_among(session, stopped) == {"a@xn--ogbhx3c3b.example"}


def test_who_unsubscribed_from_one_organisation_hears_from_the_others(office: Database) -> None:
    with office.write() as session:
        esrf, wpa = make_organisation(session, "esrf"), make_organisation(session, "wpa")
        key = "a@paper.example"
        assert suppress(session, key, organisation=esrf, reason="unsubscribed", at=NOON, actor=DESK)
        assert suppressed_among(session, [key]) == set()
        assert suppressed_among(session, [key], [wpa.id]) == set()
        assert suppressed_among(session, [key], [wpa.id, esrf.id]) == {key}
        assert not lift(session, key, at=NOON, actor=DESK)
        assert suppress(session, key, reason="from all", at=NOON, actor=DESK)
        assert suppressed_among(session, [key]) == {key}
        assert [(s.address_key, o and o.slug) for s, o in suppressions(session)] == [(key, "esrf"), (key, None)]
        assert lift(session, key, organisation=esrf, at=NOON, actor=DESK)
        assert suppressed_among(session, [key], [esrf.id]) == {key}


def test_that_she_asked_outweighs_that_her_mailbox_was_not_there(office: Database) -> None:
    with office.write() as session:
        gone = SuppressionKind.UNDELIVERABLE
        assert suppress(session, "a@paper.example", reason="550", kind=gone, at=NOON, actor=DESK)
        assert suppress(session, "a@paper.example", reason="she asked", at=NOON, actor=DESK)
        assert not suppress(session, "a@paper.example", reason="550", kind=gone, at=NOON, actor=DESK)
        kept = session.scalars(select(Suppression)).one()
        assert (kept.kind, kept.reason) == (SuppressionKind.ASKED, "she asked")


@pytest.mark.parametrize(
    "text", ["@", "@paper", "@pa per.example", "@-a.example", "@a@b.example", "@.example", "@*"]
)
def test_what_is_no_domain_is_refused(office: Database, text: str) -> None:
    with office.write() as session, pytest.raises(BadDomain):
        suppress(session, text, reason="x", at=NOON, actor=DESK)


def test_the_log_tells_of_a_domain_and_an_organisation_without_their_names(office: Database) -> None:
    with office.write() as session:
        esrf = make_organisation(session)
        suppress(session, "@haddad.example", organisation=esrf, reason="asked", at=NOON, actor=DESK)
        entry = list(entries(session))[-1]
        assert entry.data == {"domain": True, "organisation": esrf.id}


def test_it_is_told_how_many_contacts_a_domain_concerns(office: Database) -> None:
    with office.write() as session:
        for text in ("a@paper.example", "b@desk.paper.example", "c@newspaper.example", "d@other.example"):
            contact = make_contact(session, address=text)
        contact.points.append(ContactPoint(kind=PointKind.ADDRESS, value="d@paper.example", key="d@paper.example"))
        session.flush()
        assert concerned(session, "@paper.example") == 3
        assert concerned(session, "a@paper.example") == 1


def test_a_mailbox_is_suppressed_in_each_spelling_and_let_go_in_each(office: Database) -> None:
    said, hers = "nourhaddad+x@googlemail.com", "nour.haddad@gmail.com"
    others = ["nour.hadad@gmail.com", "nourhaddad@paper.example", "nour+x@paper.example"]
    with office.write() as session:
        make_contact(session, address=hers)
        suppress(session, said, reason="asked", at=NOON, actor=DESK)
        suppress(session, "nour@paper.example", reason="asked", at=NOON, actor=DESK)
        assert suppressed_among(session, [hers, *others]) == asked_among(session, [hers, *others]) == {hers}
        assert suppressed_spellings(session, [hers, said, *others]) == {hers: [said]}
        assert concerned(session, said) == concerned(session, hers) == 1
        assert lift(session, hers, at=NOON, actor=DESK) == [said]
        assert suppressed_among(session, [hers, said]) == set()
        assert lift(session, hers, at=NOON, actor=DESK) == []


def test_what_a_merge_said_of_her_other_address_is_lifted_with_what_she_asked(office: Database) -> None:
    with office.write() as session:
        kept, merged = (make_contact(session, address=f"{name}@paper.example") for name in ("kept", "merged"))
        suppress(session, "merged@paper.example", reason="she rang", at=NOON, actor=DESK)
        merge(session, kept, merged, at=NOON, actor=DESK)
        assert suppressed_among(session, [kept.address_key]) == {kept.address_key}
        # At the one where she did not ask herself nothing is gained.
        assert lift(session, kept.address, at=NOON, actor=DESK) == [kept.address_key]
        assert asked_elsewhere(session, kept.address) == ["merged@paper.example"]
        suppress(session, kept.address, reason=ELSEWHERE, at=NOON, actor=DESK)
        assert lift(session, "merged@paper.example", at=NOON, actor=DESK) == [
            "merged@paper.example",
            "kept@paper.example",
        ]
        assert suppressions(session) == []
        assert asked_elsewhere(session, kept.address) == []
        assert [e.contact_id for e in told(session, Event.SUPPRESSION_REMOVED)][-2:] == [kept.id, kept.id]


def test_what_she_asked_at_both_addresses_is_lifted_at_one_only(office: Database) -> None:
    with office.write() as session:
        kept, merged = (make_contact(session, address=f"{name}@paper.example") for name in ("kept", "merged"))
        for contact in (kept, merged):
            suppress(session, contact.address, reason="she rang", at=NOON, actor=DESK)
        merge(session, kept, merged, at=NOON, actor=DESK)
        assert lift(session, merged.address, at=NOON, actor=DESK) == ["merged@paper.example"]
        assert asked_elsewhere(session, merged.address) == ["kept@paper.example"]


def test_a_mailbox_that_is_not_there_is_not_there_when_what_she_asked_elsewhere_is_lifted(
    office: Database,
) -> None:
    with office.write() as session:
        kept, merged = (make_contact(session, address=f"{name}@paper.example") for name in ("kept", "merged"))
        gone = SuppressionKind.UNDELIVERABLE
        suppress(session, kept.address, reason="550", kind=gone, at=NOON, actor=DESK)
        suppress(session, merged.address, reason="she rang", at=NOON, actor=DESK)
        merge(session, kept, merged, at=NOON, actor=DESK)
        assert lift(session, merged.address, at=NOON, actor=DESK) == ["merged@paper.example"]
        ((left, _),) = suppressions(session)
        assert (left.address_key, left.kind, left.reason) == ("kept@paper.example", gone, "550")


@pytest.mark.parametrize(
    ("hers", "said"),
    [
        ("nour.haddad@gmail.com", "nourhaddad+x@googlemail.com"),
        ("nour@paper.example", "nour@paper.example"),
    ],
)
def test_the_log_names_whoever_has_the_mailbox_and_the_one_who_is_kept(
    office: Database, hers: str, said: str
) -> None:
    with office.write() as session:
        kept, merged = make_contact(session), make_contact(session, address=hers)
        suppress(session, said, reason="asked", at=NOON, actor=DESK)
        lift(session, said, at=NOON, actor=DESK)
        merge(session, kept, merged, at=NOON, actor=DESK)
        suppress(session, said, reason="asked", at=NOON, actor=DESK)
        assert [e.contact_id for e in told(session, Event.SUPPRESSION_ADDED)] == [merged.id, kept.id]


def test_a_suppressed_mailbox_is_found_by_its_index(office: Database) -> None:
    with office.write() as session:
        suppress(session, "Nour.Haddad+x@GoogleMail.com", reason="asked", at=NOON, actor=DESK)
        suppress(session, "@gmail.com", reason="asked", at=NOON, actor=DESK)
        assert sorted(session.scalars(select(Suppression.mailbox))) == ["@gmail.com", "nourhaddad@gmail.com"]
        seen: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        event.listen(office.engine, "before_cursor_execute", note)
        try:
            assert stops_among(session, ["nour.haddad@gmail.com"], set).of_address("nour.haddad@gmail.com")
        finally:
            event.remove(office.engine, "before_cursor_execute", note)
        of_suppressions = [statement for statement in seen if "suppression" in statement]
        assert of_suppressions
        assert not [statement for statement in of_suppressions if "LIKE" in statement.upper()]
