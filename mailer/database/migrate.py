"""Brings the schema to the level that this version of Dateline needs, in one transaction."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from mailer.database.engine import Database
from mailer.errors import SchemaBehind, SchemaUnknown

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).parent / "migrations"
# Any number serves that nobody else takes: all migrators of one PostgreSQL database wait for each other on it.
_MIGRATION_LOCK = 0x646174656C696E65


@dataclass(frozen=True, slots=True)
class Level:
    """Where a database's schema stands: ``None`` is an empty database."""

    present: str | None
    needed: str
    known: bool
    """False for a level that this version has never heard of: a newer Dateline has been here."""


@cache
def levels() -> tuple[str, ...]:
    """All that this version knows, lowest first: the number before each step's name."""
    return tuple(sorted(file.name.partition("_")[0] for file in (_MIGRATIONS / "versions").glob("[0-9]*_*.py")))


def level(database: Database) -> Level:
    """Where the database stands and where it should."""
    # Every command asks this first. Alembic would read all steps for it, and takes a quarter of a second to import, so
    # only what takes a step imports it.
    present = None
    with database.read() as session:
        if inspect(session.connection()).has_table("alembic_version"):
            present = session.scalar(text("SELECT version_num FROM alembic_version"))
    return Level(present, levels()[-1], present is None or present in levels())


def configuration() -> "Config":
    """Alembic's own settings; there is no file of them."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def upgrade(database: Database) -> Level:
    """Take every step that is missing; returns the level before. Raises ``SchemaUnknown``."""
    from alembic import command

    before = level(database)
    if not before.known:
        raise SchemaUnknown(database=database.shown, level=before.present)
    config = configuration()
    with database.write() as session:
        if not database.is_sqlite:
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "head")
    return before


def require(database: Database) -> None:
    """Raises ``SchemaBehind`` or ``SchemaUnknown`` unless the database is at this version's level."""
    stands = level(database)
    if not stands.known:
        raise SchemaUnknown(database=database.shown, level=stands.present)
    if stands.present != stands.needed:
        raise SchemaBehind(database=database.shown, level=stands.present or "empty", needed=stands.needed)
