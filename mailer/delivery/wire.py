"""The wire to one relay: bytes out, whole replies in, and a deadline on everything that is waited for."""

import asyncio
import ssl
from typing import cast

from mailer.delivery.reply import MalformedReply, ReplyReader, parse


class WireLost(Exception):
    """The connection has ended, or can no longer be used."""


class Wire(asyncio.BufferedProtocol):
    """One connection. Not a stream: each reply that comes must have been asked for.

    Every failure ends in ``lose``: the first reason is kept, the transport is cut, who waits is woken.
    """

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.lost: str = ""
        """Why the wire can't be used any more; empty while it can."""
        self.hasty = False
        """Whether a reply came while a part of what it answers had surely not left yet."""
        self._loop = asyncio.get_running_loop()
        # asyncio's other way of reading makes 256 kB of room for each reply, which takes longer than all the rest.
        self._incoming = memoryview(bytearray(4096))
        self._reader = ReplyReader()
        self._replies: list[bytes] = []
        self._wanted = 1  # the banner, which comes unasked
        self._awaited = 0
        self._behind = 0
        self.paused = False
        """Whether so much waits to leave that no more should be written."""
        self._waiter: asyncio.Future[None] | None = None
        self._deadline: float | None = None
        self._allowed = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._closed: asyncio.Future[None] = self._loop.create_future()

    @property
    def idle(self) -> bool:
        """Whether nothing is under way in either direction."""
        return not (self.lost or self._replies or self._reader.pending)

    @property
    def answered(self) -> bool:
        """Whether a reply is there (or will never be)."""
        return bool(self._replies or self.lost)

    def ask(self, data: bytes, *, replies: int) -> None:
        """Write something that is answered by that many replies."""
        self.expect(replies)
        self.write(data)

    def expect(self, replies: int, *, behind: int = 0) -> None:
        """Let that many more replies come. So many octets at the end are not what the first of them answers."""
        self._wanted += replies
        self._behind = behind
        self.hasty = False

    def write(self, data: bytes | memoryview) -> None:
        """Write more of what was asked."""
        if not self.lost:
            self.transport.write(data)

    async def drain(self, seconds: float) -> None:
        """Wait until more may be written; a reply that comes before also ends the wait, and so does the end."""
        while self.paused and not self.answered:
            await self._wait(1, seconds)

    async def replies(self, count: int, seconds: float) -> list[bytes]:
        """The next so many replies, each within so many seconds of the one before.

        Fewer when the wire is lost after the first of them: they often say why. Raises ``WireLost`` when there
        is none at all.
        """
        while len(self._replies) < count and not self.lost:
            await self._wait(count, seconds)
        replies, self._replies = self._replies[:count], self._replies[count:]
        self._wanted -= len(replies)
        if not replies:
            raise WireLost(self.lost)
        return replies

    async def upgrade(self, context: ssl.SSLContext, *, host: str, seconds: float) -> None:
        """Put TLS on the wire. Raises ``WireLost`` when something came before it, or ``OSError``."""
        # What was sent in clear might be anybody's: read as if it had come through TLS it would be obeyed
        # (CVE-2011-0411). Here it is an end of the conversation.
        if not self.idle:
            raise WireLost(self.lost or "the relay sent something before TLS had begun")
        transport = await self._loop.start_tls(
            self.transport, self, context, server_hostname=host, ssl_handshake_timeout=seconds
        )
        if transport is None:
            raise WireLost(self.lost or "the relay closed the connection")
        self.transport = transport

    async def close(self, seconds: float) -> None:
        """Close in good order, and cut the wire if that takes too long."""
        self.transport.close()
        await asyncio.wait([self._closed], timeout=seconds)
        self.lose("the connection was closed")

    def lose(self, reason: str) -> None:
        """Cut the wire at once, for that reason; nothing that is still to be written goes out."""
        self.lost = self.lost or reason
        self._deadline = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.transport.abort()
        self._wake()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's are no asyncio.Transport by name.
        self.transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._incoming

    def buffer_updated(self, nbytes: int) -> None:
        if self.lost:
            return
        try:
            replies = self._reader.feed(bytes(self._incoming[:nbytes]))
        except MalformedReply as error:
            self.lose(f"the relay sent what is no reply: {error}")
            return
        if not replies:
            return
        room = self._wanted - len(self._replies)
        self._replies += replies[:room]
        self.hasty = self.hasty or self.transport.get_write_buffer_size() > self._behind
        # RFC 5321 3.8: after a 421 the relay closes, and what else was asked stays unanswered.
        leaving = next((raw for raw in replies if raw.startswith(b"421")), None)
        if leaving is not None:
            self.lose(f"the relay is going away: {parse(leaving)}")
        elif len(replies) > room:
            self.lose(f"the relay sent a reply that nothing had asked for: {parse(replies[room])}")
        elif len(self._replies) >= self._awaited:
            self._wake()
        elif self._deadline is not None:
            self._arm(self._allowed)

    def eof_received(self) -> None:
        self.lose("the relay closed the connection")

    def connection_lost(self, error: Exception | None) -> None:
        self.lose(_words(error) if error else "the relay closed the connection")
        if not self._closed.done():
            self._closed.set_result(None)

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        self._wake()

    # Waiting.

    async def _wait(self, count: int, seconds: float) -> None:
        self._waiter, self._awaited = self._loop.create_future(), count
        self._arm(seconds)
        try:
            await self._waiter
        finally:
            self._waiter = self._deadline = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _arm(self, seconds: float) -> None:
        """Set the deadline. The one timer is left where it is and looks again when it goes off: a timer for each
        wait would cost more than the wait."""
        self._allowed = seconds
        self._deadline = self._loop.time() + seconds
        if self._timer is not None and self._timer.when() > self._deadline:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(self._deadline, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._deadline is None:
            return
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._look)
        else:
            self.lose(f"the relay did not answer within {self._allowed:g} seconds")


def _words(error: Exception) -> str:
    if isinstance(error, ConnectionResetError):
        return "the relay reset the connection"
    return f"the connection broke: {getattr(error, 'strerror', None) or error}"
