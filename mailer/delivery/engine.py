"""The send engine: feeds claimed deliveries to couriers, and watches over the waves that are open.

Four kinds of task share one event loop. ``watch`` looks at the waves in the database several times a second, so that
pause, resume and cancel act at once. ``feed`` claims batches. A courier per connection makes messages and hands them
over. The recorder keeps endings in batches; while it cannot, nothing is sent, for nothing may go out unlogged.
"""

import asyncio
import logging
import os
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, NoResultFound

from mailer.clock import Clock
from mailer.database import Database
from mailer.delivery.claims import Claim, actor_of, anything_waiting, claim, claims_of, give_back
from mailer.delivery.courier import Courier, Office
from mailer.delivery.hands import Going, Hands, is_stale
from mailer.delivery.messages import Messages
from mailer.delivery.outcome import Policy
from mailer.delivery.process import SendingProcess
from mailer.delivery.queues import Queues
from mailer.delivery.recorder import Recorder
from mailer.delivery.relays import Lane
from mailer.delivery.takeover import take_over
from mailer.errors import DatabaseBusy, DatelineError
from mailer.logs import fields
from mailer.schedule.models import Delivery, Wave
from mailer.schedule.trust import Trust
from mailer.schedule.waves import BeingSent, anything_open, expire, finish, hold, waves_being_sent

LOOK_SECONDS = 0.3
"""Between two looks at the waves: an officer's pause acts within a second."""

UNSEEN = 16
"""So many times as long without one: some five seconds."""

TAKE_OVER_SECONDS = 5.0

EXPIRE_SECONDS = 60.0
"""Between two looks for what could not be handed over in its time."""

_log = logging.getLogger(__name__)


class TakenOver(Exception):
    """This process lost its lock and another has taken over from it: it must not send on."""


class Engine:
    """Sends the waves that are open, until it is told to stop."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        trust: Trust,
        process: SendingProcess,
        *,
        lanes: list[Lane],
        queues: Queues,
        messages: Messages,
        policy: Policy,
    ) -> None:
        self._database, self._clock, self._trust, self._process = database, clock, trust, process
        self._messages, self._policy = messages, policy
        self._hands = Hands(queues)
        self._recorder = Recorder(database, clock, process, policy, trust=trust, settled=self._settled)
        self._stopping = asyncio.Event()
        self._look = asyncio.Event()
        self._unseen = 0  # ticks of the guard since the last look
        self._loop: asyncio.AbstractEventLoop | None = None
        self._makers = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="maker") if messages.slow else None
        office = Office(
            hands=self._hands,
            recorder=self._recorder,
            messages=messages,
            makers=self._makers,
            trust=trust,
            clock=clock,
            stopping=self._stopping,
            hold=self._hold,
        )
        self._couriers = [(lane.name, Courier(lane, office)) for lane in lanes for _ in range(lane.connections)]

    @property
    def may_send(self) -> bool:
        """False while nothing goes out because endings cannot be recorded."""
        return self._recorder.open.is_set()

    def wake(self) -> None:
        """A wave was opened: look at once. May be called from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._look.set)

    def stop(self) -> None:
        """Finish the messages that are on the wire, give back the rest, and end ``run``. From any thread."""
        if self._loop is None:
            self._stopping.set()
        else:
            self._loop.call_soon_threadsafe(self._rouse)

    def _rouse(self) -> None:
        self._stopping.set()
        self._look.set()
        self._hands.rouse()
        self._recorder.rouse()

    async def run(self) -> None:
        """Take over from the dead, then send until ``stop``."""
        self._loop = asyncio.get_running_loop()
        keeper = asyncio.create_task(self._recorder.keep(), name="keep")
        workers = [
            asyncio.create_task(self._watch(), name="watch"),
            asyncio.create_task(self._feed(), name="feed"),
            asyncio.create_task(self._guard(), name="guard"),
            *(asyncio.create_task(courier.run(), name=f"courier {name}") for name, courier in self._couriers),
        ]
        try:
            # A task that ends before it is told to is a defect: better to stop aloud than to send no more in silence.
            await asyncio.wait([keeper, *workers], return_when=asyncio.FIRST_COMPLETED)
            self._rouse()
            failures = [f for f in await asyncio.gather(*workers, return_exceptions=True) if f is not None]
            self._recorder.give_back(self._hands.clear())
            self._recorder.finish()
            await keeper
            for failure in failures:
                raise failure
        finally:
            for task in (keeper, *workers):
                task.cancel()
            self._recorder.close()
            if self._makers is not None:
                self._makers.shutdown(wait=True)

    # Watching the waves.

    async def _watch(self) -> None:
        next_take_over = next_expiry = 0.0
        in_database = self._recorder.in_database
        while not self._stopping.is_set():
            self._look.clear()
            try:
                if not await in_database(self._live):
                    raise TakenOver
                if self._clock.monotonic() >= next_take_over:
                    next_take_over = self._clock.monotonic() + TAKE_OVER_SECONDS
                    await in_database(self._take_over)
                # A batch at each look, so that a pause is seen between them.
                if self._clock.monotonic() >= next_expiry and not await in_database(self._expire):
                    next_expiry = self._clock.monotonic() + EXPIRE_SECONDS
                self._note_waves(await in_database(self._read_waves))
            except (DatelineError, DBAPIError) as error:
                self._recorder.shut(error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), LOOK_SECONDS)

    def _live(self) -> bool:
        return self._process.live(self._database)

    def _take_over(self) -> None:
        for taken in take_over(
            self._database, self._process.folder, policy=self._policy, at=self._clock.now(), me=self._process.id
        ):
            _log.warning(
                "took over from process %s: %d recorded from its journal, %d in doubt, %d back in the queue",
                taken.process_id[:8],
                taken.recorded,
                taken.in_doubt,
                taken.given_back,
                extra=fields(
                    "process.taken-over",
                    process=taken.process_id,
                    recorded=taken.recorded,
                    in_doubt=taken.in_doubt,
                    given_back=taken.given_back,
                ),
            )

    def _expire(self) -> int:
        now, doubt = self._trust.look()
        if doubt:
            return 0
        with self._database.write() as session:
            return expire(session, now=now, actor=actor_of(self._process.id))

    def _read_waves(self) -> list[tuple[BeingSent, bool]]:
        """What is being sent now, and whether a claim would find something; a wave with nothing left is finished."""
        now = self._clock.now()
        with self._database.read() as session:
            sending = waves_being_sent(session)
            spent = [wave.id for wave in sending if not anything_open(session, wave.id)]
            seen = [
                (wave, not wave.out_of_time(now) and anything_waiting(session, wave.id, now=now))
                for wave in sending
                # What is stale the clockwork cancels.
                if wave.id not in spent and not wave.limits.is_stale(now)
            ]
        for wave_id in spent:
            with self._database.write() as session:
                finish(session, wave_id, at=self._clock.now(), actor=actor_of(self._process.id))
        return seen

    def _note_waves(self, seen: list[tuple[BeingSent, bool]]) -> None:
        waves = self._hands.waves
        sending = {wave.id for wave, _ in seen}
        for wave, waiting in seen:
            going = waves.get(wave.id)
            if going is None:
                going = waves[wave.id] = Going(wave.id, wave.opened_at, wave.limits)
            if going.limits != wave.limits:
                going.limits, going.span = wave.limits, wave.limits.span()
            going.waiting, going.stopped = waiting, False
        for wave_id, going in list(waves.items()):
            if wave_id not in sending:
                going.stopped = True
                if not going.held:
                    del waves[wave_id]
                    self._messages.forget(wave_id)
        now = self._clock.monotonic()
        self._recorder.give_back(
            self._hands.sift(lambda claimed, since: not (waves[claimed.wave_id].stopped or is_stale(since, now)))
        )
        for _, courier in self._couriers:
            courier.look()
        self._unseen = 0
        self._hands.hungry.set()

    async def _guard(self) -> None:
        """Nothing goes out while the database says nothing at all: a pause could not be seen, nor who is suppressed."""
        while not self._stopping.is_set():
            self._unseen += 1
            if self._unseen > UNSEEN:
                self._recorder.shut(DatabaseBusy(database=self._database.shown))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), LOOK_SECONDS)

    # Claiming.

    async def _feed(self) -> None:
        hands, recorder = self._hands, self._recorder
        lost = False
        while not self._stopping.is_set():
            hands.hungry.clear()
            if lost:
                lost = not await self._give_back_unknown()
            # Each wave its share, so that a large one does not stand before a small one.
            for going in list(hands.waves.values()):
                if not (room := hands.room(going)):
                    continue
                await recorder.open.wait()
                if hands.waves.get(going.id) is not going or going.stopped:
                    continue
                try:
                    claims = await recorder.in_database(lambda g=going, r=room: self._claim(g, r))  # type: ignore[misc]
                except (DatelineError, DBAPIError) as error:
                    # They may be claimed all the same: the answer to a commit can be lost, too.
                    lost = True
                    recorder.shut(error)
                    continue
                except (LookupError, ValueError, zlib.error, NoResultFound) as error:
                    await self._hold(going, f"what is to be sent cannot be read: {error}")
                    continue
                going = hands.waves.setdefault(going.id, going)
                going.held.update(claimed.id for claimed in claims)
                going.waiting = bool(claims)
                recorder.put_off(hands.put(claims, self._clock.monotonic()))
            if not lost and not any(hands.room(going) for going in hands.waves.values()):
                await hands.hungry.wait()

    async def _give_back_unknown(self) -> bool:
        """Give back what this process has claimed and does not have; true when that is done."""
        held = frozenset().union(*(going.held for going in self._hands.waves.values()))

        def write() -> None:
            with self._database.write() as session:
                mine = session.scalars(select(Delivery.id).where(*claims_of(self._process.id))).all()
                unknown = [number for number in mine if number not in held]
                give_back(session, unknown, process_id=self._process.id, at=self._clock.now())

        try:
            await self._recorder.in_database(write)
        except (DatelineError, DBAPIError) as error:
            self._recorder.shut(error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), LOOK_SECONDS)
            return False
        return True

    def _claim(self, going: Going, limit: int) -> list[Claim]:
        if self._recorder.unconfirmed:
            # What is being recorded may be among them.
            return []
        with self._database.write() as session:
            claims = claim(session, going.id, process_id=self._process.id, limit=limit, now=self._clock.now())
            self._messages.load(session, claims)
        return claims

    # Settling.

    def _settled(self, claims: Sequence[tuple[int, int]]) -> None:
        for number, wave_id in claims:
            if going := self._hands.waves.get(wave_id):
                going.held.discard(number)

    async def _hold(self, going: Going, reason: str) -> None:
        def write() -> None:
            with self._database.write() as session:
                wave = session.get_one(Wave, going.id)
                if hold(session, wave, reason=reason, at=self._clock.now(), actor=actor_of(self._process.id)):
                    _log.error(
                        "wave %d is held: %s",
                        going.id,
                        reason,
                        extra=fields("wave.held", wave=going.id, reason=reason),
                    )

        going.stopped = True
        try:
            await self._recorder.in_database(write)
        except (DatelineError, DBAPIError) as error:
            self._recorder.shut(error)
