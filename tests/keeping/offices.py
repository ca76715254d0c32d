"""Offices on disk for the tests of keeping, with a plan in their database, and backups of them."""

from datetime import timedelta
from pathlib import Path

from builders import DESK, NOON, make_contact, make_list
from newsroom import make_release, make_version, plan_wave
from sqlalchemy import select, update

from mailer.audit.sealing import Sealer, log_key_of
from mailer.cli.setup import office_parts
from mailer.config import Config, load
from mailer.database import Database
from mailer.keeping import BackedUp, Restored, back_up, restore
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState

LATER = NOON + timedelta(days=3)
ORIGIN = "desk.example/dateline-log"


def settings_of(home: Path) -> Config:
    """The settings of a fresh office in this folder, which has the files that people edit."""
    for name in ("config/dateline.toml", "contacts/beirut.csv", "templates/frame.html"):
        target = home / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((office_parts() / name).read_bytes())
    return load(home, {})


def seal(database: Database, home: Path) -> int:
    """Seal the log with the office's own key; returns how many entries are sealed."""
    key, _ = log_key_of(home / "config" / "keys", ORIGIN)
    return Sealer(database, key).seal_all(at=NOON).size


def plan(database: Database) -> dict[WaveState, int]:
    """A wave in each state that something can yet go out from, with eight deliveries in eight states; by state."""
    found = {}
    with database.write() as session:
        people = [make_contact(session, f"Person {n}") for n in range(8)]
        chosen = make_list(session, *people)
        for number, state in enumerate((WaveState.SCHEDULED, WaveState.SENDING, WaveState.PAUSED, WaveState.HELD)):
            version = make_version(session, make_release(session, f"ports-{number}"))
            wave = plan_wave(session, version, chosen, due=NOON + timedelta(hours=number + 1)).wave
            found[state] = wave.id
    states = list(DeliveryState)[:8]
    with database.write() as session:
        for state, number in found.items():
            opened = None if state is WaveState.SCHEDULED else NOON
            session.execute(update(Wave).where(Wave.id == number).values(state=state, opened_at=opened))
        sending = select(Delivery).where(Delivery.wave_id == found[WaveState.SENDING]).order_by(Delivery.id)
        for delivery, state in zip(session.scalars(sending), states, strict=True):
            delivery.state = state
            delivery.process_id = "f" * 32 if state is DeliveryState.SENDING else None
    return found


def kept(database: Database, home: Path, file: Path, **options: object) -> BackedUp:
    """A backup of the office."""
    config = load(home, {})
    plain: dict[str, object] = {"with_keys": False, "force": False, "at": NOON, "actor": DESK}
    return back_up(config, database, file, **(plain | options))  # type: ignore[arg-type]


def brought_back(file: Path, folder: Path, url: str = "") -> Restored:
    """An office of that backup."""
    return restore(file, folder, database_url=url, environment={}, at=LATER, actor=DESK)
