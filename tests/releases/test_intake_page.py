"""A text pasted from a page, or saved as one by Word or Google Docs, has the same parts as any other."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import BadRelease
from mailer.releases.intake import Intake, read_release
from mailer.releases.intake.parts import BadPart
from mailer.releases.intake.webpage import read_page

HEAD = "<h1>Centres to open in three ports</h1>\n<p>Beirut, 24 November 2026 – The first text is here.</p>\n"
FOOT = (
    "<h2>About the ESRF</h2><p>The federation helps along the coast.</p>"
    "<h2>For more information please contact</h2>"
    "<p>In Beirut, ESRF Head of Communications, Lamia Tarazi, lamia.tarazi@esrf.example</p>"
)


def taken(tmp_path: Path, page: str | bytes, language: str = "en", name: str = "release.html") -> Intake:
    file = tmp_path / name
    file.write_bytes(page.encode() if isinstance(page, str) else page)
    return read_release(file, language=language)


def body(tmp_path: Path, middle: str) -> str:
    return taken(tmp_path, HEAD + middle + FOOT).content.body.removeprefix("The first text is here.").strip()


def told(intake: Intake) -> str:
    return "\n".join(f"{doubt.line} {doubt.text}" for doubt in intake.doubts)


def test_a_page_has_all_parts_of_a_release(tmp_path: Path) -> None:
    intake = taken(tmp_path, f"<html><head><title>x</title></head><body>{HEAD}{FOOT}</body></html>", name="a.HTM")
    content = intake.content
    assert content.headline == "Centres to open in three ports"
    assert (content.cities, str(content.day)) == (("Beirut",), "2026-11-24")
    assert [boilerplate.heading for boilerplate in content.boilerplates] == ["About the ESRF"]
    assert content.press_contacts[0].address == "lamia.tarazi@esrf.example"
    assert intake.doubts == ()


WORD_ITEM = (
    "<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>{}"
    "<span>&nbsp;&nbsp; </span></span><![endif]>{}</p>"
)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a <b>bold</b> and <em>soft</em> word</p>", "a **bold** and *soft* word"),
        ("<p>a <strong>bold </strong>word</p>", "a **bold** word"),
        ("<p>one\n   two&nbsp;three &amp; four</p>", "one two\u00a0three & four"),
        ("<p>one<br>two</p>", "one\ntwo"),
        ("<div>one</div><div>two</div>", "one\n\ntwo"),
        ("<p>one<p>two", "one\n\ntwo"),
        ('<p><a href="https://esrf.example/x">here</a></p>', "[here](https://esrf.example/x)"),
        ('<p><a href="https://esrf.example/x">https://esrf.example/x</a></p>', "<https://esrf.example/x>"),
        (
            '<p><a href="https://www.google.com/url?q=https://esrf.example/x&amp;sa=D">here</a></p>',
            "[here](https://esrf.example/x)",
        ),
        ('<p><a href="javascript:alert(1)">here</a></p>', "here"),
        ('<p><a href="/relative">here</a></p>', "here"),
        ("<ul><li>one<li>two</ul>", "- one\n- two"),
        ("<ol><li>one</li><li><p>two</p></li></ol>", "1. one\n2. two"),
        ("<ul><li>one<ul><li>inner</li></ul></li><li>two</li></ul>", "- one\n    - inner\n- two"),
        ("<ul><li>one</li></ul><ol><li>two</li></ol>", "- one\n\n1. two"),
        (WORD_ITEM.format("·", "one") + WORD_ITEM.format("·", "two"), "- one\n- two"),
        (WORD_ITEM.format("1.", "one") + WORD_ITEM.format("2.", "two"), "1. one\n2. two"),
        ('<b style="font-weight:normal" id="docs-internal-guid-1"><p>plain</p></b>', "plain"),
        ('<p><span style="font-weight:700">heavy</span></p>', "**heavy**"),
        ("<style>.c1{font-weight:700} .c2{color:red}</style><p><span class='c1 c2'>heavy</span></p>", "**heavy**"),
        ("<p class=MsoNormal><o:p></o:p></p><p class=MsoNormal>text<o:p>&nbsp;</o:p></p>", "text"),
        ("<!-- comment <p>no</p> --><p>text</p>", "text"),
        ("<!--[if gte mso 9]><xml><w:x>no</w:x></xml><![endif]--><p>text</p>", "text"),
        ("<script>alert('no')</script><nav><p>Home</p></nav><p>text</p>", "text"),
        ("<p>soft&shy;hyphen</p>", "softhyphen"),
        (
            "<table><tr><td><p>Ports</p></td><td>14</td></tr><tr><td>Doctors<td>3</table>",
            "Ports | 14\n\nDoctors | 3",
        ),
        ("<table><tr><td><p>one</p><p>two</p></td></tr></table>", "one\n\ntwo"),
        ("<p>In <del>four</del><ins>five</ins> years</p>", "In five years"),
        ("<p>seen<span style='display:none'> hidden</span></p>", "seen"),
        ("<p>seen<span style='mso-hide:all'> hidden</span></p>", "seen"),
        ("<p>seen<s> struck</s></p>", "seen"),
        ("<p>2 * 3 &lt;b&gt; [a](b)</p>", r"2 * 3 \<b> \[a](b)"),
    ],
)
def test_a_page_comes_as_a_reader_sees_it(tmp_path: Path, html: str, text: str) -> None:
    assert body(tmp_path, html) == text


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p><ins>new</ins></p>", "3 Changes were tracked"),
        ("<p>x<span hidden>y</span></p>", "3 There is hidden text"),
        ("<p>x<strike>y</strike></p>", "3 There is text with a line through it"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "3 There is a table here"),
        ("<p>x</p><img src=x.jpg>", "3 There is a picture on the page"),
        ("<p>x\u202ey</p>", "3 Characters that cannot be seen"),
    ],
)
def test_what_is_left_out_is_told_with_its_line(tmp_path: Path, html: str, words: str) -> None:
    assert words in told(taken(tmp_path, HEAD + html + FOOT))


def test_a_figure_gives_the_photos_words(tmp_path: Path) -> None:
    figure = (
        '<figure><img src="https://esrf.example/a.jpg" alt="Tents on a quay">'
        "<figcaption>Families on the quay. Photo: ESRF/Dalia Sfeir</figcaption></figure>"
    )
    photo = taken(tmp_path, HEAD + figure + "<p>More text.</p>" + FOOT).content.photo
    assert photo is not None
    assert (photo.caption, photo.credit, photo.alt) == (
        "Families on the quay.",
        "ESRF/Dalia Sfeir",
        "Tents on a quay",
    )


@pytest.mark.parametrize(
    ("charset", "encoding"), [("windows-1252", "cp1252"), ("utf-8", "utf-8"), ("", "utf-8-sig")]
)
def test_a_page_is_read_in_the_letters_that_it_names(tmp_path: Path, charset: str, encoding: str) -> None:
    page = f'<meta http-equiv=Content-Type content="text/html; charset={charset}">{HEAD}<p>Beyoğlu'.replace(
        "ğ", "é"
    )
    assert taken(tmp_path, page.encode(encoding)).content.paragraphs[-1] == "Beyoélu"


def test_an_arabic_page_has_its_parts(tmp_path: Path) -> None:
    page = (
        '<div dir="rtl"><h1>توقيع اتفاق الموانئ</h1><p>بيروت، ٢٤ تشرين الثاني ٢٠٢٦ – وُقّع اليوم اتفاق في الموانئ.</p>'
        "<h2>نبذة عن اتحاد الساحل الشرقي للإغاثة</h2><p>يعمل الاتحاد على امتداد الساحل.</p><h2>للمزيد من المعلومات</h2>"
        "<p>في بيروت، رئيسة قسم الاتصال، لمياء طرزي، <span dir=ltr>lamia.tarazi@esrf.example</span></p></div>"
    )
    intake = taken(tmp_path, page, "ar")
    assert (intake.content.cities, str(intake.content.day)) == (("بيروت",), "2026-11-24")
    assert intake.content.press_contacts[0].name == "لمياء طرزي"
    assert intake.doubts == ()


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (b"<p>\xff\xfe bad utf-8</p>", "not in the letters"),
        (b"<meta charset=nonsense><p>x</p>", "not in the letters"),
        (b"<p>a\x00b</p>", "binary"),
        (b"<html></html>", "it has no text"),
        (b"<p>x" * 3_001, "more than 3,000 paragraphs"),
        (b"<p>" + b"<b>x</b>" * 50_000, "more markup than any text"),
        (b"<div>" * 600 + b"x", "nested too deeply"),
        (b" " * 2_000_001, "larger than 2 MB"),
        (b"<p>" + b"x " * 200_000, "a paragraph has more than"),
    ],
)
def test_a_page_that_cannot_be_read_is_refused_in_words(tmp_path: Path, page: bytes, reason: str) -> None:
    with pytest.raises(BadRelease) as refused:
        taken(tmp_path, page)
    assert reason in str(refused.value)


@given(st.text(alphabet="<>/!-&;=\"' pdivtrb#ulx\n", max_size=200))
def test_any_markup_is_read_or_refused(page: str) -> None:
    with suppress(BadPart):
        read_page(page.encode())


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a</p><!--[if !mso]><!--><p>shown</p><!--<![endif]--><p>b</p>", "a\n\nshown\n\nb"),
        ("<p>a</p><!--[if mso]><p>no</p><![endif]--><p>b</p>", "a\n\nb"),
        ("<p>a</p><!--><p>shown</p>", "a\n\nshown"),
        ("<p>a</p><!-- x --!><p>shown</p>", "a\n\nshown"),
        ("<script>var mark = '<!--';</script><p>shown</p>", "shown"),
        ("<p>one<br><br>two<br>\n&nbsp;<br>three</p>", "one\n\ntwo\n\nthree"),
        ("<ul><li>one<br><br>more</li><li>two</li></ul>", "- one more\n- two"),
        (
            "<style>@media print{.x{display:none}} .menu .y{display:none}</style><p class=x>X</p><p class=y>Y",
            "X\n\nY",
        ),
        ("<style>p.x, .y {display: none}</style><p class=x>X</p><p class=y>Y</p><p>Z</p>", "Z"),
        ("<p><span style='text-decoration-line: line-through'>no</span> yes</p>", "yes"),
        ("<p><span style='text-decoration: underline line-through'>no</span> yes</p>", "yes"),
        ("<p>He said <q>it is <q>not</q> so</q>.</p>", "He said “it is ‘not’ so”."),
        ("<p>10<sup>6</sup>, 25 km<sup>2</sup>, CO<sub>2</sub>, 1<sup>st</sup></p>", "10⁶, 25 km², CO₂, 1st"),
        ("<ol><li>one</ol><p>between</p><ol start=2><li>two</ol>", "1. one\n\nbetween\n\n2. two"),
        ("<ol><li>one<li value=7>seven<li>eight</ol>", "1. one\n\n7) seven\n8) eight"),
        (WORD_ITEM.format("3.", "three") + WORD_ITEM.format("4.", "four"), "3. three\n4. four"),
        ("<details><summary>Notes</summary>text</details>", "Notes\n\ntext"),
        ("<pre>one\ntwo\n\nthree</pre>", "one\ntwo\n\nthree"),
        ("<p>5 < 6 and <3</p>", "5 < 6 and <3"),
    ],
)
def test_a_page_neither_loses_nor_changes_what_a_reader_sees(tmp_path: Path, html: str, text: str) -> None:
    assert body(tmp_path, html) == text


def test_a_head_needs_no_end(tmp_path: Path) -> None:
    intake = taken(tmp_path, f"<html><head><meta charset=utf-8><title>x</title>{HEAD}{FOOT}")
    assert intake.content.headline == "Centres to open in three ports"


@pytest.mark.parametrize("html", ["<math><mn>10</mn></math>", "<object data=x><p>text</p></object>"])
def test_words_in_what_cannot_be_read_are_told(tmp_path: Path, html: str) -> None:
    assert "which was left out" in told(taken(tmp_path, f"{HEAD}<p>a</p>{html}{FOOT}"))


def test_letters_of_a_list_are_told(tmp_path: Path) -> None:
    assert "have letters" in told(taken(tmp_path, f"{HEAD}<ol type=a><li>one<li>two</ol>{FOOT}"))


@pytest.mark.parametrize("name", ["punycode", "unicode_escape", "utf-7", "idna"])
def test_what_is_no_encoding_of_pages_is_refused(name: str) -> None:
    with pytest.raises(BadPart, match="not in the letters"):
        read_page(f"<meta charset={name}><p>text</p>".encode())
