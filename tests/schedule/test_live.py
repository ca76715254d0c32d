"""A live audience is that of the list when the wave opens: nobody is missed, nobody gets it twice, the log says why."""

import shutil
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from builders import DESK, NOON, make_city, make_contact, make_list
from newsroom import TEMPLATES, both_at_once, make_release, make_version, plan_wave, told
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from mailer.audit import Event
from mailer.contacts.lists import change_list, delete_list, rename_list
from mailer.contacts.merging import merge, unmerge
from mailer.contacts.models import (
    City,
    Contact,
    ContactLanguage,
    ContactStatus,
    MediaList,
    MediaListQuery,
    Suppression,
)
from mailer.contacts.suppression import suppress
from mailer.contacts.terms import accept
from mailer.database import Database
from mailer.errors import AudienceFrozen, AudienceSettled, ListInUse, NobodyToSendTo, SourceChanged
from mailer.releases.models import Version
from mailer.rendering import Layout, Occasion
from mailer.schedule import live
from mailer.schedule.following import since_scheduled
from mailer.schedule.live import Refreshed, needs_refresh, open_up_to_date, refresh
from mailer.schedule.models import (
    Audience,
    CompiledText,
    Delivery,
    DeliveryState,
    Exclusion,
    ExclusionReason,
    Wave,
    WaveState,
)
from mailer.schedule.rules import Hold, Stale, Wait
from mailer.schedule.waves import Opened, cancel, pause, relied_upon, wave_numbered

TEN = datetime(2026, 12, 22, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
LONG = timedelta(days=2)
TERMS = date(2026, 1, 5)


def live_wave(session: Session, media_list: MediaList, **options: object) -> Wave:
    version = make_version(session, make_release(session))
    return plan_wave(session, version, media_list, due=TEN, audience=Audience.LIVE, **options).wave  # type: ignore[arg-type]


def open_at(
    session: Session, wave: Wave, now: datetime = TEN, *, templates: Path = TEMPLATES
) -> Opened | Hold | Wait | Stale | None:
    return open_up_to_date(
        session,
        wave.id,
        templates=templates,
        now=now,
        doubt="",
        late_grace=HOUR,
        give_up_after=LONG,
        actor=DESK,
    )


def renew(session: Session, wave: Wave, *, templates: Path = TEMPLATES, at: datetime = NOON) -> Refreshed:
    return refresh(session, wave, templates=templates, at=at, actor=DESK)


def change(
    session: Session, media_list: MediaList, *, add: tuple[Contact, ...] = (), remove: tuple[Contact, ...] = ()
) -> None:
    change_list(session, media_list, add=add, remove=remove, at=NOON, actor=DESK)


def states(session: Session, wave: Wave) -> Mapping[int, DeliveryState]:
    """By contact."""
    rows = select(Delivery.contact_id, Delivery.state).where(Delivery.wave_id == wave.id)
    return dict(session.execute(rows).all())


def gets(session: Session, wave: Wave) -> set[int]:
    return {contact for contact, state in states(session, wave).items() if state is DeliveryState.QUEUED}


def out(session: Session, wave: Wave) -> Mapping[int, ExclusionReason]:
    rows = select(Exclusion.contact_id, Exclusion.reason).where(Exclusion.wave_id == wave.id)
    return dict(session.execute(rows).all())


def logged(session: Session, kind: Event, contact: Contact) -> list[object]:
    """The reasons that the log gives for one contact."""
    return [entry.data.get("reason") for entry in told(session, kind) if entry.contact_id == contact.id]


def test_who_comes_to_the_list_gets_it_and_who_leaves_it_does_not_and_the_log_says_why(office: Database) -> None:
    with office.write() as session:
        nour, rim, late = (make_contact(session) for _ in range(3))
        media_list = make_list(session, nour, rim)
        wave = live_wave(session, media_list)
        assert gets(session, wave) == {nour.id, rim.id}
        change(session, media_list, add=(late,), remove=(rim,))
        assert open_at(session, wave) == Opened(wave.id, timedelta())
        assert gets(session, wave) == {nour.id, late.id}
        assert states(session, wave)[rim.id] is DeliveryState.CANCELLED
        assert out(session, wave) == {rim.id: ExclusionReason.LEFT_LIST}
        assert logged(session, Event.DELIVERY_ADDED, late) == ["joined-list"]
        assert logged(session, Event.DELIVERY_CANCELLED, rim) == ["left-list"]
        (entry,) = told(session, Event.WAVE_REFRESHED)
        assert (entry.wave_id, entry.actor, entry.at) == (wave.id, DESK, TEN)
        assert entry.data == {"came": {"joined-list": 1}, "went": 1, "excluded": {}, "deliveries": 2}
        hers = session.scalars(select(Delivery).where(Delivery.contact_id == late.id)).one()
        assert (hers.address, hers.language, len(hers.token)) == (late.address, "en", 32)


def test_what_the_rules_of_its_scheduling_were_is_in_the_log(office: Database) -> None:
    with office.write() as session:
        wave = live_wave(session, make_list(session, make_contact(session)))
        data = told(session, Event.WAVE_SCHEDULED)[0].data
        assert data["audience"] == "live"
        assert data["rules"] == {
            "again": False,
            "default_language": "en",
            "source_sha256": wave.source_sha256,
            "template": "release",
        }


def test_nothing_is_written_where_nobody_came_or_went(office: Database) -> None:
    with office.write() as session:
        nour, stopped = make_contact(session), make_contact(session)
        suppress(session, stopped.address, reason="asked", at=NOON, actor=DESK)
        wave = live_wave(session, make_list(session, nour, stopped))
        before = len(told(session))
        assert not needs_refresh(session, wave, at=NOON)
        refreshed = renew(session, wave, at=NOON + HOUR)
        assert (refreshed.changed, refreshed.deliveries) == (False, 1)
        assert len(told(session)) == before
        assert wave.refreshed_at == NOON + HOUR


def test_she_who_leaves_and_comes_back_gets_it_once_under_the_same_token(office: Database) -> None:
    with office.write() as session:
        nour, rim = make_contact(session), make_contact(session)
        media_list = make_list(session, nour, rim)
        wave = live_wave(session, media_list)
        token = session.scalar(select(Delivery.token).where(Delivery.contact_id == rim.id))
        change(session, media_list, remove=(rim,))
        assert list(renew(session, wave).went) == [rim.id]
        change(session, media_list, add=(rim,))
        assert needs_refresh(session, wave, at=NOON)
        assert dict(renew(session, wave).came) == {rim.id: "joined-list"}
        assert (gets(session, wave), out(session, wave)) == ({nour.id, rim.id}, {})
        (hers,) = session.scalars(select(Delivery).where(Delivery.contact_id == rim.id)).all()
        session.refresh(hers)
        assert (hers.token, hers.finished_at, hers.address_key) == (token, None, rim.address_key)


def test_what_an_officer_gave_up_stays_so(office: Database) -> None:
    with office.write() as session:
        nour, rim = make_contact(session), make_contact(session)
        wave = live_wave(session, make_list(session, nour, rim))
        session.execute(
            update(Delivery).where(Delivery.contact_id == rim.id).values(state=DeliveryState.CANCELLED)
        )
        assert not renew(session, wave).changed
        assert gets(session, wave) == {nour.id}


def test_what_an_officer_gave_up_stays_so_when_she_is_merged_and_parted_again(office: Database) -> None:
    with office.write() as session:
        nour, rim = make_contact(session), make_contact(session)
        wave = live_wave(session, make_list(session, nour, rim))
        session.execute(
            update(Delivery).where(Delivery.contact_id == rim.id).values(state=DeliveryState.CANCELLED)
        )
        merge(session, nour, rim, at=NOON, actor=DESK)
        assert not renew(session, wave).changed
        unmerge(session, rim, at=NOON, actor=DESK)
        assert not renew(session, wave).changed
        assert gets(session, wave) == {nour.id}


@pytest.mark.parametrize("status", [ContactStatus.INACTIVE, ContactStatus.ERASED, ContactStatus.MERGED])
def test_who_is_active_no_more_leaves_a_live_audience(office: Database, status: ContactStatus) -> None:
    with office.write() as session:
        nour, rim = make_contact(session), make_contact(session)
        wave = live_wave(session, make_list(session, nour, queries=["city:Beirut"]))
        rim.status, rim.merged_into_id = status, nour.id if status is ContactStatus.MERGED else None
        session.flush()
        open_at(session, wave)
        assert gets(session, wave) == {nour.id}


def test_who_comes_is_let_in_by_the_rules_of_any_audience(office: Database) -> None:
    with office.write() as session:
        bound, stopped, silent, has = (make_contact(session, terms=TERMS) for _ in range(4))
        nour = make_contact(session, terms=TERMS)
        silent.acceptances = []
        suppress(session, stopped.address, reason="asked us to stop", at=NOON, actor=DESK)
        version = make_version(session, make_release(session, embargo=TEN + HOUR))
        embargoed = {"kind": Occasion.UNDER_EMBARGO, "due": TEN}
        plan_wave(session, version, make_list(session, has, name="Other"), **embargoed)  # type: ignore[arg-type]
        media_list = make_list(session, nour)
        wave = plan_wave(session, version, media_list, audience=Audience.LIVE, **embargoed).wave  # type: ignore[arg-type]
        change(session, media_list, add=(bound, stopped, silent, has))
        open_at(session, wave)
        assert gets(session, wave) == {nour.id, bound.id}
        assert out(session, wave) == {
            stopped.id: ExclusionReason.SUPPRESSED,
            silent.id: ExclusionReason.NO_EMBARGO_TERMS,
            has.id: ExclusionReason.ALREADY_RECEIVES,
        }
        for person, reason in ((stopped, "suppressed"), (silent, "no-embargo-terms"), (has, "already-receives")):
            assert logged(session, Event.DELIVERY_EXCLUDED, person) == [reason]


def test_who_was_left_out_is_let_in_when_the_reason_is_gone(office: Database) -> None:
    with office.write() as session:
        nour, silent, stopped, has = (make_contact(session, terms=TERMS) for _ in range(4))
        silent.acceptances = []
        suppress(session, stopped.address, reason="a mistake", at=NOON, actor=DESK)
        version = make_version(session, make_release(session, embargo=TEN + HOUR))
        embargoed = {"kind": Occasion.UNDER_EMBARGO, "due": TEN}
        first = plan_wave(session, version, make_list(session, has, name="Other"), **embargoed).wave  # type: ignore[arg-type]
        media_list = make_list(session, nour, silent, stopped, has)
        wave = plan_wave(session, version, media_list, audience=Audience.LIVE, **embargoed).wave  # type: ignore[arg-type]
        assert gets(session, wave) == {nour.id}
        accept(session, silent, None, on=NOON.date(), how="by telephone", at=NOON, actor=DESK)
        session.execute(Suppression.__table__.delete())  # type: ignore[attr-defined]
        cancel(session, first, at=NOON, actor=DESK)
        assert set(renew(session, wave).came.values()) == {"let-in"}
        assert gets(session, wave) == {nour.id, silent.id, stopped.id, has.id}
        assert out(session, wave) == {}


def test_two_who_exchanged_their_addresses_get_it_each_at_her_own(office: Database) -> None:
    with office.write() as session:
        nour, rim, third = (make_contact(session) for _ in range(3))
        media_list = make_list(session, nour, rim, third)
        wave = live_wave(session, media_list)
        change(session, media_list, remove=(third,))
        renew(session, wave)
        one, two, left = nour.address, rim.address, third.address
        for person, address in ((nour, "x@paper.example"), (rim, one), (third, "y@paper.example"), (nour, two)):
            person.address = person.address_key = address
            session.flush()
        heir = make_contact(session, address=left)  # the mailbox of her who has left
        change(session, media_list, add=(heir,))
        assert dict(renew(session, wave).came) == {
            nour.id: "new-address",
            rim.id: "new-address",
            heir.id: "joined-list",
        }
        rows = select(Delivery.contact_id, Delivery.address).where(Delivery.state == DeliveryState.QUEUED)
        assert dict(session.execute(rows).all()) == {nour.id: two, rim.id: one, heir.id: left}


def test_an_address_in_another_spelling_is_written_to_as_it_is_spelled_now(office: Database) -> None:
    with office.write() as session:
        nour, rim = make_contact(session, address="nour@paper.example"), make_contact(session)
        wave = live_wave(session, make_list(session, nour, rim))
        nour.address = "Nour@paper.example"
        session.flush()
        assert needs_refresh(session, wave, at=NOON)
        assert dict(renew(session, wave).came) == {nour.id: "new-details"}
        hers = select(Delivery.address, Delivery.address_key).where(Delivery.contact_id == nour.id)
        assert session.execute(hers).all() == [("Nour@paper.example", "nour@paper.example")]
        assert not renew(session, wave).changed


def test_a_new_address_that_must_not_be_written_to_is_not(office: Database) -> None:
    with office.write() as session:
        nour, rim = make_contact(session), make_contact(session)
        wave = live_wave(session, make_list(session, nour, rim))
        rim.address = rim.address_key = "rim@stopped.example"
        suppress(session, "@stopped.example", reason="asked", at=NOON, actor=DESK)
        renew(session, wave)
        assert gets(session, wave) == {nour.id}
        assert out(session, wave) == {rim.id: ExclusionReason.SUPPRESSED_DOMAIN}


def shown(session: Session, wave: Wave, contact: Contact) -> tuple[str, str, str, str | None]:
    """The language and the name on her delivery, and the languages and the city of its text."""
    query = (
        select(Delivery.language, Delivery.name, CompiledText.languages, City.name)
        .join(CompiledText, CompiledText.id == Delivery.compiled_id)
        .outerjoin(City, City.id == CompiledText.city_id)
        .where(Delivery.wave_id == wave.id, Delivery.contact_id == contact.id)
    )
    return tuple(session.execute(query).one())  # type: ignore[return-value]


def reads(session: Session, contact: Contact, *languages: str) -> None:
    contact.languages = []
    session.flush()
    contact.languages = [ContactLanguage(language=code, position=n) for n, code in enumerate(languages)]
    session.flush()


def is_called(session: Session, contact: Contact, name: str, arabic: str = "") -> None:
    contact.name, contact.arabic_name = name, arabic
    session.flush()


def lives_in(session: Session, contact: Contact, city: str) -> None:
    contact.city = make_city(session, city)
    session.flush()


Change = Callable[[Session, Contact], None]

# Of Nour Haddad in Beirut, who reads English and Arabic; an embargoed text shows the hour in her city.
CHANGES: dict[str, tuple[Change, tuple[str, str, str, str] | None]] = {
    "nothing": (lambda s, c: None, None),
    "another language": (lambda s, c: reads(s, c, "ar"), ("ar", "نور حداد", "ar", "Beirut")),
    "the other order": (lambda s, c: reads(s, c, "ar", "en"), ("ar", "نور حداد", "ar", "Beirut")),
    "a language that there is no edition in": (lambda s, c: reads(s, c, "fr", "en"), None),
    "none at all": (lambda s, c: reads(s, c), None),
    "another name": (lambda s, c: is_called(s, c, "Nour Aziz"), ("en", "Nour Aziz", "en", "Beirut")),
    "another name in Arabic, which is not shown": (lambda s, c: is_called(s, c, "Nour Haddad", "نور عزيز"), None),
    "another city": (lambda s, c: lives_in(s, c, "Cairo"), ("en", "Nour Haddad", "en", "Cairo")),
    "all of it": (
        lambda s, c: (reads(s, c, "ar"), is_called(s, c, "Nour Aziz", "نور عزيز"), lives_in(s, c, "Cairo"))[0],
        ("ar", "نور عزيز", "ar", "Cairo"),
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_live_wave_follows_a_change_of_somebody_s_languages_name_or_city(office: Database, case: str) -> None:
    act, now = CHANGES[case]
    with office.write() as session:
        nour = make_contact(session, "Nour Haddad", arabic_name="نور حداد", languages=["en", "ar"], terms=TERMS)
        version = make_version(session, make_release(session, embargo=TEN + HOUR))
        embargoed = {"kind": Occasion.UNDER_EMBARGO, "due": TEN, "audience": Audience.LIVE}
        wave = plan_wave(session, version, make_list(session, nour), **embargoed).wave  # type: ignore[arg-type]
        before = shown(session, wave, nour)
        assert before == ("en", "Nour Haddad", "en", "Beirut")
        token = session.scalar(select(Delivery.token))
        act(session, nour)
        assert needs_refresh(session, wave, at=NOON) is (now is not None)
        assert dict(renew(session, wave).came) == ({nour.id: "new-details"} if now else {})
        assert shown(session, wave, nour) == (now or before)
        assert session.scalars(select(Delivery.token)).all() == [token]
        assert logged(session, Event.DELIVERY_ADDED, nour) == (["new-details"] if now else [])
        assert not renew(session, wave).changed
        assert gets(session, wave) == {nour.id}


@pytest.mark.parametrize(
    ("languages", "text"), [(["ar", "fr", "en"], "ar,fr,en"), (["fr", "ar"], "fr,ar,en"), (["fr"], "fr,en,ar")]
)
def test_the_order_of_several_editions_in_one_mail_is_followed_too(
    office: Database, languages: list[str], text: str
) -> None:
    with office.write() as session:
        nour = make_contact(session, languages=["ar", "en"])
        version = make_version(session, make_release(session, languages=("en", "ar", "fr")))
        options = {"due": TEN, "audience": Audience.LIVE, "layout": Layout.BOTH}
        wave = plan_wave(session, version, make_list(session, nour), **options).wave  # type: ignore[arg-type]
        assert shown(session, wave, nour)[2] == "ar,en,fr"
        reads(session, nour, *languages)
        open_at(session, wave)
        assert shown(session, wave, nour)[2] == text


def test_who_goes_from_one_live_list_to_another_is_missed_by_neither_and_gets_it_once(office: Database) -> None:
    with office.write() as session:
        nour, rim, mona = (make_contact(session) for _ in range(3))
        version = make_version(session, make_release(session))
        lists = [make_list(session, nour, mona, name="One"), make_list(session, rim, mona, name="Two")]
        one, two = (
            plan_wave(session, version, media_list, due=TEN + n * HOUR, audience=Audience.LIVE).wave
            for media_list, n in zip(lists, (2, 0), strict=True)
        )
        assert out(session, two) == {mona.id: ExclusionReason.ALREADY_RECEIVES}
        change(session, lists[0], remove=(mona,))
        # The later one has her still; she is let go there before the earlier one opens.
        assert isinstance(open_at(session, two, TEN), Opened)
        assert (gets(session, two), gets(session, one)) == ({rim.id, mona.id}, {nour.id})
        change(session, lists[0], add=(mona,))
        assert isinstance(open_at(session, one, TEN + 2 * HOUR), Opened)
        assert gets(session, one) == {nour.id}
        assert out(session, one) == {mona.id: ExclusionReason.ALREADY_RECEIVES}


def test_a_wave_that_is_planned_later_sees_who_has_left_the_live_one(office: Database) -> None:
    with office.write() as session:
        nour, mona = make_contact(session), make_contact(session)
        media_list = make_list(session, nour, mona)
        wave = live_wave(session, media_list)
        change(session, media_list, remove=(mona,))
        other = plan_wave(session, wave.version, make_list(session, mona, name="Other"), due=TEN).wave
        assert (gets(session, wave), gets(session, other)) == ({nour.id}, {mona.id})


def test_a_frozen_wave_is_untouched_by_its_list_and_by_others(office: Database) -> None:
    with office.write() as session:
        nour, rim, late = (make_contact(session) for _ in range(3))
        media_list = make_list(session, nour, rim)
        version = make_version(session, make_release(session))
        wave = plan_wave(session, version, media_list, due=TEN).wave
        live_list = make_list(session, late, name="Live")
        other = plan_wave(session, version, live_list, due=TEN, audience=Audience.LIVE).wave
        change(session, media_list, add=(late,), remove=(rim,))
        with pytest.raises(AudienceFrozen, match=f"wave {wave.id} is frozen"):
            renew(session, wave)
        renew(session, other)
        assert isinstance(open_at(session, wave), Opened)
        assert gets(session, wave) == {nour.id, rim.id}
        assert told(session, Event.WAVE_REFRESHED) == []


@pytest.mark.parametrize("end", ["opened", "cancelled"])
def test_after_the_opening_nobody_comes_or_goes(office: Database, end: str) -> None:
    with office.write() as session:
        nour, late = make_contact(session), make_contact(session)
        media_list = make_list(session, nour)
        wave = live_wave(session, media_list)
        if end == "opened":
            open_at(session, wave)
        else:
            cancel(session, wave, at=TEN, actor=DESK)
        change(session, media_list, add=(late,))
        before = states(session, wave)
        with pytest.raises(AudienceSettled, match=f"settled when it was {end}"):
            renew(session, wave)
        assert open_at(session, wave) is None
        assert states(session, wave) == before
        assert wave.frozen_at == TEN


def test_a_wave_is_refreshed_only_by_an_opening_that_opens_it(office: Database) -> None:
    with office.write() as session:
        nour, late = make_contact(session), make_contact(session)
        media_list = make_list(session, nour)
        wave = live_wave(session, media_list)
        change(session, media_list, add=(late,))
        assert open_at(session, wave, TEN - timedelta(seconds=1)) == Wait(TEN)
        assert isinstance(open_at(session, wave, TEN + 2 * HOUR), Hold)
        assert gets(session, wave) == {nour.id}
        pause_wave = live_wave_beside(session, wave)
        pause(session, pause_wave, at=NOON, actor=DESK)
        assert open_at(session, pause_wave) is None


def live_wave_beside(session: Session, wave: Wave) -> Wave:
    media_list = make_list(session, make_contact(session), name="Beside")
    return plan_wave(session, wave.version, media_list, due=TEN, audience=Audience.LIVE).wave


def changed_templates(folder: Path) -> Path:
    copy = folder / "templates"
    shutil.copytree(TEMPLATES, copy)
    file = copy / "release" / "edition.txt"
    file.write_text(file.read_text("utf-8") + "\nAnother line.\n", "utf-8")
    return copy


def test_a_text_that_nobody_approved_is_not_sent_and_the_wave_is_held(office: Database, tmp_path: Path) -> None:
    changed = changed_templates(tmp_path)
    with office.write() as session:
        nour, late = make_contact(session, languages=["en"]), make_contact(session, languages=["en"])
        arab, left = make_contact(session, languages=["ar"]), make_contact(session)
        media_list = make_list(session, nour, left)
        wave = live_wave(session, media_list)
        change(session, media_list, add=(late,))
        # Her text was made when the wave was scheduled, and the templates are not even looked at.
        renew(session, wave, templates=changed)
        assert gets(session, wave) == {nour.id, late.id, left.id}
        change(session, media_list, add=(arab,), remove=(left,))
        before = len(told(session))
        with pytest.raises(SourceChanged, match=r"\(ar\), and the templates"):
            renew(session, wave, templates=changed)
        assert len(told(session)) == before
        held = open_at(session, wave, templates=changed)
        assert isinstance(held, Hold)
        assert "the templates or the organisations' names have changed since" in held.reason
        assert (wave.state, wave.reason) == (WaveState.HELD, held.reason)
        assert gets(session, wave) == {nour.id, late.id, left.id}  # all of it or nothing
        assert told(session)[-1].event == Event.WAVE_HELD
        assert renew(session, wave, templates=TEMPLATES).deliveries == 3  # put back as they were
        assert session.scalars(select(CompiledText.languages).order_by(CompiledText.id)).all() == ["en", "ar"]


def test_a_name_of_an_organisation_that_was_changed_holds_it_too(office: Database) -> None:
    with office.write() as session:
        media_list = make_list(session, make_contact(session))
        wave = live_wave(session, media_list)
        for text in wave.release.organisations[0].texts:
            text.name += " and Rescue"
        change(session, media_list, add=(make_contact(session, languages=["ar"]),))
        assert isinstance(open_at(session, wave), Hold)


def test_a_list_that_is_empty_or_not_understood_holds_the_wave_and_says_no_name(office: Database) -> None:
    with office.write() as session:
        nour = make_contact(session, "Nour Haddad")
        emptied = make_list(session, queries=["city:Beirut"], name="Emptied")
        odd = make_list(session, nour, queries=["city:Beirut"], name="Odd")
        wave = live_wave(session, emptied)
        strange = plan_wave(session, wave.version, odd, due=TEN, audience=Audience.LIVE, again=True).wave
        nour.status = ContactStatus.INACTIVE
        session.flush()
        with pytest.raises(NobodyToSendTo):
            renew(session, wave)
        session.execute(update(MediaListQuery).where(MediaListQuery.list_id == odd.id).values(query="who:Haddad"))
        for held, words in ((wave, "nobody on its media list"), (strange, "a query of its media list")):
            outcome = open_at(session, held)
            assert isinstance(outcome, Hold)
            assert words in outcome.reason
            assert "Haddad" not in str(told(session)[-1].data)
            assert gets(session, held) == {nour.id}


def test_a_list_that_is_renamed_is_followed_and_one_that_is_needed_is_not_deleted(office: Database) -> None:
    with office.write() as session:
        nour, late = make_contact(session), make_contact(session)
        media_list = make_list(session, nour)
        wave = live_wave(session, media_list)
        rename_list(session, media_list, "Another name", at=NOON, actor=DESK)
        change(session, media_list, add=(late,))
        with pytest.raises(ListInUse):
            delete_list(session, media_list, at=NOON, actor=DESK)
        open_at(session, wave)
        assert gets(session, wave) == {nour.id, late.id}


def test_how_a_list_has_changed_is_told_beside_what_was_followed_already(office: Database) -> None:
    with office.write() as session:
        nour, rim, late = (make_contact(session, name) for name in ("Nour", "Rim", "Late"))
        media_list = make_list(session, nour, rim)
        wave = live_wave(session, media_list)
        change(session, media_list, add=(late,), remove=(rim,))
        difference = since_scheduled(session, wave, at=NOON)
        assert difference is not None
        assert (difference.joined, difference.left) == (((late.id, "Late"),), ((rim.id, "Rim"),))
        renew(session, wave)
        difference = since_scheduled(session, wave, at=NOON)
        assert difference is not None
        assert (difference.joined, difference.left) == ((), ())
        change(session, media_list, add=(rim,))
        difference = since_scheduled(session, wave, at=NOON)
        assert difference is not None
        assert difference.joined == ((rim.id, "Rim"),)


def test_what_fails_in_between_leaves_everything_as_it_was(
    office: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office.write() as session:
        nour, rim, late = (make_contact(session) for _ in range(3))
        media_list = make_list(session, nour, rim)
        wave = live_wave(session, media_list)
        change(session, media_list, add=(late,), remove=(rim,))
        entries = len(told(session))

    def die(*_: object, **__: object) -> None:
        raise RuntimeError("kill -9")

    for place in ("let_in", "open_wave"):
        with monkeypatch.context() as patched:
            patched.setattr(live, place, die)
            with pytest.raises(RuntimeError), office.write() as session:
                open_at(session, wave)
        with office.read() as session:
            found = wave_numbered(session, wave.id)
            assert (found.state, found.refreshed_at, gets(session, wave)) == (
                WaveState.SCHEDULED,
                None,
                {nour.id, rim.id},
            )
            assert len(told(session)) == entries
    with office.write() as session:
        assert isinstance(open_at(session, wave), Opened)
        assert gets(session, wave) == {nour.id, late.id}


@pytest.mark.parametrize("second", ["open", "refresh"])
@pytest.mark.parametrize("first", ["open", "refresh"])
def test_of_two_processes_that_refresh_or_open_at_once_each_finds_the_others_work(
    office: Database, first: str, second: str
) -> None:
    with office.write() as session:
        nour, rim, late = (make_contact(session) for _ in range(3))
        media_list = make_list(session, nour, rim)
        wave = live_wave(session, media_list)
        change(session, media_list, add=(late,), remove=(rim,))
    outcomes: list[object] = []

    def opening() -> None:
        with office.write() as session:
            outcomes.append(open_at(session, wave))

    def refreshing() -> None:
        with office.write() as session:
            try:
                outcomes.append(renew(session, wave_numbered(session, wave.id)).changed)
            except AudienceSettled:
                outcomes.append("settled")

    acts: dict[str, Callable[[], None]] = {"open": opening, "refresh": refreshing}
    both_at_once(acts[first], acts[second])
    opened = Opened(wave.id, timedelta())
    expected = {
        ("open", "open"): [opened, None],
        ("open", "refresh"): [opened, "settled"],
        ("refresh", "open"): [True, opened],
        ("refresh", "refresh"): [True, False],
    }[(first, second)]
    assert outcomes == expected
    with office.read() as session:
        assert gets(session, wave) == {nour.id, late.id}
        assert session.scalar(select(func.count()).select_from(Delivery)) == 3
        assert len(told(session, Event.WAVE_REFRESHED)) == len(told(session, Event.DELIVERY_ADDED)) == 1


def test_a_wave_that_is_planned_while_a_live_one_opens_leaves_out_who_came_to_that(office: Database) -> None:
    with office.write() as session:
        nour, late = make_contact(session), make_contact(session)
        media_list = make_list(session, nour)
        wave = live_wave(session, media_list)
        other = make_list(session, nour, late, make_contact(session), name="Other")
        change(session, media_list, add=(late,))

    def opening() -> None:
        with office.write() as session:
            open_at(session, wave)

    def planning() -> None:
        with office.write() as session:
            version = session.get_one(Version, wave.version_id)
            plan_wave(session, version, session.get_one(MediaList, other.id), due=TEN)

    both_at_once(opening, planning)
    with office.read() as session:
        contacts = session.scalars(select(Delivery.contact_id)).all()
        assert len(contacts) == len(set(contacts)) == 3


def test_however_many_processes_wake_up_one_opens_the_wave_with_its_list_of_then(office: Database) -> None:
    with office.write() as session:
        people = [make_contact(session) for _ in range(20)]
        media_list = make_list(session, *people[:10])
        wave = live_wave(session, media_list)
        change(session, media_list, add=tuple(people[10:]), remove=tuple(people[:5]))
    start = threading.Barrier(4)
    outcomes: list[object] = []

    def wake() -> None:
        start.wait()
        with office.write() as session:
            outcomes.append(open_at(session, wave))

    threads = [threading.Thread(target=wake) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == sorted(["None"] * 3 + [str(Opened(wave.id, timedelta()))])
    with office.read() as session:
        assert gets(session, wave) == {person.id for person in people[5:]}


def test_who_was_left_out_for_one_who_was_merged_into_her_is_counted(office: Database) -> None:
    with office.write() as session:
        twin, kept, other = (make_contact(session) for _ in range(3))
        version = make_version(session, make_release(session))
        first = plan_wave(session, version, make_list(session, twin), due=TEN).wave
        merge(session, kept, twin, at=NOON, actor=DESK)
        second = plan_wave(session, version, make_list(session, kept, other, name="Second"), due=TEN).wave
        assert out(session, second) == {kept.id: ExclusionReason.ALREADY_RECEIVES}
        assert relied_upon(session, first) == {}
        cancel(session, first, at=NOON, actor=DESK)
        assert relied_upon(session, first) == {second.id: 1}
