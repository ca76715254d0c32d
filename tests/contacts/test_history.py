"""The history of a contact tells in an officer's words what she was sent, what she asked, and who changed what."""

from datetime import date, timedelta
from enum import StrEnum

import pytest
from builders import DESK, NOON, make_contact, make_list, make_organisation, make_outlet
from newsroom import make_wave
from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit import Event, append
from mailer.contacts.affiliations import leave_outlet, move
from mailer.contacts.basis import set_basis
from mailer.contacts.comparing import tell_apart
from mailer.contacts.history import Passage, history_of
from mailer.contacts.history_words import WORDS
from mailer.contacts.merging import merge, unmerge
from mailer.contacts.models import Contact, LawfulBasis, NoteKind, SuppressionKind
from mailer.contacts.notes import add_note, tag, verify
from mailer.contacts.standing import bring_back, set_aside
from mailer.contacts.suppression import lift, suppress
from mailer.contacts.terms import accept, add_terms, withdraw
from mailer.database import Database
from mailer.delivery.models import Attempt
from mailer.schedule.models import Delivery


@pytest.fixture
def office(database: Database) -> Database:
    return database


def newest(session: Session, contact: Contact) -> tuple[str, str]:
    """Words and details of what happened last."""
    session.flush()
    passage = history_of(session, contact)[0]
    return passage.words, passage.details


def test_every_event_that_is_about_a_contact_has_words() -> None:
    hers = {event for event in Event if event.partition(".")[0] in ("contact", "delivery", "suppression")}
    assert hers | {Event.TERMS_ACCEPTED, Event.TERMS_WITHDRAWN} <= WORDS.keys()
    assert len(set(WORDS.values())) == len(WORDS)
    assert not any("." in words for words in WORDS.values())


def attempted(
    session: Session, delivery: Delivery, event: Event, *, number: int, code: int, enhanced: str, text: str
) -> None:
    """As a sending process records it."""
    session.add(
        Attempt(
            delivery_id=delivery.id,
            number=number,
            at=NOON,
            relay="main",
            stage="rcpt",
            code=code,
            enhanced=enhanced,
            text=text,
        )
    )
    append(
        session,
        event,
        at=NOON + timedelta(minutes=number),
        actor=DESK,
        wave_id=delivery.wave_id,
        delivery_id=delivery.id,
        contact_id=delivery.contact_id,
        data={"attempt": number, "relay": "main", "stage": "rcpt", "code": code, "enhanced": enhanced},
    )


def test_what_she_was_sent_is_told_with_release_version_language_and_the_relay_s_reply(office: Database) -> None:
    with office.write() as session:
        contact = make_contact(session, languages=("ar",))
        wave = make_wave(session, make_list(session, contact))
        delivery = session.scalars(select(Delivery)).one()
        attempted(session, delivery, Event.DELIVERY_DEFERRED, number=1, code=451, enhanced="4.7.1", text="later")
        attempted(session, delivery, Event.DELIVERY_IN_DOUBT, number=2, code=0, enhanced="", text="")
        attempted(session, delivery, Event.DELIVERY_FAILED, number=3, code=550, enhanced="5.1.1", text="gone")
        session.flush()
        found = history_of(session, contact)
    assert [(one.words, one.details) for one in found] == [
        ("not delivered", "ports, version 1, in Arabic; main answered 550 5.1.1 gone"),
        ("not known whether it was sent", "ports, version 1, in Arabic; main gave no answer"),
        ("not taken yet, tried again later", "ports, version 1, in Arabic; main answered 451 4.7.1 later"),
    ]
    first = found[0]
    assert (first.what, first.release, first.version, first.language, first.reply) == (
        "delivery.failed",
        "ports",
        1,
        "ar",
        "gone",
    )
    assert (first.wave_id, first.delivery_id, first.actor) == (wave.id, delivery.id, DESK)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("suppressed", "her address is not to be written to"),
        ("no-embargo-terms", "she has not accepted embargo terms"),
        ("something new", "something new"),
    ],
)
def test_why_she_was_left_out_is_told(office: Database, reason: str, said: str) -> None:
    with office.write() as session:
        contact, other = make_contact(session), make_contact(session)
        wave = make_wave(session, make_list(session, other))
        event = Event.DELIVERY_EXCLUDED
        append(
            session, event, at=NOON, actor=DESK, wave_id=wave.id, contact_id=contact.id, data={"reason": reason}
        )
        assert newest(session, contact) == ("left out of a sending", f"ports, version 1; {said}")


def test_what_she_asked_is_told_with_its_reason(office: Database) -> None:
    with office.write() as session:
        contact, esrf = make_contact(session), make_organisation(session)
        hours = iter(NOON + timedelta(hours=hour) for hour in range(9))
        suppress(session, contact.address, reason="unsubscribed", organisation=esrf, at=next(hours), actor=DESK)
        assert newest(session, contact) == (
            "not written to from now on",
            "releases of ESRF; she asked: unsubscribed",
        )
        gone = SuppressionKind.UNDELIVERABLE
        suppress(session, contact.address, reason="550 no", kind=gone, at=next(hours), actor=DESK)
        assert newest(session, contact) == (
            "not written to from now on",
            "all releases; no such mailbox: 550 no",
        )
        lift(session, contact.address, at=next(hours), actor=DESK)
        assert newest(session, contact) == ("may be written to again", "all releases")
        # What was lifted is no reason any more, and the past stays told.
        assert history_of(session, contact)[1].details == "all releases"


def test_moves_are_told_with_the_outlets_names(office: Database) -> None:
    with office.write() as session:
        contact = make_contact(session, outlets=["Courier"])
        courier, wave = make_outlet(session, "Courier"), make_outlet(session, "Radio Wave")
        move(session, contact, left=courier, joined=wave, on=NOON.date(), at=NOON, actor=DESK)
        leave_outlet(session, contact, wave, on=NOON.date(), at=NOON + timedelta(days=1), actor=DESK)
        session.flush()
        found = [one.details for one in history_of(session, contact)]
    assert found == ["left Radio Wave", "went to Radio Wave", "left Courier"]


def test_each_change_is_told_by_the_names_of_its_fields_and_by_whom(office: Database) -> None:
    with office.write() as session:
        contact, other = make_contact(session), make_contact(session)
        set_basis(session, contact, basis=LawfulBasis.CONSENT, source="her card", at=NOON, actor=DESK)
        assert newest(session, contact) == ("details changed", "source, lawful basis")
        tag(session, contact, "vip", at=NOON, actor=DESK)
        assert newest(session, contact) == ("details changed", "tags")
        set_aside(session, contact, at=NOON, actor=DESK)
        assert newest(session, contact) == ("details changed", "set aside")
        bring_back(session, contact, at=NOON, actor=DESK)
        assert newest(session, contact) == ("details changed", "brought back")
        tell_apart(session, contact, other, at=NOON, actor=DESK)
        assert newest(session, contact) == ("details changed", f"is not one person with contact {other.id}")
        verify(session, contact, at=NOON, actor=DESK)
        assert newest(session, contact) == ("details confirmed as right", "")
        assert {one.actor for one in history_of(session, contact)} == {DESK}


def test_embargo_terms_are_told_by_name_and_day(office: Database) -> None:
    with office.write() as session:
        contact = make_contact(session)
        terms = add_terms(session, "Embargo 2026", "I keep it to myself.", at=NOON, actor=DESK)
        day = date(2026, 1, 5)
        accept(session, contact, terms, on=day, until=date(2026, 12, 31), how="by mail", at=NOON, actor=DESK)
        assert newest(session, contact) == (
            "embargo terms accepted",
            "Embargo 2026, on 2026-01-05, until 2026-12-31",
        )
        withdraw(session, contact, on=NOON.date(), at=NOON, actor=DESK)
        assert newest(session, contact) == ("embargo terms withdrawn", "on 2026-11-24")


def test_a_merge_is_in_the_history_of_both_and_so_is_what_was_before_it(office: Database) -> None:
    with office.write() as session:
        kept, merged = make_contact(session, beats=["health"]), make_contact(session, beats=["economy"])
        add_note(session, merged, "Prefers to be called.", at=NOON, actor=DESK)
        merge(session, kept, merged, at=NOON + timedelta(days=1), actor=DESK)
        session.flush()
        found = history_of(session, kept)
        assert {one.words for one in found} == {"found to be one person with another contact", "note"}
        of_kept = next(one for one in found if one.contact_id == kept.id)
        assert of_kept.details.startswith(f"contact {merged.id}; changed by it: ")
        assert "beats" in of_kept.details
        of_merged = next(one for one in history_of(session, merged) if one.what == Event.CONTACT_MERGED)
        assert of_merged.details == f"contact {kept.id}, who stands for both"
        unmerge(session, merged, at=NOON + timedelta(days=2), actor=DESK)
        assert newest(session, merged) == (
            "found to be another person after all",
            f"contact {kept.id}",
        )


def test_a_note_is_told_once_with_its_words(office: Database) -> None:
    with office.write() as session:
        contact = make_contact(session)
        add_note(session, contact, "Asked for figures", kind=NoteKind.REQUEST, at=NOON, actor=DESK)
        (passage,) = history_of(session, contact)
        assert (passage.what, passage.words, passage.details) == ("request", "she asked", "Asked for figures")
        # A note that is gone leaves the log's entry.
        append(session, Event.CONTACT_NOTED, at=NOON + timedelta(days=1), actor=DESK, contact_id=contact.id)
        assert newest(session, contact) == ("note written", "")


def test_the_newest_is_first_and_of_one_instant_the_last_that_was_written(office: Database) -> None:
    with office.write() as session:
        contact = make_contact(session)
        for event in (Event.CONTACT_ADDED, Event.CONTACT_CHANGED, Event.CONTACT_VERIFIED):
            append(session, event, at=NOON, actor=DESK, contact_id=contact.id)
        append(session, Event.CONTACT_DISCLOSED, at=NOON + timedelta(days=1), actor=DESK, contact_id=contact.id)
        found: list[Passage] = list(history_of(session, contact))
    assert [one.what for one in found] == [
        "contact.disclosed",
        "contact.verified",
        "contact.changed",
        "contact.added",
    ]


class Praised(StrEnum):
    CONTACT_PRAISED = "contact.praised"


def test_an_event_that_nobody_has_put_into_words_is_told_by_its_name(office: Database) -> None:
    with office.write() as session:
        contact = make_contact(session)
        append(session, Praised.CONTACT_PRAISED, at=NOON, actor=DESK, contact_id=contact.id)  # type: ignore[arg-type]
        assert newest(session, contact) == ("contact.praised", "")
