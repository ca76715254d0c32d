"""``make bench-kill``: hundreds of kills of the sending process, and whether its promises held."""

import argparse
import json
import secrets
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import postgres
from harness import kill_again_and_again, killing
from runner import Failed


def main() -> int:
    """Exit 0 if every promise held, 1 if one did not or the harness could not say."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--kills", type=int, default=200, help="how often to kill it (200)")
    wanted.add_argument("--people", type=int, default=300, help="deliveries of one wave (300)")
    wanted.add_argument("--processes", type=int, default=1, help="that run at once; one is killed at a time (1)")
    wanted.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    wanted.add_argument("--seed", type=int, default=None, help="of the choices; the system's own are its own")
    options = wanted.parse_args()
    seed = secrets.randbelow(2**31) if options.seed is None else options.seed
    print(f"{options.kills} kills on {options.database}, --seed {seed}", file=sys.stderr)
    # The server and the processes that were started are stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with (
            tempfile.TemporaryDirectory(prefix="dateline-kill-") as name,
            _database(options.database, Path(name)) as url,
            killing(Path(name), url, people=options.people, seed=seed, processes=options.processes) as made,
        ):
            verdict = kill_again_and_again(made, options.kills)
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 1
    print(
        json.dumps(verdict.line() | {"database": options.database, "processes": options.processes, "seed": seed})
    )
    for fault in verdict.faults():
        print(f"broken: {fault}", file=sys.stderr)
    return bool(verdict.faults())


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder}/dateline.db"
        return
    with postgres.server(Path(tempfile.gettempdir())) as socket, postgres.fresh_database(socket) as url:
        yield url


if __name__ == "__main__":
    sys.exit(main())
