"""A name server on this machine that answers as a test says, or not at all."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rrset

Zone = Mapping[str, str]
"""By name: records with a line each, as ``MX 10 mail.paper.example.``; or ``NXDOMAIN``, ``SERVFAIL``, ``SILENT``,
``RUBBISH``. A record of another name has that name before it. ``MX? SILENT`` is about questions of that type only."""


class NameServer:
    """Answers on a UDP port, and remembers what it was asked."""

    def __init__(self, zone: Zone, port: socket.socket) -> None:
        self.zone, self._port = zone, port
        self.address: tuple[str, int] = port.getsockname()
        self.asked: list[tuple[str, str]] = []
        """Name and type of each question."""

    def serve(self) -> None:
        """Until the port is closed."""
        while True:
            try:
                packet, whom = self._port.recvfrom(4096)
            except OSError:
                return
            if packet == b"":
                return
            if (answer := self._answer(packet)) is not None:
                self._port.sendto(answer, whom)

    def _answer(self, packet: bytes) -> bytes | None:
        query = dns.message.from_wire(packet)
        (question,) = query.question
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((question.name.to_text(), kind))
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        lines = self.zone.get(question.name.to_text().lower(), "NXDOMAIN").splitlines()
        for line in lines:
            about, _, word = line.rpartition("? ")
            if about and about != kind:
                continue
            match word:
                case "SILENT":
                    return None
                case "RUBBISH":
                    return packet[:2] + b"\xff" * 20
                case "NXDOMAIN" | "SERVFAIL":
                    answer.set_rcode(dns.rcode.from_text(word))
                case _:
                    self._add(answer, question.name.to_text(), word, kind)
        return answer.to_wire()

    def _add(self, answer: dns.message.Message, name: str, line: str, kind: str) -> None:
        first, _, rest = line.partition(" ")
        if first.endswith("."):
            name, (first, _, rest) = first, rest.partition(" ")
        if first in (kind, "CNAME"):
            found = dns.rrset.from_text(name, 60, "IN", first, rest)
            for held in answer.answer:
                if held.match(found.name, found.rdclass, found.rdtype, found.covers):
                    held.update(found)
                    return
            answer.answer.append(found)


@contextmanager
def serving(zone: Zone) -> Iterator[NameServer]:
    """Such a server, while the test is in here."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind(("127.0.0.1", 0))
        server = NameServer(zone, port)
        thread = threading.Thread(target=server.serve)
        thread.start()
        try:
            yield server
        finally:
            # To close it would not wake the thread: an empty packet ends it.
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.sendto(b"", server.address)
            thread.join()
