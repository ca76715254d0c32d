"""Who comes to a live audience and who goes, and what becomes of their deliveries; in sets."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    cast,
    delete,
    exists,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append_rows
from mailer.contacts.models import Contact
from mailer.contacts.terms import accepts_embargo, day_of
from mailer.database import chunks, insert_rows, storing, update_rows
from mailer.schedule.audience import COLUMNS, Sieve, leave_out, receiving
from mailer.schedule.models import Delivery, DeliveryState, Exclusion, ExclusionReason, Wave
from mailer.schedule.outdated import outdated
from mailer.schedule.waves import cancel_deliveries

_CHANGED = ("compiled_id", "name", "address", "address_key", "language", "state")
"""Of a delivery that was there before; its token stays, as nothing was ever sent under it."""

_STOPPED = (ExclusionReason.SUPPRESSED, ExclusionReason.SUPPRESSED_DOMAIN, ExclusionReason.UNSUBSCRIBED)

_NOBODYS = literal("#").concat(cast(Delivery.id, String))
"""A key in the place of a delivery's own, so that another contact may have that: no address is so."""


_ADDRESS_KEY = COLUMNS.index("address_key")


class _Had(NamedTuple):
    """A delivery of hers that was there before."""

    number: int
    state: DeliveryState
    address_key: str


class Coming(StrEnum):
    """Why somebody is let in who was not before."""

    JOINED_LIST = "joined-list"
    LET_IN = "let-in"
    """She was on the list and left out, and what she was left out for holds no more."""
    NEW_ADDRESS = "new-address"
    """She was in already, and has another address now."""
    NEW_DETAILS = "new-details"
    """She was in already, and has another language, name or city now, or her address in another spelling."""


@dataclass(slots=True)
class Comings:
    """By contact."""

    came: dict[int, Coming] = field(default_factory=dict)
    left_out: dict[int, ExclusionReason] = field(default_factory=dict)
    """Those who are on the list, and whose reason is a new one."""


def let_go(session: Session, wave: Wave, on_list: Select[int], *, at: datetime, actor: Actor) -> Sequence[int]:
    """Cancel what waits for those who are not on the list any more; returns their numbers.

    Each is noted as having left, so that what was cancelled for this can be told from what an officer gave up.
    """
    waits = _waits(wave)
    waiting = session.scalars(select(Delivery.contact_id).where(*waits, Delivery.contact_id.not_in(on_list))).all()
    excluded = select(Exclusion.contact_id).where(
        Exclusion.wave_id == wave.id,
        Exclusion.reason != ExclusionReason.LEFT_LIST,
        Exclusion.contact_id.not_in(on_list),
    )
    others = sorted({*session.scalars(excluded)} - set(waiting))
    for some in chunks(waiting):
        hers = Delivery.contact_id.in_(some)
        cancel_deliveries(session, *waits, hers, reason=ExclusionReason.LEFT_LIST.value, at=at, actor=actor)
        _forget(session, wave, some)
        session.execute(
            insert(Exclusion),
            [{"wave_id": wave.id, "contact_id": c, "reason": ExclusionReason.LEFT_LIST} for c in some],
        )
    for some in chunks(others):
        _forget(session, wave, some)
        leave_out(session, wave, [(c, ExclusionReason.LEFT_LIST) for c in some], at=at, actor=actor)
    return sorted([*waiting, *others])


def let_in(
    session: Session,
    wave: Wave,
    on_list: Select[int],
    sieve: Callable[[], Sieve],
    *,
    at: datetime,
    actor: Actor,
) -> Comings:
    """Make a delivery for everybody on the list who has none and may have one, or note why not.

    ``sieve`` is asked for the wave's rules if there is anybody to ask them about.
    """
    comings = Comings()
    wanted = candidates(wave, on_list, at=at).order_by(Contact.city_id, Contact.id)
    # Their numbers, once: what is asked about them below must be about the same people. Who waits is on the list.
    people = list(dict.fromkeys([*session.scalars(wanted), *outdated(session, wave)]))
    if not people:
        return comings
    had: dict[int, _Had] = {}
    was: dict[int, ExclusionReason] = {}
    for some in chunks(people):
        theirs = select(Delivery.contact_id, Delivery.id, Delivery.state, Delivery.address_key)
        theirs = theirs.where(Delivery.wave_id == wave.id, Delivery.contact_id.in_(some))
        had |= {row[0]: _Had(*row[1:]) for row in session.execute(theirs)}
        reasons = select(Exclusion.contact_id, Exclusion.reason)
        reasons = reasons.where(Exclusion.wave_id == wave.id, Exclusion.contact_id.in_(some))
        was |= dict(session.execute(reasons).all())
    # Before anybody is let in: two of them may have exchanged their addresses.
    _free(session, Delivery.id, [one.number for one in had.values()])
    rules = sieve()
    for some in chunks(people):
        for rows, out in rules.sort(select(Contact.id).where(Contact.id.in_(some))):
            if rows:
                came = {row[1]: _why(row[1], row[_ADDRESS_KEY], had, was) for row in rows}
                _take_in(session, wave, rows, had, came, at=at, actor=actor)
                _forget(session, wave, came.keys() & was.keys())
                comings.came |= came
            new = [(contact, reason) for contact, reason in out if was.get(contact) is not reason]
            _keep_out(session, wave, new, at=at, actor=actor)
            comings.left_out |= dict(new)
    return comings


def candidates(wave: Wave, on_list: Select[int], *, at: datetime) -> Select[int]:
    """Who is on the list and would have to be let in or left out anew; who is in, or out for good reason, is not.

    What a delivery is cancelled for without a note beside it was given up by an officer, and stays so.
    """
    noted = select(Exclusion.contact_id).where(
        Exclusion.wave_id == wave.id, Exclusion.contact_id == Delivery.contact_id
    )
    settled = or_(
        Delivery.state.not_in((DeliveryState.QUEUED, DeliveryState.CANCELLED)),
        and_(Delivery.state == DeliveryState.QUEUED, Delivery.address_key == Contact.address_key),
        and_(Delivery.state == DeliveryState.CANCELLED, ~exists(noted.correlate(Delivery))),
    )
    mine = select(Delivery.id).where(Delivery.wave_id == wave.id, Delivery.contact_id == Contact.id, settled)
    unbound = ~and_(*(accepts_embargo(day) for day in (day_of(at), day_of(wave.due_at))))
    elsewhere = Contact.id.in_(receiving(wave))
    stands = or_(
        and_(Exclusion.reason == ExclusionReason.NO_EMBARGO_TERMS, unbound),
        and_(Exclusion.reason == ExclusionReason.ALREADY_RECEIVES, elsewhere),
    )
    out = _excluded(wave).where(stands)
    return on_list.where(~exists(mine.correlate(Contact)), ~exists(out.correlate(Contact)))


def anything_changed(session: Session, wave: Wave, on_list: Select[int], *, at: datetime) -> bool:
    """Whether somebody has come or gone, or would get another text by now; who is suppressed and was left out for it
    counts as neither."""
    gone = select(Delivery.id).where(*_waits(wave), Delivery.contact_id.not_in(on_list))
    stopped = _excluded(wave).where(Exclusion.reason.in_(_STOPPED)).correlate(Contact)
    come = candidates(wave, on_list, at=at).where(~exists(stopped))
    if any(session.scalar(query.limit(1)) is not None for query in (gone, come)):
        return True
    return next(outdated(session, wave), None) is not None


def _waits(wave: Wave) -> tuple[ColumnElement[bool], ...]:
    return (Delivery.wave_id == wave.id, Delivery.state == DeliveryState.QUEUED)


def _excluded(wave: Wave) -> Select[int]:
    return select(Exclusion.contact_id).where(Exclusion.wave_id == wave.id, Exclusion.contact_id == Contact.id)


def _why(contact: int, address_key: str, had: Mapping[int, _Had], was: Mapping[int, ExclusionReason]) -> Coming:
    if contact in had and had[contact].state is DeliveryState.QUEUED:
        return Coming.NEW_DETAILS if had[contact].address_key == address_key else Coming.NEW_ADDRESS
    return Coming.JOINED_LIST if was.get(contact) in (None, ExclusionReason.LEFT_LIST) else Coming.LET_IN


def _take_in(
    session: Session,
    wave: Wave,
    rows: Sequence[tuple[Any, ...]],
    had: Mapping[int, _Had],
    came: Mapping[int, Coming],
    *,
    at: datetime,
    actor: Actor,
) -> None:
    place = {name: number for number, name in enumerate(COLUMNS)}
    # An address may have been somebody's who has left.
    _free(session, Delivery.address_key, [row[place["address_key"]] for row in rows], *_cancelled(wave))
    insert_rows(session, Delivery, COLUMNS, [row for row in rows if row[1] not in had])
    back = [(had[row[1]].number, *(row[place[name]] for name in _CHANGED), None) for row in rows if row[1] in had]
    update_rows(session, Delivery, ("id", *_CHANGED, "finished_at"), back)
    theirs = select(Delivery.contact_id, Delivery.id)
    theirs = theirs.where(Delivery.wave_id == wave.id, Delivery.contact_id.in_(list(came)))
    numbers = dict(session.execute(theirs).all())
    moment, release, event = storing(session)(at), wave.release_id, Event.DELIVERY_ADDED.value
    append_rows(
        session,
        [
            (
                moment,
                event,
                actor,
                release,
                wave.id,
                numbers[contact],
                contact,
                json.dumps({"reason": reason.value}),
            )
            for contact, reason in came.items()
        ],
    )


def _keep_out(
    session: Session, wave: Wave, out: Sequence[tuple[int, ExclusionReason]], *, at: datetime, actor: Actor
) -> None:
    if not out:
        return
    # One whose new address must not be written to is in the queue still.
    by_reason: defaultdict[ExclusionReason, list[int]] = defaultdict(list)
    for contact, reason in out:
        by_reason[reason].append(contact)
    for reason, contacts in by_reason.items():
        hers = Delivery.contact_id.in_(contacts)
        cancel_deliveries(session, *_waits(wave), hers, reason=reason.value, at=at, actor=actor)
    _forget(session, wave, [contact for contact, _ in out])
    leave_out(session, wave, out, at=at, actor=actor)


def _cancelled(wave: Wave) -> tuple[ColumnElement[bool], ...]:
    return (Delivery.wave_id == wave.id, Delivery.state == DeliveryState.CANCELLED)


def _free(session: Session, column: Any, values: Collection[object], *which: ColumnElement[bool]) -> None:
    for some in chunks(values):
        session.execute(
            update(Delivery)
            .where(column.in_(some), *which)
            .values(address_key=_NOBODYS)
            .execution_options(synchronize_session=False)
        )


def _forget(session: Session, wave: Wave, contacts: Collection[int]) -> None:
    """Take away why these get nothing; the log keeps it."""
    for some in chunks(contacts):
        hers = (Exclusion.wave_id == wave.id, Exclusion.contact_id.in_(some))
        session.execute(delete(Exclusion).where(*hers).execution_options(synchronize_session=False))
