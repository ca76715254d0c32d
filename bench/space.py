"""``make bench-space``: the bytes that one delivery takes beyond the parts that all share, table by table."""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import office
import postgres
from runner import Failed
from sqlalchemy import text

from mailer.audit.sealing import Sealer, log_key_of
from mailer.database import Database, is_sqlite
from mailer.delivery.claims import claim, register
from mailer.delivery.journal import Ended
from mailer.delivery.outcome import Policy, record
from mailer.schedule.waves import Opened, open_wave

LIMIT = 1000
"""Bytes: what a delivery may take."""
_AT_ONCE = 500
_TABLES = ("delivery", "attempt", "log_entry", "log_tile", "wave", "compiled_text")


def main() -> int:
    """Exit 0 if a delivery takes less than ``LIMIT``, 1 if it takes more or nothing was measured."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--people", type=int, default=10_000, help="deliveries of a wave (10000)")
    wanted.add_argument("--waves", type=int, default=4, help="one after the other (4)")
    wanted.add_argument("--databases", default="sqlite,postgresql")
    options = wanted.parse_args()
    whole = True
    try:
        for kind in options.databases.split(","):
            with _database(kind) as (database, folder):
                whole = (
                    _measure(kind, database, folder, people=options.people, waves=options.waves) < LIMIT and whole
                )
    except Failed as failed:
        print(f"not measured: {failed}", file=sys.stderr)
        return 1
    return 0 if whole else 1


@contextmanager
def _database(kind: str) -> Iterator[tuple[Database, Path]]:
    folder = Path(tempfile.mkdtemp(prefix="dateline-space-"))
    try:
        if kind == "sqlite":
            database = office.opened(f"sqlite:///{folder}/dateline.db")
            yield database, folder
            database.close()
            return
        with postgres.server(folder.parent) as server, postgres.fresh_database(server) as url:
            database = office.opened(url)
            yield database, folder
            database.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(kind: str, database: Database, folder: Path, *, people: int, waves: int) -> float:
    with database.write() as session:
        office.fill(session, people)
        office.release(session)
    key, _ = log_key_of(folder, "press.example/dateline-log")
    Sealer(database, key).seal_all(at=datetime.now(UTC))
    before = sizes(database)
    for number in range(waves):
        with database.write() as session:
            wave_id = office.plan(session).wave.id
        _send(database, wave_id, process_id=f"{number:032x}")
        Sealer(database, key).seal_all(at=datetime.now(UTC))
        # As PostgreSQL does by itself some time later: the next wave takes the room of rows that were changed.
        database.forget(*_TABLES)
    deliveries = people * waves
    grown = {name: size - before.get(name, 0) for name, size in sizes(database).items()}
    each = {name: round(size / deliveries, 1) for name, size in grown.items() if size > deliveries / 10}
    total = round(sum(grown.values()) / deliveries, 1)
    packed = total
    if not database.is_sqlite:
        _pack(database)
        packed = round(sum(size - before.get(name, 0) for name, size in sizes(database).items()) / deliveries, 1)
    tables = dict(sorted(each.items(), key=lambda item: -item[1]))
    print(
        json.dumps(
            {"bench": "space", "database": kind, "deliveries": deliveries, "bytes_each": total, "packed": packed}
            | tables
        ),
        flush=True,
    )
    return total


def _send(database: Database, wave_id: int, *, process_id: str) -> None:
    """Every delivery of the wave accepted, as the sending process records it."""
    now = datetime.now(UTC)
    with database.write() as session:
        register(session, process_id, at=now)
        day = timedelta(days=1)
        opened = open_wave(
            session, wave_id, now=now, doubt="", late_grace=day, give_up_after=day, actor=office.BENCH
        )
        if not isinstance(opened, Opened):
            raise Failed(f"the wave did not open: {opened}")
    policy = Policy(resend_in_doubt=True)
    while True:
        with database.write() as session:
            claims = claim(session, wave_id, process_id=process_id, limit=_AT_ONCE, now=now)
        if not claims:
            return
        ended = [
            Ended(
                delivery_id=one.id,
                at=now,
                relay="main",
                stage="end",
                verdict="accepted",
                code=250,
                enhanced="2.0.0",
                text="Ok: queued as 4F2kXJ3Yz1z9rT",
                sha256=f"{one.id:064x}",
            )
            for one in claims
        ]
        with database.write() as session:
            record(session, ended, process_id=process_id, policy=policy)


def _pack(database: Database) -> None:
    """Write PostgreSQL's tables and indexes anew without the room of rows that were changed."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"VACUUM FULL {', '.join(_TABLES)}")


def sizes(database: Database) -> dict[str, int]:
    """The bytes of each table and each index."""
    with database.read() as session:
        query = (
            "SELECT name, SUM(pgsize) FROM dbstat GROUP BY name"
            if is_sqlite(session)
            else "SELECT relname, pg_relation_size(oid) + COALESCE(pg_relation_size(NULLIF(reltoastrelid, 0)), 0) "
            "FROM pg_class WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace"
        )
        return {name: int(size) for name, size in session.execute(text(query))}


if __name__ == "__main__":
    sys.exit(main())
