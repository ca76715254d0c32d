"""What a text holds that nobody would want in print is found before it is frozen, with its place and what to do."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

import mailer
from mailer.clock import ZonedTime
from mailer.releases.comparison import Part
from mailer.releases.content import EditionContent, Photo, PressContact, Related, VersionContent
from mailer.releases.intake import read_release
from mailer.releases.lint import Finding, Kind, check_texts, place_of_link
from mailer.releases.lint.directions import runs_against, unpaired_marks

DEMO = Path(mailer.__file__).parent / "demo"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER, BEFORE = (ZonedTime.parse(f"2026-11-{day} 10:00", "Asia/Beirut") for day in (26, 23))
LAMIA = PressContact(city="Beirut", name="Lamia Tarazi", address="lamia.tarazi@esrf.example")
ENGLISH = "The ministry of ports opened the reception centre in the old harbour today."
ARABIC = "افتتحت وزارة الموانئ اليوم مركز الاستقبال الجديد في المرفأ القديم."


def look(
    *paragraphs: str, language: str = "en", embargo: ZonedTime | None = None, line: str = "", **parts: object
) -> tuple[Finding, ...]:
    words = {"headline": "Port opens", "cities": ("Beirut",), "press_contacts": (LAMIA,)} | parts
    edition = EditionContent(language=language, body="\n\n".join(paragraphs), **words)  # type: ignore[arg-type]
    content = VersionContent(slug="ports", organisations=("esrf",), embargo=embargo, editions=(edition,))
    return check_texts(content, embargo_line=line, at=NOON)


def told(found: tuple[Finding, ...]) -> list[tuple[Kind, str, str]]:
    return [(finding.kind, str(finding.place), finding.place.words) for finding in found]


def test_the_demonstrations_editions_have_nothing_to_look_at() -> None:
    editions = tuple(read_release(file).content for file in sorted(DEMO.glob("release.*")))
    content = VersionContent(slug="ports", organisations=("esrf",), embargo=LATER, editions=editions)
    assert check_texts(content, embargo_line="", at=NOON) == ()


def test_each_has_its_place_its_words_and_what_to_do() -> None:
    (found,) = look(ENGLISH, "Of all families, XX per cent came by ferry.")
    assert told((found,)) == [(Kind.PLACEHOLDER, "paragraph 2", "Of all families, XX per cent came by ferry.")]
    assert (found.language, found.remedy) == ("en", "Write what belongs there, or take it out.")


@pytest.mark.parametrize(
    ("parts", "place"),
    [
        ({"headline": "XX ports open"}, "headline"),
        ({"subhead": "In [city], TBC"}, "subhead"),
        ({"photo": Photo(caption="The quay. (TBC)")}, "caption"),
        ({"photo": Photo(credit="Photo: [name]")}, "credit"),
        ({"press_contacts": (LAMIA, PressContact(city="Cairo", name="XX"))}, "press contact 2"),
        (
            {"press_contacts": (PressContact(city="Beirut", name="Lamia", phone="+961 X XXX XXX"),)},
            "press contact 1",
        ),
        (
            {"press_contacts": (PressContact(city="Beirut", name="L", address="name@example.com"),)},
            "press contact 1",
        ),
        ({"related": (Related(title="[title]"),)}, "related release 1"),
    ],
)
def test_it_is_found_in_every_part_of_an_edition(parts: dict[str, object], place: str) -> None:
    assert {(kind, where) for kind, where, _ in told(look(ENGLISH, **parts))} == {(Kind.PLACEHOLDER, place)}


@pytest.mark.parametrize(
    "url",
    ["#", "", "http://", "http://example", "https://www.example.com/page", "http://localhost:8000/", "mailto:x"],
)
def test_a_link_without_a_real_address_is_found(url: str) -> None:
    assert [kind for kind, *_ in told(look(f"{ENGLISH} See [the list]({url})."))] == [Kind.LINK]


@pytest.mark.parametrize(
    "url", ["https://esrf.example/ports", "mailto:lamia@esrf.example", "https://who.int", "#notes"]
)
def test_a_real_link_is_left_in_peace(url: str) -> None:
    assert look(f"{ENGLISH} See [the list]({url}).") == ()


def test_a_related_release_whose_address_is_an_example_is_found() -> None:
    found = look(ENGLISH, related=(Related(title="Clinic", url="https://example.org/"),))
    assert told(found) == [(Kind.LINK, "related release 1", "https://example.org/")]


def test_a_city_without_a_press_contact_is_named() -> None:
    found = look(ENGLISH, cities=("Beirut", "Cairo", "Tunis"))
    assert told(found) == [(Kind.CONTACT, "dateline", "Cairo"), (Kind.CONTACT, "dateline", "Tunis")]
    assert len(look(ENGLISH, cities=("Beirut", "Cairo"), press_contacts=())) == 1
    assert look(ARABIC, language="ar", cities=("بيروت",)) == ()


def test_an_embargo_that_is_past_or_was_never_entered_is_told_of_the_whole_release() -> None:
    for found in (look(ENGLISH, embargo=BEFORE), look(ENGLISH, line="EMBARGO: Thursday")):
        assert [(f.kind, f.language, f.place.part) for f in found] == [(Kind.EMBARGO, "", Part.EMBARGO)]
    assert look(ENGLISH, embargo=LATER) == ()


SPEAKS = [
    "This text is embargoed until Thursday.",
    "Embargo: 26 November, 10:00",
    "Not for publication before Thursday.",
    "Sous strict embargo jusqu’au 26 novembre. Ne pas publier avant.",
    "Embargado hasta el jueves.",
    "محظور النشر حتى الخميس.",
]


@pytest.mark.parametrize("words", SPEAKS)
def test_a_text_that_speaks_of_an_embargo_has_one(words: str) -> None:
    assert [f.kind for f in look(ENGLISH, words)] == [Kind.EMBARGO]
    assert look(ENGLISH, words, embargo=LATER) == ()


@pytest.mark.parametrize(
    "words",
    ["The arms embargo until 2030 stays.", "The country has been under an embargo since 1962.", "حظر الأسلحة"],
)
def test_another_embargo_is_left_in_peace(words: str) -> None:
    assert look(ENGLISH, words) == ()


@pytest.mark.parametrize("words", ["FOR IMMEDIATE RELEASE", "Pour diffusion immédiate", "للنشر الفوري"])
def test_a_text_that_may_be_published_at_once_is_not_embargoed(words: str) -> None:
    assert [f.kind for f in look(ENGLISH, words, embargo=LATER)] == [Kind.EMBARGO]
    assert look(ENGLISH, words) == ()


def test_a_paragraph_in_the_other_script_is_found() -> None:
    assert told(look(ENGLISH, ARABIC))[0][:2] == (Kind.DIRECTION, "paragraph 2")
    assert told(look(ARABIC, ENGLISH, language="ar"))[0][:2] == (Kind.DIRECTION, "paragraph 2")


def test_an_edition_all_in_the_other_script_is_told_once() -> None:
    (found,) = look(ENGLISH, ENGLISH, ENGLISH, language="ar", headline="")
    assert found.text == "Every paragraph of the Arabic edition is in Latin letters."


def test_names_and_addresses_inside_arabic_do_not_count() -> None:
    assert not runs_against(
        "https://esrf.example/en/news/the-reception-centres-of-the-harbour بيروت", right_to_left=True
    )
    assert not runs_against("ESRF/Dalia Sfeir", right_to_left=True)
    assert not runs_against("Правительство открыло новый центр приёма в порту", right_to_left=False)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a \u2067b\u2069 \u202bc\u202c", ()),
        ("a \u202eb", ("right-to-left override",)),
        ("a \u2069b", ("pop directional isolate",)),
        ("a \u2066b \u202ac\u2069", ("left-to-right embedding",)),
        ("a \u202bb\u2069\u202c", ("pop directional isolate",)),
        ("a \u2067\u202cb\u2069", ("pop directional formatting",)),
        ("a \u200fb", ()),
    ],
)
def test_marks_of_direction_come_in_pairs(text: str, names: tuple[str, ...]) -> None:
    assert unpaired_marks(text) == names
    assert [f.kind for f in look(ENGLISH, text)] == ([Kind.DIRECTION] if names else [])


def test_the_name_of_a_file_says_nothing_to_who_cannot_see_the_photo() -> None:
    found = look(ENGLISH, photo=Photo(asset="ab" * 32, caption="The quay.", alt="IMG_2034.jpg"))
    assert told(found) == [(Kind.IMAGE, "picture", "IMG_2034.jpg")]


def test_words_in_a_long_paragraph_are_shown_with_the_words_round_them() -> None:
    (found,) = look(f"{ENGLISH} Some XX families came. {ENGLISH}")
    assert (
        found.place.words
        == "… reception centre in the old harbour today. Some XX families came. The ministry of ports opened …"
    )


def test_a_link_is_found_where_it_stands() -> None:
    edition = EditionContent(language="en", headline="", body=f"{ENGLISH}\n\nSee [below](#notes).")
    assert str(place_of_link(edition, "#notes")) == "paragraph 2"
    assert place_of_link(edition, "#other") is None
