"""A relay that puts off whoever it does not know for ten minutes gets each mail again until it takes it, once."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from builders import make_contact, make_list
from faulty import FaultyRelay
from newsroom import TestClock, make_wave
from sending import Desk, recipients
from sqlalchemy import select

from mailer.audit import entries
from mailer.database import Database
from mailer.delivery.models import Attempt
from mailer.schedule.models import Delivery, DeliveryState

PEOPLE = 7
TEN_MINUTES = timedelta(minutes=10)


@dataclass
class Greylisting(FaultyRelay):
    """Knows a pair of sender and recipient ten minutes after it first came."""

    clock: TestClock = field(default_factory=TestClock)
    first: dict[tuple[str, str], datetime] = field(default_factory=dict)

    async def _answer(self, key: str, writer: asyncio.StreamWriter) -> bytes:
        if key == "RCPT":
            mail, rcpt = self.commands[-2:]
            pair = (mail.split()[1], rcpt.split()[1])
            if self.clock.now() - self.first.setdefault(pair, self.clock.now()) < TEN_MINUTES:
                self.answers = {"DATA": b"554 5.5.1 Nobody to send it to\r\n"}
                return await self._say(b"451 4.7.1 Greylisted, come back in ten minutes\r\n", writer)
            self.answers = {}
        return await super()._answer(key, writer)


def test_everybody_gets_the_mail_once_after_ten_minutes_of_greylisting(database: Database, tmp_path: Path) -> None:
    clock = TestClock(datetime.now(UTC))
    desk = Desk(database, tmp_path / "process", clock=clock, connections=1)
    with database.write() as session:
        people = [make_contact(session) for _ in range(PEOPLE)]
        wave = make_wave(session, make_list(session, *people), now=clock.now())
    relay = Greylisting(clock=clock)

    def tried(times: int) -> bool:
        with database.read() as session:
            return set(session.scalars(select(Delivery.attempts))) == {times}

    async def scenario() -> None:
        async with relay.running(), desk.sending(relay.port):
            desk.open(wave)
            for times in range(1, 3):
                await desk.seen(lambda times=times: tried(times))  # type: ignore[misc]
                assert desk.states(wave) == [DeliveryState.DEFERRED] * PEOPLE
                with database.read() as session:
                    waiting = [at for at in session.scalars(select(Delivery.next_at)) if at]
                assert len(waiting) == PEOPLE
                clock.pass_time(max(waiting) - clock.now())
            await desk.done(wave)

    asyncio.run(scenario())
    assert desk.states(wave) == [DeliveryState.ACCEPTED] * PEOPLE
    with database.read() as session:
        rows = session.scalars(select(Delivery)).all()
        for row in rows:
            attempts = session.scalars(
                select(Attempt).where(Attempt.delivery_id == row.id).order_by(Attempt.number)
            ).all()
            # At once, after 5 minutes or somewhat more, and past the ten after 15.
            assert [(a.number, a.stage, a.code, a.enhanced) for a in attempts] == [
                *((number, "rcpt", 451, "4.7.1") for number in range(1, 3)),
                (3, "end", 250, "2.0.0"),
            ]
            assert attempts[-1].at - attempts[0].at >= TEN_MINUTES
            assert [e.event for e in entries(session) if e.delivery_id == row.id] == [
                *["delivery.deferred"] * 2,
                "delivery.accepted",
            ]
    assert sorted(recipients(relay)) == sorted(row.address for row in rows)
    assert len(relay.first) == PEOPLE  # each kept its sender, which names the delivery, through all tries
