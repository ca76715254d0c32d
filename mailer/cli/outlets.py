"""``dateline outlets``: list, show, say their type, rename, and make two spellings one."""

from collections.abc import Mapping
from typing import Annotated

import typer

from mailer.audit import Question
from mailer.cli.office import opened
from mailer.cli.options import CsvOption, JsonOption
from mailer.cli.output import Column, form_of, out, say, show_document, show_list
from mailer.cli.readings import noted
from mailer.contacts.models import OutletType
from mailer.contacts.outlets import (
    all_outlets,
    merge_outlets,
    outlet_named,
    outlet_type,
    rename_outlet,
    set_type,
    staff_of,
)
from mailer.errors import UnknownOutletType

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

COLUMNS = (
    Column("outlet", "Outlet"),
    Column("type", "Type"),
    Column("contacts", "Contacts", number=True),
)

OutletArgument = Annotated[str, typer.Argument(metavar="OUTLET", help="Its name, in any spelling.")]


@app.command("list")
def list_outlets(*, as_json: JsonOption = False, as_csv: CsvOption = False) -> None:
    """List every outlet with its type, and how many contacts work there now."""
    with opened() as office, office.database.read() as session:
        show_list(
            (_fields(o.name, o.type, o.contacts) for o in all_outlets(session)),
            COLUMNS,
            form=form_of(as_json=as_json, as_csv=as_csv),
            zone=office.zone,
            empty="There are no outlets: they come with the contacts who work there.",
        )


def _fields(name: str, kind: OutletType | None, contacts: int) -> Mapping[str, object]:
    return {"outlet": name, "type": kind.value if kind else "", "contacts": contacts}


@app.command("show")
def show(name: OutletArgument, *, as_json: JsonOption = False) -> None:
    """Show an outlet, and who works there now."""
    with opened() as office, office.database.read() as session:
        outlet = outlet_named(session, name)
        found = staff_of(session, outlet)
        staff = [{"contact": c.id, "name": c.name, "role": role} for c, role in found]
        noted(office, Question.OUTLET, {contact.id for contact, _ in found})
        if as_json:
            show_document({**_fields(outlet.name, outlet.type, len(staff)), "staff": staff})
            return
        out.print(f"{outlet.name} ({outlet.type.value if outlet.type else 'type not known'})", markup=False)
        people = (Column("contact", "No.", number=True), Column("name", "Name"), Column("role", "Role"))
        empty = "Nobody works there now."
        show_list(staff, people, form=form_of(as_json=False, as_csv=False), zone=office.zone, empty=empty)


@app.command("set-type")
def say_type(
    name: OutletArgument,
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="agency, newspaper … in English, Arabic or French.")],
) -> None:
    """Say what kind of outlet it is."""
    found = outlet_type(kind)
    if found is None:
        raise UnknownOutletType(text=kind[:60], known=", ".join(OutletType))
    with opened() as office, office.database.write() as session:
        outlet = outlet_named(session, name)
        changed = set_type(session, outlet, found, at=office.clock.now(), actor=office.actor)
        told = outlet.name
    say(f"{told}: {found.value}." if changed else f"{told} was {found.value} already.")


@app.command("rename")
def rename(
    name: OutletArgument, new: Annotated[str, typer.Argument(metavar="NAME", help="Its new name.")]
) -> None:
    """Give an outlet another name. Saved queries that name the old one must be changed by hand."""
    with opened() as office, office.database.write() as session:
        outlet = outlet_named(session, name)
        old = outlet.name
        changed = rename_outlet(session, outlet, new, at=office.clock.now(), actor=office.actor)
        told = outlet.name
    say(f"{old} is called {told} now." if changed else f"{told} is its name already.")


@app.command("merge")
def merge(
    kept: Annotated[str, typer.Argument(metavar="KEPT", help="The outlet that stays.")],
    gone: Annotated[str, typer.Argument(metavar="GONE", help="The other spelling of it.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done and change nothing.")] = False,
) -> None:
    """Make two spellings of one outlet one. This cannot be undone."""
    with opened() as office, office.database.write() as session:
        stays, goes = outlet_named(session, kept), outlet_named(session, gone)
        names = stays.name, goes.name
        moved = merge_outlets(session, stays, goes, at=office.clock.now(), actor=office.actor)
        if dry_run:
            session.rollback()
    would = "would move" if dry_run else "moved"
    say(f"{moved} contacts {would} from {names[1]} to {names[0]}.")
    if dry_run:
        say("Nothing was changed.")
