"""Notes and checkpoints are those of the C2SP specifications."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.audit.sealing.notes import Checkpoint, VerifierKey, sign, signer_of

SECRET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEY = VerifierKey.of("press.example/log", SECRET)
TEXT = str(Checkpoint("press.example/log", 12, bytes(32)))


def test_a_checkpoint_is_three_lines_and_a_signature() -> None:
    note = sign(TEXT, "press.example/log", SECRET)
    lines = note.split("\n")
    assert lines[:4] == ["press.example/log", "12", base64.b64encode(bytes(32)).decode(), ""]
    assert lines[4].startswith("— press.example/log ")
    assert lines[5:] == [""]
    signature = base64.b64decode(lines[4].split(" ")[2])
    assert (signature[:4], len(signature)) == (KEY.number, 68)
    SECRET.public_key().verify(signature[4:], TEXT.encode())
    assert Checkpoint.parsed(note) == Checkpoint("press.example/log", 12, bytes(32))


def test_a_key_is_found_by_the_vector_of_the_specification() -> None:
    # The example of C2SP signed-note: its name, its number and its key.
    text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    key = VerifierKey.parsed(text)
    assert (key.name, key.number.hex(), str(key)) == ("PeterNeumann", "c74f20a3", text)
    note = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
        "\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    assert signer_of(note, [key]) == key
    assert signer_of(note.replace("answer", "question"), [key]) is None


def test_others_may_sign_beside_and_a_wrong_signature_spoils_all() -> None:
    note = sign(TEXT, KEY.name, SECRET)
    witness = sign(TEXT, "witness.example", OTHER).splitlines()[-1]
    assert signer_of(f"{note}{witness}\n", [KEY]) == KEY
    assert signer_of(note, [VerifierKey.of(KEY.name, OTHER)]) is None
    wrong = base64.b64encode(KEY.number + bytes(64)).decode()
    assert signer_of(f"{note}— {KEY.name} {wrong}\n", [KEY]) is None


@given(st.integers(0, len(sign(TEXT, KEY.name, SECRET)) - 1), st.characters(exclude_categories=["Cs"]))
@example(177, "d")  # the same bytes by base64
def test_no_character_can_be_another_one(place: int, character: str) -> None:
    note = sign(TEXT, KEY.name, SECRET)
    bent = note[:place] + character + note[place + 1 :]
    assert bent == note or signer_of(bent, [KEY]) is None


@pytest.mark.parametrize(
    "text", ["", "a+b", "a b+00000000+AAAA", "name+00000000+AQ==", f"{KEY}x", str(KEY).replace("press", "Press")]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        VerifierKey.parsed(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        "a\n01\n" + "A" * 43 + "=\n",
        "a\n-1\n" + "A" * 43 + "=\n",
        "a\n1\nAAAA\n",
        "\n1\n" + "A" * 43 + "=\n",
        "a\n١\n" + "A" * 43 + "=\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a checkpoint"):
        Checkpoint.parsed(text)
