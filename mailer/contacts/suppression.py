"""Suppression: the addresses and domains that must not be written to, whichever list names them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from mailer.audit import Actor, Event, append
from mailer.contacts.address import address
from mailer.contacts.mailbox import PROVIDERS, surely
from mailer.contacts.models import Contact, ContactPoint, Organisation, PointKind, Suppression, SuppressionKind
from mailer.contacts.spelling import CONTROLS
from mailer.contacts.stops import at_providers, owners_at_providers, stops_among, suppressed_spellings
from mailer.contacts.table import clean
from mailer.database import chunks
from mailer.errors import BadAddress, BadDomain

ELSEWHERE = "asked so at another address of hers"
"""The reason of a suppression that a merge has made; who says so at the address itself takes its place, so that
undoing the merge lets nobody be written to who has asked."""


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
    return lifted


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
        asked = select(Suppression.address_key).where(Suppression.kind == SuppressionKind.ASKED)
        found.update(session.scalars(asked.where(Suppression.address_key.in_(chunk))))
    if several := [key for key in address_keys if key.endswith(PROVIDERS)]:
        asked = select(Suppression.address_key).where(Suppression.kind == SuppressionKind.ASKED)
        boxes = {surely(key) for key in session.scalars(asked.where(at_providers(Suppression.address_key)))}
        found.update(key for key in several if surely(key) in boxes)
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
    # By the contact's number, where she is one of ours: the log cannot forget an address. A domain may be one
    # person's own, so that it stays out as well.
    contact_id = session.scalar(select(Contact.id).where(Contact.address_key == key))
    if contact_id is None:
        is_hers = (ContactPoint.kind == PointKind.ADDRESS, ContactPoint.key == key)
        contact_id = session.scalar(select(ContactPoint.contact_id).where(*is_hers))
    data: dict[str, object] = {"domain": True} if key.startswith("@") else {}
    if organisation_id is not None:
        data["organisation"] = organisation_id
    append(session, event, at=at, actor=actor, contact_id=contact_id, data=data)
