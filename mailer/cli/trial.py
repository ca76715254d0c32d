"""``dateline test-send``: the mail of a release to oneself or colleagues."""

from typing import Annotated

import typer

from mailer.audit import Event, append
from mailer.cli.identity import sender_of
from mailer.cli.office import opened
from mailer.cli.output import fail_usage, say
from mailer.delivery.dkim import readable
from mailer.delivery.single_mail import NotTaken, send_single
from mailer.delivery.trial import trial_of
from mailer.errors import TrialNotTaken
from mailer.releases.versions import release_named, version_numbered

_MOST = 10
"""Addresses. A test is for those in the office; more than these are an audience."""


def send_test(
    release: Annotated[str, typer.Argument(metavar="RELEASE", help="The release's short name (slug).")],
    *,
    to: Annotated[
        list[str],
        typer.Option("--to", metavar="ADDRESS", help="Yours or a colleague's. May be repeated, up to ten."),
    ],
    language: Annotated[
        str, typer.Option("--language", help="Of which edition; the office's where left out.")
    ] = "",
    version: Annotated[
        int | None, typer.Option("--version", min=1, help="A version; the draft where left out.")
    ] = None,
    template: Annotated[str, typer.Option("--template", help="The template's name.")] = "release",
) -> None:
    """Send the mail of a release to yourself or colleagues at once, marked as a test. It is no delivery."""
    if len(to) > _MOST:
        fail_usage(f"A test goes to {_MOST} addresses at most.")
    with opened() as office:
        with office.database.read() as session:
            found = release_named(session, release)
            signers, _ = readable(office.config.dkim)
            trial = trial_of(
                session,
                found,
                version=version_numbered(found, version) if version else None,
                to=to,
                language=language,
                default_language=office.config.office.default_language,
                template=template,
                templates=office.templates,
                sender=sender_of(office.config),
                signers=signers,
                erased_key=office.config.erasure_key_file,
                at=office.clock.now(),
            )
        # Outside of any transaction, as a relay may take its time.
        taken = 0
        failed: tuple[str, NotTaken] | None = None
        for address, chunks in trial.mails:
            try:
                relay = send_single(office.config, sender_of(office.config), address, chunks)
            except NotTaken as error:
                failed = (address, error)
                break
            taken += 1
            say(f"{address}: the relay {relay} has taken it.")
        if taken:
            with office.database.write() as session:
                data = {"version": trial.version, "addresses": taken}
                append(
                    session,
                    Event.RELEASE_TESTED,
                    at=office.clock.now(),
                    actor=office.actor,
                    release_id=trial.release_id,
                    data=data,
                )
        if failed:
            whose, why = failed
            raise TrialNotTaken(
                address=whose,
                reason=str(why).rstrip("."),
                taken=taken,
                asked=len(trial.mails),
                remedy="The relay asks to come back later (greylisting): try again in some minutes."
                if why.later
                else "See what the relay says there, and run: dateline check",
            ) from why
