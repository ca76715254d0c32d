"""An outlet in a cell comes back as it was, whatever brackets are in its name, and a hand-made cell is understood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.contacts.outlet_cells import outlet_value, read_outlet

ODD = st.text('ab()\\ -;:"', min_size=1, max_size=12).map(str.strip).filter(bool)


@given(ODD, st.one_of(st.just(""), ODD))
def test_an_outlet_and_a_role_come_back(name: str, role: str) -> None:
    assert read_outlet(outlet_value(name, role)) == (name, role)


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    if found := read_outlet(text):
        assert read_outlet(outlet_value(*found)) == (found[0], found[1]) or found[0] != found[0].strip()


@pytest.mark.parametrize(
    ("name", "role", "value"),
    [
        ("Levant Courier", "", "Levant Courier"),
        ("Levant Courier", "reporter", "Levant Courier (reporter)"),
        ("Radio Liban (96.2)", "", "Radio Liban (96.2) ()"),
        ("Radio Liban (96.2)", "editor", "Radio Liban (96.2) (editor)"),
        ("إذاعة لبنان (٩٦٫٢)", "محررة", "إذاعة لبنان (٩٦٫٢) (محررة)"),
        ("Radio (Sat) One", "editor", "Radio \\(Sat\\) One (editor)"),
        ("Levant Courier", "editor (night)", "Levant Courier (editor \\(night\\))"),
        ("C:\\", "", "C:\\"),
    ],
)
def test_an_outlet_is_written_so(name: str, role: str, value: str) -> None:
    assert outlet_value(name, role) == value
    assert read_outlet(value) == (name, role)


@pytest.mark.parametrize(
    "value",
    [
        "(editor)",
        "()",
        "A (b",
        "A b)",
        "Courier (reporter) Herald (editor)",
        "A (b) c",
        "A (b (c))",
        "(" * 700,
        "",
    ],
)
def test_what_lacks_a_semicolon_or_a_bracket_is_no_outlet(value: str) -> None:
    assert read_outlet(value) is None
