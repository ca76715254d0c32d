"""Checkpoints reach the partner by mail, over real SMTP; what goes wrong with that stops nothing and is shown."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from builders import DESK, NOON
from newsroom import SENDER, TestClock
from sqlalchemy import select

from mailer.audit import Event, append
from mailer.audit.sealing import (
    LogWitness,
    Sealer,
    kept_sealed,
    kept_witnessed,
    log_key_of,
    notes_in_mail,
    verify,
)
from mailer.config import Config, Log, Office, Relay, Sender
from mailer.database import Database
from mailer.delivery.checkpoint_mail import checkpoint_mail, witnesses_of
from mailer.delivery.checkup import Grade, check_office

PARTNER = "desk@partner.example"


class Mailbox:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.answer = "250 OK"
        self.came = threading.Event()

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        if self.answer.startswith("250"):
            self.mails.append(envelope.original_content)
            self.came.set()
        return self.answer


@contextmanager
def listening(mailbox: Mailbox) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def office(database: Database, home: Path, port: int, language: str = "en") -> Config:
    return Config(
        home=home,
        office=Office(name=SENDER.name, zone="Asia/Beirut", languages=(language,), default_language=language),
        database={"url": database.engine.url.render_as_string(hide_password=False)},
        sender=Sender(name=SENDER.name, address=SENDER.address),
        log=Log(checkpoint_mail=(PARTNER,)),
        relay=(Relay(name="main", host="127.0.0.1", port=port, security="none"),),
    )


def write(database: Database) -> None:
    with database.write() as session:
        append(session, Event.CLOCK_JUMPED, at=NOON, actor=DESK)


def go_on(config: Config, database: Database, clock: TestClock, mailbox: Mailbox | None = None) -> list[str]:
    """As ``dateline run`` does, until a mail has come; or for as long as one look at the witnesses takes."""
    key, _ = log_key_of(config.keys_folder, "press.example/log")
    said: list[str] = []
    looked = threading.Event()

    class Watched(TestClock):
        def now(self) -> Any:
            looked.set()
            return clock.now()

    witnesses = witnesses_of(config, clock, sender=SENDER)
    with kept_sealed(Sealer(database, key), clock, on_trouble=said.append, every=3600):
        write(database)
    with kept_witnessed(database, Watched(), witnesses, on_trouble=said.append, look=0.001):
        assert (mailbox.came if mailbox else looked).wait(30)
    return said


@pytest.mark.parametrize(
    ("language", "words"), [("en", "entries"), ("ar", "قيدًا"), ("fr", "entrées"), ("de", "entries")]
)
def test_the_partner_gets_a_mail_that_says_what_it_is_with_the_checkpoint_as_a_file(
    database: Database, tmp_path: Path, language: str, words: str
) -> None:
    mailbox, clock = Mailbox(), TestClock()
    with listening(mailbox) as port:
        config = office(database, tmp_path, port, language)
        assert go_on(config, database, clock, mailbox) == []
    (content,) = mailbox.mails
    mail = message_from_bytes(content)
    assert (mail["To"], mail["Auto-Submitted"]) == (PARTNER, "auto-generated")
    assert words in str(make_header(decode_header(mail["Subject"])))
    text, file = mail.get_payload()
    assert "dateline log verify --against" in text.get_payload(decode=True).decode()
    assert file.get_filename() == "000000000001.checkpoint"
    (note,) = notes_in_mail(content)
    assert file.get_payload(decode=True).decode() == note
    key, _ = log_key_of(config.keys_folder, "press.example/log")
    with database.read() as session:
        found = verify(session, [key.verifier], witnessed=notes_in_mail(content.replace(b"\r\n", b"\n")))
    assert (found.witnessed, found.problems) == (1, [])


def test_one_mail_a_day_is_enough_also_after_a_restart(database: Database, tmp_path: Path) -> None:
    mailbox, clock = Mailbox(), TestClock()
    with listening(mailbox) as port:
        config = office(database, tmp_path, port)
        go_on(config, database, clock, mailbox)
        clock.pass_time(timedelta(hours=23))
        go_on(config, database, clock, None)
        assert len(mailbox.mails) == 1
        mailbox.came.clear()
        clock.pass_time(timedelta(hours=1))
        go_on(config, database, clock, mailbox)
    assert len(mailbox.mails) == 2


@pytest.mark.parametrize("answer", ["", "550 5.7.1 Not from you"])
def test_a_mail_that_fails_stops_no_seal_and_is_shown(database: Database, tmp_path: Path, answer: str) -> None:
    mailbox, clock = Mailbox(), TestClock()
    mailbox.answer = answer
    with listening(mailbox) as port:
        pass
    with listening(mailbox) as other:
        config = office(database, tmp_path, other if answer else port)
        said = go_on(config, database, clock)
        assert len(said) == 1
        assert PARTNER in said[0]
        (finding,) = [f for f in check_office(config, clock, sender=SENDER) if f.subject == "log witness"]
    assert finding.grade is Grade.WARNING
    assert "has had no checkpoint yet" in finding.text
    assert ("Not from you" if answer else "127.0.0.1") in finding.text or "main" in finding.text
    with database.read() as session:
        (row,) = session.scalars(select(LogWitness))
        key, _ = log_key_of(config.keys_folder, "press.example/log")
        assert (row.given_at, row.size, verify(session, [key.verifier]).sealed) == (None, 0, 1)


def test_a_mail_is_seven_bit_and_short_in_its_lines_in_every_language(database: Database) -> None:
    note = "press.example/log\n1\n" + "A" * 43 + "=\n\n— press.example/log AAAA\n"
    for language in ("en", "ar", "fr"):
        mail = checkpoint_mail(note, PARTNER, language=language, sender=SENDER, at=NOON)
        assert mail.isascii()
        assert max(map(len, mail.split(b"\r\n"))) <= 78
        assert b"\n" not in mail.replace(b"\r\n", b"")
