"""A press release as a mail: whole, in its languages, the same again to the byte, personal where it is meant to be."""

import re
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import Message
from functools import cache
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from material import (
    CAIRO,
    NAIROBI,
    NOUR,
    SENDER,
    TOKEN,
    compiled,
    edition,
    issue,
    picture,
    sent,
    short_issue,
    template,
)

from mailer.clock import ZonedTime
from mailer.errors import PictureMissing, UnfitAddress
from mailer.releases.content import Photo, PressContact, Related
from mailer.rendering import Asset, CompiledMessage, Occasion, compile_message, pictures_in

ALL = [("en",), ("ar",), ("fr",), ("ar", "en"), ("en", "ar", "fr")]


message_in = cache(lambda languages: compiled(*languages))


def parts(raw: bytes) -> dict[str, Message]:
    message = message_from_bytes(raw, policy=policy.compat32)
    return {part.get_content_type(): part for part in message.walk()}


def body(raw: bytes, media_type: str) -> str:
    payload = parts(raw)[media_type].get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


@pytest.mark.parametrize("languages", ALL)
def test_a_mail_is_well_formed(languages: tuple[str, ...]) -> None:
    raw = sent(compiled(*languages, place=CAIRO, occasion=Occasion.UNDER_EMBARGO))
    assert raw.endswith(b"\r\n")
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", raw)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.isascii()
    message = message_from_bytes(raw, policy=policy.compat32)
    assert not message.defects
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/jpeg",
    ]
    assert not any(part.defects for part in message.walk())
    assert {part.get_content_charset() for part in message.walk() if part.get_content_maintype() == "text"} == {
        "utf-8"
    }
    image = parts(raw)["image/jpeg"]
    assert image.get_payload(decode=True) == picture().content
    assert image["Content-Disposition"] == 'inline; filename="reception-centres.jpg"'
    assert f'src="cid:{image["Content-ID"].strip("<>")}"' in body(raw, "text/html")
    assert body(raw, "text/html").count("<img") == 1


def test_what_arrives_is_what_the_preview_shows() -> None:
    for languages in ALL:
        message = compiled(*languages)
        shown, raw = message.preview(NOUR), sent(message)
        assert body(raw, "text/plain").replace("\r\n", "\n") == shown.text
        html = body(raw, "text/html").replace("\r\n", "\n")
        assert re.sub(r'src="[^"]*"', "", html) == re.sub(r'src="[^"]*"', "", shown.html)
        assert "cid:" not in shown.html


def test_the_fields_say_who_writes_to_whom_and_how_to_leave() -> None:
    fields = message_from_bytes(sent(compiled("ar", "en")), policy=policy.compat32)
    assert fields["From"] == "ESRF Press Office <press@office.example>"
    assert fields["Reply-To"] == "newsdesk@office.example"
    assert fields["To"] == "Nour Haddad <nour.haddad@courier.example>"
    assert fields["Date"] == "Tue, 24 Nov 2026 08:00:00 +0000"
    assert fields["Message-ID"] == f"<{TOKEN}@office.example>"
    assert fields["List-Id"] == "<press.office.example>"
    assert fields["Content-Language"] == "ar, en"
    assert fields["MIME-Version"] == "1.0"
    assert fields["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"<https://office.example/unsubscribe/{TOKEN}>" in fields["List-Unsubscribe"]
    assert f"<mailto:bounces@office.example?subject=unsubscribe%20{TOKEN}>" in fields["List-Unsubscribe"]
    assert len(fields.keys()) == len(set(fields.keys())) == 12


def test_an_office_without_addresses_of_its_own_writes_all_the_same() -> None:
    bare = replace(SENDER, reply_to="", bounce_address="", unsubscribe_url="", list_id="")
    raw = sent(compiled("en", sender=bare))
    fields = message_from_bytes(raw, policy=policy.compat32)
    assert fields["List-Unsubscribe"] == f"<mailto:press@office.example?subject=unsubscribe%20{TOKEN}>"
    assert not {"List-Unsubscribe-Post", "Reply-To", "List-Id"} & set(fields.keys())
    assert f"mailto:press@office.example?subject=unsubscribe%20{TOKEN}" in body(raw, "text/plain")


def test_the_same_message_again_is_the_same_to_the_byte() -> None:
    for languages in ALL:
        raw = sent(compiled(*languages, place=CAIRO, occasion=Occasion.UNDER_EMBARGO))
        assert raw == sent(compiled(*languages, place=CAIRO, occasion=Occasion.UNDER_EMBARGO))


def test_a_stored_message_makes_the_same_bytes() -> None:
    for languages in ALL:
        message = compiled(*languages, place=CAIRO, occasion=Occasion.UNDER_EMBARGO)
        blob = message.to_bytes()
        assert len(blob) < 30_000
        assert picture().content[:100] not in zlib.decompress(blob)
        assert pictures_in(blob) == tuple(issue().assets)
        again = CompiledMessage.from_bytes(blob, issue().assets)
        assert sent(again) == sent(message)
        assert again == message


def test_a_stored_message_wants_its_picture_and_a_format_that_it_knows() -> None:
    blob = compiled("en").to_bytes()
    with pytest.raises(PictureMissing):
        CompiledMessage.from_bytes(blob, {})
    newer = zlib.compress(zlib.decompress(blob).replace(b'"format":1', b'"format":2'))
    with pytest.raises(ValueError, match="format 2"):
        CompiledMessage.from_bytes(newer, issue().assets)


@settings(deadline=None, max_examples=100)
@given(
    name=st.text(st.characters(exclude_categories=["Cs"]), max_size=80),
    address=st.from_regex(r"[a-z0-9.+'&=-]{1,40}@[a-z]{1,20}\.example", fullmatch=True),
    languages=st.sampled_from(ALL),
)
def test_only_what_is_personal_differs(name: str, address: str, languages: tuple[str, ...]) -> None:
    message = message_in(languages)
    raw = sent(message, name=name, address=address, token="zz234567" * 3 + "zz")
    text, html = body(raw, "text/plain"), body(raw, "text/html")
    other = body(sent(message), "text/plain")
    assert address in text
    assert text.replace(address, "A").replace("zz234567" * 3 + "zz", "T") == (
        other.replace(NOUR.address, "A").replace(TOKEN, "T")
    )
    assert address.replace("&", "&amp;").replace("'", "&#39;") in html


def test_an_address_that_is_none_is_refused_before_anything_is_made() -> None:
    with pytest.raises(UnfitAddress):
        sent(compiled("en"), address="nour@x.example\r\nBcc: all@x.example")


def test_a_mail_under_embargo_says_until_when_by_every_clock() -> None:
    message = compiled("en", place=NAIROBI, occasion=Occasion.UNDER_EMBARGO)
    shown = message.preview(NOUR)
    assert shown.subject.startswith("[EMBARGO 24 Nov 11:00 UTC+3] ESRF and WPA")
    for text in (shown.text, re.sub(r"<[^>]+>", "", shown.html)):
        assert "EMBARGOED UNTIL" in text
        for line in ("11:00 in Nairobi (UTC+3)", "10:00 in Beirut (UTC+2)", "10:00 in Cairo (UTC+2)", "08:00 UTC"):
            assert f"Tuesday 24 November 2026, {line}" in text
        assert "FOR IMMEDIATE RELEASE" not in text


@pytest.mark.parametrize(
    ("language", "words", "subject"),
    [("ar", "محظور النشر حتى", "[محظور حتى 24 نوفمبر 10:00 UTC+2] اتحاد"),
     ("fr", "SOUS EMBARGO JUSQU’AU", "[EMBARGO 24 nov. 10:00 UTC+2] L’ESRF")],
)  # fmt: skip
def test_an_embargo_is_told_in_the_edition_s_language(language: str, words: str, subject: str) -> None:
    shown = compiled(language, place=CAIRO, occasion=Occasion.UNDER_EMBARGO).preview(NOUR)
    assert words in shown.text
    assert words in shown.html
    assert shown.subject.startswith(subject)


def test_a_public_mail_does_not_speak_of_an_embargo() -> None:
    for languages in ALL:
        shown = compiled(*languages, place=CAIRO).preview(NOUR)
        assert not re.search(
            "embargo|محظور|الحظر", shown.subject + shown.text + shown.html.partition("<body")[2], re.I
        )
    assert "للنشر الفوري" in shown.text
    assert "POUR DIFFUSION IMMÉDIATE" in shown.text
    assert shown.subject == edition("en").headline


def test_a_city_counts_only_where_the_template_looked_at_it() -> None:
    assert compiled("en", place=CAIRO, occasion=Occasion.UNDER_EMBARGO).uses_place
    assert compiled("en", occasion=Occasion.UNDER_EMBARGO).uses_place
    public = [compiled("en", place=place) for place in (CAIRO, NAIROBI, None)]
    assert not any(message.uses_place for message in public)
    assert len({sent(message) for message in public}) == 1


def test_a_wave_under_embargo_has_one_and_a_language_is_the_release_s() -> None:
    with pytest.raises(ValueError, match="embargo"):
        compiled("en", occasion=Occasion.UNDER_EMBARGO, embargo=None)
    with pytest.raises(ValueError, match="'de'"):
        compile_message(template(), issue("en"), languages=("de",), place=None)


def test_each_edition_of_a_mail_has_its_language_and_the_photo_is_there_once() -> None:
    html = compiled("ar", "en", "fr").preview(NOUR).html
    assert html.count("<img") == 1
    for language, way in (("ar", "rtl"), ("en", "ltr"), ("fr", "ltr")):
        cell = re.search(rf'<td[^>]*id="edition-{language}"[^>]*>', html)
        assert cell
        assert f'lang="{language}"' in cell[0]
        assert f'dir="{way}"' in cell[0]
        assert edition(language).photo.caption[:40] in html
    assert 'href="#edition-en"' in html
    text = compiled("ar", "en").preview(NOUR).text
    assert text.index("English below") < text.index("بيان صحفي") < text.index("Press release")


class _Blocks(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.bare: list[str] = []
        self.remote: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        values = dict(attrs)
        if tag in ("html", "body", "table", "td", "p", "div", "h1", "h2", "ul", "li") and not (
            values.get("lang") and values.get("dir")
        ):
            self.bare.append(tag)
        for name in ("src", "background", "srcset"):
            if (value := values.get(name)) and not value.startswith("cid:"):
                self.remote.append(value)


@pytest.mark.parametrize("languages", ALL)
def test_every_block_says_its_direction_and_nothing_is_loaded(languages: tuple[str, ...]) -> None:
    html = body(sent(compiled(*languages, occasion=Occasion.UNDER_EMBARGO)), "text/html")
    blocks = _Blocks()
    blocks.feed(html)
    assert (blocks.bare, blocks.remote) == ([], [])
    assert not re.search(r"url\(|@import|<script|<link|<iframe|<form", html)


def test_the_text_part_has_one_line_for_a_paragraph_and_balanced_isolates() -> None:
    for languages in ALL:
        text = compiled(*languages, occasion=Occasion.UNDER_EMBARGO).preview(NOUR).text
        for language in languages:
            for paragraph in edition(language).paragraphs:
                words = re.sub("[\u200e\u200f\u2066-\u2069]", "", text)
                start = re.sub(r"\*\*|\[|\].*", "", paragraph, flags=re.DOTALL)[:200]
                assert any(start in line for line in words.split("\n"))
        for line in text.split("\n"):
            assert len(re.findall("[\u2066-\u2068]", line)) == line.count("\u2069")
            assert line == line.rstrip()
        assert "\n\n\n" not in text


def test_arabic_brackets_stay_outside_their_acronym() -> None:
    shown = compiled("ar").preview(NOUR)
    assert 'للإغاثة (<bdi dir="ltr">ESRF</bdi>)' in shown.html
    assert "للإغاثة (\u2066ESRF\u2069)" in shown.text
    assert '<bdi dir="ltr">+961 1 555 0130</bdi>' in shown.html
    assert '<bdi dir="ltr">lamia.tarazi@esrf.example</bdi>' in shown.html


def test_text_from_outside_stays_text() -> None:
    bad = "<b>x</b> & {{ 7 * 7 }} \u202egnorw\u2069 \x07"
    content = {
        "headline": bad,
        "subhead": bad,
        "body": bad,
        "cities": (bad,),
        "press_contacts": (PressContact(city=bad, name=bad, address='a"b@x.example', phone=bad),),
        "related": (
            Related(title=bad, url="javascript:alert(1)"),
            Related(title="ok", url='https://x.example/"><b>'),
        ),
    }
    message = compile_message(template(), short_issue(**content), languages=["en"], place=None)
    shown = message.preview(NOUR)
    blocks = _Blocks()
    blocks.feed(shown.html)
    assert "b" not in blocks.tags
    assert "javascript:" not in shown.html + shown.text
    assert "{{ 7 * 7 }}" in shown.html
    assert not re.search("[\u202a-\u202e\x07]", shown.html + shown.text + shown.subject)
    assert shown.subject == "<b>x</b> & {{ 7 * 7 }} gnorw"


def test_a_release_without_a_photo_has_no_related_part() -> None:
    raw = sent(compile_message(template(), short_issue(), languages=["en"], place=None))
    assert set(parts(raw)) == {"multipart/alternative", "text/plain", "text/html"}


def test_a_picture_that_is_not_there_is_told_and_one_to_come_is_left_out() -> None:
    with pytest.raises(PictureMissing, match="en edition"):
        compiled("en", assets={})
    to_come = replace(edition("en"), photo=Photo(asset="", caption="A caption"))
    shown = compiled("en", editions={"en": to_come}).preview(NOUR)
    assert "A caption" not in shown.html


def test_editions_with_pictures_of_their_own_show_each() -> None:
    other = Asset(media_type="image/png", content=b"\x89PNG another")
    key = sha256(other.content).hexdigest()
    photo = replace(edition("ar").photo, asset=key)
    editions = {"en": edition("en"), "ar": replace(edition("ar"), photo=photo)}
    raw = sent(compiled("en", "ar", editions=editions, assets=issue().assets | {key: other}))
    names = re.findall(rb'filename="([^"]+)"', raw)
    assert names == [b"reception-centres.jpg", b"reception-centres-1.png"]
    assert body(raw, "text/html").count("<img") == 2


def test_html_that_readers_would_cut_off_is_warned_of() -> None:
    assert compiled("en", "ar", "fr").warnings == ()
    long = short_issue(body="\n\n".join(["word " * 200] * 150))
    message = compile_message(template(), long, languages=["en"], place=None)
    assert any("100 kB" in warning for warning in message.warnings)


@pytest.mark.parametrize(
    ("language", "words", "subject"),
    [("en", "Notice to editors", "Notice to editors: "), ("ar", "تنويه إلى المحررين", "تنويه إلى المحررين: "),
     ("fr", "Note aux rédactions", "Note aux rédactions : ")],
)  # fmt: skip
def test_a_notice_is_told_from_a_release_and_leads_back_to_it(language: str, words: str, subject: str) -> None:
    related = (Related(title="Release", url="https://esrf.example/r"),)
    short = short_issue(language, headline="Embargo lifted", related=related)
    message = compile_message(template("notice"), short, languages=[language], place=None)
    shown = message.preview(NOUR)
    assert shown.subject == f"{subject}Embargo lifted"
    assert words in shown.text
    assert "https://esrf.example/r" in shown.text
    assert 'href="https://esrf.example/r"' in shown.html
    assert not re.search("IMMEDIATE|الفوري|IMMÉDIATE", shown.text)


def test_an_address_beyond_ascii_is_sent_as_it_is() -> None:
    raw = sent(compiled("ar"), name="نور حداد", address="نور@موقع.example")
    to = next(line for line in raw.split(b"\r\n") if line.startswith(b"To: "))
    assert "<نور@موقع.example>".encode() in to
    assert "نور@موقع.example" in body(raw, "text/plain")


def test_a_sender_beyond_ascii_has_identifiers_in_ascii() -> None:
    message = compiled("en", sender=replace(SENDER, name="المكتب الصحفي", address="press@موقع.example"))
    raw = sent(message)
    assert raw.isascii()
    assert f"Message-ID: <{TOKEN}@xn--4gbrim.example>".encode() in raw


def test_the_date_is_the_wave_s() -> None:
    raw = sent(compiled("en"), date=datetime(2027, 1, 5, 9, 30, tzinfo=UTC))
    assert b"Date: Tue, 05 Jan 2027 09:30:00 +0000\r\n" in raw


def test_an_embargo_near_midnight_names_the_day_of_each_city() -> None:
    late = ZonedTime.parse("2026-11-24 00:30", "Asia/Beirut")
    shown = compiled("en", place=CAIRO, occasion=Occasion.UNDER_EMBARGO, embargo=late).preview(NOUR)
    assert "Monday 23 November 2026, 22:30 UTC" in shown.text
    assert "Tuesday 24 November 2026, 00:30 in Cairo" in shown.text
