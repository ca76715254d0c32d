"""Who asks to be forgotten is: in every table, in the files, on every list to come; and the log still holds."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import DESK, NOON, make_contact, make_list
from newsroom import make_release, make_version, make_wave, plan_wave, told
from sqlalchemy import inspect, select, text, update
from zenobia import make_sent, make_zenobia, merge

from mailer.audit import Event
from mailer.contacts.address import address as checked
from mailer.contacts.erased import erased_among, needed_key, read_key
from mailer.contacts.lists import members_of
from mailer.contacts.models import (
    Contact,
    ContactNote,
    ContactStatus,
    EmbargoAcceptance,
    NoteKind,
    Outlet,
    OutletType,
    Suppression,
)
from mailer.contacts.suppression import suppress
from mailer.database import Database
from mailer.delivery.decide import give_up, send_again
from mailer.delivery.messages import reproduce
from mailer.delivery.report import Criteria, deliveries, left_out
from mailer.errors import AlreadyErased, BeingSentTo, ErasureKeyMissing, NobodyToSendTo, PersonForgotten
from mailer.privacy import Erased, erase, survey
from mailer.schedule.models import Delivery, DeliveryState, Exclusion, ExclusionReason

NEEDLES = (
    *("Zenobia", "Quartermain", "زنوبيا", "كوارترمين", "zenobia", "quartermain", "ZENOBIA"),
    *("5557732", "555 77 31", "555 77 32", "old-desk.example", "zq@", "xyzzy-card"),
)
"""What names her, in any spelling; invented so that nothing else has it."""


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "erasure.key"


def do_erase(office: Database, number: int, key_file: Path) -> Erased:
    with office.write() as session:
        key = needed_key(session, key_file)
        return erase(session, session.get_one(Contact, number), key=key, at=NOON + timedelta(days=1), actor=DESK)


def everything(office: Database) -> Iterator[str]:
    """Every value of every table as text."""
    with office.read() as session:
        inspector = inspect(session.connection())
        for table in inspector.get_table_names():
            for row in session.execute(text(f'SELECT * FROM "{table}"')):
                for value in row:
                    yield value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def files_of(office: Database, tmp_path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(tmp_path.glob("dateline.db*")))


def test_nothing_that_names_her_is_left_in_any_table_or_file(
    office: Database, tmp_path: Path, key_file: Path
) -> None:
    with office.write() as session:
        zenobia = make_zenobia(session)
        twin = make_contact(session, "Z. Quartermain", address="zenobia@wire.example", outlets=("Nile Herald",))
        other = make_contact(session, "Omar Said", outlets=("Levant Courier",))
        make_list(session, zenobia, name="By hand")
        make_list(session, other, name="Kept off", excluded=[zenobia])
        make_sent(session, twin, other)
        merge(session, twin, zenobia)
        release = make_release(session, "second")
        plan_wave(session, make_version(session, release), make_list(session, zenobia, other, name="Desk"))
        number, other_number = zenobia.id, other.id
    before = "\n".join(everything(office))
    assert not [needle for needle in NEEDLES if needle not in before and needle != "ZENOBIA"]

    done = do_erase(office, number, key_file)
    assert len(done.contacts) == 2
    assert (done.waiting, done.deliveries, done.addresses) == (1, 2, 3)
    assert office.forget("contact", "delivery", "attempt")

    after = "\n".join(everything(office))
    assert [needle for needle in NEEDLES if needle in after or json.dumps(needle)[1:-1] in after] == []
    if office.is_sqlite:
        content = files_of(office, tmp_path)
        assert b"Omar Said" in content
        found = [n for n in NEEDLES if n.encode() in content or json.dumps(n)[1:-1].encode() in content]
        assert found == []
    with office.read() as session:
        row = session.get_one(Contact, number)
        assert (row.status, row.erased_at, row.name) == (
            ContactStatus.ERASED,
            NOON + timedelta(days=1),
            "erased on 2026-11-25",
        )
        assert session.get_one(Contact, other_number).current_affiliations[0].outlet.name == "Levant Courier"
        assert session.scalar(select(Outlet.id).where(Outlet.type == OutletType.FREELANCE)) is None
        assert session.scalars(select(EmbargoAcceptance.accepted_on)).all() == [date(2026, 1, 5)]


def test_an_erased_address_can_never_be_written_to(office: Database, key_file: Path) -> None:
    with office.write() as session:
        number = make_contact(session).id
    do_erase(office, number, key_file)
    with office.read() as session:
        row = session.get_one(Contact, number)
    assert row.address == row.address_key == f"erased-{number}@erased.invalid"
    with pytest.raises(ValueError, match="special-use"):
        checked(row.address)


def test_each_of_her_addresses_is_known_again_and_no_suppression_of_them_is_left(
    office: Database, key_file: Path
) -> None:
    with office.write() as session:
        zenobia = make_zenobia(session)
        (sent,) = make_sent(session, zenobia)
        sent.address = sent.address_key = "earlier@courier.example"
        number = zenobia.id
    do_erase(office, number, key_file)
    with office.read() as session:
        keys = [
            "zenobia.quartermain@courier.example",
            "zq@old-desk.example",
            "earlier@courier.example",
            "x@y.example",
        ]
        assert erased_among(session, keys, read_key(key_file)) == set(keys[:3])
        assert session.scalars(select(Suppression)).all() == []


@pytest.mark.parametrize("twin", [False, True])
def test_her_mailbox_goes_and_is_known_again_in_each_spelling_unless_somebody_else_has_it(
    office: Database, key_file: Path, *, twin: bool
) -> None:
    said, again = "nourhaddad+x@googlemail.com", "n.our.haddad@gmail.com"
    with office.write() as session:
        number = make_contact(session, address="nour.haddad@gmail.com").id
        if twin:
            make_contact(session, address="nourhaddad+desk@gmail.com")
        suppress(session, said, reason="asked", at=NOON, actor=DESK)
    do_erase(office, number, key_file)
    with office.read() as session:
        assert erased_among(session, [again], read_key(key_file)) == (set() if twin else {again})
        assert session.scalars(select(Suppression.address_key)).all() == ([said] if twin else [])


def test_an_address_that_somebody_else_has_by_now_stays_hers(office: Database, key_file: Path) -> None:
    with office.write() as session:
        leaver = make_contact(session, address="leaver@courier.example")
        (sent,) = make_sent(session, leaver)
        sent.address = sent.address_key = "news@courier.example"
        make_contact(session, "Successor", address="news@courier.example")
        suppress(session, "news@courier.example", reason="asked", at=NOON, actor=DESK)
        number = leaver.id
    do_erase(office, number, key_file)
    with office.read() as session:
        assert erased_among(session, ["news@courier.example"], read_key(key_file)) == set()
        assert session.scalars(select(Suppression.address_key)).all() == ["news@courier.example"]


def test_what_waits_for_her_is_cancelled_and_logged(office: Database, key_file: Path) -> None:
    states = (DeliveryState.QUEUED, DeliveryState.DEFERRED, DeliveryState.HELD, DeliveryState.FAILED)
    with office.write() as session:
        nour = make_contact(session)
        other = make_contact(session, "Omar Said")
        for place, state in enumerate(states):
            version = make_version(session, make_release(session, f"release{place}"))
            wave = plan_wave(session, version, make_list(session, nour, other, name=f"List {place}")).wave
            hers = (Delivery.wave_id == wave.id, Delivery.contact_id == nour.id)
            session.execute(update(Delivery).where(*hers).values(state=state))
        number = nour.id
    assert do_erase(office, number, key_file).waiting == 3
    with office.read() as session:
        found = session.scalars(select(Delivery.state).where(Delivery.contact_id == number).order_by(Delivery.id))
        assert list(found) == [DeliveryState.CANCELLED] * 3 + [DeliveryState.FAILED]
        others = session.scalars(select(Delivery.state).where(Delivery.contact_id != number))
        assert set(others) == {DeliveryState.QUEUED}
        assert [entry.contact_id for entry in told(session, Event.DELIVERY_CANCELLED)] == [number] * 3


def test_nothing_is_changed_while_a_message_is_handed_over_to_her(office: Database, key_file: Path) -> None:
    with office.write() as session:
        zenobia = make_zenobia(session)
        (sent,) = make_sent(session, zenobia)
        sent.state = DeliveryState.SENDING
        number = zenobia.id
    before = list(everything(office))
    with pytest.raises(BeingSentTo, match="Try again in a minute"):
        do_erase(office, number, key_file)
    assert list(everything(office)) == before


def test_the_log_names_her_by_number_only(office: Database, key_file: Path) -> None:
    with office.write() as session:
        zenobia = make_zenobia(session)
        twin = make_contact(session)
        merge(session, twin, zenobia)
        numbers = [zenobia.id, twin.id]
    do_erase(office, numbers[1], key_file)
    with office.read() as session:
        entries = told(session, Event.CONTACT_ERASED)
    assert [(entry.contact_id, entry.data) for entry in entries] == [(n, {"reason": "asked"}) for n in numbers]


def test_reports_go_on_and_say_that_she_was_erased(office: Database, key_file: Path) -> None:
    with office.write() as session:
        zenobia, omar = make_zenobia(session), make_contact(session, "Omar Said")
        sent = make_sent(session, zenobia, omar)
        wave_id, number = sent[0].wave_id, zenobia.id
        late = make_contact(session, "Late")
        late_number = late.id
        session.add(Exclusion(wave_id=wave_id, contact_id=late.id, reason=ExclusionReason.SUPPRESSED))
        hers = sent[0].id
        token = sent[0].token
    do_erase(office, number, key_file)
    do_erase(office, late_number, key_file)
    with office.read() as session:
        rows = {row.name: row for row in deliveries(session, Criteria(wave_id=wave_id))}
        assert set(rows) == {"erased on 2026-11-25", "Omar Said"}
        erased = rows["erased on 2026-11-25"]
        assert (erased.state, erased.code, erased.reply, erased.message_sha256) == ("accepted", 250, "", "5" * 64)
        assert [row.name for row in left_out(session, wave_id)] == ["erased on 2026-11-25"]
        assert session.get_one(Delivery, hers).token != token
        with pytest.raises(PersonForgotten, match="cannot be produced again"):
            reproduce(session, hers, bounce_address="press@desk.example")


def test_she_gets_nothing_any_more_whatever_names_her(office: Database, key_file: Path) -> None:
    with office.write() as session:
        nour = make_contact(session)
        desk = make_list(session, nour, queries=["city:Beirut"])
        (sent,) = make_sent(session, nour)
        sent.state = DeliveryState.FAILED
        hers, number = sent.id, nour.id
    do_erase(office, number, key_file)
    with office.write() as session:
        desk = session.merge(desk)
        assert session.scalars(members_of(session, desk, at=NOON)).all() == []
        with pytest.raises(PersonForgotten, match="cannot be sent again"):
            send_again(session, [hers], give_up_after=timedelta(days=1), at=NOON, actor=DESK)
        version = make_version(session, make_release(session, "third"))
        with pytest.raises(NobodyToSendTo):
            plan_wave(session, version, desk)


def test_two_of_her_contacts_may_have_had_the_same_wave(office: Database, key_file: Path) -> None:
    with office.write() as session:
        nour, twin = make_contact(session), make_contact(session, "N. Haddad")
        make_sent(session, nour, twin)
        merge(session, twin, nour)
        number = nour.id
    assert do_erase(office, number, key_file).deliveries == 2


def test_nobody_is_erased_twice_or_without_the_key(office: Database, key_file: Path) -> None:
    with office.write() as session:
        first, second = make_contact(session).id, make_contact(session, "Omar Said").id
    do_erase(office, first, key_file)
    with pytest.raises(AlreadyErased, match="2026-11-25"):
        do_erase(office, first, key_file)
    key_file.unlink()
    before = list(everything(office))
    with pytest.raises(ErasureKeyMissing):
        do_erase(office, second, key_file)
    assert list(everything(office)) == before


def test_a_survey_changes_nothing_and_tells_where_words_name_her(office: Database) -> None:
    with office.write() as session:
        zenobia, omar = make_zenobia(session), make_contact(session, "Omar Said")
        note = "Sits beside Zenobia Quartermain"
        session.add(ContactNote(contact_id=omar.id, kind=NoteKind.NOTE, at=NOON, actor=DESK, text=note))
        make_list(session, name="Hers", queries=['name:"Zenobia Quartermain"'])
        omar_number, number = omar.id, zenobia.id
    before = list(everything(office))
    with office.read() as session:
        found = survey(session, session.get_one(Contact, number))
    assert list(everything(office)) == before
    assert found.mentions == (f"a note on contact {omar_number}", "a query of the media list “Hers”")
    assert found.counts == {
        "notes": 1,
        "affiliations": 2,
        "further addresses and telephones": 2,
        "suppressions": 1,
    }


def test_a_delivery_that_waited_can_be_given_up_no_more(office: Database, key_file: Path) -> None:
    with office.write() as session:
        nour = make_contact(session)
        wave = make_wave(session, make_list(session, nour))
        hers: Any = session.scalar(select(Delivery.id).where(Delivery.wave_id == wave.id))
        number = nour.id
    do_erase(office, number, key_file)
    with office.write() as session, pytest.raises(Exception, match="is cancelled"):
        give_up(session, [hers], at=NOON, actor=DESK)
