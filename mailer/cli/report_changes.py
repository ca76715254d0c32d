"""``dateline report approvals``, ``versions``, ``lists`` and ``reads``: who approved, changed and looked at what."""

from typing import Annotated

import typer
from sqlalchemy.orm import Session

from mailer.cli.files import ForceOption, OutputOption
from mailer.cli.office import Office
from mailer.cli.options import JsonOption, SinceOption, UntilOption, instant_of
from mailer.cli.output import fail_usage
from mailer.cli.report_answers import FormatOption, ReleaseArgument, ReportLanguageOption, answer
from mailer.contacts.lists import list_named
from mailer.contacts.search import contact_named
from mailer.releases.versions import release_named
from mailer.reports import lists as changes
from mailer.reports import reads
from mailer.reports.approvals import approvals
from mailer.reports.report import Report
from mailer.reports.versions import versions

AboutOption = Annotated[str, typer.Option("--contact", help="About this person: address, number or name.")]


def who_approved(
    name: ReleaseArgument,
    *,
    form: FormatOption = "",
    as_json: JsonOption = False,
    language: ReportLanguageOption = "en",
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Say who approved which version of a release when, and whether that version was sent."""

    def question(office: Office, session: Session) -> Report:
        return approvals(session, release_named(session, name), at=office.clock.now())

    answer(question, form=form, as_json=as_json, language=language, output=output, force=force)


def what_changed(
    name: ReleaseArgument,
    *,
    before: Annotated[
        int | None, typer.Option("--from", min=1, help="A version; the one before --to where left out.")
    ] = None,
    after: Annotated[int | None, typer.Option("--to", min=1, help="A version; the latest where left out.")] = None,
    form: FormatOption = "",
    as_json: JsonOption = False,
    language: ReportLanguageOption = "en",
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Say what changed between versions of a release: between two, or between each and the one before it."""
    if before is not None and before == after:
        fail_usage("--from and --to name the same version.")

    def question(office: Office, session: Session) -> Report:
        release = release_named(session, name)
        return versions(session, release, before=before, after=after, at=office.clock.now())

    answer(question, form=form, as_json=as_json, language=language, output=output, force=force)


def who_changed_lists(
    name: Annotated[str, typer.Argument(metavar="[LIST]", help="Of this media list; of all where left out.")] = "",
    *,
    contact: AboutOption = "",
    since: SinceOption = "",
    until: UntilOption = "",
    form: FormatOption = "",
    as_json: JsonOption = False,
    language: ReportLanguageOption = "en",
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Say who put whom on which media list, took them off or kept them off, and when."""

    def question(office: Office, session: Session) -> Report:
        asked = changes.Asked(
            media_list=list_named(session, name) if name else None,
            contact_id=contact_named(session, contact).id if contact else None,
            since=instant_of(office, since),
            until=instant_of(office, until),
        )
        return changes.list_changes(session, asked, at=office.clock.now())

    answer(question, form=form, as_json=as_json, language=language, output=output, force=force)


def who_looked(
    *,
    contact: AboutOption = "",
    actor: Annotated[
        str, typer.Option("--actor", help="By this account, as the log has it: cli:lamia, or lamia.")
    ] = "",
    since: SinceOption = "",
    until: UntilOption = "",
    form: FormatOption = "",
    as_json: JsonOption = False,
    language: ReportLanguageOption = "en",
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Say who was shown people's details, or gave them out: when, by which question, and how many people's."""

    def question(office: Office, session: Session) -> Report:
        asked = reads.Asked(
            contact_id=contact_named(session, contact).id if contact else None,
            actor=actor or None,
            since=instant_of(office, since),
            until=instant_of(office, until),
        )
        return reads.readings(session, asked, at=office.clock.now())

    answer(question, form=form, as_json=as_json, language=language, output=output, force=force)
