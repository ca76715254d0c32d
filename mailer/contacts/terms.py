"""Embargo terms: their texts, who accepted which, and whether that holds on a given day.

Days are days in UTC, whoever's they are. In Beirut the day by which an acceptance holds begins and ends two or three
hours after midnight: one that ends "today" still counts in the first hours of tomorrow there. Who means it to end with
her own day names the day before. A withdrawal never waits for that: it counts from the moment in which it is recorded.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.clock import newest_day
from mailer.contacts.models import Contact, ContactStatus, EmbargoAcceptance, EmbargoTerms
from mailer.contacts.spelling import CONTROLS, fold
from mailer.contacts.table import clean
from mailer.errors import BadAcceptance, BadTerms, BadWithdrawal, TermsExist, UnknownTerms, nearest

MAX_TEXT = 100_000
"""Characters; terms that are longer are some other document."""
_HOW = 200  # characters, as in the table
_CONTROLS_BUT_LINES = {ord(c): None for c in "\n\t"}


def day_of(instant: datetime) -> date:
    """The day, in UTC, by which an instant is compared with acceptances."""
    return instant.astimezone(UTC).date()


def accepts_embargo(day: date) -> ColumnElement[bool]:
    """Of a ``Contact``: whether an acceptance of embargo terms is in force on that day."""
    acceptance = EmbargoAcceptance
    held = select(acceptance.contact_id).where(
        acceptance.accepted_on <= day,
        or_(acceptance.until.is_(None), acceptance.until >= day),
        or_(acceptance.withdrawn_on.is_(None), acceptance.withdrawn_on > day),
    )
    return Contact.id.in_(held)


def add_terms(session: Session, name: str, text: str, *, at: datetime, actor: Actor) -> EmbargoTerms:
    """Keep a text that journalists accept; it is never changed. Raises ``BadTerms`` or ``TermsExist``."""
    name, key = clean(name), fold(name)
    if not key or CONTROLS.search(name) or max(len(name), len(key)) > 120:
        reason, advice = "that is no name", "Name them in at most 120 characters."
        raise BadTerms(name=CONTROLS.sub("\ufffd", name)[:40], reason=reason, advice=advice)
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if not text.strip():
        raise BadTerms(name=name, reason="the text is empty", advice="Write down what is accepted.")
    if len(text) > MAX_TEXT:
        advice = "Keep what journalists accept in a text of its own."
        raise BadTerms(name=name, reason=f"the text is longer than {MAX_TEXT:,} characters", advice=advice)
    if CONTROLS.search(text.translate(_CONTROLS_BUT_LINES)):
        advice = "Save it as plain text in UTF-8."
        raise BadTerms(name=name, reason="there are characters in it that are no text", advice=advice)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    terms = EmbargoTerms(name=name, key=key, text=text, sha256=sha256, added_at=at)
    try:
        # Not looked up before: somebody else may add the same in between.
        with session.begin_nested():
            session.add(terms)
    except IntegrityError as error:
        raise TermsExist(name=name) from error
    append(session, Event.TERMS_ADDED, at=at, actor=actor, data={"terms": terms.id, "sha256": sha256})
    return terms


def all_terms(session: Session) -> Sequence[EmbargoTerms]:
    """Every text, the newest last."""
    return session.scalars(select(EmbargoTerms).order_by(EmbargoTerms.id)).all()


def terms_named(session: Session, name: str) -> EmbargoTerms:
    """The text of that name in any spelling. Raises ``UnknownTerms`` with the nearest one."""
    name = CONTROLS.sub("\ufffd", clean(name))
    terms = session.scalar(select(EmbargoTerms).where(EmbargoTerms.key == fold(name)))
    if terms is None:
        known = nearest(name, session.scalars(select(EmbargoTerms.name).order_by(EmbargoTerms.name)))
        raise UnknownTerms(name=name[:120], nearest=known or "Add them with: dateline terms add NAME FILE")
    return terms


def accept(
    session: Session,
    contact: Contact,
    terms: EmbargoTerms | None,
    *,
    on: date,
    how: str,
    until: date | None = None,
    at: datetime,
    actor: Actor,
) -> EmbargoAcceptance:
    """Record that she accepted embargo terms (``None``: nobody knows which text) from a day on, until the end of a day.

    Raises ``BadAcceptance``.
    """

    def refused(reason: str, advice: str) -> BadAcceptance:
        return BadAcceptance(name=contact.name, reason=reason, advice=advice)

    how = clean(how)
    if contact.status is not ContactStatus.ACTIVE:
        raise refused(f"she is {contact.status.value}", "Only active contacts get releases.")
    if on > newest_day(at):
        raise refused(f"{on} is yet to come", "Record it when she has accepted.")
    if until is not None and until < on:
        raise refused(f"it would end on {until}, before it began on {on}", "Correct the days.")
    if CONTROLS.search(how) or len(how) > _HOW:
        raise refused("how she did is no line of text", f"Say it in at most {_HOW} characters.")
    terms_id = terms.id if terms else None
    for known in contact.acceptances:
        if (known.terms_id, known.accepted_on, known.until, known.withdrawn_on) == (terms_id, on, until, None):
            raise refused("that is recorded already", "See: dateline contacts show")
    acceptance = EmbargoAcceptance(terms=terms, accepted_on=on, until=until, how=how, recorded_at=at)
    contact.acceptances.append(acceptance)
    session.flush()
    # The days, and not how: that is an officer's own words.
    days = {"on": on.isoformat(), "until": until.isoformat() if until else None}
    data = {"terms": terms_id, "sha256": terms.sha256 if terms else None, **days}
    append(session, Event.TERMS_ACCEPTED, at=at, actor=actor, contact_id=contact.id, data=data)
    return acceptance


def withdraw(session: Session, contact: Contact, *, on: date, at: datetime, actor: Actor) -> int:
    """Record that from a day on she is bound by no embargo terms any more; returns how many acceptances ended by it.

    A day that has begun where she is, and not yet in UTC, is taken for the present one, so that it counts at once.
    Raises ``BadWithdrawal``.
    """
    if on > newest_day(at):
        raise BadWithdrawal(name=contact.name, reason=f"{on} is yet to come")
    on = min(on, day_of(at))
    open_ones = [a for a in contact.acceptances if a.withdrawn_on is None and (a.until is None or a.until >= on)]
    held = [a for a in open_ones if a.accepted_on <= on or a.accepted_on > day_of(at)]
    if not held:
        if open_ones:
            reason = f"she accepted on {open_ones[0].accepted_on}, after {on}"
        elif any(a.withdrawn_on for a in contact.acceptances):
            reason = "she has withdrawn already"
        else:
            reason = "none that she accepted is in force"
        raise BadWithdrawal(name=contact.name, reason=reason)
    for acceptance in held:
        acceptance.withdrawn_on = on
    session.flush()
    data = {"on": on.isoformat(), "acceptances": len(held)}
    append(session, Event.TERMS_WITHDRAWN, at=at, actor=actor, contact_id=contact.id, data=data)
    return len(held)
