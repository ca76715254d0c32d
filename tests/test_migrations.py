"""The schema's steps lead, on both databases, to exactly what the models say."""

from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select, text

import mailer.audit.models
import mailer.audit.sealing.models
import mailer.contacts
import mailer.delivery.models  # noqa: F401 - the models register themselves
from mailer.database import Base, Database, migrate
from mailer.errors import SchemaBehind, SchemaUnknown
from mailer.schedule.models import Audience, Wave

OF_NO_MODEL = ("contact_search", "lexemes", "ix_contact_text_lexemes")
"""The database's own index of full-text search, which is another one on each; ``tests/contacts/test_search_index.py``
holds it to the words that it is of."""


@pytest.fixture
def database(empty_database: Database) -> Database:
    return empty_database


def is_of_a_model(_object: object, name: str | None, *_: object) -> bool:
    return not str(name).startswith(OF_NO_MODEL)


def test_the_steps_lead_to_the_models(database: Database) -> None:
    migrate.upgrade(database)
    with database.read() as session:
        opts = {"compare_type": True, "include_object": is_of_a_model}
        context = MigrationContext.configure(session.connection(), opts=opts)
        assert compare_metadata(context, Base.metadata) == []


def test_an_empty_database_is_told_apart_from_a_finished_one(database: Database) -> None:
    with pytest.raises(SchemaBehind, match="dateline migrate"):
        migrate.require(database)
    assert migrate.upgrade(database).present is None
    migrate.require(database)
    stands = migrate.level(database)
    assert migrate.upgrade(database) == stands  # a second time changes nothing


def test_a_database_of_a_newer_version_is_left_alone(database: Database) -> None:
    migrate.upgrade(database)
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for refused in (migrate.require, migrate.upgrade):
        with pytest.raises(SchemaUnknown, match="9999"):
            refused(database)


def test_the_levels_are_those_of_the_steps() -> None:
    script = ScriptDirectory.from_config(migrate.configuration())
    assert migrate.levels() == tuple(reversed([step.revision for step in script.walk_revisions()]))
    assert migrate.levels()[-1] == script.get_current_head()


def stop_at(database: Database, step: str) -> None:
    """As an older version of Dateline left it."""
    config = migrate.configuration()
    with database.write() as session:
        config.attributes["connection"] = session.connection()
        command.upgrade(config, step)


def test_steps_taken_back_lead_to_the_models_again_and_keep_the_registry(database: Database) -> None:
    migrate.upgrade(database)
    with database.write() as session:
        session.execute(text("INSERT INTO media_list (id, name, key) VALUES (1, 'Desk', 'desk')"))
        session.execute(text("INSERT INTO log_run (first_index, first_entry_id, length) VALUES (0, 1, 1)"))
    config = migrate.configuration()
    with database.write() as session:
        config.attributes["connection"] = session.connection()
        command.downgrade(config, "0007")
    migrate.upgrade(database)
    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"include_object": is_of_a_model})
        assert compare_metadata(context, Base.metadata) == []
        assert session.scalar(text("SELECT name FROM media_list")) == "Desk"


def test_a_wave_that_is_under_way_has_its_time_anew_from_the_upgrade(database: Database) -> None:
    stop_at(database, "0002")
    states = ("scheduled", "sending", "paused", "held", "done")
    with database.write() as session:
        for statement in (
            "INSERT INTO release (id, slug, added_at, embargo_line) VALUES (1, 'ports', '2026-11-01 12:00', '')",
            "INSERT INTO version (id, release_id, number, content, sha256, frozen_at) "
            "VALUES (1, 1, 1, '{}', '', '2026-11-01 12:00')",
            "INSERT INTO media_list (id, name, key) VALUES (1, 'Desk', 'desk')",
        ):
            session.execute(text(statement))
        for number, state in enumerate(states, 1):
            opened = "NULL" if state == "scheduled" else "'2026-11-01 12:00:00.000000'"
            session.execute(
                text(
                    "INSERT INTO wave (id, release_id, version_id, list_id, kind, layout, template, state, wall, zone, "
                    "due_at, scheduled_at, opened_at, reason) VALUES (:id, 1, 1, 1, 'public', 'preferred', 'release', "
                    ":state, '2026-11-01T14:00:00', 'Asia/Beirut', '2026-11-01 12:00', '2026-11-01 12:00', "
                    f"{opened}, '')"
                ),
                {"id": number, "state": state},
            )
    before = datetime.now(UTC)
    migrate.upgrade(database)
    with database.read() as session:
        found = dict(session.execute(select(Wave.state, Wave.give_up_at)).all())
        assert set(session.scalars(select(Wave.stale_at))) == {None}
        # Nobody said of them that they should follow their list.
        assert set(session.scalars(select(Wave.audience))) == {Audience.FROZEN}
    assert [found[state] for state in ("scheduled", "done")] == [None, None]
    for state in ("sending", "paused", "held"):
        assert before <= found[state] - timedelta(days=2) <= datetime.now(UTC)


def test_what_was_suppressed_before_is_found_in_each_spelling_of_its_mailbox(database: Database) -> None:
    stop_at(database, "0010")
    keys = {
        "nour.haddad+x@googlemail.com": "nourhaddad@gmail.com",
        "rim@gmail.com": "rim@gmail.com",
        "+a.b@gmail.com": "+ab@gmail.com",
        "@gmail.com": "@gmail.com",
        "n.h+x@paper.example": "n.h+x@paper.example",
    }
    with database.write() as session:
        for key in keys:
            statement = (
                "INSERT INTO suppression (address_key, kind, reason, since) VALUES (:key, 'asked', '', :at)"
            )
            session.execute(text(statement), {"key": key, "at": "2026-11-01 12:00:00.000000"})
    migrate.upgrade(database)
    with database.read() as session:
        assert dict(session.execute(text("SELECT address_key, mailbox FROM suppression")).all()) == keys
