"""Everyone on the list gets the wave once, in her language, or is left out by name with the reason."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from builders import DESK, NOON, make_city, make_contact, make_list
from newsroom import both_at_once, make_release, make_version, plan_wave, told
from sqlalchemy import event, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from mailer.audit import Event
from mailer.contacts.lists import change_list
from mailer.contacts.models import Contact, ContactKind, ContactLanguage, EmbargoAcceptance
from mailer.contacts.suppression import suppress
from mailer.database import Database
from mailer.rendering import Layout, Occasion
from mailer.schedule.models import (
    CompiledText,
    Delivery,
    DeliveryState,
    Exclusion,
    ExclusionReason,
    Wave,
)
from mailer.schedule.plan import Planned
from mailer.schedule.waves import cancel

TEN = datetime(2026, 12, 22, 8, tzinfo=UTC)
TERMS = date(2026, 1, 5)


def languages(session: Session, wave: Wave) -> dict[int, str]:
    """By contact."""
    rows = select(Delivery.contact_id, Delivery.language).where(Delivery.wave_id == wave.id)
    return dict(session.execute(rows).all())


def left_out(session: Session, wave: Wave) -> Mapping[int, ExclusionReason]:
    """By contact."""
    rows = select(Exclusion.contact_id, Exclusion.reason).where(Exclusion.wave_id == wave.id)
    return dict(session.execute(rows).all())


def only_delivery(session: Session, planned: Planned) -> Delivery:
    return session.scalars(select(Delivery).where(Delivery.wave_id == planned.wave.id)).one()


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that go to the database meanwhile."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def test_each_gets_the_first_of_her_languages_else_the_default(office: Database) -> None:
    table: list[tuple[list[str], list[str], str]] = [
        (["en", "ar"], ["ar"], "ar"),
        (["en", "ar"], ["fr", "ar", "en"], "ar"),
        (["en", "ar"], ["ar-EG"], "ar"),
        (["en", "ar"], ["en-GB", "ar"], "en"),
        (["en", "ar"], ["fr"], "en"),  # the office's default
        (["en", "ar"], [], "en"),
        (["ar", "fr"], ["es"], "ar"),  # not even the default: the release's first
    ]
    with office.write() as session:
        for number, (offered, reads, gets) in enumerate(table):
            reader = make_contact(session, languages=reads)
            version = make_version(session, make_release(session, f"ports-{number}", languages=offered))
            planned = plan_wave(session, version, make_list(session, reader, name=f"List {number}"))
            assert languages(session, planned.wave) == {reader.id: gets}
            assert planned.expansion.languages == {gets: 1}


def test_a_mail_in_all_languages_begins_with_hers(office: Database) -> None:
    with office.write() as session:
        arab, frank = make_contact(session, languages=["ar"]), make_contact(session, languages=["fr"])
        version = make_version(session, make_release(session))
        wave = plan_wave(session, version, make_list(session, arab, frank), layout=Layout.BOTH).wave
        assert languages(session, wave) == {arab.id: "ar", frank.id: "en"}
        rows = session.execute(
            select(Delivery.contact_id, CompiledText.languages).join(
                CompiledText, CompiledText.id == Delivery.compiled_id
            )
        )
        assert dict(rows.all()) == {arab.id: "ar,en", frank.id: "en,ar"}


def test_a_reader_of_arabic_is_called_by_her_arabic_name_where_we_have_it(office: Database) -> None:
    with office.write() as session:
        people = [
            make_contact(session, "Nour Haddad", arabic_name="نور حداد", languages=["ar"]),
            make_contact(session, "Nour Haddad", arabic_name="نور حداد", languages=["en"]),
            make_contact(session, "Rim Awad", languages=["ar"]),
        ]
        version = make_version(session, make_release(session))
        plan_wave(session, version, make_list(session, *people))
        names = session.scalars(select(Delivery.name).order_by(Delivery.contact_id)).all()
        assert names == ["نور حداد", "Nour Haddad", "Rim Awad"]


def test_under_embargo_leaves_out_who_did_not_accept_the_terms_by_name_and_in_the_log(office: Database) -> None:
    with office.write() as session:
        agreed, silent = make_contact(session, terms=TERMS), make_contact(session)
        version = make_version(session, make_release(session, embargo=TEN))
        media_list = make_list(session, agreed, silent)
        planned = plan_wave(session, version, media_list, due=TEN - timedelta(days=1), kind=Occasion.UNDER_EMBARGO)
        assert set(languages(session, planned.wave)) == {agreed.id}
        assert left_out(session, planned.wave) == {silent.id: ExclusionReason.NO_EMBARGO_TERMS}
        assert planned.expansion.excluded == {ExclusionReason.NO_EMBARGO_TERMS: 1}
        (entry,) = told(session, Event.DELIVERY_EXCLUDED)
        assert (entry.contact_id, entry.wave_id, entry.release_id, entry.actor, entry.data) == (
            silent.id,
            planned.wave.id,
            version.release_id,
            DESK,
            {"reason": "no-embargo-terms"},
        )
        public = plan_wave(session, version, media_list, due=TEN).wave
        assert set(languages(session, public)) == {agreed.id, silent.id}  # to whom had the copy as well
        assert not left_out(session, public)


def test_who_must_not_be_written_to_is_left_out_whichever_list_names_her(office: Database) -> None:
    with office.write() as session:
        nour = make_contact(session, address="Nour.Haddad@Paper.example", terms=TERMS, beats=["health"])
        rim = make_contact(session, terms=TERMS)
        suppress(session, "nour.haddad@paper.EXAMPLE", reason="asked us to stop", at=NOON, actor=DESK)
        release = make_release(session, embargo=TEN)
        version = make_version(session, release)
        for number, kind in enumerate(Occasion):
            media_list = make_list(session, nour, rim, name=f"List {number}", queries=["beat:health"])
            due = TEN if kind is Occasion.PUBLIC else TEN - timedelta(days=1)
            wave = plan_wave(session, version, media_list, due=due, kind=kind).wave
            assert set(languages(session, wave)) == {rim.id}
            assert left_out(session, wave) == {nour.id: ExclusionReason.SUPPRESSED}
        again = plan_wave(session, version, media_list, due=TEN, again=True).wave
        assert nour.id not in languages(session, again)


def test_who_is_found_twice_gets_it_once(office: Database) -> None:
    with office.write() as session:
        nour = make_contact(session, beats=["health", "culture"])
        media_list = make_list(session, nour, queries=["beat:health", "beat:culture", "city:Beirut"])
        planned = plan_wave(session, make_version(session, make_release(session)), media_list)
        assert planned.expansion.deliveries == 1
        assert only_delivery(session, planned).contact_id == nour.id


def test_who_has_it_or_may_yet_have_it_does_not_get_it_twice(office: Database) -> None:
    over = {DeliveryState.FAILED, DeliveryState.CANCELLED, DeliveryState.SUPPRESSED}
    with office.write() as session:
        nour, rim = make_contact(session), make_contact(session)
        one, everybody = make_list(session, nour), make_list(session, nour, rim, name="Everybody")
        for state in DeliveryState:
            version = make_version(session, make_release(session, f"ports-{state.value}"))
            only_delivery(session, plan_wave(session, version, one)).state = state
            session.flush()
            wave = plan_wave(session, version, everybody, due=TEN).wave
            if state in over:
                assert set(languages(session, wave)) == {nour.id, rim.id}
                assert not left_out(session, wave)
                continue
            assert set(languages(session, wave)) == {rim.id}
            assert left_out(session, wave) == {nour.id: ExclusionReason.ALREADY_RECEIVES}
            entry = told(session, Event.DELIVERY_EXCLUDED)[-1]
            assert (entry.wave_id, entry.contact_id, entry.data) == (
                wave.id,
                nour.id,
                {"reason": "already-receives"},
            )


def test_who_was_on_a_wave_that_was_cancelled_gets_the_next_one(office: Database) -> None:
    with office.write() as session:
        media_list = make_list(session, make_contact(session))
        version = make_version(session, make_release(session))
        first = plan_wave(session, version, media_list, due=TEN).wave
        cancel(session, first, at=NOON, actor=DESK)
        assert plan_wave(session, version, media_list, due=TEN).expansion.deliveries == 1


def test_who_has_a_version_with_a_wrong_figure_gets_the_corrected_one(office: Database) -> None:
    with office.write() as session:
        media_list = make_list(session, make_contact(session))
        release = make_release(session)
        wrong = make_version(session, release)
        only_delivery(session, plan_wave(session, wrong, media_list)).state = DeliveryState.ACCEPTED
        release.editions[0].content = replace(release.editions[0].content, headline="The figure put right")
        corrected = make_version(session, release)
        assert corrected.number == 2
        assert plan_wave(session, corrected, media_list).expansion.deliveries == 1


def test_who_has_it_gets_it_again_where_the_officer_says_so(office: Database) -> None:
    with office.write() as session:
        nour = make_contact(session)
        media_list = make_list(session, nour)
        version = make_version(session, make_release(session))
        first = plan_wave(session, version, media_list)
        second = plan_wave(session, version, media_list, again=True)
        assert only_delivery(session, first).token != only_delivery(session, second).token
        assert not left_out(session, second.wave)


def test_two_processes_that_plan_at_once_do_not_send_it_twice(office: Database) -> None:
    with office.write() as session:
        nour, rim = make_contact(session), make_contact(session)
        version = make_version(session, make_release(session))
        lists = [make_list(session, nour, name="One"), make_list(session, nour, rim, name="Two")]

    def plan(number: int) -> None:
        with office.write() as session:
            media_list = session.merge(lists[number], load=True)
            plan_wave(session, session.get_one(type(version), version.id), media_list, due=TEN)

    both_at_once(lambda: plan(0), lambda: plan(1))
    with office.read() as session:
        contacts = session.scalars(select(Delivery.contact_id)).all()
        assert sorted(contacts) == sorted([nour.id, rim.id])


def test_the_audience_is_frozen_when_the_wave_is_planned(office: Database) -> None:
    with office.write() as session:
        nour, rim, zeina = (make_contact(session, languages=["en"]) for _ in range(3))
        media_list = make_list(session, nour, rim)
        wave = plan_wave(session, make_version(session, make_release(session)), media_list, due=TEN).wave
        before = session.execute(
            select(Delivery.contact_id, Delivery.address, Delivery.name, Delivery.language)
        ).all()
        change_list(session, media_list, add=[zeina], remove=[rim], at=NOON, actor=DESK)
        nour.name, nour.address = "Somebody Else", "else@paper.example"
        nour.languages = [ContactLanguage(language="ar", position=0)]
        session.flush()
        session.expire_all()
        after = session.execute(
            select(Delivery.contact_id, Delivery.address, Delivery.name, Delivery.language)
        ).all()
        assert after == before
        assert set(languages(session, wave)) == {nour.id, rim.id}


def test_a_public_wave_has_one_text_for_all_cities_and_an_embargoed_one_a_text_for_each(office: Database) -> None:
    with office.write() as session:
        cities = ("Beirut", "Cairo", "Tunis", "Geneva")
        people = [
            make_contact(session, city=city, languages=[code], terms=TERMS)
            for city in cities
            for code in ("en", "ar")
        ] + [make_contact(session, city="Cairo", languages=["en"], terms=TERMS)]
        media_list = make_list(session, *people)
        version = make_version(session, make_release(session, embargo=TEN))
        due = TEN - timedelta(days=1)
        embargoed = plan_wave(session, version, media_list, due=due, kind=Occasion.UNDER_EMBARGO).wave
        public = plan_wave(session, version, media_list, due=TEN).wave

        def texts(wave: Wave) -> list[tuple[str, int | None]]:
            rows = select(CompiledText.languages, CompiledText.city_id).where(CompiledText.wave_id == wave.id)
            return sorted(session.execute(rows).all(), key=str)

        assert texts(public) == [("ar", None), ("en", None)]
        ids = [make_city(session, city).id for city in cities]
        assert texts(embargoed) == sorted([(code, id_) for code in ("en", "ar") for id_ in ids], key=str)
        wrong = (
            select(Delivery.id)
            .join(CompiledText, CompiledText.id == Delivery.compiled_id)
            .join(Contact, Contact.id == Delivery.contact_id)
            .where(
                (CompiledText.wave_id != Delivery.wave_id)
                | (CompiledText.languages != Delivery.language)
                | (CompiledText.city_id != Contact.city_id)
            )
        )
        assert session.scalars(wrong).all() == []


def many(session: Session, count: int) -> None:
    """Contacts in Beirut, every other one a reader of Arabic, every tenth without embargo terms."""
    city = make_city(session)
    people = [
        {
            "kind": ContactKind.JOURNALIST,
            "name": f"Person {n}",
            "address": f"person{n}@paper.example",
            "address_key": f"person{n}@paper.example",
            "city_id": city.id,
            "added_at": NOON,
        }
        for n in range(count)
    ]
    session.execute(insert(Contact), people)
    ids = session.scalars(select(Contact.id).order_by(Contact.id)).all()
    reads = [{"contact_id": i, "language": "ar" if i % 2 else "en", "position": 0} for i in ids]
    session.execute(insert(ContactLanguage), reads)
    accepted = [i for place, i in enumerate(ids) if place % 10]
    rows = [{"contact_id": i, "accepted_on": TERMS, "recorded_at": NOON} for i in accepted]
    session.execute(insert(EmbargoAcceptance), rows)


def test_thousands_are_expanded_in_sets_each_with_a_token_of_her_own(office: Database) -> None:
    statements: dict[int, int] = {}
    with office.write() as session:
        many(session, 5000)
        media_list = make_list(session, name="All", queries=["city:Beirut"])
        small = make_list(session, *session.scalars(select(Contact).limit(20)).unique(), name="Small")
        version = make_version(session, make_release(session, embargo=TEN))
        for size, audience in ((20, small), (5000, media_list)):
            with counted(office) as seen:
                planned = plan_wave(
                    session,
                    version,
                    audience,
                    due=TEN - timedelta(days=1),
                    kind=Occasion.UNDER_EMBARGO,
                    again=True,
                )
            statements[size] = len(seen)
        assert planned.expansion.deliveries == 4500
        assert planned.expansion.excluded == {ExclusionReason.NO_EMBARGO_TERMS: 500}
        assert planned.expansion.languages.total() == 4500
        assert len(told(session, Event.DELIVERY_EXCLUDED)) == 502
        tokens = session.scalars(select(Delivery.token)).all()
        assert len(tokens) == len(set(tokens)) == 4518
        assert all(len(t) == 32 and set(t) <= set("0123456789abcdef") for t in tokens)
    # Deliveries, exclusions and log entries of each further thousand, and not one statement for a contact.
    assert statements[5000] - statements[20] <= 5 * 10


def test_the_database_refuses_to_change_what_was_frozen(office: Database) -> None:
    with office.write() as session:
        plan_wave(session, make_version(session, make_release(session)), make_list(session, make_contact(session)))
    for table, column in (("version", "sha256"), ("compiled_text", "languages")):
        for change in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
            with pytest.raises(DBAPIError, match="frozen"), office.write() as session:
                session.execute(text(change))
