"""A wave is planned whole, or not at all and with a reason; what it sends is compiled and approved by then."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from builders import DESK, NOON, make_contact, make_list
from newsroom import TEMPLATES, edition, in_beirut, make_release, make_version, plan_wave, told
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.audit import Event
from mailer.contacts.models import MediaList
from mailer.contacts.suppression import suppress
from mailer.database import Database
from mailer.errors import (
    AfterEmbargo,
    BeforeEmbargo,
    DatelineError,
    EmbargoMoved,
    NobodyToSendTo,
    NoEmbargo,
    NotApproved,
    PictureMissing,
    StaleTooSoon,
    TemplateMissing,
    TemplateProblem,
    TimePassed,
)
from mailer.releases.content import Photo
from mailer.releases.models import Release, Version
from mailer.releases.versions import approve, freeze, set_embargo
from mailer.rendering import CompiledMessage, Occasion
from mailer.schedule.models import CompiledText, Delivery, Exclusion, Wave, WaveState

TEN = datetime(2026, 12, 22, 8, tzinfo=UTC)
DAY = timedelta(days=1)
EMBARGOED = Occasion.UNDER_EMBARGO


def refuse(session: Session, error: type[DatelineError], plan: Callable[[], object]) -> DatelineError:
    """Nothing of the wave is there afterwards, though the transaction goes on."""
    entries = len(told(session))
    with pytest.raises(error) as caught:
        plan()
    for model in (Wave, Delivery, Exclusion, CompiledText):
        assert session.scalar(select(func.count()).select_from(model)) == 0, model
    assert len(told(session)) == entries
    return caught.value


def audience(session: Session) -> MediaList:
    return make_list(session, make_contact(session, terms=date(2026, 1, 5)), make_contact(session))


def test_a_planned_wave_is_in_the_log_with_its_version_its_time_and_who_gets_it(office: Database) -> None:
    with office.write() as session:
        version = make_version(session, make_release(session, embargo=TEN))
        media_list = audience(session)
        wave = plan_wave(session, version, media_list, due=TEN - DAY, kind=EMBARGOED).wave
        assert (wave.state, wave.due, wave.opened_at) == (WaveState.SCHEDULED, in_beirut(TEN - DAY), None)
        (entry,) = told(session, Event.WAVE_SCHEDULED)
        assert (entry.wave_id, entry.release_id, entry.actor, entry.at) == (wave.id, wave.release_id, DESK, NOON)
        assert entry.data == {
            "version": 1,
            "sha256": version.sha256,
            "list": media_list.id,
            "kind": "under-embargo",
            "layout": "preferred",
            "wall": "2026-12-21T10:00:00",
            "zone": "Asia/Beirut",
            "due": "2026-12-21T08:00:00+00:00",
            "audience": "frozen",
            "deliveries": 1,
            "excluded": {"no-embargo-terms": 1},
        }


@pytest.mark.parametrize(
    ("due", "after", "until", "stale"),
    [
        (TEN, None, None, None),
        (TEN, timedelta(hours=6), None, TEN + timedelta(hours=6)),
        (None, timedelta(hours=6), None, NOON + timedelta(hours=6)),
        (TEN, None, TEN + DAY, TEN + DAY),
        (TEN, timedelta(hours=6), TEN + DAY, TEN + timedelta(hours=6)),
        (TEN, 2 * DAY, TEN + DAY, TEN + DAY),
    ],
)
def test_a_wave_is_stale_from_when_an_officer_said(
    office: Database, due: datetime | None, after: timedelta | None, until: datetime | None, stale: datetime | None
) -> None:
    with office.write() as session:
        version = make_version(session, make_release(session))
        wave = plan_wave(session, version, audience(session), due=due, stale_after=after, not_after=until).wave
        assert wave.stale_at == stale
        assert wave.stale == (in_beirut(stale) if stale else None)
        assert told(session, Event.WAVE_SCHEDULED)[0].data.get("stale") == (stale.isoformat() if stale else None)


@pytest.mark.parametrize(
    ("due", "after", "until"),
    [(TEN, None, TEN), (TEN, None, NOON), (TEN, timedelta(), None), (None, None, NOON), (None, DAY, NOON - DAY)],
)
def test_a_wave_that_would_be_stale_before_it_goes_out_is_refused(
    office: Database, due: datetime | None, after: timedelta | None, until: datetime | None
) -> None:
    with office.write() as session:
        version, media_list = make_version(session, make_release(session)), audience(session)
        plan = partial(plan_wave, session, version, media_list, due=due, stale_after=after, not_after=until)
        assert "not after its time" in refuse(session, StaleTooSoon, plan).problem


def test_a_wave_at_once_is_due_now_in_the_offices_zone(office: Database) -> None:
    now = NOON + timedelta(microseconds=5)
    with office.write() as session:
        wave = plan_wave(session, make_version(session, make_release(session)), audience(session), now=now).wave
        assert wave.due == in_beirut(NOON)


def test_what_is_not_approved_by_all_who_issue_it_is_refused(office: Database) -> None:
    with office.write() as session:
        release = make_release(session, organisations=["esrf", "wpa"])
        version, media_list = freeze(session, release, at=NOON, actor=DESK), audience(session)
        esrf, wpa = release.organisations
        error = refuse(session, NotApproved, lambda: plan_wave(session, version, media_list))
        assert "esrf, wpa" in error.problem
        approve(session, release, version, esrf, at=NOON, actor=DESK)
        error = refuse(session, NotApproved, lambda: plan_wave(session, version, media_list))
        assert "approved by wpa." in error.problem
        approve(session, release, version, wpa, at=NOON, actor=DESK)
        plan_wave(session, version, media_list)


def test_the_approval_of_one_version_plans_no_other(office: Database) -> None:
    with office.write() as session:
        release, media_list = make_release(session), audience(session)
        first = make_version(session, release)
        release.editions[0].content = replace(release.editions[0].content, headline="Another")
        second = freeze(session, release, at=NOON, actor=DESK)
        refuse(session, NotApproved, lambda: plan_wave(session, second, media_list))
        assert plan_wave(session, first, media_list).wave.version is first


def test_a_wave_at_a_wrong_time_is_refused(office: Database) -> None:
    table: list[tuple[Occasion, datetime | None, datetime | None, type[DatelineError]]] = [
        (Occasion.PUBLIC, TEN - timedelta(minutes=1), TEN, BeforeEmbargo),
        (Occasion.PUBLIC, None, TEN, BeforeEmbargo),
        (EMBARGOED, TEN, TEN, AfterEmbargo),
        (EMBARGOED, TEN + DAY, TEN, AfterEmbargo),
        (EMBARGOED, None, None, NoEmbargo),
        (Occasion.PUBLIC, NOON - timedelta(seconds=1), None, TimePassed),
        (EMBARGOED, NOON - DAY, TEN, TimePassed),
    ]
    with office.write() as session:
        media_list = audience(session)
        for number, (kind, due, embargo, error) in enumerate(table):
            version = make_version(session, make_release(session, f"ports-{number}", embargo=embargo))
            plan = partial(plan_wave, session, version, media_list, due=due, kind=kind)
            refuse(session, error, plan)


def test_an_embargo_that_was_moved_since_the_version_was_frozen_counts_as_well(office: Database) -> None:
    with office.write() as session:
        release, media_list = make_release(session, embargo=TEN), audience(session)
        version = make_version(session, release)

        def move(to: datetime | None) -> None:
            set_embargo(session, release, in_beirut(to) if to else None, at=NOON, actor=DESK)

        move(TEN + DAY)
        refuse(session, BeforeEmbargo, lambda: plan_wave(session, version, media_list, due=TEN))
        # Its mail would name the old hour, at which its readers would publish.
        early = TEN - timedelta(hours=2)
        refuse(session, EmbargoMoved, lambda: plan_wave(session, version, media_list, due=early, kind=EMBARGOED))
        move(TEN - DAY)
        refuse(session, BeforeEmbargo, lambda: plan_wave(session, version, media_list, due=TEN - DAY))
        late = TEN - timedelta(hours=1)
        refuse(session, AfterEmbargo, lambda: plan_wave(session, version, media_list, due=late, kind=EMBARGOED))
        move(None)
        refuse(session, BeforeEmbargo, lambda: plan_wave(session, version, media_list, due=late))
        plan_wave(session, version, media_list, due=TEN)


def test_a_wave_that_nobody_would_get_is_refused_with_each_reason(office: Database) -> None:
    with office.write() as session:
        stopped, silent = make_contact(session, terms=date(2026, 1, 5)), make_contact(session)
        suppress(session, stopped.address, reason="asked us to stop", at=NOON, actor=DESK)
        version = make_version(session, make_release(session, embargo=TEN))
        media_list = make_list(session, stopped, silent)
        due = TEN - DAY
        error = refuse(
            session, NobodyToSendTo, lambda: plan_wave(session, version, media_list, due=due, kind=EMBARGOED)
        )
        assert "2 left out" in error.problem
        assert "1 must not be written to" in error.advice.lower()
        assert "1 have not accepted the embargo terms" in error.advice.lower()
        empty = make_list(session, name="Nobody", queries=["city:Tunis"])
        error = refuse(session, NobodyToSendTo, lambda: plan_wave(session, version, empty, due=TEN))
        assert "empty" in error.advice


def break_templates(folder: Path, part: str, old: str, new: str) -> Path:
    broken = folder / "templates"
    if broken.exists():
        shutil.rmtree(broken)
    shutil.copytree(TEMPLATES, broken)
    file = broken / part
    assert old in file.read_text("utf-8")
    file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")
    return broken


def test_a_template_error_is_told_with_its_place_before_anything_is_planned(
    office: Database, tmp_path: Path
) -> None:
    above = (TEMPLATES / "release/edition.html").read_text("utf-8").partition("{{ edition.body }}")[0]
    line = above.count("\n") + 1
    table = [
        ("release/edition.html", "{{ edition.body }}", "{{ edition.bdy }}", f"line {line}: bdy is not known"),
        ("release/edition.txt", "{% endfor %}", "", "release/edition.txt, line "),
        ("release/subject.txt", "edition.headline", "contact.name", "subject"),
        ("frame.txt", "{{", "{{ nobody.knows }}{{", "nobody is not known"),
    ]
    with office.write() as session:
        version, media_list = make_version(session, make_release(session)), audience(session)
        for part, old, new, words in table:
            templates = break_templates(tmp_path, part, old, new)
            error = refuse(
                session, TemplateProblem, partial(plan_wave, session, version, media_list, templates=templates)
            )
            assert part in error.problem
            assert words in error.problem


def test_an_error_that_only_the_last_city_meets_leaves_nothing_half_written(
    office: Database, tmp_path: Path
) -> None:
    templates = break_templates(
        tmp_path,
        "release/edition.txt",
        "{{ edition.subhead }}",
        "{% if contact.city == 'Tunis' %}{{ edition.sbhead }}{% endif %}",
    )
    with office.write() as session:
        people = [make_contact(session, city=city) for city in ("Beirut", "Cairo", "Tunis")]
        version, media_list = make_version(session, make_release(session)), make_list(session, *people)
        refuse(session, TemplateProblem, lambda: plan_wave(session, version, media_list, templates=templates))
        assert plan_wave(session, version, media_list).expansion.deliveries == 3
    with office.read() as session:
        assert session.scalar(select(func.count()).select_from(Delivery)) == 3


def test_a_missing_template_or_picture_is_told_before_anything_is_planned(
    office: Database, tmp_path: Path
) -> None:
    with office.write() as session:
        release, media_list = make_release(session), audience(session)
        version = make_version(session, release)
        refuse(session, TemplateMissing, lambda: plan_wave(session, version, media_list, templates=tmp_path))
        for stored in release.editions:
            stored.content = edition(stored.language, photo=Photo(asset="0" * 64, caption="A quay"))
        lost = make_version(session, release)
        refuse(session, PictureMissing, lambda: plan_wave(session, lost, media_list))


def test_what_is_compiled_is_what_was_approved_and_not_the_draft_of_today(office: Database) -> None:
    with office.write() as session:
        release, media_list = make_release(session, languages=["en"]), audience(session)
        version = make_version(session, release)
        release.editions[0].content = edition("en", headline="Changed since", body="Not what was approved.")
        session.flush()
        plan_wave(session, version, media_list)
        message = CompiledMessage.from_bytes(session.scalars(select(CompiledText.content)).one(), {})
        assert message.subject == "Ports agreement signed"
        assert not any("Not what was approved" in text for text in message.text.texts)


def test_a_version_that_is_sent_keeps_its_text_when_the_release_goes_on(office: Database) -> None:
    with office.write() as session:
        release, media_list = make_release(session), audience(session)
        wave = plan_wave(session, make_version(session, release), media_list, due=TEN).wave
        release.editions[0].content = replace(release.editions[0].content, headline="Another")
        make_version(session, release)
    with office.read() as session:
        wave = session.get_one(Wave, wave.id)
        assert wave.version.number == 1
        assert {e.headline for e in wave.version.frozen.editions} == {
            "Ports agreement signed",
            "توقيع اتفاق الموانئ",
        }
        assert len(session.get_one(Release, release.id).versions) == 2
        assert session.scalar(select(func.count()).select_from(Version)) == 2
