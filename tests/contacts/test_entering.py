"""Entering and changing one contact keeps to the rules of an import, on both databases."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from builders import DESK, NOON, make_contact, make_organisation
from hypothesis import HealthCheck, given, settings
from listing import NOUR, everybody, logged, take
from newsroom import both_at_once
from people import people
from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.contacts.erased import ErasureKey, erased_among, keep_erased
from mailer.contacts.fields import join_values, split_values
from mailer.contacts.importing import Entered, Told, add_contact, change_contact, import_contacts, plan_change
from mailer.contacts.merging import merge, unmerge
from mailer.contacts.models import Affiliation, Contact, ContactPoint, ContactStatus, PointKind, SuppressionKind
from mailer.contacts.notes import tag
from mailer.contacts.outlet_cells import outlet_value
from mailer.contacts.phones import phone
from mailer.contacts.records import Record, records
from mailer.contacts.suppression import suppress
from mailer.database import Database
from mailer.errors import BadEntry, ContactGone, ErasureKeyMissing

KEY = ErasureKey(Path("erasure.key"), b"k" * 32)
NAMES = {name: f"--{name}" for name in ("address", "city", "source", "basis", "again", "languages", "salutations")}


@pytest.fixture
def office(database: Database) -> Database:
    return database


def told(
    again: bool = False, removed: dict[str, Sequence[str]] | None = None, cleared: Sequence[str] = (), **v: object
) -> Told:
    values = {name: [value] if isinstance(value, str) else value for name, value in v.items()}
    return Told(
        values=values, removed=removed or {}, cleared=cleared, again=again, names=NAMES, removed_names=NAMES
    )  # type: ignore[arg-type]


def rim(**more: object) -> Told:
    return told(
        **{"name": "Rim Khoury", "address": "rim@wave.example", "city": "Beirut", "languages": "ar"} | more
    )  # type: ignore[arg-type]


def add(office: Database, what: Told) -> Entered:
    with office.write() as session:
        return add_contact(session, what, key=KEY, at=NOON, actor=DESK)


def change(office: Database, number: int, what: Told, days: int = 0) -> Entered:
    """As said; the plan of it, made before, gives the same account."""
    at = NOON + timedelta(days=days)
    with office.read() as session:
        planned = plan_change(session, session.get_one(Contact, number), what, key=KEY, at=at)
    with office.write() as session:
        done = change_contact(session, session.get_one(Contact, number), what, key=KEY, at=at, actor=DESK)
    assert planned == done
    return done


def record(office: Database, number: int = 1) -> Record:
    with office.read() as session:
        (found,) = records(session, [number], day=NOON.date())
    return found


FULL = {
    "name_ar": "ريم خوري",
    "given_name": "Rim",
    "family_name": "Khoury",
    "address": ("rim@wave.example", "rim@home.example"),
    "phone": ("01 975 310", "+33 1 70 18 99 00"),
    "languages": ("ar", "fr"),
    "salutations": ("fr: Chère Rim", "ar: عزيزتي ريم"),
    "outlets": ("Radio Wave (producer)", "Courier"),
    "beats": ("health", "migration"),
    "tags": ("Board", "vip"),
    "source": "her card; at the fair",
    "basis": "consent",
    "basis_since": "2026-01-05",
}


def test_a_person_entered_by_hand_is_the_same_as_one_from_a_list(office: Database, tmp_path: Path) -> None:
    done = add(office, rim(**FULL))
    row = {
        "name": "Tarek Aziz",
        "name_ar": "ريم خوري",
        "given_name": "Rim",
        "family_name": "Khoury",
        "address": "tarek@nile.example; tarek@home.example",
        "phone": "01 975 310; +33 1 70 18 99 00",
        "city": "Beirut",
        "languages": "ar;fr",
        "salutations": "fr: Chère Rim; ar: عزيزتي ريم",
        "outlets": "Radio Wave (producer); Courier",
        "beats": "health; migration",
        "tags": "board; vip",
        "source": "her card; at the fair",
        "basis": "consent",
        "basis_since": "2026-01-05",
    }
    take(office, tmp_path, row)
    by_hand, from_list = (one.cells() for one in everybody(office))
    assert done.contact_id == 1
    own = ("name", "address")
    assert {n: v for n, v in by_hand.items() if n not in own} == {
        n: v for n, v in from_list.items() if n not in own
    }
    assert [(entry.event, entry.actor, entry.data) for entry in logged(office)] == [
        ("contact.added", DESK, {}),
        ("contact.added", DESK, {}),
    ]


def test_what_is_not_named_stays_as_it_is(office: Database) -> None:
    add(office, rim(**FULL))
    before = record(office).cells()
    done = change(office, 1, told(title="Dr", family_name="Haddad"))
    assert [one.field for one in done.changes] == ["family_name", "title"]
    assert record(office).cells() == before | {"title": "Dr", "family_name": "Haddad"}
    entry = logged(office)[-1]
    assert (entry.event, entry.contact_id, entry.data) == (
        "contact.changed",
        1,
        {"fields": ["family_name", "title"]},
    )
    assert change(office, 1, told(title="Dr")).changes == ()
    assert len(logged(office)) == 2


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ({"address": "rim@new.example"}, {"address": "rim@new.example; rim@wave.example; rim@home.example"}),
        ({"address": "rim@home.example"}, {"address": "rim@home.example; rim@wave.example"}),
        ({"removed": {"address": ["RIM@wave.example"]}}, {"address": "rim@home.example"}),
        ({"removed": {"address": ["rim@home.example"]}}, {"address": "rim@wave.example"}),
        (
            {"address": "rim@new.example", "removed": {"address": ["rim@wave.example", "rim@home.example"]}},
            {"address": "rim@new.example"},
        ),
        ({"phone": "01 975 311"}, {"phone": "+961 1 975 311; +961 1 975 310; +33 1 70 18 99 00"}),
        ({"phone": "+33 1 70 18 99 00"}, {"phone": "+33 1 70 18 99 00; +961 1 975 310"}),
        ({"removed": {"phone": ["+961 1 975 310"]}}, {"phone": "+33 1 70 18 99 00"}),
        ({"removed": {"phone": ["01-975310"]}}, {"phone": "+33 1 70 18 99 00"}),
        ({"cleared": ["phone"]}, {"phone": ""}),
        ({"cleared": ["phone"], "phone": "01 975 311"}, {"phone": "+961 1 975 311"}),
        ({"languages": "English"}, {"languages": "ar; fr; en"}),
        (
            {"removed": {"languages": ["français"]}},
            {"languages": "ar", "salutations": "ar: عزيزتي ريم"},
        ),
        (
            {"cleared": ["languages"], "languages": ("fr", "ar")},
            {"languages": "fr; ar", "salutations": "fr: Chère Rim; ar: عزيزتي ريم"},
        ),
        ({"salutations": "fr: Madame"}, {"salutations": "ar: عزيزتي ريم; fr: Madame"}),
        ({"languages": "en", "salutations": "en: Dear Rim"}, {"languages": "ar; fr; en"}),
        ({"cleared": ["salutations"]}, {"salutations": ""}),
        ({"beats": "economy"}, {"beats": "economy; health; migration"}),
        ({"removed": {"beats": ["Health"]}}, {"beats": "migration"}),
        ({"removed": {"beats": ["Health"]}, "beats": "economy"}, {"beats": "economy; migration"}),
        ({"cleared": ["beats"], "beats": "economy"}, {"beats": "economy"}),
        (
            {"tags": "Cairo; vip", "beats": "health;economy"},
            {"tags": "board; cairo; vip", "beats": "economy; health; migration"},
        ),
        ({"salutations": "fr: Chère Rim; à vous"}, {"salutations": 'ar: عزيزتي ريم; "fr: Chère Rim; à vous"'}),
        ({"tags": "Cairo"}, {"tags": "board; cairo; vip"}),
        ({"removed": {"tags": ["VIP"]}}, {"tags": "board"}),
        ({"outlets": "Nile Herald"}, {"outlets": "Radio Wave (producer); Courier; Nile Herald"}),
        ({"outlets": "Courier (editor)"}, {"outlets": "Radio Wave (producer); Courier (editor)"}),
        ({"outlets": "radio wave"}, {}),
        ({"city": "Cairo"}, {"city": "Cairo", "country": "EG"}),
        ({"name": "Rim Haddad"}, {"name": "Rim Haddad"}),
        (
            {"cleared": ["name_ar", "source", "basis", "basis_since"]},
            {"name_ar": "", "source": "", "basis": "", "basis_since": ""},
        ),
        ({"source": "", "basis": "contract"}, {"source": "", "basis": "contract"}),
        ({"source": "'tis her own"}, {"source": "'tis her own"}),
    ],
)
def test_a_change_is_what_was_said_and_no_more(
    office: Database, what: dict[str, object], expected: dict[str, str]
) -> None:
    add(office, rim(**FULL))
    before = record(office).cells()
    done = change(office, 1, told(**what))  # type: ignore[arg-type]
    after = record(office).cells()
    assert {name: value for name, value in after.items() if name in expected} == expected
    touched = {one.field for one in done.changes} | set(expected) | {"country"}
    assert {n: v for n, v in after.items() if n not in touched} == {
        n: v for n, v in before.items() if n not in touched
    }
    # Said again it is so already.
    if "removed" not in what:
        assert change(office, 1, told(**what)).changes == ()  # type: ignore[arg-type]


def test_the_key_of_a_number_that_was_the_first_is_kept_with_it(office: Database) -> None:
    add(office, rim(phone="01 975 310"))
    change(office, 1, told(phone="01 975 311"))
    with office.read() as session:
        query = select(ContactPoint.key).where(ContactPoint.kind == PointKind.PHONE)
        assert session.scalars(query).all() == ["+9611975310"]


def test_an_outlet_that_is_told_again_does_not_end(office: Database) -> None:
    add(office, rim(outlets="Courier (reporter)"))
    change(office, 1, told(outlets=("Courier", "Wave")), days=3)
    with office.read() as session:
        places = [
            (p.outlet.name, p.role, p.until) for p in session.scalars(select(Affiliation).order_by(Affiliation.id))
        ]
    assert places == [("Courier", "reporter", None), ("Wave", "", None)]


def test_words_that_another_command_took_do_not_stand_in_the_way(office: Database) -> None:
    add(office, rim())
    with office.write() as session:
        tag(session, session.get_one(Contact, 1), "c++/ports", at=NOON, actor=DESK)
    change(office, 1, told(tags="vip"))
    assert record(office).tags == ("c++/ports", "vip")


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ({"removed": {"address": ["other@wave.example"]}}, "she has not got it"),
        ({"removed": {"languages": ["en"]}}, "she has not got it"),
        ({"removed": {"phone": ["+961 1 975 399"]}}, "she has not got it"),
        ({"removed": {"tags": ["none"]}}, "She has none"),
        ({"removed": {"languages": ["ar"]}}, "it is empty"),
        ({"removed": {"address": ["nobody"]}}, "--address “nobody”"),
        ({"removed": {"address": ["rim@wave.example"]}}, "the only one"),
        ({"salutations": "de: Liebe Rim"}, "she does not read de"),
        ({"beats": "flying kites"}, "dateline beats add"),
        ({"city": ""}, "--city: it is empty"),
        ({"address": ["a@x.example", "b@@x.example"]}, "b@@x.example"),
        ({"organisation": "esrf", "city": "Cairo"}, "no office in Cairo"),
    ],
)
def test_a_change_that_cannot_be_is_refused(office: Database, what: dict[str, object], reason: str) -> None:
    with office.write() as session:
        make_organisation(session)
    add(office, rim())
    before = everybody(office)
    with office.write() as session, pytest.raises(BadEntry) as refused:
        change_contact(session, session.get_one(Contact, 1), told(**what), key=KEY, at=NOON, actor=DESK)  # type: ignore[arg-type]
    assert reason in str(refused.value)
    assert everybody(office) == before


def test_an_officer_of_ours_moves_with_her_office_or_not_at_all(office: Database) -> None:
    with office.write() as session:
        make_organisation(session, cities=("Beirut", "Amman"))
    add(office, rim(organisation="ESRF", title="Spokeswoman"))
    change(office, 1, told(city="Amman"))
    with office.read() as session:
        rim_there = session.get_one(Contact, 1)
        assert rim_there.office is not None
        assert rim_there.office.city.name == rim_there.city.name == "Amman"
    with pytest.raises(BadEntry, match="no office in Cairo"):
        change(office, 1, told(city="Cairo"))
    change(office, 1, told(cleared=["organisation"]))
    assert record(office).organisation == ""


def test_an_address_has_one_owner_whoever_asks(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, NOUR | {"address": "nour@courier.example; nour@home.example"})
    for address in ("NOUR@courier.example", "nour@home.example"):
        with pytest.raises(BadEntry, match="contact 1, Nour Haddad, has it"):
            add(office, rim(address=address))
    add(office, rim())
    with pytest.raises(BadEntry, match="contacts merge 2 1"):
        change(office, 2, told(address="nour@home.example"))


def test_the_address_of_one_who_was_merged_into_her_stays_with_that_one(office: Database) -> None:
    add(office, rim())
    with office.write() as session:
        other = make_contact(session, "Rim K.", address="rk@wave.example")
        merge(session, session.get_one(Contact, 1), other, at=NOON, actor=DESK)
        number = other.id
    for what in ({"address": "rk@wave.example"}, {"removed": {"address": ["rim@wave.example"]}}):
        with pytest.raises(BadEntry, match=f"contacts unmerge {number}"):
            change(office, 1, told(**what))  # type: ignore[arg-type]
    change(office, 1, told(address="rim@new.example"))
    assert record(office).addresses == ("rim@new.example", "rim@wave.example", "rk@wave.example")
    with office.write() as session, pytest.raises(ContactGone):
        change_contact(session, session.get_one(Contact, number), told(title="Dr"), key=KEY, at=NOON, actor=DESK)


@pytest.mark.parametrize("by_a_list", [False, True])
def test_undoing_a_merge_gives_each_her_addresses_also_where_others_came_since(
    office: Database, tmp_path: Path, *, by_a_list: bool
) -> None:
    add(office, rim())
    add(office, told(name="R. Khoury", address=("r@a.example", "r@b.example"), city="Beirut", languages="ar"))
    with office.write() as session:
        merge(session, session.get_one(Contact, 1), session.get_one(Contact, 2), at=NOON, actor=DESK)
    if by_a_list:
        four = "rim@new.example; rim@wave.example; r@a.example; r@b.example"
        take(office, tmp_path, {"name": "Rim Khoury", "address": four})
    else:
        change(office, 1, told(address="rim@new.example"))
    assert set(record(office).addresses) == {"rim@new.example", "rim@wave.example", "r@a.example", "r@b.example"}
    with office.write() as session:
        assert unmerge(session, session.get_one(Contact, 2), at=NOON, actor=DESK).stays == ()
    assert record(office).addresses == ("rim@new.example", "rim@wave.example")
    assert record(office, 2).addresses == ("r@a.example", "r@b.example")


def test_an_address_that_she_is_written_to_since_a_merge_stays_hers_and_is_told(office: Database) -> None:
    add(office, rim())
    add(office, told(name="R. Khoury", address=("r@a.example", "r@b.example"), city="Beirut", languages="ar"))
    with office.write() as session:
        merge(session, session.get_one(Contact, 1), session.get_one(Contact, 2), at=NOON, actor=DESK)
    change(office, 1, told(address="r@b.example"))
    with office.write() as session:
        parted = unmerge(session, session.get_one(Contact, 2), at=NOON, actor=DESK)
    assert parted.stays == ("r@b.example, where she is written to now",)
    assert record(office).addresses == ("r@b.example", "rim@wave.example")
    assert record(office, 2).addresses == ("r@a.example",)


def test_who_is_set_aside_can_be_changed_and_stays_so(office: Database) -> None:
    add(office, rim())
    with office.write() as session:
        session.get_one(Contact, 1).status = ContactStatus.INACTIVE
    change(office, 1, told(title="Dr"))
    with office.read() as session:
        assert session.get_one(Contact, 1).status is ContactStatus.INACTIVE


def test_a_suppressed_address_is_taken_and_told(office: Database) -> None:
    with office.write() as session:
        suppress(session, "rim@wave.example", reason="asked", at=NOON, actor=DESK)
    assert add(office, rim()).notices == ("rim@wave.example is suppressed; it is not written to",)


@pytest.mark.parametrize("of_one", [False, True])
def test_an_address_at_which_she_asked_not_to_be_written_to_stays_hers(office: Database, *, of_one: bool) -> None:
    add(office, rim())
    with office.write() as session:
        issuer = make_organisation(session) if of_one else None
        suppress(session, "rim@wave.example", reason="asked", organisation=issuer, at=NOON, actor=DESK)
        suppress(
            session, "old@wave.example", reason="gone", kind=SuppressionKind.UNDELIVERABLE, at=NOON, actor=DESK
        )
    change(office, 1, told(address=("rim@home.example", "old@wave.example")))
    with pytest.raises(BadEntry, match=r"rim@wave\.example.*she asked there(.|\n)*contacts unsuppress"):
        change(office, 1, told(removed={"address": ["rim@wave.example"]}))
    # That a mailbox is gone was not her word.
    change(office, 1, told(removed={"address": ["old@wave.example"]}))
    assert record(office).addresses == ("rim@home.example", "rim@wave.example")


def test_of_a_suppressed_mailbox_it_is_told_under_which_spelling_it_is_kept(
    office: Database, tmp_path: Path
) -> None:
    with office.write() as session:
        suppress(session, "rimnassar+x@googlemail.com", reason="asked", at=NOON, actor=DESK)
    (file := tmp_path / "list.csv").write_text(
        "name,address,city,languages,outlets\nRim Nassar,rim.nassar@gmail.com,Beirut,en,Paper\n"
    )
    expected = "rim.nassar@gmail.com is suppressed as rimnassar+x@googlemail.com"
    with office.write() as session:
        (notice,) = import_contacts(session, file, at=NOON, actor=DESK).notices
        assert expected in notice.text
        session.rollback()
    assert add(office, rim(address=["rim.nassar@gmail.com"])).notices == (f"{expected}; it is not written to",)


def barred(office: Database, *addresses: str) -> set[str]:
    with office.read() as session:
        return erased_among(session, addresses, KEY)


def test_an_erased_address_is_refused_until_she_asks_herself(office: Database) -> None:
    both = ("rim@wave.example", "rim@home.example")
    with office.write() as session:
        keep_erased(session, both, KEY, at=NOON)
    with pytest.raises(BadEntry, match="Only if she herself"):
        add(office, rim())
    for lacking in ({}, {"source": "her letter"}, {"basis": "consent"}, {"source": " ", "basis": "consent"}):
        with pytest.raises(BadEntry, match="--again"):
            add(office, rim(again=True, **lacking))
    assert (barred(office, *both), logged(office)) == (set(both), [])
    add(office, rim(again=True, source="her letter", basis="consent"))
    # Only what she asked for: her other address stays barred.
    assert barred(office, *both) == {"rim@home.example"}
    assert [(entry.event, entry.contact_id, entry.data) for entry in logged(office)] == [
        ("contact.added", 1, {}),
        ("contact.readmitted", 1, {"addresses": 1}),
    ]
    with pytest.raises(BadEntry, match="Only if she herself"):
        change(office, 1, told(address="rim@home.example"))


def test_nobody_is_taken_for_a_stranger_where_the_key_is_lost(office: Database) -> None:
    with office.write() as session:
        keep_erased(session, ["rim@wave.example"], KEY, at=NOON)
    lost = ErasureKey(Path("erasure.key"), None)
    with office.write() as session, pytest.raises(ErasureKeyMissing):
        add_contact(session, rim(again=True, source="x", basis="consent"), key=lost, at=NOON, actor=DESK)


def test_again_where_nobody_was_erased_is_told(office: Database) -> None:
    done = add(office, rim(again=True, source="her letter", basis="consent"))
    assert done.notices == ("none of her addresses was erased, so that --again was not needed",)
    assert [entry.event for entry in logged(office)] == ["contact.added"]


def test_what_is_said_of_a_basis_is_kept_as_a_day(office: Database) -> None:
    add(office, rim(basis_since="٢٠٢٦-٠٣-٠١"))
    assert record(office).basis_since == date(2026, 3, 1)


def said(person: Record) -> Told:
    """All that a person's record has, as an officer would type it."""
    cells = person.cells()
    names = ("name", "given_name", "family_name", "name_ar")
    single = (*names, "city", "country", "title", "source", "basis", "basis_since")
    return told(
        **{name: cells[name] for name in single},
        address=person.addresses,
        phone=person.phones,
        languages=person.languages,
        salutations=[f"{code}: {words}" for code, words in person.salutations],
        beats=person.beats,
        tags=person.tags,
        outlets=[outlet_value(name, role) for name, role, _ in person.outlets],
    )


def is_taken(session: Session, what: Told) -> bool:
    """Whether she could be added; what looks like a formula no list may bring either."""
    try:
        add_contact(session, what, key=KEY, at=NOON, actor=DESK)
    except BadEntry as refused:
        if "formula" in str(refused):
            return False
        raise
    return True


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(person=people())
def test_what_is_typed_is_what_is_kept(office: Database, person: Record) -> None:
    what = said(person)
    with office.write() as session:
        if is_taken(session, what):
            (kept,) = records(session, select(Contact.id), day=NOON.date())
            # A number stands as its country writes it. Of what type an outlet is, is said of the outlet.
            phones = join_values(phone(text, "").text for text in person.phones)
            apart = {"embargo_terms": "", "verified": "", "phone": phones, "outlet_type": ""}
            assert kept.phones == tuple(split_values(phones))
            assert kept.cells() | apart == person.cells() | apart
            contact = session.get_one(Contact, kept.id)
            assert change_contact(session, contact, what, key=KEY, at=NOON, actor=DESK).changes == ()
        session.rollback()


def test_of_two_officers_who_enter_one_address_in_one_moment_the_second_is_told(office: Database) -> None:
    refused: list[BadEntry] = []

    def enter() -> None:
        try:
            add(office, rim())
        except BadEntry as error:
            refused.append(error)

    both_at_once(enter, enter)
    assert len(refused) == 1
    assert "rim@wave.example" in str(refused[0])
    assert len(everybody(office)) == 1
    assert [entry.event for entry in logged(office)] == ["contact.added"]


def test_of_two_changes_in_one_moment_none_is_lost(office: Database) -> None:
    add(office, rim())

    def change_by(what: Told) -> None:
        with office.write() as session:
            change_contact(session, session.get_one(Contact, 1), what, key=KEY, at=NOON, actor=DESK)

    both_at_once(lambda: change_by(told(title="Dr")), lambda: change_by(told(source="her card")))
    assert (record(office).title, record(office).source) == ("Dr", "her card")
