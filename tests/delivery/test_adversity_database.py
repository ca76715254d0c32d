"""Two who write at the same moment, a lost lock, a damaged journal: each delivery ends once and where it should."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from builders import DESK, NOON, make_contact, make_list
from newsroom import TestClock, both_at_once, make_wave
from sending import Desk
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from mailer.database import Database
from mailer.delivery.claims import Claim, claim, give_back, register
from mailer.delivery.decide import give_up
from mailer.delivery.journal import Ended, Journal
from mailer.delivery.models import Process
from mailer.delivery.outcome import Policy, record
from mailer.delivery.process import sending_process
from mailer.delivery.recorder import Recorder
from mailer.delivery.surplus import put_off
from mailer.delivery.takeover import take_over
from mailer.errors import BadJournal, WrongDeliveryState
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState
from mailer.schedule.trust import Trust
from mailer.schedule.waves import cancel

OTHER = "e" * 32
OFFICER = Policy(resend_in_doubt=False)


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(database, tmp_path / "process", clock=TestClock())


@pytest.fixture
def wave(desk: Desk) -> Wave:
    with desk.database.write() as session:
        wave = make_wave(session, make_list(session, *(make_contact(session) for _ in range(2))))
    desk.open(wave)
    return wave


def claimed(desk: Desk, wave: Wave, process_id: str = OTHER) -> list[Claim]:
    with desk.database.write() as session:
        return claim(session, wave.id, process_id=process_id, limit=10, now=NOON)


def ended(delivery_id: int, *, verdict: str, code: int) -> Ended:
    return Ended(
        delivery_id=delivery_id,
        at=NOON,
        relay="main",
        stage="end",
        verdict=verdict,
        code=code,
        enhanced="",
        text="As you like",
        sha256="a" * 64,
    )


def defer(session: Session, claims: Sequence[Claim]) -> None:
    attempts = [ended(c.id, verdict="deferred", code=450) for c in claims]
    record(session, attempts, process_id=OTHER, policy=OFFICER)


def hand_back(session: Session, claims: Sequence[Claim]) -> None:
    give_back(session, [c.id for c in claims], process_id=OTHER, at=NOON)


def set_back(session: Session, claims: Sequence[Claim]) -> None:
    put_off(session, [(c, NOON) for c in claims], process_id=OTHER, at=NOON)


@pytest.mark.parametrize("end", [defer, hand_back, set_back])
@pytest.mark.parametrize("officer_first", [True, False])
def test_nobody_is_left_to_wait_in_a_wave_that_is_cancelled_at_that_moment(
    desk: Desk, wave: Wave, end: Callable[[Session, Sequence[Claim]], None], officer_first: bool
) -> None:
    claims = claimed(desk, wave)

    def ending() -> None:
        with desk.database.write() as session:
            end(session, claims)

    def cancelling() -> None:
        with desk.database.write() as session:
            cancel(session, session.get_one(Wave, wave.id), at=NOON, actor=DESK)

    both_at_once(*((cancelling, ending) if officer_first else (ending, cancelling)))
    assert desk.state(wave) is WaveState.CANCELLED
    assert desk.states(wave) == [DeliveryState.CANCELLED] * 2
    assert desk.told(wave).count("delivery.cancelled") == 2


@pytest.mark.parametrize("officer_first", [True, False])
def test_what_is_claimed_at_that_moment_is_not_given_up(desk: Desk, wave: Wave, officer_first: bool) -> None:
    claims: list[Claim] = []

    def claiming() -> None:
        claims.extend(claimed(desk, wave))

    def giving_up() -> None:
        with desk.database.write() as session:
            numbers = session.scalars(select(Delivery.id)).all()
            if officer_first:
                assert give_up(session, numbers, at=NOON, actor=DESK) == 2
            else:
                with pytest.raises(WrongDeliveryState, match="is sending"):
                    give_up(session, numbers, at=NOON, actor=DESK)

    both_at_once(*((giving_up, claiming) if officer_first else (claiming, giving_up)))
    assert len(claims) == (0 if officer_first else 2)
    assert desk.states(wave) == [DeliveryState.CANCELLED if officer_first else DeliveryState.SENDING] * 2


@pytest.mark.parametrize("fails", ["settle", "probe"])
def test_nothing_is_given_back_twice_as_its_journal_cannot_be_written(
    desk: Desk, wave: Wave, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    """The second time it would be taken from whoever has claimed it since."""
    again: list[Claim] = []
    settled: list[tuple[int, int]] = []
    full = BadJournal(file=desk.folder, reason="No space left on device")
    tried = False

    with sending_process(desk.database, desk.folder, desk.clock) as process:
        claims = claimed(desk, wave, process.id)

        def fragile(*_: object) -> None:
            nonlocal tried
            if not tried:
                tried = True
                again.extend(claimed(desk, wave, process.id))
                raise full

        monkeypatch.setattr(Journal, fails, fragile)

        async def scenario() -> None:
            trust = Trust(desk.clock)
            recorder = Recorder(desk.database, desk.clock, process, OFFICER, trust=trust, settled=settled.extend)
            if fails == "probe":
                recorder.shut(full)
            recorder.give_back(claims)
            keeper = asyncio.create_task(recorder.keep())
            await desk.seen(lambda: tried and len(settled) >= 2)
            await desk.seen(recorder.open.is_set)
            recorder.finish()
            await keeper
            recorder.close()

        asyncio.run(scenario())
        assert sorted(settled) == [(c.id, wave.id) for c in claims]
        assert desk.states(wave).count(DeliveryState.SENDING) == len(again)


def test_a_process_that_lost_its_lock_does_not_take_over_from_itself(desk: Desk, wave: Wave) -> None:
    with sending_process(desk.database, desk.folder, desk.clock) as process:
        claimed(desk, wave, process.id)
        if not desk.database.is_sqlite:
            with desk.database.write() as session:
                ends = "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'"
                assert session.scalars(text(ends)).all() == [True]
        assert list(take_over(desk.database, desk.folder, policy=OFFICER, at=NOON, me=process.id)) == []
        assert process.live(desk.database)
        assert desk.states(wave) == [DeliveryState.SENDING] * 2


def test_a_process_whose_lock_is_lost_on_the_way_out_ends_in_good_order(desk: Desk) -> None:
    with sending_process(desk.database, desk.folder, desk.clock):
        if not desk.database.is_sqlite:
            with desk.database.write() as session:
                ends = "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'"
                assert session.scalars(text(ends)).all() == [True]
    with desk.database.read() as session:
        assert all(session.scalars(select(Process.ended_at)))


ZEROS = b"\0" * 300


@pytest.mark.parametrize(
    ("damaged", "recorded"),
    [
        (lambda journal: journal + ZEROS, 1),
        (lambda journal: journal.removesuffix(b"\n") + ZEROS, 0),
        (lambda journal: journal.replace(b"\taccepted\t", b"\tacc\0\0\0\0d\t"), 0),
        (lambda journal: journal.replace(b"As you", b"As\0\0\0\0"), 0),
    ],
)
def test_a_line_of_the_journal_that_a_power_cut_filled_with_zeros_was_cut_short(
    desk: Desk, wave: Wave, damaged: Callable[[bytes], bytes], recorded: int
) -> None:
    with desk.database.write() as session:
        register(session, OTHER, at=NOON)
    first, _ = claimed(desk, wave)
    journal = Journal(desk.folder, OTHER)
    journal.begin(first.id, "a" * 64)
    journal.end(ended(first.id, verdict="accepted", code=250))
    content = journal.file.read_bytes()
    journal.file.write_bytes(damaged(content))
    assert damaged(content) != content
    (taken,) = take_over(desk.database, desk.folder, policy=OFFICER, at=NOON)
    assert (taken.recorded, taken.in_doubt, taken.given_back) == (recorded, 1 - recorded, 1)
    known = DeliveryState.ACCEPTED if recorded else DeliveryState.HELD
    assert desk.states(wave) == [known, DeliveryState.QUEUED]
