"""An office whose deliveries are sent."""

from pathlib import Path

import pytest
from sending import Desk

from mailer.database import Database, migrate


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    migrate.upgrade(database)
    return Desk(database, tmp_path / "process")
