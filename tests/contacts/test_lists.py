"""A media list is its members and whom its queries find, less who is kept off; each once."""

import pytest
from builders import DESK, NOON, make_city, make_contact, make_list
from sqlalchemy import insert
from sqlalchemy.orm import Session

from mailer.audit import Event, entries
from mailer.contacts.lists import (
    MAX_QUERIES,
    all_lists,
    change_list,
    count,
    create_list,
    list_named,
    members_of,
)
from mailer.contacts.models import Contact, ContactKind, MediaList, MediaListQuery
from mailer.database import Database
from mailer.errors import BadList, BadQuery, EmptyList, ListExists, UnknownList


@pytest.fixture
def office(database: Database) -> Database:
    return database


def on(session: Session, media_list: MediaList) -> list[int]:
    return sorted(session.scalars(members_of(session, media_list, at=NOON)))


def test_members_and_found_less_excluded_each_once(office: Database) -> None:
    with office.write() as session:
        nour, rim, tarek, far = (
            make_contact(session, city=city, beats=[beat])
            for city, beat in (
                ("Beirut", "health"),
                ("Beirut", "culture"),
                ("Cairo", "health"),
                ("Tunis", "sport"),
            )
        )
        media_list = make_list(session, nour, far, queries=["city:Beirut", "beat:health"], excluded=[tarek])
        assert on(session, media_list) == sorted([nour.id, rim.id, far.id])
        assert count(session, media_list, at=NOON) == 3


def test_a_saved_query_finds_who_comes_later(office: Database) -> None:
    with office.write() as session:
        media_list = make_list(session, queries=["beat:health"])
        assert count(session, media_list, at=NOON) == 0
        late = make_contact(session, beats=["health"])
    with office.read() as session:
        assert on(session, list_named(session, "Beirut desk")) == [late.id]


def test_who_is_both_member_and_excluded_is_excluded(office: Database) -> None:
    with office.write() as session:
        nour, rim = make_contact(session), make_contact(session)
        assert on(session, make_list(session, nour, rim, excluded=[nour])) == [rim.id]


@pytest.mark.parametrize("start", ["nowhere", "member", "found", "excluded"])
def test_who_is_added_is_on_and_who_is_removed_is_off_however_it_was(office: Database, start: str) -> None:
    with office.write() as session:
        nour, other = make_contact(session, beats=["health"]), make_contact(session)
        media_list = make_list(
            session,
            *([other, nour] if start == "member" else [other]),
            queries=["beat:health"] if start in ("found", "excluded") else [],
            excluded=[nour] if start == "excluded" else [],
        )
        change_list(session, media_list, add=[nour], at=NOON, actor=DESK)
        assert on(session, media_list) == sorted([nour.id, other.id])
        change_list(session, media_list, remove=[nour], at=NOON, actor=DESK)
        assert on(session, media_list) == [other.id]


def test_who_is_removed_without_need_of_an_exclusion_is_found_by_a_later_query(office: Database) -> None:
    with office.write() as session:
        nour, rim, other = (make_contact(session, beats=[beat]) for beat in ("health", "health", "sport"))
        media_list = make_list(session, nour, rim, other)
        change_list(session, media_list, remove=[nour], exclude=[rim], at=NOON, actor=DESK)
        change_list(session, media_list, remove=[rim], at=NOON, actor=DESK)  # takes no exclusion back
        change_list(session, media_list, add_queries=["beat:health"], at=NOON, actor=DESK)
        assert on(session, media_list) == [nour.id, other.id]


def test_queries_come_and_go_in_any_spelling(office: Database) -> None:
    with office.write() as session:
        nour = make_contact(session)
        media_list = make_list(session, nour, queries=["beat:health", "BEAT:Health"])
        change_list(
            session,
            media_list,
            add_queries=["outlet:“Nile Herald”"],
            remove_queries=[" beat:health"],
            at=NOON,
            actor=DESK,
        )
    with office.read() as session:
        assert [q.query for q in list_named(session, "Beirut desk").queries] == ['outlet:"Nile Herald"']


def test_the_log_tells_what_changed_by_number_and_no_more(office: Database) -> None:
    with office.write() as session:
        nour, rim = make_contact(session), make_contact(session)
        media_list = make_list(session, nour, queries=["name:Haddad"])
        assert change_list(session, media_list, remove=[nour], exclude=[rim], at=NOON, actor=DESK)
        assert not change_list(
            session, media_list, exclude=[rim], add_queries=["name:Haddad"], at=NOON, actor=DESK
        )
    with office.read() as session:
        assert [(e.event, e.data) for e in entries(session)] == [
            (Event.LIST_CREATED, {"added": [nour.id], "list": media_list.id, "queries": 1}),
            (Event.LIST_CHANGED, {"excluded": [nour.id, rim.id], "list": media_list.id}),
        ]


def test_a_list_is_found_in_any_spelling_and_the_nearest_is_named(office: Database) -> None:
    with office.write() as session:
        arabic = make_list(session, name="الأخبار الإقليميّة", queries=["language:ar"])
        make_list(session, name="Cairo Desk", queries=["city:Cairo"])
        assert list_named(session, " الاخبار الاقليمية ") is arabic
        with pytest.raises(UnknownList, match="Did you mean “Cairo Desk”"):
            list_named(session, "Cairo-dsk")
        with pytest.raises(UnknownList, match=r"Lists are: Cairo Desk"):
            list_named(session, "x\x00y\udce9")
        assert [m.name for m in all_lists(session)] == ["Cairo Desk", "الأخبار الإقليميّة"]


def test_a_name_is_taken_in_every_spelling(office: Database) -> None:
    with office.write() as session:
        make_list(session, name="Café Beirut", queries=["city:Beirut"])
        with pytest.raises(ListExists, match="“Café Beirut”"):
            make_list(session, name="CAFE  beirut", queries=["city:Cairo"])
        assert len(all_lists(session)) == 1


@pytest.mark.parametrize("name", ["", " \u200f", "a\x00b", "a\udce9", "x" * 121, "ﷺ" * 20])
def test_what_is_no_name_is_refused(office: Database, name: str) -> None:
    with office.write() as session, pytest.raises(BadList, match="120 characters"):
        make_list(session, name=name, queries=["city:Beirut"])


@pytest.mark.parametrize("name", ["100% _desk", "O'Brien's \"desk\"", "مكتب، بيروت\nBcc: x@y.example"])
def test_a_name_of_odd_letters_is_kept_on_one_line(office: Database, name: str) -> None:
    with office.write() as session:
        make_list(session, name="plain", queries=["city:Cairo"])
        made = make_list(session, name=name, queries=["city:Beirut"])
        assert list_named(session, name) is made
        assert made.name == " ".join(name.split())


def test_a_list_that_could_never_reach_anybody_is_refused(office: Database) -> None:
    with office.write() as session:
        nour = make_contact(session)
        with pytest.raises(EmptyList, match="city:Beirut"):
            create_list(session, "Nobody", at=NOON, actor=DESK)
        with pytest.raises(EmptyList):
            make_list(session, nour, excluded=[nour])
        media_list = make_list(session, nour)
        with pytest.raises(EmptyList, match="Beirut desk"):
            change_list(session, media_list, remove=[nour], at=NOON, actor=DESK)


def test_wrong_queries_are_refused_and_none_is_left_out_in_silence(office: Database) -> None:
    with office.write() as session:
        with pytest.raises(BadQuery, match="Beirut"):
            make_list(session, queries=["city:Beirrut"])
        with pytest.raises(BadList, match="more than 50 queries"):
            make_list(session, queries=[f"tag:b{n}" for n in range(MAX_QUERIES + 1)])
        media_list = make_list(session, queries=["beat:health"])
        with pytest.raises(BadList, match=r"no query beat:sport.*Its queries are: beat:health"):
            change_list(session, media_list, remove_queries=["beat:sport"], at=NOON, actor=DESK)
        media_list.queries.append(MediaListQuery(query="city:Utopolis"))  # as of another version's cities
        session.flush()
        with pytest.raises(BadQuery, match="Utopolis"):
            members_of(session, media_list, at=NOON)
        assert change_list(session, media_list, remove_queries=["city:Utopolis"], at=NOON, actor=DESK)
        members_of(session, media_list, at=NOON)


def test_the_largest_list_of_queries_is_one_that_the_database_takes(office: Database) -> None:
    queries = [" ".join(f"name:é{n}x{m}" for m in range(20)) for n in range(MAX_QUERIES)]
    with office.write() as session:
        assert count(session, make_list(session, queries=queries), at=NOON) == 0


def test_thirty_thousand_members_are_one_select(office: Database) -> None:
    with office.write() as session:
        beirut = make_city(session)
        rows = [
            {
                "kind": ContactKind.JOURNALIST,
                "name": f"N {n}",
                "address": f"n{n}@paper.example",
                "address_key": f"n{n}@paper.example",
                "city_id": beirut.id,
                "added_at": NOON,
            }
            for n in range(33_000)  # more than SQLite takes as parameters of one statement
        ]
        session.execute(insert(Contact), rows)
        people = [Contact(id=n) for n in range(1, 33_001)]
        media_list = make_list(session, *people, queries=["city:Beirut"], excluded=people[:1000])
        assert count(session, media_list, at=NOON) == 32_000
        change_list(session, media_list, remove=people[:32_990], at=NOON, actor=DESK)
        assert count(session, media_list, at=NOON) == 10
