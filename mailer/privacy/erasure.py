"""Erases people (GDPR, Article 17): what identifies somebody goes from every table, and what is left is a number.

The log needs no change: it names contacts by number. Hers stays there, and on her deliveries, so that the proof of
what was sent holds; a keyed hash of each of her addresses stays too, so that no import brings her back.
"""

import secrets
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, String, cast, delete, func, literal, or_, select, update
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append_many, entry
from mailer.contacts.erased import ERASED_DOMAIN, ErasureKey, keep_erased
from mailer.contacts.mailbox import PROVIDERS, surely
from mailer.contacts.merging import kept_of, numbers_of
from mailer.contacts.models import (
    Affiliation,
    Contact,
    ContactBeat,
    ContactLanguage,
    ContactMerge,
    ContactNote,
    ContactPoint,
    ContactStatus,
    ContactTag,
    EmbargoAcceptance,
    MediaListMember,
    Outlet,
    OutletType,
    PointKind,
    Suppression,
)
from mailer.contacts.search_index import forget_words
from mailer.contacts.spelling import fold
from mailer.contacts.stops import owners_at_providers, suppressed_spellings
from mailer.contacts.terms import day_of
from mailer.database import chunks, take_turn
from mailer.delivery.models import Attempt
from mailer.errors import AlreadyErased, BeingSentTo
from mailer.privacy.mentions import mentions
from mailer.releases.models import Release
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState
from mailer.schedule.waves import cancel_deliveries

_CHUNK = 200  # people in one round: with all that hangs on them below the 32,766 parameters that SQLite takes
_WAITING = (DeliveryState.QUEUED, DeliveryState.DEFERRED, DeliveryState.HELD, DeliveryState.IN_DOUBT)
_HERS = (ContactLanguage, ContactBeat, ContactTag, ContactPoint, Affiliation, ContactNote, MediaListMember)


TABLES = (
    *(
        "contact",
        "contact_language",
        "contact_beat",
        "contact_tag",
        "contact_point",
        "contact_note",
        "contact_merge",
        "contact_text",
    ),
    *("affiliation", "outlet", "embargo_acceptance", "suppression", "media_list_member", "delivery", "attempt"),
)
"""Those from which something goes; for ``Database.forget``."""


class Reason(StrEnum):
    """Why somebody was erased, for the log."""

    ASKED = "asked"
    AGE = "age"
    """She had not been used for longer than the settings keep anybody."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What goes or has gone, in numbers, and what an officer must look at herself."""

    contacts: tuple[int, ...]
    """Hers, and those merged into it."""
    addresses: int
    counts: dict[str, int]
    """Rows that are deleted or emptied: by what they are."""
    waiting: int
    """Deliveries that are cancelled."""
    deliveries: int
    """Deliveries that lose name and address; number, time, state and hash stay."""
    mentions: tuple[str, ...] = ()
    """Where words of officers may still name her."""


def survey(session: Session, contact: Contact) -> Erased:
    """What erasing her would do; changes nothing. Raises ``AlreadyErased``."""
    numbers = list(numbers_of(session, [_person(session, contact).id]))
    return _survey(session, numbers, found=mentions(session, numbers))


def erase(
    session: Session,
    contact: Contact,
    *,
    key: ErasureKey,
    at: datetime,
    actor: Actor,
    reason: Reason = Reason.ASKED,
) -> Erased:
    """Remove what identifies her, whichever of her contacts was given.

    Raises ``AlreadyErased``, ``ErasureKeyMissing``, ``BadErasureKey``, or ``BeingSentTo`` while a process hands over a
    message to her; then nothing was changed. The database's files are cleaned by ``Database.forget`` afterwards.
    """
    person = _person(session, contact)
    found = survey(session, person)
    erase_all(session, [person.id], key=key, at=at, actor=actor, reason=reason)
    return found


def erase_all(
    session: Session, roots: Sequence[int], *, key: ErasureKey, at: datetime, actor: Actor, reason: Reason
) -> int:
    """Erase these people, by the numbers of the contacts who stand for them; returns how many contacts those were.

    Raises as ``erase``.
    """
    session.flush()
    take_turn(session)
    _keep_still(session)
    count = 0
    for some in chunks(roots, _CHUNK):
        numbers = list(numbers_of(session, some))
        _erase(session, numbers, key=key, at=at, actor=actor, reason=reason)
        count += len(numbers)
    forget_words(session)
    session.expire_all()
    return count


def placeholder(number: Any) -> ColumnElement[str]:
    """The address that stands in for an erased one, made of a column with the contact's number: one for each."""
    return literal("erased-") + cast(number, String) + f"@{ERASED_DOMAIN}"


def clear_deliveries(session: Session, *which: ColumnElement[bool], at: datetime) -> int:
    """Take name, address and token from the deliveries that fit; returns how many those were.

    The token is the one part of a message that nobody can guess: without it, the hash in the log can't be tried
    against a name and an address.
    """
    ids = session.scalars(select(Delivery.id).where(*which)).all()
    if ids:
        session.execute(update(Delivery), [{"id": number, "token": secrets.token_hex(16)} for number in ids])
    for some in chunks(ids):
        session.execute(
            update(Delivery)
            .where(Delivery.id.in_(some))
            .values(
                name=f"erased on {day_of(at)}",
                address=placeholder(Delivery.contact_id),
                address_key=placeholder(Delivery.contact_id),
            )
            .execution_options(synchronize_session=False)
        )
    return len(ids)


def _person(session: Session, contact: Contact) -> Contact:
    person = kept_of(session, contact)
    if person.status is ContactStatus.ERASED:
        day = day_of(person.erased_at) if person.erased_at else "an unknown day"
        raise AlreadyErased(contact=person.id, day=day)
    return person


def _keep_still(session: Session) -> None:
    """Nobody plans a wave, moves one or claims from one before this is over; otherwise a name that was read before
    would be written after."""
    session.execute(select(Release.id).order_by(Release.id).with_for_update())
    moving = Wave.state.not_in((WaveState.DONE, WaveState.CANCELLED))
    session.execute(select(Wave.id).where(moving).order_by(Wave.id).with_for_update())


def _survey(session: Session, numbers: Sequence[int], found: Sequence[str]) -> Erased:
    def count(of: Any, *which: ColumnElement[bool]) -> int:
        return session.scalar(select(func.count()).select_from(of).where(*which)) or 0

    theirs = Delivery.contact_id.in_(numbers)
    of_hers = select(Delivery.id).where(theirs)
    keys = _address_keys(session, numbers)
    suppressed = _suppressed(session, keys, _shared(session, keys, numbers))
    counts = Counter(
        {
            "notes": count(ContactNote, ContactNote.contact_id.in_(numbers)),
            "places on media lists": count(MediaListMember, MediaListMember.contact_id.in_(numbers)),
            "affiliations": count(Affiliation, Affiliation.contact_id.in_(numbers)),
            "further addresses and telephones": count(ContactPoint, ContactPoint.contact_id.in_(numbers)),
            "suppressions": count(Suppression, Suppression.address_key.in_(suppressed)),
            "relays' replies": count(Attempt, Attempt.text != "", Attempt.delivery_id.in_(of_hers)),
        }
    )
    return Erased(
        contacts=tuple(numbers),
        addresses=len(keys),
        counts={what: number for what, number in counts.items() if number},
        waiting=count(Delivery, theirs, Delivery.state.in_(_WAITING)),
        deliveries=count(Delivery, theirs),
        mentions=tuple(found),
    )


def _shared(session: Session, keys: Sequence[str], numbers: Sequence[int]) -> set[str]:
    """Those of her addresses whose mailbox somebody else has too, in another spelling."""
    if not any(key.endswith(PROVIDERS) for key in keys):
        return set()
    others = {surely(key) for contact, key in owners_at_providers(session) if contact not in set(numbers)}
    return {key for key in keys if surely(key) in others}


def _suppressed(session: Session, keys: Sequence[str], shared: Collection[str]) -> set[str]:
    """What a suppression of hers may be kept under: her addresses, and other spellings of her mailboxes.

    That of a mailbox that somebody else has too stays, or that one would be written to again.
    """
    own = [key for key in keys if key not in shared]
    spellings = suppressed_spellings(session, own)
    return {*own, *(other for others in spellings.values() for other in others)}


def _address_keys(session: Session, numbers: Sequence[int]) -> list[str]:
    """Every address of these contacts, past ones of their deliveries too; not one that somebody else has by now."""
    point, is_address = ContactPoint, ContactPoint.kind == PointKind.ADDRESS
    hers = {
        *session.scalars(select(Contact.address_key).where(Contact.id.in_(numbers))),
        *session.scalars(select(point.key).where(is_address, point.contact_id.in_(numbers))),
        *session.scalars(select(Delivery.address_key).where(Delivery.contact_id.in_(numbers)).distinct()),
    }
    keys = sorted(key for key in hers if not key.endswith(f"@{ERASED_DOMAIN}"))
    others: set[str] = set()
    for chunk in chunks(keys):
        for query in (
            select(Contact.address_key).where(Contact.address_key.in_(chunk), Contact.id.not_in(numbers)),
            select(point.key).where(is_address, point.key.in_(chunk), point.contact_id.not_in(numbers)),
        ):
            others.update(session.scalars(query))
    return [key for key in keys if key not in others]


def _erase(
    session: Session, numbers: Sequence[int], *, key: ErasureKey, at: datetime, actor: Actor, reason: Reason
) -> None:
    session.execute(select(Contact.id).where(Contact.id.in_(numbers)).order_by(Contact.id).with_for_update())
    theirs = Delivery.contact_id.in_(numbers)
    locked = select(Delivery.contact_id, Delivery.state).where(theirs).order_by(Delivery.id).with_for_update()
    for number, state in session.execute(locked):
        if state is DeliveryState.SENDING:
            raise BeingSentTo(contact=number)
    cancel_deliveries(session, theirs, Delivery.state.in_(_WAITING), at=at, actor=actor)
    keys = _address_keys(session, numbers)
    shared = _shared(session, keys, numbers)
    keep_erased(session, keys, key, at=at, shared=shared)
    for some in chunks(_suppressed(session, keys, shared)):
        session.execute(delete(Suppression).where(Suppression.address_key.in_(some)))
    clear_attempts(session, Attempt.delivery_id.in_(select(Delivery.id).where(theirs)))
    clear_deliveries(session, theirs, at=at)
    practices = _own_practices(session, numbers)
    for model in _HERS:
        session.execute(delete(model).where(model.contact_id.in_(numbers)))
    session.execute(delete(Outlet).where(Outlet.id.in_(practices)))
    merges = or_(ContactMerge.kept_id.in_(numbers), ContactMerge.merged_id.in_(numbers))
    session.execute(delete(ContactMerge).where(merges))
    acceptances = update(EmbargoAcceptance).where(EmbargoAcceptance.contact_id.in_(numbers))
    session.execute(acceptances.values(how="").execution_options(synchronize_session=False))
    session.execute(
        update(Contact)
        .where(Contact.id.in_(numbers))
        .values(
            status=ContactStatus.ERASED,
            merged_into_id=None,
            erased_at=at,
            name=f"erased on {day_of(at)}",
            address=placeholder(Contact.id),
            address_key=placeholder(Contact.id),
            **dict.fromkeys(("given_name", "family_name", "arabic_name", "phone"), ""),
            **dict.fromkeys(("title", "arabic_title", "source"), ""),
            **dict.fromkeys(("lawful_basis", "basis_since", "verified_at")),
        )
        .execution_options(synchronize_session=False)
    )
    append_many(
        session,
        [
            entry(Event.CONTACT_ERASED, at=at, actor=actor, contact_id=number, data={"reason": reason.value})
            for number in numbers
        ],
    )


def clear_attempts(session: Session, *which: ColumnElement[bool]) -> int:
    """Forget the relays' own words of the attempts that fit; returns how many had any."""
    cleared = session.execute(
        update(Attempt)
        .where(Attempt.text != "", *which)
        .values(text="")
        .execution_options(synchronize_session=False)
    )
    return int(getattr(cleared, "rowcount", 0))


def _own_practices(session: Session, numbers: Sequence[int]) -> list[int]:
    """Outlets that are nobody else's and one of these people's own: a freelance practice, or one with her name."""
    theirs = select(Affiliation.outlet_id).where(Affiliation.contact_id.in_(numbers))
    others = select(Affiliation.outlet_id).where(
        Affiliation.outlet_id.in_(theirs), Affiliation.contact_id.not_in(numbers)
    )
    query = (
        select(Outlet.id, Outlet.key, Outlet.type, Contact.name, Contact.arabic_name, Contact.family_name)
        .join(Affiliation, Affiliation.outlet_id == Outlet.id)
        .join(Contact, Contact.id == Affiliation.contact_id)
        .where(Affiliation.contact_id.in_(numbers), Outlet.id.not_in(others))
    )
    own: set[int] = set()
    for number, outlet, kind, *names in session.execute(query):
        if kind is OutletType.FREELANCE or any(name and fold(name) in outlet for name in names):
            own.add(number)
    return sorted(own)
