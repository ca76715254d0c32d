"""``dateline contacts search`` and ``reindex``: finding people by their words."""

from typing import Annotated

import typer

from mailer.audit import Question
from mailer.cli.contacts import COLUMNS, fields
from mailer.cli.office import opened
from mailer.cli.options import CsvOption, JsonOption
from mailer.cli.output import Form, form_of, look_at, say, show_list
from mailer.cli.readings import noted
from mailer.contacts.query import parse
from mailer.contacts.query_names import warnings
from mailer.contacts.ranking import LIMIT, search
from mailer.contacts.search_index import reindex
from mailer.contacts.terms import day_of


def search_contacts(
    words: Annotated[
        list[str],
        typer.Argument(metavar="WORDS", help="Words of names, outlets, titles, tags or notes; keys too."),
    ],
    *,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = LIMIT,
) -> None:
    """Find people by their words, those first who are called so. The last word may be just begun."""
    form = form_of(as_json=as_json, as_csv=as_csv)
    with opened() as office, office.database.read() as session:
        at = office.clock.now()
        query = parse(" ".join(words))
        found = search(session, query, at=at, limit=limit)
        look_at(warnings(session, query))
        noted(office, Question.SEARCH, [contact.id for contact in found.contacts])
        rows = (fields(contact, day_of(at)) for contact in found.contacts)
        show_list(rows, COLUMNS, form=form, zone=office.zone, empty="Nobody found.")
        if found.more and form is Form.TABLE:
            say(f"There are more than {limit}: write a further word, or see dateline contacts list.")


def reindex_contacts() -> None:
    """Make the words of everybody anew. Needed only where something else than Dateline wrote to the database."""
    with opened() as office, office.database.write() as session:
        count = reindex(session)
    say(f"The words of {count} contacts were made anew.")
