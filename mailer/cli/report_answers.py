"""What the commands of ``dateline report`` share: their options, and how an answer is given and noted in the log."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from mailer.cli.files import delivered
from mailer.cli.office import Office, opened
from mailer.cli.options import one_of
from mailer.cli.output import fail_usage, out, say
from mailer.cli.readings import unless_noted
from mailer.reports.presenting import Manner, ReportFormat, format_named, present
from mailer.reports.report import Report, note_read, seal_words, watched
from mailer.reports.words import LANGUAGES, Words

ReleaseArgument = Annotated[str, typer.Argument(metavar="RELEASE", help="The release's short name.")]
FormatOption = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="table, csv, xlsx, json or pdf; by the name of --output where it is left out, else table.",
    ),
]
ReportLanguageOption = Annotated[str, typer.Option("--language", help="Of the report: en, ar or fr.")]


def answer(
    question: Callable[[Office, Session], Report],
    *,
    form: str,
    as_json: bool,
    language: str,
    output: Path | None,
    force: bool,
) -> None:
    """Give the answer in the format, whole or not at all; the log notes that it was read before it is handed over."""
    one_of("--language", language, LANGUAGES)
    wanted = _format(form, output, as_json=as_json)
    with opened() as office:
        words = Words(language, office.zone)
        width = out.width if output is None and out.is_terminal else 0

        def note() -> None:
            now = office.clock.now()
            with unless_noted(), office.database.write() as session:
                note_read(session, report, people, rows=count, form=wanted, at=now, actor=office.actor)

        with (
            delivered(output, force=force, binary=wanted.is_binary, before=note) as stream,
            office.database.read() as session,
        ):
            report, people = watched(question(office, session))
            count = present(report, stream, wanted, Manner(words, width))
    if wanted is ReportFormat.CSV:
        # CSV holds rows alone; what they can be held against is told beside them.
        say(words.say(seal_words(report)))
    say(f"{count} rows" + (f" in {output}" if output else ""))


def _format(form: str, output: Path | None, *, as_json: bool) -> ReportFormat:
    if as_json and form not in ("", ReportFormat.JSON):
        fail_usage("--json and --format exclude each other.")
    if as_json:
        return ReportFormat.JSON
    return ReportFormat(one_of("--format", form, tuple(ReportFormat))) if form else format_named(output)
