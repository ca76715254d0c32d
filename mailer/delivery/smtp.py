"""The SMTP conversation (RFC 5321): a connection to a relay, and one message after the other over it.

Three things can be said of a message: an ``Outcome`` (the relay answered, well or not), ``ConversationLost`` (it
was cut off or made no sense), ``RelayTrouble`` (no conversation began).
"""

import base64
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Self

from mailer.delivery.endpoint import Endpoint, RelayTrouble, Timeouts, connect, start_tls
from mailer.delivery.reply import Reply, Stage, Verdict, classify, lines, parse
from mailer.delivery.wire import Wire, WireLost

__all__ = [
    "Connection",
    "ConversationLost",
    "Endpoint",
    "Envelope",
    "Extensions",
    "Outcome",
    "RelayTrouble",
    "Timeouts",
]

_KEPT = 1024
"""Octets; a longer chunk is most likely the same object for every recipient."""
_BLOCK = 262_144
"""Octets that are written in one go; after each the relay is waited for, so that a long message needs no more
memory than it has itself."""
# No control characters, spaces or angle brackets: nothing that could end the path or the command.
_ADDRESS = re.compile(r"[^\x00-\x20\x7f-\xa0<>@\u2028\u2029]{1,64}@[^\x00-\x20\x7f-\xa0<>@\u2028\u2029]{1,255}")
_REFUSED = {
    Stage.BANNER: "the relay does not let us in",
    Stage.EHLO: "the relay does not accept our name",
    Stage.STARTTLS: "the relay offers STARTTLS but does not start it",
    Stage.AUTH: "the relay does not accept our user name and password",
}


@dataclass(frozen=True, slots=True)
class Envelope:
    """From whom and to whom, as the relay is told; checked here, since it is written into commands."""

    sender: str
    """Empty for a message that must not bounce (RFC 5321 4.5.5)."""
    recipient: str
    smtputf8: bool = False
    """Whether an address or a header is not ASCII (RFC 6531)."""

    def __post_init__(self) -> None:
        for address in (self.sender, self.recipient) if self.sender else (self.recipient,):
            if not _ADDRESS.fullmatch(address):
                raise ValueError("an address has one @, no spaces, control characters or angle brackets")
            if not (self.smtputf8 or address.isascii()):
                raise ValueError("an address that is not ASCII needs SMTPUTF8")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one message fared, and the reply that decided it."""

    stage: Stage
    reply: Reply
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Extensions:
    """What the relay offers (RFC 5321 4.1.1.1)."""

    pipelining: bool = False
    eightbitmime: bool = False
    smtputf8: bool = False
    enhancedstatuscodes: bool = False
    dsn: bool = False
    starttls: bool = False
    size: int | None = None
    """The longest message in octets; 0 for no stated limit (RFC 1870 4), ``None`` where SIZE is not offered."""
    auth: frozenset[str] = frozenset()

    @classmethod
    def of(cls, raw: bytes) -> Self:
        """Read the reply to EHLO."""
        offered = {words[0]: words[1:] for line in lines(raw)[1:] if (words := line.upper().split())}
        size = offered.get("SIZE")
        return cls(
            pipelining="PIPELINING" in offered,
            eightbitmime="8BITMIME" in offered,
            smtputf8="SMTPUTF8" in offered,
            enhancedstatuscodes="ENHANCEDSTATUSCODES" in offered,
            dsn="DSN" in offered,
            starttls="STARTTLS" in offered,
            size=None if size is None else int(size[0]) if size and re.fullmatch("[0-9]{1,20}", size[0]) else 0,
            auth=frozenset(offered.get("AUTH", ())),
        )


class ConversationLost(Exception):
    """The conversation about one message broke off without an answer that decides it."""

    def __init__(self, stage: Stage, *, in_doubt: bool, reason: str, pipelined: bool = False) -> None:
        self.stage = stage
        self.in_doubt = in_doubt
        """Whether the relay may have the message: its data had begun."""
        self.reason = reason
        self.pipelined = pipelined
        """Whether it broke in a group of commands: a relay, or a firewall before it, that offers PIPELINING
        without being able to. ``Endpoint.pipelining`` can be turned off then."""
        super().__init__(reason)


class Connection:
    """An open conversation with a relay; carries one message at a time."""

    def __init__(self, endpoint: Endpoint, wire: Wire) -> None:
        """Use ``open``."""
        self.extensions = Extensions()
        self._endpoint = endpoint
        self._wire = wire
        self._in_transaction = False

    @classmethod
    async def open(cls, endpoint: Endpoint) -> Self:
        """Connect, with TLS and authentication as the endpoint says. Raises ``RelayTrouble``."""
        connection = cls(endpoint, await connect(endpoint))
        try:
            await connection._greet()
        except BaseException:
            connection.abort()
            raise
        return connection

    @property
    def usable(self) -> bool:
        """Whether another message may be sent over it."""
        return self._wire.idle

    async def send(self, envelope: Envelope, chunks: Sequence[bytes], *, on_data: Callable[[], None]) -> Outcome:
        """Send one message: whole lines that end in CRLF, cut into chunks anywhere but inside a CRLF.

        ``on_data`` is called right before the first byte of the message goes out; if it raises, none does.
        Raises ``ValueError`` for a message that is not fit for SMTP, ``ConversationLost`` when the relay gave no
        answer, and whatever ``on_data`` raises; the last two leave the connection unusable.
        """
        message, size, ascii_only = _dot_stuffed(chunks)
        if (refusal := self._refusal(envelope, size, ascii_only=ascii_only)) is not None:
            return Outcome(Stage.MAIL, refusal, Verdict.FAILED)
        if not self._wire.idle:
            raise self._lost(Stage.MAIL, self._wire.lost or "the relay sent something that nothing had asked for")
        try:
            refused = await self._announce(self._commands(envelope, size, ascii_only=ascii_only))
            if refused is not None:
                return refused
            if not self._wire.idle:
                # A reply that is there already would be taken for the one to the message.
                raise self._lost(Stage.DATA, self._wire.lost or "the relay answered before it was asked")
            on_data()
            return await self._transfer(message)
        except BaseException:
            self.abort()
            raise

    async def reset(self) -> None:
        """Give up a transaction that is still open. Raises ``ConversationLost``."""
        try:
            replies = await self._ask([(Stage.RSET, b"RSET")])
            if classify(Stage.RSET, parse(replies[0])) is not Verdict.CONTINUE:
                raise self._lost(Stage.RSET, f"the relay would not start anew: {parse(replies[0])}")
        except BaseException:
            self.abort()
            raise
        self._in_transaction = False

    async def quit(self) -> None:
        """Take leave and close; never raises for what the relay does."""
        seconds = self._endpoint.timeouts.quit
        if self._wire.idle:
            try:
                self._wire.ask(b"QUIT\r\n", replies=1)
                await self._wire.replies(seconds)
            except WireLost:
                pass
            except BaseException:
                self.abort()
                raise
        await self._wire.close(seconds)

    def abort(self) -> None:
        """Cut the connection; what has not left yet never does."""
        self._wire.lose("the connection was given up")

    # Opening.

    async def _greet(self) -> None:
        endpoint = self._endpoint
        await self._opened(Stage.BANNER, endpoint.timeouts.banner)
        await self._hello()
        if endpoint.security == "starttls":
            if not self.extensions.starttls:
                raise RelayTrouble(Stage.STARTTLS, None, "the relay does not offer STARTTLS, and we require it")
            await self._open_with(Stage.STARTTLS, b"STARTTLS")
            await start_tls(endpoint, self._wire)
            # RFC 3207 4.2: what was learnt in clear is forgotten.
            await self._hello()
        if endpoint.username:
            await self._authenticate()

    async def _hello(self) -> None:
        self.extensions = Extensions.of(
            await self._open_with(Stage.EHLO, f"EHLO {self._endpoint.helo}".encode("ascii"))
        )

    async def _authenticate(self) -> None:
        endpoint = self._endpoint
        if endpoint.security == "none" and not self._wire_is_local():
            raise RelayTrouble(
                Stage.AUTH, None, "the password would travel unencrypted; set security to starttls or tls"
            )
        user, password = endpoint.username.encode(), endpoint.password.encode()
        if "PLAIN" in self.extensions.auth:
            steps = [b"AUTH PLAIN " + base64.b64encode(b"\0" + user + b"\0" + password)]
        elif "LOGIN" in self.extensions.auth:
            steps = [b"AUTH LOGIN", base64.b64encode(user), base64.b64encode(password)]
        else:
            raise RelayTrouble(Stage.AUTH, None, "the relay offers no way to log in that we know (PLAIN, LOGIN)")
        for number, step in enumerate(steps, 1):
            raw = await self._open_with(Stage.AUTH, step)
            if raw.startswith(b"235") is not (number == len(steps)):
                raise RelayTrouble(Stage.AUTH, parse(raw), "the relay does not log in as it should")

    def _wire_is_local(self) -> bool:
        try:
            return ip_address(self._wire.transport.get_extra_info("peername")[0]).is_loopback
        except (TypeError, ValueError):
            return False

    async def _open_with(self, stage: Stage, command: bytes) -> bytes:
        self._wire.ask(command + b"\r\n", replies=1)
        return await self._opened(stage, self._endpoint.timeouts.command)

    async def _opened(self, stage: Stage, seconds: float) -> bytes:
        """The raw reply at an opening stage. Raises ``RelayTrouble`` when it is not a good one."""
        try:
            (raw,) = await self._wire.replies(seconds)
        except WireLost as error:
            raise RelayTrouble(stage, None, str(error)) from error
        reply = parse(raw)
        if classify(stage, reply) is not Verdict.CONTINUE:
            raise RelayTrouble(stage, reply, _REFUSED.get(stage, "the relay refuses to talk to us"))
        if self._wire.lost:
            raise RelayTrouble(stage, None, self._wire.lost)
        return raw

    # One message.

    def _refusal(self, envelope: Envelope, size: int, *, ascii_only: bool) -> Reply | None:
        """Our own answer where the relay's is known beforehand."""
        offered = self.extensions
        if envelope.smtputf8 and not offered.smtputf8:
            return Reply(553, "5.6.7", "the relay does not take internationalised addresses")
        if not (ascii_only or offered.eightbitmime):
            return Reply(554, "5.6.3", "the relay does not take 8-bit messages")
        if offered.size and size > offered.size:
            return Reply(552, "5.3.4", f"the message has {size} octets, the relay takes {offered.size}")
        return None

    def _commands(self, envelope: Envelope, size: int, *, ascii_only: bool) -> list[tuple[Stage, bytes]]:
        mail = f"MAIL FROM:<{envelope.sender}>"
        if self.extensions.size is not None:
            mail += f" SIZE={size}"
        if not ascii_only:
            mail += " BODY=8BITMIME"
        if envelope.smtputf8:
            mail += " SMTPUTF8"
        commands = [
            (Stage.MAIL, mail.encode()),
            (Stage.RCPT, f"RCPT TO:<{envelope.recipient}>".encode()),
            (Stage.DATA, b"DATA"),
        ]
        return [(Stage.RSET, b"RSET"), *commands] if self._in_transaction else commands

    async def _announce(self, commands: list[tuple[Stage, bytes]]) -> Outcome | None:
        """All that goes before the message; returns the refusal, or nothing when the relay wants the message."""
        pipelined = self.extensions.pipelining and self._endpoint.pipelining
        for group in [commands] if pipelined else [[command] for command in commands]:
            replies = [parse(raw) for raw in await self._ask(group)]
            for (stage, _), reply in zip(group, replies, strict=False):
                verdict = classify(stage, reply)
                if verdict is Verdict.CONTINUE:
                    continue
                if verdict is Verdict.OUT_OF_STEP:
                    raise self._lost(
                        stage, f"the relay answered {stage.upper()} with: {reply}", pipelined=pipelined
                    )
                await self._clear(complete=len(replies) == len(group), ready=replies[-1].code == 354)
                return Outcome(stage, reply, verdict)
            if len(replies) < len(group):
                raise self._lost(group[len(replies)][0], self._wire.lost, pipelined=pipelined)
        return None

    async def _ask(self, group: Sequence[tuple[Stage, bytes]]) -> list[bytes]:
        """Send commands in one write; returns their replies, fewer when the relay went away between them."""
        self._wire.ask(b"".join(line + b"\r\n" for _, line in group), replies=len(group))
        timeouts = self._endpoint.timeouts
        try:
            return await self._wire.replies(timeouts.data if group[0][0] is Stage.DATA else timeouts.command)
        except WireLost as error:
            raise self._lost(group[0][0], str(error), pipelined=len(group) > 1) from error

    async def _clear(self, *, complete: bool, ready: bool) -> None:
        """Leave a refused transaction behind, so that the next message finds the relay ready, or the wire lost."""
        self._in_transaction = True
        if not complete or not ready:
            return
        # RFC 2920 3.1: the relay wants data though the recipient is refused, so it gets none. Whatever it says
        # to that, this message has not been sent.
        self._wire.ask(b".\r\n", replies=1)
        try:
            await self._wire.replies(self._endpoint.timeouts.end)
        except WireLost:
            return

    async def _transfer(self, message: bytes) -> Outcome:
        """Send the message and read what the relay says to it. Whatever breaks here leaves it in doubt."""
        wire, timeouts = self._wire, self._endpoint.timeouts
        self._in_transaction = False
        wire.expect(1)
        blocks = memoryview(message)
        written = 0
        while written < len(message) and not wire.answered:
            wire.write(blocks[written : written + _BLOCK])
            written += _BLOCK
            await wire.drain(timeouts.block)
        try:
            (raw,) = await wire.replies(timeouts.end)
        except WireLost as error:
            raise self._lost(Stage.END, str(error), in_doubt=True) from error
        reply = parse(raw)
        verdict = classify(Stage.END, reply)
        early = wire.hasty or written < len(message)
        if early:
            # The dot has not left, so that this cannot be the answer to it. A refusal is believed all the same.
            self.abort()
        if verdict is Verdict.OUT_OF_STEP or (early and verdict is Verdict.ACCEPTED):
            raise self._lost(Stage.END, f"the relay answered the message out of step: {reply}", in_doubt=True)
        return Outcome(Stage.END, reply, verdict)

    def _lost(
        self, stage: Stage, reason: str, *, in_doubt: bool = False, pipelined: bool = False
    ) -> ConversationLost:
        return ConversationLost(stage, in_doubt=in_doubt, reason=reason, pipelined=pipelined)


def _dot_stuffed(chunks: Sequence[bytes]) -> tuple[bytes, int, bool]:
    """The message as it goes over the wire (RFC 5321 4.5.2), its own size, and whether it is all ASCII."""
    parts: list[bytes] = []
    size, ascii_only, at_line_start = 0, True, True
    for chunk in _runs(chunks):
        stuffed, is_ascii = (_checked_cached if len(chunk) >= _KEPT else _checked)(chunk)
        if at_line_start and chunk.startswith(b"."):
            parts.append(b".")
        parts.append(stuffed)
        size += len(chunk)
        ascii_only = ascii_only and is_ascii
        at_line_start = chunk.endswith(b"\n")
    if not size or not at_line_start:
        raise ValueError("a message ends with CRLF")
    parts.append(b".\r\n")
    return b"".join(parts), size, ascii_only


def _runs(chunks: Sequence[bytes]) -> Iterator[bytes]:
    """The long chunks as they are, and what lies between them in one: looking at a dozen short ones costs more."""
    short: list[bytes] = []
    for chunk in chunks:
        if len(chunk) < _KEPT:
            if chunk.endswith(b"\r"):
                raise ValueError("a chunk does not end inside a CRLF")
            short.append(chunk)
            continue
        if between := b"".join(short):
            yield between
        short.clear()
        yield chunk
    if between := b"".join(short):
        yield between


def _checked(chunk: bytes) -> tuple[bytes, bool]:
    """A part of a message with its inner dots doubled, and whether it is ASCII."""
    whole = chunk.count(b"\r\n")
    # A bare CR or LF may be an end of line to the next server: RFC 5321 2.3.8 forbids it, and what follows it
    # could be read as the end of this message and the commands of another.
    if b"\0" in chunk or not whole == chunk.count(b"\n") == chunk.count(b"\r"):
        raise ValueError("a message has no NUL, and CR and LF only together")
    return chunk.replace(b"\n.", b"\n.."), chunk.isascii()


# Most of a message is the same object for every recipient, whose hash is worked out once; looking at each byte
# again for each recipient would take longer than sending it.
_checked_cached = lru_cache(maxsize=128)(_checked)
