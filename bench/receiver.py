"""A receiving server with a record of its own: what came, when, for whom, and how its bytes sum up.

It writes a message down when its final dot has come, and only then answers, after a moment in which a kill of the
sender falls between the two: that message has arrived and nobody has told its sender.

    python receiver.py RECORD DELAY_MILLISECONDS SEED     prints its port
"""

import asyncio
import hashlib
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_LARGEST = 8_000_000
_PATH = re.compile(rb"<([^>]*)>")


@dataclass(frozen=True, slots=True)
class Received:
    """One message, by the server's own record."""

    begun_at: datetime
    """When the first byte of its data came."""
    ended_at: datetime
    """When its final dot had come."""
    sender: str
    recipient: str
    sha256: str
    """Without the dots that were doubled for the way."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """A running server."""

    port: int
    record: Path

    def count(self) -> int:
        """How many messages it has written down; cheap, for whoever waits for one."""
        return self.record.stat().st_size // _LINE

    def received(self) -> list[Received]:
        """All that came, in order."""
        lines = (line.split() for line in self.record.read_text("ascii").splitlines())
        return [
            Received(datetime.fromisoformat(begun), datetime.fromisoformat(ended), sender, recipient, digest)
            for begun, ended, sender, recipient, digest in lines
        ]


_LINE = 400
"""Bytes of one line of the record, filled up with blanks: its size tells how many messages came."""


@contextmanager
def receiver(folder: Path, *, delay_ms: float, seed: int) -> Iterator[Receiver]:
    """A server in a process of its own, which no kill of a sender touches."""
    record = folder / "received.log"
    record.touch()
    command = [sys.executable, __file__, str(record), str(delay_ms), str(seed)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        try:
            port = int(process.stdout.readline())  # type: ignore[union-attr]
            yield Receiver(port, record)
        finally:
            process.kill()


class _Server:
    def __init__(self, record: Path, delay_ms: float, seed: int) -> None:
        self._fd = os.open(record, os.O_WRONLY | os.O_APPEND)
        self._delay, self._random = delay_ms / 1000, random.Random(seed)  # noqa: S311 - no secret

    async def listen(self) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_LARGEST)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # The sender was killed; what its final dot had not reached is not written down.
        finally:
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender = recipient = b""
        writer.write(b"220 receiver.example ESMTP\r\n")
        while True:
            line = await reader.readuntil(b"\r\n")
            match line[:4].upper():
                case b"EHLO":
                    writer.write(b"250-receiver.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
                case b"MAIL":
                    sender, recipient = _path(line), b""
                    writer.write(b"250 2.1.0 Ok\r\n")
                case b"RCPT":
                    recipient = _path(line)
                    writer.write(b"250 2.1.5 Ok\r\n")
                case b"DATA":
                    writer.write(b"354 Go on\r\n")
                    await self._take(reader, sender, recipient)
                    # Between the record and the reply: a kill now leaves a message in doubt that has arrived.
                    await asyncio.sleep(self._random.uniform(0, self._delay))
                    writer.write(b"250 2.0.0 Ok\r\n")
                case b"RSET":
                    writer.write(b"250 2.0.0 Ok\r\n")
                case b"QUIT":
                    writer.write(b"221 2.0.0 Bye\r\n")
                    await writer.drain()
                    return
                case _:
                    writer.write(b"500 5.5.1 What?\r\n")
            await writer.drain()

    async def _take(self, reader: asyncio.StreamReader, sender: bytes, recipient: bytes) -> None:
        first = await reader.readexactly(1)
        begun = datetime.now(UTC)
        message = first + await reader.readuntil(b"\r\n.\r\n")
        ended = datetime.now(UTC)
        # RFC 5321 4.5.2: a dot that begins a line was doubled.
        content = re.sub(rb"(^|\r\n)\.", rb"\1", message.removesuffix(b".\r\n"))
        parts = (
            begun.isoformat(timespec="microseconds").encode(),
            ended.isoformat(timespec="microseconds").encode(),
            sender,
            recipient,
            hashlib.sha256(content).hexdigest().encode(),
        )
        line = b" ".join(parts)
        if len(line) >= _LINE or not line.isascii():
            raise ValueError("an envelope that the record has no room for")
        # One write, so that a reader never sees half a line.
        os.write(self._fd, line.ljust(_LINE - 1) + b"\n")


def _path(line: bytes) -> bytes:
    found = _PATH.search(line)
    return found[1] if found else b""


if __name__ == "__main__":
    asyncio.run(_Server(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])).listen())
