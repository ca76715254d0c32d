"""``dateline report``: what officers and auditors ask about deliveries, each question a command."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from mailer.cli import report_changes
from mailer.cli.deliveries import (
    CityOption,
    ContactOption,
    OutletOption,
    WaveOption,
    criteria_of,
)
from mailer.cli.files import ForceOption, OutputOption, delivered
from mailer.cli.office import Office
from mailer.cli.options import JsonOption, SinceOption, UntilOption, ZoneOption
from mailer.cli.output import fail_usage
from mailer.cli.report_answers import FormatOption, ReleaseArgument, ReportLanguageOption, answer
from mailer.delivery.report import Criteria
from mailer.releases.versions import release_named
from mailer.reports.chart import chart as chart_of
from mailer.reports.embargoed import embargoed
from mailer.reports.missed import missed
from mailer.reports.numbers import numbers, pace
from mailer.reports.received import received
from mailer.reports.report import Report
from mailer.reports.sent import sent
from mailer.reports.words import Words

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

EditionOption = Annotated[str, typer.Option("--edition", metavar="LANGUAGE", help="Only mail in this language.")]


@app.command("received")
def who_received(
    name: ReleaseArgument,
    *,
    wave: WaveOption = None,
    outlet: OutletOption = "",
    city: CityOption = "",
    edition: EditionOption = "",
    form: FormatOption = "",
    as_json: JsonOption = False,
    language: ReportLanguageOption = "en",
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Say who received a release: in which version and language, when, and what the relay replied."""

    def question(office: Office, session: Session) -> Report:
        criteria = _criteria(office, session, wave=wave, outlet=outlet, city=city, edition=edition)
        return received(session, release_named(session, name), criteria, at=office.clock.now())

    answer(question, form=form, as_json=as_json, language=language, output=output, force=force)


@app.command("missed")
def who_missed(
    name: ReleaseArgument,
    *,
    form: FormatOption = "",
    as_json: JsonOption = False,
    language: ReportLanguageOption = "en",
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Say who was to get a release and did not, and why: left out, refused, put off, held, cancelled or waiting."""

    def question(office: Office, session: Session) -> Report:
        return missed(session, release_named(session, name), at=office.clock.now())

    answer(question, form=form, as_json=as_json, language=language, output=output, force=force)


@app.command("sent")
def what_was_sent(
    *,
    contact: ContactOption = "",
    outlet: OutletOption = "",
    city: CityOption = "",
    since: SinceOption = "",
    until: UntilOption = "",
    form: FormatOption = "",
    as_json: JsonOption = False,
    language: ReportLanguageOption = "en",
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Say everything that a person, an outlet or a city was sent between two times."""
    if not (contact or outlet or city):
        fail_usage("Say whom you ask about: --contact, --outlet or --city.")

    def question(office: Office, session: Session) -> Report:
        criteria = _criteria(office, session, contact=contact, outlet=outlet, city=city, since=since, until=until)
        return sent(session, criteria, at=office.clock.now())

    answer(question, form=form, as_json=as_json, language=language, output=output, force=force)


@app.command("embargoed")
def who_had_it(
    name: ReleaseArgument,
    *,
    at: Annotated[
        str,
        typer.Option("--at", metavar="TIME", help="The time asked about: '2026-12-22 10:00'; now where left out."),
    ] = "",
    zone: ZoneOption = "",
    form: FormatOption = "",
    as_json: JsonOption = False,
    language: ReportLanguageOption = "en",
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Say who had a copy under embargo at a time, and since when."""
    if zone and not at:
        fail_usage("--zone is the zone of a time given with --at.")

    def question(office: Office, session: Session) -> Report:
        now = office.clock.now()
        instant = office.when(at, zone).instant if at else now
        return embargoed(session, release_named(session, name), instant=instant, at=now)

    answer(question, form=form, as_json=as_json, language=language, output=output, force=force)


@app.command("numbers")
def how_it_went(
    name: ReleaseArgument,
    *,
    wave: WaveOption = None,
    outlet: OutletOption = "",
    city: CityOption = "",
    edition: EditionOption = "",
    chart: Annotated[
        Path | None, typer.Option("--chart", metavar="FILE", help="Draw the deliveries over time as SVG, too.")
    ] = None,
    form: FormatOption = "",
    as_json: JsonOption = False,
    language: ReportLanguageOption = "en",
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Say how a release's sending went: how many came how far, and how soon after the embargo."""
    drawn = ""

    def question(office: Office, session: Session) -> Report:
        nonlocal drawn
        release = release_named(session, name)
        criteria = _criteria(office, session, wave=wave, outlet=outlet, city=city, edition=edition)
        if chart is not None:
            drawn = chart_of(pace(session, release, criteria), release.slug, Words(language, office.zone))
        return numbers(session, release, criteria, at=office.clock.now())

    with delivered(chart, force=force, binary=False) if chart is not None else nullcontext() as stream:
        answer(question, form=form, as_json=as_json, language=language, output=output, force=force)
        if stream is not None:
            stream.write(drawn.encode())


app.command("approvals")(report_changes.who_approved)
app.command("versions")(report_changes.what_changed)
app.command("lists")(report_changes.who_changed_lists)
app.command("reads")(report_changes.who_looked)


def _criteria(
    office: Office,
    session: Session,
    *,
    wave: int | None = None,
    contact: str = "",
    outlet: str = "",
    city: str = "",
    edition: str = "",
    since: str = "",
    until: str = "",
) -> Criteria:
    """The filters of a question; which release and which states it is about, the question knows itself."""
    return criteria_of(
        office,
        session,
        release="",
        wave=wave,
        contact=contact,
        outlet=outlet,
        city=city,
        language=edition,
        state=None,
        since=since,
        until=until,
    )
