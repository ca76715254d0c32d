"""Brings the schema to the level that this version of Dateline needs, in one transaction."""

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from mailer.database.engine import Database
from mailer.errors import SchemaBehind, SchemaUnknown

# Any number serves that nobody else takes: all migrators of one PostgreSQL database wait for each other on it.
_MIGRATION_LOCK = 0x646174656C696E65


@dataclass(frozen=True, slots=True)
class Level:
    """Where a database's schema stands: ``None`` is an empty database."""

    present: str | None
    needed: str
    known: bool
    """False for a level that this version has never heard of: a newer Dateline has been here."""


def configuration() -> Config:
    """Alembic's own settings; there is no file of them."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def level(database: Database) -> Level:
    """Where the database stands and where it should."""
    script = ScriptDirectory.from_config(configuration())
    needed = script.get_current_head() or ""
    with database.read() as session:
        present = MigrationContext.configure(session.connection()).get_current_revision()
    known = present is None or present in {step.revision for step in script.walk_revisions()}
    return Level(present, needed, known)


def upgrade(database: Database) -> Level:
    """Take every step that is missing; returns the level before. Raises ``SchemaUnknown``."""
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
