"""``dateline releases check``, and the count of things to look at that freezing tells."""

import sys
import textwrap
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Annotated

import typer
from rich.text import Text
from sqlalchemy.orm import Session

from mailer.cli.identity import sender_of
from mailer.cli.office import Office, opened
from mailer.cli.options import JsonOption
from mailer.cli.output import Form, look_at, out, say, show_list
from mailer.cli.release_compare import isolated, place_row
from mailer.releases.comparison import language_name
from mailer.releases.lint import Finding
from mailer.releases.models import Release, Version
from mailer.releases.versions import release_named, version_numbered
from mailer.schedule.lint import look_over


def check_release(
    release: Annotated[str, typer.Argument(metavar="RELEASE", help="The release's short name (slug).")],
    *,
    version: Annotated[
        int | None, typer.Option("--version", min=1, help="A version; the draft where left out.")
    ] = None,
    template: Annotated[str, typer.Option("--template", help="The template's name.")] = "release",
    as_json: JsonOption = False,
) -> None:
    """Look over a release before it is frozen: blanks, dead links, embargo, subject, size, direction."""
    with opened() as office, office.database.read() as session:
        found = release_named(session, release)
        chosen = version_numbered(found, version) if version else None
        findings = _findings(office, session, found, chosen, template)
    if as_json:
        show_list(map(_row, findings), (), form=Form.JSON, zone=office.zone, empty="")
        return
    if not findings:
        say("Nothing was found to look at. Whether it is true and well said is yours to judge.")
    for language, group in groupby(findings, key=lambda finding: finding.language):
        _show(list(group), language_name(language) if language else "All editions")


def tell_findings(office: Office, session: Session, release: Release, version: Version) -> None:
    """How many things there are to look at in a version, and where to see them."""
    if count := len(_findings(office, session, release, version, "release")):
        things = "1 thing" if count == 1 else f"{count} things"
        look_at(
            [
                f"{things} in the text or its mail: dateline releases check {release.slug} --version {version.number}"
            ]
        )


def _findings(
    office: Office, session: Session, release: Release, version: Version | None, template: str
) -> tuple[Finding, ...]:
    return look_over(
        session,
        release,
        version,
        template=template,
        templates=office.templates,
        sender=sender_of(office.config),
        at=office.clock.now(),
    )


def _row(finding: Finding) -> Mapping[str, object]:
    return {
        "kind": finding.kind,
        "language": finding.language,
        "place": place_row(finding.place),
        "text": finding.text,
        "remedy": finding.remedy,
    }


def _show(findings: Sequence[Finding], heading: str) -> None:
    out.print(Text(f"{heading}: {len(findings)} to look at", style="bold"))
    # Where it is no terminal, another program folds the lines, or searches in them.
    width = max(out.width - 4, 20) if out.is_terminal else sys.maxsize
    for number, finding in enumerate(findings, 1):
        out.print()
        out.print(Text(isolated([f"{number}. {finding.text}"]), style="yellow"))
        words = f"{finding.place}: {finding.place.words}" if finding.place.words else str(finding.place)
        for text in (words, finding.remedy):
            out.print(Text(textwrap.indent(isolated(textwrap.wrap(text, width)), "   ")))
    out.print()
