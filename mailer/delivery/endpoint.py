"""A relay's end of the wire: where it is, how long it may take, and the TLS that it must prove itself with."""

import asyncio
import base64
import re
import ssl
from collections.abc import Coroutine
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Self

from mailer import config
from mailer.delivery.reply import Reply, Stage
from mailer.delivery.wire import Wire, WireLost

_HELO = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}")
# OpenSSL's X509_V_ERR numbers.
_CERTIFICATE = {
    10: "has expired",
    18: "is self-signed, and this machine does not know it",
    19: "is signed by an authority that this machine does not trust",
    20: "is signed by an authority that this machine does not trust",
    62: "is not valid for {host}",
    64: "is not valid for {host}",
}
# OpenSSL's reasons, as Python spells them.
_HANDSHAKE = {
    "WRONG_VERSION_NUMBER": "the relay does not speak TLS here; is it another port, or starttls?",
    "UNSUPPORTED_PROTOCOL": "the relay's TLS is older than 1.2",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the relay's TLS is older than 1.2",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long each thing may take, in seconds; the defaults are those of RFC 5321 4.5.3.2."""

    connect: float = 30
    banner: float = 300
    command: float = 300
    """EHLO, STARTTLS and its handshake, AUTH, MAIL, RCPT, RSET."""
    data: float = 120
    block: float = 180
    end: float = 600
    quit: float = 5
    """Nothing depends on the answer to QUIT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A relay, and how to talk to it."""

    name: str
    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    helo: str
    """Our name for EHLO: a domain, or an address literal such as ``[192.0.2.1]`` (RFC 5321 4.1.1.1)."""
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    """Instead of the authorities that the machine trusts."""
    pipelining: bool = True
    """Whether to believe the relay that offers it."""
    timeouts: Timeouts = Timeouts()

    def __post_init__(self) -> None:
        if not _HELO.fullmatch(self.helo):
            raise ValueError("a name for EHLO is a domain or an address literal")
        if "\0" in self.username + self.password:
            # RFC 4616 2 sets them apart by NUL.
            raise ValueError("a user name or password has no NUL")

    @classmethod
    def of(cls, relay: config.Relay, *, helo: str) -> Self:
        """The relay of the settings."""
        return cls(
            name=relay.name,
            host=relay.host,
            port=relay.port,
            security=relay.security,
            helo=helo,
            username=relay.username,
            password=relay.password.get_secret_value(),
            ca_file=relay.ca_file,
        )

    def without_password(self, text: str) -> str:
        """What a relay says, fit for the log: some repeat the command that they do not understand."""
        if not self.password:
            return text
        password = self.password.encode()
        for secret in (
            base64.b64encode(b"\0" + self.username.encode() + b"\0" + password).decode(),
            base64.b64encode(password).decode(),
            self.password,
        ):
            text = text.replace(secret, "…")
        return text


class RelayTrouble(Exception):
    """No conversation came about; ``reason`` is for who looks after the relay."""

    def __init__(self, stage: Stage, reply: Reply | None, reason: str) -> None:
        self.stage, self.reply, self.reason = stage, reply, reason
        super().__init__(f"{reason} ({reply})" if reply else reason)


async def connect(endpoint: Endpoint) -> Wire:
    """Connect, with TLS from the first byte where the endpoint says so. Raises ``RelayTrouble``."""
    context = _context(endpoint) if endpoint.security == "tls" else None
    try:
        async with asyncio.timeout(endpoint.timeouts.connect):
            _, wire = await _to_its_end(
                asyncio.get_running_loop().create_connection(
                    Wire,
                    endpoint.host,
                    endpoint.port,
                    ssl=context,
                    server_hostname=endpoint.host if context else None,
                    # RFC 8305 5: an office's IPv6 may lead nowhere.
                    happy_eyeballs_delay=0.25,
                )
            )
    except (ssl.SSLError, ConnectionResetError, ConnectionAbortedError) as error:
        raise RelayTrouble(Stage.TLS, None, _tls_words(error, endpoint)) from error
    except TimeoutError as error:
        raise RelayTrouble(Stage.CONNECT, None, "the relay cannot be reached: it does not answer") from error
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RelayTrouble(Stage.CONNECT, None, f"the relay cannot be reached: {reason}") from error
    return wire


async def _to_its_end(
    connecting: Coroutine[Any, Any, tuple[asyncio.Transport, Wire]],
) -> tuple[asyncio.Transport, Wire]:
    """The same; but who is cancelled meanwhile waits for it a little and closes what it opened.

    asyncio's race between addresses leaves the winner's socket open when it is cancelled at the finish.
    """
    task = asyncio.ensure_future(connecting)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=1)
        if task.done() and not task.cancelled() and task.exception() is None:
            task.result()[0].abort()
        task.cancel()
        raise


async def start_tls(endpoint: Endpoint, wire: Wire) -> None:
    """Put TLS on a wire that was in clear. Raises ``RelayTrouble``."""
    try:
        await wire.upgrade(_context(endpoint), host=endpoint.host, seconds=endpoint.timeouts.command)
    except (WireLost, OSError) as error:
        raise RelayTrouble(Stage.TLS, None, _tls_words(error, endpoint)) from error


def _context(endpoint: Endpoint) -> ssl.SSLContext:
    file = endpoint.ca_file
    try:
        return _trust(file, file.stat().st_mtime_ns if file else 0)
    except OSError as error:  # ssl.SSLError is one
        reason = "it holds no PEM certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise RelayTrouble(Stage.TLS, None, f"ca_file {file} cannot be used: {reason}") from error


@lru_cache(maxsize=8)
def _trust(ca_file: Path | None, changed: int) -> ssl.SSLContext:  # noqa: ARG001 - a new file is read anew
    """Whom to trust; read once, since the machine's own list takes tens of milliseconds."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _tls_words(error: Exception, endpoint: Endpoint) -> str:
    if isinstance(error, WireLost):
        return str(error)
    if isinstance(error, ConnectionError):
        return "the relay closed the connection instead of starting TLS, or did not come to the end of it"
    if isinstance(error, ssl.SSLCertVerificationError):
        words = _CERTIFICATE.get(error.verify_code, "was not accepted: {message}")
        return "the relay's certificate " + words.format(host=endpoint.host, message=error.verify_message)
    if isinstance(error, ssl.SSLError) and error.reason in _HANDSHAKE:
        return _HANDSHAKE[error.reason]
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    return f"TLS with the relay cannot be started: {reason}"
