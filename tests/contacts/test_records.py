"""Contacts as plain values, and several values in a cell."""

from datetime import date

import pytest
from builders import make_contact
from hypothesis import given
from hypothesis import strategies as st

from mailer.contacts.fields import NAMES, join_values, split_values
from mailer.contacts.models import ContactTag
from mailer.contacts.records import records
from mailer.database import Database


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip)))
def test_values_come_back_out_of_their_cell(values: list[str]) -> None:
    assert split_values(join_values(values)) == values


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        ("", []),
        (" ; ", []),
        ("en; ar", ["en", "ar"]),
        ("en؛ar", ["en", "ar"]),
        ("one\ntwo", ["one", "two"]),
        ('"a; b"; c', ["a; b", "c"]),
        ('The "Post"; c', ['The "Post"', "c"]),
    ],
)
def test_cells_as_people_write_them(cell: str, values: list[str]) -> None:
    assert split_values(cell) == values


def test_a_record_has_all_that_is_known_in_the_order_that_was_asked(database: Database) -> None:
    terms = date(2026, 1, 5)
    with database.write() as session:
        nour = make_contact(
            session, arabic_name="نور", languages=("ar", "en"), beats=("migration", "health"), terms=terms
        )
        omar = make_contact(session, "Omar Said", city="Cairo", outlets=("Nile Herald",))
        omar.tags = [ContactTag(tag="board")]
        session.flush()
        found = list(records(session, [omar.id, nour.id], day=date(2026, 2, 1)))
    assert [record.name for record in found] == ["Omar Said", "Nour Haddad"]
    assert found[0].cells()["outlets"] == "Nile Herald"
    assert (found[0].city, found[0].tags, found[0].embargo_terms) == ("Cairo", ("board",), None)
    assert (found[1].languages, found[1].beats, found[1].embargo_terms) == (
        ("ar", "en"),
        ("health", "migration"),
        terms,
    )
    assert tuple(found[1].cells()) == NAMES
