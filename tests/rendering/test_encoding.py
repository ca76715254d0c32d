"""Whatever is spliced into an encoded part comes out of it again, exactly, in short CRLF lines."""

import base64
import quopri
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.rendering.encoding import Base64, Body, QuotedPrintable, canonical, encode
from mailer.rendering.slots import Segments, Slot

_CHARACTERS = st.one_of(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"),
    st.sampled_from("ابتثجحخ ،.=\t \n\u2066\u2069😀éFrom"),
)
TEXTS = st.one_of(
    st.text(_CHARACTERS, max_size=400), st.sampled_from(["", "a", "ab", "From me\n.\n.x \n", "ا" * 300])
)
VALUES = st.text(_CHARACTERS, max_size=120).map(lambda text: text.replace("\n", " "))
DECODERS = [(QuotedPrintable, quopri.decodestring), (Base64, base64.b64decode)]


def well_formed(encoded: bytes) -> None:
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", encoded)
    assert max(map(len, encoded.split(b"\r\n"))) <= 76
    assert encoded.isascii()
    assert b"=_" not in encoded  # boundaries begin with it
    # In DKIM's relaxed form as it is (RFC 6376 3.4.4).
    assert not re.search(rb"\t|  | \r| \Z", encoded)


@pytest.mark.parametrize(("kind", "decode"), DECODERS)
@settings(deadline=None, max_examples=300)
@given(texts=st.lists(TEXTS, min_size=1, max_size=6), name=VALUES, address=VALUES)
def test_a_spliced_part_decodes_to_the_text_with_its_values(
    kind: type[Base64] | type[QuotedPrintable], decode: object, texts: list[str], name: str, address: str
) -> None:
    slots = tuple((Slot.NAME, Slot.ADDRESS)[n % 2] for n in range(len(texts) - 1))
    values = {Slot.NAME: name.encode(), Slot.ADDRESS: address.encode()}
    encoded = b"".join(kind(Segments(tuple(texts), slots)).splice(values))
    wanted = canonical(texts[0])
    for slot, text in zip(slots, texts[1:], strict=True):
        wanted += values[slot] + canonical(text)
    well_formed(encoded)
    assert decode(encoded) == wanted


@pytest.mark.parametrize("length", range(7))
def test_base64_goes_on_after_a_value_of_any_length(length: int) -> None:
    for before in range(4):
        body = Base64(Segments(("x" * before, "y" * 500, "z" * 100), (Slot.NAME, Slot.NAME)))
        encoded = b"".join(body.splice({Slot.NAME: b"n" * length}))
        value = b"n" * length
        assert base64.b64decode(encoded) == b"x" * before + value + b"y" * 500 + value + b"z" * 100


def test_a_line_that_others_would_alter_is_escaped() -> None:
    body = QuotedPrintable(Segments(("From me\n.\nends in a blank \nFrom", " x"), (Slot.NAME,)))
    encoded = b"".join(body.splice({Slot.NAME: b"From Nour"}))
    assert b"\n.\r" not in encoded
    assert not re.search(rb"(?m)^From |^\.|[ \t]\r?$", encoded)


def test_no_line_has_blanks_that_dkim_takes_for_one() -> None:
    body = QuotedPrintable(Segments(("a  b   c \n\td\n    e", "  f ", ""), (Slot.NAME, Slot.ADDRESS)))
    values = {Slot.NAME: b"Nour  Haddad", Slot.ADDRESS: b" \t "}
    encoded = b"".join(body.splice(values))
    well_formed(encoded)
    assert quopri.decodestring(encoded) == b"a  b   c \r\n\td\r\n    eNour  Haddad  f  \t "


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Plain English.", "quoted-printable"),
        ("Déjà vu, dit-il souvent.", "quoted-printable"),
        ("اتحاد", "base64"),
    ],
)
def test_the_shorter_encoding_is_chosen(text: str, encoding: str) -> None:
    body: Body = encode(Segments((text * 20,), ()))
    assert body.encoding == encoding
