"""Looks over a release before it is frozen: its texts, and the mail that the office's templates make of them."""

from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from mailer.errors import DatelineError
from mailer.releases.comparison import Part, Place
from mailer.releases.lint import Finding, Kind, check_texts
from mailer.releases.models import Release, Version
from mailer.releases.versions import current_content
from mailer.rendering import Occasion, SenderIdentity, load_template
from mailer.rendering.lint import check_mail
from mailer.schedule.texts import issue_of


def look_over(
    session: Session,
    release: Release,
    version: Version | None,
    *,
    template: str,
    templates: Path,
    sender: SenderIdentity,
    at: datetime,
) -> tuple[Finding, ...]:
    """What to look at, of a version or of what the release says now: first of the whole, then of each edition.

    A template that cannot be used is a finding as well, for it must not keep a text from being frozen.
    """
    content = version.frozen if version else current_content(release)
    # An embargo that has run out since a version was frozen is what an embargo is for.
    moment = version.frozen_at if version else at
    texts = check_texts(content, embargo_line="" if version else release.embargo_line, at=moment)
    issue = issue_of(session, content, version, kind=Occasion.PUBLIC, sender=sender)
    try:
        mail = check_mail(load_template(templates, template), issue)
    except DatelineError as error:
        told = Finding(
            kind=Kind.MAIL,
            language="",
            place=Place(part=Part.MAIL),
            text=f"The mail cannot be made. {error.problem}",
            remedy=error.advice,
        )
        mail = (told,)
    order = ["", *(edition.language for edition in content.editions)]
    return tuple(sorted((*texts, *mail), key=lambda finding: order.index(finding.language)))
