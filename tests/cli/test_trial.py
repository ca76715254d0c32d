"""``dateline test-send``: a mail to colleagues over real SMTP, marked as a test, and never to a journalist."""

import re
import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from builders import make_contact
from sqlalchemy import select

from cli.conftest import Dateline, database_of, logged
from mailer.audit import Event, entries
from mailer.config import config_file
from mailer.contacts.models import Contact, ContactPoint, PointKind
from mailer.schedule.models import Delivery

ME = "me@desk.example"
COLLEAGUE = "lamia.tarazi@esrf.example"


class Mailbox:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], bytes]] = []
        self.answer = "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        if self.answer.startswith("250"):
            self.mails.append((envelope.rcpt_tos, envelope.original_content))
        return self.answer


@pytest.fixture
def mailbox(office: Path) -> Iterator[Mailbox]:
    """What the office's relay has taken."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    point_relay(office, port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


def point_relay(office: Path, port: int) -> None:
    settings = config_file(office)
    relay = f'[[relay]]\nname = "main"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
    text = re.sub(r"(?ms)^\[\[relay\]\].*?(?=^\[|\Z)", f"{relay}\n", settings.read_text("utf-8"))
    settings.write_text(text, "utf-8")


def read(mail: bytes) -> tuple[str, str, str]:
    """Subject, text and HTML."""
    message = message_from_bytes(mail)
    parts = {part.get_content_type(): part for part in message.walk()}
    text, html = (
        parts[kind].get_payload(decode=True).decode()  # type: ignore[union-attr]
        for kind in ("text/plain", "text/html")
    )
    return str(make_header(decode_header(message["Subject"]))), text, html


@pytest.mark.parametrize(("language", "mark"), [("en", "[TEST]"), ("ar", "[اختبار]")])
def test_it_is_marked_in_the_subject_and_on_top_and_keeps_its_embargo(
    office: Path, dateline: Dateline, mailbox: Mailbox, language: str, mark: str
) -> None:
    told = dateline("test-send", "ports", "--to", ME, "--language", language)
    assert told.code == 0, told.err
    ((to, mail),) = mailbox.mails
    assert to == [ME]
    subject, text, html = read(mail)
    assert subject.startswith(f"{mark} [")
    assert mark in text.splitlines()[0]
    assert html.index(mark) < html.index('id="edition-')
    assert html.index("<body") < html.index(mark)


def test_it_is_logged_by_numbers_and_is_no_delivery(office: Path, dateline: Dateline, mailbox: Mailbox) -> None:
    dateline("test-send", "ports", "--to", ME, "--to", COLLEAGUE, "--to", ME.upper(), "--version", "1")
    assert [to for to, _ in mailbox.mails] == [[ME], [COLLEAGUE]]
    with database_of(office) as database, database.read() as session:
        (entry,) = [e for e in entries(session) if e.event == Event.RELEASE_TESTED]
        assert (entry.release_id, entry.data) == (1, {"version": 1, "addresses": 2})
        assert session.query(Delivery).count() == 0


def test_a_test_of_the_draft_names_no_version(office: Path, dateline: Dateline, mailbox: Mailbox) -> None:
    dateline("test-send", "ports", "--to", ME)
    with database_of(office) as database, database.read() as session:
        (entry,) = [e for e in entries(session) if e.event == Event.RELEASE_TESTED]
        assert entry.data == {"version": None, "addresses": 1}


@pytest.mark.parametrize(
    "address",
    ["nour@courier.example", "NOUR@Courier.Example", "h.eba+x@googlemail.com", "other@further.example",
     "zed@former.example", "not an address"],
)  # fmt: skip
def test_a_journalist_and_whoever_must_not_be_written_to_gets_none_and_nobody_else_either(
    office: Path, dateline: Dateline, mailbox: Mailbox, address: str
) -> None:
    dateline("contacts", "suppress", "zed@former.example", "--reason", "asked")
    with database_of(office) as database, database.write() as session:
        hers = make_contact(session, "Heba", address="heba@gmail.com")
        session.add(
            ContactPoint(
                contact_id=hers.id,
                kind=PointKind.ADDRESS,
                value="other@further.example",
                key="other@further.example",
            )
        )
    before = logged(office)
    told = dateline("test-send", "ports", "--to", ME, "--to", address)
    assert (told.code, mailbox.mails, logged(office)) == (1, [], before)
    assert "No test is sent to" in told.err
    assert "Nothing was sent to anybody" in told.err


def test_an_officer_who_asked_at_another_address_gets_none(
    office: Path, dateline: Dateline, mailbox: Mailbox
) -> None:
    with database_of(office) as database, database.write() as session:
        hers = session.scalars(select(Contact).where(Contact.address_key == COLLEAGUE)).one()
        session.add(
            ContactPoint(
                contact_id=hers.id, kind=PointKind.ADDRESS, value="lamia@home.example", key="lamia@home.example"
            )
        )
    assert dateline("test-send", "ports", "--to", COLLEAGUE).code == 0
    dateline("contacts", "suppress", "lamia@home.example", "--reason", "asked")
    told = dateline("test-send", "ports", "--to", COLLEAGUE)
    assert (told.code, len(mailbox.mails)) == (1, 1)
    assert "must not be written to" in told.err


@pytest.mark.parametrize(
    ("answer", "words"),
    [("451 4.7.1 Greylisted", "try again in some minutes"), ("550 5.7.1 No", "dateline check")],
)
def test_a_relay_that_does_not_take_it_is_told(
    office: Path, dateline: Dateline, mailbox: Mailbox, answer: str, words: str
) -> None:
    mailbox.answer = answer
    before = logged(office)
    told = dateline("test-send", "ports", "--to", ME)
    assert (told.code, logged(office)) == (1, before)
    assert "0 of 1 addresses" in told.err
    assert answer in told.err
    assert words in told.err


def test_a_relay_that_is_down_is_told(office: Path, dateline: Dateline) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    point_relay(office, port)
    told = dateline("test-send", "ports", "--to", ME)
    assert told.code == 1
    assert "main:" in told.err


def test_what_is_not_there_is_refused(office: Path, dateline: Dateline) -> None:
    assert "has no fr edition" in dateline("test-send", "ports", "--to", ME, "--language", "fr").err
    assert dateline("test-send", "port", "--to", ME).code == 1
    many = [word for n in range(11) for word in ("--to", f"a{n}@desk.example")]
    assert dateline("test-send", "ports", *many).code == 2
