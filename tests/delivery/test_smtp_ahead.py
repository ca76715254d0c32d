"""A message that is announced with the end of the one before it: what each fault means for which of the two."""

import asyncio

import pytest
from faulty import CUT, PLAIN_EHLO, SILENCE, FaultyRelay
from talking import ENVELOPE, MESSAGE, Mailbox, at_aiosmtpd, endpoint, talk

from mailer.delivery.reply import Stage, Verdict
from mailer.delivery.smtp import Connection, ConversationLost, Envelope, MailObject, Outcome

FIRST = MailObject.of(ENVELOPE, MESSAGE)
SECOND = MailObject.of(Envelope("press@office.example", "omar@levant.example"), [b"Second\r\n"])
THIRD = MailObject.of(Envelope("press@office.example", "mona@delta.example"), [b"Third\r\n"])
OK = b"250 2.0.0 Ok\r\n"


class Held(Exception):
    """The embargo was moved."""


async def hand_over(connection: Connection, mail: MailObject, following: MailObject | None = None) -> Outcome:
    return await connection.send(mail, on_data=lambda: None, following=following)


async def all_three(connection: Connection) -> list[Outcome]:
    pairs = ((FIRST, SECOND), (SECOND, THIRD), (THIRD, None))
    return [await hand_over(connection, mail, following) for mail, following in pairs]


def test_messages_that_follow_each_other_arrive_whole_and_in_order() -> None:
    async def work(port: int, mailbox: Mailbox) -> None:
        connection = await Connection.open(endpoint(port))
        assert {outcome.verdict for outcome in await all_three(connection)} == {Verdict.ACCEPTED}
        await connection.quit()

    taken = at_aiosmtpd(work).taken
    assert [(to, content) for _, (to,), content in taken] == [
        (mail.envelope.recipient, mail.content) for mail in (FIRST, SECOND, THIRD)
    ]


def test_the_next_message_is_announced_in_the_write_that_ends_one() -> None:
    relay = FaultyRelay({".": SILENCE})

    async def work(connection: Connection) -> None:
        sending = asyncio.create_task(hand_over(connection, FIRST, SECOND))
        await relay.silent.wait()
        # No answer to the first yet; the relay has been told of the second all the same.
        relay.answers = {}
        relay.resumed.set()
        assert (await sending).verdict is Verdict.ACCEPTED
        assert connection.announced is SECOND
        assert (await hand_over(connection, SECOND)).verdict is Verdict.ACCEPTED
        assert connection.announced is None

    talk(relay, work)
    assert (
        bytes(relay.received).count(b".\r\nMAIL FROM:<press@office.example> SIZE=8\r\nRCPT TO:<omar@levant") == 1
    )
    assert [command.split()[0] for command in relay.commands] == ["EHLO", *["MAIL", "RCPT", "DATA"] * 2, "QUIT"]


@pytest.mark.parametrize(("answers", "changes"), [({"EHLO": PLAIN_EHLO}, {}), ({}, {"pipelining": False})])
def test_nothing_is_announced_where_commands_go_one_by_one(
    answers: dict[str, bytes], changes: dict[str, bool]
) -> None:
    async def work(connection: Connection) -> None:
        await hand_over(connection, FIRST, SECOND)
        assert connection.announced is None
        assert connection.usable

    talk(FaultyRelay(answers), work, **changes)


@pytest.mark.parametrize(("verb", "stage"), [("MAIL", Stage.MAIL), ("RCPT", Stage.RCPT), ("DATA", Stage.DATA)])
@pytest.mark.parametrize(
    ("answer", "verdict"), [(b"450 4.2.1 Later\r\n", Verdict.DEFERRED), (b"550 5.1.1 No\r\n", None)]
)
def test_a_refusal_of_what_was_announced_is_for_that_message_only(
    verb: str, stage: Stage, answer: bytes, verdict: Verdict | None
) -> None:
    good = b"354 Go on\r\n" if verb == "DATA" else OK
    relay = FaultyRelay({verb: [good, answer, good]})
    first, second, third = talk(relay, all_three)
    assert (first.verdict, third.verdict) == (Verdict.ACCEPTED, Verdict.ACCEPTED)
    assert (second.stage, second.reply.code) == (stage, int(answer[:3]))
    assert second.verdict is (verdict or (Verdict.TROUBLE if verb == "MAIL" else Verdict.FAILED))
    assert [message for message in relay.messages if message] == [FIRST.content, THIRD.content]


def test_a_refusal_at_the_dot_does_not_touch_what_was_announced() -> None:
    relay = FaultyRelay({".": [b"550 5.7.1 Spam\r\n", OK]})
    first, second, third = talk(relay, all_three)
    assert (first.stage, first.verdict) == (Stage.END, Verdict.FAILED)
    assert (second.verdict, third.verdict) == (Verdict.ACCEPTED, Verdict.ACCEPTED)
    assert relay.messages == [FIRST.content, SECOND.content, THIRD.content]


@pytest.mark.parametrize("dot", [OK, b"250 2.0.0 Ok\r\n250 2.1.0 Ok\r\n"])
def test_a_connection_that_is_lost_behind_the_dot_puts_only_the_first_in_doubt_and_only_without_its_answer(
    dot: bytes,
) -> None:
    async def work(connection: Connection) -> None:
        assert (await hand_over(connection, FIRST, SECOND)).verdict is Verdict.ACCEPTED
        with pytest.raises(ConversationLost) as caught:
            await hand_over(connection, SECOND, THIRD)
        assert not caught.value.in_doubt
        assert not connection.usable

    relay = FaultyRelay({".": dot + CUT})
    talk(relay, work)
    assert relay.messages == [FIRST.content]

    async def unanswered(connection: Connection) -> None:
        with pytest.raises(ConversationLost) as caught:
            await hand_over(connection, FIRST, SECOND)
        assert caught.value.in_doubt
        assert connection.announced is None

    talk(FaultyRelay({".": CUT}), unanswered)


def test_what_is_announced_and_then_forbidden_costs_the_connection_and_sends_nothing() -> None:
    def embargo() -> None:
        raise Held

    async def work(connection: Connection) -> None:
        await hand_over(connection, FIRST, SECOND)
        with pytest.raises(Held):
            await connection.send(SECOND, on_data=embargo)
        assert not connection.usable

    relay = FaultyRelay()
    talk(relay, work)
    assert relay.messages == [FIRST.content]
    assert b"Second" not in relay.received


def test_no_other_message_can_be_sent_in_place_of_the_one_announced() -> None:
    async def work(connection: Connection) -> None:
        await hand_over(connection, FIRST, SECOND)
        with pytest.raises(ConversationLost) as caught:
            await hand_over(connection, THIRD)
        assert not caught.value.in_doubt

    relay = FaultyRelay()
    talk(relay, work)
    assert relay.messages == [FIRST.content]


def test_leave_is_taken_of_a_relay_that_waits_for_what_was_announced_by_cutting_the_connection() -> None:
    async def work(connection: Connection) -> None:
        await hand_over(connection, FIRST, SECOND)
        await connection.quit()
        assert not connection.usable

    relay = FaultyRelay()
    talk(relay, work)
    # To a relay in the middle of DATA, QUIT would be a line of the message.
    assert b"QUIT" not in relay.received
    assert relay.messages == [FIRST.content]


def test_a_message_that_the_relay_cannot_take_is_not_announced() -> None:
    large = MailObject.of(ENVELOPE, [b"x" * 70 + b"\r\n"] * 20)

    async def work(connection: Connection) -> Outcome:
        await hand_over(connection, FIRST, large)
        assert connection.announced is None
        return await hand_over(connection, large)

    relay = FaultyRelay({"EHLO": b"250-relay.example\r\n250-PIPELINING\r\n250 SIZE 1000\r\n"})
    outcome = talk(relay, work)
    assert (outcome.reply.code, outcome.verdict) == (552, Verdict.FAILED)
    assert sum(command.startswith("MAIL") for command in relay.commands) == 1


def test_a_relay_that_speaks_of_delivery_notifications_is_told_when_to_send_them() -> None:
    named = MailObject.of(
        Envelope("press+7f3a@office.example", "omar@levant.example", envid="7f3a"), [b"Second\r\n"]
    )
    relay = FaultyRelay({"EHLO": b"250-relay.example\r\n250-PIPELINING\r\n250 DSN\r\n"})
    talk(relay, lambda connection: hand_over(connection, FIRST, named))
    assert relay.commands[1:6] == [
        "MAIL FROM:<press@office.example>",
        "RCPT TO:<rana@courier.example>",
        "DATA",
        "MAIL FROM:<press+7f3a@office.example> RET=HDRS ENVID=7f3a",
        "RCPT TO:<omar@levant.example> NOTIFY=FAILURE,DELAY",
    ]
    for bad in ("7f3a NOTIFY=NEVER", "a\r\nRSET", "x" * 101):
        with pytest.raises(ValueError, match="envelope identifier"):
            Envelope("press@office.example", "omar@levant.example", envid=bad)
