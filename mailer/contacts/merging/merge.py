"""Merges a contact into another one, and undoes it.

The merged row stays under its number, with its deliveries, notes and past affiliations: her history is that of all
rows that were merged into her. What it knows and the kept one does not is laid over the kept one.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.contacts.merging import details, lawful, listed, reached
from mailer.contacts.merging.family import kept_of
from mailer.contacts.merging.laid import Change, Laid, Pair
from mailer.contacts.models import Contact, ContactMerge, ContactStatus
from mailer.database import take_turn
from mailer.errors import CannotMerge, CannotUnmerge

_PARTS = (details, reached, listed, lawful)
_LIVING = (ContactStatus.ACTIVE, ContactStatus.INACTIVE)


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did."""

    kept: Contact
    """Who is kept: at the end of the chain, where the one named had been merged herself."""
    merged: Contact
    changes: tuple[Change, ...]


def merge(session: Session, kept: Contact, merged: Contact, *, at: datetime, actor: Actor) -> Merged:
    """Make ``merged`` part of ``kept``: one person, one contact. Raises ``CannotMerge``.

    What waits for either is not touched: see ``schedule.merged``.
    """
    take_turn(session)
    for contact in (kept, merged):
        session.refresh(contact)
    kept = kept_of(session, kept)
    _lock(session, kept, merged)
    _require_fit(kept, merged)
    laid = Laid(undo={"status": merged.status.value})
    pair = Pair(session, kept, merged, at, actor)
    for part in _PARTS:
        laid.add(part.lay(pair))
    merged.status, merged.merged_into_id = ContactStatus.MERGED, kept.id
    session.add(ContactMerge(kept_id=kept.id, merged_id=merged.id, at=at, actor=actor, laid_over=laid.undo))
    session.flush()
    for contact in (kept, merged):
        session.refresh(contact)
    fields = list(dict.fromkeys(change.field for change in laid.changes))
    _tell(pair, Event.CONTACT_MERGED, fields)
    return Merged(kept, merged, tuple(laid.changes))


@dataclass(frozen=True, slots=True)
class Parted:
    """What undoing a merge did."""

    kept: Contact
    restored: Contact
    stays: tuple[str, ...]
    """What somebody has changed since, in words: that is left as it is."""


def unmerge(session: Session, merged: Contact, *, at: datetime, actor: Actor) -> Parted:
    """Make two contacts of one again. Raises ``CannotUnmerge``.

    Merges into one contact are undone from the last to the first: what a later one found there rests on this one.
    """
    take_turn(session)
    made = session.scalar(
        select(ContactMerge).where(ContactMerge.merged_id == merged.id, ContactMerge.undone_at.is_(None))
    )
    if made is None or merged.status is not ContactStatus.MERGED:
        raise CannotUnmerge(
            merged=merged.id,
            reason="it was not merged into another one",
            advice="See: dateline contacts duplicates",
        )
    kept = session.get_one(Contact, made.kept_id)
    _lock(session, kept, merged)
    session.refresh(made)
    _require_last(session, made, kept)
    merged.status, merged.merged_into_id = ContactStatus(made.laid_over["status"]), None
    session.flush()
    pair = Pair(session, kept, merged, at, actor)
    stays = [told for part in reversed(_PARTS) for told in part.lift(pair, made.laid_over)]
    made.undone_at = at
    session.flush()
    for contact in (kept, merged):
        session.refresh(contact)
    _tell(pair, Event.CONTACT_UNMERGED, [])
    return Parted(kept, merged, tuple(stays))


def _lock(session: Session, *contacts: Contact) -> None:
    """Both rows, in the order of their numbers: two officers may merge the two in either direction at once.

    Their keys are left alone, so that a wave whose deliveries are made at that moment, city by city, and which names
    the same two in another order, is not waited for.
    """
    numbers = [contact.id for contact in contacts]
    rows = select(Contact.id).where(Contact.id.in_(numbers)).order_by(Contact.id)
    session.execute(rows.with_for_update(key_share=True))
    for contact in contacts:
        session.refresh(contact)


def _require_fit(kept: Contact, merged: Contact) -> None:
    def cannot(reason: str, advice: str) -> CannotMerge:
        return CannotMerge(kept=kept.id, merged=merged.id, reason=reason, advice=advice)

    if kept.id == merged.id:
        raise cannot("it is the same contact", "Name two; see: dateline contacts duplicates")
    if merged.status is ContactStatus.MERGED:
        advice = f"To merge it elsewhere undo that first: dateline contacts unmerge {merged.id}"
        raise cannot(f"it was merged into {merged.merged_into_id} already", advice)
    for contact in (kept, merged):
        if contact.status not in _LIVING:
            raise cannot(f"contact {contact.id} is {contact.status.value}", "There is nothing left to merge.")
    if kept.kind is not merged.kind:
        reason = f"one is a {kept.kind.value} and the other a {merged.kind.value}"
        raise cannot(reason, "Officers come from contacts/organisations.toml and their list; correct that first.")
    if kept.status is ContactStatus.INACTIVE and merged.status is ContactStatus.ACTIVE:
        reason = f"contact {kept.id} is set aside, so that she would be on no list any more"
        raise cannot(reason, f"Keep the other one, or say: dateline contacts activate {kept.id}")


def _require_last(session: Session, made: ContactMerge, kept: Contact) -> None:
    def cannot(reason: str, advice: str) -> CannotUnmerge:
        return CannotUnmerge(merged=made.merged_id, reason=reason, advice=advice)

    if made.undone_at is not None:
        raise cannot("somebody has undone it in this moment", "Nothing is left to do.")
    if kept.status is ContactStatus.ERASED:
        raise cannot(f"contact {kept.id} was erased", "Nothing is left of what they were.")
    # What the kept one got by this merge lies by now with whom it was merged into itself.
    later = select(ContactMerge.merged_id).where(
        ContactMerge.undone_at.is_(None),
        or_(
            (ContactMerge.kept_id == made.kept_id) & (ContactMerge.id > made.id),
            ContactMerge.merged_id == made.kept_id,
        ),
    )
    last = session.scalar(later.order_by(ContactMerge.id.desc()).limit(1))
    if last is not None:
        raise cannot("another merge came after it", f"Undo that one first: dateline contacts unmerge {last}")


def _tell(pair: Pair, event: Event, fields: list[str]) -> None:
    """Under both numbers, so that each one's history has it."""
    for contact, data in (
        (pair.merged, {"kept": pair.kept.id}),
        (pair.kept, {"merged": pair.merged.id, "fields": fields}),
    ):
        append(pair.session, event, at=pair.at, actor=pair.actor, contact_id=contact.id, data=data)
