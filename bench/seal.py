"""``make bench-seal``: how fast the log is sealed and verified, and how long the proof of one entry takes."""

import argparse
import hashlib
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import postgres
from runner import Failed, peak_memory_mb

from mailer.audit import append_rows
from mailer.audit.sealing import Sealer, log_key_of, prove, verify
from mailer.audit.sealing.leaf import leaves
from mailer.database import Database, migrate, storing

AT = datetime(2026, 3, 1, 7, tzinfo=UTC)
_HELPING = 10_000
_PROOFS = 200


def main() -> int:
    """Exit 0 if everything was measured, 1 if the log does not verify."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--entries", type=int, default=1_000_000, help="entries in the log (1000000)")
    wanted.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options = wanted.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="dateline-seal-"))
    try:
        if options.database == "sqlite":
            return _measure(folder, f"sqlite:///{folder}/log.db", options.entries)
        with postgres.server(folder.parent) as server, postgres.fresh_database(server) as url:
            return _measure(folder, url, options.entries)
    except Failed as failed:
        print(f"not measured: {failed}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(folder: Path, url: str, entries: int) -> int:
    database = Database(url)
    try:
        return _measure_in(database, folder, entries)
    finally:
        database.close()


def _measure_in(database: Database, folder: Path, entries: int) -> int:
    migrate.upgrade(database)
    fill(database, entries)
    bare = _bare(database, entries)
    key, _ = log_key_of(folder, "press.example/dateline-log")
    busy = time.process_time()
    sealing = _rate(entries, lambda: Sealer(database, key).seal_all(at=AT))
    busy = time.process_time() - busy
    _say(
        "seal",
        database="sqlite" if database.is_sqlite else "postgresql",
        entries_per_second=int(sealing),
        ratio_to_sha256=round(sealing / bare, 3),
        entries_per_cpu_second=int(entries / busy),
        entries=entries,
    )
    with database.read() as session:
        found = []
        verifying = _rate(entries, lambda: found.append(verify(session, [key.verifier])))
    if found[0].problems or found[0].sealed != entries:
        print("not measured: the log does not verify", file=sys.stderr)
        return 1
    _say("verify", entries_per_second=int(verifying), ratio_to_sha256=round(verifying / bare, 3), entries=entries)
    draw = random.Random(2026)  # noqa: S311 - nothing secret
    milliseconds = []
    for _ in range(_PROOFS):
        with database.read() as session:  # each reads its tiles anew
            began = time.perf_counter()
            prove(session, [draw.randrange(1, entries + 1)])
            milliseconds.append((time.perf_counter() - began) * 1000)
    _say(
        "prove",
        milliseconds=round(median(milliseconds), 2),
        worst_milliseconds=round(max(milliseconds), 2),
        ratio_to_sha256=round(median(milliseconds) / 1000 * bare, 1),
        entries=entries,
        peak_memory_mb=round(peak_memory_mb(os.getpid())),
    )
    return 0


def fill(database: Database, entries: int) -> None:
    """A log as sending leaves it."""
    for start in range(0, entries, _HELPING):
        with database.write() as session:
            at = storing(session)(AT)
            rows = [
                (at, "delivery.accepted", "system:sender 1a2b3c4d", 1, 1, number, number, _data(number))
                for number in range(start, min(entries, start + _HELPING))
            ]
            append_rows(session, rows)


def _data(number: int) -> str:
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    return f'{{"attempt": 1, "relay": "main", "stage": "end", "code": 250, "enhanced": "2.0.0", "sha256": "{sha256}"}}'


def _bare(database: Database, entries: int) -> float:
    """Leaves a second by SHA-256 alone: the same bytes, ready in memory, the best of three."""
    with database.read() as session:
        some = min(entries, 100_000)
        ready = [leaf for _, leaf in leaves(session, "FROM log_entry WHERE id > ? ORDER BY id LIMIT ?", (0, some))]

    def hash_all() -> None:
        for leaf in ready:
            hashlib.sha256(leaf).digest()

    return max(_rate(some, hash_all) for _ in range(3))


def _rate(many: int, work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return many / (time.perf_counter() - began)


def _say(bench: str, **figures: float | str) -> None:
    print(json.dumps({"bench": bench, **figures}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
