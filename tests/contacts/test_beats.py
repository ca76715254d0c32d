"""Beats are known by every name in three languages, and an office adds its own."""

import csv
import re
from pathlib import Path

import pytest
from builders import DESK, NOON, make_contact
from hypothesis import given
from hypothesis import strategies as st

from mailer.audit import Event, entries
from mailer.contacts.beats import (
    add_beat,
    all_beats,
    beat_key,
    beats_by_name,
    contacts_by_beat,
    known_beats,
    nearest_beat,
)
from mailer.contacts.fields import split_values
from mailer.contacts.models import ContactStatus
from mailer.contacts.spelling import fold
from mailer.database import Database
from mailer.errors import BadBeat, BeatExists

LISTS = sorted((Path(__file__).parents[2] / "contacts").glob("*.csv"))
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "beats.md"


def test_every_known_beat_is_whole_and_no_name_is_two_beats() -> None:
    beats = known_beats()
    assert 40 <= len(beats) <= 70
    for beat in beats:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", beat.slug)
        assert all((beat.name, beat.arabic, beat.french))
        assert re.fullmatch(r"(\d{8})?", beat.mediatopic)
    assert len({key for beat in beats for key in beat.keys}) == sum(len(beat.keys) for beat in beats)
    codes = [beat.mediatopic for beat in beats if beat.mediatopic]
    assert len(set(codes)) == len(codes)


def test_the_page_lists_every_known_beat() -> None:
    rows = re.findall(
        r"^\| `([\w-]+)` \| (.+?) \| (.+?) \| (.+?) \| (\d*) *\|$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    assert rows == [(b.slug, b.name, b.arabic, b.french, b.mediatopic) for b in known_beats()]


def test_the_beats_of_the_sample_lists_are_known(database: Database) -> None:
    with database.read() as session:
        names = beats_by_name(session)
    used = {
        beat
        for file in LISTS
        for row in csv.DictReader(file.read_text("utf-8").splitlines())
        for beat in split_values(row.get("beats") or "")
    }
    assert used
    assert {names.get(fold(beat)) for beat in used} == used


@pytest.mark.parametrize(
    ("text", "slug"),
    [("migration", "migration"), ("Migrations", "migration"), ("الهجرة", "migration"), ("human rights", "human-rights"),
     ("human-rights", "human-rights"), ("Human_Rights", "human-rights"), ("Droits humains", "human-rights"),
     ("حقوق الانسان", "human-rights"), ("SANTÉ", "health"), ("sante", "health"), ("الصحّة", "health")],
)  # fmt: skip
def test_a_beat_is_one_in_each_spelling(database: Database, text: str, slug: str) -> None:
    with database.read() as session:
        assert beats_by_name(session)[beat_key(text)] == slug


def test_an_office_adds_a_beat_of_its_own_and_it_is_logged(database: Database) -> None:
    with database.write() as session:
        add_beat(
            session,
            "port-life",
            name="Port life",
            arabic="حياة الموانئ",
            french="Vie portuaire",
            at=NOON,
            actor=DESK,
        )
        names = beats_by_name(session)
        assert (
            names[beat_key("Vie portuaire")]
            == names[beat_key("حياة الموانئ")]
            == names["port-life"]
            == "port-life"
        )
        assert [beat.own for beat in all_beats(session) if beat.slug == "port-life"] == [True]
        (entry,) = entries(session)
        assert (entry.event, entry.data) == (Event.BEAT_ADDED, {"beat": "port-life"})


@pytest.mark.parametrize(
    ("slug", "names"),
    [("health", {"name": "Well"}), ("well", {"name": "Health"}), ("well", {"name": "Well", "arabic": "الصحة"}),
     ("well", {"name": "Well", "french": "SANTE"}), ("human-rights", {"name": "Well"}),
     ("well", {"name": "human-rights"})],
)  # fmt: skip
def test_no_name_becomes_two_beats(database: Database, slug: str, names: dict[str, str]) -> None:
    with database.write() as session, pytest.raises(BeatExists):
        add_beat(session, slug, **names, at=NOON, actor=DESK)  # type: ignore[arg-type]
    with database.write() as session:
        add_beat(session, "own", name="Own", at=NOON, actor=DESK)
        with pytest.raises(BeatExists):
            add_beat(session, "own", name="Another", at=NOON, actor=DESK)


@pytest.mark.parametrize(
    ("slug", "options"),
    [("", {}), ("Sea Rescue", {}), ("sea--rescue", {}), ("-sea", {}), ("x" * 61, {}), ("بحر", {}), ("x", {"name": ""}),
     ("x", {"name": "\x00"}), ("x", {"name": "n" * 121}), ("x", {"mediatopic": "2000"}),
     ("x", {"mediatopic": "٢٠٠٠٠٦٤٥"})],
)  # fmt: skip
def test_what_cannot_be_a_beat_is_refused(database: Database, slug: str, options: dict[str, str]) -> None:
    with database.write() as session, pytest.raises(BadBeat):
        add_beat(session, slug, **{"name": "Some name", **options}, at=NOON, actor=DESK)  # type: ignore[arg-type]


@given(st.text(max_size=30))
def test_the_key_of_a_key_is_itself(text: str) -> None:
    assert beat_key(beat_key(text)) == beat_key(text)


def test_only_active_contacts_are_counted(database: Database) -> None:
    with database.write() as session:
        make_contact(session, "Nour", beats=["health", "odd one"])
        make_contact(session, "Rim", beats=["health"]).status = ContactStatus.INACTIVE
        assert contacts_by_beat(session) == {"health": 1, "odd one": 1}
        assert nearest_beat(session, "helth") == "Did you mean health?"
