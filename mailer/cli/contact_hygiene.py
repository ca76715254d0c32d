"""``dateline contacts hygiene``: which contacts to check and why, and which domains accept no mail."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated

import typer

from mailer.audit import Question
from mailer.cli.office import opened
from mailer.cli.options import CsvOption, JsonOption, LimitOption, duration_of
from mailer.cli.output import Column, Form, bars, form_of, say, show_list
from mailer.cli.readings import noted
from mailer.contacts.hygiene import Doubtful, doubtful
from mailer.contacts.mail_domains import Ask, Mail, MailDomain, counts_of, domains_in_use, look_up
from mailer.errors import ExtraMissing

HYGIENE = (
    Column("contact", "No.", number=True),
    Column("name", "Name"),
    Column("city", "City"),
    Column("address", "Address"),
    Column("known_since", "Known since"),
    Column("delivered_at", "Last delivered"),
    Column("check", "Check"),
)
DOMAINS = (
    Column("shown", "Domain"),
    Column("contacts", "Contacts", number=True),
    Column("words", "Mail"),
    Column("why", "Why"),
    Column("addresses", "Such as"),
)
WORDS: Mapping[Mail, str] = {
    Mail.ACCEPTED: "accepts mail",
    Mail.NONE: "accepts none",
    Mail.MISSING: "does not exist",
    Mail.UNKNOWN: "not known",
}


def list_hygiene(
    *,
    older_than: Annotated[
        str, typer.Option("--older-than", help="So long ago is too long: 180d or 365d.")
    ] = "365d",
    dns: Annotated[
        bool, typer.Option("--dns", help="Instead, ask the DNS whether the domains of addresses accept mail.")
    ] = False,
    limit: LimitOption = 0,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List the contacts to check, those first of whom nobody has made sure for the longest time, and what to check."""
    form = form_of(as_json=as_json, as_csv=as_csv)
    if dns:
        _list_domains(form, limit)
        return
    with opened() as office, office.database.read() as session:
        age = duration_of("--older-than", older_than)
        found = doubtful(session, older_than=age, now=office.clock.now())
        shown = found[:limit] if limit else found
        noted(office, Question.HYGIENE, [one.contact_id for one in shown])
        count = show_list(
            map(_doubtful, shown), HYGIENE, form=form, zone=office.zone, empty="There is nothing to check."
        )
        if count and form is Form.TABLE:
            say(f"{len(found)} contacts to check. When one is right: dateline contacts verify CONTACT")


def _list_domains(form: Form, limit: int) -> None:
    ask = _ask()
    with opened() as office:
        with office.database.read() as session:
            domains = domains_in_use(session)
        with _bar(len(domains)) as progress:
            found = look_up(domains, ask, progress=progress)
        domains_shown = found[:limit] if limit else found
        noted(office, Question.DOMAINS, sum(len(one.addresses) for one in domains_shown))
        rows = map(_domain, domains_shown)
        count = show_list(rows, DOMAINS, form=form, zone=office.zone, empty="There is nobody to write to.")
    if count and form is Form.TABLE:
        told = ", ".join(f"{number} {WORDS[mail]}" for mail, number in sorted(counts_of(found).items()))
        say(
            f"{len(found)} domains: {told}. Nothing was changed; see who is there: dateline contacts search @DOMAIN"
        )


def _ask() -> Ask:
    """Asks this machine's name servers. Raises ``ExtraMissing`` or ``NoNameServer``."""
    try:
        from mailer.contacts.name_server import asking
    except ImportError as error:
        raise ExtraMissing(what="Asking the DNS about domains", extra="dns") from error
    return asking()


@contextmanager
def _bar(of: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; nothing elsewhere."""
    with bars() as progress:
        task = progress.add_task("Asking", total=of)
        yield lambda done: progress.update(task, completed=done)


def _domain(one: MailDomain) -> Mapping[str, object]:
    return {
        "domain": one.domain,
        "shown": one.shown,
        "contacts": one.contacts,
        "mail": one.answer.mail.value,
        "words": WORDS[one.answer.mail],
        "why": one.answer.why,
        "addresses": list(one.addresses),
    }


def _doubtful(one: Doubtful) -> Mapping[str, object]:
    return {
        "contact": one.contact_id,
        "name": one.name,
        "city": one.city,
        "address": one.address,
        "known_since": one.known_since,
        "verified_at": one.verified_at,
        "delivered_at": one.delivered_at,
        "check": list(one.check),
    }
