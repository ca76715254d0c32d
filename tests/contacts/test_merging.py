"""Two contacts who are one person: merged, nothing lost, and parted again as they were."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from builders import DESK, NOON, make_city, make_contact, make_list, make_officer, make_organisation, make_outlet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from newsroom import told
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.contacts.lists import change_list, members_of
from mailer.contacts.merging import kept_of, merge, unmerge, with_merged
from mailer.contacts.models import (
    Affiliation,
    Contact,
    ContactMerge,
    ContactPoint,
    ContactStatus,
    ContactTag,
    EmbargoAcceptance,
    LawfulBasis,
    MediaListMember,
    PointKind,
    Suppression,
    SuppressionKind,
)
from mailer.contacts.records import Record, records
from mailer.contacts.suppression import suppress, suppressed_among
from mailer.contacts.terms import day_of
from mailer.database import Database
from mailer.errors import CannotMerge, CannotUnmerge

DAY = date(2026, 3, 1)
TODAY = day_of(NOON)


@pytest.fixture
def database(database: Database) -> Database:
    return database


def as_one(session: Session, kept: Contact, merged: Contact) -> list[tuple[str, str, str]]:
    changes = merge(session, kept, merged, at=NOON, actor=DESK).changes
    return [(change.field, change.before, change.after) for change in changes]


def part(session: Session, merged: Contact) -> tuple[str, ...]:
    return unmerge(session, merged, at=NOON, actor=DESK).stays


def point(kind: PointKind, value: str, place: int = 1) -> ContactPoint:
    return ContactPoint(kind=kind, value=value, key=value, position=place)


def record(session: Session, contact: Contact) -> Record:
    return next(iter(records(session, [contact.id], day=TODAY)))


def test_what_the_kept_one_lacks_comes_from_the_other_and_what_she_has_stays(database: Database) -> None:
    with database.write() as session:
        kept = make_contact(session, phone="+961 1 555 0101", languages=("ar",), outlets=("Levant Courier",))
        merged = make_contact(
            session,
            "N. Haddad",
            arabic_name="نور حداد",
            languages=("en", "ar"),
            beats=("migration",),
            outlets=("Levant Courier", "Cedar Ledger"),
            city="Cairo",
            terms=DAY,
        )
        merged.phone, merged.source, merged.lawful_basis, merged.basis_since = (
            "+961 1 555 0199",
            "her card",
            LawfulBasis.CONSENT,
            DAY,
        )
        merged.tags = [ContactTag(tag="board")]
        merged.affiliations[0].role = "reporter"
        merged.points = [point(PointKind.ADDRESS, "n@third.example")]
        session.flush()
        old = merged.address
        changes = as_one(session, kept, merged)
        now = record(session, kept)
        assert now.name == "Nour Haddad"
        assert now.city == "Beirut"
        assert now.name_ar == "نور حداد"
        assert now.addresses == (kept.address, old, "n@third.example")
        assert now.phones == ("+961 1 555 0101", "+961 1 555 0199")
        assert now.languages == ("ar", "en")
        assert (now.beats, now.tags) == (("migration",), ("board",))
        assert [(name, role) for name, role, _ in now.outlets] == [
            ("Levant Courier", "reporter"),
            ("Cedar Ledger", ""),
        ]
        assert (now.source, now.basis, now.basis_since, now.embargo_terms) == (
            "her card",
            LawfulBasis.CONSENT,
            DAY,
            DAY,
        )
        assert ("languages", "ar", "ar, en") in changes
        assert ("outlets", "Levant Courier", "Levant Courier (reporter)") in changes
        assert (merged.status, merged.merged_into_id, merged.address) == (ContactStatus.MERGED, kept.id, old)


def test_the_log_tells_of_a_merge_under_both_numbers_and_names_fields_only(database: Database) -> None:
    with database.write() as session:
        kept, merged = make_contact(session), make_contact(session, arabic_name="نور حداد")
        as_one(session, kept, merged)
        part(session, merged)
        found = [(e.event, e.contact_id, e.data) for e in told(session) if e.event.startswith("contact.")]
    assert found == [
        ("contact.merged", merged.id, {"kept": kept.id}),
        ("contact.merged", kept.id, {"merged": merged.id, "fields": ["arabic_name", "further address"]}),
        ("contact.unmerged", merged.id, {"kept": kept.id}),
        ("contact.unmerged", kept.id, {"merged": merged.id, "fields": []}),
    ]


def test_parts_of_a_name_are_taken_over_only_for_the_same_name(database: Database) -> None:
    with database.write() as session:
        kept, same, other = (make_contact(session, name) for name in ("Nour Haddad", "NOUR HADDAD", "N. Haddad"))
        for contact in (same, other):
            contact.given_name, contact.family_name = "Nour", "Haddad"
        session.flush()
        as_one(session, kept, other)
        assert kept.given_name == ""
        as_one(session, kept, same)
        assert (kept.given_name, kept.family_name) == ("Nour", "Haddad")


def test_places_on_lists_come_along_and_an_exclusion_wins(database: Database) -> None:
    with database.write() as session:
        kept, merged, other = make_contact(session), make_contact(session), make_contact(session, "Omar Said")
        one = make_list(session, merged, name="One")
        two = make_list(session, kept, other, name="Two", excluded=[merged])
        three = make_list(session, merged, other, name="Three", excluded=[kept])
        as_one(session, kept, merged)
        assert [list(session.scalars(members_of(session, each, at=NOON))) for each in (one, two, three)] == [
            [kept.id],
            [other.id],
            [other.id],
        ]
        part(session, merged)
        assert [sorted(session.scalars(members_of(session, each, at=NOON))) for each in (one, two, three)] == [
            [merged.id],
            [kept.id, other.id],
            [merged.id, other.id],
        ]


def asked(session: Session, contact: Contact, kind: SuppressionKind, organisation_id: int | None = None) -> None:
    session.add(
        Suppression(
            address_key=contact.address_key,
            kind=kind,
            reason="she rang",
            since=NOON,
            organisation_id=organisation_id,
        )
    )
    session.flush()


def test_who_asked_not_to_be_written_to_is_not_written_to_at_either_address(database: Database) -> None:
    with database.write() as session:
        kept, merged = make_contact(session), make_contact(session)
        both = {kept.address_key, merged.address_key}
        suppress(session, merged.address, reason="asked", at=NOON, actor=DESK)
        as_one(session, kept, merged)
        assert suppressed_among(session, both) == both
        part(session, merged)
        assert suppressed_among(session, both) == {merged.address_key}
        # The other way round too: mail to the merged one's address may be waiting.
        as_one(session, merged, kept)
        assert suppressed_among(session, both) == both


def test_who_asked_herself_after_a_merge_is_not_written_to_when_it_is_undone(database: Database) -> None:
    with database.write() as session:
        kept, merged = make_contact(session), make_contact(session)
        both = {kept.address_key, merged.address_key}
        suppress(session, merged.address, reason="asked", at=NOON, actor=DESK)
        as_one(session, kept, merged)
        assert suppress(session, kept.address, reason="wrote to us herself", at=NOON, actor=DESK)
        assert not suppress(session, kept.address, reason="once more", at=NOON, actor=DESK)
        part(session, merged)
        assert suppressed_among(session, both) == both
        held = select(Suppression.reason).where(Suppression.address_key == kept.address_key)
        assert session.scalar(held) == "wrote to us herself"


def test_what_she_asked_of_one_organisation_holds_for_that_one(database: Database) -> None:
    with database.write() as session:
        kept, merged = make_contact(session), make_contact(session)
        asked(session, merged, SuppressionKind.ASKED, make_organisation(session).id)
        as_one(session, kept, merged)
        (row,) = session.scalars(select(Suppression).where(Suppression.address_key == kept.address_key))
        assert row.organisation_id is not None


def test_a_mailbox_that_is_gone_says_nothing_of_the_other(database: Database) -> None:
    with database.write() as session:
        kept, merged = make_contact(session), make_contact(session)
        asked(session, merged, SuppressionKind.UNDELIVERABLE)
        as_one(session, kept, merged)
        assert suppressed_among(session, [kept.address_key]) == set()
        # But what she asked weighs more than that her mailbox is gone.
        third = make_contact(session)
        asked(session, third, SuppressionKind.ASKED)
        asked(session, kept, SuppressionKind.UNDELIVERABLE)
        of_kept = select(Suppression.kind, Suppression.reason).where(Suppression.address_key == kept.address_key)
        as_one(session, kept, third)
        assert session.execute(of_kept).scalar_one() is SuppressionKind.ASKED
        part(session, third)
        assert session.execute(of_kept).one() == (SuppressionKind.UNDELIVERABLE, "she rang")


@pytest.mark.parametrize(
    ("hers", "theirs", "holds"),
    [
        ([], [(DAY, None)], True),
        ([(DAY, None)], [], True),
        ([], [(DAY, DAY + timedelta(days=9))], False),
        # A withdrawal is the person's, whichever row has it, and what she accepts later counts again.
        ([(DAY, DAY + timedelta(days=9))], [(DAY + timedelta(days=1), None)], False),
        ([(DAY + timedelta(days=1), None)], [(DAY, DAY + timedelta(days=9))], False),
        ([(DAY, DAY + timedelta(days=9))], [(DAY + timedelta(days=10), None)], True),
        # Within one row it is as an officer wrote it.
        ([(DAY, DAY + timedelta(days=9)), (DAY + timedelta(days=1), None)], [], True),
    ],
)
def test_embargo_terms_count_by_the_person(
    database: Database,
    hers: list[tuple[date, date | None]],
    theirs: list[tuple[date, date | None]],
    holds: bool,
) -> None:
    with database.write() as session:
        kept, merged = make_contact(session), make_contact(session)
        for contact, days in ((kept, hers), (merged, theirs)):
            contact.acceptances = [
                EmbargoAcceptance(accepted_on=a, withdrawn_on=w, recorded_at=NOON) for a, w in days
            ]
        session.flush()
        before = [(a.accepted_on, a.withdrawn_on) for a in kept.acceptances]
        as_one(session, kept, merged)
        assert (kept.embargo_terms(TODAY) is not None) is holds
        part(session, merged)
        assert [(a.accepted_on, a.withdrawn_on) for a in kept.acceptances] == before


def test_chains_are_followed_and_a_circle_cannot_be(database: Database) -> None:
    with database.write() as session:
        a, b, c = (make_contact(session) for _ in range(3))
        as_one(session, b, a)
        as_one(session, c, b)
        assert kept_of(session, a) is c
        assert set(session.scalars(with_merged(c.id))) == {a.id, b.id, c.id}
        assert set(session.scalars(with_merged(b.id))) == {a.id, b.id}
        d = make_contact(session)
        assert merge(session, a, d, at=NOON, actor=DESK).kept is c
        for kept, merged in ((a, c), (b, c), (c, a), (c, c), (d, c)):
            with pytest.raises(CannotMerge):
                as_one(session, kept, merged)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda s, k, m: setattr(m, "status", ContactStatus.ERASED), "is erased"),
        (lambda s, k, m: setattr(k, "status", ContactStatus.ERASED), "is erased"),
        (lambda s, k, m: setattr(k, "status", ContactStatus.INACTIVE), "set aside"),
    ],
)
def test_who_cannot_be_merged_is_told_why(
    database: Database, spoil: Callable[[Session, Contact, Contact], None], reason: str
) -> None:
    with database.write() as session:
        kept, merged = make_contact(session), make_contact(session)
        spoil(session, kept, merged)
        session.flush()
        with pytest.raises(CannotMerge, match=reason):
            as_one(session, kept, merged)


def test_an_officer_is_no_journalist(database: Database) -> None:
    with database.write() as session:
        officer = make_officer(session, make_organisation(session).offices[0])
        with pytest.raises(CannotMerge, match="journalist"):
            as_one(session, make_contact(session), officer)


def test_what_was_changed_since_stays_and_is_told(database: Database) -> None:
    with database.write() as session:
        kept = make_contact(session)
        merged = make_contact(session, arabic_name="نور حداد", outlets=("Cedar Ledger",))
        merged.phone, merged.title = "+961 1 555 0199", "Editor"
        desk = make_list(session, merged, queries=["city:Cairo"])
        session.flush()
        as_one(session, kept, merged)
        kept.arabic_name = "نور الحداد"
        kept.current_affiliations[0].role = "editor"
        change_list(session, desk, exclude=[kept], at=NOON, actor=DESK)
        stays = part(session, merged)
        assert len(stays) == 3
        assert [word in " / ".join(stays) for word in ("arabic name", "Cedar Ledger (editor)", "Beirut desk")] == [
            True
        ] * 3
        assert (kept.arabic_name, kept.phone, kept.title) == ("نور الحداد", "", "")
        assert [a.role for a in kept.current_affiliations] == ["editor"]
        assert list(session.scalars(members_of(session, desk, at=NOON))) == [merged.id]


def test_merges_are_undone_from_the_last_to_the_first(database: Database) -> None:
    with database.write() as session:
        a, b, c, d = (make_contact(session, arabic_name=name) for name in ("", "نور", "نور", ""))
        as_one(session, a, b)
        as_one(session, a, c)
        with pytest.raises(CannotUnmerge, match=f"unmerge {c.id}"):
            part(session, b)
        as_one(session, d, a)
        with pytest.raises(CannotUnmerge, match=f"unmerge {a.id}"):
            part(session, c)
        for merged in (a, c, b):
            assert part(session, merged) == ()
        with pytest.raises(CannotUnmerge, match="was not merged"):
            part(session, b)
        assert [x.arabic_name for x in (a, b, c, d)] == ["", "نور", "نور", ""]
        assert {x.status for x in (a, b, c, d)} == {ContactStatus.ACTIVE}
        assert session.scalar(select(func.count()).where(ContactMerge.undone_at.is_(None))) == 0


def test_who_was_set_aside_before_is_set_aside_again(database: Database) -> None:
    with database.write() as session:
        kept, merged = make_contact(session), make_contact(session)
        merged.status = ContactStatus.INACTIVE
        session.flush()
        as_one(session, kept, merged)
        part(session, merged)
        assert merged.status is ContactStatus.INACTIVE


WORDS = st.sampled_from(["", "one", "two"])
DAYS = st.dates(DAY, DAY + timedelta(days=5))
DETAILS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Nour Haddad", "N. Haddad"]),
        "given_name": WORDS,
        "family_name": WORDS,
        "arabic_name": WORDS,
        "phone": st.sampled_from(["", "+961 1 555 010", "+961 1 555 011", "at her desk"]),
        "title": WORDS,
        "source": WORDS,
        "lawful_basis": st.none() | st.sampled_from(LawfulBasis),
        "basis_since": st.none() | DAYS,
        "languages": st.lists(st.sampled_from(["en", "ar", "fr"]), unique=True, min_size=1),
        "salutations": st.lists(WORDS, min_size=3, max_size=3),
        "beats": st.sets(st.sampled_from(["migration", "health"])),
        "tags": st.sets(st.sampled_from(["board", "climate"])),
        "outlets": st.dictionaries(st.sampled_from(["Courier", "Ledger"]), st.tuples(WORDS, st.booleans())),
        "points": st.dictionaries(st.sampled_from(["+9611555010", "+9611555012"]), st.integers(1, 3)),
        "address": st.booleans(),
        "acceptances": st.lists(st.tuples(DAYS, st.none() | DAYS), max_size=2),
        "suppression": st.none() | st.sampled_from(SuppressionKind),
        "lists": st.dictionaries(st.sampled_from([0, 1]), st.booleans()),
    }
)


def made(session: Session, details: dict[str, object], lists: list[int]) -> Contact:
    """A contact with these details."""
    d: dict = dict(details)  # type: ignore[type-arg]
    contact = make_contact(session, d["name"], languages=d["languages"], beats=sorted(d["beats"]))
    for name in ("given_name", "family_name", "arabic_name", "phone", "title", "source"):
        setattr(contact, name, d[name])
    contact.lawful_basis, contact.basis_since = d["lawful_basis"], d["basis_since"]
    for item, words in zip(contact.languages, d["salutations"], strict=False):
        item.salutation = words
    contact.tags = [ContactTag(tag=tag) for tag in sorted(d["tags"])]
    contact.affiliations = [
        Affiliation(outlet=make_outlet(session, name), role=role, until=DAY if over else None)
        for name, (role, over) in sorted(d["outlets"].items())
    ]
    contact.points = [point(PointKind.PHONE, number, place) for number, place in sorted(d["points"].items())]
    if d["address"]:
        contact.points.append(point(PointKind.ADDRESS, f"further{contact.id}@paper.example", 2))
    contact.acceptances = [
        EmbargoAcceptance(accepted_on=a, withdrawn_on=w, recorded_at=NOON) for a, w in d["acceptances"]
    ]
    if d["suppression"]:
        asked(session, contact, d["suppression"])
    for place, excluded in d["lists"].items():
        session.add(MediaListMember(list_id=lists[place], contact_id=contact.id, excluded=excluded))
    session.flush()
    return contact


def everything(session: Session, *contacts: Contact) -> object:
    """All that there is about them, from the database."""
    session.flush()
    session.expire_all()
    numbers = [contact.id for contact in contacts]
    return (
        list(records(session, numbers, day=TODAY)),
        session.execute(
            select(*MediaListMember.__table__.columns).order_by(
                MediaListMember.list_id, MediaListMember.contact_id
            )
        ).all(),
        session.execute(select(*Suppression.__table__.columns).order_by(Suppression.id)).all(),
        session.execute(select(*EmbargoAcceptance.__table__.columns).order_by(EmbargoAcceptance.id)).all(),
        session.execute(select(*Affiliation.__table__.columns).order_by(Affiliation.id)).all(),
        session.execute(select(*ContactPoint.__table__.columns).order_by(ContactPoint.id)).all(),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=DETAILS, two=DETAILS)
def test_a_merge_that_is_undone_leaves_everything_as_it_was(
    database: Database, one: dict[str, object], two: dict[str, object]
) -> None:
    with database.write() as session:
        make_city(session)
        somebody = make_contact(session, "Omar Said")
        lists = [make_list(session, somebody, name=name).id for name in ("One", "Two")]
        kept, merged = (made(session, details, lists) for details in (one, two))
        before = everything(session, kept, merged)
        as_one(session, kept, merged)
        assert part(session, merged) == ()
        assert everything(session, kept, merged) == before
        session.rollback()
