"""Suppression: the addresses and domains that must not be written to, whichever list names them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from mailer.audit import Actor, Event, append
from mailer.contacts.address import address
from mailer.contacts.mailbox import PROVIDERS, surely
from mailer.contacts.merging.family import kept_of, numbers_of
from mailer.contacts.models import (
    Contact,
    ContactMerge,
    ContactPoint,
    Organisation,
    PointKind,
    Suppression,
    SuppressionKind,
)
from mailer.contacts.models.lawful import ELSEWHERE
from mailer.contacts.spelling import CONTROLS
from mailer.contacts.stops import owners_at_providers, stops_among, suppressed_spellings
from mailer.contacts.table import clean
from mailer.database import chunks
from mailer.errors import BadAddress, BadDomain


def suppress(
    session: Session,
    text: str,
    *,
    reason: str,
    at: datetime,
    actor: Actor,
    organisation: Organisation | None = None,
    kind: SuppressionKind = SuppressionKind.ASKED,
) -> bool:
    """Write to this address, or ``@domain`` with all below it, no more; ``False`` where that was so already.

    With an organisation, only releases that it issues, alone or with others, are not sent there. The first reason
    stays; but that somebody asked weighs more than that a mailbox was not there, or than that she asked elsewhere, and
    takes its place.
    Raises ``BadAddress`` or ``BadDomain``. A reason is cut to what fits, not refused: it may come from a stranger's
    mail server, and nobody is to be written to again for want of good words.
    """
    key = key_of(text)
    reason = clean(CONTROLS.sub(" ", reason))[:300] or "no reason given"
    organisation_id = organisation.id if organisation else None
    try:
        # Not looked up before: a bounce and an officer may say so in the same moment.
        with session.begin_nested():
            session.add(
                Suppression(address_key=key, organisation_id=organisation_id, kind=kind, reason=reason, since=at)
            )
    except IntegrityError:
        found = session.scalars(select(Suppression).where(*_exactly(key, organisation_id)).with_for_update()).one()
        asked_here = found.kind is SuppressionKind.ASKED and found.reason != ELSEWHERE
        if kind is not SuppressionKind.ASKED or asked_here:
            return False
        found.kind, found.reason = kind, reason
        session.flush()
    _log(session, Event.SUPPRESSION_ADDED, key, organisation_id, at, actor)
    return True


def lift(
    session: Session, text: str, *, at: datetime, actor: Actor, organisation: Organisation | None = None
) -> list[str]:
    """Let this address or domain be written to again; the keys under which it was suppressed, of which there may be
    several where its mailbox has several spellings, and none where nothing kept it from that.

    What a merge said of her other addresses, since she had asked at this one, is lifted with it; unless she has asked
    at another one as well. It is among the keys.

    With an organisation, only what was said of that one is lifted; without, only what was said of all.
    Raises ``BadAddress`` or ``BadDomain``.
    """
    key = key_of(text)
    organisation_id = organisation.id if organisation else None
    lifted: list[str] = []
    for spelling in (key, *suppressed_spellings(session, [key]).get(key, ())):
        suppression = session.scalar(select(Suppression).where(*_exactly(spelling, organisation_id)))
        if suppression is not None:
            session.delete(suppression)
            session.flush()
            _log(session, Event.SUPPRESSION_REMOVED, spelling, organisation_id, at, actor)
            lifted.append(spelling)
    if lifted and not key.startswith("@"):
        lifted += _lift_copies(session, key, organisation_id, at=at, actor=actor)
    return lifted


def asked_elsewhere(session: Session, text: str, *, organisation: Organisation | None = None) -> list[str]:
    """The other addresses of whoever has this one at which she asked not to be written to, so that she is not at this
    one either. Raises ``BadAddress`` or ``BadDomain``."""
    key = key_of(text)
    organisation_id = organisation.id if organisation else None
    held = _asked_by_family(session, key, organisation_id)
    return sorted(row.address_key for row in held if surely(row.address_key) != surely(key))


def suppressed_among(
    session: Session, address_keys: Collection[str], organisation_ids: Collection[int] = ()
) -> set[str]:
    """Those of the keys (see ``Address.key``) that are suppressed, by themselves or by their domain: for all, or for
    one of these organisations."""
    if not session.scalar(select(exists(Suppression.id))):
        return set()
    stops = stops_among(session, address_keys, lambda: organisation_ids)
    return {key for key in address_keys if stops.of_address(key)}


def asked_among(session: Session, address_keys: Collection[str]) -> set[str]:
    """Those of the keys at which somebody asked not to be written to, by all or by one organisation. Who has
    such an address beside others is not written to at any of them, as long as it is known to be hers."""
    found: set[str] = set()
    for chunk in chunks(address_keys):
        asked = select(Suppression.mailbox).where(
            Suppression.kind == SuppressionKind.ASKED, Suppression.mailbox.in_(set(map(surely, chunk)))
        )
        boxes = set(session.scalars(asked))
        found.update(key for key in chunk if surely(key) in boxes)
    return found


def suppressions(session: Session) -> Sequence[tuple[Suppression, Organisation | None]]:
    """All, with the organisation that each is about (``None``: all of them); domains first, then by address."""
    query = select(Suppression, Organisation).outerjoin(
        Organisation, Organisation.id == Suppression.organisation_id
    )
    found = [(row[0], row[1]) for row in session.execute(query)]
    return sorted(found, key=lambda pair: (pair[0].address_key[:1] != "@", pair[0].address_key, pair[0].id))


def concerned(session: Session, text: str) -> int:
    """How many contacts have an address there. Raises ``BadAddress`` or ``BadDomain``."""
    key = key_of(text)
    if not key.startswith("@") and key.endswith(PROVIDERS):
        return len(_owners(session, key))
    points = select(ContactPoint.contact_id).where(
        ContactPoint.kind == PointKind.ADDRESS, _is_at(ContactPoint.key, key)
    )
    query = select(func.count()).where(or_(_is_at(Contact.address_key, key), Contact.id.in_(points)))
    return session.scalar(query) or 0


def key_of(text: str) -> str:
    """What a suppression is kept under: the address's key, or ``@`` and the domain in ASCII (IDNA).

    Raises ``BadAddress`` or ``BadDomain``.
    """
    text = text.strip()
    if text.startswith("@"):
        # Checked as what it is: the part behind the @ of an address.
        domain = text.removeprefix("@").removesuffix(".")
        try:
            return address(f"postmaster@{domain}").key.removeprefix("postmaster")
        except ValueError as error:
            raise BadDomain(domain=clean(text)[:80], reason=error) from error
    try:
        return address(text).key
    except ValueError as error:
        raise BadAddress(address=clean(text)[:80], reason=error) from error


def _owners(session: Session, key: str) -> set[int]:
    """The contacts with an address that is this mailbox, in whichever spelling."""
    owners = owners_at_providers(session)
    return {contact for contact, other in owners if surely(other) == surely(key)}


def _lift_copies(
    session: Session, key: str, organisation_id: int | None, *, at: datetime, actor: Actor
) -> list[str]:
    """Take back what merges have said of the other addresses of whoever has this one, if she asked nowhere herself."""
    held = _asked_by_family(session, key, organisation_id)
    if not all(row.reason == ELSEWHERE for row in held):
        return []
    before = _before_merges(session)
    for copy in held:
        if copy.id in before:  # there is no such mailbox, whatever she asked for
            copy.kind, copy.reason = SuppressionKind(before[copy.id][0]), before[copy.id][1]
        else:
            session.delete(copy)
    session.flush()
    lifted = [copy.address_key for copy in held if copy.id not in before]
    for one in lifted:
        _log(session, Event.SUPPRESSION_REMOVED, one, organisation_id, at, actor)
    return lifted


def _before_merges(session: Session) -> Mapping[int, tuple[str, str]]:
    """The kind and the reason that suppressions had before a merge made them hers, by number."""
    laid = session.scalars(select(ContactMerge.laid_over).where(ContactMerge.undone_at.is_(None)))
    raised = (one for undo in laid for one in undo.get("suppressions_raised", ()))
    return {number: (kind, reason) for number, kind, reason in raised}


def _asked_by_family(session: Session, key: str, organisation_id: int | None) -> Sequence[Suppression]:
    """What stands of the addresses of the person who has this one, under whichever of her contacts."""
    owners = _contacts_with(session, key)
    roots = {
        kept_of(session, contact).id for contact in session.scalars(select(Contact).where(Contact.id.in_(owners)))
    }
    family = list(numbers_of(session, sorted(roots)))
    first = select(Contact.address_key).where(Contact.id.in_(family))
    further = select(ContactPoint.key).where(
        ContactPoint.kind == PointKind.ADDRESS, ContactPoint.contact_id.in_(family)
    )
    boxes = {surely(one) for one in session.scalars(first.union(further))}
    of_one = Suppression.organisation_id
    query = select(Suppression).where(
        Suppression.mailbox.in_(boxes),
        Suppression.kind == SuppressionKind.ASKED,
        of_one.is_(None) if organisation_id is None else of_one == organisation_id,
    )
    return session.scalars(query.order_by(Suppression.id)).all()


def _contacts_with(session: Session, key: str) -> set[int]:
    """The contacts with this address, or with another spelling of its mailbox."""
    return _owners(session, key) if key.endswith(PROVIDERS) else _exactly_with(session, key)


def _exactly_with(session: Session, key: str) -> set[int]:
    points = select(ContactPoint.contact_id).where(ContactPoint.kind == PointKind.ADDRESS, ContactPoint.key == key)
    return set(session.scalars(select(Contact.id).where(Contact.address_key == key).union(points)))


def _is_at(column: InstrumentedAttribute[str], key: str) -> ColumnElement[bool]:
    if not key.startswith("@"):
        return column == key
    # A domain's own letters are no wildcards, but for the underscore, which IDNA refuses.
    return or_(column.endswith(key, autoescape=True), column.endswith(f".{key[1:]}", autoescape=True))


def _exactly(key: str, organisation_id: int | None) -> tuple[ColumnElement[bool], ...]:
    of_one = Suppression.organisation_id
    return Suppression.address_key == key, of_one.is_(
        None
    ) if organisation_id is None else of_one == organisation_id


def _log(
    session: Session, event: Event, key: str, organisation_id: int | None, at: datetime, actor: Actor
) -> None:
    # By the number of the contact who is kept, where she is one of ours in whichever spelling: the log cannot forget an
    # address. A domain may be one person's own, so that it stays out as well.
    contact_id = None
    if not key.startswith("@") and (owners := _exactly_with(session, key) or _contacts_with(session, key)):
        contact_id = kept_of(session, session.get_one(Contact, min(owners))).id
    data: dict[str, object] = {"domain": True} if key.startswith("@") else {}
    if organisation_id is not None:
        data["organisation"] = organisation_id
    append(session, event, at=at, actor=actor, contact_id=contact_id, data=data)
