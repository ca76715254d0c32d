"""The office that a command works in: its settings, database, clock, and who is at the keyboard."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mailer.audit import Actor
from mailer.cli.home import home
from mailer.clock import Clock, SystemClock, ZonedTime
from mailer.config import Config, load
from mailer.database import Database, migrate


@dataclass(frozen=True, slots=True)
class Office:
    """An open office."""

    config: Config
    database: Database
    clock: Clock
    actor: Actor

    @property
    def zone(self) -> str:
        """The IANA zone that plans are shown in."""
        return self.config.office.zone

    @property
    def templates(self) -> Path:
        """The folder of its templates."""
        return self.config.home / "templates"

    @property
    def process_folder(self) -> Path:
        """Where sending processes keep their locks and journals."""
        return self.config.home / "data" / "process"

    def when(self, at: str, zone: str) -> ZonedTime:
        """A wall time of the command line, in its zone or the office's."""
        return ZonedTime.parse(at, zone or self.zone)


@contextmanager
def opened() -> Iterator[Office]:
    """Open the office of this run. Raises what is wrong with its settings or its database's level."""
    config = load(home())
    database = Database(config.database_url)
    try:
        migrate.require(database)
        yield Office(config, database, SystemClock(), account())
    finally:
        database.close()


def account() -> Actor:
    """Who is at the keyboard, as the log names her."""
    # By the system, as anybody can set the environment's LOGNAME, and the log would say it was somebody else.
    try:
        return Actor(f"cli:{pwd.getpwuid(os.getuid()).pw_name}")
    except KeyError:
        return Actor(f"cli:uid {os.getuid()}")
