"""Notes, tags and checks: kept as they were written, told to the log without their words, and hers after a merge."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from builders import DESK, NOON, make_contact
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from newsroom import told
from sqlalchemy.orm import Session

from mailer.audit import Event
from mailer.contacts.merging import merge
from mailer.contacts.models import Contact, ContactStatus, NoteKind
from mailer.contacts.notes import MAX_NOTE, add_note, notes_of, tag, tag_word, untag, verify
from mailer.database import Database
from mailer.errors import BadField, ContactGone


@pytest.fixture
def office(database: Database) -> Database:
    return database


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Prefers to be called.", "Prefers to be called."),
        ("  Asked   for\nfigures\tby port ", "Asked for figures by port"),
        ("طلبت أرقامًا عن الموانئ", "طلبت أرقامًا عن الموانئ"),
        ("=SUM(A1) -- not a formula here", "=SUM(A1) -- not a formula here"),
        ("x" * MAX_NOTE, "x" * MAX_NOTE),
        ("turned\u202eround", "turnedround"),
    ],
)
def test_a_note_is_kept_on_one_line(office: Database, written: str, kept: str) -> None:
    with office.write() as session:
        note = add_note(session, make_contact(session), written, at=NOON, actor=DESK)
        assert (note.text, note.kind, note.actor, note.at) == (kept, NoteKind.NOTE, DESK, NOON)


@pytest.mark.parametrize("text", ["", "  \n ", "x" * (MAX_NOTE + 1), "bell\x07", "\x00", "\x1b[31mred"])
def test_what_is_no_note_is_refused_and_not_quoted_raw(office: Database, text: str) -> None:
    with office.write() as session:
        contact = make_contact(session)
        with pytest.raises(BadField) as refused:
            add_note(session, contact, text, at=NOON, actor=DESK)
        assert notes_of(session, contact) == []
    assert not set(str(refused.value)) & set("\x07\x00\x1b")


def test_the_log_has_that_a_note_was_written_and_no_word_of_it(office: Database) -> None:
    with office.write() as session:
        contact = make_contact(session)
        add_note(session, contact, "Zenobia called", kind=NoteKind.REQUEST, at=NOON, actor=DESK)
        (entry,) = told(session, Event.CONTACT_NOTED)
    assert (entry.contact_id, entry.actor, entry.data) == (contact.id, DESK, {"kind": "request"})


def test_notes_are_those_of_all_who_were_merged_into_her_newest_first(office: Database) -> None:
    with office.write() as session:
        kept, merged, other = (make_contact(session, name) for name in ("Nour", "N. Haddad", "Rim"))
        for days, who in enumerate((kept, merged, other, kept)):
            add_note(session, who, f"note {days}", at=NOON + timedelta(days=days), actor=DESK)
        merge(session, kept, merged, at=NOON, actor=DESK)
        assert [note.text for note in notes_of(session, kept)] == ["note 3", "note 1", "note 0"]


Act = Callable[[Session, Contact], object]
ACTS: list[Act] = [
    lambda session, contact: add_note(session, contact, "text", at=NOON, actor=DESK),
    lambda session, contact: tag(session, contact, "vip", at=NOON, actor=DESK),
    lambda session, contact: untag(session, contact, "vip", at=NOON, actor=DESK),
    lambda session, contact: verify(session, contact, at=NOON, actor=DESK),
]


@pytest.mark.parametrize("act", ACTS)
def test_nothing_is_written_to_somebody_who_is_gone(office: Database, act: Act) -> None:
    with office.write() as session:
        kept, merged, erased = (make_contact(session, name) for name in ("Nour", "N. Haddad", "Rim"))
        merge(session, kept, merged, at=NOON, actor=DESK)
        erased.status = ContactStatus.ERASED
        session.flush()
        before = len(told(session))
        for contact in (merged, erased):
            with pytest.raises(ContactGone):
                act(session, contact)
        assert len(told(session)) == before


def test_a_tag_is_one_word_whatever_its_capitals(office: Database) -> None:
    with office.write() as session:
        contact = make_contact(session)
        assert tag(session, contact, " Board ", at=NOON, actor=DESK)
        assert not tag(session, contact, "BOARD", at=NOON, actor=DESK)
        assert [held.tag for held in contact.tags] == ["board"]
        assert untag(session, contact, "bOARD", at=NOON, actor=DESK)
        assert not untag(session, contact, "board", at=NOON, actor=DESK)
        # Only what changed is told, by the field's name.
        entries = told(session, Event.CONTACT_CHANGED)
    assert [entry.data for entry in entries] == [{"fields": ["tags"]}] * 2


@pytest.mark.parametrize("word", ["", " ", "x" * 61, "a\x00b"])
def test_what_is_no_tag_is_refused(office: Database, word: str) -> None:
    with office.write() as session, pytest.raises(BadField):
        tag(session, make_contact(session), word, at=NOON, actor=DESK)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=80))
def test_a_tag_that_is_taken_is_the_same_when_it_is_typed_again(text: str) -> None:
    try:
        word = tag_word(text)
    except BadField:
        return
    assert word
    assert tag_word(word) == word


def test_a_check_is_remembered_with_its_hour(office: Database) -> None:
    with office.write() as session:
        contact = make_contact(session)
        verify(session, contact, at=NOON, actor=DESK)
        (entry,) = told(session, Event.CONTACT_VERIFIED)
    assert (contact.verified_at, entry.at, entry.contact_id) == (NOON, NOON, contact.id)
