"""``dateline log``: the append-only record of every event; ``log_seal`` and ``log_key`` have what proves it."""

from collections.abc import Mapping
from typing import Annotated

import typer

from mailer.audit import Criteria, Event, LogEntry, entries
from mailer.cli import log_export, log_key, log_seal
from mailer.cli.deliveries import (
    CityOption,
    ContactOption,
    LanguageOption,
    ReleaseOption,
    StateOption,
    WaveOption,
    criteria_of,
)
from mailer.cli.office import opened
from mailer.cli.options import CsvOption, JsonOption, LimitOption, SinceOption, UntilOption, one_of
from mailer.cli.output import Column, Form, form_of, show_list
from mailer.delivery.report import delivery_ids, people_of, release_names

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

COLUMNS = (
    Column("entry", "No.", number=True),
    Column("at", "When"),
    Column("event", "What"),
    Column("actor", "By"),
    Column("release", "Release"),
    Column("wave", "Wave", number=True),
    Column("delivery", "Delivery", number=True),
    Column("contact", "Contact", number=True),
    Column("data", "More"),
)


def fields(entry: LogEntry, releases: Mapping[int, str]) -> Mapping[str, object]:
    """An entry as ``--json`` gives it; ``releases`` has the short name of each."""
    return {
        "entry": entry.id,
        "at": entry.at,
        "event": entry.event,
        "actor": entry.actor,
        "release": None if entry.release_id is None else releases[entry.release_id],
        "wave": entry.wave_id,
        "delivery": entry.delivery_id,
        "contact": entry.contact_id,
        "data": entry.data,
    }


@app.command("list")
def list_entries(
    *,
    event: Annotated[str, typer.Option("--event", help="Only this kind, such as delivery.accepted.")] = "",
    release: ReleaseOption = "",
    wave: WaveOption = None,
    contact: ContactOption = "",
    outlet: Annotated[
        str, typer.Option("--outlet", help="Of people who are or were at this outlet (or part of its name).")
    ] = "",
    city: CityOption = "",
    language: LanguageOption = "",
    state: StateOption = None,
    since: SinceOption = "",
    until: UntilOption = "",
    limit: LimitOption = 0,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List the log's entries, oldest first; --limit keeps the newest. --json prints one object a line."""
    form = form_of(as_json=as_json, as_csv=as_csv)
    with opened() as office, office.database.read() as session:
        wanted = criteria_of(
            office,
            session,
            release=release,
            wave=wave,
            contact=contact,
            outlet=outlet,
            city=city,
            language=language,
            state=state,
            since=since,
            until=until,
        )
        criteria = Criteria(
            event=one_of("--event", event, tuple(Event)) if event else None,
            release_id=wanted.release_id,
            wave_id=wanted.wave_id,
            # Language and state are the delivery's; a person, an outlet and a city have entries without one too.
            delivery_ids=delivery_ids(language=wanted.language, states=wanted.states),
            contact_ids=people_of(wanted),
            since=wanted.since,
            until=wanted.until,
        )
        releases = release_names(session)
        show_list(
            (fields(entry, releases) for entry in entries(session, criteria, limit=limit)),
            COLUMNS,
            form=form,
            zone=office.zone,
            empty="No entry fits.",
            lines=form is Form.JSON,
        )


app.command("seal")(log_seal.seal)
app.command("verify")(log_seal.verify_log)
app.command("checkpoint")(log_seal.checkpoint)
app.command("key")(log_key.key)
app.command("rotate-key")(log_key.change_key)
app.command("tiles")(log_seal.tiles)
app.command("receipt")(log_seal.receipt_of)
app.command("export")(log_export.export_log)
