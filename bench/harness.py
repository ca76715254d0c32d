"""Kills ``dateline run`` again and again, and compares what the receiving server wrote down with the log.

Waves go out one after the other. Each process is killed at a random instant: while it starts and takes over from the
one before it, around the opening of a wave, or in the middle of sending; the receiving server answers late, so that
many of these fall between a message's final dot and its reply. What must hold is in ``Verdict``.
"""

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import office
from receiver import Received, Receiver, receiver
from runner import PATIENCE_SECONDS, Failed, Runner
from sqlalchemy import select

from mailer.audit import Criteria, Event, entries
from mailer.database import Database
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState

CONNECTIONS = 8
DELAY_MS = 4.0
"""The receiving server's longest wait before its reply; to take a message needs much less."""
LEAD_SECONDS = 3.0
"""From the planning of a wave to its time."""
STARTING_SECONDS = 2.5
"""A process that is killed while it starts lives at most so long."""
AROUND_OPENING = (-0.1, 0.4)
"""Seconds from a wave's time to a kill around it."""


class Moment(StrEnum):
    """What a process does when it is killed."""

    STARTING = "starting"
    OPENING = "opening"
    SENDING = "sending"


_BEFORE_OPENING = {Moment.STARTING: 2, Moment.OPENING: 5, Moment.SENDING: 3}
_AFTER_OPENING = {Moment.STARTING: 1, Moment.SENDING: 3}
"""How often each is chosen, against the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the kills did. All that ``faults`` looks at must be as it says."""

    kills: int
    by_moment: dict[str, int]
    waves: int
    deliveries: int
    missed: int
    """Deliveries of which nothing arrived."""
    duplicates: int
    """Messages that arrived once more than they should have."""
    in_doubt: int
    """Entries of the log that say so."""
    most_in_doubt: int
    """By one kill."""
    unnamed_duplicates: int
    """Those of a delivery that the log does not name as in doubt so many times."""
    early: int
    """Messages whose first byte arrived before the wave's time."""
    altered: int
    """Messages that are not, byte for byte, what the log vouches for."""
    strangers: int
    """Messages that belong to no delivery, or went to another address."""
    wrong_states: int
    """Deliveries that are not accepted, and waves that are not done, at the end."""

    def faults(self) -> list[str]:
        """What is wrong, in words; empty if all is right."""
        none_of = ("missed", "unnamed_duplicates", "early", "altered", "strangers", "wrong_states")
        found = [f"{name}: {count}" for name in none_of if (count := getattr(self, name))]
        if self.most_in_doubt > CONNECTIONS:
            found.append(f"{self.most_in_doubt} in doubt by one kill, with {CONNECTIONS} connections")
        if self.duplicates > self.kills * CONNECTIONS:
            found.append(f"{self.duplicates} duplicates by {self.kills} kills of {CONNECTIONS} connections")
        return found

    def line(self) -> dict[str, object]:
        """As it is printed."""
        return {"bench": "kill", **asdict(self)}


@dataclass
class Office:
    """An office whose relay is the receiving server."""

    home: Path
    database: Database
    receiver: Receiver
    random: random.Random
    processes: int
    """That run at once."""
    runners: list[Runner] = field(default_factory=list)
    kills: Counter[Moment] = field(default_factory=Counter)
    started: int = 0

    def plan(self) -> tuple[int, datetime]:
        """A wave to everybody, due in a moment: its number and its time."""
        with self.database.write() as session:
            wave = office.plan(session, due=datetime.now(UTC) + timedelta(hours=1)).wave
        due = office.in_zone(datetime.now(UTC) + timedelta(seconds=LEAD_SECONDS))
        with self.database.write() as session:
            office.move(session, wave.id, due)
        return wave.id, due.instant

    def done(self, wave_id: int) -> bool:
        """Whether all of the wave has gone out. Raises ``Failed`` for one that is held."""
        with self.database.read() as session:
            wave = session.get_one(Wave, wave_id)
        if wave.state is WaveState.HELD:
            raise Failed(f"wave {wave_id} is held: {wave.reason}")
        return wave.state is WaveState.DONE

    def start(self) -> None:
        """A new process for each that was killed."""
        while len(self.runners) < self.processes:
            self.runners.append(Runner(self.home, number=self.started))
            self.started += 1

    def kill(self, moment: Moment) -> None:
        """One of the processes. Raises ``Failed`` if it had ended by itself: that would be no kill."""
        victim = self.runners.pop(self.random.randrange(len(self.runners)))
        victim.check()
        victim.kill()
        self.kills[moment] += 1

    def until(self, true: Callable[[], bool], wave_id: int) -> None:
        """Wait until it is true or the wave is done. Raises ``Failed`` if that takes too long."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not self.done(wave_id):
            # What is waited for is looked at a thousand times a second, the database and the processes rarely.
            for _ in range(100):
                if true():
                    return
                time.sleep(0.001)
            for runner in self.runners:
                runner.check()
            if time.monotonic() > end:
                raise Failed(f"wave {wave_id} does not go on: {self.said()}")

    def said(self) -> str:
        """What the running processes have said."""
        return "\n".join(runner.said() for runner in self.runners)


@contextmanager
def killing(folder: Path, url: str, *, people: int, seed: int, processes: int = 1) -> Iterator[Office]:
    """An office of so many contacts, ready to be killed; ``url`` is that of an empty database."""
    home = folder / "office"
    database = office.opened(url)
    with receiver(folder, delay_ms=DELAY_MS, seed=seed) as server:
        office.settle(home, url=url, port=server.port, connections=CONNECTIONS)
        with database.write() as session:
            office.fill(session, people)
            office.release(session)
        made = Office(home, database, server, random.Random(seed), processes)  # noqa: S311 - no secret
        try:
            yield made
        finally:
            for runner in made.runners:
                runner.kill()
            database.close()


def kill_again_and_again(made: Office, kills: int) -> Verdict:
    """So many kills, over as many waves as that takes, each sent to its end. Raises ``Failed``."""
    while made.kills.total() < kills:
        wave_id, due = made.plan()
        while made.kills.total() < kills and not made.done(wave_id):
            made.start()
            made.kill(_await_moment(made, wave_id, due))
        made.start()
        made.until(lambda: False, wave_id)
    for runner in made.runners:
        # One that has only just been started must be there before it can be asked to stop.
        runner.ready()
        runner.stop()
    made.runners.clear()
    return judge(made, made.receiver.received())


def _await_moment(made: Office, wave_id: int, due: datetime) -> Moment:
    """Wait for the instant of a kill; what the processes do at it, as far as can be told from outside."""
    chosen = made.random
    weights = _BEFORE_OPENING if datetime.now(UTC) < due else _AFTER_OPENING
    (moment,) = chosen.choices(list(weights), weights=list(weights.values()))
    match moment:
        case Moment.STARTING:
            time.sleep(chosen.uniform(0, STARTING_SECONDS))
        case Moment.OPENING:
            made.runners[-1].ready()
            time.sleep(max(0, (due - datetime.now(UTC)).total_seconds() + chosen.uniform(*AROUND_OPENING)))
        case Moment.SENDING:
            enough = made.receiver.count() + chosen.randint(1, 120)
            made.until(lambda: made.receiver.count() >= enough, wave_id)
            time.sleep(chosen.uniform(0, 2 * DELAY_MS / 1000))
    return moment


def judge(made: Office, received: Sequence[Received]) -> Verdict:
    """Compare what arrived, by the server's record, with what the office says of it."""
    arrived: dict[str, list[Received]] = defaultdict(list)
    for message in received:
        # The envelope's sender names the delivery: press+TOKEN@desk.example.
        arrived[message.sender.partition("@")[0].rpartition("+")[2]].append(message)
    with made.database.read() as session:
        waves = {wave.id: wave for wave in session.scalars(select(Wave)).unique()}
        deliveries = {delivery.token: delivery for delivery in session.scalars(select(Delivery))}
        doubted = [
            (entry.delivery_id, entry.actor)
            for entry in entries(session, Criteria(event=Event.DELIVERY_IN_DOUBT.value))
        ]
    named = Counter(delivery_id for delivery_id, _ in doubted)
    again = {
        delivery.id: len(arrived[token]) - 1 for token, delivery in deliveries.items() if len(arrived[token]) > 1
    }
    known = [(deliveries[token], message) for token in arrived.keys() & deliveries for message in arrived[token]]
    return Verdict(
        kills=made.kills.total(),
        by_moment={moment.value: made.kills[moment] for moment in Moment},
        waves=len(waves),
        deliveries=len(deliveries),
        missed=sum(not arrived[token] for token in deliveries),
        duplicates=sum(again.values()),
        in_doubt=len(doubted),
        most_in_doubt=max(Counter(actor for _, actor in doubted).values(), default=0),
        unnamed_duplicates=sum(max(0, times - named[number]) for number, times in again.items()),
        early=sum(message.begun_at < waves[delivery.wave_id].due_at for delivery, message in known),
        altered=sum(message.sha256 != delivery.sha256 for delivery, message in known),
        strangers=sum(len(messages) for token, messages in arrived.items() if token not in deliveries)
        + sum(message.recipient != delivery.address for delivery, message in known),
        wrong_states=sum(delivery.state is not DeliveryState.ACCEPTED for delivery in deliveries.values())
        + sum(wave.state is not WaveState.DONE for wave in waves.values()),
    )
