"""A conversation begins over TLS that proves the relay, with a login, or it does not begin and says why."""

import asyncio
import ssl
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from faulty import CUT, FaultyRelay
from pydantic import SecretStr
from talking import (
    LARGE,
    MESSAGE,
    Mailbox,
    at_aiosmtpd,
    endpoint,
    send,
    talk,
    trouble,
)

from mailer import config
from mailer.delivery import smtp
from mailer.delivery.reply import Stage, Verdict
from mailer.delivery.smtp import (
    Connection,
    Endpoint,
    Extensions,
    RelayTrouble,
    Timeouts,
)


@pytest.mark.parametrize(
    ("answers", "stage", "words"),
    [
        ({"banner": b"554 5.7.1 Go away\r\n"}, Stage.BANNER, "554 5.7.1 Go away"),
        ({"banner": b"421 Too busy\r\n"}, Stage.BANNER, "421 Too busy"),
        ({"banner": b"250 Ok\r\n"}, Stage.BANNER, "250 Ok"),
        ({"banner": b"SSH-2.0-OpenSSH\r\n"}, Stage.BANNER, "no reply"),
        ({"banner": CUT}, Stage.BANNER, "closed the connection"),
        ({"banner": b"22" + CUT}, Stage.BANNER, "closed the connection"),
        ({"banner": b"220 Hello\r\n250 Ok\r\n"}, Stage.BANNER, "nothing had asked for"),
        ({"EHLO": b"550 5.7.1 Not you\r\n"}, Stage.EHLO, "550 5.7.1 Not you"),
        ({"EHLO": b"451 Later\r\n"}, Stage.EHLO, "451 Later"),
        ({"EHLO": CUT}, Stage.EHLO, "closed the connection"),
        ({"EHLO": b"250-half" + CUT}, Stage.EHLO, "closed the connection"),
        ({"EHLO": b"250-a\r\n251 b\r\n"}, Stage.EHLO, "different codes"),
        ({"EHLO": b"250-x\r\n" * 200}, Stage.EHLO, "does not come to its end"),
    ],
)
def test_a_relay_that_does_not_let_us_begin_is_told_with_its_words(
    answers: dict[str, bytes], stage: Stage, words: str
) -> None:
    error = trouble(FaultyRelay(answers))
    assert error.stage is stage
    assert words in str(error)


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-relay.invalid", "x" * 70 + ".example"])
def test_a_relay_that_is_not_there_is_told(host: str) -> None:
    with pytest.raises(RelayTrouble, match="cannot be reached") as caught:
        asyncio.run(Connection.open(endpoint(1, host=host)))
    assert caught.value.stage is Stage.CONNECT


# TLS.


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Self-signed, each named for its host and with its key in the same file."""
    folder = tmp_path_factory.mktemp("certificates")
    for host in ("localhost", "other.example"):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}", "-days", "2",
             "-keyout", f"{host}.key", "-out", f"{host}.pem"],
            check=True, cwd=folder, capture_output=True,
        )  # fmt: skip
    return folder


def presenting(certificates: Path, host: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / f"{host}.pem", certificates / f"{host}.key")
    return context


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_message_goes_through_tls_and_a_login(certificates: Path, security: str, mechanism: str) -> None:
    logins: list[tuple[object, bool]] = []

    def log_in(server: SMTP, session: object, envelope: object, mechanism: str, login: object) -> AuthResult:
        logins.append((login, server.transport.get_extra_info("ssl_object") is not None))
        return AuthResult(success=True)

    async def work(port: int, mailbox: Mailbox) -> None:
        connection = await Connection.open(
            endpoint(
                port, security=security, ca_file=certificates / "localhost.pem", username="desk", password="pâss"
            )
        )
        for message in (MESSAGE, LARGE):
            assert (await send(connection, message)).verdict is Verdict.ACCEPTED
        await connection.quit()

    context = presenting(certificates, "localhost")
    implicit = context if security == "tls" else None
    mailbox = at_aiosmtpd(
        work,
        implicit=implicit,
        tls_context=None if implicit else context,
        require_starttls=not implicit,
        authenticator=log_in,
        auth_required=not implicit,  # it warns where it does not see the TLS that it is behind
        auth_require_tls=not implicit,
        auth_exclude_mechanism={"PLAIN", "LOGIN"} - {mechanism},
    )
    assert logins == [(LoginPassword(b"desk", "pâss".encode()), True)]
    assert [content for _, _, content in mailbox.taken] == [b"".join(MESSAGE), b"".join(LARGE)]


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("presented", "trusted", "words"),
    [
        ("other.example", "other.example", "certificate is not valid for localhost"),
        ("localhost", None, "certificate is self-signed"),
        ("localhost", "other.example", "certificate is self-signed"),
    ],
)
def test_a_certificate_that_does_not_prove_the_relay_is_refused_with_the_reason(
    certificates: Path, security: str, presented: str, trusted: str | None, words: str
) -> None:
    context = presenting(certificates, presented)
    relay = FaultyRelay({"EHLO": b"250-a\r\n250 STARTTLS\r\n", "STARTTLS": b"220 Go\r\n"}, tls=context)
    error = trouble(
        relay,
        implicit=context if security == "tls" else None,
        security=security,
        ca_file=certificates / f"{trusted}.pem" if trusted else None,
    )
    assert error.stage is Stage.TLS
    assert words in str(error)
    assert not any(command.startswith("AUTH") for command in relay.commands)


def test_old_tls_is_refused(certificates: Path) -> None:
    context = presenting(certificates, "localhost")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    # Or OpenSSL itself, in its default, would refuse it.
    context.set_ciphers("ALL:@SECLEVEL=0")
    error = trouble(FaultyRelay(), implicit=context, security="tls", ca_file=certificates / "localhost.pem")
    assert error.stage is Stage.TLS


@pytest.mark.parametrize(
    ("answers", "stage", "words"),
    [
        ({"EHLO": b"250 relay.example\r\n"}, Stage.STARTTLS, "does not offer STARTTLS"),
        ({"STARTTLS": b"454 4.7.0 Not now\r\n"}, Stage.STARTTLS, "454 4.7.0 Not now"),
        ({"STARTTLS": b"502 5.5.1 No\r\n"}, Stage.STARTTLS, "502 5.5.1 No"),
        ({"STARTTLS": b"250 Ok\r\n"}, Stage.STARTTLS, "250 Ok"),
        ({"STARTTLS": CUT}, Stage.STARTTLS, "closed the connection"),
        ({"STARTTLS": b"220 Go\r\n" + CUT}, None, "clos"),
        ({"STARTTLS": b"220 Go\r\n250-injected\r\n250 AUTH PLAIN\r\n"}, Stage.STARTTLS, "nothing had asked for"),
        ({"STARTTLS": b"220 Go\r\n250-inj"}, Stage.TLS, "before TLS had begun"),
    ],
)
def test_without_tls_where_it_is_required_nothing_is_said(
    answers: dict[str, bytes], stage: Stage | None, words: str
) -> None:
    relay = FaultyRelay({"EHLO": b"250-a\r\n250 STARTTLS\r\n"} | answers)
    error = trouble(relay, security="starttls", username="desk", password="hunter2")
    assert stage is None or error.stage is stage
    assert words in str(error)
    assert set(relay.commands) <= {"EHLO office.example", "STARTTLS"}


def test_what_was_offered_in_clear_is_forgotten_under_tls(certificates: Path) -> None:
    relay = FaultyRelay(
        {"EHLO": [b"250-a\r\n250-AUTH PLAIN\r\n250-PIPELINING\r\n250 STARTTLS\r\n", b"250-a\r\n250 DSN\r\n"],
         "STARTTLS": b"220 Go\r\n"},
        tls=presenting(certificates, "localhost"),
    )  # fmt: skip

    async def work(connection: Connection) -> Extensions:
        return connection.extensions

    assert talk(relay, work, security="starttls", ca_file=certificates / "localhost.pem") == Extensions(dsn=True)


def test_a_relay_without_tls_on_a_tls_port_is_told() -> None:
    error = trouble(FaultyRelay(), security="tls")
    assert error.stage is Stage.TLS
    assert "does not speak TLS here" in str(error)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_that_cannot_be_used_is_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content, "utf-8")
    error = trouble(FaultyRelay(), security="tls", ca_file=file)
    assert error.stage is Stage.TLS
    assert str(file) in str(error)


# Authentication.


@pytest.mark.parametrize(
    ("offered", "answer", "words"),
    [
        (b"AUTH PLAIN LOGIN", b"535 5.7.8 Wrong\r\n", "535 5.7.8 Wrong"),
        (b"AUTH PLAIN", b"454 4.7.0 Later\r\n", "454 4.7.0 Later"),
        (b"AUTH LOGIN", b"535 5.7.8 Wrong\r\n", "535 5.7.8 Wrong"),
        (b"AUTH LOGIN", b"235 Ok\r\n", "does not log in as it should"),
        (b"AUTH PLAIN", b"334 \r\n", "does not log in as it should"),
        (b"AUTH PLAIN", b"250 Ok\r\n", "250 Ok"),
        (b"AUTH PLAIN", CUT, "closed the connection"),
        (b"AUTH CRAM-MD5", b"", "no way to log in"),
        (b"DSN", b"", "no way to log in"),
    ],
)
def test_a_login_that_fails_is_told_without_the_password(offered: bytes, answer: bytes, words: str) -> None:
    relay = FaultyRelay({"EHLO": b"250-a\r\n250 " + offered + b"\r\n", "AUTH": answer})
    error = trouble(relay, username="desk", password="hunter2")
    assert error.stage is Stage.AUTH
    assert words in str(error)
    assert "hunter2" not in str(error)


def test_a_password_never_travels_in_clear_but_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "ip_address", lambda _: ip_address("192.0.2.1"))
    relay = FaultyRelay({"EHLO": b"250-a\r\n250 AUTH PLAIN LOGIN\r\n"})
    error = trouble(relay, username="desk", password="hunter2")
    assert error.stage is Stage.AUTH
    assert "unencrypted" in str(error)
    assert relay.commands == ["EHLO office.example"]


def test_an_endpoint_is_the_relay_of_the_settings_and_hides_its_password() -> None:
    relay = config.Relay(name="main", host="relay.example", username="desk", password=SecretStr("hunter2"))
    made = Endpoint.of(relay, helo="office.example")
    assert (made.host, made.port, made.security, made.username) == ("relay.example", 587, "starttls", "desk")
    assert made.password == "hunter2"
    assert "hunter2" not in repr(made)
    assert made.timeouts == Timeouts()
