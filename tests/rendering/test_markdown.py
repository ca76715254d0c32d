"""An edition's Markdown holds no more than a release may hold, in HTML and in text."""

import re

import pytest

from mailer.rendering.markdown import parse, to_html, to_text


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("*a* **b**", "<p><em>a</em> <strong>b</strong></p>"),
        ("[x](https://a.example)", '<p><a href="https://a.example">x</a></p>'),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"),
        ("# One", "<h2>One</h2>"),
        ("    indented", "<p>indented</p>"),
        ("![a picture](https://a.example/x.png)", "<p>a picture</p>"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("{{ 7 * 7 }}", "<p>{{ 7 * 7 }}</p>"),
    ],
)
def test_markdown_becomes_plain_html(markdown: str, html: str) -> None:
    assert to_html(parse(markdown)).strip() == html


@pytest.mark.parametrize(
    "markdown",
    ["[x](javascript:alert(1))", "[x](data:text/html,x)", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>",
     "[x](https://a.example \"a\\\" onclick=alert(1)\")", "<javascript:alert(1)>", "[x](JaVaScRiPt:alert(1))"],
)  # fmt: skip
def test_nothing_in_markdown_can_act(markdown: str) -> None:
    html = to_html(parse(markdown))
    assert not re.search(r"<script|<img|<[^>]*onclick|href=.(javascript|data)", html, re.IGNORECASE)


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("One\nline.\n\nTwo *and* **three**.", "One line.\n\nTwo and three."),
        ("[the list](https://a.example/b)", "the list (https://a.example/b)"),
        ("<https://a.example/b>", "https://a.example/b"),
        ("[us@a.example](mailto:us@a.example)", "us@a.example"),
        ("[us](mailto:us@a.example)", "us (us@a.example)"),
        ("a\n\n- b\n- c\n  - d\n\ne", "a\n\n- b\n- c\n  - d\n\ne"),
        ("1. a\n\n   b\n2. c", "1. a\n\n   b\n\n2. c"),
        ("> a\n>\n> b\n\nc", "> a\n>\n> b\n\nc"),
        ("## H\n\na\\\nb\n\n---", "H\n\na\nb\n\n* * *"),
        ("", ""),
    ],
)
def test_markdown_becomes_text_with_one_line_for_a_paragraph(markdown: str, text: str) -> None:
    assert to_text(parse(markdown)) == text


def test_the_dateline_stands_bold_before_the_first_paragraph() -> None:
    assert to_html(parse("Words.", lead="Beirut")).strip() == "<p><strong>Beirut</strong> – Words.</p>"
    assert to_text(parse("Words.", lead="Beirut")) == "Beirut – Words."
    assert to_text(parse("- a", lead="Beirut")) == "Beirut\n\n- a"
    assert to_text(parse("", lead="Beirut")) == "Beirut"
    assert "&lt;b&gt;" in to_html(parse("Words.", lead="<b>"))
