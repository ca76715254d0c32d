"""Cells go out so that no spreadsheet runs them, and come back as they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.contacts.fields import lasting_cell, plain_cell, safe_cell


@given(st.text("'=+-@\t\r\n\uff1d\uff0b\uff0d\uff20a ن"))
def test_a_safe_cell_comes_back_and_begins_with_nothing_that_runs(text: str) -> None:
    safe = safe_cell(text)
    assert plain_cell(safe) == text
    assert not safe.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"))


@given(st.text("'=+-@\t\r\n\uff1d\uff0b\uff0d\uff20a ن"))
def test_a_lasting_cell_comes_back_and_is_as_it_was_but_for_an_apostrophe_of_its_own(text: str) -> None:
    assert plain_cell(lasting_cell(text)) == text
    assert lasting_cell(text) == text or text.startswith("'")


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        ("'+961 1 555 0101", "+961 1 555 0101"),
        ("''=1", "'=1"),
        ("=1", "=1"),
        ("'Abd al-Rahman", "'Abd al-Rahman"),
        ("'", "'"),
        ("", ""),
    ],
)
def test_only_an_apostrophe_before_a_formula_is_taken_off(cell: str, plain: str) -> None:
    assert plain_cell(cell) == plain
