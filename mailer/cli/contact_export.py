"""``dateline contacts export``: any list or search as a file."""

from typing import Annotated

import typer

from mailer.cli.files import ForceOption, OutputOption, delivered
from mailer.cli.office import opened
from mailer.cli.options import one_of
from mailer.cli.output import fail_usage, look_at, say
from mailer.contacts.exporting import ExportFormat, chosen, export, note_export
from mailer.contacts.fields import NAMES
from mailer.contacts.lists import list_named
from mailer.contacts.query import parse
from mailer.contacts.query_names import list_warnings, warnings
from mailer.contacts.records import records
from mailer.contacts.terms import day_of


def export_contacts(
    query: Annotated[
        list[str] | None, typer.Argument(metavar="[QUERY]", help="Such as: city:Beirut language:ar beat:migration")
    ] = None,
    *,
    media_list: Annotated[
        str, typer.Option("--list", metavar="NAME", help="Only who is on this media list.")
    ] = "",
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="csv, xlsx, vcard or json.")],
    columns: Annotated[
        str, typer.Option("--columns", help="Only these columns of CSV or XLSX, in this order: name,address,city")
    ] = "",
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Write contacts to a file: all, those that a query finds, or those on a list. The log notes how many."""
    wanted = ExportFormat(one_of("--format", form, tuple(ExportFormat)))
    names = tuple(dict.fromkeys(name.strip() for name in columns.split(",") if name.strip()))
    if names and wanted not in (ExportFormat.CSV, ExportFormat.XLSX):
        fail_usage("--columns goes with --format csv or xlsx only.")
    for name in names:
        one_of("--columns", name, NAMES)
    words = " ".join(query or ())
    count = 0
    with opened() as office:
        now = office.clock.now()

        def note() -> None:
            with office.database.write() as session:
                note_export(session, count=count, form=wanted, media_list=whose, at=now, actor=office.actor)

        binary = wanted is ExportFormat.XLSX
        # Written and noted before it is anywhere: no list of people leaves unlogged.
        with (
            delivered(output, force=force, binary=binary, before=note) as stream,
            office.database.read() as session,
        ):
            whose = list_named(session, media_list) if media_list else None
            asked = parse(words) if words else None
            look_at(warnings(session, asked) if asked else ())
            look_at(list_warnings(session, whose) if whose else ())
            ids = chosen(session, asked, media_list=whose, at=now)
            people = records(session, ids, day=day_of(now))
            count = export(people, stream, wanted, at=now, columns=names or NAMES)
    say(f"{count} contacts" + (f" in {output}" if output else ""))
