"""An office with a plan, on both databases, and an empty database to bring it back into."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from offices import settings_of
from sqlalchemy import text

from mailer.database import Database


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An office's folder, with the files that people edit."""
    settings_of(tmp_path / "office")
    return tmp_path / "office"


@pytest.fixture
def empty_url(database: Database) -> Iterator[str]:
    """An empty database of the same kind; on SQLite the one that the settings name, which is said by nothing."""
    if database.is_sqlite:
        yield ""
        return
    name = f"r{uuid4().hex}"
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield str(database.engine.url.set(database=name).render_as_string(hide_password=False))
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
