"""The SMTP conversation (RFC 5321): a connection to a relay, and one message after the other over it.

Three things can be said of a message: an ``Outcome`` (the relay answered, well or not), ``ConversationLost`` (it
was cut off or made no sense), ``RelayTrouble`` (no conversation began).
"""

import base64
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import NamedTuple, Self

from mailer.delivery.endpoint import Endpoint, RelayTrouble, Timeouts, connect, start_tls
from mailer.delivery.mail_object import Envelope, MailObject
from mailer.delivery.reply import Reply, Stage, Verdict, judge, lines, parse
from mailer.delivery.wire import Wire, WireLost

__all__ = [
    "Connection",
    "ConversationLost",
    "Endpoint",
    "Envelope",
    "Extensions",
    "MailObject",
    "Outcome",
    "RelayTrouble",
    "Timeouts",
]

_BLOCK = 262_144
"""Octets that are written in one go; after each the relay is waited for, so that a long message needs no more
memory than it has itself."""
_Group = list[tuple[Stage, bytes]]
"""Commands without their line ends, in the order in which they are answered."""

_DATA, _RSET = (Stage.DATA, b"DATA"), (Stage.RSET, b"RSET")
_REFUSED = {
    Stage.BANNER: "the relay does not let us in",
    Stage.EHLO: "the relay does not accept our name",
    Stage.STARTTLS: "the relay offers STARTTLS but does not start it",
    Stage.AUTH: "the relay does not accept our user name and password",
}


class Outcome(NamedTuple):
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


class _Refused(NamedTuple):
    outcome: Outcome
    data_wanted: bool
    """Whether the relay waits for the message all the same."""


class Connection:
    """An open conversation with a relay; carries one message at a time."""

    def __init__(self, endpoint: Endpoint, wire: Wire) -> None:
        """Use ``open``."""
        self.extensions = Extensions()
        self._endpoint = endpoint
        self._wire = wire
        self._in_transaction = False
        self._announced: tuple[MailObject, _Group] | None = None

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
        return self._wire.idle if self._announced is None else not self._wire.lost

    @property
    def announced(self) -> MailObject | None:
        """The message that the relay was told of behind the last one: no other can be the next."""
        return self._announced[0] if self._announced else None

    async def send(
        self, mail: MailObject, *, on_data: Callable[[], None], following: MailObject | None = None
    ) -> Outcome:
        """Send one message.

        ``on_data`` is called right before the first byte of the message goes out; if it raises, none does. The
        relay is told of the ``following`` one, where it can be, in the write that ends this one, so that each
        message costs one round trip. Raises ``ConversationLost`` when the relay gave no answer, and whatever
        ``on_data`` raises; both leave the connection unusable.
        """
        announced, self._announced = self._announced, None
        try:
            if announced is None:
                if (refusal := self._refusal(mail)) is not None:
                    return Outcome(Stage.MAIL, refusal, Verdict.FAILED)
                if not self._wire.idle:
                    words = self._wire.lost or "the relay sent something that nothing had asked for"
                    raise self._lost(Stage.MAIL, words)
                refused = await self._announce(self._commands(mail))
            elif announced[0] is mail:
                refused = self._judge(announced[1], await self._answers(announced[1]))
            else:
                raise self._lost(Stage.MAIL, "the relay expects another message")
            if refused is not None:
                return await self._refused(refused)
            if not self._wire.idle:
                # A reply that is there already would be taken for the one to the message.
                raise self._lost(Stage.DATA, self._wire.lost or "the relay answered before it was asked")
            on_data()
            return await self._transfer(mail, following)
        except BaseException:
            self.abort()
            raise

    async def reset(self) -> None:
        """Give up a transaction that is still open. Raises ``ConversationLost``."""
        try:
            self._wire.ask(_written([_RSET]), replies=1)
            reply, verdict = judge(Stage.RSET, *await self._answers([_RSET]))
            if verdict is not Verdict.CONTINUE:
                raise self._lost(Stage.RSET, f"the relay would not start anew: {reply}")
        except BaseException:
            self.abort()
            raise
        self._in_transaction = False

    async def quit(self) -> None:
        """Take leave and close; never raises for what the relay does."""
        seconds = self._endpoint.timeouts.quit
        if self._announced is not None:
            # It may be waiting for a message by now, and would read anything else as one.
            self.abort()
        if self._wire.idle:
            try:
                self._wire.ask(b"QUIT\r\n", replies=1)
                await self._wire.replies(1, seconds)
            except WireLost:
                pass
            except BaseException:
                self.abort()
                raise
        await self._wire.close(seconds)

    def abort(self) -> None:
        """Cut the connection; what has not left yet never does."""
        self._announced = None
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
            (raw,) = await self._wire.replies(1, seconds)
        except WireLost as error:
            raise RelayTrouble(stage, None, str(error)) from error
        reply, verdict = judge(stage, raw)
        if verdict is not Verdict.CONTINUE:
            raise RelayTrouble(stage, reply, _REFUSED.get(stage, "the relay refuses to talk to us"))
        if self._wire.lost:
            raise RelayTrouble(stage, None, self._wire.lost)
        return raw

    # One message.

    def _refusal(self, mail: MailObject) -> Reply | None:
        """Our own answer where the relay's is known beforehand."""
        offered = self.extensions
        if mail.envelope.smtputf8 and not offered.smtputf8:
            return Reply(553, "5.6.7", "the relay does not take internationalised addresses")
        if not (mail.ascii_only or offered.eightbitmime):
            return Reply(554, "5.6.3", "the relay does not take 8-bit messages")
        if offered.size and mail.size > offered.size:
            return Reply(552, "5.3.4", f"the message has {mail.size} octets, the relay takes {offered.size}")
        return None

    def _commands(self, mail: MailObject) -> _Group:
        envelope, offered = mail.envelope, self.extensions
        sender, recipient = f"MAIL FROM:<{envelope.sender}>", f"RCPT TO:<{envelope.recipient}>"
        if offered.size is not None:
            sender += f" SIZE={mail.size}"
        if not mail.ascii_only:
            sender += " BODY=8BITMIME"
        if envelope.smtputf8:
            sender += " SMTPUTF8"
        if offered.dsn and envelope.envid:
            # RFC 3461 4.1, 4.3 and 4.4: told of failure and delay, not of each success, without the message's body.
            sender += f" RET=HDRS ENVID={envelope.envid}"
            recipient += " NOTIFY=FAILURE,DELAY"
        commands = [(Stage.MAIL, sender.encode()), (Stage.RCPT, recipient.encode()), _DATA]
        return [_RSET, *commands] if self._in_transaction else commands

    @property
    def pipelines(self) -> bool:
        """Whether commands go in groups, and a message may be announced behind another."""
        return self.extensions.pipelining and self._endpoint.pipelining

    async def _announce(self, commands: _Group) -> _Refused | None:
        """All that goes before the message; returns the refusal, or nothing when the relay wants the message."""
        for group in [commands] if self.pipelines else [[command] for command in commands]:
            self._wire.ask(_written(group), replies=len(group))
            if (refused := self._judge(group, await self._answers(group))) is not None:
                return refused
        return None

    async def _answers(self, group: _Group) -> list[bytes]:
        """The replies to commands that were sent in one write; fewer when the relay went away between them."""
        timeouts = self._endpoint.timeouts
        try:
            return await self._wire.replies(
                len(group), timeouts.data if group[0][0] is Stage.DATA else timeouts.command
            )
        except WireLost as error:
            raise self._lost(group[0][0], str(error), pipelined=len(group) > 1) from error

    def _judge(self, group: _Group, raws: Sequence[bytes]) -> _Refused | None:
        """Whether one of the commands was refused. Raises ``ConversationLost`` where that can't be told."""
        pipelined = len(group) > 1
        for (stage, _), raw in zip(group, raws, strict=False):
            reply, verdict = judge(stage, raw)
            if verdict is Verdict.CONTINUE:
                continue
            if verdict is Verdict.OUT_OF_STEP:
                raise self._lost(stage, f"the relay answered {stage.upper()} with: {reply}", pipelined=pipelined)
            wanted = len(raws) == len(group) and raws[-1].startswith(b"354")
            return _Refused(Outcome(stage, reply, verdict), wanted)
        if len(raws) < len(group):
            raise self._lost(group[len(raws)][0], self._wire.lost, pipelined=pipelined)
        return None

    async def _refused(self, refused: _Refused) -> Outcome:
        """Leave a refused transaction behind, so that the next message finds the relay ready, or the wire lost."""
        self._in_transaction = True
        if refused.data_wanted:
            # RFC 2920 3.1: the relay wants data though the recipient is refused, so it gets none. Whatever it says
            # to that, this message has not been sent.
            self._wire.ask(b".\r\n", replies=1)
            with suppress(WireLost):
                await self._wire.replies(1, self._endpoint.timeouts.end)
        return refused.outcome

    async def _transfer(self, mail: MailObject, following: MailObject | None) -> Outcome:
        """Send the message and read what the relay says to it. Whatever breaks here leaves it in doubt."""
        wire, timeouts = self._wire, self._endpoint.timeouts
        self._in_transaction = False
        group: _Group = []
        if following is not None and self.pipelines and self._refusal(following) is None:
            group = self._commands(following)
        # RFC 2920 3.1: MAIL may stand behind the data of the message before it.
        behind = _written(group)
        wire.expect(1 + len(group), behind=len(behind))
        last = b".\r\n" + behind
        if len(mail.content) <= _BLOCK:
            wire.write(mail.content + last)
            whole = True
        else:
            whole = await self._write_blocks(mail.content, last)
        if wire.paused:
            await wire.drain(timeouts.block)
        try:
            (raw,) = await wire.replies(1, timeouts.end)
        except WireLost as error:
            raise self._lost(Stage.END, str(error), in_doubt=True) from error
        reply, verdict = judge(Stage.END, raw)
        early = wire.hasty or not whole
        if early:
            # The dot has not left, so that this cannot be the answer to it. A refusal is believed all the same.
            self.abort()
        elif following is not None and group:
            self._announced = following, group
        if verdict is Verdict.OUT_OF_STEP or (early and verdict is Verdict.ACCEPTED):
            raise self._lost(Stage.END, f"the relay answered the message out of step: {reply}", in_doubt=True)
        return Outcome(Stage.END, reply, verdict)

    async def _write_blocks(self, content: bytes, last: bytes) -> bool:
        """Write a long message; false if the relay answered before its end, which was not written then."""
        wire = self._wire
        blocks = memoryview(content)
        for start in range(0, len(content), _BLOCK):
            wire.write(blocks[start : start + _BLOCK])
            await wire.drain(self._endpoint.timeouts.block)
            if wire.answered:
                return False
        wire.write(last)
        return True

    def _lost(
        self, stage: Stage, reason: str, *, in_doubt: bool = False, pipelined: bool = False
    ) -> ConversationLost:
        return ConversationLost(stage, in_doubt=in_doubt, reason=reason, pipelined=pipelined)


def _written(group: _Group) -> bytes:
    return b"".join([line + b"\r\n" for _, line in group])
