"""The office that a command works in: its settings, database, clock, and who is at the keyboard."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from mailer.audit import Actor, Event, append
from mailer.audit.sealing import LogKey, log_key_of
from mailer.clock import Clock, SystemClock, ZonedTime
from mailer.config import Config, load
from mailer.database import Database, migrate
from mailer.rendering import SenderIdentity

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        envvar="DATELINE_HOME",
        help="The press office's folder; the current one where it is left out.",
        show_default=False,
    ),
]

_home: Path = Path()


def set_home(home: Path | None) -> None:
    """The folder that every command of this run works in."""
    global _home
    _home = home or Path()


def home() -> Path:
    """That folder."""
    return _home


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

    def log_key(self) -> LogKey:
        """What seals its log; made, and told of in the log, where there is none. Raises ``BadLogKey``."""
        domain = self.config.sender.address.rpartition("@")[2]
        key, made = log_key_of(self.config.keys_folder, f"{domain}/dateline-log")
        if made:
            with self.database.write() as session:
                data = {"key": str(key.verifier)}
                append(session, Event.LOG_KEY_MADE, at=self.clock.now(), actor=self.actor, data=data)
        return key

    @property
    def sender(self) -> SenderIdentity:
        """Whose name and addresses its mail carries."""
        return sender_of(self.config)

    def when(self, at: str, zone: str) -> ZonedTime:
        """A wall time of the command line, in its zone or the office's."""
        return ZonedTime.parse(at, zone or self.zone)


def sender_of(config: Config) -> SenderIdentity:
    """The settings of ``[sender]`` as rendering takes them."""
    sender = config.sender
    return SenderIdentity(
        name=sender.name or config.office.name,
        address=sender.address,
        reply_to=sender.reply_to,
        bounce_address=sender.bounce_address or sender.address,
        unsubscribe_url=sender.list_unsubscribe_url,
        list_id=f"press.{sender.address.rpartition('@')[2]}",
    )


@contextmanager
def opened() -> Iterator[Office]:
    """Open the office of this run. Raises what is wrong with its settings or its database's level."""
    config = load(_home)
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
