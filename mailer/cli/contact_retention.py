"""``dateline contacts retention``: let go of what is older than the settings keep it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

import typer

from mailer.audit import Question
from mailer.cli.office import Office, opened
from mailer.cli.options import CsvOption, JsonOption, YesOption, typed
from mailer.cli.output import Column, form_of, say, show_list
from mailer.cli.readings import noted
from mailer.contacts.erased import needed_key
from mailer.privacy import TABLES
from mailer.privacy.retention import Due, Rules, Unused, due, let_go

COLUMNS = (
    Column("contact", "No.", number=True),
    Column("name", "Name"),
    Column("address", "Address"),
    Column("added_at", "Added"),
    Column("last_used_at", "Last used"),
    Column("why", "Why"),
)


def retain(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say who and what would go, and why; do nothing.")
    ] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Erase people and forget names that are older than [privacy] in the settings keeps them. Lists who goes."""
    form = form_of(as_json=as_json, as_csv=as_csv)
    with opened() as office:
        rules = _rules(office)
        now = office.clock.now()
        with office.database.read() as session:
            found = due(session, rules, at=now)
        noted(office, Question.DUE, [person.contact for person in found.people])
        rows = (_fields(person, office) for person in found.people)
        show_list(rows, COLUMNS, form=form, zone=office.zone, empty="")
        _tell(found, office)
        if not rules.any:
            say("No rule is set: see [privacy] in config/dateline.toml.")
        if dry_run or found.nothing:
            say("Nothing was changed.")
            return
        if not yes and typed("Type “yes” to do it") != "yes":
            say("Nothing was changed.")
            raise SystemExit(1)
        with office.database.write() as session:
            key = needed_key(session, office.config.erasure_key_file) if found.people else None
            done = let_go(session, rules, key=key, at=now, actor=office.actor)
        clean = office.database.forget(*TABLES)
    say(f"{len(done.people)} people are erased, and what else was too old is gone.")
    if not clean:
        say("Another process is reading: older pages in the database's log go as it is written over.")


def _rules(office: Office) -> Rules:
    privacy = office.config.privacy
    return Rules(
        unused=privacy.erase_unused_after,
        attempt_texts=privacy.forget_attempt_texts_after,
        personal_values=privacy.forget_personal_values_after,
    )


def _fields(person: Unused, office: Office) -> Mapping[str, object]:
    """Somebody who would go, as ``--json`` gives it."""
    days = office.config.privacy.erase_unused_after
    return {**asdict(person), "why": f"not added, verified or sent anything for {days.days if days else 0} days"}


def _tell(found: Due, office: Office) -> None:
    privacy = office.config.privacy
    for count, what, age in (
        (len(found.people), "people to be erased, unused for", privacy.erase_unused_after),
        (found.attempt_texts, "replies of relays to be emptied, older than", privacy.forget_attempt_texts_after),
        (
            found.personal_values,
            "deliveries to lose name and address, ended",
            privacy.forget_personal_values_after,
        ),
    ):
        if age is not None:
            say(f"{count} {what} {age.days} days{' ago' if what.endswith('ended') else ''}")
