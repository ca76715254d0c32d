"""A claim of who must not be written to any more is set aside, whatever happened since the wave was scheduled."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import pairwise

import pytest
from builders import DESK, NOON, make_contact, make_list, make_organisation
from newsroom import make_release, make_version, plan_wave, told
from sqlalchemy import event, select, text, update
from sqlalchemy.orm import Session

from mailer.audit import Event
from mailer.contacts.models import Contact, ContactPoint, ContactStatus, Organisation, PointKind, SuppressionKind
from mailer.contacts.suppression import suppress
from mailer.database import Database
from mailer.delivery.addressed import readdressed
from mailer.delivery.claims import claim
from mailer.delivery.report import left_out
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
    "her mailbox, written otherwise": (
        lambda s, c: suppress(s, "NourHaddad+x@googlemail.com", reason="x", at=NOON, actor=DESK),
        ["suppressed"],
    ),
    "a mailbox of hers is not there, written otherwise": (
        lambda s, c: suppress(
            s, "n.our.haddad@gmail.com", kind=SuppressionKind.UNDELIVERABLE, reason="x", at=NOON, actor=DESK
        ),
        [],
    ),
    "another mailbox at a provider of many spellings": (
        lambda s, c: suppress(s, "nour.hadad@gmail.com", reason="x", at=NOON, actor=DESK),
        [],
    ),
    "with a plus, where no rule says that it is the same mailbox": (
        lambda s, c: suppress(s, "nour+x@desk.paper.example", reason="x", at=NOON, actor=DESK),
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
        further(nour, "nour.haddad@gmail.com")
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
        further(nour, "nour.haddad@gmail.com")
        act(session, nour)
        session.flush()
        version = make_version(session, make_release(session, organisations=("esrf", "wpa")))
        planned = plan_wave(session, version, make_list(session, nour, rim))
        assert planned.expansion.deliveries == 1
        assert [reason.value for reason in planned.expansion.excluded] == reasons


@pytest.mark.parametrize(
    ("suppressed", "hers"),
    [
        ("nourhaddad+x@googlemail.com", "nour.haddad@gmail.com"),
        ("nour.haddad@gmail.com", "nourhaddad+x@googlemail.com"),
    ],
)
@pytest.mark.parametrize("kind", SuppressionKind)
def test_each_spelling_of_a_suppressed_mailbox_is_stopped_at_expansion_and_at_claim(
    office: Database, suppressed: str, hers: str, kind: SuppressionKind
) -> None:
    with office.write() as session:
        nour, rim = make_contact(session, address=hers), make_contact(session)
        wave = opened(session, nour, rim)
        suppress(session, suppressed, kind=kind, reason="x", at=NOON, actor=DESK)
        assert set_aside(session, wave) == ["suppressed"]
        version = make_version(session, make_release(session, "later", organisations=("esrf",)))
        planned = plan_wave(session, version, make_list(session, nour, rim, name="Later"))
        assert [reason.value for reason in planned.expansion.excluded] == ["suppressed"]


def merge(session: Session, merged: Contact, kept: Contact) -> None:
    merged.status, merged.merged_into_id = ContactStatus.MERGED, kept.id
    hers = [merged.address_key, *(point.key for point in merged.points)]
    merged.points.clear()
    session.flush()
    for address in hers:
        further(kept, address)
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


GONE = (DeliveryState.ACCEPTED, DeliveryState.HELD)
ENDED = (DeliveryState.FAILED, DeliveryState.SUPPRESSED, DeliveryState.CANCELLED)


def is_now(session: Session, wave: Wave, contact: Contact, state: DeliveryState, sha256: str = "") -> None:
    hers = Delivery.wave_id == wave.id, Delivery.contact_id == contact.id
    session.execute(
        update(Delivery).where(*hers).values(state=state, sha256=sha256, next_at=None, finished_at=NOON)
    )


def goes_to(session: Session, wave: Wave, *, after: timedelta = timedelta(0)) -> list[int]:
    """The contacts who are among the claims."""
    claims = claim(session, wave.id, process_id="1" * 32, limit=100, now=NOON + after)
    return sorted(session.scalars(select(Delivery.contact_id).where(Delivery.id.in_([c.id for c in claims]))))


def beside(session: Session, wave: Wave, *people: Contact, name: str = "Beside", again: bool = False) -> Wave:
    """Another wave of the same version."""
    other = plan_wave(session, wave.version, make_list(session, *people, name=name), again=again).wave
    open_wave(session, other.id, now=NOON, doubt="", late_grace=LONG, give_up_after=LONG, actor=DESK)
    return other


def parted(session: Session, merged: Contact) -> None:
    merged.status, merged.merged_into_id = ContactStatus.ACTIVE, None
    session.flush()


@pytest.mark.parametrize(
    ("state", "reasons"),
    [(state, ["already-receives"]) for state in GONE]
    + [(state, []) for state in (*ENDED, DeliveryState.QUEUED, DeliveryState.DEFERRED)],
)
@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_kept_one_does_not_get_what_went_out_to_one_who_was_merged_into_her(
    office: Database, state: DeliveryState, reasons: list[str], steps: int, *, elsewhere: bool
) -> None:
    with office.write() as session:
        twin, kept, *between = (make_contact(session) for _ in range(1 + steps))
        wave = opened(session, twin) if elsewhere else opened(session, twin, kept)
        second = beside(session, wave, kept) if elsewhere else wave
        is_now(session, wave, twin, state)
        chain = [twin, *between, kept]
        for one, next_one in pairwise(chain):
            merge(session, one, next_one)
        assert goes_to(session, second) == ([] if reasons else [kept.id])
        told_of = [e.data["reason"] for e in told(session, Event.DELIVERY_SUPPRESSED) if e.contact_id == kept.id]
        assert told_of == reasons


def test_one_who_was_merged_does_not_get_what_went_out_to_the_kept_one_in_another_wave(office: Database) -> None:
    with office.write() as session:
        twin, sister, kept = (make_contact(session) for _ in range(3))
        wave = opened(session, kept)
        second = beside(session, wave, twin, sister)
        is_now(session, wave, kept, DeliveryState.ACCEPTED)
        merge(session, twin, kept)
        assert goes_to(session, second) == [sister.id]
        assert [e.data["reason"] for e in told(session, Event.DELIVERY_SUPPRESSED)] == ["not-active"]


def test_of_two_waves_that_wait_for_a_person_s_two_contacts_the_first_to_be_claimed_goes(office: Database) -> None:
    with office.write() as session:
        twin, kept = make_contact(session), make_contact(session)
        wave = opened(session, twin)
        second = beside(session, wave, kept)
        merge(session, twin, kept)
        assert goes_to(session, second) == [kept.id]
        is_now(session, second, kept, DeliveryState.ACCEPTED)
        assert goes_to(session, wave) == []


def test_what_another_text_or_another_occasion_brought_her_keeps_nothing_back(office: Database) -> None:
    with office.write() as session:
        twin, kept = make_contact(session), make_contact(session)
        wave = opened(session, twin)
        is_now(session, wave, twin, DeliveryState.ACCEPTED)
        again = beside(session, wave, kept, again=True)
        version = make_version(session, make_release(session, "other", organisations=("esrf",)))
        another = plan_wave(session, version, make_list(session, kept, name="Other")).wave
        open_wave(session, another.id, now=NOON, doubt="", late_grace=LONG, give_up_after=LONG, actor=DESK)
        merge(session, twin, kept)
        assert goes_to(session, again) == [kept.id]
        assert goes_to(session, another) == [kept.id]


@pytest.mark.parametrize("who", ["kept", "merged"])
@pytest.mark.parametrize(
    ("state", "sha256"),
    [(DeliveryState.SENDING, ""), (DeliveryState.IN_DOUBT, "a" * 64), (DeliveryState.QUEUED, "a" * 64)],
)
@pytest.mark.parametrize(("ends", "goes"), [(DeliveryState.ACCEPTED, False), (DeliveryState.FAILED, True)])
def test_while_it_is_not_known_whether_she_has_it_the_other_one_waits(
    office: Database, who: str, state: DeliveryState, sha256: str, ends: DeliveryState, *, goes: bool
) -> None:
    with office.write() as session:
        twin, kept = make_contact(session), make_contact(session)
        first, last = (kept, twin) if who == "kept" else (twin, kept)
        wave = opened(session, first)
        second = beside(session, wave, last)
        is_now(session, wave, first, state, sha256)
        merge(session, twin, kept)
        assert goes_to(session, second) == goes_to(session, second) == []
        assert not told(session, Event.DELIVERY_SUPPRESSED)
        is_now(session, wave, first, ends, sha256)
        assert goes_to(session, second, after=timedelta(minutes=1)) == ([last.id] if goes else [])


def test_what_may_have_gone_out_to_one_goes_again_to_her_and_not_to_the_kept_one(office: Database) -> None:
    with office.write() as session:
        twin, kept = make_contact(session), make_contact(session)
        wave = opened(session, twin, kept)
        is_now(session, wave, twin, DeliveryState.QUEUED, "a" * 64)
        merge(session, twin, kept)
        assert goes_to(session, wave) == [twin.id]


def test_two_who_were_parted_again_are_each_judged_alone(office: Database) -> None:
    with office.write() as session:
        twin, kept = make_contact(session), make_contact(session)
        wave = opened(session, twin, kept)
        is_now(session, wave, twin, DeliveryState.ACCEPTED)
        merge(session, twin, kept)
        parted(session, twin)
        assert goes_to(session, wave) == [kept.id]


def test_two_who_claim_at_once_for_two_contacts_of_a_person_send_her_one(office: Database) -> None:
    with office.write() as session:
        twin, kept = make_contact(session), make_contact(session)
        wave = opened(session, twin)
        second = beside(session, wave, kept)
        numbers = [wave.id, second.id]
        merge(session, twin, kept)
    claimed = threading.Event()

    def first() -> int:
        with office.write() as session:
            found = len(claim(session, numbers[0], process_id="1" * 32, limit=9, now=NOON))
            claimed.set()
            while not (office.is_sqlite or done.is_set() or somebody_waits(office)):
                pass
            return found

    def other() -> int:
        claimed.wait(20)
        with office.write() as session:
            found = len(claim(session, numbers[1], process_id="2" * 32, limit=9, now=NOON))
        done.set()
        return found

    done = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(first), pool.submit(other)
        assert [one.result() for one in running] == [1, 0]


def somebody_waits(office: Database) -> bool:
    with office.read() as session:
        return bool(session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


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


def moves(session: Session, contact: Contact, to: str) -> None:
    contact.address = contact.address_key = to
    session.flush()


READDRESSED: dict[str, tuple[Act, list[str]]] = {
    "taken away": (lambda s, c: moves(s, c, "new@desk.paper.example"), ["address-changed"]),
    "kept as a further one": (
        lambda s, c: (moves(s, c, "new@desk.paper.example"), further(c, "nour@gmail.com")),
        [],
    ),
    "another one is a further one": (
        lambda s, c: (moves(s, c, "new@desk.paper.example"), further(c, "old@desk.paper.example")),
        ["address-changed"],
    ),
    "the same mailbox, written otherwise": (lambda s, c: moves(s, c, "n.our@gmail.com"), []),
    "kept as a further one, written otherwise": (
        lambda s, c: (moves(s, c, "new@desk.paper.example"), further(c, "no.ur+x@googlemail.com")),
        [],
    ),
    "taken away and suppressed": (
        lambda s, c: (
            moves(s, c, "new@desk.paper.example"),
            suppress(s, "nour@gmail.com", reason="x", at=NOON, actor=DESK),
        ),
        ["suppressed"],
    ),
}


@pytest.mark.parametrize("case", READDRESSED)
def test_nothing_goes_to_an_address_that_was_taken_away_and_nothing_to_one_that_the_wave_does_not_show(
    office: Database, case: str
) -> None:
    act, reasons = READDRESSED[case]
    with office.write() as session:
        nour, rim = make_contact(session, address="nour@gmail.com"), make_contact(session)
        wave = opened(session, nour, rim)
        act(session, nour)
        session.flush()
        assert set_aside(session, wave) == reasons
        assert [(o.contact, o.reason) for o in left_out(session, wave.id)] == [(nour.id, why) for why in reasons]
        if reasons == ["address-changed"]:
            later = plan_wave(session, wave.version, make_list(session, nour, rim, name="Again")).wave
            assert [d.address for d in session.scalars(select(Delivery).where(Delivery.wave_id == later.id))] == [
                "new@desk.paper.example"
            ]


def test_an_address_that_was_taken_away_from_a_merged_one_gets_nothing_and_hers_goes(office: Database) -> None:
    with office.write() as session:
        twin, kept = make_contact(session), make_contact(session)
        wave = opened(session, twin, kept)
        merge(session, twin, kept)
        moves(session, kept, "new@desk.paper.example")
        assert goes_to(session, wave) == [twin.id]
        assert [e.data["reason"] for e in told(session, Event.DELIVERY_SUPPRESSED)] == ["address-changed"]


def test_who_would_be_left_out_for_her_address_is_known_before(office: Database) -> None:
    with office.write() as session:
        nour, rim = make_contact(session, "Nour Haddad"), make_contact(session, "Rim Nasser")
        wave = opened(session, nour, rim)
        assert readdressed(session, wave) == []
        moves(session, nour, "new@desk.paper.example")
        assert readdressed(session, wave) == [(nour.id, "Nour Haddad")]
