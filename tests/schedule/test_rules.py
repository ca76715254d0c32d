"""A wave is planned and opened by the embargo rules alone; whatever the clock says, never before its time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from newsroom import in_beirut

from mailer.errors import AfterEmbargo, BeforeEmbargo, NoEmbargo
from mailer.rendering import Occasion
from mailer.schedule.rules import PUNCTUAL, Hold, Limits, Open, Stale, Wait, check_plan, decide_opening, spell

TEN = datetime(2026, 12, 22, 8, tzinfo=UTC)  # 10:00 in Beirut
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)

PUBLIC, EMBARGOED = Occasion.PUBLIC, Occasion.UNDER_EMBARGO


@pytest.mark.parametrize(
    ("kind", "due", "embargo", "refused"),
    [
        (PUBLIC, TEN, None, None),
        (PUBLIC, TEN, TEN, None),
        (PUBLIC, TEN + SECOND, TEN, None),
        (PUBLIC, TEN - TICK, TEN, BeforeEmbargo),
        (PUBLIC, TEN - 30 * 24 * HOUR, TEN, BeforeEmbargo),
        (EMBARGOED, TEN - TICK, TEN, None),
        (EMBARGOED, TEN, TEN, AfterEmbargo),
        (EMBARGOED, TEN + HOUR, TEN, AfterEmbargo),
        (EMBARGOED, TEN, None, NoEmbargo),
    ],
)
def test_a_wave_is_planned_on_its_side_of_the_embargo(
    kind: Occasion, due: datetime, embargo: datetime | None, refused: type[Exception] | None
) -> None:
    def plan() -> None:
        moment = in_beirut(embargo) if embargo else None
        check_plan(release="ports", version=1, kind=kind, due=in_beirut(due), embargo=moment)

    if refused is None:
        plan()
        return
    with pytest.raises(refused, match="ports"):
        plan()


def test_a_refusal_tells_both_moments_with_zone_and_utc() -> None:
    with pytest.raises(BeforeEmbargo) as caught:
        check_plan(release="ports", version=1, kind=PUBLIC, due=in_beirut(TEN - HOUR), embargo=in_beirut(TEN))
    for words in (
        "2026-12-22 09:00 Asia/Beirut",
        "2026-12-22 10:00 Asia/Beirut",
        "UTC+2",
        "07:00 UTC",
        "08:00 UTC",
    ):
        assert words in caught.value.problem


def decide(
    now: datetime,
    *embargoes: datetime,
    kind: Occasion = PUBLIC,
    doubt: str = "",
    grace: timedelta = HOUR,
    released_at: datetime | None = None,
    stale_at: datetime | None = None,
) -> Wait | Open | Hold | Stale:
    limits = Limits(kind=kind, due_at=TEN, embargoes=embargoes, stale_at=stale_at)
    return decide_opening(limits, now=now, doubt=doubt, late_grace=grace, released_at=released_at)


@pytest.mark.parametrize(
    ("now", "decision"),
    [
        (TEN - HOUR, Wait(TEN)),
        (TEN - TICK, Wait(TEN)),
        (TEN, Open(timedelta())),
        (TEN + PUNCTUAL, Open(timedelta())),
        (TEN + PUNCTUAL + TICK, Open(PUNCTUAL + TICK)),
        (TEN + HOUR, Open(HOUR)),
        (TEN + HOUR + TICK, Hold("missed its time by 1 h, more than the 1 h of late_grace")),
        (TEN + 75 * HOUR, Hold("missed its time by 3 d 3 h, more than the 1 h of late_grace")),
    ],
)
def test_a_wave_waits_opens_or_is_held_by_how_late_it_is(now: datetime, decision: Wait | Open | Hold) -> None:
    assert decide(now) == decision
    assert decide(now, TEN) == decision


@pytest.mark.parametrize("now", [TEN, TEN + SECOND, TEN + 75 * HOUR])
def test_a_clock_in_doubt_opens_nothing(now: datetime) -> None:
    assert decide(now, doubt="the clock jumped") == Hold("the clock jumped")
    assert decide(now, doubt="the clock jumped", released_at=now) == Hold("the clock jumped")
    assert decide(TEN - TICK, doubt="the clock jumped") == Wait(TEN)


def test_an_embargo_that_was_moved_later_holds_a_public_wave_even_after_its_release() -> None:
    for released_at in (None, TEN):
        decision = decide(TEN + SECOND, TEN, TEN + HOUR, released_at=released_at)
        assert isinstance(decision, Hold)
        assert "embargo" in decision.reason
    assert isinstance(decide(TEN + HOUR, TEN, TEN + HOUR), Open)


@pytest.mark.parametrize("embargoes", [(TEN + 2 * HOUR, TEN + HOUR), (TEN + HOUR, TEN + 2 * HOUR)])
def test_an_embargoed_copy_that_names_an_hour_which_was_moved_is_held(embargoes: tuple[datetime, ...]) -> None:
    decision = decide(TEN, *embargoes, kind=EMBARGOED)
    assert isinstance(decision, Hold)
    assert "moved" in decision.reason


@pytest.mark.parametrize("embargoes", [(TEN + SECOND,), (TEN + SECOND, TEN + SECOND)])
def test_an_embargoed_copy_does_not_go_out_once_its_embargo_is_over(embargoes: tuple[datetime, ...]) -> None:
    assert isinstance(decide(TEN, *embargoes, kind=EMBARGOED), Open)
    for released_at in (None, TEN + SECOND):
        late = decide(TEN + SECOND, *embargoes, kind=EMBARGOED, released_at=released_at)
        assert isinstance(late, Hold)
        assert "over" in late.reason


@pytest.mark.parametrize("kind", Occasion)
def test_a_stale_wave_is_neither_opened_nor_held_nor_sent_whoever_let_it_go(kind: Occasion) -> None:
    stale = TEN + HOUR
    embargoes = (TEN,) if kind is PUBLIC else (TEN + 9 * HOUR,)
    for released_at in (None, stale):
        decided = [
            decide(now, *embargoes, kind=kind, released_at=released_at, stale_at=stale)
            for now in (TEN - TICK, stale - TICK, stale, stale + 99 * HOUR)
        ]
        assert decided == [Wait(TEN), Open(HOUR - TICK), Stale(), Stale()]
    assert decide(stale, *embargoes, kind=kind, stale_at=stale, doubt="the clock jumped") == Hold(
        "the clock jumped"
    )
    limits = Limits(kind=kind, due_at=TEN, embargoes=embargoes, stale_at=stale)
    assert [bool(limits.forbids(now)) for now in (TEN - TICK, TEN, stale - TICK, stale)] == [
        True,
        False,
        False,
        True,
    ]
    assert limits.forbids(stale) == "stale since 2026-12-22 09:00:00 UTC"
    assert limits.not_after() == stale


def test_of_an_embargo_and_an_end_the_first_ends_an_embargoed_wave() -> None:
    for embargo, stale in ((TEN + HOUR, TEN + 2 * HOUR), (TEN + 2 * HOUR, TEN + HOUR)):
        limits = Limits.of(EMBARGOED, TEN, embargo, None, stale_at=stale)
        assert limits.not_after() == TEN + HOUR
        assert limits.forbids(TEN + HOUR - TICK) == ""
        assert limits.forbids(TEN + HOUR)
    assert Limits.of(PUBLIC, TEN, TEN).not_after() is None


@pytest.mark.parametrize(
    ("released_at", "now", "opens"),
    [
        (TEN + 3 * HOUR, TEN + 3 * HOUR + SECOND, True),
        (TEN + 3 * HOUR, TEN + 4 * HOUR, True),
        (TEN + 3 * HOUR, TEN + 4 * HOUR + TICK, False),  # let go, and then the machine was away again
        (TEN - 3 * HOUR, TEN + HOUR, True),
        (TEN - 3 * HOUR, TEN + HOUR + TICK, False),  # let go before its time: it has the grace of any other
    ],
)
def test_a_wave_that_was_let_go_has_its_grace_once_more_and_no_longer(
    released_at: datetime, now: datetime, opens: bool
) -> None:
    decision = decide(now, TEN, released_at=released_at)
    assert isinstance(decision, Open) is opens
    if isinstance(decision, Open):
        assert decision.late == now - TEN


instants = st.datetimes(
    datetime.fromisoformat("2026-12-20"), datetime.fromisoformat("2026-12-24"), timezones=st.just(UTC)
)
lengths = st.timedeltas(timedelta(), timedelta(days=3))


@given(
    kind=st.sampled_from(Occasion),
    due=instants,
    embargoes=st.lists(instants, max_size=2).map(tuple),
    now=instants,
    doubt=st.sampled_from(["", "the clock jumped"]),
    grace=lengths,
    released_at=st.none() | instants,
    stale_at=st.none() | instants,
)
@example(
    kind=PUBLIC, due=TEN, embargoes=(TEN,), now=TEN, doubt="", grace=timedelta(), released_at=None, stale_at=None
)
@example(
    kind=PUBLIC, due=TEN, embargoes=(TEN + TICK,), now=TEN, doubt="", grace=HOUR, released_at=TEN, stale_at=None
)
@example(kind=PUBLIC, due=TEN, embargoes=(), now=TEN, doubt="", grace=HOUR, released_at=TEN, stale_at=TEN)
def test_a_wave_never_opens_before_its_time_nor_before_any_embargo_nor_by_a_doubtful_clock(
    kind: Occasion,
    due: datetime,
    embargoes: tuple[datetime, ...],
    now: datetime,
    doubt: str,
    grace: timedelta,
    released_at: datetime | None,
    stale_at: datetime | None,
) -> None:
    limits = Limits(kind=kind, due_at=due, embargoes=embargoes, stale_at=stale_at)
    decision = decide_opening(limits, now=now, doubt=doubt, late_grace=grace, released_at=released_at)
    match decision:
        case Open(late):
            assert now >= due
            assert not doubt
            assert stale_at is None or now < stale_at
            assert limits.forbids(now) == ""
            assert now >= limits.not_before()
            assert late in (timedelta(), now - due)
            assert now - max(due, released_at or due) <= grace
            if kind is PUBLIC:
                assert all(now >= embargo for embargo in embargoes)
            else:
                assert all(now < embargo for embargo in embargoes)
        case Wait(until):
            assert now < until == due
        case Stale():
            assert not doubt
            assert stale_at is not None
            assert now >= max(stale_at, due)
        case Hold(reason):
            assert reason
            assert now >= due


@given(st.sampled_from(Occasion), instants, st.none() | instants)
def test_what_may_be_planned_opens_at_its_time(kind: Occasion, due: datetime, embargo: datetime | None) -> None:
    try:
        moment = in_beirut(embargo) if embargo else None
        check_plan(release="ports", version=1, kind=kind, due=in_beirut(due), embargo=moment)
    except (AfterEmbargo, BeforeEmbargo, NoEmbargo):
        return
    limits = Limits(kind=kind, due_at=due, embargoes=(embargo,) if embargo else ())
    decision = decide_opening(limits, now=due, doubt="", late_grace=timedelta(), released_at=None)
    assert decision == Open(timedelta())


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(), "0 s"),
        (timedelta(milliseconds=400), "0 s"),
        (timedelta(seconds=12), "12 s"),
        (timedelta(seconds=59.9), "1 min"),
        (timedelta(minutes=65), "1 h 5 min"),
        (timedelta(days=2, hours=3, minutes=59), "2 d 3 h"),
        (timedelta(days=1, seconds=1), "1 d 1 s"),
    ],
)
def test_a_length_of_time_reads_as_people_say_it(length: timedelta, words: str) -> None:
    assert spell(length) == words
