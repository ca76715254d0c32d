"""Contacts are found by query, and one of them by address, number or name; none is guessed."""

import pytest
from builders import NOON, make_contact, make_list

from mailer.contacts.lists import members_of
from mailer.contacts.query import parse
from mailer.contacts.search import contact_named, find_contacts
from mailer.database import Database
from mailer.errors import AmbiguousContact, UnknownContact


@pytest.fixture
def office(database: Database) -> Database:
    return database


def test_contacts_come_by_city_and_name_page_by_page(office: Database) -> None:
    with office.write() as session:
        for name, city in (("Zeina", "Beirut"), ("Amal", "Cairo"), ("Badr", "Beirut"), ("Badr", "Cairo")):
            make_contact(session, name, city=city, languages=("ar", "en", "fr"), beats=("a", "b"))
    with office.read() as session:
        whole = [(c.city.name, c.name) for c in find_contacts(session, at=NOON)]
        assert whole == [("Beirut", "Badr"), ("Beirut", "Zeina"), ("Cairo", "Amal"), ("Cairo", "Badr")]
        pages = [find_contacts(session, limit=3, offset=offset, at=NOON) for offset in (0, 3, 6)]
        assert [[c.name for c in page] for page in pages] == [["Badr", "Zeina", "Amal"], ["Badr"], []]
        assert [c.name for c in find_contacts(session, parse("city:Cairo"), offset=1, at=NOON)] == ["Badr"]


def test_a_list_is_searched_by_itself(office: Database) -> None:
    with office.write() as session:
        nour, rim = make_contact(session, "Nour", beats=("health",)), make_contact(session, "Rim")
        make_contact(session, "Tarek", beats=("health",))
        members = members_of(session, make_list(session, rim, nour), at=NOON)
        assert find_contacts(session, among=members, at=NOON) == [nour, rim]
        assert find_contacts(session, parse("beat:health"), among=members, at=NOON) == [nour]


def test_a_contact_is_named_by_address_number_or_either_name(office: Database) -> None:
    with office.write() as session:
        make_contact(session, "Rim Itani", address="rim@paper.example")
        nour = make_contact(session, "Nour Haddad", arabic_name="نور حداد", address="nour@صحيفة.example")
        texts = (
            "NOUR@صحيفة.example",
            "nour@xn--ogbhx3c3b.example",
            str(nour.id),
            "٢",
            " Nour  Haddad ",
            "نور حداد",
        )
        for text in texts:
            assert contact_named(session, text) is nour, text


def test_two_of_one_name_are_told_apart_by_address(office: Database) -> None:
    with office.write() as session:
        make_contact(session, "Nour Haddad", address="one@paper.example")
        make_contact(session, "Nour Haddad", address="two@paper.example", city="Cairo")
        with pytest.raises(AmbiguousContact, match=r"2 contacts.*one@paper.example \(Beirut\), two@.*\(Cairo\)"):
            contact_named(session, "Nour Haddad")


def test_an_unknown_contact_is_answered_with_who_may_be_meant(office: Database) -> None:
    with office.write() as session:
        make_contact(session, "Nour Haddad", address="nour@paper.example")
        with pytest.raises(UnknownContact, match=r"Did you mean Nour Haddad <nour@paper\.example>"):
            contact_named(session, "haddad")


@pytest.mark.parametrize(
    "text",
    ["", "%", "_", "' OR 1=1 --", "a\x00b", "\udce9", "9" * 300, "2147483648", "0", "x" * 9999, "@", "حداد،\nنور"],
)
def test_hostile_text_finds_nobody_and_breaks_nothing(office: Database, text: str) -> None:
    with office.write() as session:
        make_contact(session, "Nour Haddad")
        with pytest.raises(UnknownContact) as caught:
            contact_named(session, text)
    assert "Nour" not in str(caught.value)
    str(caught.value).encode()
