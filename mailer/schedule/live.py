"""A live audience: a wave's deliveries are brought up to date with its media list until the wave opens.

They are made when the wave is scheduled, as those of any wave, so that it opens in no time. After that, ``refresh``
makes of them what scheduling the wave anew would make: who has come to the list is let in by the same rules, what waits
for who has left it is cancelled, and that of somebody whose address, languages, name or city has changed is made anew.
It is asked for by an officer, by the clockwork in the last minutes, and in the transaction that opens the wave, after
which nobody comes or goes.

Whoever plans, refreshes or opens such waves of one release takes the release's row first. So two of them see each
other's work, and nobody gets from one wave what she is getting from another.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.contacts.lists import members_of
from mailer.contacts.models import Contact
from mailer.database import chunks
from mailer.errors import AudienceFrozen, AudienceSettled, BadQuery, DatelineError, NobodyToSendTo, SourceChanged
from mailer.releases.versions import lock
from mailer.schedule.audience import Sieve, nobody
from mailer.schedule.comings import Coming, anything_changed, let_go, let_in
from mailer.schedule.models import (
    Audience,
    Delivery,
    DeliveryState,
    Exclusion,
    ExclusionReason,
    Wave,
    WaveState,
)
from mailer.schedule.rules import Hold, Open, Stale, Wait
from mailer.schedule.texts import further_texts
from mailer.schedule.waves import Opened, hold, open_wave, opening_of


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh has changed; by contact."""

    wave_id: int
    came: Mapping[int, Coming]
    went: Sequence[int]
    left_out: Mapping[int, ExclusionReason]
    """Those who are on the list and get nothing, where that is new."""
    deliveries: int
    """How many get the wave now."""

    @property
    def changed(self) -> bool:
        """Whether anything has."""
        return bool(self.came or self.went or self.left_out)


def refresh(session: Session, wave: Wave, *, templates: Path, at: datetime, actor: Actor) -> Refreshed:
    """Bring a live audience up to date with its list.

    Raises ``AudienceFrozen``, ``AudienceSettled`` once the wave has been opened or has ended, ``BadQuery``,
    ``NobodyToSendTo``, ``SourceChanged``, or what is wrong with the template; then nothing was changed.
    """
    _lock(session, wave)
    if wave.audience is Audience.FROZEN:
        raise AudienceFrozen(wave=wave.id, name=wave.media_list.name)
    if not wave.follows_list:
        ended = "was opened" if wave.opened_at is not None else "was cancelled"
        raise AudienceSettled(wave=wave.id, state=wave.state.value, ended=ended)
    on_list = members_of(session, wave.media_list, at=at)
    texts = further_texts(session, wave, templates=templates)

    def sieve() -> Sieve:
        offered = [edition.language for edition in wave.version.frozen.editions]
        return Sieve(session, wave, offered=offered, compiled_for=texts.compiled_for, at=at)

    # Undone as a whole even where the caller goes on, and holds the wave: half an audience must never be opened.
    with session.begin_nested():
        let_go_beside(session, wave, at=at, actor=actor)
        went = let_go(session, wave, on_list, at=at, actor=actor)
        comings = let_in(session, wave, on_list, sieve, at=at, actor=actor)
        waiting = _waiting(session, wave)
        if not waiting:
            raise nobody(wave.media_list, _left_out(session, wave))
        wave.refreshed_at = at
        session.flush()
    refreshed = Refreshed(wave.id, comings.came, went, comings.left_out, waiting)
    _tell(session, wave, refreshed, at=at, actor=actor)
    return refreshed


def let_go_beside(session: Session, wave: Wave, *, at: datetime, actor: Actor) -> None:
    """Let those go who have left the lists of the other live waves with the same text, before this one asks who has it
    from them: she who has left one list and is on the other would be missed by both."""
    if wave.again:
        return
    session.execute(_row_of(Wave.id.in_(_beside(wave).with_only_columns(Wave.id))))
    beside = _beside(wave).order_by(Wave.id).execution_options(populate_existing=True)
    for other in session.scalars(beside).unique().all():
        # Its own opening holds it for that, and who is on its list cannot be told.
        with suppress(BadQuery):
            on_list = members_of(session, other.media_list, at=at)
            went = let_go(session, other, on_list, at=at, actor=actor)
            _tell(session, other, Refreshed(other.id, {}, went, {}, _waiting(session, other)), at=at, actor=actor)


def needs_refresh(session: Session, wave: Wave, *, at: datetime) -> bool:
    """Whether the list of a wave with a live audience has changed, as far as a look can tell; it changes nothing."""
    try:
        return anything_changed(session, wave, members_of(session, wave.media_list, at=at), at=at)
    except BadQuery:
        return True


def waves_to_refresh(session: Session, *, after: datetime, until: datetime) -> Sequence[Wave]:
    """The scheduled waves with a live audience whose time comes in that span."""
    query = select(Wave).where(
        Wave.state == WaveState.SCHEDULED,
        Wave.audience == Audience.LIVE,
        Wave.due_at > after,
        Wave.due_at <= until,
    )
    return session.scalars(query.order_by(Wave.due_at, Wave.id)).unique().all()


def refresh_or_hold(
    session: Session, wave_id: int, *, templates: Path, at: datetime, actor: Actor
) -> Refreshed | Hold | None:
    """Bring a scheduled wave's live audience up to date, or hold the wave where that cannot be done as it was approved.

    ``None``: there is nothing to be done, as its audience is settled.
    """
    wave = session.get(Wave, wave_id, populate_existing=True)
    if wave is None or not wave.follows_list:
        return None
    try:
        return refresh(session, wave, templates=templates, at=at, actor=actor)
    except AudienceSettled:
        return None  # while it was waited for
    except DatelineError as error:
        reason = f"{_why(error)}: see dateline waves refresh {wave_id} --dry-run"
        return Hold(reason) if hold(session, wave, reason=reason, at=at, actor=actor) else None


def open_up_to_date(
    session: Session,
    wave_id: int,
    *,
    templates: Path,
    now: datetime,
    doubt: str,
    late_grace: timedelta,
    give_up_after: timedelta,
    actor: Actor,
) -> Opened | Hold | Wait | Stale | None:
    """Open a scheduled wave as ``open_wave`` does, a live audience brought up to date in the same transaction."""
    wave = session.get(Wave, wave_id, populate_existing=True)
    if (
        wave is not None
        and wave.state is WaveState.SCHEDULED
        and wave.follows_list
        and isinstance(opening_of(wave, now=now, doubt=doubt, late_grace=late_grace), Open)
    ):
        outcome = refresh_or_hold(session, wave_id, templates=templates, at=now, actor=actor)
        if not isinstance(outcome, Refreshed):
            return outcome
    # It decides anew: the release, and the wave, may have been changed while they were waited for.
    return open_wave(
        session,
        wave_id,
        now=now,
        doubt=doubt,
        late_grace=late_grace,
        give_up_after=give_up_after,
        actor=actor,
    )


def names_of(session: Session, contacts: Iterable[int]) -> Mapping[int, str]:
    """The names of some contacts, by number, in the order of the names."""
    found: list[tuple[int, str]] = []
    for some in chunks(contacts):
        query = select(Contact.id, Contact.name).where(Contact.id.in_(some))
        found += [(number, name) for number, name in session.execute(query)]
    return dict(sorted(found, key=lambda person: (person[1], person[0])))


def _lock(session: Session, wave: Wave) -> None:
    """Have the release, this wave and those beside it to oneself until the end of the transaction."""
    lock(session, wave.release)
    beside = _beside(wave).with_only_columns(Wave.id)
    session.execute(_row_of(Wave.id.in_(beside) | (Wave.id == wave.id)))
    session.refresh(wave)


def _row_of(which: ColumnElement[bool]) -> Select[int]:
    # In the order in which whoever ends or gives up deliveries takes them.
    return select(Wave.id).where(which).order_by(Wave.id).with_for_update()


def _beside(wave: Wave) -> Select[Wave]:
    return select(Wave).where(
        Wave.version_id == wave.version_id,
        Wave.kind == wave.kind,
        Wave.id != wave.id,
        Wave.audience == Audience.LIVE,
        Wave.opened_at.is_(None),
        Wave.state.not_in((WaveState.CANCELLED, WaveState.DONE)),
    )


def _waiting(session: Session, wave: Wave) -> int:
    query = select(func.count()).where(Delivery.wave_id == wave.id, Delivery.state == DeliveryState.QUEUED)
    return session.scalar(query) or 0


def _left_out(session: Session, wave: Wave) -> Counter[ExclusionReason]:
    query = select(Exclusion.reason, func.count()).where(Exclusion.wave_id == wave.id).group_by(Exclusion.reason)
    return Counter(dict(session.execute(query).all()))


def _why(error: DatelineError) -> str:
    """In words for the log, which an error's own may not be: a query may name a person."""
    match error:
        case BadQuery():
            return "a query of its media list is not understood any more"
        case NobodyToSendTo():
            return "nobody on its media list would get it"
        case SourceChanged():
            return (
                "somebody who has come to its list, or reads another language now, needs a text that was not made "
                "when it was scheduled, and the templates or the organisations' names have changed since"
            )
        case _:
            return "a text for somebody who has come to its list cannot be made"


def _tell(session: Session, wave: Wave, refreshed: Refreshed, *, at: datetime, actor: Actor) -> None:
    if not refreshed.changed:
        return
    data: dict[str, object] = {
        "came": _counted(refreshed.came.values()),
        "went": len(refreshed.went),
        "excluded": _counted(refreshed.left_out.values()),
        "deliveries": refreshed.deliveries,
    }
    append(
        session,
        Event.WAVE_REFRESHED,
        at=at,
        actor=actor,
        release_id=wave.release_id,
        wave_id=wave.id,
        data=data,
    )


def _counted(reasons: Iterable[StrEnum]) -> dict[str, int]:
    return dict(sorted(Counter(reason.value for reason in reasons).items()))
