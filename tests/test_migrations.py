"""The schema's steps lead, on both databases, to exactly what the models say."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

import mailer.audit.models
import mailer.contacts.models
import mailer.delivery.models  # noqa: F401 - the models register themselves
from mailer.database import Base, Database, migrate
from mailer.errors import SchemaBehind, SchemaUnknown


def test_the_steps_lead_to_the_models(database: Database) -> None:
    migrate.upgrade(database)
    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
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
