"""A version is what was approved, to the letter: one text, one hash, one sign-off from each organisation."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from builders import DESK, NOON, make_organisation
from hypothesis import given
from hypothesis import strategies as st
from newsroom import both_at_once, edition, in_beirut, make_release, make_version, told
from sqlalchemy import func, select

from mailer.audit import Event
from mailer.clock import ZonedTime
from mailer.database import Database
from mailer.errors import (
    AlreadyApproved,
    BadPicture,
    BadSlug,
    NotFrozen,
    NotIssuedBy,
    ReleaseIncomplete,
    UnknownRelease,
    UnreadableFile,
)
from mailer.releases.content import (
    Boilerplate,
    EditionContent,
    Photo,
    PressContact,
    Related,
    VersionContent,
    digest,
)
from mailer.releases.models import Asset, Release, Version
from mailer.releases.versions import (
    MAX_PICTURE,
    add_edition,
    all_releases,
    approve,
    current_content,
    freeze,
    keep_picture,
    latest_version,
    missing_approvals,
    release_named,
    set_embargo,
    slug_for,
    version_numbered,
)

TEN = datetime(2026, 12, 22, 8, tzinfo=UTC)

JPEG = b"\xff\xd8\xff\xe0 a quay"
PNG = b"\x89PNG\r\n\x1a\n a quay"
GIF = b"GIF89a a quay"


@pytest.fixture
def office(database: Database) -> Database:
    return database


# The canonical text.

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
some = st.lists(words, max_size=3).map(tuple)
moments = st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2037-12-31")).map(
    lambda t: in_beirut(t.replace(microsecond=0, tzinfo=UTC))
)
editions = st.builds(
    EditionContent,
    language=st.sampled_from(["en", "ar", "fr", "pt-BR"]),
    headline=words,
    subhead=words,
    cities=some,
    day=st.none() | st.dates(),
    body=words,
    photo=st.none() | st.builds(Photo, asset=words, caption=words, credit=words, alt=words),
    boilerplates=st.lists(st.builds(Boilerplate, heading=words, text=words), max_size=2).map(tuple),
    press_contacts=st.lists(
        st.builds(PressContact, city=words, name=words, title=words, address=words), max_size=2
    ).map(tuple),
    related=st.lists(st.builds(Related, title=words, url=words), max_size=2).map(tuple),
)
contents = st.builds(
    VersionContent,
    slug=words,
    organisations=some,
    embargo=st.none() | moments,
    editions=st.lists(editions, max_size=3, unique_by=lambda e: e.language).map(tuple),
)


@given(contents)
def test_the_canonical_text_says_it_all_and_says_it_again_alike(content: VersionContent) -> None:
    text = content.canonical()
    again = VersionContent.parse(text)
    assert again.canonical() == text
    assert (again.slug, again.embargo) == (content.slug, content.embargo)
    assert set(again.editions) == set(content.editions)
    assert sorted(again.organisations) == sorted(content.organisations)
    assert "\n" not in text
    assert text.encode()  # nothing in it that has no bytes


@given(contents)
def test_the_order_in_which_things_came_does_not_change_the_text(content: VersionContent) -> None:
    turned = replace(content, organisations=content.organisations[::-1], editions=content.editions[::-1])
    assert turned.canonical() == content.canonical()


@given(contents, contents)
def test_two_contents_with_one_text_are_one_content(one: VersionContent, other: VersionContent) -> None:
    def parts(content: VersionContent) -> object:
        return content.slug, sorted(content.organisations), content.embargo, set(content.editions)

    assert (one.canonical() == other.canonical()) is (parts(one) == parts(other))


def test_the_form_that_is_hashed_never_changes() -> None:
    """What was approved years ago must still have its hash: a change here is a new format, not an edit."""
    photo = Photo(asset="ab12", caption="Tents", credit="D. Saleh", alt="Tents on a quay")
    content = VersionContent(
        slug="ports",
        organisations=("wpa", "esrf"),
        embargo=ZonedTime.parse("2026-12-22 10:00", "Asia/Beirut"),
        editions=(edition("en", photo=photo, related=(Related(title="Before"),)), edition("ar")),
    )
    assert content.canonical().startswith(
        '{"editions":[{"body":"تبدأ المساعدة على الرصيف.\\n\\nوتستمر خمس سنوات."'
    )
    plain = json.loads(content.canonical())
    assert plain["embargo"] == {
        "instant": "2026-12-22T08:00:00+00:00",
        "wall": "2026-12-22T10:00:00",
        "zone": "Asia/Beirut",
    }
    assert list(plain) == ["editions", "embargo", "organisations", "release"]
    sha256 = digest(content.canonical().encode())
    assert sha256 == "edb982142f231d113e71bebea2c550a6149a3a0e3e9c5b25dbf5bb6c46a4baf3"


# Freezing.


def test_a_version_keeps_the_text_with_its_hash_and_is_in_the_log(office: Database) -> None:
    with office.write() as session:
        release = make_release(session, embargo=TEN)
        version = freeze(session, release, at=NOON, actor=DESK)
        assert version.number == 1
        assert version.sha256 == hashlib.sha256(version.content.encode()).hexdigest()
        assert version.frozen == current_content(release)
        assert (version.embargo_at, version.frozen.embargo) == (TEN, in_beirut(TEN))
        (entry,) = told(session, Event.VERSION_FROZEN)
        assert (entry.release_id, entry.data) == (release.id, {"version": 1, "sha256": version.sha256})
    with office.read() as session:
        kept = session.get_one(Version, version.id)
        assert hashlib.sha256(kept.content.encode()).hexdigest() == kept.sha256


def test_to_freeze_the_same_again_is_the_same_version_and_any_change_is_the_next(office: Database) -> None:
    with office.write() as session:
        release = make_release(session, embargo=TEN)
        wpa = make_organisation(session, "wpa")
        first = freeze(session, release, at=NOON, actor=DESK)
        assert freeze(session, release, at=NOON + timedelta(hours=1), actor=DESK) is first
        assert len(told(session, Event.VERSION_FROZEN)) == 1
        english = next(e for e in release.editions if e.language == "en")

        def change(**parts: object) -> Callable[[], object]:
            return lambda: setattr(english, "content", replace(english.content, **parts))

        def add(language: str) -> None:
            add_edition(
                session,
                edition(language),
                slug="ports",
                organisations=[],
                embargo=None,
                embargo_line="",
                at=NOON,
                actor=DESK,
            )

        changes: list[Callable[[], object]] = [
            change(headline="Ports agreement signed!"),
            change(subhead="A plan"),
            change(cities=("Beirut", "Cairo")),
            change(day=date(2026, 11, 25)),
            change(body="Help **begins** at the quay.\n\nIt takes five  years."),
            change(photo=Photo(caption="A quay")),
            change(photo=Photo(caption="A quay", alt="A quay at dawn")),
            change(boilerplates=()),
            change(press_contacts=()),
            change(related=(Related(title="Before"),)),
            lambda: add("fr"),
            lambda: release.organisations.append(wpa),
            lambda: set_embargo(session, release, in_beirut(TEN + timedelta(minutes=1)), at=NOON, actor=DESK),
            # The same instant, as another zone's officers say it: other words in the mail.
            lambda: set_embargo(
                session, release, ZonedTime.parse("2026-12-22 10:01", "Africa/Cairo"), at=NOON, actor=DESK
            ),
            lambda: set_embargo(session, release, None, at=NOON, actor=DESK),
        ]
        for number, act in enumerate(changes, 2):
            act()
            version = freeze(session, release, at=NOON, actor=DESK)
            assert (version.number, latest_version(release)) == (number, version)
            assert freeze(session, release, at=NOON, actor=DESK) is version
        hashes = session.scalars(select(Version.sha256)).all()
        assert len(set(hashes)) == len(hashes) == len(changes) + 1
        assert first.frozen.editions[1].headline == "Ports agreement signed"


def test_a_text_that_is_changed_back_is_a_new_version_that_needs_its_own_approval(office: Database) -> None:
    with office.write() as session:
        release = make_release(session)
        first = make_version(session, release)
        content = release.editions[0].content
        release.editions[0].content = replace(content, headline="Another")
        freeze(session, release, at=NOON, actor=DESK)
        release.editions[0].content = content
        third = freeze(session, release, at=NOON, actor=DESK)
        assert (third.number, third.sha256) == (3, first.sha256)
        assert missing_approvals(third) == ("esrf",)


def test_two_who_freeze_at_once_freeze_one_version(office: Database) -> None:
    with office.write() as session:
        release = make_release(session)

    def act() -> None:
        with office.write() as session:
            freeze(session, session.get_one(Release, release.id), at=NOON, actor=DESK)

    both_at_once(act, act)
    with office.read() as session:
        assert session.scalar(select(func.count()).select_from(Version)) == 1


def test_nothing_is_frozen_while_something_is_missing_that_must_not_be_guessed(office: Database) -> None:
    with office.write() as session:
        release = make_release(session)
        english = next(stored for stored in release.editions if stored.language == "en")
        content, issuers = english.content, list(release.organisations)

        def refused(words: str) -> None:
            session.flush()
            with pytest.raises(ReleaseIncomplete, match=words):
                freeze(session, release, at=NOON, actor=DESK)

        release.embargo_line = "Embargoed until Tuesday 10 am"
        refused("Embargoed until Tuesday 10 am")
        set_embargo(session, release, None, at=NOON, actor=DESK)  # somebody has said that there is none
        release.organisations.clear()
        refused("no organisation")
        release.organisations.extend(issuers)
        for part in ("headline", "body"):
            english.content = replace(content, **{part: " \n "})
            refused(f"no {part}")
        english.content = content
        assert freeze(session, release, at=NOON, actor=DESK).number == 1


# Approving.


def test_a_joint_release_needs_each_organisations_sign_off_of_that_version(office: Database) -> None:
    with office.write() as session:
        release = make_release(session, organisations=["esrf", "wpa"])
        stranger = make_organisation(session, "other")
        first = freeze(session, release, at=NOON, actor=DESK)
        esrf, wpa = release.organisations
        assert missing_approvals(first) == ("esrf", "wpa")
        approval = approve(session, release, first, esrf, at=NOON, actor=DESK)
        assert (approval.at, approval.actor, missing_approvals(first)) == (NOON, DESK, ("wpa",))
        with pytest.raises(AlreadyApproved, match="version 1"):
            approve(session, release, first, esrf, at=NOON, actor=DESK)
        with pytest.raises(NotIssuedBy, match="OTHER"):
            approve(session, release, first, stranger, at=NOON, actor=DESK)
        approve(session, release, first, wpa, at=NOON, actor=DESK)
        assert missing_approvals(first) == ()
        assert [entry.data for entry in told(session, Event.VERSION_APPROVED)] == [
            {"version": 1, "sha256": first.sha256, "organisation": slug} for slug in ("esrf", "wpa")
        ]
        release.editions[0].content = replace(release.editions[0].content, headline="Another")
        second = freeze(session, release, at=NOON, actor=DESK)
        assert missing_approvals(second) == ("esrf", "wpa")
        assert missing_approvals(first) == ()


def test_who_issues_a_version_is_who_issued_it_when_it_was_frozen(office: Database) -> None:
    with office.write() as session:
        release = make_release(session)
        version = make_version(session, release)
        wpa = make_organisation(session, "wpa")
        release.organisations.append(wpa)
        session.flush()
        assert missing_approvals(version) == ()
        with pytest.raises(NotIssuedBy):
            approve(session, release, version, wpa, at=NOON, actor=DESK)


def test_two_sign_offs_of_one_organisation_at_once_are_one(office: Database) -> None:
    with office.write() as session:
        release = make_release(session)
        version = freeze(session, release, at=NOON, actor=DESK)
    refused: list[AlreadyApproved] = []

    def act() -> None:
        try:
            with office.write() as session:
                found = session.get_one(Release, release.id)
                approve(session, found, found.versions[0], found.organisations[0], at=NOON, actor=DESK)
        except AlreadyApproved as error:
            refused.append(error)

    both_at_once(act, act)
    assert len(refused) == 1
    with office.read() as session:
        assert len(session.get_one(Version, version.id).approvals) == 1
        assert len(told(session, Event.VERSION_APPROVED)) == 1


# Pictures.


@pytest.mark.parametrize(("content", "media_type"), [(JPEG, "image/jpeg"), (PNG, "image/png"), (GIF, "image/gif")])
def test_a_picture_is_kept_once_under_its_hash(
    office: Database, tmp_path: Path, content: bytes, media_type: str
) -> None:
    for name in ("one", "two.txt"):  # what it is called does not matter
        (tmp_path / name).write_bytes(content)
    with office.write() as session:
        assets = {keep_picture(session, tmp_path / name) for name in ("one", "two.txt")}
        assert assets == {hashlib.sha256(content).hexdigest()}
        kept = session.scalars(select(Asset)).one()
        assert (kept.content, kept.media_type) == (content, media_type)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a JPEG, PNG or GIF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a JPEG, PNG or GIF"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "not a JPEG, PNG or GIF"),
        (b"%PDF-1.7", "not a JPEG, PNG or GIF"),
        (JPEG + bytes(MAX_PICTURE), "larger than 2 MB"),
    ],
)
def test_what_is_no_picture_for_mail_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    database = Database(f"sqlite:///{tmp_path}/pictures.db")
    file = tmp_path / "photo.jpg"
    file.write_bytes(content)
    with database.read() as session, pytest.raises(BadPicture, match=words) as caught:
        keep_picture(session, file)
    assert "photo.jpg" in caught.value.problem
    database.close()


def test_a_file_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "huge.jpg"
    with file.open("wb") as handle:
        handle.write(JPEG)
        handle.truncate(1 << 40)  # one terabyte, of which nothing is on the disk
    database = Database(f"sqlite:///{tmp_path}/pictures.db")
    with database.read() as session, pytest.raises(BadPicture, match="larger"):
        keep_picture(session, file)
    database.close()


@pytest.mark.parametrize("name", ["gone.jpg", "."])
def test_a_picture_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    database = Database(f"sqlite:///{tmp_path}/pictures.db")
    with database.read() as session, pytest.raises(UnreadableFile, match="cannot be read"):
        keep_picture(session, tmp_path / name)
    database.close()


# Editions, embargo and names.


def test_editions_of_one_slug_are_one_release_and_each_change_is_in_the_log(office: Database) -> None:
    with office.write() as session:
        release = make_release(session, languages=["en", "ar"])
        assert {e.language for e in release.editions} == {"ar", "en"}
        assert [entry.data["changed"] for entry in told(session, Event.RELEASE_CHANGED)] == [["edition ar"]]
        before = len(told(session))
        assert make_release(session, languages=["en", "ar"]) is release
        assert len(told(session)) == before  # the same again changes nothing


@pytest.mark.parametrize(
    "slug", ["", "Ports", "ports agreement", "-ports", "ports--two", "موانئ", "p" * 81, "a/b"]
)
def test_what_is_no_short_name_is_refused(tmp_path: Path, slug: str) -> None:
    database = Database(f"sqlite:///{tmp_path}/slugs.db")
    with database.write() as session, pytest.raises(BadSlug):
        add_edition(
            session, edition(), slug=slug, organisations=[], embargo=None, embargo_line="", at=NOON, actor=DESK
        )
    database.close()


@pytest.mark.parametrize(
    ("headline", "slug"),
    [
        ("Ports agreement signed", "ports-agreement-signed"),
        ("L’aide d’État à l’Égypte", "l-aide-d-etat-a-l-egypte"),
        ("One two three four five six seven eight nine", "one-two-three-four-five-six-seven-eight"),
        ("x" * 200, "x" * 80),
        ("توقيع اتفاق الموانئ", ""),
        ("", ""),
    ],
)
def test_a_short_name_is_made_of_the_headlines_latin_words(headline: str, slug: str) -> None:
    assert slug_for(headline) == slug


@given(st.text(max_size=200))
def test_a_short_name_that_was_made_is_never_refused(headline: str) -> None:
    slug = slug_for(headline)
    assert len(slug) <= 80
    assert slug == "" or re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)


def test_an_embargo_that_is_set_moved_or_taken_away_is_in_the_log_with_its_instant(office: Database) -> None:
    with office.write() as session:
        release = make_release(session)
        for moment in (in_beirut(TEN), in_beirut(TEN + timedelta(days=1)), None):
            set_embargo(session, release, moment, at=NOON, actor=DESK)
            set_embargo(session, release, moment, at=NOON, actor=DESK)
            session.refresh(release)
            assert release.embargo == moment
        told_of = [e.data for e in told(session, Event.RELEASE_CHANGED) if e.data["changed"] == ["embargo"]]
        assert [data["embargo"] for data in told_of] == [
            "2026-12-22T08:00:00+00:00",
            "2026-12-23T08:00:00+00:00",
            None,
        ]
        assert told_of[0]["zone"] == "Asia/Beirut"
        make_release(session, embargo=TEN)  # by importing it again
        assert told(session)[-1].data["embargo"] == "2026-12-22T08:00:00+00:00"


def test_an_embargo_that_a_later_edition_speaks_of_must_be_entered_too(office: Database) -> None:
    with office.write() as session:
        release = make_release(session, languages=["en"])

        def arabic(line: str) -> None:
            add_edition(
                session,
                edition("ar"),
                slug="ports",
                organisations=[],
                embargo=None,
                embargo_line=line,
                at=NOON,
                actor=DESK,
            )

        arabic("محظور النشر حتى الثلاثاء " + "x" * 1000)
        with pytest.raises(ReleaseIncomplete):
            freeze(session, release, at=NOON, actor=DESK)
        arabic("")  # another import that does not speak of it does not take it away
        assert release.embargo_line
        set_embargo(session, release, in_beirut(TEN), at=NOON, actor=DESK)
        arabic("محظور النشر حتى الثلاثاء")
        assert release.embargo_line == ""


def test_releases_and_versions_are_found_or_the_nearest_is_named(office: Database) -> None:
    with office.write() as session:
        release = make_release(session, "ports")
        other = make_release(session, "floods")
        assert release_named(session, "ports") is release
        assert all_releases(session) == [other, release]
        with pytest.raises(UnknownRelease, match="Did you mean ports"):
            release_named(session, "prots")
        with pytest.raises(NotFrozen, match="a version"):
            version_numbered(release, None)
        first = freeze(session, release, at=NOON, actor=DESK)
        release.editions[0].content = replace(release.editions[0].content, headline="Another")
        second = freeze(session, release, at=NOON, actor=DESK)
        assert (version_numbered(release, None), version_numbered(release, 1)) == (second, first)
        with pytest.raises(NotFrozen, match="version 3"):
            version_numbered(release, 3)
