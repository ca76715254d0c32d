"""Receivers find every message that we sign unchanged and ours, and none that somebody changed; dkimpy is the judge."""

import re
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

import dkim
import pytest
from builders import make_contact, make_list
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from dkim.canonicalization import Relaxed
from hypothesis import given, settings
from hypothesis import strategies as st
from newsroom import SENDER, TEMPLATES, edition, make_wave
from sqlalchemy import select

from mailer.clock import ZonedTime
from mailer.database import Database
from mailer.delivery import dkim as module
from mailer.delivery.claims import Claim
from mailer.delivery.dkim import Signer, hash_body, sign
from mailer.delivery.dkim_keys import Algorithm, load_key, make_key, save
from mailer.delivery.messages import Message, Messages, reproduce
from mailer.errors import BadDkimKey, DkimKeyExists
from mailer.rendering import CompiledMessage, Issue, Occasion, Personal, compile_message, load_template
from mailer.schedule.models import Delivery, Wave

OPENED = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
URL = SENDER.unsubscribe_url


@cache
def signer(algorithm: Algorithm, *, retired: bool = False) -> Signer:
    return Signer(make_key(algorithm), domain="desk.example", selector=algorithm.value, retired=retired)


RSA, ED25519 = signer(Algorithm.RSA), signer(Algorithm.ED25519)
WAYS = [
    pytest.param((RSA,), id="rsa"),
    pytest.param((ED25519,), id="ed25519"),
    pytest.param((RSA, ED25519), id="both"),
]
HEAD = (
    b"From: Desk <press@desk.example>\r\nSubject: Ports\r\nTo: nour@courier.example\r\n"
    b"Date: Tue, 24 Nov 2026 08:00:00 +0000\r\nMessage-ID: <a@desk.example>\r\nMIME-Version: 1.0\r\n"
)


def record(name: bytes, timeout: int = 5) -> bytes | None:
    """The DNS, with the records that we would have put there."""
    records = {f"{s.record.name}.".encode(): s.record for s in (RSA, ED25519)}
    return "".join(records[name].strings).encode() if name in records else None


def verdicts(message: bytes) -> list[bool]:
    """dkimpy's word on each signature."""
    count = len(re.findall(rb"(?im)^dkim-signature:", message.partition(b"\r\n\r\n")[0]))
    found = []
    for number in range(count):
        try:
            found.append(dkim.DKIM(message).verify(idx=number, dnsfunc=record))
        except dkim.DKIMException:
            found.append(False)
    return found


def signed(signers: Sequence[Signer], head: bytes, body: bytes) -> bytes:
    return sign(signers, [head], [body], at=OPENED) + head + b"\r\n" + body


@cache
def compiled(*languages: str, occasion: Occasion = Occasion.PUBLIC, url: str = URL) -> CompiledMessage:
    issue = Issue(
        slug="ports",
        version=1,
        version_sha256="0" * 64,
        editions={language: edition(language, body=BODIES[language]) for language in languages},
        occasion=occasion,
        embargo=ZonedTime.parse("2026-11-24 10:00", "Asia/Beirut"),
        assets={},
        sender=replace(SENDER, unsubscribe_url=url, reply_to="newsdesk@desk.example"),
    )
    return compile_message(load_template(TEMPLATES, "release"), issue, languages=languages, place=None)


BODIES = {
    "en": "Two  blanks,   three,\tand a tab.\n\n```\ncode    with  runs \n```\n\nFrom here on.",
    "ar": "تبدأ  المساعدة على الرصيف.\n\nوتستمر خمس سنوات.",
    "fr": "L’aide  commence à quai .\n\nElle dure cinq ans\u00a0: pas plus.",
}
EDITIONS = [("en",), ("ar",), ("fr",), ("ar", "en")]

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
NAMES = st.one_of(
    WORDS,
    st.sampled_from(
        ["نور حداد", "=?utf-8?b?x?=", "Nour  Haddad", 'A "B" \\C', "é" * 200, "n" * 300, "  ", "A\tB"]
    ),
)
ADDRESSES = st.sampled_from(
    ["nour@courier.example", "نور@courier.example", "nour@صحيفة.example", f"{'n' * 60}@{'d' * 60}.example"]
)


# What we render.


@pytest.mark.parametrize("signers", WAYS)
@pytest.mark.parametrize("languages", EDITIONS, ids="-".join)
@pytest.mark.parametrize("occasion", Occasion)
def test_each_edition_of_a_release_is_found_ours_and_unchanged(
    signers: Sequence[Signer], languages: tuple[str, ...], occasion: Occasion
) -> None:
    person = Personal(name="نور حداد", address="nour@courier.example", token="a" * 26, date=OPENED)
    head, body = compiled(*languages, occasion=occasion).splice_parts(person)
    message = b"".join([sign(signers, head, body, at=OPENED), *head, b"\r\n", *body])
    assert verdicts(message) == [True] * len(signers)


@settings(deadline=None, max_examples=150)
@given(
    name=NAMES,
    address=ADDRESSES,
    languages=st.sampled_from(EDITIONS),
    url=st.sampled_from(["", URL]),
)
def test_a_message_is_verified_whatever_its_reader_is_called(
    name: str, address: str, languages: tuple[str, ...], url: str
) -> None:
    person = Personal(name=name, address=address, token="a" * 26, date=OPENED)
    head, body = compiled(*languages, url=url).splice_parts(person)
    message = b"".join([sign([ED25519], head, body, at=OPENED), *head, b"\r\n", *body])
    assert verdicts(message) == [True]


@settings(deadline=None, max_examples=150)
@given(name=NAMES, languages=st.sampled_from(EDITIONS))
def test_a_rendered_body_is_in_relaxed_form_already(name: str, languages: tuple[str, ...]) -> None:
    person = Personal(name=name, address="nour@courier.example", token="a" * 26, date=OPENED)
    _, body = compiled(*languages).splice_parts(person)
    assert module._is_relaxed(body)
    whole = b"".join(body)
    assert Relaxed.canonicalize_body(whole) == whole


# Any message.

LINES = st.lists(
    st.sampled_from([b" ", b"  ", b"\t", b"\r\n", b"\r\n\r\n", b"a", b"word", b"=20", b".", "é".encode(), b"\v"]),
    max_size=30,
).map(b"".join)


LONG = st.tuples(LINES, LINES).map(lambda ends: ends[0] + b"x" * 600 + ends[1])


@settings(max_examples=500)
@given(chunks=st.lists(st.one_of(LINES, LONG, st.sampled_from([b" ", b" a"])), max_size=5))
def test_a_body_is_hashed_in_relaxed_form_however_it_is_cut(chunks: list[bytes]) -> None:
    chunks = [*chunks, b"\r\n"]
    assert hash_body(chunks) == sha256(Relaxed.canonicalize_body(b"".join(chunks))).digest()


def test_a_run_of_blanks_that_is_cut_is_seen() -> None:
    long = b" " + b"x" * 600
    assert hash_body([b"a ", long, b"b\r\n"]) == sha256(b"a" + long + b"b\r\n").digest()


@pytest.mark.parametrize(("body", "relaxed"), [(b"", b""), (b" ", b""), (b"\r\n", b""), (b"a  b ", b"a b\r\n")])
def test_a_body_that_does_not_end_its_last_line_is_given_an_end(body: bytes, relaxed: bytes) -> None:
    assert hash_body([body]) == sha256(relaxed).digest()


@settings(deadline=None, max_examples=200)
@given(
    body=LINES,
    value=st.lists(st.sampled_from([b" ", b"\t", b"\r\n ", b"\r\n\t", b"a", b"B:", b"a\fa"]), max_size=20),
)
def test_folds_and_runs_of_blanks_in_fields_are_of_no_weight(body: bytes, value: list[bytes]) -> None:
    # A line of nothing but blanks would be the end of the header to some (RFC 5322 3.2.2 forbids it).
    text = re.sub(rb"\r\n[ \t]+(?=\r\n)|\r\n[ \t]+\Z", b"", b"".join(value)).rstrip(b" \t")
    head = HEAD + b"RePLy-To:" + text + b"\r\nX-Other: 1\r\nlist-id:\t<a.b>  \r\n"
    assert verdicts(signed([ED25519], head, body + b"\r\n")) == [True]
    relaxed = re.sub(rb"(\r\n)?[ \t]+", b" ", head.replace(b"Subject: ", b"SUBJECT \t:\r\n  "))
    signature = sign([ED25519], [head], [body], at=OPENED)
    assert sign([ED25519], [relaxed], [body], at=OPENED) == signature


def test_of_two_fields_of_one_name_each_is_signed() -> None:
    head = HEAD + b"References: <one>\r\nX: y\r\nReferences: <two>\r\n"
    message = signed([ED25519], head, b"Body\r\n")
    assert verdicts(message) == [True]
    in_chunks = head.splitlines(keepends=True)
    assert sign([ED25519], in_chunks, [b"Body\r\n"], at=OPENED) + head + b"\r\nBody\r\n" == message
    for one in (b"<one>", b"<two>"):
        assert verdicts(message.replace(one, b"<three>")) == [False]


@pytest.mark.parametrize("head", [HEAD.replace(b"From:", b"X:"), HEAD + b"From: b@desk.example\r\n"])
def test_a_message_without_exactly_one_author_is_not_signed(head: bytes) -> None:
    with pytest.raises(ValueError, match="exactly one From"):
        sign([ED25519], [head], [b"Body\r\n"], at=OPENED)


def test_signed_again_a_message_is_the_same_to_the_byte() -> None:
    first = sign([RSA, ED25519], [HEAD], [b"Body\r\n"], at=OPENED)
    assert sign([RSA, ED25519], [HEAD], [b"Bo", b"dy\r\n"], at=OPENED) == first
    assert f"t={OPENED.timestamp():.0f};".encode() in first
    assert sign([RSA, ED25519], [HEAD], [b"Body\r\n"], at=OPENED + timedelta(seconds=1)) != first


def test_a_signature_has_short_lines_and_no_field_but_its_own() -> None:
    long = Signer(make_key(Algorithm.ED25519), domain="desk.example", selector="s" * 40)
    fields = sign([RSA, long], [HEAD], [b"Body\r\n"], at=OPENED)
    assert max(map(len, fields.split(b"\r\n"))) <= 78
    assert len(re.findall(rb"(?m)^\S", fields)) == 2
    assert fields.isascii()
    assert fields.endswith(b"\r\n")


# What somebody changes on the way.

MESSAGE = compiled("ar", "en").splice(
    Personal(name="Nour Haddad", address="nour@courier.example", token="a" * 26, date=OPENED)
)
FIELDS = [
    "From", "Reply-To", "Subject", "List-Id", "Content-Language", "MIME-Version", "Content-Type", "To", "Date",
    "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post",
]  # fmt: skip
ADDED = ["Cc", "Content-Transfer-Encoding", *(f for f in FIELDS if f not in ("List-Id", "Content-Language"))]


def whole(signers: Sequence[Signer]) -> tuple[bytes, bytes]:
    head, _, body = b"".join(MESSAGE).partition(b"\r\n\r\n")
    head += b"\r\n"
    return sign(signers, [head], [body], at=OPENED) + head, body


@pytest.mark.parametrize("signers", WAYS)
@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("change", ["changed", "taken out"])
def test_a_field_that_is_changed_or_taken_out_breaks_each_signature(
    signers: Sequence[Signer], name: str, change: str
) -> None:
    head, body = whole(signers)
    field = re.compile(rf"(?m)^({name}: ?)((?:.|\r\n[ \t])*)\r\n".encode())
    assert len(field.findall(head)) == 1
    forged = field.sub(rb"\1x\2\r\n" if change == "changed" else b"", head)
    assert verdicts(head + b"\r\n" + body) == [True] * len(signers)
    assert verdicts(forged + b"\r\n" + body) == [False] * len(signers)


@pytest.mark.parametrize("signers", WAYS)
@pytest.mark.parametrize("name", ADDED)
def test_a_field_that_would_mislead_cannot_be_added_above_or_below(signers: Sequence[Signer], name: str) -> None:
    head, body = whole(signers)
    added = f"{name}: press@desk.example\r\n".encode()
    for forged in (added + head, head + added):
        assert verdicts(forged + b"\r\n" + body) == [False] * len(signers)


@pytest.mark.parametrize("signers", WAYS)
def test_what_relays_and_lists_put_in_is_no_harm(signers: Sequence[Signer]) -> None:
    head, body = whole(signers)
    added = (
        b"Received: from a by b; Tue, 24 Nov 2026 08:00:01 +0000\r\nSender: list@courier.example\r\nX-Spam: no\r\n"
    )
    assert verdicts(added + head + b"\r\n" + body + b"\r\n \r\n") == [True] * len(signers)


@pytest.mark.parametrize("signers", WAYS)
def test_a_body_that_is_changed_cut_or_added_to_breaks_each_signature(signers: Sequence[Signer]) -> None:
    head, body = whole(signers)
    middle = len(body) // 2
    letter = b"B" if body[middle : middle + 1] == b"A" else b"A"
    for forged in (body[:middle] + letter + body[middle + 1 :], body[:-10] + b"\r\n", body + b"More\r\n", b""):
        assert verdicts(head + b"\r\n" + forged) == [False] * len(signers)


# Keys.


def pem(key: object, form: PrivateFormat = PrivateFormat.PKCS8, lock: object = None) -> bytes:
    return key.private_bytes(Encoding.PEM, form, lock or NoEncryption())  # type: ignore[attr-defined]


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_new_key_is_for_its_owner_only_and_can_be_read_again(tmp_path: Path, algorithm: Algorithm) -> None:
    key, file = make_key(algorithm), tmp_path / "keys" / "one.pem"
    save(key, file)
    assert file.stat().st_mode & 0o777 == 0o600
    again = Signer(load_key(file), domain="desk.example", selector="one")
    assert again.record == Signer(key, domain="desk.example", selector="one").record
    assert again.algorithm is algorithm
    before = file.read_bytes()
    with pytest.raises(DkimKeyExists, match=r"one\.pem"):
        save(make_key(algorithm), file)
    assert file.read_bytes() == before


def test_an_rsa_key_in_the_older_form_is_read(tmp_path: Path) -> None:
    file = tmp_path / "old.pem"
    file.write_bytes(pem(RSA._key, PrivateFormat.TraditionalOpenSSL))
    assert Signer(load_key(file), domain="desk.example", selector="rsa").record == RSA.record


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file"),
        (b"secret words", "not a private key in PEM form"),
        (pem(rsa.generate_private_key(65537, 1024)), "1024 bits, allowed are 2048 to 4096"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "neither an RSA nor an Ed25519 key"),
        (pem(ED25519._key, lock=BestAvailableEncryption(b"word")), "locked with a password"),
        (pem(ED25519._key).replace(b"PRIVATE", b"PUBLIC"), "not a private key in PEM form"),
    ],
)
def test_a_key_that_cannot_sign_is_refused_with_file_and_reason(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    file = tmp_path / "bad.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadDkimKey, match=reason) as caught:
        load_key(file)
    assert str(file) in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_record_is_cut_into_strings_that_the_dns_can_hold() -> None:
    assert RSA.record.name == "rsa._domainkey.desk.example"
    assert list(map(len, RSA.record.strings)) == [255, len(RSA.record.value) - 255]
    strings = re.findall(r'"([^"]*)"', RSA.record.zone_line)
    assert "".join(strings) == RSA.record.value
    assert RSA.record.zone_line.startswith("rsa._domainkey.desk.example. IN TXT ( ")
    tags = dict(tag.split("=", 1) for tag in ED25519.record.value.split("; "))
    assert (tags["v"], tags["k"], len(b64decode(tags["p"]))) == ("DKIM1", "ed25519", 32)


# In a wave.


@pytest.fixture
def tried(database: Database) -> tuple[Database, Delivery]:
    """A wave with one delivery."""
    with database.write() as session:
        wave = make_wave(session, make_list(session, make_contact(session, "Nour Haddad")))
        session.flush()
        delivery = session.scalars(select(Delivery).where(Delivery.wave_id == wave.id)).one()
    return database, delivery


def made(tried: tuple[Database, Delivery], signers: Sequence[Signer], *, before: str = "") -> Message:
    """The message of the delivery; ``before`` is its hash when it was tried first."""
    database, delivery = tried
    messages = Messages(SENDER.bounce_address, signers)
    claim = Claim.of(delivery)._replace(sha256=before)
    with database.read() as session:
        messages.load(session, [claim])
    return messages.personalise(claim, date=OPENED)


def test_what_is_sent_is_signed_and_its_hash_is_of_the_signed_bytes(tried: tuple[Database, Delivery]) -> None:
    message = made(tried, (RSA, ED25519))
    content = b"".join(message.chunks)
    assert content.startswith(b"DKIM-Signature: ")
    assert verdicts(content) == [True, True]
    assert message.sha256 == sha256(content).hexdigest()


def test_a_retired_key_does_not_sign(tried: tuple[Database, Delivery]) -> None:
    assert made(tried, [signer(Algorithm.ED25519, retired=True)]).chunks == made(tried, ()).chunks


RETIRED = Signer(ED25519._key, domain="desk.example", selector="ed25519", retired=True)


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ((), (RSA,)),
        ((RSA,), (ED25519, RSA)),
        ((ED25519,), (RSA, RETIRED)),
        ((ED25519, RSA), (RSA, RETIRED)),
        ((RSA, ED25519), (RSA, RETIRED)),
        ((ED25519,), (RETIRED,)),
    ],
)
def test_a_message_that_is_sent_again_is_signed_as_it_was_though_keys_have_changed(
    tried: tuple[Database, Delivery], then: Sequence[Signer], now: Sequence[Signer]
) -> None:
    before = made(tried, then)
    assert made(tried, now).sha256 != before.sha256
    again = made(tried, now, before=before.sha256)
    assert (again.sha256, again.chunks) == (before.sha256, before.chunks)


@pytest.mark.parametrize(
    ("now", "matches"), [((ED25519,), True), ((RSA, RETIRED), True), ((RSA,), False), ((), False)]
)
def test_what_was_sent_is_produced_again_with_the_key_that_signed_it_and_not_without(
    tried: tuple[Database, Delivery], now: Sequence[Signer], matches: bool
) -> None:
    database, delivery = tried
    with database.write() as session:
        row = session.get_one(Delivery, delivery.id)
        session.get_one(Wave, row.wave_id).opened_at = OPENED
        row.sha256 = made(tried, (ED25519,)).sha256
    with database.read() as session:
        again = reproduce(session, delivery.id, bounce_address=SENDER.bounce_address, signers=now)
    assert again.matches is matches
    assert again.sha256 == sha256(again.message).hexdigest()
