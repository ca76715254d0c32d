"""Text of the other direction is isolated, brackets stay outside, and nothing else in the text is changed."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.rendering.bidi import isolate_html, isolate_line, isolate_text, runs

NONE = re.compile(r"(?!)()")


@pytest.mark.parametrize(
    ("text", "isolated"),
    [
        ("اتحاد الساحل (ESRF) ووكالة العبور (WPA)", ["ESRF", "WPA"]),
        ("الصورة: ESRF/داليا صفير", ["ESRF"]),
        ("هاتف: +961 1 555 0130، بيروت", ["+961 1 555 0130"]),
        ("هاتف 01 555 0130", ["01 555 0130"]),
        ("البريد lamia.tarazi@esrf.example.", ["lamia.tarazi@esrf.example"]),
        ("الموقع https://esrf.example/ports?a=1&b=2.", ["https://esrf.example/ports?a=1&b=2"]),
        ("بنسبة 37% و88 %", ["37%", "88 %"]),
        ("في 2027-03-01 أو بعده", ["2027-03-01"]),
        ("الساعة 10:00 (UTC+2)", ["UTC+2"]),
        ("كوفيد COVID-19 وحسب", ["COVID-19"]),
        ("أعلنت ESRF 2025 هدفًا", ["ESRF"]),
        ("مكتب World Passage Agency (Cairo) office هنا", ["World Passage Agency (Cairo) office"]),
        ("(ESRF) / (WPA)", ["ESRF", "WPA"]),
        ("«ESRF» و“WPA”", ["ESRF", "WPA"]),
        ("نحو 3.4 مليون عام 2025، و26.5 مليون بين 2022-2025 و9 ساعات و410 آلاف", []),
        ("يوم 24/11/2026 الساعة 10:00", []),
        ("درجة -5 أو +3", ["-5", "+3"]),
        ("مبلغ $26.5 أو 30 €", ["$26.5", "30 €"]),
        ("وسم #ESRF وحساب @esrf_news", ["#ESRF", "@esrf_news"]),
        ("نص «عربي» فقط!", []),
    ],
)
def test_what_runs_from_left_to_right_is_isolated_in_arabic(text: str, isolated: list[str]) -> None:
    pieces = list(runs(text, "rtl"))
    assert [piece for piece, way in pieces if way == "ltr"] == isolated
    assert "".join(piece for piece, _ in pieces) == text


@pytest.mark.parametrize(
    ("text", "isolated"),
    [
        ("The federation (اتحاد الساحل) said", ["اتحاد الساحل"]),
        ("Photo: داليا صفير/ESRF", ["داليا صفير"]),
        ("“نور” and (علي) / (ليلى), 25", ["نور", "علي", "ليلى"]),
        ("Plain English, +961 1 555 0130, 37%", []),
        ("Été à Beyrouth : 37 %", []),
    ],
)
def test_arabic_is_isolated_in_text_from_left_to_right(text: str, isolated: list[str]) -> None:
    pieces = list(runs(text, "ltr"))
    assert [piece for piece, way in pieces if way == "rtl"] == isolated
    assert "".join(piece for piece, _ in pieces) == text


@settings(deadline=None)
@given(
    st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("ابa1 (%+.-/«»@")), max_size=120)
)
def test_isolating_changes_no_character_of_any_text(text: str) -> None:
    for base in ("ltr", "rtl"):
        pieces = list(runs(text, base))
        assert "".join(piece for piece, _ in pieces) == text
        assert all(piece for piece, _ in pieces)


@pytest.mark.parametrize(
    ("line", "base", "written"),
    [
        ("نعم (ESRF).", "rtl", "نعم (\u2066ESRF\u2069)."),
        ("ESRF تعلن", "rtl", "\u200f\u2066ESRF\u2069 تعلن"),
        ("- ESRF تعلن", "rtl", "\u200f- \u2066ESRF\u2069 تعلن"),
        ("+961 1 555 0130", "rtl", "\u200f\u2066+961 1 555 0130\u2069"),
        ("2027: افتتاح", "rtl", "2027: افتتاح"),
        ("----", "rtl", "----"),
        ("", "rtl", ""),
        ("Plain.", "ltr", "Plain."),
        ("نور said", "ltr", "\u200e\u2067نور\u2069 said"),
    ],
)
def test_a_line_begins_on_its_own_side(line: str, base: str, written: str) -> None:
    assert isolate_line(line, base) == written


def test_every_line_is_a_paragraph_of_its_own() -> None:
    assert isolate_text("ESRF تعلن\nنعم\nWPA", "ar") == "\u200f\u2066ESRF\u2069 تعلن\nنعم\n\u200f\u2066WPA\u2069"


def test_every_block_says_its_language_and_direction() -> None:
    html, _ = isolate_html(
        '<!doctype html><html><body><div lang="ar"><p>نعم</p><ul><li>x</li></ul></div><p>yes</p>'
        '<td lang="en"><h1>A<br>B</h1><blockquote><p>c</p></blockquote></td><span lang="ar">نور</span></body></html>',
        "en",
        NONE,
    )
    blocks = [
        ("html", "en"),
        ("body", "en"),
        ("div", "ar"),
        ("ul", "ar"),
        ("li", "ar"),
        ("td", "en"),
        ("h1", "en"),
    ]
    for tag, language in [*blocks, ("span", "ar")]:
        way = "rtl" if language == "ar" else "ltr"
        assert f'<{tag} lang="{language}" dir="{way}">' in html
    assert '<p lang="ar" dir="rtl">نعم</p>' in html
    assert '</div><p lang="en" dir="ltr">yes</p>' in html


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def handle_data(self, data: str) -> None:
        self.text += data


def test_markup_characters_stay_text_and_attributes_are_kept() -> None:
    source = (
        '<p title="a &quot;b&quot; &amp; c">&lt;script&gt; &amp;amp; (ESRF) نعم</p><img src="cid:x" alt="&lt;">'
    )
    html, outside = isolate_html(source, "ar", NONE)
    assert 'title="a &quot;b&quot; &amp; c"' in html
    assert 'alt="&lt;"' in html
    assert "<script>" not in html
    parser = _Text()
    parser.feed(html)
    assert parser.text == "<script> &amp; (ESRF) نعم"
    assert outside == ()


def test_what_is_isolated_already_is_left_alone() -> None:
    html, _ = isolate_html('<p><bdi dir="ltr">ESRF نعم</bdi></p><style>a{content:"نعم ESRF"}</style>', "ar", NONE)
    assert html.count("<bdi") == 1
    assert 'a{content:"نعم ESRF"}' in html


@pytest.mark.parametrize("tag", ['<img src="https://x.example/a.png">', '<td background="//x.example/a.png">'])
def test_what_would_be_loaded_from_elsewhere_is_told(tag: str) -> None:
    assert len(isolate_html(tag, "en", NONE)[1]) == 1
