"""A list that is archived stays for the record and is used for nothing new, until it is taken back."""

import pytest
from builders import DESK, NOON, make_contact, make_list

from mailer.audit import Event, entries
from mailer.contacts.archiving import archive_list, restore_list
from mailer.contacts.lists import (
    all_lists,
    change_list,
    copy_list,
    count,
    create_list,
    current_lists,
    delete_list,
    list_named,
    rename_list,
)
from mailer.database import Database
from mailer.errors import BadQuery, ListArchived, ListExistsArchived, ListInUse


def test_an_archived_list_is_shown_and_kept_and_takes_no_changes(database: Database) -> None:
    with database.write() as session:
        nour = make_contact(session)
        gala = make_list(session, name="Gala", queries=["city:Beirut"])
        assert archive_list(session, gala, at=NOON, actor=DESK)
        assert not archive_list(session, gala, at=NOON, actor=DESK)
        assert (list_named(session, "GALA"), count(session, gala, at=NOON)) == (gala, 1)
        assert (list(current_lists(session)), list(all_lists(session))) == ([], [gala])
        with pytest.raises(ListArchived, match=r"2026-11-24.*lists restore “Gala”"):
            change_list(session, gala, exclude=[nour], at=NOON, actor=DESK)
        other = make_list(session, name="Other", queries=["city:Cairo"])
        for act in (
            lambda: make_list(session, name="gala", queries=["city:Cairo"]),
            lambda: rename_list(session, other, "gala", at=NOON, actor=DESK),
        ):
            with pytest.raises(
                ListExistsArchived, match=r"“Gala” already, put aside.*lists restore “Gala”.*rename"
            ):
                act()
        delete_list(session, other, at=NOON, actor=DESK)
        assert copy_list(session, gala, "Gala 2027", at=NOON, actor=DESK).archived_at is None
        assert restore_list(session, gala, at=NOON, actor=DESK)
        assert not restore_list(session, gala, at=NOON, actor=DESK)
        assert change_list(session, gala, exclude=[nour], at=NOON, actor=DESK)
        told = [entry.event for entry in entries(session) if entry.data == {"list": gala.id}]
        assert told == [Event.LIST_ARCHIVED, Event.LIST_RESTORED]


def test_a_list_in_use_neither_loses_nor_gains_one_that_is_archived(database: Database) -> None:
    with database.write() as session:
        make_contact(session)
        inner = make_list(session, name="Inner", queries=["city:Beirut"])
        outer = make_list(session, name="Outer", queries=["list:Inner", "list:Inner kind:officer"])
        with pytest.raises(ListInUse, match=r"cannot be archived: it is used by the media list “Outer”\."):
            archive_list(session, inner, at=NOON, actor=DESK)
        archive_list(session, outer, at=NOON, actor=DESK)
        archive_list(session, inner, at=NOON, actor=DESK)
        assert count(session, outer, at=NOON) == 1  # for the record
        with pytest.raises(BadQuery, match=r"character 6, “Inner”: the list was archived.*restore “Inner”"):
            create_list(session, "New", queries=["list:Inner"], at=NOON, actor=DESK)
        with pytest.raises(BadQuery, match="the list was archived"), session.begin_nested():
            restore_list(session, outer, at=NOON, actor=DESK)
        session.expire_all()
        assert outer.archived_at is not None
        restore_list(session, inner, at=NOON, actor=DESK)
        assert restore_list(session, outer, at=NOON, actor=DESK)


def test_a_list_that_is_deleted_has_an_event_of_its_own(database: Database) -> None:
    with database.write() as session:
        gone = make_list(session, queries=["city:Beirut"])
        number = gone.id
        archive_list(session, gone, at=NOON, actor=DESK)
        delete_list(session, gone, at=NOON, actor=DESK)
        last = list(entries(session))[-1]
        assert (last.event, last.data) == (Event.LIST_DELETED, {"list": number})
