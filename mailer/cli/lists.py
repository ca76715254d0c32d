"""``dateline lists``: create, preview, change, list, show."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.audit import Question
from mailer.cli.contacts import COLUMNS, fields
from mailer.cli.office import opened
from mailer.cli.options import CsvOption, JsonOption
from mailer.cli.output import Column, Form, form_of, look_at, say, show_document, show_list
from mailer.cli.readings import noted
from mailer.contacts.archiving import archive_list, restore_list
from mailer.contacts.lists import (
    all_lists,
    change_list,
    copy_list,
    count,
    create_list,
    current_lists,
    delete_list,
    found_by,
    list_named,
    members_of,
    rename_list,
)
from mailer.contacts.membership import reasons
from mailer.contacts.merging import kept_of
from mailer.contacts.models import Contact, MediaList
from mailer.contacts.query import parse
from mailer.contacts.query_names import list_warnings, warnings
from mailer.contacts.search import contact_named, find_contacts
from mailer.contacts.terms import day_of
from mailer.errors import BrokenList

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

WHY = (
    Column("contact", "No.", number=True),
    Column("name", "Name"),
    Column("on_it", "On it"),
    Column("because", "Because of"),
    Column("kept_off", "Kept off"),
)

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
            members=_people(session, member),
            queries=query or (),
            excluded=_people(session, exclude),
            at=office.clock.now(),
            actor=office.actor,
        )
        look_at(list_warnings(session, media_list))
        say(
            f"Media list “{media_list.name}” has {count(session, media_list, at=office.clock.now())} contacts now."
        )


@app.command("preview")
def preview(
    query: Annotated[list[str], typer.Option("--query", help="Everybody it finds. May be repeated.")],
    *,
    sample: Annotated[int, typer.Option("--sample", min=0, help="Show so many of them.")] = 10,
    as_json: JsonOption = False,
) -> None:
    """Show how many a list of these queries would have, and some of them, without making it."""
    with opened() as office, office.database.read() as session:
        at = office.clock.now()
        found = found_by(session, query, at=at)
        total = session.scalar(select(func.count()).select_from(found.subquery())) or 0
        some = find_contacts(session, None, among=found, at=at, limit=sample) if sample else []
        noted(office, Question.LIST_PREVIEW, [contact.id for contact in some])
        look_at(warning for text in query for warning in warnings(session, parse(text)))
        if as_json:
            show_document({"contacts": total, "sample": [f"{c.name} ({c.city.name})" for c in some]})
            return
        rows = (fields(contact, day_of(at)) for contact in some)
        show_list(rows, COLUMNS, form=Form.TABLE, zone=office.zone, empty="")
        say(f"{total} contacts now" + (f", of whom these are {len(some)}." if len(some) < total else "."))


@app.command("change")
def change(
    name: NameArgument,
    add: Annotated[list[str] | None, typer.Option("--add", help="Put this contact on it.")] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", help="Take this contact off it.")] = None,
    exclude: ExcludeOption = None,
    add_query: Annotated[list[str] | None, typer.Option("--add-query", help="Also whom this query finds.")] = None,
    remove_query: Annotated[list[str] | None, typer.Option("--remove-query", help="Drop this query.")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say who would come and go; change nothing.")] = False,
) -> None:
    """Change who is on a media list. Scheduled waves keep their audience, or follow the list if they are --live."""
    with opened() as office, office.database.write() as session:
        media_list = list_named(session, name)
        before = _on_it(session, media_list, at=office.clock.now()) if dry_run else None
        changed = change_list(
            session,
            media_list,
            add=_people(session, add),
            remove=_people(session, remove),
            exclude=_people(session, exclude),
            add_queries=add_query or (),
            remove_queries=remove_query or (),
            at=office.clock.now(),
            actor=office.actor,
        )
        look_at(list_warnings(session, media_list))
        if dry_run:
            after = _on_it(session, media_list, at=office.clock.now())
            if before is None or after is None:
                say("Who would come and go cannot be told. Nothing was changed.")
            else:
                told = [_told(session, "would come", after - before), _told(session, "would go", before - after)]
                told.append(f"“{media_list.name}” would have {len(after)} contacts. Nothing was changed.")
                number = media_list.id
                session.rollback()
                noted(office, Question.LIST_CHANGE, before ^ after, list=number)
                for line in told:
                    say(line)
            session.rollback()
            return
        try:
            now = f"it has {count(session, media_list, at=office.clock.now())} contacts"
        except BrokenList as error:
            # What she did stays: of several queries that are not understood she may mend one after another.
            look_at([str(error)])
            now = "who is on it cannot be told yet"
        say(f"Media list “{media_list.name}” is changed: {now}." if changed else f"Nothing to change: {now}.")


def _people(session: Session, named: Sequence[str] | None) -> list[Contact]:
    """The contacts who are named; of one who was merged into another that other one, which is said."""
    found: list[Contact] = []
    for who in named or ():
        contact = contact_named(session, who)
        kept = kept_of(session, contact)
        if kept is not contact:
            say(f"Contact {contact.id} was merged into contact {kept.id}, {kept.name}: that one is meant.")
        found.append(kept)
    return found


def _on_it(session: Session, media_list: MediaList, *, at: datetime) -> set[int] | None:
    """Who is on the list; ``None`` where that cannot be told, which an officer is shown."""
    try:
        return set(session.scalars(members_of(session, media_list, at=at)))
    except BrokenList as error:
        look_at([str(error)])
        return None


def _told(session: Session, what: str, contacts: set[int]) -> str:
    some = sorted(contacts)[:10]
    names = session.scalars(select(Contact.name).where(Contact.id.in_(some)).order_by(Contact.id)).all()
    more = f" and {len(contacts) - len(some):,} more" if len(contacts) > len(some) else ""
    return f"{len(contacts)} {what}" + (f": {', '.join(names)}{more}" if names else "")


@app.command("rename")
def rename(
    name: NameArgument, new_name: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")]
) -> None:
    """Give a media list another name; queries of other lists that name it follow."""
    with opened() as office, office.database.write() as session:
        media_list = list_named(session, name)
        changed = rename_list(session, media_list, new_name, at=office.clock.now(), actor=office.actor)
    say(f"The list is called “{media_list.name}” now." if changed else "It has that name already.")


@app.command("copy")
def copy(
    name: NameArgument, new_name: Annotated[str, typer.Argument(metavar="NEW", help="The copy's name.")]
) -> None:
    """Make another media list with the same members, queries and exclusions."""
    with opened() as office, office.database.write() as session:
        at = office.clock.now()
        made = copy_list(session, list_named(session, name), new_name, at=at, actor=office.actor)
        say(f"Media list “{made.name}” has {count(session, made, at=at)} contacts now.")


@app.command("delete")
def delete(name: NameArgument) -> None:
    """Delete a media list that no wave and no other list uses. Its contacts stay in the registry."""
    with opened() as office, office.database.write() as session:
        media_list = list_named(session, name)
        delete_list(session, media_list, at=office.clock.now(), actor=office.actor)
    say(f"Media list “{media_list.name}” is deleted.")


@app.command("archive")
def archive(name: NameArgument) -> None:
    """Put a media list aside: kept for the record of its waves, not offered, and not to be used for new ones."""
    with opened() as office, office.database.write() as session:
        media_list = list_named(session, name)
        changed = archive_list(session, media_list, at=office.clock.now(), actor=office.actor)
    say(f"Media list “{media_list.name}” is archived." if changed else "It was archived already.")


@app.command("restore")
def restore(name: NameArgument) -> None:
    """Take an archived media list back into use."""
    with opened() as office, office.database.write() as session:
        media_list = list_named(session, name)
        changed = restore_list(session, media_list, at=office.clock.now(), actor=office.actor)
        now = f"It has {count(session, media_list, at=office.clock.now())} contacts now."
    say(f"Media list “{media_list.name}” is in use again. {now}" if changed else "It is not archived.")


@app.command("list")
def list_lists(
    *,
    archived: Annotated[bool, typer.Option("--archived", help="Those that are archived instead.")] = False,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List the media lists that are in use."""
    with opened() as office, office.database.read() as session:
        broken: dict[str, None] = {}  # one that is not understood is so in each list that names it

        def row(media_list: MediaList) -> Mapping[str, object]:
            return {
                "list": media_list.name,
                "contacts": _count(session, media_list, broken, at=office.clock.now()),
                "queries": [query.query for query in media_list.queries],
                "by_hand": sum(not member.excluded for member in media_list.members),
                "excluded": sum(member.excluded for member in media_list.members),
                "archived_at": media_list.archived_at,
            }

        found = [m for m in all_lists(session) if m.archived_at] if archived else current_lists(session)
        columns = (
            Column("list", "List"),
            Column("contacts", "Contacts", number=True),
            Column("queries", "Queries"),
            Column("by_hand", "By hand", number=True),
            Column("excluded", "Kept off", number=True),
            *((Column("archived_at", "Archived"),) if archived else ()),
        )
        show_list(
            map(row, found),
            columns,
            form=form_of(as_json=as_json, as_csv=as_csv),
            zone=office.zone,
            empty="No media list is archived."
            if archived
            else "There are no media lists yet: dateline lists create Levant --query 'city:Beirut'",
        )
        look_at(broken)


def _count(session: Session, media_list: MediaList, broken: dict[str, None], *, at: datetime) -> int | None:
    """``None`` for a list whose queries are not understood any more, which is noted: it must not hide the others."""
    try:
        return count(session, media_list, at=at)
    except BrokenList as error:
        broken[str(error)] = None
        return None


@app.command("show")
def show(
    name: NameArgument,
    *,
    why: Annotated[
        bool, typer.Option("--why", help="Also why each one is on it, and who is kept off it and why.")
    ] = False,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show who is on a media list now."""
    form = form_of(as_json=as_json, as_csv=as_csv)
    with opened() as office, office.database.read() as session:
        media_list = list_named(session, name)
        look_at(list_warnings(session, media_list))
        if why:
            found = list(reasons(session, media_list, at=office.clock.now()))
            noted(office, Question.LIST, [reason.contact_id for reason in found], list=media_list.id)
            rows = (
                {
                    "contact": reason.contact_id,
                    "name": reason.name,
                    "on_it": reason.on_it,
                    "because": reason.because,
                    "kept_off": reason.kept_off,
                }
                for reason in found
            )
            show_list(rows, WHY, form=form, zone=office.zone, empty="Nobody is on it now.")
            return
        at = office.clock.now()
        day = day_of(at)
        people = find_contacts(session, None, among=members_of(session, media_list, at=at), at=at)
        noted(office, Question.LIST, [contact.id for contact in people], list=media_list.id)
        total = show_list(
            (fields(contact, day) for contact in people),
            COLUMNS,
            form=form,
            zone=office.zone,
            empty="Nobody is on it now.",
        )
        if form is Form.TABLE:
            queries = "; ".join(query.query for query in media_list.queries) or "none"
            kept_off = sum(member.excluded for member in media_list.members)
            say(f"{total} contacts. Queries: {queries}. Kept off by hand: {kept_off}.")
