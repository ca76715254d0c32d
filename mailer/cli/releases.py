"""``dateline releases``: import, list, show, embargo, check, diff, preview, freeze, approve."""

import tempfile
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from mailer.audit import Question
from mailer.cli.identity import sender_of
from mailer.cli.office import opened
from mailer.cli.options import CsvOption, JsonOption, ZoneOption
from mailer.cli.output import Column, err, fail_usage, form_of, out, say, show_document, show_list, write_file
from mailer.cli.readings import noted
from mailer.cli.release_check import check_release, tell_findings
from mailer.cli.release_compare import compare_editions, tell_differences
from mailer.cli.release_diff import show_differences
from mailer.contacts.organisations import require_organisation
from mailer.contacts.search import contact_named
from mailer.delivery.preview import preview_for
from mailer.releases.importing import import_file
from mailer.releases.models import Release
from mailer.releases.versions import (
    all_releases,
    approve,
    freeze,
    latest_version,
    missing_approvals,
    release_named,
    set_embargo,
    version_numbered,
)
from mailer.rendering import Layout, Occasion
from mailer.schedule.models import WaveState
from mailer.schedule.waves import all_waves

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("compare")(compare_editions)
app.command("check")(check_release)

ReleaseArgument = Annotated[str, typer.Argument(metavar="RELEASE", help="The release's short name (slug).")]
VersionOption = Annotated[
    int | None, typer.Option("--version", min=1, help="A version; the latest where left out.")
]


@app.command("import")
def import_files(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help="Word, web page, Markdown or plain text, one per language."),
    ],
    *,
    slug: Annotated[
        str, typer.Option("--slug", help="The release's short name; made from the headline at first.")
    ] = "",
    language: Annotated[str, typer.Option("--language", help="en, ar, fr …, where the text does not tell.")] = "",
    organisation: Annotated[
        list[str] | None, typer.Option("--organisation", help="Who issues it; found in the text where it can be.")
    ] = None,
    photo: Annotated[Path | None, typer.Option("--photo", help="The release's picture (JPEG, PNG).")] = None,
    embargo: Annotated[str, typer.Option("--embargo", help="'2026-12-22 10:00' in --zone.")] = "",
    zone: ZoneOption = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what is found and change nothing.")] = False,
) -> None:
    """Take a release as you have it. Each file is an edition; what could not be found is told as a warning."""
    if zone and not embargo:
        fail_usage("--zone is the zone of --embargo.")
    told: list[str | Text] = []
    with opened() as office, office.database.write() as session:
        instant = office.when(embargo, zone) if embargo else None
        named = [require_organisation(session, name) for name in organisation or ()]
        for file in files:
            taken = import_file(
                session,
                file,
                slug=slug,
                language=language,
                organisations=named,
                photo=photo,
                embargo=instant,
                at=office.clock.now(),
                actor=office.actor,
            )
            slug = taken.release.slug
            content = taken.intake.content
            told.append(
                f"{file.name}: {content.language} edition of {slug}: “{content.headline}”, "
                f"{len(content.paragraphs)} paragraphs, {len(content.boilerplates)} boilerplates, "
                f"{len(content.press_contacts)} press contacts"
            )
            for doubt in taken.intake.doubts:
                place = f"{taken.intake.counted} {doubt.line}" if doubt.line else "this"
                told.append(Text(f"  look at {place}: {doubt.text}", style="yellow"))
        if dry_run:
            session.rollback()
    # Only now is it true.
    for line in told:
        err.print(line, markup=False)
    if dry_run:
        say("Nothing was changed.")
    else:
        say(f"Next: dateline releases preview {slug}, then dateline releases freeze {slug}")


@app.command("list")
def list_releases(*, as_json: JsonOption = False, as_csv: CsvOption = False) -> None:
    """List the releases, the newest first."""
    with opened() as office, office.database.read() as session:
        columns = (
            Column("release", "Release"),
            Column("headline", "Headline"),
            Column("languages", "Editions"),
            Column("organisations", "By"),
            Column("version", "Version", number=True),
            Column("status", "Status"),
            Column("embargo_at", "Embargo"),
        )
        show_list(
            (summary(release, office.config.office.default_language) for release in all_releases(session)),
            columns,
            form=form_of(as_json=as_json, as_csv=as_csv),
            zone=office.zone,
            empty="There are no releases yet: dateline releases import FILE",
        )


def summary(release: Release, default_language: str) -> Mapping[str, object]:
    """A release as ``--json`` gives it, with its headline in the office's language where it has that edition."""
    version = latest_version(release)
    editions = [edition.content for edition in release.editions]
    headlines = {edition.language: edition.headline for edition in editions}
    return {
        "release": release.slug,
        "headline": headlines.get(default_language) or next(iter(headlines.values()), ""),
        "languages": [edition.language for edition in editions],
        "organisations": [organisation.acronym for organisation in release.organisations],
        "version": version.number if version else None,
        "sha256": version.sha256 if version else None,
        "status": status(release),
        "missing_approvals": list(missing_approvals(version)) if version else [],
        "embargo_at": release.embargo_at,
        "embargo_wall": release.embargo_wall,
        "embargo_zone": release.embargo_zone,
        "added_at": release.added_at,
    }


def status(release: Release) -> str:
    """``draft``, ``frozen`` or ``approved``, of the latest version."""
    version = latest_version(release)
    if version is None:
        return "draft"
    return "frozen" if missing_approvals(version) else "approved"


@app.command("show")
def show(release: ReleaseArgument, *, as_json: JsonOption = False) -> None:
    """Show what a release says in each language, its versions and approvals."""
    with opened() as office, office.database.read() as session:
        found = release_named(session, release)
        versions = [
            {
                "version": version.number,
                "sha256": version.sha256,
                "frozen_at": version.frozen_at,
                "approvals": [
                    {"organisation": a.organisation.acronym, "at": a.at, "by": a.actor} for a in version.approvals
                ],
            }
            for version in found.versions
        ]
        if as_json:
            editions = [edition.content.to_json() for edition in found.editions]
            about = summary(found, office.config.office.default_language)
            show_document({**about, "editions": editions, "versions": versions})
            return
        out.print(Text(f"{found.slug}: {status(found)}", style="bold"))
        out.print(f"issued by {', '.join(o.acronym for o in found.organisations) or 'nobody yet'}", markup=False)
        out.print(f"embargo {found.embargo or found.embargo_line or 'none: for immediate release'}", markup=False)
        for edition in found.editions:
            content = edition.content
            out.print(Text(f"\n{edition.language}: {content.headline}", style="bold"))
            dateline = " / ".join(content.cities)
            out.print(
                f"{dateline}, {content.day or 'no date'}: {len(content.paragraphs)} paragraphs", markup=False
            )
            for contact in content.press_contacts:
                out.print(
                    f"press contact in {contact.city}: {contact.name}, {contact.address or 'no address'}",
                    markup=False,
                )
        for version in found.versions:
            by = ", ".join(a.organisation.acronym for a in version.approvals) or "nobody yet"
            out.print(f"\nversion {version.number}, SHA-256 {version.sha256}", markup=False)
            out.print(f"approved by {by}", markup=False)


@app.command("embargo")
def embargo(
    release: ReleaseArgument,
    *,
    at: Annotated[str, typer.Option("--at", help="'2026-12-22 10:00', a wall time in --zone.")] = "",
    zone: ZoneOption = "",
    none: Annotated[bool, typer.Option("--none", help="There is no embargo.")] = False,
) -> None:
    """Enter the embargo of a release, or say that there is none. Freeze it again afterwards."""
    if bool(at) == none:
        fail_usage("Give either --at and --zone, or --none.")
    with opened() as office, office.database.write() as session:
        found = release_named(session, release)
        moment = office.when(at, zone) if at else None
        set_embargo(session, found, moment, at=office.clock.now(), actor=office.actor)
        waiting = [wave for wave in all_waves(session, release_id=found.id) if wave.state is WaveState.SCHEDULED]
        now = office.clock.now()
    say(f"{release} is embargoed until {moment}." if moment else f"{release} has no embargo.")
    if moment and moment.instant <= now:
        # A year mistyped: without a word, all of it would be public at once.
        err.print(Text("look at this: that is past, so that nothing holds this release back", style="yellow"))
    for wave in waiting:
        say(
            f"Wave {wave.id} is planned for {wave.due}: cancel it if that is not right any more, and schedule anew."
        )


@app.command("freeze")
def freeze_release(release: ReleaseArgument) -> None:
    """Freeze what a release says now as a version with its SHA-256; only a version can be approved and sent."""
    with opened() as office, office.database.write() as session:
        found = release_named(session, release)
        version = freeze(session, found, at=office.clock.now(), actor=office.actor)
        say(f"{release}, version {version.number}: SHA-256 {version.sha256}")
        tell_findings(office, session, found, version)
        tell_differences(office, session, version.frozen.editions, release, version.number)
        if missing := missing_approvals(version):
            say(
                f"To be approved by: {', '.join(missing)}. dateline releases approve {release} --organisation NAME"
            )


@app.command("approve")
def approve_release(
    release: ReleaseArgument,
    organisation: Annotated[
        list[str], typer.Option("--organisation", help="Whose sign-off this is. May be repeated.")
    ],
    version: VersionOption = None,
) -> None:
    """Record an organisation's sign-off of a version; a joint release needs one from each."""
    with opened() as office, office.database.write() as session:
        found = release_named(session, release)
        chosen = version_numbered(found, version)
        signers = [require_organisation(session, name) for name in organisation]
        for signer in signers:
            approve(session, found, chosen, signer, at=office.clock.now(), actor=office.actor)
        missing = missing_approvals(chosen)
        tell_differences(office, session, chosen.frozen.editions, release, chosen.number)
    # Only now is it true: had one been refused, none would be recorded.
    for signer in signers:
        say(f"{signer.acronym} has approved {release}, version {chosen.number} ({chosen.sha256[:12]}).")
    say(
        f"Still to approve: {', '.join(missing)}."
        if missing
        else f"It can be scheduled now: dateline waves schedule {release} --list LIST"
    )


app.command("diff")(show_differences)


@app.command("preview")
def preview(
    release: ReleaseArgument,
    *,
    to: Annotated[
        str,
        typer.Option(
            "--to", help="A contact: as she would receive it. Otherwise an invented one in each language."
        ),
    ] = "",
    version: Annotated[
        int | None, typer.Option("--version", min=1, help="A version; the draft where left out.")
    ] = None,
    under_embargo: Annotated[bool, typer.Option("--under-embargo", help="As an embargoed copy.")] = False,
    both: Annotated[bool, typer.Option("--both", help="All languages in one mail.")] = False,
    template: Annotated[str, typer.Option("--template", help="The template's name.")] = "release",
    folder: Annotated[
        Path | None, typer.Option("--to-folder", help="Where to write; a temporary folder where left out.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the result in a browser.")] = False,
) -> None:
    """Write the mail as a contact would receive it: .eml, .html and .txt."""
    with opened() as office, office.database.read() as session:
        found = release_named(session, release)
        contact = contact_named(session, to) if to else None
        noted(office, Question.PREVIEW, [contact.id] if contact else ())
        previews = preview_for(
            session,
            found,
            version=version_numbered(found, version) if version else None,
            contact=contact,
            kind=Occasion.UNDER_EMBARGO if under_embargo else Occasion.PUBLIC,
            layout=Layout.BOTH if both else Layout.PREFERRED,
            template=template,
            templates=office.templates,
            sender=sender_of(office.config),
            default_language=office.config.office.default_language,
            at=office.clock.now(),
        )
        target = folder or Path(tempfile.mkdtemp(prefix=f"preview-{release}-"))
        for shown in previews:
            stem = f"{release}.{shown.languages}"
            write_file(target / f"{stem}.eml", shown.message)
            write_file(target / f"{stem}.html", shown.html.encode())
            write_file(target / f"{stem}.txt", f"{shown.subject}\n\n{shown.text}".encode())
            say(f"{shown.languages}: “{shown.subject}”, {len(shown.message) / 1000:.0f} kB")
            for warning in shown.warnings:
                err.print(Text(f"  {warning}", style="yellow"))
            out.print(str(target / f"{stem}.html"), markup=False)
            if show:
                webbrowser.open((target / f"{stem}.html").absolute().as_uri())
