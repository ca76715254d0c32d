"""``dateline contacts``: import, list, show, and addresses that must not be written to."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from mailer.cli import contact_dossier, contact_erase, contact_export, contact_retention
from mailer.cli.office import opened
from mailer.cli.options import CsvOption, JsonOption, LimitOption
from mailer.cli.output import Column, Form, err, form_of, out, say, show_document, show_list, shown
from mailer.contacts.importing import import_contacts
from mailer.contacts.models import Contact
from mailer.contacts.organisations import import_organisations
from mailer.contacts.query import parse
from mailer.contacts.search import contact_named, find_contacts
from mailer.contacts.suppression import lift, suppress, suppressed_among
from mailer.contacts.terms import day_of

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

COLUMNS = (
    Column("contact", "No.", number=True),
    Column("name", "Name"),
    Column("city", "City"),
    Column("languages", "Reads"),
    Column("outlets", "Outlets"),
    Column("beats", "Beats"),
    Column("address", "Address"),
    Column("embargo_terms", "Embargo terms"),
)


def fields(contact: Contact, day: date) -> Mapping[str, object]:
    """A contact as ``--json`` gives it; embargo terms are those in force on that day."""
    terms = contact.embargo_terms(day)
    return {
        "contact": contact.id,
        "kind": contact.kind.value,
        "name": contact.name,
        "name_ar": contact.arabic_name,
        "address": contact.address,
        "phone": contact.phone,
        "city": contact.city.name,
        "country": contact.city.country,
        "zone": contact.city.zone,
        "languages": [item.language for item in contact.languages],
        "beats": [item.beat for item in contact.beats],
        "outlets": [a.outlet.name + (f" ({a.role})" if a.role else "") for a in contact.current_affiliations],
        "title": contact.title,
        "title_ar": contact.arabic_title,
        "embargo_terms": terms.accepted_on if terms else None,
        "added_at": contact.added_at,
    }


@app.command("import")
def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="CSV lists, and organisations.toml.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done and change nothing.")] = False,
) -> None:
    """Take lists into the registry. Good rows go in, bad ones are told; the same file again changes nothing."""
    refused = 0
    told: list[str | Text] = []
    # Organisations first, whatever the order on the command line: officers belong to their offices.
    ordered = sorted(files, key=lambda file: (file.suffix != ".toml", file.name))
    with opened() as office, office.database.write() as session:
        for file in ordered:
            take = import_organisations if file.suffix == ".toml" else import_contacts
            done = take(session, file, at=office.clock.now(), actor=office.actor)
            would = "would be " if dry_run else ""
            told.append(
                f"{file.name}: {done.added} {would}added, {done.changed} {would}changed, {done.unchanged} as before"
                + (f", {len(done.refused)} refused" if done.refused else "")
            )
            told += [Text(f"  {refusal}", style="yellow") for refusal in done.refused]
            refused += len(done.refused)
        if dry_run:
            session.rollback()
    # Only now is it true.
    for line in told:
        err.print(line, markup=False)
    if dry_run:
        say("Nothing was changed.")
    elif refused:
        say(f"Correct the refused rows ({refused}) and import the file again: what went in stays as it is.")
    if refused:
        raise SystemExit(1)


# A word of a query may begin with a minus; it is no option for that.
@app.command("list", context_settings={"ignore_unknown_options": True})
def list_contacts(
    query: Annotated[
        list[str] | None, typer.Argument(metavar="[QUERY]", help="Such as: city:Beirut language:ar beat:migration")
    ] = None,
    *,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
    limit: LimitOption = 0,
) -> None:
    """List contacts, all or those that a query finds."""
    with opened() as office, office.database.read() as session:
        day = day_of(office.clock.now())
        words = " ".join(query or ())
        found = find_contacts(session, parse(words) if words else None, limit=limit)
        count = show_list(
            (fields(contact, day) for contact in found),
            COLUMNS,
            form=form_of(as_json=as_json, as_csv=as_csv),
            zone=office.zone,
            empty="Nobody found."
            if words
            else "The registry is empty: dateline contacts import contacts/organisations.toml contacts/*.csv",
        )
        if count and form_of(as_json=as_json, as_csv=as_csv) is Form.TABLE:
            say(f"{count} contacts")


@app.command("show")
def show_contact(
    who: Annotated[str, typer.Argument(metavar="CONTACT", help="Address, number or exact name.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Show all that the registry has on one contact."""
    with opened() as office, office.database.read() as session:
        contact = contact_named(session, who)
        stopped = contact.address_key in suppressed_among(session, [contact.address_key])
        document = {**fields(contact, day_of(office.clock.now())), "suppressed": stopped}
        if as_json:
            show_document(document)
            return
        for name, value in document.items():
            out.print(Text.assemble((f"{name.replace('_', ' '):14} ", "bold"), shown(value, office.zone)))


@app.command("suppress")
def suppress_address(
    address: Annotated[str, typer.Argument(help="The address that must not be written to.")],
    reason: Annotated[str, typer.Option("--reason", help="Why: asked by telephone, left the paper …")],
) -> None:
    """Never write to an address again, whichever list names it."""
    with opened() as office, office.database.write() as session:
        changed = suppress(session, address, reason=reason, at=office.clock.now(), actor=office.actor)
    say(f"{address} is not written to any more." if changed else f"{address} was suppressed already.")


@app.command("unsuppress")
def lift_suppression(
    address: Annotated[str, typer.Argument(help="The address that may be written to again.")],
) -> None:
    """Allow an address again that had been suppressed."""
    with opened() as office, office.database.write() as session:
        changed = lift(session, address, at=office.clock.now(), actor=office.actor)
    say(f"{address} may be written to again." if changed else f"{address} was not suppressed.")


app.command("export", context_settings={"ignore_unknown_options": True})(contact_export.export_contacts)
app.command("erase")(contact_erase.erase_contact)
app.command("dossier")(contact_dossier.show_dossier)
app.command("retention")(contact_retention.retain)
