"""Nothing is waited for without end: the limits of RFC 5321 4.5.3.2, each waited for nearly to its end."""

import asyncio
from contextlib import suppress

import pytest
from faulty import CUT, SILENCE, FaultyRelay
from talking import (
    ENVELOPE,
    LARGE,
    MESSAGE,
    age,
    ahead,
    endpoint,
    send,
    talk,
)

from mailer.delivery.reply import Stage, Verdict
from mailer.delivery.smtp import (
    Connection,
    ConversationLost,
    MailObject,
    Outcome,
    RelayTrouble,
)


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(("verb", "limit"), [("MAIL", 300), ("RCPT", 300), ("DATA", 120), (".", 600)])
@pytest.mark.parametrize("answer", [SILENCE, b"25" + SILENCE])
def test_a_reply_that_never_comes_is_waited_for_as_long_as_the_standard_says(
    verb: str, limit: float, answer: bytes, *, pipelining: bool
) -> None:
    relay = FaultyRelay({verb: answer})

    async def main() -> ConversationLost:
        async with relay.running():
            connection = await Connection.open(endpoint(relay.port, pipelining=pipelining))
            sending = asyncio.create_task(send(connection))
            await relay.silent.wait()
            assert await age(sending, limit - 5)
            # In a group the replies come in a row, and the longest of their limits is each one's.
            late = 300 - limit if pipelining and verb == "DATA" else 0
            waited = 0
            while await age(sending, 10):
                waited += 10
            assert waited < late + 60
            with pytest.raises(ConversationLost, match="did not answer") as caught:
                await sending
            assert not connection.usable
            await connection.quit()
            return caught.value

    lost = ahead(main())
    assert lost.in_doubt == (verb == ".")
    assert lost.pipelined == (pipelining and verb != ".")


def test_each_reply_of_a_group_has_its_own_time() -> None:
    relay = FaultyRelay({"MAIL": SILENCE, "RCPT": SILENCE})

    async def main() -> Outcome:
        async with relay.running():
            connection = await Connection.open(endpoint(relay.port))
            sending = asyncio.create_task(send(connection))
            for _ in ("MAIL", "RCPT"):
                await relay.silent.wait()
                relay.silent.clear()
                assert await age(sending, 290)
                relay.resumed.set()
            outcome = await sending
            await connection.quit()
            return outcome

    assert ahead(main()).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize(("verb", "stage", "limit"), [("banner", Stage.BANNER, 300), ("EHLO", Stage.EHLO, 300)])
def test_a_relay_that_is_silent_from_the_start_is_given_up(verb: str, stage: Stage, limit: float) -> None:
    relay = FaultyRelay({verb: SILENCE})

    async def main() -> RelayTrouble:
        async with relay.running():
            opening = asyncio.create_task(Connection.open(endpoint(relay.port)))
            await relay.silent.wait()
            assert await age(opening, limit - 5)
            while await age(opening, 10):
                pass
            with pytest.raises(RelayTrouble, match="did not answer") as caught:
                await opening
            return caught.value

    assert ahead(main()).stage is stage


def test_a_relay_that_stops_reading_in_a_large_message_is_given_up_after_a_block_s_time() -> None:
    relay = FaultyRelay(early=b"2")  # no answer, but it reads no more

    async def main() -> None:
        async with relay.running():
            connection = await Connection.open(endpoint(relay.port))
            begun = asyncio.Event()
            sending = asyncio.create_task(connection.send(MailObject.of(ENVELOPE, LARGE), on_data=begun.set))
            await begun.wait()
            assert await age(sending, 175)
            while await age(sending, 10):
                pass
            with pytest.raises(ConversationLost, match="within 180 seconds") as caught:
                await sending
            assert caught.value.in_doubt

    ahead(main())


def test_a_relay_that_cannot_pipeline_what_it_offers_is_told_and_can_be_asked_one_by_one() -> None:
    relay = FaultyRelay(drop_after_command=True)

    async def main() -> Outcome:
        async with relay.running():
            connection = await Connection.open(endpoint(relay.port))
            sending = asyncio.create_task(send(connection))
            while await age(sending, 10):
                pass
            with pytest.raises(ConversationLost) as caught:
                await sending
            assert caught.value.pipelined
            assert not caught.value.in_doubt
            connection = await Connection.open(endpoint(relay.port, pipelining=False))
            outcome = await send(connection)
            await connection.quit()
            return outcome

    assert ahead(main()).verdict is Verdict.ACCEPTED
    assert relay.messages == [b"".join(MESSAGE)]


@pytest.mark.parametrize("answer", [SILENCE, CUT, b"500 What?\r\n", b"Bye\r\n"])
def test_taking_leave_never_fails(answer: bytes) -> None:
    relay = FaultyRelay({"QUIT": answer})

    async def main() -> None:
        async with relay.running():
            connection = await Connection.open(endpoint(relay.port))
            leaving = asyncio.create_task(connection.quit())
            while await age(leaving, 1):
                pass
            await leaving
            assert not connection.usable
            await connection.quit()

    ahead(main())


def test_a_conversation_that_is_cancelled_is_cut() -> None:
    relay = FaultyRelay({"RCPT": SILENCE})

    async def main() -> None:
        async with relay.running():
            connection = await Connection.open(endpoint(relay.port))
            sending = asyncio.create_task(send(connection))
            await relay.silent.wait()
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending
            assert not connection.usable

    asyncio.run(main())


@pytest.mark.parametrize("answer", [b"250 Ok\r\n", b"500 What?\r\n", CUT])
def test_a_transaction_can_be_given_up(answer: bytes) -> None:
    relay = FaultyRelay({"RSET": answer, "RCPT": [b"550 5.1.1 No\r\n", b"250 Ok\r\n"]})

    async def work(connection: Connection) -> None:
        await send(connection)
        if answer.startswith(b"250"):
            await connection.reset()
            assert (await send(connection)).verdict is Verdict.ACCEPTED
            assert relay.commands.count("RSET") == 1
        else:
            with pytest.raises(ConversationLost):
                await connection.reset()
            assert not connection.usable

    talk(relay, work)
