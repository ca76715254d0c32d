"""``dateline deliveries``: who received what, and what to do with those that wait for an officer."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from mailer.audit import Question
from mailer.cli.identity import sender_of
from mailer.cli.office import Office, opened
from mailer.cli.options import CsvOption, JsonOption, SinceOption, UntilOption, instant_of, one_of
from mailer.cli.output import Column, Form, form_of, out, say, show_list, write_file
from mailer.cli.readings import noted
from mailer.contacts.search import contact_named
from mailer.delivery.decide import give_up, send_again
from mailer.delivery.dkim import readable
from mailer.delivery.messages import reproduce
from mailer.delivery.report import Criteria, Row, city_in_registry, deliveries, recipients
from mailer.releases.versions import release_named
from mailer.schedule.models import Delivery, DeliveryState
from mailer.schedule.waves import wave_numbered

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

COLUMNS = (
    Column("delivery", "No.", number=True),
    Column("wave", "Wave", number=True),
    Column("city", "City"),
    Column("name", "Name"),
    Column("outlets", "Outlets"),
    Column("address", "Address"),
    Column("language", "Language"),
    Column("state", "State"),
    Column("finished_at", "When"),
    Column("answer", "The relay's answer"),
)

ReleaseOption = Annotated[str, typer.Option("--release", help="Of this release.")]
WaveOption = Annotated[int | None, typer.Option("--wave", help="Of this wave.")]
ContactOption = Annotated[str, typer.Option("--contact", help="To this contact: address, number or name.")]
OutletOption = Annotated[
    str, typer.Option("--outlet", help="To people who were at this outlet then (or part of its name).")
]
CityOption = Annotated[str, typer.Option("--city", help="To people of this city, in any of its names.")]
LanguageOption = Annotated[str, typer.Option("--language", help="In this language.")]
StateOption = Annotated[
    list[str] | None, typer.Option("--state", help="accepted, failed, deferred, queued … May be repeated.")
]
NumbersArgument = Annotated[list[int], typer.Argument(metavar="DELIVERY…", help="Numbers of deliveries.")]


def criteria_of(
    office: Office,
    session: Session,
    *,
    release: str,
    wave: int | None,
    contact: str,
    outlet: str,
    city: str,
    language: str,
    state: list[str] | None,
    since: str,
    until: str,
) -> Criteria:
    """The filters of the command line as the report takes them. Raises what is not known."""
    return Criteria(
        release_id=release_named(session, release).id if release else None,
        wave_id=wave_numbered(session, wave).id if wave is not None else None,
        contact_id=contact_named(session, contact).id if contact else None,
        outlet=outlet or None,
        city_id=city_in_registry(session, city) if city else None,
        language=language or None,
        states=[DeliveryState(one_of("--state", text, tuple(DeliveryState))) for text in state or ()],
        since=instant_of(office, since),
        until=instant_of(office, until),
    )


@app.command("list")
def list_deliveries(
    *,
    release: ReleaseOption = "",
    wave: WaveOption = None,
    contact: ContactOption = "",
    outlet: OutletOption = "",
    city: CityOption = "",
    language: LanguageOption = "",
    state: StateOption = None,
    since: SinceOption = "",
    until: UntilOption = "",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Say who received what, when, and what the relay answered. --json prints one object a line."""
    form = form_of(as_json=as_json, as_csv=as_csv)
    with opened() as office, office.database.read() as session:
        criteria = criteria_of(
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
        noted(office, Question.DELIVERIES, recipients(session, criteria), **_about(criteria))
        rows = deliveries(session, criteria)
        fields = map(_with_answer, rows) if form is Form.TABLE else map(asdict, rows)
        count = show_list(
            fields, COLUMNS, form=form, zone=office.zone, empty="No delivery fits.", lines=form is Form.JSON
        )
        if form is Form.TABLE and count:
            say(f"{count} deliveries")


def _about(criteria: Criteria) -> Mapping[str, int]:
    """For the log: the release and the wave that were asked for."""
    asked = {"release": criteria.release_id, "wave": criteria.wave_id}
    return {name: number for name, number in asked.items() if number is not None}


def _with_answer(row: Row) -> Mapping[str, object]:
    answer = " ".join(filter(None, (str(row.code or ""), row.enhanced, row.reply)))
    return {**asdict(row), "answer": answer}


@app.command("show")
def show_delivery(
    number: Annotated[int, typer.Argument(metavar="DELIVERY", help="The delivery's number.")],
    eml: Annotated[
        Path, typer.Option("--eml", help="Where to write the message, byte for byte as it was handed over.")
    ],
) -> None:
    """Produce again exactly what was sent, and say whether it matches the hash in the log."""
    with opened() as office, office.database.read() as session:
        signers, unreadable = readable(office.config.dkim)
        for _, error in unreadable:
            say(error.problem)
        again = reproduce(session, number, bounce_address=sender_of(office.config).bounce_address, signers=signers)
        noted(office, Question.MESSAGE, [session.get_one(Delivery, number).contact_id])
        write_file(eml, again.message)
        out.print(str(eml), markup=False)
        if not again.recorded:
            say("No relay has taken it so far; this is how it would go out.")
        elif again.matches:
            say(f"SHA-256 {again.sha256} is the one in the log.")
        else:
            say(f"SHA-256 {again.sha256} is NOT the one in the log, {again.recorded}.")
            say(
                "If it was signed with a DKIM key that is not in the settings now, they can be compared only with it."
            )
            raise SystemExit(1)


@app.command("send-again")
def send_deliveries_again(numbers: NumbersArgument) -> None:
    """Send held or failed deliveries again, each under its old Message-ID."""
    with opened() as office, office.database.write() as session:
        count = send_again(
            session,
            numbers,
            give_up_after=office.config.delivery.give_up_after,
            at=office.clock.now(),
            actor=office.actor,
        )
    say(f"{count} deliveries are queued again.")


@app.command("give-up")
def give_up_deliveries(numbers: NumbersArgument) -> None:
    """Leave deliveries that wait (held, deferred, queued) unsent for good."""
    with opened() as office, office.database.write() as session:
        count = give_up(session, numbers, at=office.clock.now(), actor=office.actor)
    say(f"{count} deliveries are cancelled.")
