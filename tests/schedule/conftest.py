"""An office's database with its tables, for the plan."""

import pytest

from mailer.database import Database


@pytest.fixture
def office(database: Database) -> Database:
    """On SQLite and on PostgreSQL."""
    return database
