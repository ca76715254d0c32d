"""A claim of who must not be written to any more is set aside, whatever happened since the wave was scheduled."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from builders import DESK, NOON, make_contact, make_list, make_organisation
from newsroom import make_release, make_version, plan_wave, told
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from mailer.audit import Event
from mailer.contacts.models import Contact, ContactPoint, ContactStatus, Organisation, PointKind, SuppressionKind
from mailer.contacts.suppression import suppress
from mailer.database import Database
from mailer.delivery.claims import claim
from mailer.rendering import Occasion
from mailer.schedule.models import Delivery, DeliveryState, Wave
from mailer.schedule.waves import open_wave

LONG = timedelta(days=2)


@pytest.fixture
def office(database: Database) -> Database:
    return database


def opened(session: Session, *people: Contact) -> Wave:
    """A wave of a joint release to these."""
    version = make_version(session, make_release(session, organisations=("esrf", "wpa")))
    wave = plan_wave(session, version, make_list(session, *people)).wave
    open_wave(session, wave.id, now=NOON, doubt="", late_grace=LONG, give_up_after=LONG, actor=DESK)
    return wave


def set_aside(session: Session, wave: Wave) -> list[object]:
    """Why, of each that was set aside by a claim on all of the wave."""
    claims = claim(session, wave.id, process_id="1" * 32, limit=100, now=NOON)
    rows = session.scalars(select(Delivery).execution_options(populate_existing=True)).all()
    assert {c.id for c in claims} == {row.id for row in rows if row.state is DeliveryState.SENDING}
    reasons = {e.delivery_id: e.data["reason"] for e in told(session, Event.DELIVERY_SUPPRESSED)}
    assert set(reasons) == {row.id for row in rows if row.state is DeliveryState.SUPPRESSED}
    return list(reasons.values())


def further(contact: Contact, address: str) -> None:
    contact.points.append(ContactPoint(kind=PointKind.ADDRESS, value=address, key=address))


def named(session: Session, slug: str) -> Organisation:
    return session.scalars(select(Organisation).where(Organisation.slug == slug)).one()


Act = Callable[[Session, Contact], object]


def status(value: ContactStatus) -> Act:
    def act(session: Session, contact: Contact) -> None:
        contact.status = value

    return act


CASES: dict[str, tuple[Act, list[str]]] = {
    "nothing": (lambda s, c: None, []),
    "her address": (lambda s, c: suppress(s, c.address, reason="x", at=NOON, actor=DESK), ["suppressed"]),
    "her domain": (
        lambda s, c: suppress(s, "@desk.paper.example", reason="x", at=NOON, actor=DESK),
        ["suppressed-domain"],
    ),
    "a domain above hers": (
        lambda s, c: suppress(s, "@paper.example", reason="x", at=NOON, actor=DESK),
        ["suppressed-domain"],
    ),
    "another domain": (lambda s, c: suppress(s, "@esk.paper.example", reason="x", at=NOON, actor=DESK), []),
    "one of the organisations that issue it": (
        lambda s, c: suppress(s, c.address, organisation=named(s, "wpa"), reason="x", at=NOON, actor=DESK),
        ["unsubscribed"],
    ),
    "her domain for one of them": (
        lambda s, c: suppress(
            s, "@desk.paper.example", organisation=named(s, "wpa"), reason="x", at=NOON, actor=DESK
        ),
        ["suppressed-domain"],
    ),
    "an organisation that does not issue it": (
        lambda s, c: suppress(s, c.address, organisation=named(s, "other"), reason="x", at=NOON, actor=DESK),
        [],
    ),
    "asked at a further address": (
        lambda s, c: suppress(s, "home@other.example", reason="x", at=NOON, actor=DESK),
        ["suppressed"],
    ),
    "a further address is not there": (
        lambda s, c: suppress(
            s, "home@other.example", kind=SuppressionKind.UNDELIVERABLE, reason="x", at=NOON, actor=DESK
        ),
        [],
    ),
    "the domain of a further address": (
        lambda s, c: suppress(s, "@other.example", reason="x", at=NOON, actor=DESK),
        [],
    ),
    "inactive": (status(ContactStatus.INACTIVE), ["not-active"]),
    "erased": (status(ContactStatus.ERASED), ["not-active"]),
}


@pytest.mark.parametrize("case", CASES)
def test_at_the_claim_it_counts_what_is_true_by_then(office: Database, case: str) -> None:
    act, reasons = CASES[case]
    with office.write() as session:
        make_organisation(session, "other")
        nour = make_contact(session, address="nour@desk.paper.example")
        rim = make_contact(session, address="rim@cedar.example")
        further(nour, "home@other.example")
        wave = opened(session, nour, rim)
        act(session, nour)
        session.flush()
        assert set_aside(session, wave) == reasons


@pytest.mark.parametrize("case", [case for case, (_, why) in CASES.items() if why and why != ["not-active"]])
def test_at_the_expansion_the_same_counts(office: Database, case: str) -> None:
    act, reasons = CASES[case]
    with office.write() as session:
        for slug in ("esrf", "wpa", "other"):
            make_organisation(session, slug)
        nour = make_contact(session, address="nour@desk.paper.example")
        rim = make_contact(session, address="rim@cedar.example")
        further(nour, "home@other.example")
        act(session, nour)
        session.flush()
        version = make_version(session, make_release(session, organisations=("esrf", "wpa")))
        planned = plan_wave(session, version, make_list(session, nour, rim))
        assert planned.expansion.deliveries == 1
        assert [reason.value for reason in planned.expansion.excluded] == reasons


def merge(session: Session, merged: Contact, kept: Contact) -> None:
    merged.status, merged.merged_into_id = ContactStatus.MERGED, kept.id
    session.flush()


def test_one_who_was_merged_gets_it_unless_the_kept_one_has_her_own(office: Database) -> None:
    with office.write() as session:
        twin, single, kept, apart = (make_contact(session) for _ in range(4))
        wave = opened(session, twin, single, kept)
        merge(session, twin, kept)
        merge(session, single, apart)
        assert set_aside(session, wave) == ["not-active"]


@pytest.mark.parametrize(
    ("state", "reasons"),
    [(state, []) for state in (DeliveryState.FAILED, DeliveryState.SUPPRESSED, DeliveryState.CANCELLED)]
    + [(state, ["not-active"]) for state in (DeliveryState.ACCEPTED, DeliveryState.HELD, DeliveryState.DEFERRED)],
)
def test_one_who_was_merged_gets_it_where_the_kept_one_s_address_failed(
    office: Database, state: DeliveryState, reasons: list[str]
) -> None:
    with office.write() as session:
        twin, kept = make_contact(session), make_contact(session)
        wave = opened(session, twin, kept)
        hers = session.scalars(select(Delivery).where(Delivery.contact_id == kept.id)).one()
        hers.state, hers.finished_at = state, NOON
        merge(session, twin, kept)
        claim(session, wave.id, process_id="1" * 32, limit=100, now=NOON)
        told_of = [e.data["reason"] for e in told(session, Event.DELIVERY_SUPPRESSED)]
    assert told_of == reasons


@pytest.mark.parametrize("limit", [1, 9])
@pytest.mark.parametrize("state", [DeliveryState.SENDING, DeliveryState.ACCEPTED])
def test_of_two_who_were_merged_into_a_third_one_gets_it(
    office: Database, limit: int, state: DeliveryState
) -> None:
    with office.write() as session:
        first, second, kept = (make_contact(session) for _ in range(3))
        wave = opened(session, first, second)
        merge(session, first, kept)
        merge(session, second, kept)
        claims = []
        for _ in range(3):
            for one in claim(session, wave.id, process_id="1" * 32, limit=limit, now=NOON):
                claims.append(one)
                session.get_one(Delivery, one.id, populate_existing=True).state = state
                session.flush()
        assert len(claims) == 1


def test_of_two_who_were_merged_into_a_third_the_one_whose_mailbox_is_there_gets_it(office: Database) -> None:
    with office.write() as session:
        first, second, kept = (make_contact(session) for _ in range(3))
        wave = opened(session, first, second)
        merge(session, first, kept)
        merge(session, second, kept)
        suppress(session, first.address, reason="550", at=NOON, actor=DESK, kind=SuppressionKind.UNDELIVERABLE)
        assert set_aside(session, wave) == ["suppressed"]


def test_what_the_kept_one_asked_for_counts_for_the_merged_one(office: Database) -> None:
    with office.write() as session:
        first, second, middle, last, gone = (make_contact(session) for _ in range(5))
        wave = opened(session, first, second)
        merge(session, first, middle)
        merge(session, middle, last)
        suppress(session, last.address, reason="x", at=NOON, actor=DESK)
        merge(session, second, gone)
        gone.status = ContactStatus.ERASED
        session.flush()
        assert sorted(map(str, set_aside(session, wave))) == ["not-active", "suppressed"]


def test_an_acceptance_that_ends_before_the_wave_goes_out_excludes_her_when_it_is_scheduled(
    office: Database,
) -> None:
    due = NOON + timedelta(days=3)
    with office.write() as session:
        people = [make_contact(session, terms=date(2026, 1, 5)) for _ in range(3)]
        people[0].acceptances[0].until = due.date()
        people[1].acceptances[0].until = due.date() - timedelta(days=1)
        people[2].acceptances[0].accepted_on = due.date()  # not accepted yet
        session.flush()
        version = make_version(session, make_release(session, embargo=due + timedelta(days=1)))
        wave = plan_wave(session, version, make_list(session, *people), due=due, kind=Occasion.UNDER_EMBARGO).wave
        assert session.scalars(select(Delivery.contact_id)).all() == [people[0].id]
        open_wave(session, wave.id, now=due, doubt="", late_grace=LONG, give_up_after=LONG, actor=DESK)
        claims = claim(session, wave.id, process_id="1" * 32, limit=9, now=due + timedelta(days=1))
        assert not claims
        assert [e.data for e in told(session, Event.DELIVERY_SUPPRESSED)] == [{"reason": "no-embargo-terms"}]


def statements_of(database: Database, session: Session, wave: Wave) -> int:
    """How many a claim on all of the wave takes."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        assert claim(session, wave.id, process_id="1" * 32, limit=1000, now=NOON)
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    return len(seen)


def test_a_large_batch_is_asked_about_in_as_many_statements_as_a_small_one(office: Database) -> None:
    with office.write() as session:
        make_organisation(session, "esrf")
        suppress(session, "@gone.example", reason="x", at=NOON, actor=DESK)
        few = opened(session, make_contact(session))
        taken = statements_of(office, session, few)
        people = [make_contact(session, address=f"p{n}@desk{n}.paper.example") for n in range(300)]
        many = plan_wave(session, few.version, make_list(session, *people, name="Many")).wave
        open_wave(session, many.id, now=NOON, doubt="", late_grace=LONG, give_up_after=LONG, actor=DESK)
        assert statements_of(office, session, many) == taken
