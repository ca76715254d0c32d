"""``make bench-search``: how fast contacts are found by their words, as ratios to a scan of the names with LIKE."""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from measure import postgres_where_wanted
from postgres import fresh_database
from runner import Failed
from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from mailer.contacts.cities import city_named
from mailer.contacts.models import Affiliation, Contact, ContactKind, Outlet
from mailer.contacts.query import parse
from mailer.contacts.ranking import search
from mailer.contacts.spelling import fold
from mailer.database import Database, migrate

LATIN = ("Nour", "Rim", "Tarek", "Mona", "Hagop", "Emile", "Zeina", "Badr", "Amal", "Sami", "Hélène", "Karim")
ARABIC = ("نور", "ريم", "طارق", "منى", "هاغوب", "إميل", "زينة", "بدر", "أمل", "سامي", "هيلين", "كريم")
SYLLABLES = ("ba", "dar", "ha", "kha", "lou", "man", "na", "qa", "ra", "sa", "ta", "wi", "ya", "za", "ki", "mou")
LETTERS = ("با", "دار", "ها", "خا", "لو", "من", "نا", "قا", "را", "سا", "تا", "وي", "يا", "زا", "كي", "مو")
RARE, RARE_ARABIC = "Xanthopoulos", "الزعفراني"
QUERIES = {
    "rare word": RARE,
    "rare word, half": "xanth",
    "common word": "nour",
    "common word, half": "no",
    "two common words": "nour herald",
    "common word with a rare one": f"nour {RARE}",
    "Arabic, rare": RARE_ARABIC.removeprefix("ال"),
    "Arabic, common": "نور",
    "two letters of Arabic": "با",
    "a name of two words": "hélène badar",
    "outlet": "herald",
    "word in a city": "nour city:Cairo",
    "name": "name:karim",
    "nobody": "zzzz",
}


def main() -> int:
    """Exit 0 if everything was measured."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--contacts", type=int, default=1_000_000)
    wanted.add_argument("--databases", type=lambda t: t.split(","), default=["sqlite", "postgresql"])
    wanted.add_argument("--repeat", type=int, default=7, help="search so often and print the median (7)")
    options = wanted.parse_args()
    try:
        with postgres_where_wanted(options.databases) as socket:
            for kind in options.databases:
                with _database(kind, socket) as database:
                    _measure(database, kind, options.contacts, options.repeat)
    except Failed as failed:
        print(f"not measured: {failed}", file=sys.stderr)
        return 1
    return 0


@contextmanager
def _database(kind: str, socket: Path | None) -> Iterator[Database]:
    if kind == "sqlite" or socket is None:
        with tempfile.TemporaryDirectory(prefix="dateline-search-") as folder:
            yield Database(f"sqlite:///{folder}/dateline.db")
        return
    with fresh_database(socket) as url:
        database = Database(url)
        try:
            yield database
        finally:
            database.close()


def _measure(database: Database, kind: str, contacts: int, repeat: int) -> None:
    migrate.upgrade(database)
    what = {"contacts": contacts, "database": kind}
    filled, indexed = _fill(database, contacts)
    _print("index", what | {"fill_seconds": round(filled, 1), "contacts_per_second": round(contacts / indexed)})
    now = datetime.now(UTC)
    with database.read() as session:
        for name, words in QUERIES.items():
            query = parse(words)
            took = _milliseconds(lambda query=query: search(session, query, at=now, limit=20), repeat)
            found = len(search(session, query, at=now, limit=20).contacts)
            scan = _milliseconds(lambda words=words: _like_scan(session, words), 1)
            line = {"query": words, "case": name, "found": found, "milliseconds": round(took, 2)}
            _print("search", what | line | {"ratio_to_like_scan": round(took / scan, 4)})


def _like_scan(session: Session, words: str) -> None:
    """What a registry without an index does: every name looked at, sorted, the first twenty."""
    some = [w.partition(":")[2] or w for w in words.split()]
    like = [or_(Contact.name.ilike(f"%{w}%"), Contact.arabic_name.like(f"%{w}%")) for w in some]
    session.execute(select(Contact.id).where(*like).order_by(Contact.name, Contact.id).limit(20)).all()


def _milliseconds(work: Callable[[], object], repeat: int) -> float:
    times = []
    for _ in range(repeat):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1000)
    return median(times)


def _fill(database: Database, contacts: int) -> tuple[float, float]:
    """Seconds for the rows, and seconds for their words."""
    chance = random.Random(6)  # noqa: S311 - the same people every time
    begun = time.perf_counter()
    with database.write() as session:
        cities = [city_named(session, name) for name in ("Beirut", "Cairo", "Amman", "Tunis", "Geneva")]
        outlets = [
            f"{_word(chance, SYLLABLES).title()} {k}" for k in ("Herald", "Courier", "صحيفة") for _ in range(200)
        ]
        keyed = list({fold(name): name for name in outlets}.items())
        session.execute(insert(Outlet), [{"id": n, "name": o, "key": k} for n, (k, o) in enumerate(keyed, 1)])
        for start in range(1, contacts + 1, 10_000):
            numbers = range(start, min(start + 10_000, contacts + 1))
            rows = [_contact(chance, n, cities[n % len(cities)].id) for n in numbers]  # type: ignore[union-attr]
            session.execute(insert(Contact), rows)
            places = [
                {"contact_id": n, "outlet_id": chance.randint(1, len(keyed)), "role": "reporter"} for n in numbers
            ]
            session.execute(insert(Affiliation), places)
        filled = time.perf_counter() - begun
        begun = time.perf_counter()
    return filled, time.perf_counter() - begun


def _contact(chance: random.Random, number: int, city: int) -> dict[str, object]:
    which = min(int(chance.expovariate(0.4)), len(LATIN) - 1)
    name = f"{LATIN[which]} {_word(chance, SYLLABLES).title()}"
    arabic = f"{ARABIC[which]} {_word(chance, LETTERS)}"
    if number % 250_000 == 7:
        name, arabic = f"{LATIN[which]} {RARE}", f"{ARABIC[which]} {RARE_ARABIC}"
    mail = f"person{number}@paper{number % 500}.example"
    return {
        "id": number,
        "kind": ContactKind.JOURNALIST,
        "name": name,
        "arabic_name": arabic,
        "address": mail,
        "address_key": mail,
        "city_id": city,
        "added_at": datetime(2026, 1, 5, tzinfo=UTC),
    }


def _word(chance: random.Random, parts: Sequence[str]) -> str:
    return "".join(chance.choice(parts) for _ in range(chance.randint(2, 3)))


def _print(bench: str, line: dict[str, object]) -> None:
    print(json.dumps({"bench": bench} | line, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    sys.exit(main())
