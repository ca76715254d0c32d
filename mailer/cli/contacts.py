"""``dateline contacts``: list and show; the other commands on contacts have files of their own."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

import typer
from rich.text import Text

from mailer.audit import Question
from mailer.cli import (
    contact_care,
    contact_dossier,
    contact_entry,
    contact_erase,
    contact_export,
    contact_hygiene,
    contact_import,
    contact_merge,
    contact_move,
    contact_retention,
    contact_search,
    contact_suppression,
    contact_terms,
)
from mailer.cli.office import opened
from mailer.cli.options import CsvOption, JsonOption, LimitOption, WhoArgument
from mailer.cli.output import Column, Form, form_of, look_at, out, say, show_document, show_list, shown
from mailer.cli.readings import noted
from mailer.contacts.models import Contact
from mailer.contacts.query import parse
from mailer.contacts.query_names import warnings
from mailer.contacts.search import contact_named, find_contacts
from mailer.contacts.suppression import suppressed_among
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
        asked = parse(words) if words else None
        found = find_contacts(session, asked, at=office.clock.now(), limit=limit)
        look_at(warnings(session, asked) if asked else ())
        noted(office, Question.CONTACTS, [contact.id for contact in found])
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
    who: WhoArgument,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show all that the registry has on one contact."""
    with opened() as office, office.database.read() as session:
        contact = contact_named(session, who)
        stopped = contact.address_key in suppressed_among(session, [contact.address_key])
        document = {**fields(contact, day_of(office.clock.now())), "suppressed": stopped}
        noted(office, Question.CONTACT, [contact.id])
        if as_json:
            show_document(document)
            return
        for name, value in document.items():
            out.print(Text.assemble((f"{name.replace('_', ' '):14} ", "bold"), shown(value, office.zone)))


app.command("add")(contact_entry.add)
app.command("change")(contact_entry.change)
app.command("import")(contact_import.import_files)
app.command("search", context_settings={"ignore_unknown_options": True})(contact_search.search_contacts)
app.command("reindex")(contact_search.reindex_contacts)
app.command("suppress")(contact_suppression.suppress_address)
app.command("unsuppress")(contact_suppression.lift_suppression)
app.command("suppressions")(contact_suppression.list_suppressions)
app.command("accept")(contact_terms.accept_terms)
app.command("withdraw")(contact_terms.withdraw_terms)
app.command("basis")(contact_terms.give_basis)
app.command("export", context_settings={"ignore_unknown_options": True})(contact_export.export_contacts)
app.command("erase")(contact_erase.erase_contact)
app.command("dossier")(contact_dossier.show_dossier)
app.command("retention")(contact_retention.retain)
app.command("duplicates")(contact_merge.list_duplicates)
app.command("distinct")(contact_merge.tell_distinct)
app.command("merge")(contact_merge.merge_contacts)
app.command("unmerge")(contact_merge.unmerge_contacts)
app.command("join")(contact_move.join)
app.command("left")(contact_move.left)
app.command("move")(contact_move.move_contact)
app.command("note")(contact_care.note)
app.command("notes")(contact_care.list_notes)
app.command("history")(contact_care.show_history)
app.command("tag")(contact_care.tag_contacts)
app.command("untag")(contact_care.untag_contacts)
app.command("verify")(contact_care.verify_contacts)
app.command("deactivate")(contact_care.deactivate)
app.command("activate")(contact_care.activate)
app.command("hygiene")(contact_hygiene.list_hygiene)
