"""A log with its key, sealed."""

from pathlib import Path

import pytest
from attacker import NAME, write
from builders import NOON

from mailer.audit.sealing import LogKey, Sealer, log_key_of
from mailer.database import Database


@pytest.fixture
def key(tmp_path: Path) -> LogKey:
    return log_key_of(tmp_path / "keys", NAME)[0]


@pytest.fixture
def log(database: Database, key: LogKey) -> Database:
    """700 entries under three checkpoints, and three that are not sealed."""
    keeper = Sealer(database, key)
    for many in (300, 1, 399, 0):
        with database.write() as session:
            write(session, many)
        keeper.seal(at=NOON)
    with database.write() as session:
        write(session, 3)
    return database
