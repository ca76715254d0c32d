"""What was never filled in is found, and what only looks like it is left in peace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.releases.content import EditionContent
from mailer.releases.lint.passages import passages
from mailer.releases.lint.placeholders import placeholders


def found(paragraph: str) -> list[str]:
    content = EditionContent(language="en", headline="", body=paragraph)
    return [p.text[start:end] for p in passages(content) for start, end in placeholders(p.text)]


LEFT = [
    "Some XX per cent of families",
    "Beirut, XX November 2026",
    "Call +961 X XXX XXX",
    "USD XXX million",
    "Mr. XX said",
    "In XX, the committee",
    "about X million people",
    "X% of",
    "date TBC",
    "(tbc)",
    "TBD.",
    "[name]",
    "[NAME]",
    "[Name, title]",
    "[insert quote here]",
    "[your name]",
    "[اسم]",
    "[الاسم]",
    "[أدخل الرقم]",
    "lorem ipsum dolor",
    "Total : à compléter",
    "(à confirmer)",
    "À compléter",
    "(يُستكمل لاحقًا)",
    "يُستكمل",
    "{{name}}",
    "signed by ____ on",
    "%NAME%",
    "the figure is ???",
    "xxx",
    "on XX/XX/2026",
    "XXXX",
    "[nom du ministre]",
    "[quote from the minister]",
    "[name 1]",
    "TKTK",
    "to be confirmed",
    "Venue: to be confirmed.",
    "[to come]",
    "Le XX novembre",
    "[date]",
    "“[name] told us”",
    "بلغ XX في المئة",
    "a XX-year plan",
    "[fecha]",
    "[phone number]",
    "<name>",
]

MEANT = [
    "the XX century",
    "au XXe siècle",
    "en el siglo XX",
    "Article XX of the charter",
    "XX Congreso Mundial",
    "the Games of the XXX Olympiad",
    "Super Bowl XX",
    "“[the ministry] agreed”",
    "“It was [sic] there”",
    "“[...] and”",
    "[…]",
    "“[our] people”",
    "Cases to be confirmed by the laboratory",
    "un formulaire à compléter avant le 3 mars",
    "يستكمل الفريق عمله",
    "X (formerly Twitter)",
    "on X, the ministry",
    "see page xx",
    "“[they] added”",
    "[added emphasis]",
    "[name withheld]",
    "“take care of [your] family”",
    "Wait... and then....",
    "the XX/XY chromosomes",
    "XXIII",
    "a date is set",
    "Max XXL",
    "T.B.C",
    "TBCs",
    "WTBD",
    "the [new] centre",
    "“[add]”",
    "القرن XX",
    "PlayStation",
    "[1]",
    "[2026]",
    "[Beirut]",
    "The XX chromosome",
    "[translated from Arabic]",
    "[in Arabic]",
    "COP30",
    "3 < 4 and 5 > 2",
    "50% AND 60%",
    "l’année à venir",
    "the years to come",
    "Les travaux : à venir bientôt",
]


@pytest.mark.parametrize("text", LEFT)
def test_what_was_never_filled_in_is_found(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize("text", MEANT)
def test_what_is_meant_as_it_stands_is_left_in_peace(text: str) -> None:
    assert found(text) == []


def test_each_is_told_once_and_with_its_words() -> None:
    told = found("On XX March [name] said that XX per cent (TBC) came, [insert quote].")
    assert told == ["XX", "[name]", "XX", "TBC", "[insert quote]"]


@given(st.text(alphabet="Xx[]{}()<>_?.: nametbcTBC%\u0627\u0633\u0645", max_size=80))
def test_whatever_is_written_the_places_lie_in_the_text_and_not_over_each_other(text: str) -> None:
    last = 0
    for start, end in placeholders(text):
        assert last <= start < end <= len(text)
        last = end
