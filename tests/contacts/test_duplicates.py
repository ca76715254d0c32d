"""Who is in the registry twice: offered as pairs with a score and why."""

import pytest
from builders import DESK, NOON, make_contact, make_officer, make_organisation
from sqlalchemy.orm import Session

from mailer.contacts.comparing import find_duplicates, tell_apart
from mailer.contacts.duplicates import CROWD, Match, Person, matches
from mailer.contacts.likeness import Name
from mailer.contacts.mailbox import mailbox, squeezed
from mailer.contacts.merging import merge
from mailer.contacts.models import ContactPoint, ContactStatus, PointKind
from mailer.database import Database


@pytest.fixture
def database(database: Database) -> Database:
    return database


def found(session: Session, min_score: int = 70) -> list[Match]:
    return find_duplicates(session, min_score=min_score).matches


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("nour.haddad@gmail.com", "nourhaddad@googlemail.com", True),
        ("nour+press@paper.example", "nour@paper.example", True),
        ("nour.haddad@paper.example", "nourhaddad@paper.example", False),
        ("nour@paper.example", "nour@post.example", False),
        ("+@paper.example", "@paper.example", False),
    ],
)
def test_a_mailbox_is_known_however_it_is_written(one: str, two: str, same: bool) -> None:
    assert (mailbox(one) == mailbox(two)) is same


def test_what_stands_between_the_parts_of_a_name_is_a_hint_only() -> None:
    assert squeezed("nour_haddad@paper.example") == squeezed("nour.haddad@paper.example")
    assert squeezed("...@paper.example") != squeezed("@paper.example")


@pytest.mark.parametrize(
    ("hers", "theirs", "least", "most", "why"),
    [
        ({"address": "n.had@gmail.com"}, {"name": "Press desk", "address": "nhad@googlemail.com"}, 97, 97, "mailbox"),
        ({"phone": "+961 1 555 010"}, {"name": "N. Haddad", "phone": "01 555 010"}, 93, 97, "telephone"),
        ({"outlets": ("Courier",)}, {"name": "نور حداد", "outlets": ("Courier",)}, 88, 96, "both at Courier"),
        ({}, {"name": "Haddad, Nour"}, 85, 95, "same city"),
        ({}, {"city": "Cairo"}, 70, 84, "different countries"),
        ({"outlets": ("Courier",)}, {"city": "Cairo", "outlets": ("Ledger",)}, 0, 69, ""),
        ({}, {"name": "Omar Said"}, 0, 0, ""),
        ({"phone": "+961 1 555 010"}, {"name": "Omar Said", "phone": "+961 1 555 010"}, 0, 0, ""),
    ],
)  # fmt: skip
def test_pairs_have_a_score_and_a_reason(
    database: Database, hers: dict[str, object], theirs: dict[str, object], least: int, most: int, why: str
) -> None:
    with database.write() as session:
        one = make_contact(session, **({"address": "one@alpha.example"} | hers))  # type: ignore[arg-type]
        two = make_contact(session, **({"address": "two@beta.example"} | theirs))  # type: ignore[arg-type]
        pairs = found(session, 1)
    if not most:
        assert pairs == []
        return
    (match,) = pairs
    assert (match.first, match.second) == (one.id, two.id)
    assert least <= match.score <= most
    assert why in " ".join(match.why)


def test_a_further_address_of_hers_is_hers(database: Database) -> None:
    with database.write() as session:
        one, two = make_contact(session), make_contact(session, "Desk", address="desk@ledger.example")
        one.points = [ContactPoint(kind=PointKind.ADDRESS, value=two.address, key=two.address_key, position=1)]
        session.flush()
        (match,) = found(session)
        assert (match.score, match.why[0]) == (100, "same address")


def test_a_switchboard_makes_nobody_the_same(database: Database) -> None:
    with database.write() as session:
        for name in ("Nour Haddad", "Noura Haddad", "Omar Said", "Mona Rashwan", "Hagop Terzian", "Rima Saab"):
            make_contact(session, name, phone="+961 1 555 010", address=f"{name.split()[0]}@{name[-4:]}.example")
        assert all("telephone" not in " ".join(match.why) for match in found(session, 1))


def test_only_who_is_active_is_compared_and_officers_with_officers(database: Database) -> None:
    with database.write() as session:
        make_contact(session)
        make_officer(session, make_organisation(session).offices[0], "Nour Haddad")
        for status in (ContactStatus.INACTIVE, ContactStatus.ERASED):
            make_contact(session).status = status
        session.flush()
        assert found(session, 1) == []


def test_who_is_not_the_same_is_not_offered_again(database: Database) -> None:
    with database.write() as session:
        one, two = make_contact(session), make_contact(session)
        assert len(found(session)) == 1
        assert tell_apart(session, two, one, at=NOON, actor=DESK)
        assert not tell_apart(session, one, two, at=NOON, actor=DESK)
        assert not tell_apart(session, one, one, at=NOON, actor=DESK)
        assert found(session) == []
        # Nor whom she was merged into.
        three = make_contact(session)
        assert len(found(session)) == 2
        merge(session, three, one, at=NOON, actor=DESK)
        assert found(session) == []


def test_a_crowd_of_one_name_is_not_compared_each_with_each() -> None:
    crowd = [
        Person(id=n, names=(Name.of("Ali Hassan"),), addresses=(f"{n}@x{n}.example",), city=n)
        for n in range(CROWD * 20)
    ]
    crowd.append(Person(id=9999, names=(Name.of("علي حسن"),), addresses=("ali@x7.example",), city=7))
    done = matches(crowd, min_score=80)
    assert done.compared < len(crowd) * CROWD
    assert [(match.first, match.second) for match in done.matches] == [(7, 9999)]
