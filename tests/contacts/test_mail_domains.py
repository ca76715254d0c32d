"""Whether domains accept mail is asked of a real name server: each once, and what nobody could say is no fault."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from builders import make_contact
from name_server import NameServer, serving

from mailer.contacts.mail_domains import Answer, InUse, Mail, counts_of, domains_in_use, look_up
from mailer.contacts.models import ContactStatus
from mailer.contacts.name_server import asking
from mailer.database import Database
from mailer.errors import NoNameServer

CASES = [
    ("one MX", "MX 10 mail.paper.example.", Mail.ACCEPTED, "by mail.paper.example"),
    ("several MX, the best first", "MX 20 b.example.\nMX 10 a.example.", Mail.ACCEPTED, "by a.example, b.example"),
    ("many MX", "MX 1 a.example.\nMX 2 b.example.\nMX 3 c.example.", Mail.ACCEPTED, "and 1 more"),
    ("null MX, RFC 7505", "MX 0 .", Mail.NONE, "null MX"),
    ("null MX and an address", "MX 0 .\nA 192.0.2.1", Mail.NONE, "null MX"),
    ("a null MX beside another is none", "MX 0 .\nMX 10 a.example.", Mail.ACCEPTED, "by a.example"),
    ("no such domain", "NXDOMAIN", Mail.MISSING, "no such domain"),
    ("an address only, RFC 5321 5.1", "A 192.0.2.1", Mail.ACCEPTED, "its own address"),
    ("an IPv6 address only", "AAAA 2001:db8::1", Mail.ACCEPTED, "its own address"),
    ("nothing at all", "TXT nothing", Mail.NONE, "neither"),
    ("its name servers fail", "SERVFAIL", Mail.UNKNOWN, "failed to answer"),
    ("nobody answers", "SILENT", Mail.UNKNOWN, "in time"),
    ("an answer that is none", "RUBBISH", Mail.UNKNOWN, ""),
    ("no MX, and A is not answered", "A? SILENT\nTXT x", Mail.UNKNOWN, "in time"),
    ("no MX, A fails, AAAA is there", "A? SERVFAIL\nAAAA 2001:db8::1", Mail.ACCEPTED, "its own address"),
    (
        "an alias with MX",
        "CNAME real.example.\nreal.example. MX 5 mx.real.example.",
        Mail.ACCEPTED,
        "by mx.real.example",
    ),
    ("an alias with a null MX", "CNAME real.example.\nreal.example. MX 0 .", Mail.NONE, "null MX"),
    ("an alias with an address", "CNAME real.example.\nreal.example. A 192.0.2.1", Mail.ACCEPTED, "its own"),
    ("an alias that leads nowhere", "CNAME gone.example.\nNXDOMAIN", Mail.MISSING, "no such domain"),
]


def ask_of(server: NameServer, domain: str = "paper.example") -> Answer:
    """Nothing waits for a name that is never answered: its lifetime is over before anybody notices."""
    records = server.zone.get(f"{domain}.", "")
    silent = "SILENT" in records or "RUBBISH" in records
    return asking(servers=[server.address], lifetime=0.05 if silent else 20)(domain)


@pytest.mark.parametrize(("records", "mail", "why"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_what_the_dns_says_of_a_domain(records: str, mail: Mail, why: str) -> None:
    with serving({"paper.example.": records}) as server:
        answer = ask_of(server)
    assert answer.mail is mail
    assert why in answer.why


@pytest.mark.parametrize("domain", ["paper.example", "paper.example.", "PAPER.example"])
def test_a_trailing_dot_makes_no_difference_and_no_search_list_is_tried(domain: str) -> None:
    with serving({"paper.example.": "MX 10 mail.paper.example."}) as server:
        assert ask_of(server, domain).mail is Mail.ACCEPTED
        assert ask_of(server, "other.example").mail is Mail.MISSING
    assert [name.casefold() for name, _ in server.asked] == ["paper.example.", "other.example."]


def test_a_domain_in_arabic_is_asked_for_in_ascii_and_shown_as_it_is_written(database: Database) -> None:
    with database.write() as session:
        make_contact(session, address="nour@الوادي.example")
    with database.read() as session:
        domains = domains_in_use(session)
    with serving({"xn--mgbu7a9cg5g.example.": "MX 10 mail.paper.example."}) as server:
        (found,) = look_up(domains, asking(servers=[server.address], lifetime=5), progress=lambda _: None)
    (asked,) = server.asked
    assert asked == (f"{found.domain}.", "MX")
    assert asked[0].startswith("xn--")
    assert found.shown == "الوادي.example"


def test_each_domain_is_asked_once_and_those_that_take_no_mail_stand_first(database: Database) -> None:
    with database.write() as session:
        for number in range(5):
            make_contact(session, address=f"person{number}@courier.example")
        make_contact(session, address="nour@gone.example")
        make_contact(session, address="rim@NULL.example")
        make_contact(session, address="tarek@null.example")
        make_contact(session, address="zed@silent.example")
        make_contact(session, address="old@former.example").status = ContactStatus.INACTIVE
    with database.read() as session:
        domains = domains_in_use(session)
    zone = {"courier.example.": "MX 10 a.example.", "null.example.": "MX 0 .", "silent.example.": "SILENT"}
    done: list[int] = []
    with serving(zone) as server:
        found = look_up(domains, lambda domain: ask_of(server, domain), progress=done.append)
    assert [(one.domain, one.contacts, one.answer.mail) for one in found] == [
        ("gone.example", 1, Mail.MISSING),
        ("null.example", 2, Mail.NONE),
        ("silent.example", 1, Mail.UNKNOWN),
        ("courier.example", 5, Mail.ACCEPTED),
    ]
    assert found[-1].addresses == tuple(f"person{number}@courier.example" for number in range(3))
    assert done == [1, 2, 3, 4]
    assert counts_of(found)[Mail.MISSING] == 1
    answered = [name for name, _ in server.asked if name != "silent.example."]
    assert sorted(answered) == ["courier.example.", "gone.example.", "null.example."]


def test_no_more_are_asked_at_one_time_than_was_said() -> None:
    now, most, lock = 0, 0, threading.Lock()
    four = threading.Barrier(4)

    def ask(_domain: str) -> Answer:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        four.wait(30)  # goes on when four are in here together
        with lock:
            now -= 1
        return Answer(Mail.ACCEPTED, "")

    domains = {f"d{number}.example": InUse("", 1) for number in range(20)}
    look_up(domains, ask, progress=lambda _: None, at_once=4)
    assert most == 4


def test_what_was_not_asked_when_it_is_stopped_is_not_asked_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    ended = threading.Event()

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            super().shutdown(wait=False, cancel_futures=cancel_futures)
            ended.set()
            super().shutdown(wait=wait)

    def ask(domain: str) -> Answer:
        asked.append(domain)
        if len(asked) > 1:
            ended.wait(30)
        return Answer(Mail.ACCEPTED, "")

    def stop(_done: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mailer.contacts.mail_domains.ThreadPoolExecutor", Pool)
    domains = {f"d{number}.example": InUse("", 1) for number in range(10)}
    with pytest.raises(KeyboardInterrupt):
        look_up(domains, ask, progress=stop, at_once=1)
    assert len(asked) <= 2


def test_a_machine_without_a_name_server_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import dns.resolver

    def read(self: dns.resolver.Resolver, _file: object) -> None:
        raise dns.resolver.NoResolverConfiguration

    name = "read_registry" if sys.platform == "win32" else "read_resolv_conf"
    monkeypatch.setattr(dns.resolver.Resolver, name, read)
    with pytest.raises(NoNameServer):
        asking()
