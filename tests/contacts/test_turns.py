"""People are taken in, changed, merged and erased one after another, whoever does it at once."""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from builders import DESK, NOON, make_contact, make_list
from newsroom import make_release, make_version, plan_wave
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from mailer.contacts.erased import erased_among, needed_key, read_key
from mailer.contacts.importing import Imported, Told, add_contact, change_contact, import_contacts
from mailer.contacts.merging import merge
from mailer.contacts.models import Contact, ContactStatus, MediaList
from mailer.contacts.search import contact_named
from mailer.database import Database
from mailer.privacy import erase
from mailer.releases.models import Version


@pytest.fixture
def office(database: Database) -> Database:
    return database


def people(file: Path, *numbers: int) -> Path:
    rows = [f"Person {n},p{n}@paper.example,Beirut,en,Paper {n % 7}" for n in numbers]
    file.write_text("\n".join(("name,address,city,languages,outlets", *rows)) + "\n")
    return file


def import_during(office: Database, tmp_path: Path, file: Path, other: Callable[[Session], object]) -> Imported:
    """Import a list that is begun before the other's transaction ends, which has done its part by then."""
    done, begun = Event(), Event()
    key_file = tmp_path / "erasure.key"

    def is_erased(keys: Collection[str]) -> set[str]:
        with office.read() as session:
            found = erased_among(session, keys, read_key(key_file))
        begun.set()  # by now it has read whom the registry knows
        return found

    def first() -> None:
        with office.write() as session:
            other(session)
            done.set()
            while not (office.is_sqlite or begun.wait(0.02) or somebody_waits(office)):
                pass

    def second() -> Imported:
        done.wait(20)
        with office.write() as session:
            return import_contacts(session, file, at=NOON, actor=DESK, is_erased=is_erased)

    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(first), pool.submit(second)
        running[0].result()
        return running[1].result()


def somebody_waits(office: Database) -> bool:
    with office.read() as session:
        return bool(session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def test_two_lists_of_the_same_people_that_are_imported_at_once_are_both_taken(
    office: Database, tmp_path: Path
) -> None:
    first, second = people(tmp_path / "a.csv", *range(40)), people(tmp_path / "b.csv", *range(60, 20, -1))
    done = import_during(
        office, tmp_path, second, lambda session: import_contacts(session, first, at=NOON, actor=DESK)
    )
    assert (done.added, done.unchanged) == (21, 19)


@pytest.mark.parametrize("by_a_change", [False, True])
def test_who_is_entered_by_hand_while_a_list_with_her_is_imported_is_taken_once(
    office: Database, tmp_path: Path, *, by_a_change: bool
) -> None:
    with office.write() as session:
        number = make_contact(session, "Person 1", address="old@paper.example").id
    key = read_key(tmp_path / "none.key")

    def enter(session: Session) -> None:
        told = {"address": ["p1@paper.example"]}
        if by_a_change:
            contact = session.get_one(Contact, number)
            change_contact(session, contact, Told(values=told), key=key, at=NOON, actor=DESK)
        else:
            more = {"name": ["Person 1"], "city": ["Beirut"], "languages": ["en"]}
            add_contact(session, Told(values=told | more), key=key, at=NOON, actor=DESK)

    done = import_during(office, tmp_path, people(tmp_path / "a.csv", 1), enter)
    assert (done.added, done.refused) == (0, [])
    with office.read() as session:
        have = session.scalars(select(Contact.address).order_by(Contact.id)).all()
    assert have == (["p1@paper.example"] if by_a_change else ["old@paper.example", "p1@paper.example"])


def test_who_is_merged_while_a_wave_to_her_is_planned_does_not_wait_for_it(office: Database) -> None:
    with office.write() as session:
        first, second = make_contact(session), make_contact(session, city="Amman")
        numbers = [first.id, second.id]
        version = make_version(session, make_release(session))
        media_list = make_list(session, first, second).id
    if office.is_sqlite:
        return  # a writing session is alone there
    with office.write() as planning:
        plan_wave(planning, planning.get_one(Version, version.id), planning.get_one(MediaList, media_list))
        with office.write() as session:
            session.execute(text("SET LOCAL lock_timeout = '5s'"))
            kept, merged = (session.get_one(Contact, number) for number in numbers)
            merge(session, kept, merged, at=NOON, actor=DESK)


def test_who_is_erased_while_a_list_with_her_is_imported_is_not_written_back(
    office: Database, tmp_path: Path
) -> None:
    with office.write() as session:
        number = make_contact(session, "Somebody", address="p1@paper.example").id

    def forget(session: Session) -> None:
        key = needed_key(session, tmp_path / "erasure.key")
        erase(session, contact_named(session, "p1@paper.example"), key=key, at=NOON, actor=DESK)

    done = import_during(office, tmp_path, people(tmp_path / "a.csv", 1), forget)
    assert [refusal.reason for refusal in done.refused] == [
        "it was erased from the registry, and is not taken in again"
    ]
    with office.read() as session:
        (row,) = session.execute(select(Contact.id, Contact.status, Contact.name)).all()
    assert (row.id, row.status) == (number, ContactStatus.ERASED)
    assert row.name.startswith("erased")
