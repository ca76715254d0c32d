"""What readers would stumble over in a mail is found in the mail that the templates make."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from material import edition, issue, office_templates, short_issue, template

from mailer.releases.content import Photo
from mailer.releases.lint import Finding, Kind
from mailer.rendering import load_template
from mailer.rendering.contrast import BLACK, WHITE, Colour, contrast
from mailer.rendering.lint import check_mail, cut_at, shown_length
from mailer.rendering.page import Page


def look(body: str = "Some words.", **parts: object) -> tuple[Finding, ...]:
    return check_mail(template(), short_issue(body=body, **parts))


def kinds(found: tuple[Finding, ...]) -> list[Kind]:
    return [finding.kind for finding in found]


def test_of_the_demonstration_only_the_long_subjects_are_told() -> None:
    assert [(f.kind, f.language) for f in check_mail(template(), issue())] == [
        (Kind.SUBJECT, language) for language in ("en", "ar", "fr")
    ]


def test_a_subject_is_cut_where_mail_programs_cut_it() -> None:
    (found,) = look(headline="Port " * 15)
    assert found.place.words == f"{('Port ' * 14).strip()} …"
    assert "has 74 characters" in found.text
    assert f"“{('Port ' * 8).strip()} …”" in found.text
    assert look(headline="x" * 70) == ()


def test_only_characters_that_are_seen_take_room() -> None:
    assert shown_length("مُحَمَّد\u200f") == 4
    assert shown_length("新聞") == 4
    assert cut_at("مُحَمَّد", 2) == "مُحَ"


@given(st.text(max_size=60), st.integers(0, 40))
def test_what_is_left_of_a_subject_takes_no_more_room_than_there_is(text: str, room: int) -> None:
    cut = cut_at(text, room)
    assert text.startswith(cut)
    assert shown_length(cut) <= room


def test_a_link_into_the_mail_leads_to_something() -> None:
    (found,) = look("First.\n\nSee [the notes](#notes).")
    assert (found.kind, str(found.place)) == (Kind.LINK, "paragraph 2")
    assert "#notes leads to a place in the mail that is not there" in found.text
    assert look("See [the beginning](#edition-en).") == ()


def test_a_link_of_a_page_alone_leads_nowhere() -> None:
    assert "no whole address" in look("See [it](../ports.html).")[0].text


def test_a_dead_link_of_the_template_is_told_as_the_templates(tmp_path: Path) -> None:
    folder = office_templates(
        tmp_path, edition_html='<a href="#top">Up</a><a name="there"></a><a href="#there">x</a>'
    )
    (found,) = check_mail(load_template(folder, "plain"), short_issue())
    assert (found.kind, str(found.place), found.remedy) == (Kind.LINK, "mail", "Correct it in the template.")


def test_a_picture_without_words_is_found() -> None:
    whole = edition("en")
    assert whole.photo
    for photo, expected in (
        (Photo(asset=whole.photo.asset), [Kind.IMAGE]),
        (Photo(asset=whole.photo.asset, caption="The quay."), []),
        (Photo(asset=whole.photo.asset, alt="The quay."), []),
    ):
        short = short_issue(photo=photo)
        with_picture = issue(editions=short.editions)
        assert kinds(check_mail(template(), with_picture)) == expected


def test_a_mail_that_gmail_would_cut_is_told() -> None:
    (found,) = look("A word of it. " * 8000)
    assert (found.kind, "102 kB" in found.text) == (Kind.SIZE, True)


def test_a_picture_does_not_count_as_html() -> None:
    assert Kind.SIZE not in kinds(check_mail(template(), issue("en")))


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<p style="color:#999999">Words</p>', [Kind.CONTRAST]),
        ('<p style="color: #fff">Words</p>', [Kind.CONTRAST]),
        ('<table bgcolor="#0b4f6c"><tr><td>Words</td></tr></table>', [Kind.CONTRAST]),
        ('<p style="color:#888888;font-size:24px">Words</p>', []),
        ('<p style="color:#888888;font-size:19px"><b>Words</b></p>', []),
        ('<div style="background-color:#0b4f6c"><p style="color:white">Words</p></div>', []),
        ('<div style="color:#999"><p style="color:#111">Words</p></div>', []),
        ('<p style="color:var(--ink)">Words</p>', []),
    ],
)
def test_what_cannot_be_read_on_its_ground_is_found(tmp_path: Path, html: str, expected: list[Kind]) -> None:
    folder = office_templates(tmp_path, edition_html=html)
    assert kinds(check_mail(load_template(folder, "plain"), short_issue())) == expected


def test_a_mail_that_cannot_be_made_is_a_finding(tmp_path: Path) -> None:
    folder = office_templates(tmp_path, edition_html="{{ edition.headlin }}")
    (found,) = check_mail(load_template(folder, "plain"), short_issue())
    assert found.kind is Kind.MAIL
    assert "headlin is not known" in found.text


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast(BLACK, WHITE) == pytest.approx(21)
    assert contrast(WHITE, Colour(0x76, 0x76, 0x76)) == pytest.approx(4.54, abs=0.01)
    assert Colour.parsed("rgb(255, 0, 0) !important") == Colour.parsed("#F00") == Colour.parsed("red")
    assert Colour.parsed("transparent") is None


@given(st.text(alphabet="<>/=\"' abpimgstylecor:#;0123", max_size=120))
def test_no_html_stops_the_reading(html: str) -> None:
    Page.of(html)
