"""Everybody on a list is on it for a reason that can be told; lists of lists are queries like any other."""

import pytest
from builders import DESK, NOON, make_contact, make_list
from sqlalchemy.orm import Session

from mailer.contacts.lists import change_list, copy_list, delete_list, list_named, members_of, rename_list
from mailer.contacts.membership import lists_of, reasons
from mailer.contacts.models import Contact, ContactStatus, MediaList, MediaListQuery
from mailer.database import Database
from mailer.errors import BadQuery, ListExists, ListInUse, UnknownList


@pytest.fixture
def office(database: Database) -> Database:
    return database


def on(session: Session, media_list: MediaList) -> set[str]:
    ids = list(session.scalars(members_of(session, media_list, at=NOON)))
    assert len(ids) == len(set(ids))
    return {session.get_one(Contact, number).name for number in ids}


def why(session: Session, media_list: MediaList) -> dict[str, tuple[bool, tuple[str, ...], tuple[str, ...]]]:
    return {r.name: (r.on_it, r.because, r.kept_off) for r in reasons(session, media_list, at=NOON)}


def merge(session: Session, merged: Contact, kept: Contact) -> None:
    merged.status, merged.merged_into_id = ContactStatus.MERGED, kept.id
    session.flush()


def listed(session: Session, *people: Contact) -> list[tuple[str, bool, bool | None, tuple[str, ...]]]:
    numbers = [contact.id for contact in people]
    return [
        (one.media_list.name, one.on_it, one.kept_off, one.queries) for one in lists_of(session, numbers, at=NOON)
    ]


def test_the_reasons_are_told_and_agree_with_who_is_on_it(office: Database) -> None:
    with office.write() as session:
        nour = make_contact(session, "Nour", beats=["health"])
        rim = make_contact(session, "Rim", city="Cairo")
        zeina = make_contact(session, "Zeina", beats=["health"])
        nobody = make_contact(session, "Nobody", city="Cairo")
        old = make_contact(session, "Old", city="Cairo")
        queries = ["city:Beirut", "beat:health"]
        media_list = make_list(session, nour, rim, old, queries=queries, excluded=[zeina])
        old.status = ContactStatus.INACTIVE
        session.flush()
        assert why(session, media_list) == {
            "Nour": (True, ("by hand", *queries), ()),
            "Rim": (True, ("by hand",), ()),
            "Zeina": (False, tuple(queries), ("by hand",)),
            "Old": (False, ("by hand",), ("inactive",)),
        }
        assert on(session, media_list) == {"Nour", "Rim"}
        assert listed(session, nour) == [("Beirut desk", True, False, tuple(queries))]
        assert listed(session, zeina) == [("Beirut desk", False, True, tuple(queries))]
        assert listed(session, rim) == [("Beirut desk", True, False, ())]
        assert listed(session, old) == [("Beirut desk", False, False, ())]
        assert listed(session, nobody) == []


def test_the_lists_of_a_person_are_told_though_another_query_of_theirs_is_not_understood(office: Database) -> None:
    with office.write() as session:
        nour, kept = make_contact(session, "Nour"), make_contact(session, "Nour H", city="Cairo")
        merge(session, nour, kept)
        found = make_list(session, name="Found", queries=["city:Cairo"])
        broken = [MediaListQuery(query="city:Utopolis"), MediaListQuery(query="organisation:gone")]
        found.queries.extend(broken)
        make_list(session, name="Merged", queries=["status:merged"])
        make_list(session, nour, name="Hand")
        session.flush()
        assert listed(session, nour, kept) == [
            ("Found", True, None, ("city:Cairo",)),
            ("Hand", True, False, ()),
            ("Merged", False, None, ("status:merged",)),
        ]


def test_a_member_who_was_merged_leads_to_the_contact_who_is_kept(office: Database) -> None:
    with office.write() as session:
        first, second, kept, off, off_kept = (
            make_contact(session, n) for n in ("A", "B", "Kept", "Off", "Off kept")
        )
        media_list = make_list(session, first, off_kept, excluded=[off])
        merge(session, first, second)
        merge(session, second, kept)
        assert on(session, media_list) == {"Kept", "Off kept"}
        assert why(session, media_list)["A"] == (False, ("by hand",), (f"merged into B (no. {second.id})",))
        merge(session, off, off_kept)  # who must not be written to stays so under her other number
        assert on(session, media_list) == {"Kept"}


def test_lists_are_joined_and_taken_from_each_other(office: Database) -> None:
    with office.write() as session:
        for name, city in (("Nour", "Beirut"), ("Rim", "Cairo"), ("Zeina", "Tunis")):
            make_contact(session, name, city=city)
        make_list(session, name="Levant", queries=["city:Beirut"])
        make_list(session, name="Nile", queries=["city:Cairo"])
        both = make_list(session, name="Both", queries=["list:levant", "list:Nile"])
        rest = make_list(session, name="Rest", queries=["kind:journalist -list:Both"])
        assert (on(session, both), on(session, rest)) == ({"Nour", "Rim"}, {"Zeina"})


def test_a_circle_of_lists_is_refused_with_its_way(office: Database) -> None:
    with office.write() as session:
        a = make_list(session, name="A", queries=["city:Beirut"])
        make_list(session, name="B", queries=["list:A"])
        for query in ("list:A", "list:B", "-list:B"):
            with pytest.raises(BadQuery, match="contain itself: “A” → "):
                change_list(session, a, add_queries=[query], at=NOON, actor=DESK)
        with pytest.raises(BadQuery, match=r"Did you mean “A”|no such media list"):
            make_list(session, name="C", queries=["list:AA"])


def test_lists_in_lists_are_bounded(office: Database) -> None:
    with office.write() as session:
        make_list(session, name="L0", queries=["city:Beirut"])
        with pytest.raises(BadQuery, match="more than 5 deep"):
            for n in range(1, 9):
                made = make_list(session, name=f"L{n}", queries=[f"list:L{n - 1}"])
                members_of(session, made, at=NOON)


def test_a_list_is_renamed_copied_and_deleted(office: Database) -> None:
    with office.write() as session:
        nour, rim = make_contact(session, "Nour"), make_contact(session, "Rim")
        levant = make_list(session, nour, name="Levant", queries=["city:Beirut"], excluded=[rim])
        user = make_list(session, name="User", queries=["list:levant"])
        with pytest.raises(ListExists):
            rename_list(session, levant, "USER", at=NOON, actor=DESK)
        assert rename_list(session, levant, "Near East", at=NOON, actor=DESK)
        assert [q.query for q in user.queries] == ['list:"Near East"']
        assert on(session, user) == {"Nour"}
        copied = copy_list(session, levant, "Copy", at=NOON, actor=DESK)
        assert on(session, copied) == {"Nour"}
        with pytest.raises(ListInUse, match="“User”"):
            delete_list(session, levant, at=NOON, actor=DESK)
        delete_list(session, user, at=NOON, actor=DESK)
        delete_list(session, levant, at=NOON, actor=DESK)
        with pytest.raises(UnknownList):
            list_named(session, "Near East")
