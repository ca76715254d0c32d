"""``dateline contacts accept``, ``withdraw`` and ``basis``: what makes it lawful to write to somebody."""

from typing import Annotated

import typer

from mailer.cli.office import opened
from mailer.cli.options import WhoArgument, day_option
from mailer.cli.output import say
from mailer.contacts.basis import set_basis
from mailer.contacts.models import LawfulBasis
from mailer.contacts.search import contact_named
from mailer.contacts.terms import accept, day_of, terms_named, withdraw
from mailer.errors import BadOption


def accept_terms(
    who: WhoArgument,
    *,
    terms: Annotated[str, typer.Option("--terms", help="Which text: see dateline terms list.")],
    on: Annotated[str, typer.Option("--on", help="The day on which she accepted them: 2026-12-22.")],
    how: Annotated[str, typer.Option("--how", help="By mail, by telephone, on paper; where it is filed.")],
    until: Annotated[
        str, typer.Option("--until", help="The last day on which it holds; without end where left out.")
    ] = "",
) -> None:
    """Record that a contact accepted embargo terms; without that she gets nothing under embargo."""
    with opened() as office, office.database.write() as session:
        contact = contact_named(session, who)
        acceptance = accept(
            session,
            contact,
            terms_named(session, terms),
            on=day_option("--on", on),
            how=how,
            until=day_option("--until", until) if until else None,
            at=office.clock.now(),
            actor=office.actor,
        )
        end = f", until {acceptance.until}" if acceptance.until else ""
        done = f"{contact.name} accepted “{terms}” on {acceptance.accepted_on}{end}."
    say(done)


def withdraw_terms(
    who: WhoArgument,
    *,
    on: Annotated[str, typer.Option("--on", help="From this day on; today where left out.")] = "",
) -> None:
    """Record that a contact is bound by embargo terms no more; waves that are scheduled leave her out."""
    with opened() as office, office.database.write() as session:
        now = office.clock.now()
        contact = contact_named(session, who)
        day = day_option("--on", on) if on else day_of(now)
        withdraw(session, contact, on=day, at=now, actor=office.actor)
        done = f"{contact.name} gets nothing under embargo from now on."
    say(done)


def give_basis(
    who: WhoArgument,
    *,
    basis: Annotated[
        str, typer.Option("--basis", help=f"One of: {', '.join(b.value for b in LawfulBasis)}.")
    ] = "",
    since: Annotated[str, typer.Option("--since", help="From which day on: 2026-12-22.")] = "",
    source: Annotated[
        str | None, typer.Option("--source", help="Where the address comes from: her card, the outlet's page …")
    ] = None,
) -> None:
    """Record where a contact's address comes from, and on which lawful basis she is written to, since when."""
    with opened() as office, office.database.write() as session:
        contact = contact_named(session, who)
        changed = set_basis(
            session,
            contact,
            basis=_basis(basis) if basis else None,
            since=day_option("--since", since) if since else None,
            source=source,
            at=office.clock.now(),
            actor=office.actor,
        )
        done = (
            f"{contact.name}: {', '.join(changed).replace('_', ' ')} recorded."
            if changed
            else "Nothing to change."
        )
    say(done)


def _basis(text: str) -> LawfulBasis:
    try:
        return LawfulBasis(text.strip().casefold())
    except ValueError as error:
        allowed = ", ".join(basis.value for basis in LawfulBasis)
        raise BadOption(option="--basis", value=text, allowed=allowed) from error
