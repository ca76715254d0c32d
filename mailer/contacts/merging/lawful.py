"""What the person said, under whichever row: embargo terms that she accepted or withdrew, and not to be written to.

An acceptance is the person's, so it counts for her; so does a withdrawal, for all that she had accepted before it.
Who asked not to be written to at one of her addresses is not written to at the other. That a mailbox is gone says
nothing of the other one. A suppressed domain is about an outlet, not about her.
"""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import delete, select

from mailer.audit import Event, append
from mailer.contacts.merging.laid import Change, Laid, Pair, Undo
from mailer.contacts.models import Contact, EmbargoAcceptance, Suppression, SuppressionKind
from mailer.contacts.models.lawful import ELSEWHERE


def lay(pair: Pair) -> Laid:
    """Count what she said under one row for both."""
    laid = Laid()
    _lay_acceptances(pair, laid)
    _lay_suppression(pair, pair.merged, pair.kept, laid)
    # Mail to the merged row's address may be waiting.
    _lay_suppression(pair, pair.kept, pair.merged, laid)
    pair.session.flush()
    return laid


def lift(pair: Pair, undo: Undo) -> Iterator[str]:
    """Take it apart again; yields what stays."""
    yield from _lift_acceptances(pair.kept, undo)
    for number, contact_id in undo.get("suppressions", ()):
        gone = pair.session.execute(
            delete(Suppression).where(Suppression.id == number, Suppression.reason == ELSEWHERE)
        )
        if getattr(gone, "rowcount", 0):
            _tell(pair, Event.SUPPRESSION_REMOVED, contact_id)
    for number, kind, reason in undo.get("suppressions_raised", ()):
        held = pair.session.get(Suppression, number)
        if held is not None and held.reason == ELSEWHERE:
            held.kind, held.reason = SuppressionKind(kind), reason
    pair.session.flush()


def _lay_acceptances(pair: Pair, laid: Laid) -> None:
    kept, merged = pair.kept, pair.merged
    # Each row's own are as they are: she may have withdrawn from one text and not from another.
    hers, theirs = ([a.withdrawn_on for a in c.acceptances if a.withdrawn_on] for c in (kept, merged))
    for mine in kept.acceptances:
        day = _withdrawn(mine, theirs)
        if day != mine.withdrawn_on:
            laid.undo.setdefault("withdrawn", []).append([mine.id, _text(mine.withdrawn_on), _text(day)])
            laid.changes.append(Change("embargo_terms", str(mine.accepted_on), f"withdrawn {day}"))
            mine.withdrawn_on = day
    have = {_same(a) for a in kept.acceptances}
    copies = []
    for other in merged.acceptances:
        copy = EmbargoAcceptance(
            terms_id=other.terms_id,
            accepted_on=other.accepted_on,
            until=other.until,
            how=other.how,
            withdrawn_on=_withdrawn(other, hers),
            recorded_at=other.recorded_at,
        )
        if _same(copy) not in have:
            copies.append(copy)
            have.add(_same(copy))
            told = f"withdrawn {copy.withdrawn_on}" if copy.withdrawn_on else f"accepted {copy.accepted_on}"
            laid.changes.append(Change("embargo_terms", "", told))
    kept.acceptances.extend(copies)
    pair.session.flush()
    if copies:
        laid.undo["acceptances"] = [[copy.id, _text(copy.withdrawn_on)] for copy in copies]


def _withdrawn(acceptance: EmbargoAcceptance, days: list[date]) -> date | None:
    """When it ended by her word: by its own withdrawal, or by the first of the other row's that came after it."""
    ends = [day for day in days if day >= acceptance.accepted_on]
    return min((*ends, *([acceptance.withdrawn_on] if acceptance.withdrawn_on else [])), default=None)


def _same(acceptance: EmbargoAcceptance) -> tuple[object, ...]:
    return (acceptance.terms_id, acceptance.accepted_on, acceptance.until, acceptance.withdrawn_on)


def _lift_acceptances(kept: Contact, undo: Undo) -> Iterator[str]:
    have = {acceptance.id: acceptance for acceptance in kept.acceptances}
    for number, withdrawn_on in undo.get("acceptances", ()):
        mine = have.get(number)
        if mine is not None and _text(mine.withdrawn_on) == withdrawn_on:
            kept.acceptances.remove(mine)
        elif mine is not None:
            yield f"the embargo terms accepted {mine.accepted_on}, which she withdrew since"
    for number, before, after in undo.get("withdrawn", ()):
        mine = have.get(number)
        if mine is not None and _text(mine.withdrawn_on) == after:
            mine.withdrawn_on = date.fromisoformat(before) if before else None


def _text(day: date | None) -> str:
    return day.isoformat() if day else ""


def _lay_suppression(pair: Pair, source: Contact, target: Contact, laid: Laid) -> None:
    """What she asked at the one's address, at the other's."""
    rows = select(Suppression).where(Suppression.address_key.in_((source.address_key, target.address_key)))
    held = pair.session.scalars(rows.order_by(Suppression.id)).all()
    theirs = {row.organisation_id: row for row in held if row.address_key == target.address_key}
    for asked in held:
        if asked.address_key != source.address_key or asked.kind is not SuppressionKind.ASKED:
            continue
        mine = theirs.get(asked.organisation_id)
        if mine is None:
            mine = Suppression(
                address_key=target.address_key,
                organisation_id=asked.organisation_id,
                kind=SuppressionKind.ASKED,
                reason=ELSEWHERE,
                since=asked.since,
            )
            pair.session.add(mine)
            pair.session.flush()
            laid.undo.setdefault("suppressions", []).append([mine.id, target.id])
            _tell(pair, Event.SUPPRESSION_ADDED, target.id)
        elif mine.kind is SuppressionKind.UNDELIVERABLE:
            laid.undo.setdefault("suppressions_raised", []).append([mine.id, mine.kind.value, mine.reason])
            mine.kind, mine.reason = SuppressionKind.ASKED, ELSEWHERE
        else:
            continue
        whose = "by all" if asked.organisation_id is None else "by one organisation"
        laid.changes.append(Change("suppressed", "", f"{target.address}, {whose}"))


def _tell(pair: Pair, event: Event, contact_id: int) -> None:
    append(pair.session, event, at=pair.at, actor=pair.actor, contact_id=contact_id)
