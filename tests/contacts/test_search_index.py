"""Whoever changes a contact, and by whatever way: the next search finds her by what she is now."""

from collections.abc import Callable
from datetime import date

import pytest
from builders import NOON, make_contact, make_outlet
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session

from mailer.contacts.models import (
    Affiliation,
    Contact,
    ContactNote,
    ContactStatus,
    ContactTag,
    ContactText,
    NoteKind,
    Outlet,
)
from mailer.contacts.query import parse
from mailer.contacts.ranking import search
from mailer.contacts.search import find_contacts
from mailer.contacts.search_index import refresh, reindex, stale
from mailer.contacts.words import asked, whole_words_of, words_of
from mailer.database import Database


@pytest.fixture
def office(database: Database) -> Database:
    with database.write() as session:
        make_contact(session, "Nour Haddad", arabic_name="نور الحدّاد", outlets=("Nile Herald",))
        make_contact(session, "Rim Itani")
    return database


def found(session: Session, words: str) -> list[str]:
    return sorted(c.name for c in find_contacts(session, parse(words), at=NOON))


def note(session: Session) -> None:
    row = {"contact_id": 2, "kind": NoteKind.NOTE, "at": NOON, "actor": "cli:desk", "text": "Zebra interview"}
    session.execute(insert(ContactNote), [row])


def lay_off(session: Session) -> None:
    session.execute(update(Affiliation).values(until=date(2026, 1, 1)))


CHANGES: list[tuple[Callable[[Session], object], str, list[str]]] = [
    (lambda s: setattr(s.get_one(Contact, 2), "name", "Zeina Itani"), "zeina", ["Zeina Itani"]),
    (
        lambda s: s.execute(update(Contact).where(Contact.id == 2).values(arabic_name="زينة")),
        "زينه",
        ["Rim Itani"],
    ),
    (lambda s: s.execute(text("UPDATE contact SET title = 'Zebra' WHERE id = 2")), "zebra", ["Rim Itani"]),
    (lambda s: s.execute(insert(ContactTag), [{"contact_id": 2, "tag": "gala"}]), "gala", ["Rim Itani"]),
    (note, "zebra", ["Rim Itani"]),
    (lambda s: s.add(Affiliation(contact_id=2, outlet=make_outlet(s, "Zebra TV"))), "zebra tv", ["Rim Itani"]),
    (lambda s: s.execute(update(Outlet).values(name="Zebra Herald")), "zebra", ["Nour Haddad"]),
    (lambda s: s.execute(update(Outlet).values(name="Zebra Herald")), "nile", []),
    (lay_off, "herald", []),
    (lambda s: s.execute(delete(Affiliation)), "herald", []),
    (lambda s: s.execute(update(Contact).values(status=ContactStatus.INACTIVE)), "nour", []),
    (lambda s: s.execute(update(Contact).values(status=ContactStatus.ERASED)), "nour status:erased", []),
    (lambda s: make_contact(s, "Zoé Itani"), "zoe", ["Zoé Itani"]),
]


@pytest.mark.parametrize(("change", "words", "names"), CHANGES)
def test_a_change_is_found_at_once_and_after_it_is_committed(
    office: Database, change: Callable[[Session], object], words: str, names: list[str]
) -> None:
    with office.write() as session:
        change(session)
        assert found(session, words) == names
    with office.read() as session:
        assert found(session, words) == names
        assert stale(session, thorough=True) == []


@pytest.mark.parametrize(("change", "words", "names"), CHANGES)
def test_a_change_is_found_that_nobody_searched_for_before_it_was_committed(
    office: Database, change: Callable[[Session], object], words: str, names: list[str]
) -> None:
    with office.write() as session:
        change(session)
    with office.read() as session:
        assert found(session, words) == names
        assert stale(session, thorough=True) == []


def test_what_was_not_committed_leaves_the_words_as_they_were(office: Database) -> None:
    with office.write() as session:
        make_contact(session, "Zeina")
        refresh(session)
        session.rollback()
    with office.read() as session:
        assert (found(session, "zeina"), found(session, "nour")) == ([], ["Nour Haddad"])
        assert stale(session, thorough=True) == []


def test_words_that_somebody_else_has_spoilt_are_noticed_and_made_anew(office: Database) -> None:
    with office.write() as session:
        session.execute(update(ContactText).where(ContactText.contact_id == 1).values(words="x"))
        assert stale(session, thorough=True) == [1]
        assert reindex(session) == 2
    with office.read() as session:
        assert (stale(session, thorough=True), found(session, "nour")) == ([], ["Nour Haddad"])


def test_contacts_of_an_older_level_are_found_after_the_upgrade(office: Database) -> None:
    with office.write() as session:
        session.execute(delete(ContactText))
        session.execute(text("INSERT INTO contact_unindexed SELECT id FROM contact"))
    with office.read() as session:
        assert [row.words.split()[0] for row in session.scalars(select(ContactText))] == ["·nour", "·rim"]


SAME = [
    ("Hélène Ørsted-Łukasz", ["helene", "HÉLÈNE", "orsted", "lukasz", "orstedlukasz"]),
    ("Seán O’Brien", ["obrien", "o'brien", "brien", "sean o"]),
    ("L'Orient-Le Jour", ["orient", "l'orient", "lorient", "le jour"]),
    ("إسراء مُنـــى أبو قرّة", ["اسراء", "إسرا", "مني", "منى", "قره", "ابو", "أبو قرة"]),
    ("وكالة الأنباء للتنمية", ["انباء", "الانباء", "تنمية", "وكاله"]),
    ("新华社记者", ["新华", "记者", "社"]),
    ("هيئة ٢٠٢٦", ["2026", "٢٠٢٦"]),
    ("ﻧﻮر", ["نور"]),
]


@pytest.mark.parametrize(("name", "searches"), SAME)
def test_a_name_is_found_however_it_is_spelled(office: Database, name: str, searches: list[str]) -> None:
    with office.write() as session:
        make_contact(session, name)
    with office.read() as session:
        for words in searches:
            assert name in found(session, words), words
            assert name in found(session, f'name:"{words}"'), words


@given(st.text(max_size=40))
def test_whoever_types_a_name_as_it_is_stored_finds_it(name: str) -> None:
    stored = words_of(name)
    assert set(asked(name)) <= set(stored)
    assert all(word and not any(c.isspace() or c in "\"'" for c in word) for word in stored)


_LETTERS = "aZß0٣ ـ'’´-‐.,_é\u0301\u00a8\u200dالنورةىءأﷺ新ไकि\u094dﬁǅİς\t\u2003\x1c"


@given(st.text(max_size=40) | st.text(_LETTERS, max_size=80) | st.text("Ab9 ", max_size=90))
def test_a_name_looked_at_in_parts_has_the_words_of_the_whole(name: str) -> None:
    assert words_of(name) == whole_words_of(name)


def test_those_come_first_who_are_called_so(office: Database) -> None:
    with office.write() as session:
        make_contact(session, "Amal Nouri")
        make_contact(session, "Ziad Aoun", outlets=("Nour TV",))
        make_contact(session, "Badr Nour")
    with office.read() as session:
        got = search(session, parse("nour"), at=NOON)
        assert [c.name for c in got.contacts] == ["Badr Nour", "Nour Haddad", "Amal Nouri", "Ziad Aoun"]
        assert not got.more
        some = search(session, parse("nour city:Beirut"), at=NOON, limit=2)
        assert ([c.name for c in some.contacts], some.more) == (["Badr Nour", "Nour Haddad"], True)
        named = search(session, parse("name:nour"), at=NOON)
        assert [c.name for c in named.contacts] == ["Badr Nour", "Nour Haddad", "Amal Nouri"]
