"""A mail whose DKIM key is gone: signed afresh if nobody can have it, and held for an officer if somebody may."""

import asyncio
from email import message_from_bytes
from pathlib import Path

import pytest
from builders import DESK, make_contact, make_list
from faulty import CUT, FaultyRelay
from newsroom import SENDER, make_wave
from sending import Desk
from sqlalchemy import select

from mailer.audit import Event, entries
from mailer.database import Database
from mailer.delivery.decide import send_again
from mailer.delivery.dkim import Signer
from mailer.delivery.dkim_keys import Algorithm, make_key
from mailer.delivery.messages import reproduce
from mailer.delivery.models import Attempt
from mailer.delivery.outcome import Policy
from mailer.schedule.models import Delivery, DeliveryState, Wave

OLD, NEW = (Signer(make_key(Algorithm.ED25519), domain="desk.example", selector=name) for name in ("old", "new"))
RETIRED = Signer(OLD._key, domain="desk.example", selector="old", retired=True)


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(database, tmp_path / "process", signers=(OLD,))


@pytest.fixture
def wave(desk: Desk) -> Wave:
    with desk.database.write() as session:
        return make_wave(session, make_list(session, make_contact(session)), now=desk.clock.now())


def delivery(desk: Desk) -> Delivery:
    with desk.database.read() as session:
        return session.scalars(select(Delivery)).one()


def whole(relay: FaultyRelay) -> list[bytes]:
    """The messages that came; where RCPT was refused, a pipelined DATA is ended without one."""
    return [message for message in relay.messages if message]


def keys(message: bytes) -> list[str]:
    """The selectors of its signatures."""
    fields = message_from_bytes(message).get_all("DKIM-Signature", [])
    return [field.partition(" s=")[2].partition(";")[0] for field in fields]


@pytest.mark.parametrize(
    "refusal",
    [{"RCPT": b"450 4.2.1 Later\r\n"}, {".": b"451 4.3.0 Later\r\n"}, {"MAIL": b"553 5.7.1 Not you\r\n"}],
    ids=lambda refusal: next(iter(refusal)),
)
def test_a_mail_that_every_relay_has_refused_is_signed_with_the_keys_of_now(
    desk: Desk, wave: Wave, refusal: dict[str, bytes]
) -> None:
    relay = FaultyRelay({verb: [answer, b"250 2.0.0 Ok\r\n"] for verb, answer in refusal.items()})

    async def scenario() -> None:
        async with relay.running():
            async with desk.sending(relay.port):
                desk.open(wave)
                await desk.seen(lambda: desk.states(wave) == [DeliveryState.DEFERRED])
            assert delivery(desk).sha256 == ""
            desk.signers = (NEW,)
            async with desk.sending(relay.port):
                desk.retry_now()
                await desk.done(wave)

    asyncio.run(scenario())
    assert desk.states(wave) == [DeliveryState.ACCEPTED]
    assert keys(relay.messages[-1]) == ["new"]
    sent = delivery(desk)
    with desk.database.read() as session:
        again = reproduce(session, sent.id, bounce_address=SENDER.bounce_address, signers=[NEW])
        (accepted,) = [e for e in entries(session) if e.event == Event.DELIVERY_ACCEPTED]
    assert again.matches
    assert accepted.data["sha256"] == sent.sha256


@pytest.mark.parametrize("then", [[b"250 2.1.5 Ok\r\n"], [b"250 2.1.5 Ok\r\n", b"450 4.2.1 Later\r\n"]])
def test_a_mail_that_may_have_arrived_is_held_until_its_key_is_back(
    desk: Desk, wave: Wave, then: list[bytes]
) -> None:
    """Even if it was refused after that."""
    relay = FaultyRelay({"RCPT": [*then, b"250 2.1.5 Ok\r\n"], ".": [CUT, b"250 2.0.0 Ok\r\n"]})
    deferred = len(then) > 1
    desk.policy = Policy(resend_in_doubt=deferred)

    async def scenario() -> None:
        async with relay.running():
            async with desk.sending(relay.port):
                desk.open(wave)
                await desk.seen(
                    lambda: desk.states(wave) == [(DeliveryState.HELD, DeliveryState.DEFERRED)[deferred]]
                )
            first = delivery(desk).sha256
            desk.signers = (NEW,)
            await again(first)
            assert desk.states(wave) == [DeliveryState.HELD]
            assert len(whole(relay)) == 1
            with desk.database.read() as session:
                reasons = [e.data["reason"] for e in entries(session) if e.event == Event.DELIVERY_HELD]
                last = session.scalars(select(Attempt).order_by(Attempt.number.desc())).first()
            assert reasons[-1] == "it cannot be made again as it may have been sent"
            assert last is not None
            assert "DKIM key" in last.text
            desk.signers = (NEW, RETIRED)
            await again(first)

    async def again(first: str) -> None:
        """What an officer does with what is held; what is deferred comes by itself."""
        if desk.states(wave) == [DeliveryState.HELD]:
            with desk.database.write() as session:
                send_again(
                    session, [delivery(desk).id], give_up_after=desk.give_up_after, at=desk.clock.now(), actor=DESK
                )
        desk.retry_now()
        async with desk.sending(relay.port):
            await desk.done(wave)
        assert delivery(desk).sha256 == first

    asyncio.run(scenario())
    assert desk.states(wave) == [DeliveryState.ACCEPTED]
    first, second = whole(relay)
    assert first == second
    assert keys(second) == ["old"]
