"""A release that was sent to some people, each delivery ended as the test says."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from builders import DESK, NOON
from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit import Event, append
from mailer.contacts.models import Contact
from mailer.delivery.models import Attempt
from mailer.reports.presenting.manner import machine
from mailer.reports.report import Report
from mailer.schedule.models import Delivery, DeliveryState, Wave

EMBARGO = NOON + timedelta(days=1)


def delivery_of(session: Session, wave: Wave, contact: Contact) -> Delivery:
    """Hers in that wave."""
    return session.scalars(
        select(Delivery).where(Delivery.wave_id == wave.id, Delivery.contact_id == contact.id)
    ).one()


def ended(
    session: Session,
    delivery: Delivery,
    state: DeliveryState = DeliveryState.ACCEPTED,
    *,
    at: datetime,
    code: int = 250,
    stage: str = "end",
    relay: str = "main",
    text: str = "Ok",
    reason: str = "",
) -> None:
    """Bring it to that state by one more attempt, and with a reason in the log where there is one."""
    delivery.state, delivery.attempts = state, delivery.attempts + 1
    delivery.finished_at = at
    number = delivery.attempts
    enhanced = f"{code // 100}.0.0" if code else ""
    session.add(
        Attempt(
            delivery_id=delivery.id,
            number=number,
            at=at,
            relay=relay,
            stage=stage,
            code=code,
            enhanced=enhanced,
            text=text,
        )
    )
    if reason:
        event = Event(f"delivery.{state.value}")
        append(session, event, at=at, actor=DESK, delivery_id=delivery.id, data={"reason": reason})
    session.flush()


def told_by(report: Report) -> list[dict[str, object]]:
    """Its rows as programs get them."""
    fields = [column.field for column in report.columns]
    return [dict(zip(fields, map(machine, row), strict=True)) for row in report.rows]


def figures(report: Report) -> dict[str, object]:
    """Its figures by their names."""
    return {figure.field: figure.value for figure in report.figures}


def named(report: Report) -> Iterator[object]:
    """Who is in it."""
    return (row["name"] for row in told_by(report))
