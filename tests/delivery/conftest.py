"""An office whose deliveries are sent."""

from pathlib import Path

import pytest
from sending import Desk

from mailer.database import Database


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(database, tmp_path / "process")
