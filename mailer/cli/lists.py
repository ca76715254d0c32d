"""``dateline lists``: create, list, show."""

from collections.abc import Mapping
from typing import Annotated

import typer

from mailer.cli.contacts import COLUMNS, fields
from mailer.cli.office import opened
from mailer.cli.options import CsvOption, JsonOption
from mailer.cli.output import Column, Form, form_of, say, show_list
from mailer.contacts.lists import all_lists, change_list, count, create_list, list_named, members_of
from mailer.contacts.models import MediaList
from mailer.contacts.search import contact_named, find_contacts
from mailer.contacts.terms import day_of

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The list's name.")]
QueryOption = Annotated[
    list[str] | None,
    typer.Option("--query", help="Everybody it finds, now and later: 'city:Beirut language:ar'. May be repeated."),
]
MemberOption = Annotated[
    list[str] | None, typer.Option("--member", help="A contact by address, number or name. May be repeated.")
]
ExcludeOption = Annotated[
    list[str] | None, typer.Option("--exclude", help="Keep this contact off it whatever a query finds.")
]


@app.command("create")
def create(
    name: NameArgument, query: QueryOption = None, member: MemberOption = None, exclude: ExcludeOption = None
) -> None:
    """Make a media list of hand-picked members, saved queries, or both."""
    with opened() as office, office.database.write() as session:
        media_list = create_list(
            session,
            name,
            members=[contact_named(session, who) for who in member or ()],
            queries=query or (),
            excluded=[contact_named(session, who) for who in exclude or ()],
            at=office.clock.now(),
            actor=office.actor,
        )
        say(
            f"Media list “{media_list.name}” has {count(session, media_list, at=office.clock.now())} contacts now."
        )


@app.command("change")
def change(
    name: NameArgument,
    add: Annotated[list[str] | None, typer.Option("--add", help="Put this contact on it.")] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", help="Take this contact off it.")] = None,
    exclude: ExcludeOption = None,
    add_query: Annotated[list[str] | None, typer.Option("--add-query", help="Also whom this query finds.")] = None,
    remove_query: Annotated[list[str] | None, typer.Option("--remove-query", help="Drop this query.")] = None,
) -> None:
    """Change who is on a media list. Waves that are scheduled already keep their audience."""
    with opened() as office, office.database.write() as session:
        media_list = list_named(session, name)
        changed = change_list(
            session,
            media_list,
            add=[contact_named(session, who) for who in add or ()],
            remove=[contact_named(session, who) for who in remove or ()],
            exclude=[contact_named(session, who) for who in exclude or ()],
            add_queries=add_query or (),
            remove_queries=remove_query or (),
            at=office.clock.now(),
            actor=office.actor,
        )
        now = f"it has {count(session, media_list, at=office.clock.now())} contacts"
        say(f"Media list “{media_list.name}” is changed: {now}." if changed else f"Nothing to change: {now}.")


@app.command("list")
def list_lists(*, as_json: JsonOption = False, as_csv: CsvOption = False) -> None:
    """List the media lists."""
    with opened() as office, office.database.read() as session:

        def row(media_list: MediaList) -> Mapping[str, object]:
            return {
                "list": media_list.name,
                "contacts": count(session, media_list, at=office.clock.now()),
                "queries": [query.query for query in media_list.queries],
                "by_hand": sum(not member.excluded for member in media_list.members),
                "excluded": sum(member.excluded for member in media_list.members),
            }

        columns = (
            Column("list", "List"),
            Column("contacts", "Contacts", number=True),
            Column("queries", "Queries"),
            Column("by_hand", "By hand", number=True),
            Column("excluded", "Kept off", number=True),
        )
        show_list(
            map(row, all_lists(session)),
            columns,
            form=form_of(as_json=as_json, as_csv=as_csv),
            zone=office.zone,
            empty="There are no media lists yet: dateline lists create Levant --query 'city:Beirut'",
        )


@app.command("show")
def show(name: NameArgument, *, as_json: JsonOption = False, as_csv: CsvOption = False) -> None:
    """Show who is on a media list now."""
    form = form_of(as_json=as_json, as_csv=as_csv)
    with opened() as office, office.database.read() as session:
        media_list = list_named(session, name)
        at = office.clock.now()
        day = day_of(at)
        found = find_contacts(session, None, among=members_of(session, media_list, at=at), at=at)
        total = show_list(
            (fields(contact, day) for contact in found),
            COLUMNS,
            form=form,
            zone=office.zone,
            empty="Nobody is on it now.",
        )
        if form is Form.TABLE:
            queries = "; ".join(query.query for query in media_list.queries) or "none"
            kept_off = sum(member.excluded for member in media_list.members)
            say(f"{total} contacts. Queries: {queries}. Kept off by hand: {kept_off}.")
