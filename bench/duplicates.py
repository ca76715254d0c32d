"""How long it takes to find who is in the registry twice, against rapidfuzz alone on as many pairs of names.

Invented people: one in fifty is there a second time, in another spelling or script. The yardstick compares names of the
same lengths and nothing else, one call to ``token_sort_ratio`` for each pair that Dateline compared.
"""

import argparse
import random
import time
from itertools import cycle, islice

from rapidfuzz import fuzz

from mailer.contacts.duplicates import Person, matches
from mailer.contacts.likeness import Name

_ARABIC = {
    "ba": "با",
    "da": "دا",
    "fa": "فا",
    "ga": "جا",
    "ha": "حا",
    "ja": "جا",
    "ka": "كا",
    "la": "لا",
    "ma": "ما",
}
_ARABIC |= {"na": "نا", "ra": "را", "sa": "سا", "ta": "تا", "za": "زا", "khi": "خي", "shi": "شي", "bou": "بو"}
_ARABIC |= {
    "nou": "نو",
    "rim": "ريم",
    "sal": "سال",
    "tan": "تان",
    "wad": "واد",
    "zei": "زي",
    "dar": "دار",
    "mir": "مير",
}

_SYLLABLES = tuple(_ARABIC)


def people(count: int, *, seed: int) -> list[Person]:
    """So many, some of them twice."""
    chance = random.Random(seed)  # noqa: S311 - nothing is secret here
    given = [chance.choices(_SYLLABLES, k=2) for _ in range(300)]
    family = [chance.choices(_SYLLABLES, k=3) for _ in range(8000)]
    found: list[Person] = []
    while len(found) < count:
        first, last = chance.choice(given), chance.choice(family)
        text = " ".join("".join(part).title() for part in (first, last))
        twice = chance.random() < 0.02
        spellings = [text] + (
            [" ".join("".join(_ARABIC[s] for s in part) for part in (first, last))] if twice else []
        )
        city, outlet = chance.randrange(40), chance.randrange(2000)
        for spelling in spellings:
            number = len(found)
            found.append(
                Person(
                    id=number,
                    names=(Name.of(spelling),),
                    addresses=(f"{number}@outlet{outlet}.example",),
                    city=city,
                    country="LB",
                    outlets=frozenset([outlet]),
                )
            )
    return found[:count]


def main() -> None:
    """Print one line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--contacts", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=7)
    options = arguments.parse_args()

    started = time.perf_counter()
    them = people(options.contacts, seed=options.seed)
    prepared = time.perf_counter() - started
    started = time.perf_counter()
    found = matches(them, min_score=70)
    took = time.perf_counter() - started

    texts = [" ".join(person.names[0].words) for person in them]
    pairs = list(islice(zip(cycle(texts), cycle(texts[1:])), found.compared))
    started = time.perf_counter()
    for one, two in pairs:
        fuzz.token_sort_ratio(one, two)
    alone = time.perf_counter() - started
    print(
        f"{len(them):,} contacts: {found.compared:,} pairs compared, {len(found.matches):,} offered in {took:.1f} s "
        f"(names made ready in {prepared:.1f} s); rapidfuzz alone on as many pairs {alone:.1f} s; "
        f"ratio {took / alone:.1f}"
    )


if __name__ == "__main__":
    main()
