"""``dateline contacts join``, ``left`` and ``move``: where somebody works, with days; nothing is overwritten."""

from datetime import date
from typing import Annotated

import typer

from mailer.cli.office import Office, opened
from mailer.cli.options import WhoArgument, day_option
from mailer.cli.output import say
from mailer.contacts.affiliations import Left, join_outlet, leave_outlet, move, outlet_of
from mailer.contacts.outlets import outlet_named
from mailer.contacts.search import contact_named
from mailer.contacts.terms import day_of

OutletArgument = Annotated[str, typer.Argument(metavar="OUTLET", help="The outlet's name.")]
RoleOption = Annotated[str, typer.Option("--role", help="What she does there, such as reporter.")]


def join(
    who: WhoArgument,
    outlet: OutletArgument,
    *,
    role: RoleOption = "",
    on: Annotated[str, typer.Option("--on", help="Her first day there; not known where left out.")] = "",
) -> None:
    """Record that a contact works for an outlet, beside any other, or in another role."""
    with opened() as office, office.database.write() as session:
        contact = contact_named(session, who)
        place, new = outlet_of(session, outlet)
        since = day_option("--on", on) if on else None
        join_outlet(session, contact, place, role=role, on=since, at=office.clock.now(), actor=office.actor)
        told = f"{contact.name} works for {place.name}" + (", an outlet that is new here." if new else ".")
    say(told)


def left(
    who: WhoArgument,
    outlet: OutletArgument,
    *,
    on: Annotated[str, typer.Option("--on", help="Her last day there; today where left out.")] = "",
) -> None:
    """Record that a contact left an outlet: she leaves its lists, and stays in the registry."""
    with opened() as office, office.database.write() as session:
        contact = contact_named(session, who)
        done = leave_outlet(
            session,
            contact,
            outlet_named(session, outlet),
            on=_day(office, on),
            at=office.clock.now(),
            actor=office.actor,
        )
        told = f"{contact.name} is no longer at {done.affiliation.outlet.name}."
    say(told)
    _tell_addresses(done)


def move_contact(
    who: WhoArgument,
    *,
    left_outlet: Annotated[str, typer.Option("--from", help="The outlet that she leaves.")],
    joined_outlet: Annotated[str, typer.Option("--to", help="The outlet that she goes to.")],
    role: RoleOption = "",
    on: Annotated[str, typer.Option("--on", help="Her first day there; today where left out.")] = "",
) -> None:
    """Record that a contact went from one outlet to another."""
    with opened() as office, office.database.write() as session:
        contact = contact_named(session, who)
        place, _ = outlet_of(session, joined_outlet)
        done = move(
            session,
            contact,
            left=outlet_named(session, left_outlet),
            joined=place,
            role=role,
            on=_day(office, on),
            at=office.clock.now(),
            actor=office.actor,
        )
        told = f"{contact.name} went from {done.affiliation.outlet.name} to {place.name}."
    say(told)
    _tell_addresses(done)


def _day(office: Office, text: str) -> date:
    return day_option("--on", text) if text else day_of(office.clock.now())


def _tell_addresses(done: Left) -> None:
    if done.addresses:
        say(f"Look whether she can still be reached at {', '.join(done.addresses)}: it looks like that outlet's.")
