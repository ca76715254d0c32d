"""What changed between two versions is found part by part, and no paragraph is taken for another."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.clock import ZonedTime
from mailer.releases.content import Boilerplate, EditionContent, Photo, PressContact, Related, VersionContent
from mailer.releases.differences import Change, Part, differences

EMBARGO = ZonedTime.parse("2026-12-22 10:00", "Asia/Beirut")
FIRST = "Help begins at the quay. It takes five years, said the two organisations."
SECOND = "The first three ports open in March, and each of them has a doctor."
THIRD = "Every clinic keeps its own stores, so that a storm at sea does not close it."

PHOTO = Photo(asset="0a" * 32, caption="The quay", credit="A. Haddad")
ENGLISH = EditionContent(
    language="en",
    headline="Ports agreement signed",
    cities=("Beirut", "Cairo"),
    day=date(2026, 11, 24),
    body=f"{FIRST}\n\n{SECOND}\n\n{THIRD}",
    photo=PHOTO,
    boilerplates=(Boilerplate(heading="About ESRF", text="ESRF helps along the coast."),),
    press_contacts=(PressContact(city="Beirut", name="Lamia Tarazi", phone="+961 1 555 0101"),),
    related=(Related(title="Ports plan", url="https://esrf.example/plan"),),
)
ARABIC = EditionContent(
    language="ar", headline="توقيع اتفاق الموانئ", body="تبدأ المساعدة على الرصيف، وتستمر خمس سنوات."
)
WHOLE = VersionContent(slug="ports", organisations=("esrf",), embargo=EMBARGO, editions=(ENGLISH, ARABIC))

Told = tuple[str, Part, Change, int | None, int | None]


def told(before: VersionContent, after: VersionContent) -> list[Told]:
    return [(d.language, d.part, d.change, d.before, d.after) for d in differences(before, after)]


def english(**changes: object) -> VersionContent:
    return replace(WHOLE, editions=(replace(ENGLISH, **changes), ARABIC))  # type: ignore[arg-type]


def of_body(*paragraphs: str) -> list[Told]:
    return told(WHOLE, english(body="\n\n".join(paragraphs)))


def test_a_version_does_not_differ_from_itself() -> None:
    assert told(WHOLE, WHOLE) == []


@pytest.mark.parametrize(
    ("changes", "part", "change", "removed", "added"),
    [
        ({"headline": "Ports treaty signed"}, Part.HEADLINE, Change.CHANGED, ("agreement",), ("treaty",)),
        ({"subhead": "Five years"}, Part.SUBHEAD, Change.ADDED, (), ("Five years",)),
        ({"cities": ("Beirut",)}, Part.DATELINE, Change.CHANGED, ("/ Cairo",), ()),
        ({"day": date(2026, 11, 25)}, Part.DATELINE, Change.CHANGED, ("24",), ("25",)),
        ({"photo": replace(PHOTO, caption="")}, Part.CAPTION, Change.REMOVED, ("The quay",), ()),
        ({"photo": replace(PHOTO, credit="B. Haddad")}, Part.CREDIT, Change.CHANGED, ("A",), ("B",)),
        ({"photo": replace(PHOTO, alt="A quay")}, Part.ALT, Change.ADDED, (), ("A quay",)),
        ({"photo": replace(PHOTO, asset="0b" * 32)}, Part.PICTURE, Change.CHANGED, ("0a" * 32,), ("0b" * 32,)),
    ],
)
def test_each_part_is_compared(
    changes: dict[str, object], part: Part, change: Change, removed: tuple[str, ...], added: tuple[str, ...]
) -> None:
    (found,) = differences(WHOLE, english(**changes))
    assert (found.language, found.part, found.change) == ("en", part, change)
    assert (found.wording.removed, found.wording.added) == (removed, added)


def test_paragraphs_are_matched_before_their_words() -> None:
    assert of_body(FIRST.replace("five", "six"), SECOND, THIRD) == [("en", Part.PARAGRAPH, Change.CHANGED, 1, 1)]
    assert of_body("It is signed.", FIRST, SECOND, THIRD) == [("en", Part.PARAGRAPH, Change.ADDED, None, 1)]
    assert of_body(FIRST, THIRD) == [("en", Part.PARAGRAPH, Change.REMOVED, 2, None)]
    assert of_body("It is signed.", FIRST.replace("five", "six"), THIRD) == [
        ("en", Part.PARAGRAPH, Change.ADDED, None, 1),
        ("en", Part.PARAGRAPH, Change.CHANGED, 1, 2),
        ("en", Part.PARAGRAPH, Change.REMOVED, 2, None),
    ]
    assert of_body(SECOND, FIRST, THIRD)[0][1:3] == (Part.PARAGRAPH, Change.MOVED)
    assert len(of_body(SECOND, FIRST, THIRD)) == 1
    assert of_body(f"{FIRST}", SECOND.replace("open in", "open\nin"), THIRD) == [
        ("en", Part.PARAGRAPH, Change.SPACING, 2, 2)
    ]


def test_another_text_is_not_another_wording() -> None:
    assert of_body(FIRST, "Nobody was hurt when rain fell over Cairo.", THIRD) == [
        ("en", Part.PARAGRAPH, Change.REMOVED, 2, None),
        ("en", Part.PARAGRAPH, Change.ADDED, None, 2),
    ]


def test_boilerplates_press_contacts_and_related_releases_are_compared_one_by_one() -> None:
    after = english(
        boilerplates=(*ENGLISH.boilerplates, Boilerplate(heading="About MRA", text="MRA pays for it.")),
        press_contacts=(replace(ENGLISH.press_contacts[0], phone="+961 1 555 0102"),),
        related=(),
    )
    assert told(WHOLE, after) == [
        ("en", Part.BOILERPLATE, Change.ADDED, None, 2),
        ("en", Part.PRESS_CONTACT, Change.CHANGED, 1, 1),
        ("en", Part.RELATED, Change.REMOVED, 1, None),
    ]


def test_arabic_is_compared_as_english_is() -> None:
    body = "تبدأ المساعدة على الرصيف، وتستمر ٦ سنوات."
    (found,) = differences(WHOLE, replace(WHOLE, editions=(ENGLISH, replace(ARABIC, body=body))))
    assert (found.language, found.before, found.wording.removed, found.wording.added) == (
        "ar",
        1,
        ("خمس",),
        ("٦",),
    )
    assert found.wording.figures_added == ("٦",)


def test_an_embargo_that_moved_and_an_organisation_that_came_are_told() -> None:
    moved = ZonedTime.parse("2026-12-22 11:00", "Asia/Beirut")
    after = replace(WHOLE, embargo=moved, organisations=("esrf", "mra"))
    assert told(WHOLE, after) == [
        ("", Part.EMBARGO, Change.CHANGED, None, None),
        ("", Part.ORGANISATIONS, Change.CHANGED, None, None),
    ]
    assert told(WHOLE, replace(WHOLE, embargo=None)) == [("", Part.EMBARGO, Change.REMOVED, None, None)]


def test_an_edition_that_came_is_told_with_all_its_parts() -> None:
    alone = replace(WHOLE, editions=(ENGLISH,))
    assert told(alone, WHOLE) == [
        ("ar", Part.EDITION, Change.ADDED, None, None),
        ("ar", Part.HEADLINE, Change.ADDED, None, None),
        ("ar", Part.PARAGRAPH, Change.ADDED, None, 1),
    ]
    assert [change for _, _, change, _, _ in told(WHOLE, alone)] == [Change.REMOVED] * 3


def test_a_version_is_compared_by_its_canonical_text() -> None:
    assert told(VersionContent.parse(WHOLE.canonical()), WHOLE) == []


paragraphs = st.lists(
    st.sampled_from([FIRST, SECOND, THIRD, FIRST.replace("five", "six"), "Short.", "موجز."]), max_size=7
)


@given(paragraphs, paragraphs)
def test_each_paragraph_is_told_once_and_what_is_not_told_is_as_it_was(
    before: list[str], after: list[str]
) -> None:
    found = differences(english(body="\n\n".join(before)), english(body="\n\n".join(after)))
    gone = [d.before for d in found if d.before is not None]
    come = [d.after for d in found if d.after is not None]
    assert len(set(gone)) == len(gone)
    assert come == sorted(set(come))
    stays = [text for number, text in enumerate(before, 1) if number not in gone]
    assert stays == [text for number, text in enumerate(after, 1) if number not in come]
