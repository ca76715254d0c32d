"""``dateline contacts erase``: forget a person for good."""

from contextlib import suppress
from typing import Annotated

import typer

from mailer.audit import Question
from mailer.cli.office import opened
from mailer.cli.options import WhoArgument, YesOption, typed
from mailer.cli.output import say
from mailer.cli.readings import noted
from mailer.contacts.address import address
from mailer.contacts.erased import needed_key
from mailer.contacts.models import Contact
from mailer.contacts.search import contact_named
from mailer.privacy import TABLES, Erased, erase, survey


def erase_contact(
    who: WhoArgument,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go and what stays, and erase nothing.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Remove what identifies a person from the whole database, and take her in again only when she asks."""
    with opened() as office:
        with office.database.read() as session:
            contact = contact_named(session, who)
            found = survey(session, contact)
        noted(office, Question.ERASURE, [contact.id])
        _tell(contact, found)
        if dry_run:
            say("Nothing was erased.")
            return
        if not yes and _key(typed("Her address, to erase her for good")) != contact.address_key:
            say("That is not her address; nothing was erased.")
            raise SystemExit(1)
        with office.database.write() as session:
            key = needed_key(session, office.config.erasure_key_file)
            done = erase(
                session, session.get_one(Contact, contact.id), key=key, at=office.clock.now(), actor=office.actor
            )
        clean = office.database.forget(*TABLES)
    say(f"Contact {contact.id} is erased, with {done.waiting} deliveries cancelled.")
    say(f"Keep a copy of {office.config.erasure_key_file}: it is how her addresses are known again.")
    if not clean:
        say("Another process is reading: older pages in the database's log go as it is written over.")


def _tell(contact: Contact, found: Erased) -> None:
    numbers = ", ".join(map(str, found.contacts))
    say(f"{contact.name} <{contact.address}>, contact {numbers}. For good go:")
    say("  names, addresses, telephones, titles, languages, beats, tags, source and lawful basis")
    for what, count in found.counts.items():
        say(f"  {what}: {count}")
    say(f"  name and address in {found.deliveries} deliveries, of which {found.waiting} wait and are cancelled")
    say("What stays: her number and city, when she was added and erased; of each delivery its number, wave, time,")
    say(
        "  state, reply code and hash; the log, which has her by number only; releases with her as a press contact;"
    )
    say(f"  a keyed hash of {found.addresses} addresses, so that no import brings her back.")
    if found.mentions:
        say("Look yourself at what others wrote, which is not changed:")
        for place in found.mentions:
            say(f"  {place}")


def _key(text: str) -> str:
    with suppress(ValueError):
        return address(text).key
    return text.strip().casefold()
