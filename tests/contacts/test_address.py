"""Addresses are checked by form; one mailbox has one key."""

import re

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailer.contacts.address import Address, address


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("Nour.Haddad@Courier.Example", "nour.haddad@courier.example"),
        (" rim@صحيفة.example ", "rim@xn--" + "صحيفة".encode("punycode").decode() + ".example"),
        ("\u200enour@courier.example\u200f", "nour@courier.example"),
        ("\u202anour\u2069@courier\u200e.example\u202c ", "nour@courier.example"),
        ("\ufeffعمر@courier.example", "عمر@courier.example"),
        ("Zoë@alpine.example", "zoe\u0308@alpine.example"),
    ],
)
def test_one_mailbox_has_one_key(text: str, same_as: str) -> None:
    assert address(text).key == address(same_as).key


@pytest.mark.parametrize(
    "text",
    ["", "nour", "nour@", "@courier.example", "a b@courier.example", "a@b", "a@courier..example",
     "a@x.example\r\nBcc: b@y.example", "a\x00@x.example", "Nour <nour@x.example>", "a@[127.0.0.1]",
     "[email\u00a0protected]", "[email protected]", "a" * 65 + "@x.example"],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        address(text)


_LOCALS = st.one_of(
    st.from_regex(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,70}", fullmatch=True),
    st.sampled_from(
        ["a", "News", "INFO", "Postmaster", "nour.haddad", ".a", "a.", "a..b", "a" * 64, "a" * 65, "", '"a b"', '"a"',
         '"a@b"', "a b", "عمر", "zoë", "zoe\u0308", "a\u200d", "a,b", "<a", "a\\b", "＠", "ſ", "İ", "K"]
    ),
    st.text(max_size=20),
)  # fmt: skip
_DOMAINS = st.one_of(
    st.from_regex(r"[A-Za-z0-9.-]{1,12}\.(example|com|test|local)", fullmatch=True),
    st.sampled_from(
        ["courier.example", "Courier.Example", "a", "a.b", "a..b", ".a.b", "a.b.", "-a.example", "a-.example",
         "a--b.example", "ab--c.example", "localhost", "x.localhost", "x.local", "x.test", "x.invalid", "x.onion",
         "x.arpa", "1.2.3.4", "[1.2.3.4]", "x.123", "صحيفة.example", "xn--mgbb9fbpob.example", "XN--MGBB9FBPOB.example",
         "xn--a.example", "xn--.example", "bücher.example", "xn--bcher-kva.example", "faß.example", "x。example",
         "a" * 63 + ".example", "a" * 64 + ".example", ".".join(["a" * 60] * 4), ".".join(["a" * 60] * 4) + ".com",
         ".".join(["xn--mgbb9fbpob"] * 12) + ".example", "x_y.example", "x.exa mple", "x.example\n", "x.c", "x.ex-"]
    ),
    st.text(max_size=20),
)  # fmt: skip


@settings(max_examples=600)
@given(local=_LOCALS, domain=_DOMAINS, at=st.sampled_from(["@", "@", "@", "@", "", "@@", " @"]))
@example(local="a" * 64, domain=".".join(["a" * 60] * 3) + ".abcde", at="@")
@example(local="a" * 64, domain=".".join(["a" * 60] * 3) + ".abcdef", at="@")
@example(local="a" * 64, domain=".".join(["xn--mgbb9fbpob"] * 12) + ".example", at="@")
def test_the_verdict_is_always_that_of_email_validator(local: str, domain: str, at: str) -> None:
    text = f"{local}{at}{domain}"
    # But for marks that turn text round, which it refuses wherever they are.
    unmarked = re.sub("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]", "", text)
    try:
        wanted = validate_email(unmarked.strip(), check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        with pytest.raises(ValueError, match=re.escape(str(error).rstrip("."))):
            address(text)
    else:
        key = f"{wanted.local_part.casefold()}@{wanted.ascii_domain.lower()}"
        assert address(text) == Address(wanted.normalized, key)
