"""The SMTP conversation: each fault of a relay ends in the right verdict, and what must not leave does not."""

import asyncio
import socket

import pytest
from faulty import CUT, HALF, PLAIN_EHLO, FaultyRelay
from hypothesis import given, settings
from hypothesis import strategies as st
from talking import ENVELOPE, LARGE, MESSAGE, Mailbox, at_aiosmtpd, endpoint, send, talk

from mailer.delivery.reply import Stage, Verdict
from mailer.delivery.smtp import Connection, ConversationLost, Envelope, Extensions, MailObject, Outcome

ONE_BLOCK = [(b"x" * 76 + b"\r\n") * 3_300]
VERBS = {"MAIL": Stage.MAIL, "RCPT": Stage.RCPT, "DATA": Stage.DATA, ".": Stage.END}


# A relay without faults.


def test_messages_go_one_after_the_other_over_one_connection() -> None:
    async def work(port: int, mailbox: Mailbox) -> None:
        connection = await Connection.open(endpoint(port))
        for recipient in ("rana@courier.example", "omar@levant.example"):
            outcome = await send(connection, envelope=Envelope("press@office.example", recipient))
            assert outcome.verdict is Verdict.ACCEPTED
            assert str(outcome.reply) == "250 2.0.0 Ok"
        await connection.quit()
        assert not connection.usable

    assert at_aiosmtpd(work).taken == [
        ("press@office.example", ["rana@courier.example"], b"".join(MESSAGE)),
        ("press@office.example", ["omar@levant.example"], b"".join(MESSAGE)),
    ]


_LINES = st.lists(st.sampled_from([b"", b".", b"..", b"a", b".a", b"a.", b" .", b"\x80.", b"x" * 600]), min_size=1)


@st.composite
def _chunked(draw: st.DrawFn) -> list[bytes]:
    """A message full of dots, cut anywhere but inside a CRLF."""
    whole = b"".join(line + b"\r\n" for line in draw(_LINES))
    cuts = sorted(draw(st.sets(st.integers(0, len(whole)), max_size=6)))
    cuts = [cut for cut in cuts if whole[cut - 1 : cut + 1] != b"\r\n"]
    return [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]


@settings(max_examples=60, deadline=None)
@given(st.lists(_chunked(), min_size=1, max_size=5))
def test_what_arrives_is_what_was_given(messages: list[list[bytes]]) -> None:
    async def work(port: int, mailbox: Mailbox) -> None:
        connection = await Connection.open(endpoint(port))
        for message in messages:
            assert (await send(connection, message)).verdict is Verdict.ACCEPTED
        await connection.quit()

    taken = at_aiosmtpd(work).taken
    assert [content for _, _, content in taken] == [b"".join(message) for message in messages]


def test_a_large_message_arrives_whole() -> None:
    async def work(port: int, mailbox: Mailbox) -> None:
        connection = await Connection.open(endpoint(port))
        assert (await send(connection, LARGE)).verdict is Verdict.ACCEPTED
        await connection.quit()

    assert at_aiosmtpd(work).taken[0][2] == b"".join(LARGE)


def test_the_commands_are_one_group_where_the_relay_offers_it_and_one_by_one_where_not() -> None:
    for answers, changes in (({}, {}), ({"EHLO": PLAIN_EHLO}, {}), ({}, {"pipelining": False})):
        relay = FaultyRelay(answers)
        assert talk(relay, send, **changes).verdict is Verdict.ACCEPTED
        size = "" if answers else f" SIZE={len(b''.join(MESSAGE))}"
        assert relay.commands == [
            "EHLO office.example",
            f"MAIL FROM:<press@office.example>{size}",
            "RCPT TO:<rana@courier.example>",
            "DATA",
            "QUIT",
        ]


@pytest.mark.parametrize(
    ("envelope", "message", "parameters"),
    [
        (Envelope("", "rana@courier.example"), b"a\r\n", "MAIL FROM:<> SIZE=3"),
        (ENVELOPE, b".a\r\n", "MAIL FROM:<press@office.example> SIZE=4"),  # RFC 1870 3: without the doubled dot
        (ENVELOPE, "é\r\n".encode(), "MAIL FROM:<press@office.example> SIZE=4 BODY=8BITMIME"),
        (
            Envelope("press@office.example", "رنا@courier.example", smtputf8=True),
            "é\r\n".encode(),
            "MAIL FROM:<press@office.example> SIZE=4 BODY=8BITMIME SMTPUTF8",
        ),
    ],
)
def test_the_relay_is_told_what_the_message_needs(envelope: Envelope, message: bytes, parameters: str) -> None:
    relay = FaultyRelay()
    outcome = talk(relay, lambda connection: send(connection, [message], envelope))
    assert outcome.verdict is Verdict.ACCEPTED
    assert relay.commands[1] == parameters
    assert relay.commands[2] == f"RCPT TO:<{envelope.recipient}>"


def test_a_reply_may_come_a_byte_at_a_time() -> None:
    relay = FaultyRelay(byte_by_byte=True)
    assert talk(relay, send).verdict is Verdict.ACCEPTED


def test_what_is_offered_is_read_in_any_case_and_order() -> None:
    raw = b"250-relay.example at your service\r\n250-size\r\n250-\r\n250-Auth PLAIN login\r\n250 smtputf8\r\n"
    assert Extensions.of(raw) == Extensions(size=0, smtputf8=True, auth=frozenset({"PLAIN", "LOGIN"}))
    assert Extensions.of(b"250 SIZE 5\r\n") == Extensions()
    assert Extensions.of(b"250-a\r\n250 SIZE -5\r\n").size == 0


# What never leaves.


@pytest.mark.parametrize(
    "chunks",
    [
        [b"a\nb\r\n"],
        [b"a\rb\r\n"],
        [b"a\n.\r\nMAIL FROM:<x@y.example>\r\n"],
        [b"a\r\n.\nb\r\n"],
        [b"a\r\n.\rb\r\n"],
        [b"a\0\r\n"],
        [b"x" * 2000 + b"\r", b"\nb\r\n"],
        [b"a\r\n", b"x" * 2000 + b"\n", b".\r\n"],
        [b"a\r\n\n"],
        [b"a\r\r\n"],
        [b"a"],
        [b"a\r\n", b"b"],
        [b"x" * 600 + b"\n", b"\r\n"],
        [b""],
        [],
    ],
)
def test_a_message_that_could_smuggle_another_never_reaches_the_wire(chunks: list[bytes]) -> None:
    async def work(connection: Connection) -> None:
        with pytest.raises(ValueError, match="CR"):
            await send(connection, chunks)
        assert connection.usable

    relay = FaultyRelay()
    talk(relay, work)
    assert relay.commands == ["EHLO office.example", "QUIT"]


_BAD = "\r\n\0\t <>\x7f\x85\u2028"


@pytest.mark.parametrize(
    "address",
    [*(f"ra{bad}na@courier.example" for bad in _BAD), *(f"rana@courier{bad}.example" for bad in _BAD),
     "rana", "@courier.example", "rana@", "rana@x.example@y.example", "x" * 65 + "@courier.example",
     "rana@courier.example\r\nRCPT TO:<omar@levant.example>"],
)  # fmt: skip
def test_an_address_that_could_end_its_command_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="an address has"):
        Envelope("press@office.example", address, smtputf8=True)
    with pytest.raises(ValueError, match="an address has"):
        Envelope(address, "rana@courier.example", smtputf8=True)


def test_an_envelope_has_a_recipient_and_says_when_it_is_not_ascii() -> None:
    with pytest.raises(ValueError, match="an address has"):
        Envelope("press@office.example", "")
    with pytest.raises(ValueError, match="an address has"):
        Envelope("", "")
    with pytest.raises(ValueError, match="SMTPUTF8"):
        Envelope("press@office.example", "رنا@courier.example")


@pytest.mark.parametrize("changes", [{"helo": "a\r\nb"}, {"helo": ""}, {"password": "a\0b"}, {"username": "\0"}])
def test_an_endpoint_that_could_end_its_command_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"EHLO|NUL"):
        endpoint(25, **changes)


class TooEarly(Exception):
    pass


@pytest.mark.parametrize("message", [MESSAGE, LARGE])
def test_not_one_byte_of_a_message_leaves_when_its_last_check_fails(message: list[bytes]) -> None:
    def embargo() -> None:
        raise TooEarly

    async def work(connection: Connection) -> None:
        with pytest.raises(TooEarly):
            await connection.send(MailObject.of(ENVELOPE, message), on_data=embargo)
        assert not connection.usable
        with pytest.raises(ConversationLost):
            await send(connection)

    relay = FaultyRelay()
    talk(relay, work)
    assert relay.received.endswith(b"DATA\r\n")
    assert relay.messages == []


def test_the_last_check_comes_when_the_relay_waits_for_the_data_and_only_once() -> None:
    checks: list[str] = []
    relay = FaultyRelay()

    async def work(connection: Connection) -> None:
        await connection.send(MailObject.of(ENVELOPE, MESSAGE), on_data=lambda: checks.append(relay.commands[-1]))

    talk(relay, work)
    assert checks == ["DATA"]


@pytest.mark.parametrize(
    ("offered", "envelope", "message", "codes", "words"),
    [
        (PLAIN_EHLO, Envelope("press@office.example", "رنا@courier.example", smtputf8=True), MESSAGE, "553 5.6.7",
         "internationalised"),
        (PLAIN_EHLO, ENVELOPE, ["é\r\n".encode()], "554 5.6.3", "8-bit"),
        (b"250-relay.example\r\n250 SIZE 10\r\n", ENVELOPE, MESSAGE, "552 5.3.4", "the relay takes 10"),
    ],
)  # fmt: skip
def test_what_the_relay_cannot_take_fails_without_being_sent(
    offered: bytes, envelope: Envelope, message: list[bytes], codes: str, words: str
) -> None:
    relay = FaultyRelay({"EHLO": offered})
    outcome = talk(relay, lambda connection: send(connection, message, envelope))
    assert outcome.verdict is Verdict.FAILED
    assert str(outcome.reply).startswith(codes)
    assert words in outcome.reply.text
    assert relay.commands == ["EHLO office.example", "QUIT"]


# Refusals.


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(
    ("verb", "answer", "verdict"),
    [
        ("MAIL", b"450 4.3.2 Later\r\n", Verdict.DEFERRED),
        ("MAIL", b"550 5.7.1 Not from you\r\n", Verdict.TROUBLE),
        ("MAIL", b"552 5.3.4 Too big\r\n", Verdict.FAILED),
        ("RCPT", b"450 4.2.1 Later\r\n", Verdict.DEFERRED),
        ("RCPT", b"552 Too many recipients\r\n", Verdict.DEFERRED),
        ("RCPT", b"550-5.1.1 No such\r\n550 5.1.1 mailbox\r\n", Verdict.FAILED),
        ("RCPT", b"554 5.7.1 Relay access denied\r\n", Verdict.TROUBLE),
        ("DATA", b"451 4.3.0 Later\r\n", Verdict.DEFERRED),
        ("DATA", b"554 5.3.0 No\r\n", Verdict.FAILED),
        (".", b"451 4.3.0 Later\r\n", Verdict.DEFERRED),
        (".", b"550 5.7.1 Not that\r\n", Verdict.FAILED),
        (".", b"550 " + b"x" * 900 + b"\r\n", Verdict.FAILED),
    ],
)
def test_a_refusal_is_for_its_message_only_and_the_next_one_goes(
    verb: str, answer: bytes, verdict: Verdict, *, pipelining: bool
) -> None:
    good = {"DATA": b"354 Go on\r\n", ".": b"250 Ok\r\n"}.get(verb, b"250 Ok\r\n")
    relay = FaultyRelay({verb: [answer, good]})
    other = Envelope("press@office.example", "omar@levant.example")

    async def work(connection: Connection) -> tuple[Outcome, Outcome]:
        first = await send(connection)
        assert connection.usable
        return first, await send(connection, [b"Second\r\n"], other)

    first, second = talk(relay, work, pipelining=pipelining)
    assert (first.stage, first.reply.code, first.verdict) == (VERBS[verb], int(answer[:3]), verdict)
    assert second.verdict is Verdict.ACCEPTED
    assert relay.messages[-1] == b"Second\r\n"
    assert (b"The well is open" in relay.received) == (verb == ".")
    # RFC 5321 4.1.1.2: a second MAIL inside a transaction is an error.
    assert ("RSET" in relay.commands) == (verb != ".")


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
@pytest.mark.parametrize("dot", [b"250 2.0.0 Ok\r\n", b"554 5.5.1 No valid recipients\r\n", b"2\r\n", CUT])
def test_a_refused_recipient_never_counts_as_accepted_though_the_relay_wants_data(verb: str, dot: bytes) -> None:
    relay = FaultyRelay({verb: b"550 5.2.1 Gone\r\n", ".": dot})
    checks: list[None] = []

    async def work(connection: Connection) -> Outcome:
        return await connection.send(MailObject.of(ENVELOPE, MESSAGE), on_data=lambda: checks.append(None))

    outcome = talk(relay, work)
    assert (outcome.stage, outcome.reply.code) == (VERBS[verb], 550)
    assert outcome.verdict is not Verdict.ACCEPTED
    assert relay.messages == [b""]
    assert not checks


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("then", [b"", CUT])
def test_a_relay_that_goes_away_defers_the_message_and_is_left(
    verb: str, then: bytes, *, pipelining: bool
) -> None:
    async def work(connection: Connection) -> Outcome:
        outcome = await send(connection)
        assert not connection.usable
        return outcome

    relay = FaultyRelay({verb: b"421 4.3.2 Closing\r\n" + then})
    outcome = talk(relay, work, pipelining=pipelining)
    assert (outcome.stage, outcome.verdict) == (VERBS[verb], Verdict.DEFERRED)


def test_a_relay_that_leaves_an_idle_connection_is_noticed_before_the_next_message() -> None:
    async def work(connection: Connection) -> None:
        assert (await send(connection)).verdict is Verdict.ACCEPTED
        while connection.usable:
            await asyncio.sleep(0)
        with pytest.raises(ConversationLost, match=r"4\.4\.2 Idle") as caught:
            await send(connection)
        assert not caught.value.in_doubt

    relay = FaultyRelay({".": b"250 Ok\r\n421 4.4.2 Idle\r\n"})
    talk(relay, work)
    assert len(relay.messages) == 1


# Conversations that are lost.


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "answer",
    [
        CUT,
        b"25" + CUT,
        b"250-half" + CUT,
        b"Hello\r\n",
        b"250-Ok\r\n550 Not\r\n",
        b"354-Go\r\n250 on\r\n",
        b"299 Ok\r\n",
        b"335 What\r\n",
        b"250-" + b"x" * 70_000,
        b"250-x\r\n" * 200,
    ],
)
def test_a_lost_conversation_is_in_doubt_only_once_the_data_has_begun(
    verb: str, answer: bytes, *, pipelining: bool
) -> None:
    checks: list[None] = []

    async def work(connection: Connection) -> None:
        with pytest.raises(ConversationLost) as caught:
            await connection.send(MailObject.of(ENVELOPE, MESSAGE), on_data=lambda: checks.append(None))
        assert caught.value.in_doubt == bool(checks) == (verb == ".")
        assert not connection.usable

    relay = FaultyRelay({verb: answer})
    talk(relay, work, pipelining=pipelining)
    assert relay.messages == ([b"".join(MESSAGE)] if verb == "." else [])


@pytest.mark.parametrize(
    "answers",
    [
        {"MAIL": b"250 Ok\r\n250 Ok\r\n"},  # the third reply is then taken for DATA's
        {"RCPT": b"250 Ok\r\n354 Go on\r\n"},
        {"DATA": b"354 Go on\r\n250 Ok\r\n"},  # would be taken for the dot's
        {"DATA": b"354 Go on\r\n25"},
        {"DATA": b"250 Ok\r\n"},
    ],
)
def test_replies_that_are_out_of_step_lose_the_conversation_before_the_data(answers: dict[str, bytes]) -> None:
    async def work(connection: Connection) -> None:
        with pytest.raises(ConversationLost) as caught:
            await send(connection)
        assert not caught.value.in_doubt
        assert not connection.usable

    relay = FaultyRelay(answers)
    talk(relay, work)
    assert b"The well is open" not in relay.received


def test_a_relay_that_hangs_up_right_after_354_leaves_in_doubt_what_was_begun() -> None:
    checks: list[None] = []

    async def work(connection: Connection) -> None:
        with pytest.raises(ConversationLost) as caught:
            await connection.send(MailObject.of(ENVELOPE, MESSAGE), on_data=lambda: checks.append(None))
        assert caught.value.in_doubt == bool(checks)

    talk(FaultyRelay({"DATA": b"354 Go on\r\n" + CUT}), work)


@pytest.mark.parametrize("message", [LARGE, ONE_BLOCK], ids=["large", "one block"])
@pytest.mark.parametrize(
    ("early", "verdict"),
    [
        (b"552 5.3.4 Too big\r\n", Verdict.FAILED),
        (b"451 4.3.1 Full\r\n", Verdict.DEFERRED),
        (b"250 Ok\r\n", None),
        (HALF, None),
    ],
)
def test_an_answer_before_the_end_of_the_data_can_refuse_but_not_accept(
    early: bytes, verdict: Verdict | None, message: list[bytes]
) -> None:
    async def work(connection: Connection) -> None:
        wire = connection._wire.transport.get_extra_info("socket")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        if verdict is None:
            with pytest.raises(ConversationLost) as caught:
                await send(connection, message)
            assert caught.value.in_doubt
        else:
            assert (await send(connection, message)).verdict is verdict
        assert not connection.usable

    talk(FaultyRelay(early=early), work)


def test_a_connection_that_is_given_up_is_cut() -> None:
    relay = FaultyRelay()

    async def work(connection: Connection) -> None:
        connection.abort()
        assert not connection.usable
        _, open_still = await asyncio.wait(relay.tasks, timeout=10)
        assert not open_still

    talk(relay, work)
