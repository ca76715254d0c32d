"""The sending process put together: the clockwork that opens waves and the engine that sends them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from mailer.audit.sealing import Sealer, kept_sealed, kept_witnessed, witnesses
from mailer.clock import Clock
from mailer.config import Config
from mailer.database import Database
from mailer.delivery.checkup import helo_of
from mailer.delivery.claims import beat
from mailer.delivery.dkim import readable
from mailer.delivery.endpoint import Endpoint
from mailer.delivery.engine import Engine, TakenOver
from mailer.delivery.journal import Sync
from mailer.delivery.messages import Messages
from mailer.delivery.outcome import Policy
from mailer.delivery.process import sending_process
from mailer.delivery.queues import Queues
from mailer.delivery.relays import Lane
from mailer.delivery.routes import Routes
from mailer.errors import PlaceLost
from mailer.logs import fields
from mailer.rendering import SenderIdentity
from mailer.schedule.clockwork import Clockwork
from mailer.schedule.rules import spell
from mailer.schedule.trust import Trust, server_doubt
from mailer.schedule.waves import Opened

BEAT_SECONDS = 5.0

Tell = Callable[[str, Mapping[str, object]], None]
"""Takes a line that an operator should see, and ``logs.fields`` of it for the log."""


class Service:
    """One ``dateline run``."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        config: Config,
        sender: SenderIdentity,
        folder: Path,
        sealer: Sealer,
        tell: Tell,
    ) -> None:
        """``tell`` is given what an operator should see, one line at a time, from any thread.

        Raises ``BadDkimKey``: mail without the signature that it should have is thrown away by many.
        """
        self._database, self._clock, self._config = database, clock, config
        self._sender, self._folder, self._sealer, self._tell = sender, folder, sealer, tell
        self._signers, unreadable = readable(config.dkim)
        for key, error in unreadable:
            if not key.retired:
                raise error
            tell(error.problem, fields("dkim.unreadable", domain=key.domain, selector=key.selector))
        self._engine: Engine | None = None
        self._stopped = False

    @property
    def stopping(self) -> bool:
        """Whether it has been told to end."""
        return self._stopped

    def stop(self) -> None:
        """End ``run`` soon, with everything recorded. From any thread, or a signal's handler."""
        self._stopped = True
        if self._engine is not None:
            self._engine.stop()

    async def run(self) -> None:
        """Keep the clock and send until ``stop``."""
        trust = Trust(self._clock)
        sync = Sync(self._config.delivery.journal_sync)
        with (
            # Outside of it, so that the last entry is sealed as well, and the last checkpoint witnessed.
            kept_witnessed(
                self._database,
                witnesses(self._config.checkpoint_folder, self._config.log.checkpoint_url),
                on_trouble=self._unwitnessed,
                every=self._config.log.checkpoint_every.total_seconds(),
            ),
            kept_sealed(self._sealer, self._clock, on_trouble=self._unsealed),
            sending_process(self._database, self._folder, self._clock, sync=sync) as process,
        ):
            lanes = self._lanes()
            self._engine = Engine(
                self._database,
                self._clock,
                trust,
                process,
                lanes=lanes,
                queues=Queues(
                    lanes,
                    self._clock,
                    routes=Routes(self._config.relay, self._sender.address),
                    limits=self._config.limit,
                ),
                messages=Messages(self._sender.bounce_address, self._signers),
                policy=Policy(resend_in_doubt=self._config.delivery.in_doubt == "resend"),
            )
            clockwork = Clockwork(
                self._database,
                self._clock,
                trust,
                templates=self._config.home / "templates",
                late_grace=self._config.delivery.late_grace,
                give_up_after=self._config.delivery.give_up_after,
                on_opened=self._opened,
                on_held=self._held,
                on_stale=self._stale,
                on_beat=self._beat_of(process.id),
                second_clock=server_doubt,
            )
            clockwork.start()
            zone = self._config.office.zone
            now = self._clock.now().astimezone(ZoneInfo(zone))
            self._tell(
                f"Keeping the clock of {self._config.office.name}: it is {now:%Y-%m-%d %H:%M} in {zone}.",
                fields("run.started", process=process.id),
            )
            try:
                if not self._stopped:
                    await self._engine.run()
            except TakenOver as error:
                raise PlaceLost from error
            finally:
                clockwork.stop()
        self._tell("Stopped; nothing is left half-done.", fields("run.stopped"))

    def _lanes(self) -> list[Lane]:
        return [
            Lane(
                Endpoint.of(relay, helo=helo_of(self._sender)),
                self._clock,
                connections=relay.connections,
                messages_per_minute=relay.messages_per_minute,
            )
            for relay in self._config.relay
        ]

    def _opened(self, opened: Opened) -> None:
        late = f", late by {spell(opened.late)}" if opened.late else ""
        self._tell(
            f"Wave {opened.wave_id} goes out{late}.",
            fields("wave.opened", wave=opened.wave_id, late_seconds=opened.late.total_seconds()),
        )
        if self._engine is not None:
            self._engine.wake()

    def _held(self, wave_id: int, reason: str) -> None:
        self._tell(
            f"Wave {wave_id} is held: {reason}. Decide: dateline waves release {wave_id}, or cancel {wave_id}",
            fields("wave.held", wave=wave_id, reason=reason),
        )

    def _unsealed(self, text: str) -> None:
        self._tell(f"Entries of the log wait for their seal: {text}", fields("log.unsealed"))

    def _unwitnessed(self, text: str) -> None:
        self._tell(text, fields("log.unwitnessed"))

    def _stale(self, wave_id: int) -> None:
        self._tell(
            f"Wave {wave_id} is stale and was cancelled. See: dateline waves show {wave_id}",
            fields("wave.stale", wave=wave_id),
        )

    def _beat_of(self, process_id: str) -> Callable[[], None]:
        next_beat = 0.0

        def write() -> None:
            nonlocal next_beat
            if self._clock.monotonic() < next_beat:
                return
            next_beat = self._clock.monotonic() + BEAT_SECONDS
            with self._database.write() as session:
                beat(session, process_id, at=self._clock.now())

        return write
