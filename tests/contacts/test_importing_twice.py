"""Properties: the same list twice changes nothing, and the order of different people's rows makes no difference."""

import csv
import tempfile
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from listing import Cells, everybody, take_file

from mailer.contacts.fields import join_values
from mailer.contacts.importing import Imported
from mailer.database import Database, migrate

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",), exclude_characters="\0"), max_size=30)
NAMES = st.one_of(st.sampled_from(["Nour Haddad", "نور حدّاد", "Haddad; Nour", "=Nour", "'Nour", ""]), WORDS)
ADDRESSES = st.lists(
    st.builds("{}@{}.example".format, st.sampled_from("abcdefgh"), st.sampled_from("xy")), max_size=3
)


def several(*values: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(values), max_size=3).map(join_values)


ROWS = st.fixed_dictionaries(
    {
        "name": NAMES,
        "address": ADDRESSES.map(join_values),
        "city": st.sampled_from(["Beirut", "القاهرة", "Genève", "Nowhereville"]),
        "languages": several("ar", "en", "French"),
        "phone": several("+961 1 975 310", "+41 22 917 12 34", "12"),
        "beats": several("migration", "health", "xyz"),
        "outlets": several("Courier (reporter)", "courier", "Radio; Bahr", "Wave (host)"),
        "outlet_type": st.sampled_from(["", "radio", "online"]),
        "tags": st.one_of(several("vip", "b c"), WORDS),
        "embargo_terms": st.sampled_from(["", "2026-01-05", "2026-03-01", "2027-01-01"]),
        "verified": st.sampled_from(["", "2026-01-05"]),
        "basis": st.sampled_from(["", "consent"]),
        "salutations": st.sampled_from(["", "en: Dear Nour"]),
        "source": WORDS,
        "notes": WORDS,
    }
)
ONCE = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


def import_again(office: Database, rows: list[Cells], folder: str, times: int) -> list[Imported]:
    file = Path(folder) / "people.csv"
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return [take_file(office, file) for _ in range(times)]


@cache
def empty() -> bytes:
    """A migrated database, which takes longer to make than a list to import."""
    with tempfile.TemporaryDirectory() as folder:
        office = Database(f"sqlite:///{folder}/empty.db")
        migrate.upgrade(office)
        office.close()
        return (Path(folder) / "empty.db").read_bytes()


def fresh(folder: str, name: str) -> Database:
    (Path(folder) / f"{name}.db").write_bytes(empty())
    return Database(f"sqlite:///{folder}/{name}.db")


@ONCE
@given(st.lists(ROWS, min_size=1, max_size=6))
def test_the_same_list_twice_changes_nothing(rows: list[Cells]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        office = fresh(folder, "office")
        first, second = import_again(office, rows, folder, 2)
        office.close()
    assert (second.added, second.changed, second.changes) == (0, 0, [])
    assert second.unchanged == first.added
    assert [(r.row, r.column) for r in second.refused] == [(r.row, r.column) for r in first.refused]
    for refusal in first.refused:
        assert refusal.file == "people.csv"
        assert refusal.row >= 2
        assert refusal.column
        assert refusal.reason
        assert refusal.remedy


@ONCE
@given(st.lists(ROWS, min_size=2, max_size=6), st.randoms())
def test_the_order_of_different_people_s_rows_makes_no_difference(rows: list[Cells], random) -> None:  # type: ignore[no-untyped-def]
    people = [
        dict(
            row, address=f"person{place}@x.example", outlet_type="", outlets=row["outlets"].replace("courier", "X")
        )
        for place, row in enumerate(rows)
    ]
    shuffled = people.copy()
    random.shuffle(shuffled)
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for name, order in (("one", people), ("other", shuffled)):
            office = fresh(folder, name)
            import_again(office, order, folder, 1)
            found.append({r.addresses: r.cells() for r in everybody(office)})
            office.close()
    assert found[0] == found[1]
