"""``dateline contacts duplicates``, ``distinct``, ``merge`` and ``unmerge``: who is one person, and who is not."""

from collections.abc import Mapping
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit import Question
from mailer.cli.office import opened
from mailer.cli.options import CsvOption, JsonOption, LimitOption
from mailer.cli.output import Column, Form, form_of, say, show_list
from mailer.cli.readings import noted
from mailer.contacts.comparing import MIN_SCORE, find_duplicates, tell_apart
from mailer.contacts.duplicates import Match
from mailer.contacts.merging import merge, unmerge
from mailer.contacts.models import Contact
from mailer.contacts.search import contact_named
from mailer.schedule.merged import count_doubles

COLUMNS = (
    Column("score", "Score", number=True),
    Column("contact", "No.", number=True),
    Column("name", "Name"),
    Column("address", "Address"),
    Column("other", "No.", number=True),
    Column("other_name", "Name"),
    Column("other_address", "Address"),
    Column("why", "Why"),
)

_KeptArgument = Annotated[str, typer.Argument(metavar="KEEP", help="Who is kept: address, number or exact name.")]
_OtherArgument = Annotated[str, typer.Argument(metavar="OTHER", help="The other one, likewise.")]


def list_duplicates(
    *,
    min_score: Annotated[
        int, typer.Option("--min-score", min=1, max=100, help="Only pairs as sure as that, of 100.")
    ] = MIN_SCORE,
    limit: LimitOption = 0,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List pairs of contacts who may be one person, the surest first, and why."""
    form = form_of(as_json=as_json, as_csv=as_csv)
    with opened() as office, office.database.read() as session:
        found = find_duplicates(session, min_score=min_score).matches
        pairs = found[:limit] if limit else found
        people = _people(session, {number for pair in pairs for number in (pair.first, pair.second)})
        noted(office, Question.DUPLICATES, people)
        count = show_list(
            (_fields(pair, people) for pair in pairs),
            COLUMNS,
            form=form,
            zone=office.zone,
            empty="No two contacts look like one person.",
        )
        if count and form is Form.TABLE:
            say(f"{len(found)} pairs. One person: dateline contacts merge KEEP OTHER; two: contacts distinct.")


def tell_distinct(one: _KeptArgument, other: _OtherArgument) -> None:
    """Remember that two contacts are two people, so that they are not offered as duplicates again."""
    with opened() as office, office.database.write() as session:
        first, second = contact_named(session, one), contact_named(session, other)
        new = tell_apart(session, first, second, at=office.clock.now(), actor=office.actor)
        names = f"{first.name} ({first.id}) and {second.name} ({second.id})"
    say(f"{names} are two people." if new else f"{names}: nothing to change.")


def merge_contacts(
    keep: _KeptArgument,
    other: _OtherArgument,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, field by field, and change nothing.")
    ] = False,
) -> None:
    """Make one contact of two. All that was sent to either stays in the history; it can be undone."""
    with opened() as office, office.database.write() as session:
        at, actor = office.clock.now(), office.actor
        done = merge(session, contact_named(session, keep), contact_named(session, other), at=at, actor=actor)
        doubles = count_doubles(session, done.kept, done.merged)
        kept, merged = done.kept, done.merged
        told = [f"  {change.field}: {change.before or '(empty)'} → {change.after}" for change in done.changes]
        numbers = {kept.id, merged.id}
        names = f"{merged.name} ({merged.id}) into {kept.name} ({kept.id})"
        if dry_run:
            session.rollback()
            noted(office, Question.MERGE, numbers)
    say(f"Would merge {names}:" if dry_run else f"Merged {names}.")
    for line in told:
        say(line)
    if doubles:
        say(f"  {doubles} waiting deliveries are not sent: they would bring her a release twice.")
    say("Nothing was changed." if dry_run else f"To undo it: dateline contacts unmerge {merged.id}")


def unmerge_contacts(
    who: Annotated[str, typer.Argument(metavar="CONTACT", help="Who was merged, by number or address.")],
) -> None:
    """Undo a merge. What somebody has changed since stays as it is, and is told."""
    with opened() as office, office.database.write() as session:
        done = unmerge(session, contact_named(session, who), at=office.clock.now(), actor=office.actor)
        names = f"{done.restored.name} ({done.restored.id}) and {done.kept.name} ({done.kept.id})"
    say(f"{names} are two contacts again.")
    for told in done.stays:
        say(f"  As it is now, since it was changed: {told}")


def _people(session: Session, numbers: set[int]) -> Mapping[int, tuple[str, str]]:
    query = select(Contact.id, Contact.name, Contact.address).where(Contact.id.in_(numbers))
    return {number: (name, address) for number, name, address in session.execute(query)}


def _fields(pair: Match, people: Mapping[int, tuple[str, str]]) -> Mapping[str, object]:
    return {
        "score": pair.score,
        "contact": pair.first,
        "name": people[pair.first][0],
        "address": people[pair.first][1],
        "other": pair.second,
        "other_name": people[pair.second][0],
        "other_address": people[pair.second][1],
        "why": list(pair.why),
    }
