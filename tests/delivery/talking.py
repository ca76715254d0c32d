"""Holds conversations with a relay in a test: a faulty one, or aiosmtpd."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import replace
from typing import TypeVar

import pytest
from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import Envelope as Taken
from faulty import FaultyRelay

from mailer.delivery.smtp import Connection, Endpoint, Envelope, MailObject, Outcome, RelayTrouble

T = TypeVar("T")

ENVELOPE = Envelope("press@office.example", "rana@courier.example")
MESSAGE = [b"Subject: Water for Tyre\r\n\r\n", b"The well is open.\r\n"]
LARGE = [b"Subject: Photographs\r\n\r\n", (b"x" * 76 + b"\r\n") * 100_000]


def endpoint(port: int, **changes: object) -> Endpoint:
    plain = Endpoint(name="main", host="localhost", port=port, security="none", helo="office.example")
    return replace(plain, **changes)  # type: ignore[arg-type]


async def send(
    connection: Connection, message: Iterable[bytes] = MESSAGE, envelope: Envelope = ENVELOPE
) -> Outcome:
    return await connection.send(MailObject.of(envelope, list(message)), on_data=lambda: None)


def talk(relay: FaultyRelay, work: Callable[[Connection], Awaitable[T]], **changes: object) -> T:
    """Run some work over a connection to that relay, and read to the end what it was sent."""

    async def main() -> T:
        async with relay.running():
            connection = await Connection.open(endpoint(relay.port, **changes))
            try:
                return await work(connection)
            finally:
                await connection.quit()
                if not relay.silent.is_set() and not relay.early:
                    await relay.finished()

    return asyncio.run(main())


def trouble(relay: FaultyRelay, *, implicit: ssl.SSLContext | None = None, **changes: object) -> RelayTrouble:
    """What is said about a relay with which no conversation comes about."""

    async def main() -> RelayTrouble:
        async with relay.running(implicit=implicit):
            with pytest.raises(RelayTrouble) as caught:
                await Connection.open(endpoint(relay.port, **changes))
            return caught.value

    return asyncio.run(main())


class Mailbox:
    """What a real server took: sender, recipients, the bytes after its own undoing of doubled dots."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], bytes]] = []

    async def handle_DATA(self, server: object, session: object, envelope: Taken) -> str:  # noqa: N802
        self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 2.0.0 Ok"


def at_aiosmtpd(
    work: Callable[[int, Mailbox], Awaitable[None]], *, implicit: ssl.SSLContext | None = None, **options: object
) -> Mailbox:
    """Run some work beside aiosmtpd, and return what it took."""
    mailbox = Mailbox()

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(
            lambda: SMTP(mailbox, hostname="relay.example", **options),
            "127.0.0.1",
            0,
            ssl=implicit,
        )
        async with server:
            await work(server.sockets[0].getsockname()[1], mailbox)

    asyncio.run(main())
    return mailbox


class Ahead(asyncio.SelectorEventLoop):
    """A loop whose time can be set ahead, so that nobody waits for a deadline."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


async def age(task: "asyncio.Task[T]", seconds: float, *, step: float = 1) -> bool:
    """Let so many seconds go by; whether the task still waits after them."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Ahead)
    for _ in range(int(seconds / step)):
        loop.ahead += step
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    return not task.done()


def ahead(main: Coroutine[object, object, T]) -> T:
    with asyncio.Runner(loop_factory=Ahead) as runner:
        return runner.run(main)
