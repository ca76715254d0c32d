"""Names, subjects and addresses are read by any mail reader as they were written, and carry nothing else in."""

import re
import unicodedata
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header
from email.utils import parseaddr, parsedate_to_datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailer.errors import UnfitAddress
from mailer.rendering import header_address, needs_smtputf8, verp
from mailer.rendering.headers import WayOut, date_field, mailbox_field, one_line, text_field

_WORDS = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from('اتحاد نور éàü =?_"\\,. ')))
HARD = [
    "A plain subject",
    "  two  spaces   inside ",
    "=?utf-8?b?x?=",
    "not =?utf-8?q?encoded?= at all",
    "x" * 200,
    "حداد" * 60,
    "اتحاد الساحل الشرقي للإغاثة ووكالة العبور العالمية يعتزمان افتتاح مراكز استقبال مشتركة للأشخاص المتنقلين",
    "L’ESRF et la WPA vont ouvrir des centres d’accueil communs pour les personnes en déplacement",
    "Организации открывают общие центры приёма в паромных портах региона",
    "两个组织将在渡轮港口为流动人员开设联合接待中心并公布时间表和名单以及其他信息",
    'Haddad, Nour "Jr." <x@y.example>',
    "back\\slash",
    "👩‍👩‍👧‍👦" * 20,
    "e" + "\u0301" * 120,
    "a" * 70 + " " + "b" * 70,
]


def decoded(value: str) -> str:
    return "".join(
        part if isinstance(part, str) else part.decode(charset or "ascii")
        for part, charset in decode_header(value)
    )


def unfolded(field: str) -> str:
    lines = field.split("\r\n")
    assert lines.pop() == ""
    for line in lines:
        assert len(line) <= 76, line
        assert line.strip(), "a line of blanks only is obsolete (RFC 5322 4.2)"
    assert all(line.startswith(" ") for line in lines[1:])
    assert not re.search(r"[\r\n\0]", "".join(lines))
    assert all(len(word) <= 75 for word in re.findall(r"=\?utf-8\?.*?\?=", field))
    return "".join(lines)


@settings(deadline=None, max_examples=300)
@given(_WORDS)
@example("ab=?utf-8?q?c?=")
def test_any_subject_is_read_as_it_was_written(subject: str) -> None:
    name, _, value = unfolded(text_field("Subject", subject)).partition(": ")
    assert name == "Subject"
    assert decoded(value) == one_line(subject)


@pytest.mark.parametrize("subject", HARD)
def test_a_hard_subject_is_read_as_it_was_written(subject: str) -> None:
    field = text_field("Subject", subject)
    value = unfolded(field).partition(": ")[2]
    assert decoded(value) == one_line(subject)
    parsed = message_from_bytes(field.encode() + b"\r\n", policy=policy.compat32)["Subject"]
    assert decoded(parsed.replace("\r\n", "").replace("\n", "")) == one_line(subject)


def test_no_encoded_word_ends_inside_a_letter() -> None:
    for word in re.findall(r"=\?utf-8\?[bq]\?.*?\?=", text_field("Subject", "عُدَّةٌ " * 30), re.IGNORECASE):
        text = decoded(word)
        assert not unicodedata.combining(text[0])


@settings(deadline=None, max_examples=300)
@given(_WORDS)
def test_any_name_is_read_as_it_was_written(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    "name", [*HARD, "Nour Haddad", "Dr. Salwa Khairallah", "O'Neill", "نور حداد", "a@b.example"]
)
def test_a_hard_name_is_read_as_it_was_written(name: str) -> None:
    check_name(name)


def check_name(name: str) -> None:
    value = unfolded(mailbox_field("To", name, "nour@courier.example")).removeprefix("To: ")
    shown, address = parseaddr(value)
    assert address == "nour@courier.example"
    assert decoded(shown) == one_line(name)


@pytest.mark.parametrize(
    "name",
    ["حداد، نور\r\nBcc: x@y.example", "Nour\nBcc: x@y.example", "Nour\r\n\r\nHello", "Nour\u2028\x85\0\x1b[1m"],
)
def test_a_name_brings_no_field_of_its_own(name: str) -> None:
    field = mailbox_field("To", name, "nour@courier.example")
    message = message_from_bytes(field.encode() + b"\r\nbody", policy=policy.compat32)
    assert message.keys() == ["To"]
    assert message.get_payload() == "body"
    unfolded(field)


def test_control_characters_become_blanks() -> None:
    assert one_line(" a\0b\x1b\x7fc\r\nd\u2028e\x85") == "a b c d e"


def test_a_name_cannot_turn_round_what_follows() -> None:
    assert one_line("Nour \u202eelpmaxe\u2069") == "Nour elpmaxe"


@pytest.mark.parametrize(
    "address",
    ["", "nour", "nour@", "@x.example", "a b@x.example", "a@x.example>\r\nBcc: <b@x.example", "a,b@x.example",
     "a@x.example\n", '"a b"@x.example', "<a@x.example>", "a@b@c.example", "a@x.example\0", "a@" + "x" * 300],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(UnfitAddress):
        mailbox_field("To", "Nour", address)


@pytest.mark.parametrize(
    ("address", "written", "utf8"),
    [
        ("nour@courier.example", "nour@courier.example", False),
        ("nour@bücher.example", "nour@xn--bcher-kva.example", False),
        ("nour@موقع.example", "nour@xn--4gbrim.example", False),
        ("نور@موقع.example", "نور@موقع.example", True),
    ],
)
def test_an_address_is_ascii_where_it_can_be(address: str, written: str, utf8: bool) -> None:
    assert header_address(address) == written
    assert needs_smtputf8(address) is utf8
    assert f"<{written}>" in mailbox_field("To", "Nour", address)


def test_bounces_and_dates_name_the_delivery_and_the_wave() -> None:
    assert verp("press@office.example", "abc234") == "press+abc234@office.example"
    when = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    assert date_field(when) == "Date: Tue, 24 Nov 2026 08:00:00 +0000\r\n"
    assert parsedate_to_datetime(date_field(when).removeprefix("Date: ")) == when


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://o.example/u", "https://o.example/u/TOKEN"),
        ("https://o.example/u/", "https://o.example/u/TOKEN"),
        ("https://o.example/u?d={token}&x=1", "https://o.example/u?d=TOKEN&x=1"),
        ("", "mailto:press@o.example?subject=unsubscribe%20TOKEN"),
    ],
)
def test_the_way_out_names_the_delivery(url: str, link: str) -> None:
    way = WayOut(url, "press@o.example")
    assert way.link("TOKEN") == link
    fields = way.fields("TOKEN")
    assert f"<{link}>" in fields
    assert "<mailto:press@o.example?subject=unsubscribe%20TOKEN>" in fields
    # RFC 8058 3.1: one click goes to https only.
    assert ("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in fields) == bool(url)
