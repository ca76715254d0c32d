"""A relay that misbehaves as it is told: what it answers to each command, or does instead."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

CUT: Final = b"\0cut"
"""Instead of an answer: close the connection."""
SILENCE: Final = b"\0silence"
"""Instead of an answer: nothing, until it is ``resumed``; then what a good relay says."""
HALF: Final = b"\0half"
"""As ``early``: close the way back only."""

EHLO: Final = b"250-relay.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 50000000\r\n"
PLAIN_EHLO: Final = b"250 relay.example\r\n"

_ANSWERS: Final[Mapping[str, bytes]] = {
    "banner": b"220 relay.example ESMTP\r\n",
    "EHLO": EHLO,
    "MAIL": b"250 2.1.0 Ok\r\n",
    "RCPT": b"250 2.1.5 Ok\r\n",
    "DATA": b"354 Go on\r\n",
    ".": b"250 2.0.0 Ok: queued as 4F3A\r\n",
    "RSET": b"250 2.0.0 Ok\r\n",
    "QUIT": b"221 2.0.0 Bye\r\n",
}


@dataclass
class FaultyRelay:
    """Answers as a good relay does, except where ``answers`` says otherwise.

    Keys are ``banner``, verbs, ``.`` for the end of the data, and ``line`` for a line that is no command. A list
    is used up one by one, its last for good.
    """

    answers: Mapping[str, bytes | list[bytes]] = field(default_factory=dict)
    byte_by_byte: bool = False
    drop_after_command: bool = False
    """Throw away what came together with a command, as some firewalls do."""
    early: bytes = b""
    """What to answer when no more than the message's first line has been read; the rest is never read."""
    tls: ssl.SSLContext | None = None
    """What STARTTLS starts, where it is answered with 220."""
    port: int = 0
    received: bytearray = field(default_factory=bytearray)
    """Every byte that came, in order."""
    commands: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    """As they came: dots still doubled, without the line of the final dot."""

    silent: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it has fallen silent."""
    resumed: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def finished(self) -> None:
        """Wait until it has read all that was sent to it, to the end of every connection."""
        while self.tasks:
            await asyncio.wait(self.tasks)

    @asynccontextmanager
    async def running(self, *, implicit: ssl.SSLContext | None = None) -> AsyncIterator["FaultyRelay"]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self.tasks.add(task)
            try:
                await self._talk(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
                pass
            finally:
                writer.transport.abort()
                self.tasks.discard(task)

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=implicit)
        self.port = server.sockets[0].getsockname()[1]
        if self.early:
            # Little room, so that a message which is not read does not lie in it whole.
            server.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        try:
            yield self
        finally:
            server.close()
            for task in self.tasks:
                task.cancel()
            await self.finished()
            await server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._answer("banner", writer)
        while True:
            line = await reader.readuntil(b"\r\n")
            self.received += line
            verb = line.split(maxsplit=1)[0].decode("ascii", "replace").upper() if line.strip() else ""
            self.commands.append(line.decode("utf-8", "replace").rstrip("\r\n"))
            key = verb if verb in {*_ANSWERS, *self.answers} else "line"
            if self.drop_after_command:
                reader._buffer.clear()
            answer = await self._answer(key, writer)
            if verb == "DATA" and answer.startswith(b"354"):
                message = b""
                if self.early:
                    self.received += await reader.readuntil(b"\r\n")
                    if self.early == HALF:
                        writer.write_eof()
                    else:
                        writer.write(self.early)
                    await asyncio.Event().wait()
                while not (message == b".\r\n" or message.endswith(b"\r\n.\r\n")):
                    line = await reader.readuntil(b"\r\n")
                    self.received += line
                    message += line
                self.messages.append(message.removesuffix(b".\r\n"))
                await self._answer(".", writer)
            elif verb == "STARTTLS" and self.tls is not None and answer.startswith(b"220"):
                if answer.count(b"\r\n") > 1:
                    await reader.read()
                await writer.start_tls(self.tls)
            elif verb == "QUIT":
                return

    async def _answer(self, key: str, writer: asyncio.StreamWriter) -> bytes:
        answer = self.answers.get(key, _ANSWERS.get(key, b"500 5.5.1 What?\r\n"))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        before, _, after = answer.partition(b"\0")
        await self._say(before, writer)
        if after == CUT[1:]:
            writer.close()
            raise ConnectionAbortedError
        if after == SILENCE[1:]:
            self.silent.set()
            await self.resumed.wait()
            self.resumed.clear()
            return await self._say(_ANSWERS[key], writer)
        return answer

    async def _say(self, answer: bytes, writer: asyncio.StreamWriter) -> bytes:
        for piece in [bytes([byte]) for byte in answer] if self.byte_by_byte else [answer]:
            writer.write(piece)
            await writer.drain()
            if self.byte_by_byte:
                await asyncio.sleep(0)
        return answer
