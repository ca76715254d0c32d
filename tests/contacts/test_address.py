"""Addresses are checked by form; one mailbox has one key."""

import pytest

from mailer.contacts.address import address


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("Nour.Haddad@Courier.Example", "nour.haddad@courier.example"),
        (" rim@صحيفة.example ", "rim@xn--" + "صحيفة".encode("punycode").decode() + ".example"),
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
