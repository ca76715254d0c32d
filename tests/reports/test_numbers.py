"""A campaign's numbers are counted and measured alike on both databases."""

import math
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest
from builders import NOON, make_contact, make_list
from hypothesis import given
from hypothesis import strategies as st
from newsroom import make_release, make_version, plan_wave
from sendings import EMBARGO, delivery_of, ended, figures, told_by
from sqlalchemy.orm import Session

from mailer.database import Database
from mailer.delivery.report import Criteria
from mailer.releases.models import Release
from mailer.rendering import Occasion
from mailer.reports.chart import chart
from mailer.reports.numbers import BINS, Pace, Times, numbers, pace
from mailer.reports.words import Words
from mailer.schedule.models import DeliveryState

S = DeliveryState
AT = NOON + timedelta(days=2)


def sent_after(session: Session, *seconds: float, states: dict[int, DeliveryState] | None = None) -> Release:
    """A release whose deliveries were accepted that long after its embargo; one of two cities, relays and languages."""
    people = [
        make_contact(
            session,
            f"Person {n}",
            address=f"p{n}@{'ledger' if n % 2 else 'courier'}.example",
            city="Cairo" if n % 2 else "Beirut",
            languages=("ar",) if n % 3 else ("en",),
        )
        for n in range(len(seconds))
    ]
    version = make_version(session, release := make_release(session, embargo=EMBARGO))
    wave = plan_wave(session, version, make_list(session, *people), due=EMBARGO).wave
    for n, (person, after) in enumerate(zip(people, seconds, strict=True)):
        state = (states or {}).get(n, S.ACCEPTED)
        ended(
            session,
            delivery_of(session, wave, person),
            state,
            at=EMBARGO + timedelta(seconds=after),
            code=250 if state is S.ACCEPTED else 451,
            relay="second" if n % 2 else "main",
        )
    return release


def nearest_rank(values: list[float], share: float) -> float:
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]


@pytest.mark.parametrize("count", [1, 2, 3, 19, 20, 21])
def test_percentiles_are_those_of_the_nearest_rank(database: Database, count: int) -> None:
    seconds = [round((n * 7919) % 1009 + n / 7, 6) for n in range(count)]
    with database.write() as session:
        release = sent_after(session, *seconds)
        report = numbers(session, release, Criteria(), at=AT)
        (whole, *_) = told_by(report)
        assert whole["median"] == pytest.approx(nearest_rank(seconds, 0.5), abs=1e-9)
        assert whole["p95"] == pytest.approx(nearest_rank(seconds, 0.95), abs=1e-9)
        assert whole["slowest"] == pytest.approx(max(seconds), abs=1e-9)
        assert figures(report)["median"] == whole["median"]


def test_everything_is_counted_once_in_each_way_of_counting(database: Database) -> None:
    states = {1: S.DEFERRED, 2: S.FAILED, 3: S.HELD, 4: S.CANCELLED, 5: S.QUEUED, 6: S.IN_DOUBT, 7: S.SUPPRESSED}
    with database.write() as session:
        release = sent_after(session, *([1.0] * 12), states=states)
        rows = told_by(numbers(session, release, Criteria(), at=AT))
        for by in ("all", "city", "relay", "domain", "language"):
            some = [row for row in rows if row["by"] == by]
            counted = {
                name: sum(row[name] for row in some)  # type: ignore[misc]
                for name in ("deliveries", "accepted", "deferred", "failed", "held", "waiting", "stopped")
            }
            assert counted == {
                "deliveries": 12,
                "accepted": 5,
                "deferred": 1,
                "failed": 1,
                "held": 2,
                "waiting": 1,
                "stopped": 2,
            }, by
        assert {row["what"] for row in rows if row["by"] == "domain"} == {"ledger.example", "courier.example"}
        assert {row["what"] for row in rows if row["by"] == "relay"} == {"main", "second"}


def test_nothing_sent_is_no_error(database: Database) -> None:
    with database.write() as session:
        make_version(session, release := make_release(session))
        report = numbers(session, release, Criteria(), at=AT)
        assert told_by(report) == []
        assert figures(report)["deliveries"] == 0
        assert pace(session, release, Criteria()) is None


def test_a_wave_under_embargo_is_measured_from_its_own_instant(database: Database) -> None:
    with database.write() as session:
        nour = make_contact(session, terms=date(2026, 1, 5))
        version = make_version(session, release := make_release(session, embargo=EMBARGO))
        due = NOON + timedelta(hours=1)
        wave = plan_wave(session, version, make_list(session, nour), due=due, kind=Occasion.UNDER_EMBARGO).wave
        ended(session, delivery_of(session, wave, nour), at=due + timedelta(seconds=2.5))
        assert told_by(numbers(session, release, Criteria(), at=AT))[0]["median"] == 2.5


def test_the_chart_has_every_accepted_delivery_in_one_bin(database: Database) -> None:
    seconds = [0.0, 0.000001, 1.5, 60, 61, 600]
    with database.write() as session:
        found = pace(session, sent_after(session, *seconds), Criteria())
        assert found is not None
        assert sum(found.counts) == len(seconds)
        assert len(found.counts) == BINS
        assert (found.counts[0], found.counts[-1]) == (3, 1)
        assert found.times.slowest == 600


SVG = "{http://www.w3.org/2000/svg}"


@given(
    counts=st.lists(st.integers(0, 10_000_000), min_size=1, max_size=60).filter(any),
    width=st.floats(1e-6, 1e6),
    slow=st.floats(-10, 1e7),
)
def test_a_chart_is_well_formed_and_stays_within_its_frame(counts: list[int], width: float, slow: float) -> None:
    text = chart(Pace(width, counts, Times(slow / 2, slow, slow)), "ports", Words("en", "UTC"))
    root = ET.fromstring(text.split("\n", 1)[1])
    for element in root.iter():
        for name in ("x", "x1", "x2"):
            assert 0 <= float(element.get(name, 0)) <= 760
        for name in ("y", "y1", "y2"):
            assert 0 <= float(element.get(name, 0)) <= 380
    assert len(root.findall(f"{SVG}text")) <= 24


@pytest.mark.parametrize("language", ["en", "ar", "fr"])
def test_a_chart_says_in_words_what_it_shows(language: str) -> None:
    known = Pace(1.0, [3, 4, 0], Times(1.0, 2.0, 2.5))
    for drawn in (known, None):
        root = ET.fromstring(chart(drawn, "<ports & more>", Words(language, "UTC")).split("\n", 1)[1])
        title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
        assert title is not None
        assert "<ports & more>" in (title.text or "")
        assert desc is not None
        assert bool(drawn) == ("0:00:02.5" in (desc.text or ""))
        assert root.get("direction") == ("rtl" if language == "ar" else "ltr")
    assert "prefers-color-scheme:dark" in chart(known, "ports", Words(language, "UTC"))
