"""The domains that contacts are written to at, and whether they accept mail as far as the DNS tells."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.contacts.domains import domain_of
from mailer.contacts.models import Contact, ContactStatus

AT_ONCE = 16
"""Domains that are asked for at one time: fast, and no flood for the office's own name server."""


class Mail(StrEnum):
    """What the DNS says of mail to a domain."""

    ACCEPTED = "accepts"
    NONE = "accepts-none"
    """It says itself that it takes none (RFC 7505), or there is nothing that could take any."""
    MISSING = "does-not-exist"
    UNKNOWN = "not-known"
    """Nobody could say; that is no fault of the addresses there."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found out about one domain."""

    mail: Mail
    why: str
    """In words."""


@dataclass(slots=True)
class InUse:
    """A domain of the registry, before anybody asks about it."""

    shown: str
    """As its addresses have it."""
    contacts: int = 0
    addresses: list[str] = field(default_factory=list)
    """The first few."""


@dataclass(frozen=True, slots=True)
class MailDomain:
    """A domain with what was found out about it."""

    domain: str
    """In ASCII (RFC 5890 A-labels)."""
    shown: str
    """As its addresses have it."""
    contacts: int
    """How many active contacts are written to there."""
    addresses: tuple[str, ...]
    """Some of theirs."""
    answer: Answer


Ask = Callable[[str], Answer]
"""Asks about a domain in ASCII; from several threads at once."""

_SOME = 3  # addresses that are shown of a domain
_ORDER = (Mail.MISSING, Mail.NONE, Mail.UNKNOWN, Mail.ACCEPTED)


def domains_in_use(session: Session) -> Mapping[str, InUse]:
    """Each domain, in ASCII, at which active contacts are written to."""
    rows = select(Contact.address_key, Contact.address).where(Contact.status == ContactStatus.ACTIVE)
    found: dict[str, InUse] = {}
    for key, text in session.execute(rows.order_by(Contact.id).execution_options(yield_per=1000)):
        domain = domain_of(key).rstrip(".")
        one = found.setdefault(domain, InUse(domain_of(text).rstrip(".")))
        one.contacts += 1
        if len(one.addresses) < _SOME:
            one.addresses.append(text)
    return found


def look_up(
    domains: Mapping[str, InUse], ask: Ask, *, progress: Callable[[int], None], at_once: int = AT_ONCE
) -> list[MailDomain]:
    """Ask about each domain once; those first that take no mail, and of them those with the most contacts.

    ``progress`` is told how many are done. When it is stopped, what was not asked yet is not asked any more.
    """
    found = []
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="dns")
    try:
        asked = {pool.submit(ask, domain): domain for domain in domains}
        for done, future in enumerate(as_completed(asked), 1):
            domain, one = asked[future], domains[asked[future]]
            told = tuple(one.addresses)
            found.append(MailDomain(domain, one.shown, one.contacts, told, future.result()))
            progress(done)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return sorted(found, key=lambda one: (_ORDER.index(one.answer.mail), -one.contacts, one.domain))


def counts_of(found: Iterable[MailDomain]) -> Mapping[Mail, int]:
    """How many domains are of each kind."""
    return Counter(one.answer.mail for one in found)
