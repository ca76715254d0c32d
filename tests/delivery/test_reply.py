"""A relay's reply is read strictly, shown safely, and blamed on whom it is about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery.reply import (
    MAX_LINES,
    MAX_OCTETS,
    MAX_TEXT,
    MalformedReply,
    Reply,
    ReplyReader,
    Stage,
    Verdict,
    classify,
    parse,
)


@pytest.mark.parametrize(
    ("raw", "code", "enhanced", "text"),
    [
        (b"250 2.1.5 Ok\r\n", 250, "2.1.5", "Ok"),
        (b"250 Ok\r\n", 250, "", "Ok"),
        (b"250\r\n", 250, "", ""),
        (b"250 \r\n", 250, "", ""),
        (b"250 2.0.0\r\n", 250, "2.0.0", ""),
        (b"250 Ok\n", 250, "", "Ok"),
        (b"354 End data with <CR><LF>.<CR><LF>\r\n", 354, "", "End data with <CR><LF>.<CR><LF>"),
        (b"550-5.1.1 No such\r\n550 5.1.1 mailbox here\r\n", 550, "5.1.1", "No such mailbox here"),
        (b"550-No such\r\n550-\r\n550 mailbox\r\n", 550, "", "No such mailbox"),
        (b"550 4.1.1 classes that disagree\r\n", 550, "", "4.1.1 classes that disagree"),  # RFC 2034 4
        (b"550 5.1.1234 No\r\n", 550, "", "5.1.1234 No"),
        (b"550 5.1.1: No\r\n", 550, "", "5.1.1: No"),
        ("550 5.1.1 Boîte inconnue\r\n".encode(), 550, "5.1.1", "Boîte inconnue"),
        (b"550 Bo\xeete\r\n", 550, "", "Bo\ufffdte"),
        (b"550 a\tb\x1b[31m\x00c\rd\r\n", 550, "", "a b\ufffd[31m\ufffdc d"),
        ("550 a\u202eb\u2028c\r\n".encode(), 550, "", "a\ufffdb c"),
        (b"550 " + b"x" * 2000 + b"\r\n", 550, "", "x" * MAX_TEXT),
    ],
)
def test_a_reply_is_read_and_made_fit_to_be_shown(raw: bytes, code: int, enhanced: str, text: str) -> None:
    assert ReplyReader().feed(raw) == [raw]
    assert parse(raw) == Reply(code, enhanced, text)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"\r\n",
        b"25\r\n",
        b"2500 Ok\r\n",
        b"150 Ok\r\n",
        b"650 Ok\r\n",
        b"260 Ok\r\n",
        b"250_Ok\r\n",
        b" 250 Ok\r\n",
        "٢٥٠ Ok\r\n".encode(),
        b"250-Ok\r\n251 Ok\r\n",
        b"250-Ok\r\nOk\r\n",
        b"250 Ok\r\n\r\n",
    ],
)
def test_what_is_no_reply_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedReply):
        ReplyReader().feed(raw)


@pytest.mark.parametrize("raw", [b"250-" + b"x" * 60_000 + b"\r\n250 ", b"250-x\r\n" * MAX_LINES])
def test_a_reply_may_be_long_but_must_end(raw: bytes) -> None:
    reader = ReplyReader()
    assert reader.feed(raw) == []
    with pytest.raises(MalformedReply, match="end"):
        reader.feed(b"x" * 6_000 + b"\r\n" if raw.endswith(b" ") else b"250 x\r\n")


def test_a_line_without_an_end_does_not_fill_the_memory() -> None:
    reader = ReplyReader()
    with pytest.raises(MalformedReply):
        for _ in range(MAX_OCTETS // 4096 + 1):
            reader.feed(b"2" * 4096)


def test_a_line_over_512_octets_is_let_pass() -> None:
    raw = b"550-5.7.1 " + b"x" * 900 + b"\r\n550 5.7.1 y\r\n"
    assert ReplyReader().feed(raw) == [raw]


_REPLIES = st.lists(
    st.builds(
        lambda code, texts: b"".join(
            b"%d%s%s\r\n" % (code, b" " if number == len(texts) else b"-", text)
            for number, text in enumerate(texts, 1)
        ),
        st.integers(200, 559).filter(lambda code: code % 100 < 60),
        st.lists(st.binary(max_size=20).map(lambda text: text.replace(b"\n", b"")), min_size=1, max_size=4),
    ),
    max_size=5,
)


@given(_REPLIES, st.lists(st.integers(1, 9), min_size=1))
def test_replies_come_out_the_same_however_they_are_broken_up(replies: list[bytes], sizes: list[int]) -> None:
    reader, stream, found = ReplyReader(), b"".join(replies), []
    while stream:
        for size in sizes:
            found += reader.feed(stream[:size])
            stream = stream[size:]
    assert found == replies
    assert not reader.pending


@given(st.binary(max_size=300), st.sampled_from(Stage))
def test_any_bytes_are_a_reply_or_refused(data: bytes, stage: Stage) -> None:
    try:
        for raw in ReplyReader().feed(data):
            assert parse(raw).text.isprintable()
            assert isinstance(classify(stage, parse(raw)), Verdict)
    except MalformedReply:
        pass


@pytest.mark.parametrize(
    ("stage", "code", "enhanced", "verdict"),
    [
        (Stage.BANNER, 220, "", Verdict.CONTINUE),
        (Stage.BANNER, 554, "", Verdict.TROUBLE),
        (Stage.BANNER, 554, "5.7.1", Verdict.TROUBLE),
        (Stage.BANNER, 421, "4.7.0", Verdict.DEFERRED),
        (Stage.BANNER, 354, "", Verdict.OUT_OF_STEP),
        (Stage.EHLO, 250, "", Verdict.CONTINUE),
        (Stage.EHLO, 502, "", Verdict.TROUBLE),
        (Stage.STARTTLS, 220, "2.0.0", Verdict.CONTINUE),
        (Stage.STARTTLS, 250, "", Verdict.OUT_OF_STEP),
        (Stage.STARTTLS, 454, "4.7.0", Verdict.DEFERRED),
        (Stage.STARTTLS, 502, "", Verdict.TROUBLE),
        (Stage.AUTH, 235, "2.7.0", Verdict.CONTINUE),
        (Stage.AUTH, 334, "", Verdict.CONTINUE),
        (Stage.AUTH, 250, "", Verdict.OUT_OF_STEP),
        (Stage.AUTH, 535, "5.7.8", Verdict.TROUBLE),
        (Stage.AUTH, 454, "4.7.0", Verdict.DEFERRED),
        (Stage.MAIL, 250, "2.1.0", Verdict.CONTINUE),
        (Stage.MAIL, 450, "", Verdict.DEFERRED),
        (Stage.MAIL, 421, "", Verdict.DEFERRED),
        (Stage.MAIL, 530, "5.7.0", Verdict.TROUBLE),
        (Stage.MAIL, 550, "5.7.1", Verdict.TROUBLE),
        (Stage.MAIL, 550, "5.1.8", Verdict.TROUBLE),
        (Stage.MAIL, 553, "", Verdict.TROUBLE),
        (Stage.MAIL, 503, "5.5.1", Verdict.TROUBLE),
        (Stage.MAIL, 555, "", Verdict.TROUBLE),
        (Stage.MAIL, 552, "5.3.4", Verdict.FAILED),
        (Stage.MAIL, 552, "", Verdict.FAILED),
        (Stage.MAIL, 550, "5.6.7", Verdict.FAILED),
        (Stage.MAIL, 354, "", Verdict.OUT_OF_STEP),
        (Stage.RCPT, 250, "", Verdict.CONTINUE),
        (Stage.RCPT, 251, "", Verdict.CONTINUE),
        (Stage.RCPT, 252, "", Verdict.CONTINUE),
        (Stage.RCPT, 450, "4.2.1", Verdict.DEFERRED),
        (Stage.RCPT, 451, "4.7.1", Verdict.DEFERRED),
        (Stage.RCPT, 452, "4.5.3", Verdict.DEFERRED),
        (Stage.RCPT, 552, "", Verdict.DEFERRED),
        (Stage.RCPT, 552, "5.2.2", Verdict.DEFERRED),
        (Stage.RCPT, 550, "5.2.2", Verdict.DEFERRED),
        (Stage.RCPT, 552, "5.3.4", Verdict.FAILED),
        (Stage.RCPT, 550, "", Verdict.FAILED),
        (Stage.RCPT, 550, "5.1.1", Verdict.FAILED),
        (Stage.RCPT, 550, "5.1.10", Verdict.FAILED),
        (Stage.RCPT, 501, "5.1.3", Verdict.FAILED),
        (Stage.RCPT, 553, "5.1.3", Verdict.FAILED),
        (Stage.RCPT, 554, "5.7.1", Verdict.TROUBLE),
        (Stage.RCPT, 550, "5.1.8", Verdict.TROUBLE),
        (Stage.RCPT, 504, "5.5.2", Verdict.TROUBLE),
        (Stage.RCPT, 530, "5.7.0", Verdict.TROUBLE),
        (Stage.RCPT, 354, "", Verdict.OUT_OF_STEP),
        (Stage.DATA, 354, "", Verdict.CONTINUE),
        (Stage.DATA, 250, "", Verdict.OUT_OF_STEP),
        (Stage.DATA, 451, "", Verdict.DEFERRED),
        (Stage.DATA, 554, "5.5.1", Verdict.FAILED),
        (Stage.DATA, 503, "5.5.1", Verdict.TROUBLE),
        (Stage.END, 250, "2.0.0", Verdict.ACCEPTED),
        (Stage.END, 251, "", Verdict.ACCEPTED),
        (Stage.END, 354, "", Verdict.OUT_OF_STEP),
        (Stage.END, 421, "", Verdict.DEFERRED),
        (Stage.END, 451, "4.3.0", Verdict.DEFERRED),
        (Stage.END, 552, "5.3.4", Verdict.FAILED),
        (Stage.END, 554, "5.7.1", Verdict.FAILED),
        (Stage.END, 554, "5.6.0", Verdict.FAILED),
        (Stage.END, 535, "5.7.8", Verdict.TROUBLE),
        (Stage.RSET, 250, "", Verdict.CONTINUE),
        (Stage.RSET, 500, "", Verdict.OUT_OF_STEP),
    ],
)
def test_a_reply_is_blamed_on_whom_it_is_about(stage: Stage, code: int, enhanced: str, verdict: Verdict) -> None:
    assert classify(stage, Reply(code, enhanced, "whatever it says")) is verdict


@given(st.sampled_from(Stage), st.integers(200, 559), st.from_regex(r"([245]\.\d{1,3}\.\d{1,3})?", fullmatch=True))
def test_only_a_2yz_after_the_dot_is_an_acceptance(stage: Stage, code: int, enhanced: str) -> None:
    accepted = classify(stage, Reply(code, enhanced, "")) is Verdict.ACCEPTED
    assert accepted == (stage is Stage.END and code // 100 == 2)


@given(st.sampled_from(Stage), st.integers(400, 499), st.from_regex(r"(4\.\d{1,3}\.\d{1,3})?", fullmatch=True))
def test_a_4yz_never_fails_anybody_for_good(stage: Stage, code: int, enhanced: str) -> None:
    assert classify(stage, Reply(code, enhanced, "")) is Verdict.DEFERRED
