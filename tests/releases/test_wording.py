"""What was changed in a text is told word by word, in every script, and figures by their value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.releases.wording import Fate, Wording, compare_words, replaced


def marked(wording: Wording) -> str:
    marks = {Fate.KEPT: "{}", Fate.REMOVED: "[-{}-]", Fate.ADDED: "[+{}+]"}
    return "".join(marks[run.fate].format(run.text) for run in wording.runs)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("It takes five years.", "It takes five years.", "It takes five years."),
        ("It takes five years.", "It takes six years.", "It takes [-five -][+six +]years."),
        ("It takes five years.", "It takes five long years.", "It takes five [+long +]years."),
        ("It takes five long years.", "It takes five years.", "It takes five [-long -]years."),
        ("", "Help begins.", "[+Help begins.+]"),
        ("Help begins.", "", "[-Help begins.-]"),
        ("", "", ""),
        # A full stop is no part of a word, and a comma amid other words is no island.
        ("in March.", "in March, they said.", "in March[+, they said+]."),
        ("red, green", "blue, black", "[-red, green-][+blue, black+]"),
        ("the fund’s aim", "the fund's aim", "the [-fund’s -][+fund's +]aim"),
        ("Al-Hariri spoke", "Al-Harith spoke", "[-Al-Hariri -][+Al-Harith +]spoke"),
        ("of 1,200 people", "of 1,250 people", "of [-1,200 -][+1,250 +]people"),
        ("تستمر خمس سنوات.", "تستمر ست سنوات.", "تستمر [-خمس -][+ست +]سنوات."),
        ("مَدرسة جديدة", "مَدرسة كبيرة", "مَدرسة [-جديدة-][+كبيرة+]"),
        ("港口协议", "港口合同", "港口[-协议-][+合同+]"),
        ("  It takes five years. ", "It takes five years.", "It takes five years."),
    ],
)
def test_words_that_went_and_came_are_marked(before: str, after: str, told: str) -> None:
    assert marked(compare_words(before, after)) == told


@pytest.mark.parametrize(
    ("before", "after", "gone", "come"),
    [
        ("1,200 people", "1,250 people", ("1,200",), ("1,250",)),
        ("12% more", "12 more", ("12%",), ("12",)),
        ("12 % more", "12 % more", (), ()),
        ("at 10:00 on 22 December", "at 11:00 on 22 December", ("10:00",), ("11:00",)),
        ("3 ports", "three ports", ("3",), ()),
        ("5 to 5", "5", ("5",), ()),
        ("-3 degrees", "3 degrees", ("-3",), ("3",)),
        ("2024-2026", "2024-2027", ("2026",), ("2027",)),
        ("12 months", "١٢ months", (), ()),
        ("٣٫٥ مليون", "٣٫٧ مليون", ("٣٫٥",), ("٣٫٧",)),
        ("G20", "G7", (), ()),
        ("18\u00a0000 people", "18\u00a0500 people", ("18\u00a0000",), ("18\u00a0500",)),
    ],
)
def test_figures_that_went_and_came_are_told_apart(
    before: str, after: str, gone: tuple[str, ...], come: tuple[str, ...]
) -> None:
    wording = compare_words(before, after)
    assert (wording.figures_removed, wording.figures_added) == (gone, come)


def test_words_are_counted_and_signs_are_not() -> None:
    wording = compare_words("He said: yes, at last.", "She said nothing.")
    assert (wording.words_removed, wording.words_added) == (4, 2)
    assert (wording.removed[0], wording.added[0]) == ("He", "She")


def test_only_spaces_are_no_other_words() -> None:
    wording = compare_words("Help begins\nat the quay.", "Help begins at  the quay.")
    assert wording.same
    assert not compare_words("Help", "help").same


def test_what_has_no_words_is_told_whole() -> None:
    assert marked(replaced("0a12", "0a13")) == "[-0a12-][+0a13+]"
    assert marked(replaced("", "0a13")) == "[+0a13+]"


words = st.lists(
    st.sampled_from(
        ["the", "port", "opens", ",", ".", "12", "١٢", "الميناء", "مَدرسة", "10%", "Al-Amal", "\u200f", "é", "港"]
    )
)
texts = st.one_of(words.map(" ".join), st.text(max_size=60))


@given(texts, texts)
def test_what_stayed_and_came_is_the_text_after_and_what_stayed_and_went_the_one_before(
    before: str, after: str
) -> None:
    wording = compare_words(before, after)
    joined = {
        fate: "".join(run.text for run in wording.runs if run.fate in (Fate.KEPT, fate))
        for fate in (Fate.REMOVED, Fate.ADDED)
    }
    assert joined[Fate.ADDED].strip() == after.strip()
    assert "".join(joined[Fate.REMOVED].split()) == "".join(before.split())
    assert all(run.text for run in wording.runs)
    assert wording.same or before.split() != after.split()


@given(texts)
def test_a_text_that_is_as_it_was_has_no_changes(text: str) -> None:
    wording = compare_words(text, text)
    assert (wording.same, wording.figures_removed, wording.words_added) == (True, (), 0)


def test_a_paragraph_that_says_the_same_again_and_again_is_told_as_replaced() -> None:
    before, after = "to and fro " * 300, "fro and to " * 300
    wording = compare_words(f"First {before}last", f"First {after}last")
    assert [run.fate for run in wording.runs] == [Fate.KEPT, Fate.REMOVED, Fate.ADDED, Fate.KEPT]
    assert (wording.words_removed, wording.words_added) == (900, 900)
