"""``dateline beats``: list them, and add the office's own."""

from collections.abc import Iterator, Mapping
from typing import Annotated

import typer

from mailer.cli.office import opened
from mailer.cli.options import CsvOption, JsonOption
from mailer.cli.output import Column, form_of, say, show_list
from mailer.contacts.beats import Beat, add_beat, all_beats, contacts_by_beat

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

COLUMNS = (
    Column("beat", "Beat"),
    Column("name", "Name"),
    Column("name_ar", "Arabic"),
    Column("name_fr", "French"),
    Column("mediatopic", "Media Topic"),
    Column("whose", "Whose"),
    Column("contacts", "Contacts", number=True),
)


@app.command("list")
def list_beats(*, as_json: JsonOption = False, as_csv: CsvOption = False) -> None:
    """List every beat, and how many contacts cover it now."""
    with opened() as office, office.database.read() as session:
        counts = contacts_by_beat(session)
        show_list(
            _rows(all_beats(session), counts),
            COLUMNS,
            form=form_of(as_json=as_json, as_csv=as_csv),
            zone=office.zone,
            empty="",
        )


def _rows(beats: tuple[Beat, ...], counts: Mapping[str, int]) -> Iterator[Mapping[str, object]]:
    unknown = (Beat(slug=slug, name="") for slug in sorted(counts.keys() - {beat.slug for beat in beats}))
    for beat in (*beats, *unknown):
        yield {
            "beat": beat.slug,
            "name": beat.name,
            "name_ar": beat.arabic,
            "name_fr": beat.french,
            "mediatopic": beat.mediatopic,
            "whose": ("office" if beat.own else "dateline") if beat.name else "unknown",
            "contacts": counts.get(beat.slug, 0),
        }


@app.command("add")
def add(
    slug: Annotated[str, typer.Argument(metavar="BEAT", help="Its short name: sea-rescue.")],
    name: Annotated[str, typer.Option("--name", help="Its English name.")],
    arabic: Annotated[str, typer.Option("--ar", help="Its Arabic name.")] = "",
    french: Annotated[str, typer.Option("--fr", help="Its French name.")] = "",
    mediatopic: Annotated[str, typer.Option("--mediatopic", help="The code of its IPTC Media Topic.")] = "",
) -> None:
    """Add a beat of the office's own; lists may then call it by any of its names."""
    with opened() as office, office.database.write() as session:
        beat = add_beat(
            session,
            slug,
            name=name,
            arabic=arabic,
            french=french,
            mediatopic=mediatopic,
            at=office.clock.now(),
            actor=office.actor,
        )
    say(f"The beat {beat.slug} is known now.")
