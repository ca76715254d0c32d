"""``dateline contacts``: list and show; the other commands on contacts have files of their own."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

import typer
from rich.text import Text

from mailer.audit import Question
from mailer.cli.loading import Later, group_of
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

COMMANDS = {
    "list": Later("contacts:list_contacts", takes_query=True),
    "show": Later("contacts:show_contact"),
    "add": Later("contact_entry:add"),
    "change": Later("contact_entry:change"),
    "import": Later("contact_import:import_files"),
    "search": Later("contact_search:search_contacts", takes_query=True),
    "reindex": Later("contact_search:reindex_contacts"),
    "suppress": Later("contact_suppression:suppress_address"),
    "unsuppress": Later("contact_suppression:lift_suppression"),
    "suppressions": Later("contact_suppression:list_suppressions"),
    "accept": Later("contact_terms:accept_terms"),
    "withdraw": Later("contact_terms:withdraw_terms"),
    "basis": Later("contact_terms:give_basis"),
    "export": Later("contact_export:export_contacts", takes_query=True),
    "erase": Later("contact_erase:erase_contact"),
    "dossier": Later("contact_dossier:show_dossier"),
    "retention": Later("contact_retention:retain"),
    "duplicates": Later("contact_merge:list_duplicates"),
    "distinct": Later("contact_merge:tell_distinct"),
    "merge": Later("contact_merge:merge_contacts"),
    "unmerge": Later("contact_merge:unmerge_contacts"),
    "join": Later("contact_move:join"),
    "left": Later("contact_move:left"),
    "move": Later("contact_move:move_contact"),
    "note": Later("contact_care:note"),
    "notes": Later("contact_care:list_notes"),
    "history": Later("contact_care:show_history"),
    "tag": Later("contact_care:tag_contacts"),
    "untag": Later("contact_care:untag_contacts"),
    "verify": Later("contact_care:verify_contacts"),
    "deactivate": Later("contact_care:deactivate"),
    "activate": Later("contact_care:activate"),
    "hygiene": Later("contact_hygiene:list_hygiene"),
}

app = typer.Typer(cls=group_of(COMMANDS), no_args_is_help=True, rich_markup_mode=None)

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
