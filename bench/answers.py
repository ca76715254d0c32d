"""``make bench-answers``: how soon the questions about deliveries are answered in an office with years behind it, as
ratios to one look at every delivery."""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import office
import years
from measure import postgres_where_wanted
from postgres import fresh_database
from runner import Failed, peak_memory_mb
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.contacts.models import City
from mailer.database import Database
from mailer.delivery.report import Criteria
from mailer.releases.versions import release_named
from mailer.reports.embargoed import embargoed
from mailer.reports.missed import missed
from mailer.reports.numbers import numbers
from mailer.reports.received import received
from mailer.reports.report import Report
from mailer.reports.sent import sent
from mailer.schedule.models import Delivery

AT = datetime(2026, 3, 1, 7, tzinfo=UTC)


def main() -> int:
    """Exit 0 if everything was measured."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--deliveries", type=int, default=1_000_000)
    wanted.add_argument("--databases", type=lambda t: t.split(","), default=["sqlite", "postgresql"])
    wanted.add_argument("--repeat", type=int, default=3, help="ask so often and print the median (3)")
    wanted.add_argument("--file", type=Path, help="an SQLite file that bench/years.py has made, and is kept")
    options = wanted.parse_args()
    # The server that was started is stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with postgres_where_wanted(options.databases) as socket:
            for kind in options.databases:
                with _filled(kind, socket, options.file, options.deliveries) as database:
                    _measure(database, kind, options.repeat)
    except Failed as failed:
        print(f"not measured: {failed}", file=sys.stderr)
        return 1
    return 0


@contextmanager
def _filled(kind: str, socket: Path | None, file: Path | None, deliveries: int) -> Iterator[Database]:
    if kind == "sqlite" and file is not None:
        yield office.opened(f"sqlite:///{file}")
        return
    if kind == "sqlite" or socket is None:
        with tempfile.TemporaryDirectory(prefix="dateline-answers-") as folder:
            database = office.opened(f"sqlite:///{folder}/dateline.db")
            years.fill(database, deliveries)
            yield database
        return
    with fresh_database(socket) as url:
        database = office.opened(url)
        try:
            years.fill(database, deliveries)
            yield database
        finally:
            database.close()


def _measure(database: Database, kind: str, repeat: int) -> None:
    with database.read() as session:
        in_all = session.scalar(select(func.count()).select_from(Delivery)) or 0
        release = release_named(session, years.slug(max(1, in_all * years.SHARE // years.CONTACTS // 2)))
        lift = release.embargo_at
        city = session.scalar(select(City.id).where(City.name == office.CITIES[0]))
        if lift is None:
            raise Failed("the release has no embargo")
        month = {"since": lift, "until": lift + timedelta(days=30)}
        questions: dict[str, Callable[[Session], Report]] = {
            "received": lambda s: received(s, release, Criteria(), at=AT),
            "missed": lambda s: missed(s, release, at=AT),
            "numbers": lambda s: numbers(s, release, Criteria(), at=AT),
            "embargoed": lambda s: embargoed(s, release, instant=lift - timedelta(hours=1), at=AT),
            "sent to a person": lambda s: sent(s, Criteria(contact_id=77), at=AT),
            "sent to an outlet, a month": lambda s: sent(s, Criteria(outlet="Levant Courier 77", **month), at=AT),
            "sent to a city, a month": lambda s: sent(s, Criteria(city_id=city, **month), at=AT),
        }
        look = _seconds(lambda: _look(session), repeat)
        for question, ask in questions.items():
            rows = 0

            def answer(ask: Callable[[Session], Report] = ask) -> None:
                nonlocal rows
                rows = sum(1 for _ in ask(session).rows)

            took = _seconds(answer, repeat)
            line = {
                "bench": "answer",
                "question": question,
                "database": kind,
                "deliveries": in_all,
                "rows": rows,
                "seconds": round(took, 3),
                "ratio_to_one_look": round(took / look, 4),
                "peak_memory_mb": round(peak_memory_mb(os.getpid())),
            }
            print(json.dumps(line), flush=True)


def _look(session: Session) -> None:
    """What an office without an index does at the least: every delivery's row is read once."""
    session.execute(select(func.max(Delivery.sha256), func.max(Delivery.finished_at))).one()


def _seconds(work: Callable[[], object], repeat: int) -> float:
    times = []
    for _ in range(repeat):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return median(times)


if __name__ == "__main__":
    sys.exit(main())
