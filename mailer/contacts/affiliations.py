"""Moves between outlets: a contact's place at an outlet begins and ends on a day, and is never overwritten.

Who has left an outlet is on none of the lists whose queries name it, as those ask where she works now; she stays in
the registry, and her history tells where she was.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.clock import newest_day
from mailer.contacts.domains import domain_of, domains_of_outlet
from mailer.contacts.models import Affiliation, Contact, ContactPoint, Outlet, PointKind
from mailer.contacts.spelling import CONTROLS, fold
from mailer.contacts.standing import require_living
from mailer.contacts.table import clean
from mailer.errors import AlreadyAtOutlet, BadField, BadMove, NotAtOutlet


def outlet_of(session: Session, name: str) -> tuple[Outlet, bool]:
    """The outlet of that name, and whether it is new in the registry by this. Raises ``BadField``."""
    shown = clean(name)
    key = fold(shown)
    if not key or CONTROLS.search(shown) or max(len(shown), len(key)) > 200:
        advice = "Write its name, of 200 characters at most."
        shown = CONTROLS.sub("\ufffd", shown)[:60]
        raise BadField(field="outlet", value=f"“{shown}”", reason="that is no outlet's name", advice=advice)
    outlet = session.scalar(select(Outlet).where(Outlet.key == key))
    if outlet is not None:
        return outlet, False
    outlet = Outlet(name=shown, key=key)
    session.add(outlet)
    session.flush()
    return outlet, True


def join_outlet(
    session: Session,
    contact: Contact,
    outlet: Outlet,
    *,
    role: str = "",
    on: date | None,
    at: datetime,
    actor: Actor,
) -> Affiliation:
    """She works for that outlet from that day on; ``None``: since when is not known.

    Where she does already, in another role, that one ends the day before. Raises ``AlreadyAtOutlet``, ``BadMove``,
    ``BadField`` for the role, or ``ContactGone``.
    """
    require_living(contact)
    role = _role(role)
    if on is not None:
        _require_past(contact, outlet, on, "joined", at)
    held = _current(contact, outlet)
    if held is not None:
        if held.role == role or not role:
            told = f" as {held.role}" if held.role else ""
            raise AlreadyAtOutlet(name=contact.name, outlet=outlet.name, role=told, contact=contact.id)
        if held.since is not None and on is not None and on <= held.since:
            reason = f"she has been there as {held.role or 'somebody'} since {held.since}"
            raise _bad(contact, outlet, on, "begun that role at", reason, "Give a later day.")
        day = on or newest_day(at)
        held.until = max(day - timedelta(days=1), held.since or date.min)
        # The end first: nobody is twice at one outlet.
        session.flush()
    affiliation = Affiliation(outlet=outlet, role=role, since=on)
    contact.affiliations.append(affiliation)
    session.flush()
    _tell(session, contact, {"fields": ["outlets"], "joined": outlet.id}, at=at, actor=actor)
    return affiliation


@dataclass(frozen=True, slots=True)
class Left:
    """What somebody leaves behind who leaves an outlet."""

    affiliation: Affiliation
    addresses: tuple[str, ...]
    """Those of hers that look as if they were the outlet's, and so will be dead soon; the one that is written to
    stands first if it is among them."""


def leave_outlet(
    session: Session, contact: Contact, outlet: Outlet, *, on: date, at: datetime, actor: Actor
) -> Left:
    """That day was her last one at the outlet. Raises ``NotAtOutlet``, ``BadMove`` or ``ContactGone``."""
    require_living(contact)
    held = _current(contact, outlet)
    if held is None:
        places = ", ".join(affiliation.outlet.name for affiliation in contact.current_affiliations)
        told = f"She works for {places}." if places else "She works for no outlet now."
        raise NotAtOutlet(name=contact.name, outlet=outlet.name, outlets=told)
    _require_past(contact, outlet, on, "left", at)
    if held.since is not None and on < held.since:
        raise _bad(contact, outlet, on, "left", f"she joined it on {held.since}", "Give that day or a later one.")
    addresses = addresses_at(session, contact, outlet)
    held.until = on
    session.flush()
    _tell(session, contact, {"fields": ["outlets"], "left": outlet.id}, at=at, actor=actor)
    return Left(held, addresses)


def move(
    session: Session,
    contact: Contact,
    *,
    left: Outlet,
    joined: Outlet,
    role: str = "",
    on: date,
    at: datetime,
    actor: Actor,
) -> Left:
    """She went from one outlet to the other: that day is her first one there. Raises as joining and leaving do."""
    if left.id == joined.id:
        raise _bad(contact, left, on, "moved to", "she would leave the outlet that she joins", "Name two outlets.")
    held = _current(contact, left)
    # Who joined today and moves on today has been there for a day.
    last = max(on - timedelta(days=1), (held.since if held else None) or date.min)
    done = leave_outlet(session, contact, left, on=min(last, on), at=at, actor=actor)
    join_outlet(session, contact, joined, role=role, on=on, at=at, actor=actor)
    return done


def addresses_at(session: Session, contact: Contact, outlet: Outlet) -> tuple[str, ...]:
    """Those of her addresses that look like the outlet's: at a domain of its name, or of her colleagues there."""
    hers = [(contact.address_key, contact.address)]
    points = select(ContactPoint.key, ContactPoint.value).where(
        ContactPoint.contact_id == contact.id, ContactPoint.kind == PointKind.ADDRESS
    )
    hers += [
        (key, value) for key, value in session.execute(points.order_by(ContactPoint.position, ContactPoint.id))
    ]
    theirs = domains_of_outlet(session, outlet, [domain_of(key) for key, _ in hers], besides=contact.id)
    return tuple(value for key, value in hers if domain_of(key) in theirs)


def _current(contact: Contact, outlet: Outlet) -> Affiliation | None:
    return next((a for a in contact.current_affiliations if a.outlet_id == outlet.id), None)


def _role(text: str) -> str:
    role = clean(text)
    if len(role) > 120 or CONTROLS.search(role) or set(role) & set("()"):
        shown = CONTROLS.sub("\ufffd", role)[:60]
        advice = "Write it as reporter or senior editor: 120 characters at most, without brackets."
        raise BadField(field="role", value=f"“{shown}”", reason="that is no role", advice=advice)
    return role


def _require_past(contact: Contact, outlet: Outlet, day: date, verb: str, at: datetime) -> None:
    if day > newest_day(at):
        reason = "that day is yet to come"
        raise _bad(contact, outlet, day, verb, reason, "Enter it when it has: the registry tells what is.")


def _bad(contact: Contact, outlet: Outlet, day: date, verb: str, reason: str, advice: str) -> BadMove:
    return BadMove(name=contact.name, verb=verb, outlet=outlet.name, day=day, reason=reason, advice=advice)


def _tell(session: Session, contact: Contact, data: dict[str, object], *, at: datetime, actor: Actor) -> None:
    append(session, Event.CONTACT_CHANGED, at=at, actor=actor, contact_id=contact.id, data=data)
