"""Plans a wave: checks it against the embargo rules, compiles its messages, expands its audience; all or nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.clock import ZonedTime
from mailer.contacts.lists import members_of, require_current
from mailer.contacts.models import MediaList
from mailer.contacts.query_names import list_warnings
from mailer.errors import EmbargoMoved, NotApproved, TimePassed
from mailer.releases.models import Release, Version
from mailer.releases.versions import lock, missing_approvals
from mailer.rendering import Layout, Occasion, SenderIdentity
from mailer.schedule.audience import Expansion, expand, nobody
from mailer.schedule.live import let_go_beside
from mailer.schedule.models import Audience, Wave, WaveState
from mailer.schedule.rules import check_plan, check_stale
from mailer.schedule.texts import Texts, source_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What an officer asks for."""

    kind: Occasion
    due: ZonedTime | None
    """``None``: at once."""
    zone: str
    """In which "at once" is written down."""
    layout: Layout = Layout.PREFERRED
    template: str = "release"
    again: bool = False
    """Also to those who have it from another wave."""
    audience: Audience = Audience.FROZEN
    stale_after: timedelta | None = None
    """So long after its time it is not to be sent any more."""
    not_after: ZonedTime | None = None
    """The same as a moment; where both are given, whichever comes first."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What was scheduled."""

    wave: Wave
    expansion: Expansion
    warnings: tuple[str, ...]
    """About the list's queries and the mail itself; each once."""


def schedule(
    session: Session,
    release: Release,
    version: Version,
    media_list: MediaList,
    order: Order,
    *,
    templates: Path,
    sender: SenderIdentity,
    default_language: str,
    now: datetime,
    actor: Actor,
) -> Planned:
    """Put a wave into the plan, its messages compiled and its deliveries made, so that it opens in no time.

    Raises ``NotApproved``, ``TimePassed``, ``StaleTooSoon``, ``BeforeEmbargo``, ``AfterEmbargo``, ``NoEmbargo``,
    ``EmbargoMoved``, ``ListArchived``, ``NobodyToSendTo``, or what is wrong with the template; then nothing was
    scheduled, whatever else the caller does in its transaction.
    """
    require_current(media_list)
    # Two waves that are planned at once would not see each other's deliveries: who is on both would get it twice.
    lock(session, release)
    if missing := missing_approvals(version):
        raise NotApproved(version=version.number, release=release.slug, organisations=", ".join(missing))
    due = order.due or _at_once(now, order.zone)
    if due.instant < now.replace(microsecond=0):
        raise TimePassed(due=due, now=f"{now:%Y-%m-%d %H:%M} UTC")
    stale = _stale(order, due)
    if stale is not None:
        check_stale(due=due, stale=stale)
    frozen = version.frozen
    # The release's own may have been moved since the version was frozen; the wave would be held when it opens.
    for embargo in dict.fromkeys((frozen.embargo, release.embargo or frozen.embargo)):
        check_plan(release=release.slug, version=version.number, kind=order.kind, due=due, embargo=embargo)
    under_embargo = order.kind is Occasion.UNDER_EMBARGO
    if under_embargo and frozen.embargo and release.embargo and frozen.embargo.instant != release.embargo.instant:
        raise EmbargoMoved(release=release.slug, version=version.number, told=frozen.embargo, now=release.embargo)
    wave = Wave(
        release=release,
        version=version,
        media_list=media_list,
        kind=order.kind,
        layout=order.layout,
        template=order.template,
        state=WaveState.SCHEDULED,
        wall=due.wall.isoformat(),
        zone=due.zone,
        due_at=due.instant,
        scheduled_at=now,
        stale_at=stale.instant if stale else None,
        reason="",
        audience=order.audience,
        again=order.again,
        default_language=default_language,
    )
    # Undone as a whole even where the caller goes on: half an audience must never be opened.
    with session.begin_nested():
        session.add(wave)
        session.flush()
        source = source_of(session, wave, templates=templates, sender=sender)
        wave.source_sha256 = source.sha256
        texts = Texts(session, wave, lambda _: source)
        let_go_beside(session, wave, at=now, actor=actor)
        expansion = expand(
            session,
            wave,
            members_of(session, media_list, at=now),
            offered=tuple(source.issue.editions),
            compiled_for=texts.compiled_for,
            at=now,
            actor=actor,
        )
        if not expansion.deliveries:
            raise nobody(media_list, expansion.excluded)
    data: dict[str, object] = {
        "version": version.number,
        "sha256": version.sha256,
        "list": media_list.id,
        "kind": order.kind.value,
        "layout": order.layout.value,
        "wall": wave.wall,
        "zone": wave.zone,
        "due": due.instant.isoformat(),
        "audience": order.audience.value,
        "deliveries": expansion.deliveries,
        "excluded": {reason.value: count for reason, count in expansion.excluded.items()},
    }
    if stale is not None:
        data["stale"] = stale.instant.isoformat()
    if order.audience is Audience.LIVE:
        # By these somebody is let in later: see ``schedule.live``.
        rules = {"again": order.again, "default_language": default_language, "source_sha256": source.sha256}
        data["rules"] = {**rules, "template": order.template}
    append(session, Event.WAVE_SCHEDULED, at=now, actor=actor, release_id=release.id, wave_id=wave.id, data=data)
    return Planned(wave, expansion, (*list_warnings(session, media_list), *texts.warnings))


def _at_once(now: datetime, zone: str) -> ZonedTime:
    return ZonedTime.of(now.replace(microsecond=0), zone)


def _stale(order: Order, due: ZonedTime) -> ZonedTime | None:
    ends = [order.not_after] if order.not_after else []
    if order.stale_after is not None:
        ends.append(ZonedTime.of(due.instant + order.stale_after, due.zone))
    return min(ends, key=lambda end: end.instant, default=None)
