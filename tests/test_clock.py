"""A wall time in a zone means one instant, or is refused with the choices."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.clock import SystemClock, ZonedTime, offset_text
from mailer.errors import (
    AmbiguousWallTime,
    BadWallTime,
    DatelineError,
    SkippedWallTime,
    UnknownZone,
    WrongOffset,
)


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("2022-12-22 10:00", "Asia/Beirut", "2022-12-22 08:00"),
        ("2022-12-22T10:00", "Africa/Cairo", "2022-12-22 08:00"),
        ("2026-07-01 10:00", "Africa/Cairo", "2026-07-01 07:00"),  # Egypt has summer time again since 2023
        ("2026-07-01 10:00", "Asia/Amman", "2026-07-01 07:00"),
        ("2026-10-25 01:30+01:00", "Europe/Paris", None),
        ("2026-10-25 02:30+01:00", "Europe/Paris", "2026-10-25 01:30"),
        ("2026-10-25 02:30+02:00", "Europe/Paris", "2026-10-25 00:30"),
        ("2026-10-25 02:30 +0200", "Europe/Paris", "2026-10-25 00:30"),
    ],
)
def test_a_wall_time_means_one_instant(text: str, zone: str, instant: str | None) -> None:
    if instant is None:
        with pytest.raises(WrongOffset, match=r"UTC\+2"):
            ZonedTime.parse(text, zone)
    else:
        assert f"{ZonedTime.parse(text, zone).instant:%Y-%m-%d %H:%M}" == instant


@pytest.mark.parametrize(
    ("text", "zone", "before", "after"),
    [
        ("2026-03-29 02:30", "Europe/Paris", "2026-03-29 02:00", "2026-03-29 03:00"),
        ("2026-03-29 00:30", "Asia/Beirut", "2026-03-29 00:00", "2026-03-29 01:00"),
        ("2026-04-24 00:10", "Africa/Cairo", "2026-04-24 00:00", "2026-04-24 01:00"),
        ("2026-10-04 02:10", "Australia/Lord_Howe", "2026-10-04 02:00", "2026-10-04 02:30"),
        ("2011-12-30 12:00", "Pacific/Apia", "2011-12-30 00:00", "2011-12-31 00:00"),  # a whole day left out
    ],
)
def test_a_time_that_the_clocks_skip_is_refused(text: str, zone: str, before: str, after: str) -> None:
    with pytest.raises(SkippedWallTime) as caught:
        ZonedTime.parse(text, zone)
    assert caught.value.fields["before"] == before
    assert caught.value.fields["after"] == after
    assert zone in caught.value.problem


def test_a_time_that_comes_twice_is_refused_with_both_instants() -> None:
    with pytest.raises(AmbiguousWallTime) as caught:
        ZonedTime.parse("2026-10-25 02:30", "Europe/Paris")
    assert "2026-10-25 00:30 UTC" in caught.value.problem
    assert "2026-10-25 01:30 UTC" in caught.value.problem
    assert "2026-10-25 02:30+02:00 or 2026-10-25 02:30+01:00" in caught.value.advice


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "22/12/2022 10:00", "2022-12-22", "2022-13-01 10:00", "2022-12-22 25:00",
             "٢٠٢٢-١٢-٢٢ ١٠:٠٠", "0001-01-01 00:00"]
)  # fmt: skip
def test_what_is_no_date_and_time_is_refused(text: str) -> None:
    with pytest.raises(BadWallTime):
        ZonedTime.parse(text, "Asia/Beirut")


@pytest.mark.parametrize("zone", ["Beirut", "EST5EDT4", "../etc/passwd", "", "Asia/Beruit"])
def test_a_zone_is_never_guessed(zone: str) -> None:
    with pytest.raises(UnknownZone):
        ZonedTime.parse("2022-12-22 10:00", zone)


@given(
    st.datetimes(datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2037-01-01")),
    st.sampled_from(["Asia/Beirut", "Africa/Cairo", "Africa/Casablanca", "Australia/Lord_Howe", "UTC"]),
)
def test_every_accepted_wall_time_is_what_its_instant_shows_there(wall: datetime, zone: str) -> None:
    wall = wall.replace(second=0, microsecond=0)
    try:
        time = ZonedTime.at(wall, zone)
    except (SkippedWallTime, AmbiguousWallTime):
        return
    assert time.instant.tzinfo is UTC
    assert time.instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall


@given(st.text(max_size=30), st.sampled_from(["Asia/Beirut", "Europe/Paris"]))
def test_any_text_is_a_time_or_a_stated_error(text: str, zone: str) -> None:
    with suppress(DatelineError):
        ZonedTime.parse(text, zone)


@pytest.mark.parametrize(("hours", "text"), [(0, "UTC"), (2, "UTC+2"), (-3.5, "UTC-3:30"), (5.75, "UTC+5:45")])
def test_an_offset_reads_as_people_write_it(hours: float, text: str) -> None:
    when = datetime(2026, 1, 1, tzinfo=UTC)
    assert offset_text(when.astimezone(timezone(timedelta(hours=hours)))) == text


def test_the_system_clock_is_aware_and_its_monotonic_side_counts_up() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()
