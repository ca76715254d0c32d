"""Everything that a person, an outlet or a city was sent between two instants."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from mailer.contacts.merging import kept_of, numbers_of
from mailer.contacts.models import Contact
from mailer.delivery.report import Criteria
from mailer.reports.delivered import asked_of, columns_without, figures, rows
from mailer.reports.people import CITIES_NOW
from mailer.reports.report import Report, seal_of
from mailer.reports.words import said
from mailer.schedule.models import DeliveryState


def sent(session: Session, criteria: Criteria, *, at: datetime) -> Report:
    """The answer, by wave, city and name. A person is asked about under all numbers that were merged into hers."""
    hers = () if criteria.contact_id is None else _numbers(session, criteria.contact_id)
    wanted = replace(criteria, contact_id=None, contact_ids=hers, states=(DeliveryState.ACCEPTED,))
    return Report(
        question="sent",
        title=said("What was sent"),
        asked=tuple(asked_of(session, wanted)),
        made_at=at,
        columns=columns_without("kind"),
        rows=rows(session, wanted),
        figures=figures(session, wanted),
        notes=(
            said("Sent means that a relay took the message; whether it was read nobody can know."),
            said("Outlets are those at which somebody worked on that day, in UTC."),
            CITIES_NOW,
        ),
        seal=seal_of(session),
        contact_id=hers[0] if hers else None,
    )


def _numbers(session: Session, contact_id: int) -> tuple[int, ...]:
    """The numbers under which she was sent anything: that of the contact who stands for her first, then those of all
    who were merged into it."""
    kept = kept_of(session, session.get_one(Contact, contact_id)).id
    return (kept, *(number for number in numbers_of(session, [kept]) if number != kept))
