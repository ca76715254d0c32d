"""The demonstration's catch-all mailbox: a real SMTP server on loopback that keeps every mail as a file."""

import re
from datetime import datetime
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import TYPE_CHECKING, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from mailer.clock import Clock

if TYPE_CHECKING:
    from asyncio import Server


class _Controller(Controller):
    """aiosmtpd's, on whichever port the system gave."""

    def _trigger_server(self) -> None:
        self.port = cast("Server", self.server).sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


class Mailbox:
    """Takes mail for anybody, on a free port of loopback; its log says when each one came, by its own clock."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self.log = folder / "received.log"
        self._clock = clock
        self._count = 0
        folder.mkdir(parents=True, exist_ok=True)
        self.log.write_text("", "utf-8")
        self._controller = _Controller(
            self,
            hostname="127.0.0.1",
            port=0,
            enable_SMTPUTF8=True,
            ready_timeout=20,
            server_hostname="mailbox.example",
        )

    @property
    def port(self) -> int:
        """Where it listens, once started."""
        return int(self._controller.port)

    def start(self) -> None:
        """Begin to listen, on a thread of its own."""
        self._controller.start()

    def stop(self) -> None:
        """End; the mails stay."""
        self._controller.stop()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep one mail."""
        now = self._clock.now()
        content = envelope.original_content or b""
        self._count += 1
        to = envelope.rcpt_tos[0]
        safe = re.sub(r"[^\w.@+-]", "_", to)[:80]
        file = self.folder / f"{self._count:04}-{safe}.eml"
        file.write_bytes(content)
        with self.log.open("a", encoding="utf-8") as log:
            log.write("\t".join((now.isoformat(), to, _subject(content), file.name)) + "\n")
        return f"250 2.0.0 kept as {file.name}" if file.name.isascii() else "250 2.0.0 kept"

    def received(self) -> list[tuple[datetime, str, str, str]]:
        """What came, in order: when (UTC), to whom, the subject, the file."""
        found = []
        for line in self.log.read_text("utf-8").splitlines():
            at, to, subject, name = line.split("\t")
            found.append((datetime.fromisoformat(at), to, subject, name))
        return found


def _subject(content: bytes) -> str:
    headers = BytesHeaderParser().parsebytes(content[:20_000])
    return " ".join(str(make_header(decode_header(headers.get("Subject", "")))).split())
