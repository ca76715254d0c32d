"""Who received a release: each delivery that a relay took, with its reply."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from mailer.delivery.report import Criteria
from mailer.releases.models import Release
from mailer.reports.delivered import about, asked_of, columns_without, figures, rows
from mailer.reports.people import CITIES_NOW
from mailer.reports.report import Report, seal_of
from mailer.reports.words import said
from mailer.schedule.models import DeliveryState


def received(session: Session, release: Release, criteria: Criteria, *, at: datetime) -> Report:
    """The answer, by wave, city and name; ``criteria`` may ask for one city, outlet, language or wave of it."""
    wanted = replace(criteria, release_id=release.id, states=(DeliveryState.ACCEPTED,))
    return Report(
        question="received",
        title=said("Who received %(release)s", release=release.slug),
        asked=(*about(release), *asked_of(session, wanted)),
        made_at=at,
        columns=columns_without("release"),
        rows=rows(session, wanted),
        figures=figures(session, wanted),
        notes=(
            said("Received means that a relay took the message; whether it was read nobody can know."),
            said("Outlets are those at which somebody worked on that day, in UTC."),
            CITIES_NOW,
        ),
        seal=seal_of(session),
        release_id=release.id,
    )
