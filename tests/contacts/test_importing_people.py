"""Several rows, and several addresses, may be one person; two people are never made one by a shared mailbox."""

from collections.abc import Collection
from datetime import date
from pathlib import Path

import pytest
from builders import DESK, NOON, make_contact, make_organisation
from listing import NOUR, TAREK, changes, contact, everybody, plan, somebody, take, told
from sqlalchemy import select, update

from mailer.contacts.merging import merge
from mailer.contacts.models import Contact, ContactPoint, ContactStatus, PointKind
from mailer.contacts.stops import all_stops, stops_among
from mailer.contacts.suppression import suppress
from mailer.database import Database


@pytest.fixture
def office(database: Database) -> Database:
    return database


def test_one_row_for_each_outlet_is_one_person(office: Database, tmp_path: Path) -> None:
    rows = [NOUR | {"outlets": outlet} for outlet in ("Courier (reporter)", "Radio Bahr", "Courier (reporter)")]
    done = take(office, tmp_path, rows[0], TAREK, *rows[1:])
    assert (done.added, len(done.merged), done.refused) == (2, 2, [])
    assert [(m.row, m.into_row, m.kept) for m in done.merged] == [(4, 2, ()), (5, 2, ())]
    nour = everybody(office)[0]
    assert [(name, role) for name, role, _ in nour.outlets] == [("Courier", "reporter"), ("Radio Bahr", "")]
    assert take(office, tmp_path, rows[0], TAREK, *rows[1:]).unchanged == 2


def test_of_two_rows_about_one_person_the_first_one_s_single_values_are_kept_and_that_is_told(
    office: Database, tmp_path: Path
) -> None:
    first = NOUR | {"source": "her card", "beats": "migration", "phone": "+961 1 975 310", "title": ""}
    second = NOUR | {"source": "the web", "beats": "health", "phone": "+961 1 975 311", "title": "Ms"}
    done = take(office, tmp_path, first, second | {"city": "Cairo"})
    assert done.merged[0].kept == ("city", "source")
    nour = somebody(office)
    assert (nour.city, nour.source, nour.title) == ("Beirut", "her card", "Ms")
    assert (nour.beats, len(nour.phones)) == (("health", "migration"), 2)


def test_two_people_at_one_address_are_not_made_one(office: Database, tmp_path: Path) -> None:
    done = take(office, tmp_path, NOUR, TAREK | {"address": "NOUR@courier.example"})
    assert (done.added, done.merged) == (1, [])
    (refusal,) = done.refused
    assert (refusal.row, refusal.column, refusal.value) == (3, "address", "NOUR@courier.example")
    assert "row 2" in refusal.reason
    assert somebody(office).name == "Nour Haddad"


@pytest.mark.parametrize("other", [{"name": "NOUR  Haddád"}, {"name": "نور حداد", "name_ar": "نور حداد"}])
def test_a_name_in_another_spelling_is_the_same_person(
    office: Database, tmp_path: Path, other: dict[str, str]
) -> None:
    first = NOUR | {"name_ar": "نور حدّاد"}
    second = NOUR | {"name": "", "name_ar": ""} | other
    if "name_ar" in other:
        second["name"] = ""
    done = take(office, tmp_path, first, second)
    assert (done.added, len(done.merged), done.refused) == (1, 1, [])


def test_the_first_address_is_the_one_written_to_and_the_others_tell_who_she_is(
    office: Database, tmp_path: Path
) -> None:
    take(office, tmp_path, NOUR | {"address": "nour@courier.example; n.haddad@mail.example"})
    done = take(office, tmp_path, NOUR | {"address": "n.haddad@mail.example", "city": "Cairo"})
    assert (done.added, done.changed) == (0, 1)
    assert told(done.merged) != ""
    assert done.merged[0].reason == "a further address of a known contact"
    nour = somebody(office)
    assert nour.addresses == ("nour@courier.example", "n.haddad@mail.example")
    assert nour.city == "Cairo"


def test_several_addresses_in_a_cell_take_the_place_of_those_that_we_had(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, NOUR | {"address": "a@x.example; b@x.example"})
    done = take(office, tmp_path, NOUR | {"address": "c@x.example; a@x.example"})
    assert changes(done)["address"] == ("a@x.example; b@x.example", "c@x.example; a@x.example")
    assert somebody(office).addresses == ("c@x.example", "a@x.example")
    assert take(office, tmp_path, NOUR | {"address": "c@x.example; a@x.example"}).unchanged == 1
    # The one that was given up is free for somebody else.
    assert take(office, tmp_path, TAREK | {"address": "b@x.example"}).added == 1


@pytest.mark.parametrize(
    "cell", ["nour@courier.example; new@courier.example", "new@courier.example; old@courier.example"]
)
@pytest.mark.parametrize("organisation", [False, True])
def test_an_address_at_which_she_asked_not_to_be_written_to_stays_hers_so_that_she_is_not_written_to_at_the_others(
    office: Database, tmp_path: Path, cell: str, *, organisation: bool
) -> None:
    take(office, tmp_path, NOUR | {"address": "nour@courier.example; old@courier.example"})
    with office.write() as session:
        by = make_organisation(session) if organisation else None
        for address in ("nour@courier.example", "old@courier.example"):
            if address not in cell:
                suppress(session, address, reason="asked", at=NOON, actor=DESK, organisation=by)
        issuers = [by.id] if by else []
    for _ in range(2):
        take(office, tmp_path, NOUR | {"address": cell})
        with office.read() as session:
            nour = session.scalars(select(Contact)).one()
            assert nour.address == cell.partition(";")[0]
            assert all_stops(session, issuers).why(nour.id, nour.address_key)
            assert stops_among(session, (), lambda: issuers, contact_ids=[nour.id]).people


def test_addresses_of_two_contacts_in_one_cell_are_refused(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, NOUR, TAREK)
    done = take(office, tmp_path, NOUR | {"address": "nour@courier.example; tarek@nile.example"})
    assert done.changed == 0
    assert "two contacts, 1 and 2" in done.refused[0].reason


def test_a_row_between_two_others_is_refused_in_either_order(office: Database, tmp_path: Path) -> None:
    a, b = NOUR | {"address": "a@x.example"}, NOUR | {"address": "b@x.example"}
    both = NOUR | {"address": "a@x.example; b@x.example"}
    done = plan(office, tmp_path, a, b, both)
    assert (done.added, [refusal.row for refusal in done.refused]) == (2, [4])
    assert "rows 2 and 3" in done.refused[0].reason
    assert (plan(office, tmp_path, both, a, b).added, plan(office, tmp_path, a, both, b).refused) == (1, [])


@pytest.fixture
def merged(office: Database) -> Database:
    """Contact 1 is Nour, with 2 and 3 merged into her one after the other; 3 has a further address."""
    with office.write() as session:
        first = make_contact(session, address="nour@courier.example", languages=["ar", "en"])
        second = make_contact(session, "N. Haddad", address="n.haddad@mail.example")
        third = make_contact(session, "N. H.", address="nh@old.example")
        point = ContactPoint(
            contact_id=third.id, kind=PointKind.ADDRESS, value="x@old.example", key="x@old.example"
        )
        session.add(point)
        into = {second.id: first.id, third.id: second.id}
        for number, kept in into.items():
            values = {"status": ContactStatus.MERGED, "merged_into_id": kept}
            session.execute(update(Contact).where(Contact.id == number).values(values))
    return office


@pytest.mark.parametrize("address", ["n.haddad@mail.example", "nh@old.example", "X@old.example"])
def test_an_address_of_one_who_was_merged_leads_to_who_is_kept(
    merged: Database, tmp_path: Path, address: str
) -> None:
    done = take(merged, tmp_path, NOUR | {"address": address, "source": "an old list"})
    assert (done.added, done.changed, done.refused) == (0, 1, [])
    assert list(changes(done)) == ["source"]
    assert contact(merged, "nour@courier.example").source == "an old list"
    assert take(merged, tmp_path, NOUR | {"address": address, "source": "an old list"}).unchanged == 1


def test_an_old_list_with_rows_for_both_of_a_merged_pair_takes_what_the_kept_one_s_row_says(
    merged: Database, tmp_path: Path
) -> None:
    rows = (
        NOUR | {"name": "N. H.", "address": "nh@old.example; x@old.example", "tags": "old"},
        NOUR | {"tags": "new"},
    )
    for order in (rows, rows[::-1]):
        done = take(merged, tmp_path, *order)
        assert (done.added, done.refused, len(done.merged)) == (0, [], 1)
        nour = contact(merged, "nour@courier.example")
        assert (nour.name, nour.points) == ("Nour Haddad", [])
        assert [tag.tag for tag in nour.tags] == ["new", "old"]
    assert done.unchanged == 1


def test_somebody_new_at_a_merged_address_with_a_new_one_stays_the_contact_she_is(
    merged: Database, tmp_path: Path
) -> None:
    take(merged, tmp_path, NOUR | {"address": "nh@old.example; nour@new.example"})
    nour = contact(merged, "nour@courier.example")
    assert [point.value for point in nour.points] == ["nour@new.example"]


def test_a_list_with_the_addresses_of_a_merged_pair_takes_none_from_her(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, NOUR, NOUR | {"address": "nour@home.example"})
    with office.write() as session:
        one, two = session.scalars(select(Contact).order_by(Contact.id))
        merge(session, one, two, at=NOON, actor=DESK)
    both = NOUR | {"address": "nour@courier.example; nour@home.example"}
    assert take(office, tmp_path, both).unchanged == 1
    # The other one's first address is hers as a further one only, as long as that one's row has it.
    assert take(office, tmp_path, NOUR | {"address": "nour@home.example; nour@courier.example"}).unchanged == 1
    assert everybody(office)[0].addresses == ("nour@courier.example", "nour@home.example")


def test_an_erased_address_is_not_taken_in_again(office: Database, tmp_path: Path) -> None:
    asked: list[str] = []

    def is_erased(keys: Collection[str]) -> set[str]:
        asked.extend(keys)
        return {"gone@x.example"} & set(keys)

    rows = (NOUR, TAREK | {"address": "tarek@nile.example; Gone@x.example"})
    done = take(office, tmp_path, *rows, is_erased=is_erased)
    assert (done.added, [r.row for r in done.refused]) == (1, [3])
    assert "erased" in done.refused[0].reason
    assert set(asked) == {"nour@courier.example", "tarek@nile.example", "gone@x.example"}


def test_a_suppressed_address_is_taken_in_and_told(office: Database, tmp_path: Path) -> None:
    from builders import DESK

    with office.write() as session:
        suppress(session, "tarek@nile.example", reason="asked", at=NOON, actor=DESK)
    done = take(office, tmp_path, NOUR, TAREK)
    assert (done.added, done.refused) == (2, [])
    (notice,) = done.notices
    assert (notice.row, notice.column) == (3, "address")
    assert "suppressed" in notice.text


def test_who_is_set_aside_stays_so(office: Database, tmp_path: Path) -> None:
    with office.write() as session:
        make_contact(
            session, address="nour@courier.example", languages=["ar", "en"]
        ).status = ContactStatus.INACTIVE
    take(office, tmp_path, NOUR | {"title": "Ms"})
    assert somebody(office, date(2026, 11, 24)).status is ContactStatus.INACTIVE


@pytest.mark.parametrize(
    ("before", "row", "after"),
    [
        (("Nour Haddad", "", ""), {"given_name": "Nour"}, ("Nour Haddad", "Nour", "")),
        (("Nour Haddad", "Nour", "Haddad"), {"given_name": "Nour"}, ("Nour Haddad", "Nour", "Haddad")),
        (("Nour Haddad", "Nour", "Haddad"), {"given_name": "Noura"}, ("Noura Haddad", "Noura", "Haddad")),
        (("Nour Haddad", "Nour", "Haddad"), {"family_name": "Aziz"}, ("Nour Aziz", "Nour", "Aziz")),
        (("N. Haddad", "Nour", "Haddad"), {"given_name": "Noura"}, ("N. Haddad", "Noura", "Haddad")),
        (
            ("Nour Haddad", "Nour", "Haddad"),
            {"given_name": "Nour", "family_name": ""},
            ("Nour Haddad", "Nour", "Haddad"),
        ),
        (
            ("Nour Haddad", "Nour", "Haddad"),
            {"given_name": "Noura", "family_name": "Aziz"},
            ("Noura Aziz", "Noura", "Aziz"),
        ),
    ],
)
def test_a_list_with_one_part_of_the_names_renames_nobody_to_that_part(
    office: Database,
    tmp_path: Path,
    before: tuple[str, str, str],
    row: dict[str, str],
    after: tuple[str, str, str],
) -> None:
    with office.write() as session:
        nour = make_contact(session, address="nour@courier.example")
        nour.name, nour.given_name, nour.family_name = before
    assert take(office, tmp_path, {"address": "nour@courier.example"} | row).refused == []
    found = somebody(office)
    assert (found.name, found.given_name, found.family_name) == after
