"""Runs the send engine against a relay until a test has seen what it waits for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

from builders import make_contact, make_list
from faulty import FaultyRelay
from newsroom import SENDER, make_wave
from sqlalchemy import select, update

from mailer.audit import Actor, entries
from mailer.clock import Clock, SystemClock
from mailer.config import Limit, Relay
from mailer.database import Database
from mailer.delivery.dkim import Signer
from mailer.delivery.endpoint import Endpoint, Timeouts
from mailer.delivery.engine import Engine
from mailer.delivery.messages import Messages
from mailer.delivery.outcome import Policy
from mailer.delivery.process import sending_process
from mailer.delivery.queues import Queues
from mailer.delivery.relays import Lane
from mailer.delivery.routes import Routes
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState
from mailer.schedule.trust import Trust
from mailer.schedule.waves import open_wave

SHORT = Timeouts(connect=5, banner=5, command=5, data=5, block=5, end=0.5, quit=0.5)


@dataclass
class Desk:
    """An office with a folder for its processes."""

    database: Database
    folder: Path
    clock: Clock = field(default_factory=SystemClock)
    policy: Policy = field(default_factory=lambda: Policy(resend_in_doubt=True))
    give_up_after: timedelta = timedelta(days=2)
    connections: int = 3
    host: str = "127.0.0.1"
    signers: Sequence[Signer] = ()

    def open(self, wave: Wave) -> None:
        """As the clockwork does at its time."""
        with self.database.write() as session:
            open_wave(
                session,
                wave.id,
                now=self.clock.now(),
                doubt="",
                late_grace=timedelta(days=9999),
                give_up_after=self.give_up_after,
                actor=DESK_CLOCK,
            )

    def states(self, wave: Wave) -> list[DeliveryState]:
        """Of the wave's deliveries, in their order."""
        with self.database.read() as session:
            return list(
                session.scalars(select(Delivery.state).where(Delivery.wave_id == wave.id).order_by(Delivery.id))
            )

    def state(self, wave: Wave) -> WaveState:
        """Of the wave itself, now."""
        with self.database.read() as session:
            return session.get_one(Wave, wave.id).state

    def told(self, wave: Wave) -> list[str]:
        """The log's events about the wave, in order."""
        with self.database.read() as session:
            return [entry.event for entry in entries(session) if entry.wave_id == wave.id]

    def retry_now(self) -> None:
        """The time of everything deferred has come."""
        with self.database.write() as session:
            session.execute(
                update(Delivery).where(Delivery.state == DeliveryState.DEFERRED).values(next_at=self.clock.now())
            )

    def sending(self, port: int, *, timeouts: Timeouts = SHORT) -> AbstractAsyncContextManager[Engine]:
        """The engine at work with one relay, stopped in good order at the end."""
        relay = Relay(name="main", host=self.host, port=port, security="none", connections=self.connections)
        return self.sending_over(relay, timeouts=timeouts)

    @asynccontextmanager
    async def sending_over(
        self, *relays: Relay, limits: Sequence[Limit] = (), timeouts: Timeouts = SHORT, pace: Clock | None = None
    ) -> AsyncIterator[Engine]:
        """The same with the relays of some settings; ``pace`` is the clock by which they are waited for."""
        pace = pace or SystemClock()
        with sending_process(self.database, self.folder, self.clock) as process:
            lanes = [
                Lane(
                    replace(Endpoint.of(relay, helo="desk.example"), timeouts=timeouts),
                    pace,
                    connections=relay.connections,
                    messages_per_minute=relay.messages_per_minute,
                )
                for relay in relays
            ]
            engine = Engine(
                self.database,
                self.clock,
                Trust(self.clock),
                process,
                lanes=lanes,
                queues=Queues(lanes, pace, routes=Routes(relays, SENDER.address), limits=limits),
                messages=Messages(SENDER.bounce_address, self.signers),
                policy=self.policy,
            )
            running = asyncio.create_task(engine.run())
            try:
                yield engine
            finally:
                engine.stop()
                await running

    async def seen(self, true: Callable[[], bool], *, seconds: float = 20) -> None:
        """Wait until it is true; fail if that takes too long."""
        async with asyncio.timeout(seconds):
            while not await asyncio.to_thread(true):
                await asyncio.sleep(0.02)

    async def done(self, *waves: Wave) -> None:
        """Wait until the waves are done."""
        await self.seen(lambda: all(self.state(wave) is WaveState.DONE for wave in waves))


DESK_CLOCK = Actor("system:clockwork")


def planned(desk: Desk, people: int = 5, **options: object) -> Wave:
    """A wave to so many invented people."""
    with desk.database.write() as session:
        contacts = [make_contact(session, f"Person {number}") for number in range(people)]
        return make_wave(session, make_list(session, *contacts), now=desk.clock.now(), **options)


def recipient(message: bytes) -> str:
    """The address in its To field."""
    return str(message_from_bytes(message)["To"]).rpartition("<")[2].rstrip(">")


def recipients(relay: FaultyRelay) -> list[str]:
    """Of each message that came, in order."""
    return [recipient(message) for message in relay.messages]
