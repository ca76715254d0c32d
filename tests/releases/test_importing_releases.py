"""A release's file becomes an edition with its issuers, its picture and its embargo, none of them guessed."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import DESK, NOON, make_organisation
from newsroom import told
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.audit import Event
from mailer.clock import ZonedTime
from mailer.contacts.models import Organisation
from mailer.database import Database
from mailer.errors import (
    AmbiguousWallTime,
    BadPicture,
    BadRelease,
    BadWallTime,
    DatelineError,
    EmbargoWithoutZone,
    ReleaseIncomplete,
    SkippedWallTime,
    SlugNeeded,
    UnknownOrganisation,
    UnknownZone,
    UnreadableFile,
)
from mailer.releases.importing import Taken, import_file
from mailer.releases.models import Asset, Release
from mailer.releases.versions import freeze, set_embargo

JPEG = b"\xff\xd8\xff\xe0 a quay"
TEN = ZonedTime.parse("2026-12-22 10:00", "Asia/Beirut")

ENGLISH = """## About the ESRF

A federation of relief workers.
"""
ARABIC = """## نبذة عن إغاثة ESRF

اتحاد لعمال الإغاثة.
"""
BODY = {
    "en": ("Ports agreement signed", "Beirut, 24 November 2026 – The agreement begins today.", ENGLISH),
    "ar": ("توقيع اتفاق الموانئ", "بيروت، 24 تشرين الثاني 2026 – يبدأ الاتفاق اليوم.", ARABIC),
}


@pytest.fixture
def office(database: Database) -> Database:
    return database


@pytest.fixture
def desk(finished_file: Path, tmp_path: Path) -> Iterator[Database]:
    """SQLite alone: for what does not depend on the database."""
    database = Database(f"sqlite:///{shutil.copyfile(finished_file, tmp_path / 'desk.db')}")
    yield database
    database.close()


def write(folder: Path, front: str = "", *, language: str = "en", about: str | None = None) -> Path:
    headline, text, boilerplate = BODY[language]
    file = folder / f"release.{language}.md"
    above = f"---\nlanguage: {language}\n{front}---\n\n"
    file.write_text(f"{above}# {headline}\n\n{text}\n\n{boilerplate if about is None else about}", "utf-8")
    return file


def take(
    session: Session,
    file: Path,
    *,
    slug: str = "",
    organisations: tuple[Organisation, ...] = (),
    photo: Path | None = None,
    embargo: ZonedTime | None = None,
) -> Taken:
    return import_file(
        session,
        file,
        slug=slug,
        language="",
        organisations=organisations,
        photo=photo,
        embargo=embargo,
        at=NOON,
        actor=DESK,
    )


def doubts(taken: Taken) -> str:
    return "\n".join(doubt.text for doubt in taken.intake.doubts)


def test_a_second_language_joins_the_release_of_the_same_short_name(office: Database, tmp_path: Path) -> None:
    with office.write() as session:
        make_organisation(session)
        release = take(session, write(tmp_path)).release
        assert release.slug == "ports-agreement-signed"
        joined = take(session, write(tmp_path, language="ar"), slug=release.slug)
        assert joined.release is release
        assert {e.language: e.content.headline for e in release.editions} == {c: BODY[c][0] for c in BODY}
        assert [o.slug for o in release.organisations] == ["esrf"]
        assert [e.data["language"] for e in told(session, Event.RELEASE_ADDED)] == ["en"]
        assert [e.data["changed"] for e in told(session, Event.RELEASE_CHANGED)] == [["edition ar"]]
    with office.read() as session:
        assert session.scalar(select(func.count()).select_from(Release)) == 1


def test_the_same_file_again_changes_nothing_and_a_corrected_one_replaces_its_edition(
    office: Database, tmp_path: Path
) -> None:
    with office.write() as session:
        make_organisation(session)
        file = write(tmp_path, "embargo: 2026-12-22 10:00\nzone: Asia/Beirut\n")
        take(session, file)
        before = len(told(session))
        release = take(session, file).release
        assert len(told(session)) == before
        file.write_text(file.read_text("utf-8").replace("begins today", "began today"), "utf-8")
        take(session, file)
        (stored,) = release.editions
        assert "began today" in stored.content.body
        assert told(session)[-1].data["changed"] == ["edition en"]


def test_a_headline_without_latin_letters_needs_a_short_name(desk: Database, tmp_path: Path) -> None:
    with desk.write() as session:
        with pytest.raises(SlugNeeded, match="--slug"):
            take(session, write(tmp_path, language="ar"))
        assert session.scalar(select(func.count()).select_from(Release)) == 0
        assert take(session, write(tmp_path, "slug: ports\n", language="ar")).release.slug == "ports"
        assert take(session, write(tmp_path, "slug: ports\n", language="ar"), slug="quays").release.slug == "quays"


# Who issues it.


@pytest.mark.parametrize(
    ("about", "found"),
    [
        ("## About the ESRF\n\nHelps.\n", ["esrf"]),
        ("## About ESRF Relief\n\nHelps.\n", ["esrf"]),
        ("## ABOUT the Wpa\n\nHelps.\n\n## About esrf\n\nHelps too.\n", ["esrf", "wpa"]),
        ("## About Wparts\n\nNot ours.\n", []),
        ("", []),
    ],
)
def test_who_issues_it_is_found_by_its_boilerplate(
    desk: Database, tmp_path: Path, about: str, found: list[str]
) -> None:
    with desk.write() as session:
        for slug in ("esrf", "wpa"):
            make_organisation(session, slug)
        taken = take(session, write(tmp_path, about=about))
        assert sorted(o.slug for o in taken.release.organisations) == found
        assert ("--organisation" in doubts(taken)) is not bool(found)
        if not found:
            with pytest.raises(ReleaseIncomplete, match="no organisation"):
                freeze(session, taken.release, at=NOON, actor=DESK)


def test_an_arabic_boilerplate_names_its_organisation_too(desk: Database, tmp_path: Path) -> None:
    with desk.write() as session:
        make_organisation(session, names={"en": "Eastern Federation", "ar": "اتحاد الإغاثة"})
        about = "## نبذة عن إتحاد الاغاثه\n\nيساعد.\n"  # without hamza and ta marbuta, as many type it
        taken = take(session, write(tmp_path, language="ar", about=about), slug="ports")
        assert [o.slug for o in taken.release.organisations] == ["esrf"]


def test_the_front_matter_goes_before_the_boilerplate_and_the_officer_before_both(
    desk: Database, tmp_path: Path
) -> None:
    with desk.write() as session:
        make_organisation(session)
        make_organisation(session, "wpa")
        other = make_organisation(session, "other")

        def issuers(slug: str, *organisations: Organisation) -> list[str]:
            file = write(tmp_path, "organisations: [WPA Relief]\n")
            return [
                o.slug for o in take(session, file, slug=slug, organisations=organisations).release.organisations
            ]

        assert issuers("one") == ["wpa"]
        assert issuers("two", other) == ["other"]
        with pytest.raises(UnknownOrganisation, match="Nobody"):
            take(session, write(tmp_path, "organisations: [WPA, Nobody]\n"))


# The picture.


def test_all_editions_share_the_picture_whichever_brings_it(office: Database, tmp_path: Path) -> None:
    (tmp_path / "img").mkdir()
    (tmp_path / "img" / "quay.jpg").write_bytes(JPEG)
    sha256 = hashlib.sha256(JPEG).hexdigest()
    with office.write() as session:
        make_organisation(session)
        for first, second in (("en", "ar"), ("ar", "en")):
            slug = f"ports-{first}"
            take(session, write(tmp_path, f"caption: A quay ({first})\n", language=first), slug=slug)
            file = write(tmp_path, f"photo: img/quay.jpg\ncaption: A quay ({second})\n", language=second)
            release = take(session, file, slug=slug).release
            photos = {e.language: e.content.photo for e in release.editions}
            for language in (first, second):
                photo = photos[language]
                assert photo is not None
                assert (photo.asset, photo.caption) == (sha256, f"A quay ({language})")
            again = take(session, write(tmp_path, f"caption: A quay ({second})\n", language=second), slug=slug)
            assert again.release.editions[0].content.photo == photos[again.release.editions[0].language]
        assert session.scalar(select(func.count()).select_from(Asset)) == 1


def test_a_picture_by_option_goes_before_the_files_own(desk: Database, tmp_path: Path) -> None:
    (tmp_path / "quay.jpg").write_bytes(JPEG)
    other = tmp_path / "other"
    other.write_bytes(JPEG + b"!")
    with desk.write() as session:
        make_organisation(session)
        taken = take(session, write(tmp_path, "photo: quay.jpg\n"), photo=other)
        photo = taken.intake.content.photo
        assert photo is not None
        assert photo.asset == hashlib.sha256(JPEG + b"!").hexdigest()
        assert "(alt)" in doubts(taken)  # neither caption nor words for those who cannot see it
        captioned = take(session, write(tmp_path, "photo: quay.jpg\ncaption: A quay\n"), slug="captioned")
        assert "(alt)" not in doubts(captioned)


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("quay.jpg", b"<html>", BadPicture),
        ("gone.jpg", None, UnreadableFile),
        ("../quay.jpg", None, BadRelease),
        ("/etc/hostname", None, BadRelease),
    ],
)
def test_a_picture_that_cannot_be_used_is_refused_with_its_release(
    desk: Database, tmp_path: Path, name: str, content: bytes | None, error: type[DatelineError]
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with desk.write() as session:
        with pytest.raises(error, match=Path(name).name):
            take(session, write(tmp_path, f"photo: {name}\n"))
        assert session.scalar(select(func.count()).select_from(Release)) == 0


# The embargo.


def test_an_embargo_is_taken_with_its_zone(office: Database, tmp_path: Path) -> None:
    with office.write() as session:
        make_organisation(session)
        release = take(session, write(tmp_path, "embargo: 2026-12-22 10:00\nzone: Asia/Beirut\n")).release
        session.refresh(release)
        assert release.embargo == TEN
        assert told(session)[-1].data["embargo"] == "2026-12-22T08:00:00+00:00"


@pytest.mark.parametrize(
    ("front", "error", "words"),
    [
        ("embargo: 2026-12-22 10:00\n", EmbargoWithoutZone, "zone: Asia/Beirut"),
        ("embargo: 2026-12-22 10:00\nzone: Beirut\n", UnknownZone, "Asia/Beirut"),
        ("embargo: 2026-10-25 02:30\nzone: Europe/Paris\n", AmbiguousWallTime, "2026-10-25 00:30 UTC"),
        ("embargo: 2026-10-25 02:30\nzone: Europe/Paris\n", AmbiguousWallTime, "2026-10-25 01:30 UTC"),
        ("embargo: 2026-03-29 00:30\nzone: Asia/Beirut\n", SkippedWallTime, "01:00"),
        ("embargo: Tuesday at ten\nzone: Asia/Beirut\n", BadWallTime, "Tuesday at ten"),
    ],
)
def test_an_embargo_that_is_not_one_instant_is_refused_with_its_release(
    desk: Database, tmp_path: Path, front: str, error: type[DatelineError], words: str
) -> None:
    with desk.write() as session:
        with pytest.raises(error, match=words):
            take(session, write(tmp_path, front))
        assert session.scalar(select(func.count()).select_from(Release)) == 0


def test_one_of_two_instants_is_chosen_by_its_offset(desk: Database, tmp_path: Path) -> None:
    with desk.write() as session:
        for offset, hour in (("+02:00", 0), ("+01:00", 1)):
            front = f"embargo: 2026-10-25 02:30{offset}\nzone: Europe/Paris\n"
            release = take(session, write(tmp_path, front), slug=f"at-{hour}").release
            assert release.embargo is not None
            assert release.embargo.instant.hour == hour


def test_an_embargo_that_the_text_speaks_of_must_be_entered_before_anything_is_frozen(
    desk: Database, tmp_path: Path
) -> None:
    with desk.write() as session:
        make_organisation(session)
        file = write(tmp_path)
        file.write_text(file.read_text("utf-8").replace("# Ports", "Embargoed until Tuesday, 10 am\n\n# Ports"))
        release = take(session, file).release
        assert release.embargo is None
        assert "Tuesday" in release.embargo_line
        with pytest.raises(ReleaseIncomplete, match="Tuesday"):
            freeze(session, release, at=NOON, actor=DESK)
        entered = take(session, file, slug="entered", embargo=TEN).release
        assert (entered.embargo, entered.embargo_line) == (TEN, "")
        assert freeze(session, entered, at=NOON, actor=DESK).embargo_at == TEN.instant


def test_an_edition_that_brings_another_embargo_is_not_taken_in_silence(desk: Database, tmp_path: Path) -> None:
    with desk.write() as session:
        make_organisation(session)
        english = write(tmp_path, "slug: ports\nembargo: 2026-12-22 10:00\nzone: Asia/Beirut\n")
        assert "embargoed until" not in doubts(take(session, english))
        assert "embargoed until" not in doubts(take(session, english))
        arabic = write(tmp_path, "slug: ports\nembargo: 2026-12-22 09:00\nzone: Asia/Beirut\n", language="ar")
        taken = take(session, arabic)
        for time in ("2026-12-22 10:00 Asia/Beirut", "2026-12-22 09:00 Asia/Beirut"):
            assert time in doubts(taken)
        set_embargo(session, taken.release, None, at=NOON, actor=DESK)
        assert "embargoed until" not in doubts(take(session, write(tmp_path, "slug: ports\n", language="ar")))
        assert taken.release.embargo is None  # an edition that is silent about it changes nothing
