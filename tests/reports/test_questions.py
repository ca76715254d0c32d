"""Each question is answered for exactly those whom it is about, with the reason, and never with an erased name."""

from datetime import UTC, date, datetime, timedelta

import pytest
from builders import DESK, NOON, make_contact, make_list, make_outlet
from newsroom import make_release, make_version, make_wave, plan_wave
from sendings import EMBARGO, delivery_of, ended, figures, named, told_by
from sqlalchemy import update
from sqlalchemy.orm import Session

from mailer.audit import Event, append
from mailer.contacts.erased import ErasureKey
from mailer.contacts.merging import merge
from mailer.contacts.models import Affiliation, Contact
from mailer.contacts.suppression import suppress
from mailer.database import Database
from mailer.delivery.report import Criteria
from mailer.privacy import erase
from mailer.releases.models import Release
from mailer.rendering import Occasion
from mailer.reports.delivered import COLUMNS
from mailer.reports.embargoed import embargoed
from mailer.reports.missed import _EXCLUDED, _PLAIN, missed
from mailer.reports.people import CITIES_NOW, STATES
from mailer.reports.received import received
from mailer.reports.sent import sent
from mailer.reports.words import Words
from mailer.schedule.models import Delivery, DeliveryState, Exclusion, ExclusionReason, Wave, WaveState

S = DeliveryState
AT = NOON + timedelta(days=2)


def release_of(session: Session, wave: Wave) -> Release:
    return session.get_one(Release, wave.release_id)


def forget(session: Session, contact: Contact, tmp_path: object) -> None:
    key = ErasureKey(file=tmp_path / "erasure.key", secret=b"k" * 32)  # type: ignore[operator]
    erase(session, contact, key=key, at=AT, actor=DESK)


def test_received_has_who_got_it_with_the_reply_and_nobody_else(database: Database) -> None:
    with database.write() as session:
        nour, mona, omar = (make_contact(session, name) for name in ("Nour", "Mona", "Omar"))
        nour.affiliations = [Affiliation(outlet=make_outlet(session, "Cedar Ledger"))]
        wave = make_wave(session, make_list(session, nour, mona, omar))
        ended(session, delivery_of(session, wave, nour), at=NOON + timedelta(seconds=3), text="queued as 4bx")
        ended(session, delivery_of(session, wave, mona), S.FAILED, at=NOON, code=550)
        (row,) = told_by(report := received(session, release_of(session, wave), Criteria(), at=AT))
        assert (row["name"], row["outlets"], row["city"], row["language"]) == (
            "Nour",
            ("Cedar Ledger",),
            "Beirut",
            "en",
        )
        assert (row["version"], row["kind"], row["state"]) == (1, "public", "accepted")
        assert row["finished_at"] == NOON + timedelta(seconds=3)
        assert (row["relay"], row["reply"]) == ("main", "250 2.0.0 queued as 4bx")
        assert figures(report) == {
            "deliveries": 1,
            "contacts": 1,
            "first_at": NOON + timedelta(seconds=3),
            "last_at": NOON + timedelta(seconds=3),
        }


@pytest.mark.parametrize(
    ("criteria", "who"),
    [
        ({}, {"Nour", "Mona"}),
        ({"outlet": "ledger"}, {"Nour"}),
        ({"outlet": "herald"}, set()),
        ({"language": "ar"}, {"Mona"}),
        ({"city_id": -1}, set()),
        ({"wave_id": 999}, set()),
    ],
)
def test_received_can_be_asked_for_a_part(database: Database, criteria: dict[str, object], who: set[str]) -> None:
    with database.write() as session:
        nour = make_contact(session, "Nour", outlets=("Cedar Ledger",))
        mona = make_contact(session, "Mona", city="Cairo", languages=("ar",))
        wave = make_wave(session, make_list(session, nour, mona))
        for contact in (nour, mona):
            ended(session, delivery_of(session, wave, contact), at=NOON)
        asked = Criteria(**criteria)  # type: ignore[arg-type]
        assert set(named(received(session, release_of(session, wave), asked, at=AT))) == who


def test_who_was_erased_has_a_day_and_no_name_in_any_answer(database: Database, tmp_path: object) -> None:
    with database.write() as session:
        nour, mona = make_contact(session, "Nour Haddad", terms=date(2026, 1, 5)), make_contact(session, "Mona")
        version = make_version(session, release := make_release(session, embargo=EMBARGO))
        wave = plan_wave(
            session, version, make_list(session, nour), due=NOON + timedelta(hours=1), kind=Occasion.UNDER_EMBARGO
        ).wave
        public = plan_wave(session, version, make_list(session, mona, name="Public"), due=EMBARGO).wave
        ended(session, delivery_of(session, wave, nour), at=NOON + timedelta(hours=1))
        ended(session, delivery_of(session, public, mona), S.FAILED, at=NOON, code=550)
        forget(session, nour, tmp_path)
        forget(session, mona, tmp_path)
        instant = NOON + timedelta(hours=2)
        reports = (
            received(session, release, Criteria(), at=AT),
            missed(session, release, at=AT),
            sent(session, Criteria(contact_id=nour.id), at=AT),
            embargoed(session, release, instant=instant, at=AT),
        )
        for report in reports:
            (row,) = told_by(report)
            assert (row["name"], row["since_then"], row["address"]) == ("erased on 2026-11-26", "erased", "")
            assert "Haddad" not in str([*report.asked, row])
        (row,) = received(session, release, Criteria(), at=AT).rows
        name = row[[column.field for column in COLUMNS].index("name")]
        assert Words("ar", "UTC").show(name) == "مُحيت البيانات في \u20682026-11-26\u2069"


def test_who_was_merged_is_told_with_the_contact_who_stands_for_her(database: Database) -> None:
    with database.write() as session:
        kept, merged, other = (make_contact(session, name) for name in ("Kept", "Merged", "Other"))
        wave = make_wave(session, make_list(session, kept, merged, other))
        ended(session, delivery_of(session, wave, merged), at=NOON)
        ended(session, delivery_of(session, wave, kept), S.SUPPRESSED, at=NOON, reason="not-active")
        ended(session, delivery_of(session, wave, other), S.FAILED, at=NOON, code=550)
        merge(session, kept, merged, at=NOON, actor=DESK)
        (row,) = told_by(received(session, release_of(session, wave), Criteria(), at=AT))
        assert (row["name"], row["since_then"]) == ("Merged", f"merged into contact {kept.id}")
        # She has it, under whichever of her numbers.
        assert list(named(missed(session, release_of(session, wave), at=AT))) == ["Other"]
        for contact in (kept, merged):
            report = sent(session, Criteria(contact_id=contact.id), at=AT)
            assert [r["contact"] for r in told_by(report)] == [merged.id]
            assert report.contact_id == kept.id


def test_merged_over_several_steps_is_still_one_person(database: Database) -> None:
    with database.write() as session:
        a, b, c = (make_contact(session, name) for name in "ABC")
        wave = make_wave(session, make_list(session, a, b, c))
        ended(session, delivery_of(session, wave, a), at=NOON)
        merge(session, b, a, at=NOON, actor=DESK)
        merge(session, c, b, at=NOON, actor=DESK)
        assert list(named(missed(session, release_of(session, wave), at=AT))) == []


REASONS = [
    (S.QUEUED, 0, "", "It waits for its wave, at 2026-11-24T13:00:00.000000Z."),
    (S.SENDING, 0, "", "It is being handed over now."),
    (S.FAILED, 550, "", "The relay refused it for good."),
    (S.FAILED, 451, "out of time", "It could not be handed over in the time that was set."),
    (S.HELD, 0, "", "It waits for an officer."),
    (S.HELD, 0, "left to an officer", "A relay may have taken it; an officer is to decide."),
    (S.CANCELLED, 0, "", "It was cancelled."),
    (S.CANCELLED, 0, "stale", "The wave was stale before it could be sent."),
    (S.CANCELLED, 0, "left-list", "Had left the media list before the wave opened."),
    (S.CANCELLED, 0, "decided by an officer", "An officer decided that it is not sent."),
    (S.SUPPRESSED, 0, "unsubscribed", "Unsubscribed from an organisation that issues it."),
    (S.SUPPRESSED, 0, "not-active", "The contact was set aside, erased or merged into another."),
    (S.SUPPRESSED, 0, "a reason of tomorrow", "a reason of tomorrow"),
    (S.IN_DOUBT, 0, "", "The connection broke before the relay’s answer; it may have been taken."),
]


@pytest.mark.parametrize(("state", "code", "reason", "why"), REASONS)
def test_missed_says_why_for_every_way_not_to_get_it(
    database: Database, state: DeliveryState, code: int, reason: str, why: str
) -> None:
    with database.write() as session:
        nour = make_contact(session)
        wave = make_wave(session, make_list(session, nour), due=NOON + timedelta(hours=1))
        ended(session, delivery_of(session, wave, nour), state, at=NOON, code=code, reason=reason)
        (row,) = told_by(report := missed(session, release_of(session, wave), at=AT))
        assert (row["state"], row["reason"], row["why"]) == (state.value, reason or state.value, why)
        assert figures(report)[state.value] == 1


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (WaveState.PAUSED, "It waits: its wave is paused."),
        (WaveState.HELD, "It waits: its wave is held until an officer decides."),
        (WaveState.SENDING, "It waits for its turn."),
    ],
)
def test_missed_says_what_a_wave_waits_for(database: Database, state: WaveState, why: str) -> None:
    with database.write() as session:
        wave = make_wave(session, make_list(session, make_contact(session)))
        wave.state = state
        session.flush()
        (row,) = told_by(missed(session, release_of(session, wave), at=AT))
        assert row["why"] == why


def test_missed_says_when_it_is_tried_again(database: Database) -> None:
    with database.write() as session:
        nour = make_contact(session)
        wave = make_wave(session, make_list(session, nour))
        delivery = delivery_of(session, wave, nour)
        ended(session, delivery, S.DEFERRED, at=NOON, code=451, text="greylisted")
        delivery.next_at = NOON + timedelta(minutes=5)
        session.flush()
        (row,) = told_by(missed(session, release_of(session, wave), at=AT))
        assert row["why"] == "The relay put it off; it is tried again at 2026-11-24T12:05:00.000000Z."
        assert row["reply"] == "451 4.0.0 greylisted"


def test_a_reason_that_no_longer_holds_is_not_told(database: Database) -> None:
    with database.write() as session:
        nour = make_contact(session)
        wave = make_wave(session, make_list(session, nour))
        delivery = delivery_of(session, wave, nour)
        ended(session, delivery, S.HELD, at=NOON, code=0, reason="left to an officer")
        append(session, Event.DELIVERY_REQUEUED, at=NOON, actor=DESK, delivery_id=delivery.id)
        delivery.state = S.FAILED
        session.flush()
        (row,) = told_by(missed(session, release_of(session, wave), at=AT))
        assert row["why"] == "The relay refused it for good."


def test_missed_has_who_was_left_out_unless_she_has_it_from_another_wave(database: Database) -> None:
    with database.write() as session:
        nour, stopped, mona = (make_contact(session, name) for name in ("Nour", "Stopped", "Mona"))
        suppress(session, stopped.address, reason="asked", at=NOON, actor=DESK)
        version = make_version(session, release := make_release(session))
        first = plan_wave(session, version, make_list(session, nour, stopped)).wave
        ended(session, delivery_of(session, first, nour), at=NOON)
        second = plan_wave(session, version, make_list(session, nour, mona, name="Second")).wave
        report = missed(session, release, at=AT)
        rows = {row["name"]: row for row in told_by(report)}
        assert set(rows) == {"Stopped", "Mona"}
        assert (rows["Stopped"]["state"], rows["Stopped"]["reason"]) == ("left-out", "suppressed")
        assert rows["Stopped"]["why"] == "The address is not to be written to."
        assert (rows["Mona"]["state"], rows["Mona"]["wave"]) == ("queued", second.id)
        found = figures(report)
        assert (found["contacts"], found["rows"], found["has_it_elsewhere"]) == (2, 2, 1)
        assert (found["left-out"], found["queued"]) == (1, 1)


def test_every_state_and_every_reason_has_its_words() -> None:
    assert set(STATES) == {state.value for state in DeliveryState}
    assert set(_EXCLUDED) >= {reason.value for reason in ExclusionReason}
    assert set(_PLAIN) == set(DeliveryState) - {S.ACCEPTED, S.QUEUED, S.DEFERRED}


MIDNIGHT = datetime(2026, 11, 25, tzinfo=UTC)


def test_sent_is_between_two_instants_and_by_the_outlet_of_the_day(database: Database) -> None:
    with database.write() as session:
        nour = make_contact(session, "Nour")
        nour.affiliations = [
            Affiliation(outlet=make_outlet(session, "Cedar Ledger"), until=date(2026, 11, 24)),
            Affiliation(outlet=make_outlet(session, "Nile Herald"), since=date(2026, 11, 25)),
        ]
        version = make_version(session, make_release(session))
        media_list = make_list(session, nour)
        for finished in (MIDNIGHT - timedelta(microseconds=1), MIDNIGHT):
            wave = plan_wave(session, version, media_list, again=True).wave
            ended(session, delivery_of(session, wave, nour), at=finished)

        def found(**criteria: object) -> list[object]:
            return [r["finished_at"] for r in told_by(sent(session, Criteria(**criteria), at=AT))]  # type: ignore[arg-type]

        before, after = MIDNIGHT - timedelta(microseconds=1), MIDNIGHT
        assert found(contact_id=nour.id) == [before, after]
        assert found(outlet="ledger") == [before]
        assert found(outlet="herald") == [after]
        assert found(city_id=nour.city_id, since=MIDNIGHT) == [after]
        assert found(contact_id=nour.id, until=MIDNIGHT) == [before]


HOUR = timedelta(hours=1)
HAD = [
    # how it ended, code, stage, when; asked at; what is told
    pytest.param(S.ACCEPTED, 250, "end", HOUR, 2 * HOUR, "yes", id="taken before"),
    pytest.param(S.ACCEPTED, 250, "end", HOUR, HOUR, "yes", id="taken at that instant"),
    pytest.param(S.ACCEPTED, 250, "end", HOUR, HOUR - timedelta(microseconds=1), None, id="taken later"),
    pytest.param(S.ACCEPTED, 250, "end", HOUR, 24 * HOUR, None, id="the embargo is over"),
    pytest.param(S.ACCEPTED, 250, "end", HOUR, 24 * HOUR - timedelta(microseconds=1), "yes", id="nearly over"),
    pytest.param(S.HELD, 0, "end", HOUR, 2 * HOUR, "in-doubt", id="broken off after its end"),
    pytest.param(S.QUEUED, 0, "end", HOUR, 2 * HOUR, "in-doubt", id="broken off, and sent again"),
    pytest.param(S.DEFERRED, 0, "connect", HOUR, 2 * HOUR, None, id="never begun"),
    pytest.param(S.DEFERRED, 451, "end", HOUR, 2 * HOUR, None, id="put off after its end"),
    pytest.param(S.FAILED, 550, "end", HOUR, 2 * HOUR, None, id="refused after its end"),
]


@pytest.mark.parametrize(("state", "code", "stage", "when", "asked", "had"), HAD)
def test_embargoed_has_who_had_it_or_may_have_had_it_at_that_instant(
    database: Database,
    state: DeliveryState,
    code: int,
    stage: str,
    when: timedelta,
    asked: timedelta,
    had: str | None,
) -> None:
    with database.write() as session:
        nour = make_contact(session, terms=date(2026, 1, 5))
        version = make_version(session, release := make_release(session, embargo=EMBARGO))
        wave = plan_wave(
            session, version, make_list(session, nour), due=NOON + HOUR, kind=Occasion.UNDER_EMBARGO
        ).wave
        ended(session, delivery_of(session, wave, nour), state, at=NOON + when, code=code, stage=stage)
        rows = told_by(report := embargoed(session, release, instant=NOON + asked, at=AT))
        assert [row["had_it"] for row in rows] == ([had] if had else [])
        assert (figures(report)["contacts"], figures(report)["in_doubt"]) == (had == "yes", had == "in-doubt")
        assert [row["since"] for row in rows] == ([NOON + when] if had else [])


def test_a_copy_counts_from_its_first_attempt_that_may_have_gone_through(database: Database) -> None:
    with database.write() as session:
        nour = make_contact(session, terms=date(2026, 1, 5))
        version = make_version(session, release := make_release(session, embargo=EMBARGO))
        wave = plan_wave(
            session, version, make_list(session, nour), due=NOON + HOUR, kind=Occasion.UNDER_EMBARGO
        ).wave
        delivery = delivery_of(session, wave, nour)
        ended(session, delivery, S.QUEUED, at=NOON + HOUR, code=0)
        ended(session, delivery, at=NOON + 2 * HOUR)
        for asked, had in ((HOUR, "in-doubt"), (2 * HOUR, "yes")):
            (row,) = told_by(embargoed(session, release, instant=NOON + asked, at=AT))
            assert (row["had_it"], row["since"]) == (had, NOON + HOUR)


def test_a_copy_that_a_dead_process_sent_counts_from_when_it_may_have_gone_out(database: Database) -> None:
    with database.write() as session:
        nour = make_contact(session, terms=date(2026, 1, 5))
        version = make_version(session, release := make_release(session, embargo=EMBARGO))
        wave = plan_wave(
            session, version, make_list(session, nour), due=NOON + HOUR, kind=Occasion.UNDER_EMBARGO
        ).wave
        wave.opened_at = NOON + HOUR
        delivery = delivery_of(session, wave, nour)
        delivery.state = S.SENDING

        def had(hours: float) -> list[tuple[object, object]]:
            report = embargoed(session, release, instant=NOON + hours * HOUR, at=AT)
            return [(row["had_it"], row["since"]) for row in told_by(report)]

        # It is being sent, or the process has died and nobody has taken over yet.
        assert (had(0.9), had(1), had(9)) == ([], *[[("in-doubt", NOON + HOUR)]] * 2)
        # The next process takes over at ten, and knows no more of when.
        ended(session, delivery, S.HELD, at=NOON + 10 * HOUR, code=0, relay="")
        assert (had(0.9), had(1), had(9)) == ([], *[[("in-doubt", NOON + HOUR)]] * 2)


def test_a_dead_process_sent_after_the_try_before(database: Database) -> None:
    with database.write() as session:
        nour = make_contact(session, terms=date(2026, 1, 5))
        version = make_version(session, release := make_release(session, embargo=EMBARGO))
        wave = plan_wave(
            session, version, make_list(session, nour), due=NOON + HOUR, kind=Occasion.UNDER_EMBARGO
        ).wave
        delivery = delivery_of(session, wave, nour)
        ended(session, delivery, S.DEFERRED, at=NOON + 2 * HOUR, code=451)
        ended(session, delivery, S.QUEUED, at=NOON + 10 * HOUR, code=0, relay="")
        for asked, found in ((1, []), (2, [NOON + 2 * HOUR])):
            report = embargoed(session, release, instant=NOON + asked * HOUR, at=AT)
            assert [row["since"] for row in told_by(report)] == found


@pytest.mark.parametrize("question", ["received", "missed", "sent", "embargoed"])
def test_an_answer_with_cities_says_that_they_are_those_of_now(database: Database, question: str) -> None:
    with database.write() as session:
        make_version(session, release := make_release(session, embargo=EMBARGO))
        report = {
            "received": lambda: received(session, release, Criteria(), at=AT),
            "missed": lambda: missed(session, release, at=AT),
            "sent": lambda: sent(session, Criteria(city_id=1), at=AT),
            "embargoed": lambda: embargoed(session, release, instant=NOON, at=AT),
        }[question]()
        assert CITIES_NOW in report.notes


def test_a_public_copy_is_not_an_embargoed_one(database: Database) -> None:
    with database.write() as session:
        nour = make_contact(session)
        version = make_version(session, release := make_release(session, embargo=EMBARGO))
        wave = plan_wave(session, version, make_list(session, nour), due=EMBARGO).wave
        ended(session, delivery_of(session, wave, nour), at=EMBARGO)
        assert not told_by(embargoed(session, release, instant=EMBARGO, at=AT))


def test_a_release_without_an_embargo_says_that_nothing_was_under_one(database: Database) -> None:
    with database.write() as session:
        make_version(session, release := make_release(session))
        report = embargoed(session, release, instant=NOON, at=AT)
        assert "no version of the release was under embargo" in report.notes[-1].message


def test_the_answers_of_an_office_of_another_release_are_not_in_it(database: Database) -> None:
    with database.write() as session:
        nour = make_contact(session)
        media_list = make_list(session, nour)
        for slug in ("ports", "wells"):
            version = make_version(session, release := make_release(session, slug))
            wave = plan_wave(session, version, media_list).wave
            ended(session, delivery_of(session, wave, nour), S.FAILED, at=NOON, code=550)
        assert [row["wave"] for row in told_by(missed(session, release, at=AT))] == [wave.id]
        session.execute(update(Delivery).values(state=S.ACCEPTED))
        assert [row["wave"] for row in told_by(received(session, release, Criteria(), at=AT))] == [wave.id]
        assert session.query(Exclusion).count() == 0
