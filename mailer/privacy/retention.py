"""Finds what is older than the office keeps it, and lets go of it: unused people, names in deliveries."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from mailer.audit import Actor
from mailer.contacts.erased import ERASED_DOMAIN, ErasureKey
from mailer.contacts.merging import everybody
from mailer.contacts.models import Contact, ContactKind, ContactStatus
from mailer.delivery.models import Attempt
from mailer.privacy.erasure import Reason, clear_attempts, clear_deliveries, erase_all
from mailer.schedule.models import Delivery, DeliveryState, Wave

_ENDED = (DeliveryState.ACCEPTED, DeliveryState.FAILED, DeliveryState.CANCELLED, DeliveryState.SUPPRESSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How long things are kept; ``None``: as long as nobody deletes them."""

    unused: timedelta | None = None
    """People who were neither added, verified nor sent anything since."""
    attempt_texts: timedelta | None = None
    personal_values: timedelta | None = None
    """Name and address in deliveries, from their end on."""

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return any((self.unused, self.attempt_texts, self.personal_values))


@dataclass(frozen=True, slots=True)
class Unused:
    """Somebody who would go."""

    contact: int
    name: str
    address: str
    added_at: datetime
    last_used_at: datetime
    """When she was added, verified or sent something last, whichever came last."""


@dataclass(frozen=True, slots=True)
class Due:
    """What would go, or has gone."""

    people: Sequence[Unused]
    attempt_texts: int
    personal_values: int

    @property
    def nothing(self) -> bool:
        """Whether all is young enough."""
        return not (self.people or self.attempt_texts or self.personal_values)


def due(session: Session, rules: Rules, *, at: datetime) -> Due:
    """What is too old at that instant; changes nothing."""

    def count(of: Any, which: Sequence[ColumnElement[bool]]) -> int:
        return session.scalar(select(func.count()).select_from(of).where(*which)) or 0

    return Due(
        people=list(_unused(session, at - rules.unused)) if rules.unused else [],
        attempt_texts=count(Attempt, _old_attempts(at - rules.attempt_texts)) if rules.attempt_texts else 0,
        personal_values=count(Delivery, _old_deliveries(at - rules.personal_values))
        if rules.personal_values
        else 0,
    )


def let_go(session: Session, rules: Rules, *, key: ErasureKey | None, at: datetime, actor: Actor) -> Due:
    """Do away with what is too old; returns what that was. ``key`` is needed where people are erased.

    Raises as ``erasure.erase``; then nothing was changed.
    """
    found = due(session, rules, at=at)
    if found.people and key is not None:
        numbers = [person.contact for person in found.people]
        erase_all(session, numbers, key=key, at=at, actor=actor, reason=Reason.AGE)
    if rules.attempt_texts:
        clear_attempts(session, *_old_attempts(at - rules.attempt_texts))
    if rules.personal_values:
        clear_deliveries(session, *_old_deliveries(at - rules.personal_values), at=at)
    return found


def _unused(session: Session, before: datetime) -> Iterator[Unused]:
    """Journalists, each as one person with all contacts that were merged into her; none who may yet be sent something.
    Officers of our own are not found: their places end otherwise."""
    people, root = everybody(), Contact
    sent = (
        select(
            people.c.root,
            func.max(func.coalesce(Delivery.finished_at, Wave.due_at)).label("at"),
            func.max(case((Delivery.state.in_(_ENDED), 0), else_=1)).label("open"),
        )
        .join(Delivery, Delivery.contact_id == people.c.id)
        .join(Wave, Wave.id == Delivery.wave_id)
        .group_by(people.c.root)
        .subquery()
    )
    own = people.alias()
    touched = (
        select(
            own.c.root, func.max(Contact.added_at).label("added"), func.max(Contact.verified_at).label("verified")
        )
        .join(Contact, Contact.id == own.c.id)
        .group_by(own.c.root)
        .subquery()
    )
    query: Select[Any] = (
        select(root.id, root.name, root.address, root.added_at, touched.c.added, touched.c.verified, sent.c.at)
        .join(touched, touched.c.root == root.id)
        .outerjoin(sent, sent.c.root == root.id)
        .where(
            root.kind == ContactKind.JOURNALIST,
            root.status.in_((ContactStatus.ACTIVE, ContactStatus.INACTIVE)),
            touched.c.added < before,
            func.coalesce(touched.c.verified < before, True),
            func.coalesce(sent.c.at < before, True),
            func.coalesce(sent.c.open, 0) == 0,
        )
        .order_by(root.id)
    )
    for row in session.execute(query):
        last = max(moment for moment in (row.added, row.verified, row.at) if moment is not None)
        yield Unused(row.id, row.name, row.address, row.added_at, last)


def _old_attempts(before: datetime) -> list[ColumnElement[bool]]:
    return [Attempt.text != "", Attempt.at < before]


def _old_deliveries(before: datetime) -> list[ColumnElement[bool]]:
    waves = select(Wave.id).where(Wave.due_at < before)
    return [
        Delivery.state.in_(_ENDED),
        func.coalesce(Delivery.finished_at < before, Delivery.wave_id.in_(waves)),
        Delivery.address_key.not_like(f"%@{ERASED_DOMAIN}"),
    ]
