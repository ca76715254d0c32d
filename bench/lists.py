"""``make bench-lists``: how fast a contact list is taken in, as a ratio to reading the same file with csv alone."""

import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from runner import Failed, peak_memory_mb

HEADINGS = ("name", "name_ar", "address", "phone", "city", "languages", "beats", "outlets", "embargo_terms")
_GIVEN = (("Nour", "نور"), ("Rim", "ريم"), ("Tarek", "طارق"), ("Mona", "منى"), ("Jad", "جاد"), ("Olfa", "ألفة"))
_FAMILY = (("Haddad", "حداد"), ("Itani", "عيتاني"), ("Aziz", "عزيز"), ("Rashwan", "رشوان"), ("Zouari", "الزواري"))
_CITIES = (("Beirut", "+961 1 55{:04}"), ("القاهرة", "+20 2 2555 {:04}"), ("Genève", "+41 22 555 {:04}"))
_CITIES += (("Tunis", "+216 71 55{:04}"), ("Amman", "+962 6 555 {:04}"))
_LANGUAGES = ("ar;en", "en", "ar", "fr;ar", "en;ar;fr")
_BEATS = ("migration", "migration;health", "economy;politics", "", "culture;climate", "humanitarian;migration")
_ROLES = ("reporter", "editor", "presenter", "")
_DOMAINS = 3000


def main() -> int:
    """Exit 0 if everything was measured, 1 if something failed."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--rows", type=int, default=100_000, help="people in the list (100000)")
    wanted.add_argument("--repeat", type=int, default=1, help="measure so often and print the median (1)")
    wanted.add_argument("--take", nargs=3, metavar=("FILE", "DATABASE", "ROWS"), help=argparse.SUPPRESS)
    options = wanted.parse_args()
    if options.take:
        _take(Path(options.take[0]), Path(options.take[1]), int(options.take[2]))
        return 0
    try:
        found = [_measure(options.rows) for _ in range(options.repeat)]
    except Failed as failed:
        print(f"not measured: {failed}", file=sys.stderr)
        return 1
    for one in zip(*found, strict=True):
        figures = {name: _middle([run[name] for run in one]) for name in one[0] if name != "bench"}
        print(json.dumps({"bench": one[0]["bench"], **figures}), flush=True)
    return 0


def _middle(values: list[float]) -> float | int:
    value = median(values)
    return int(value) if value == int(value) else round(value, 3)


def write_list(file: Path, rows: int) -> None:
    """A list of invented people, the same each time."""
    draw = random.Random(2026)  # noqa: S311 - nothing secret
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(HEADINGS)
        for number in range(rows):
            given, family, (city, phone) = draw.choice(_GIVEN), draw.choice(_FAMILY), draw.choice(_CITIES)
            paper = draw.randrange(_DOMAINS)
            role = draw.choice(_ROLES)
            writer.writerow(
                (
                    f"{given[0]} {family[0]} {number}",
                    f"{given[1]} {family[1]}" if draw.random() < 0.7 else "",
                    f"{given[0].lower()}.{family[0].lower()}.{number}@paper{paper}.example",
                    phone.format(draw.randrange(10_000)) if draw.random() < 0.8 else "",
                    city,
                    draw.choice(_LANGUAGES),
                    draw.choice(_BEATS),
                    f"Paper {paper}" + (f" ({role})" if role else ""),
                    "2026-01-05" if draw.random() < 0.5 else "",
                )
            )


def _measure(rows: int) -> list[dict[str, float | str]]:
    """A first import, and the same file again, each in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="dateline-lists-") as folder:
        file, database = Path(folder) / "people.csv", Path(folder) / "dateline.db"
        write_list(file, rows)
        csv_rate = rows / min(_read_alone(file) for _ in range(3))
        found: list[dict[str, float | str]] = []
        for bench in ("import", "import_again"):
            command = [sys.executable, __file__, "--take", str(file), str(database), str(rows)]
            ended = subprocess.run(command, capture_output=True, text=True, check=False)
            if ended.returncode:
                raise Failed(ended.stderr.strip().splitlines()[-1])
            told = json.loads(ended.stdout)
            if (told["added"], told["unchanged"]) != ((rows, 0) if bench == "import" else (0, rows)):
                raise Failed(f"{bench}: {told['added']} were added and {told['unchanged']} as before")
            rate = rows / told["seconds"]
            found.append(
                {
                    "bench": bench,
                    "rows": rows,
                    "rows_per_second": round(rate),
                    "csv_rows_per_second": round(csv_rate),
                    "ratio_to_csv_module": round(rate / csv_rate, 4),
                    "peak_memory_mb": round(told["peak_memory_mb"], 1),
                }
            )
        return found


def _read_alone(file: Path) -> float:
    start = time.perf_counter()
    with file.open(encoding="utf-8", newline="") as text:
        for _ in csv.reader(text):
            pass
    return time.perf_counter() - start


def _take(file: Path, path: Path, rows: int) -> None:
    """In the child: from the opening of the file to the end of the commit."""
    import os

    from mailer.audit import Actor
    from mailer.contacts.importing import import_contacts
    from mailer.database import Database, migrate

    database = Database(f"sqlite:///{path}")
    migrate.upgrade(database)
    start = time.perf_counter()
    with database.write() as session:
        done = import_contacts(session, file, at=datetime.now(UTC), actor=Actor("cli:bench"))
    seconds = time.perf_counter() - start
    database.close()
    if done.refused:
        raise SystemExit(f"{done.refused[0]} ({len(done.refused)} of {rows})")
    figures = {
        "seconds": seconds,
        "added": done.added,
        "unchanged": done.unchanged,
        "peak_memory_mb": peak_memory_mb(os.getpid()),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    sys.exit(main())
