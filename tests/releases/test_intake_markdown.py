"""A release in Markdown is read by its front matter and headings; what the front matter gets wrong is named."""

from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from mailer.errors import BadRelease
from mailer.releases.content import Boilerplate, PressContact, Related
from mailer.releases.intake import Intake, read_release

FRONT = """language: en
headline: "Shared centres: a first"
dateline: Beirut, 24 November 2026
"""
TEXT = "The **centres** open.\n\n- one\n\n- two\n\n"
FOOT = """## About the ESRF

A [federation](https://esrf.example).

## Press contacts

In Beirut, ESRF Head of Press, **Lamia Tarazi**, [lamia@esrf.example](mailto:lamia@esrf.example)
"""


def take(folder: Path, front: str, text: str = TEXT + FOOT, *, language: str = "", name: str = "r.md") -> Intake:
    file = folder / name
    file.write_text(f"---\n{front}---\n\n{text}" if front else text, "utf-8")
    return read_release(file, language=language)


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_the_samples_have_the_same_parts_as_the_english_one(language: str) -> None:
    with files("mailer.demo").joinpath(f"release.{language}.md").open() as sample:
        intake = read_release(Path(sample.name))
    content = intake.content
    assert content.language == language
    assert content.photo is not None
    assert all((content.headline, content.subhead, content.photo.caption, content.photo.credit, content.photo.alt))
    assert (len(content.cities), content.day) == (2, date(2026, 11, 24))
    assert len(content.paragraphs) == 10
    assert len(content.boilerplates) == 2
    assert [c.address for c in content.press_contacts] == [
        "lamia.tarazi@esrf.example",
        "sherif.mandour@wpa.example",
    ]
    assert [c.city for c in content.press_contacts] == list(content.cities)
    assert all((c.title and c.organisation and c.name) for c in content.press_contacts)
    assert intake.doubts == ()


def test_front_matter_and_sections_are_read_whole(tmp_path: Path) -> None:
    front = FRONT + (
        "subhead: A plan\ncaption: Tents\ncredit: '@dalia'\nalt: Tents on a quay\nphoto: img/quay.jpg\n"
        "embargo: 2026-12-22 10:00\nzone: Asia/Beirut\norganisations: [esrf, WPA]\nslug: ferry-ports\n"
    )
    intake = take(tmp_path, front)
    content = intake.content
    assert (content.headline, content.subhead) == ("Shared centres: a first", "A plan")
    assert (content.cities, content.day) == (("Beirut",), date(2026, 11, 24))
    assert content.body == TEXT.strip()
    assert content.boilerplates == (
        Boilerplate(heading="About the ESRF", text="A [federation](https://esrf.example)."),
    )
    assert content.press_contacts == (
        PressContact(
            city="Beirut",
            name="Lamia Tarazi",
            title="Head of Press",
            organisation="ESRF",
            address="lamia@esrf.example",
        ),
    )
    assert content.photo is not None
    assert (content.photo.caption, content.photo.credit, content.photo.alt) == (
        "Tents",
        "@dalia",
        "Tents on a quay",
    )
    assert (intake.photo_file, intake.embargo, intake.zone) == ("img/quay.jpg", "2026-12-22 10:00", "Asia/Beirut")
    assert (intake.organisations, intake.slug, intake.doubts) == (("esrf", "WPA"), "ferry-ports", ())


@pytest.mark.parametrize(
    "front",
    [
        "cities: [Beirut, Cairo]\ndate: 2026-11-24\n",
        "cities: Beirut / Cairo\ndate: 24 November 2026\n",
        "dateline: Beirut / Cairo, 24 November 2026\n",
    ],
)
def test_a_dateline_may_be_given_in_one_line_or_in_two_keys(tmp_path: Path, front: str) -> None:
    content = take(tmp_path, f"language: en\nheadline: Centres\n{front}").content
    assert (content.cities, content.day) == (("Beirut", "Cairo"), date(2026, 11, 24))


@pytest.mark.parametrize(
    "start",
    [
        "**Beirut, 24 November 2026** – The *centres* open.",
        "*Beirut, 24 November 2026*: The *centres* open.",
        "Beirut, 24 November 2026 – The *centres* open.",
        "**Beirut, 24 November 2026**\n\nThe *centres* open.",
    ],
)
def test_headline_and_dateline_may_stand_in_the_text(tmp_path: Path, start: str) -> None:
    intake = take(tmp_path, "", f"# *Shared* centres\n\n{start}\n\n{FOOT}", language="en")
    assert intake.content.headline == "Shared centres"
    assert (intake.content.cities, intake.content.day) == (("Beirut",), date(2026, 11, 24))
    assert intake.content.body == "The *centres* open."
    assert intake.doubts == ()


def test_front_matter_makes_a_text_file_markdown(tmp_path: Path) -> None:
    assert take(tmp_path, FRONT, name="r.txt") == take(tmp_path, FRONT)


def test_a_bold_line_is_a_heading_too(tmp_path: Path) -> None:
    foot = FOOT.replace("## About the ESRF", "**About the ESRF:**").replace(
        "## Press contacts", "**Press contacts**"
    )
    assert take(tmp_path, FRONT, TEXT + foot).content == take(tmp_path, FRONT).content


def test_headings_of_the_text_stay_in_it(tmp_path: Path) -> None:
    text = "One.\n\n## The background\n\nTwo.\n\n***\n\n## Notes to editors\n\nThree.\n\n"
    intake = take(tmp_path, FRONT, text + FOOT)
    assert intake.content.body == text.strip()
    assert intake.doubts == ()


def test_a_heading_that_is_no_part_is_told_when_it_comes_after_them(tmp_path: Path) -> None:
    intake = take(tmp_path, FRONT, TEXT + FOOT + "\n## Our donors\n\nMany.\n")
    assert intake.content.paragraphs[-2:] == ("## Our donors", "Many.")
    assert ["Our donors" in doubt.text for doubt in intake.doubts] == [True]


def test_a_link_s_definition_is_kept_with_the_text(tmp_path: Path) -> None:
    intake = take(tmp_path, FRONT, "The [ports][p] open.\n\n" + FOOT + "\n[p]: https://esrf.example/ports\n")
    assert intake.content.paragraphs == ("The [ports][p] open.", "[p]: https://esrf.example/ports")
    assert len(intake.content.press_contacts) == 1


def test_related_links_keep_safe_addresses_only(tmp_path: Path) -> None:
    links = (
        "\n## Related press releases\n\n- [One](https://esrf.example/1)\n- [Two](ftp://esrf.example/2)\n- Three\n"
    )
    related = take(tmp_path, FRONT, TEXT + FOOT + links).content.related
    assert [r.url for r in related] == ["https://esrf.example/1", "", ""]
    assert [r.title for r in related] == ["One", "Two", "Three"]
    assert related[0] == Related(title="One", url="https://esrf.example/1")


@pytest.mark.parametrize(
    ("front", "words"),
    [
        ("headlin: X\n", "line 2: headlin is not a key.* Did you mean headline"),
        ("zzz: X\n", "Known keys: language"),
        ("headline: Centres: a first\n", "line 2: .*quotation marks"),
        ("headline: One\nheadline: Two\n", "line 3: headline is there twice, first in line 2"),
        ("headline: [One, Two]\n", "line 2: headline is not a line of text"),
        ("organisations: [{a: b}]\n", "not a plain list"),
        ("just words\n", "no keys"),
        ("[" * 5000 + "\n", "not YAML|cannot be read"),
        (FRONT + "cities: Cairo\n", "line 4: dateline and cities"),
        (FRONT + "photo: ../secret.jpg\n", "line 5: the photo"),
        (FRONT + "photo: /etc/passwd\n", "the photo"),
        (FRONT + "photo: C:\\x.jpg\n", "the photo"),
        (FRONT + "slug: Ferry Ports\n", "slug"),
        (FRONT + "slug: " + "a" * 81 + "\n", "slug"),
        ("language: en\n", "no headline"),
        ("language: tlh\nheadline: X\n", "line 2: Dateline cannot read a release in tlh"),
    ],
)
def test_front_matter_that_cannot_be_used_is_named_with_its_line(tmp_path: Path, front: str, words: str) -> None:
    with pytest.raises(BadRelease, match=words):
        take(tmp_path, front)


def test_front_matter_without_an_end_is_named(tmp_path: Path) -> None:
    (tmp_path / "r.md").write_text("---\nheadline: X\n\nText.\n")
    with pytest.raises(BadRelease, match="line 1: the front matter has no end"):
        read_release(tmp_path / "r.md", language="en")


def test_two_languages_for_one_edition_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRelease, match="it says that it is in en, and fr was asked for"):
        take(tmp_path, FRONT, language="fr")


def test_a_comment_that_may_be_the_headline_s_end_is_told(tmp_path: Path) -> None:
    intake = take(tmp_path, FRONT.replace('"Shared centres: a first"', "Appeal #3 for ports"))
    assert intake.content.headline == "Appeal"
    assert [(doubt.line, "3 for ports" in doubt.text) for doubt in intake.doubts] == [(3, True)]


def test_every_value_is_text_as_it_was_written(tmp_path: Path) -> None:
    intake = take(tmp_path, FRONT + "alt: yes\ncaption: 2026-11-24\ncredit: 0x10\nembargo: 2026-12-22 10:00\n")
    assert intake.content.photo is not None
    assert (intake.content.photo.alt, intake.content.photo.caption, intake.content.photo.credit) == (
        "yes",
        "2026-11-24",
        "0x10",
    )


def test_an_embargo_in_the_text_beside_the_front_matter_s_is_told(tmp_path: Path) -> None:
    front = FRONT + "embargo: 2026-12-22 10:00\nzone: Asia/Beirut\n"
    intake = take(tmp_path, front, "**EMBARGOED until 11:00**\n\n" + TEXT + FOOT)
    assert intake.embargo_line == "EMBARGOED until 11:00"
    assert intake.content.body == TEXT.strip()
    assert ["2026-12-22 10:00 Asia/Beirut" in doubt.text for doubt in intake.doubts] == [True]


@pytest.mark.parametrize("escape", [r"\uD800", r"\u202e", r"\0", r"\u2028", r"\x07"])
def test_an_escape_does_not_bring_in_what_the_file_was_cleaned_of(tmp_path: Path, escape: str) -> None:
    with pytest.raises(BadRelease, match=r"line 3.*cannot be seen"):
        take(tmp_path, FRONT.replace('"Shared centres: a first"', f'"Shared {escape} centres"'))
