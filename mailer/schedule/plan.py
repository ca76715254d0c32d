"""Plans a wave: checks it against the embargo rules, compiles its messages, expands its audience; all or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.clock import ZonedTime
from mailer.contacts.cities import known_city
from mailer.contacts.lists import members_of, require_current
from mailer.contacts.models import City, MediaList, Organisation
from mailer.contacts.query_names import list_warnings
from mailer.errors import EmbargoMoved, NobodyToSendTo, NotApproved, TimePassed
from mailer.releases.content import VersionContent
from mailer.releases.models import Asset, Release, Version
from mailer.releases.versions import lock, missing_approvals
from mailer.rendering import (
    Asset as Picture,
)
from mailer.rendering import (
    CompiledMessage,
    Issue,
    Layout,
    Occasion,
    Place,
    SenderIdentity,
    Template,
    compile_message,
    load_template,
)
from mailer.schedule.audience import Expansion, expand
from mailer.schedule.models import CompiledText, ExclusionReason, Wave, WaveState
from mailer.schedule.rules import check_plan, check_stale

EXCLUDED_WORDS: Mapping[ExclusionReason, str] = {
    ExclusionReason.SUPPRESSED: "must not be written to",
    ExclusionReason.SUPPRESSED_DOMAIN: "are at a domain that must not be written to",
    ExclusionReason.UNSUBSCRIBED: "have unsubscribed from an organisation that issues it",
    ExclusionReason.NO_EMBARGO_TERMS: "have not accepted the embargo terms",
    ExclusionReason.ALREADY_RECEIVES: "have it from another wave already",
}


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
    )
    # Undone as a whole even where the caller goes on: half an audience must never be opened.
    with session.begin_nested():
        session.add(wave)
        session.flush()
        issue = issue_of(session, frozen, version, kind=order.kind, sender=sender)
        texts = _Texts(session, wave, load_template(templates, order.template), issue)
        expansion = expand(
            session,
            wave,
            members_of(session, media_list, at=now),
            offered=tuple(issue.editions),
            default_language=default_language,
            again=order.again,
            compiled_for=texts.compiled_for,
            at=now,
            actor=actor,
        )
        if not expansion.deliveries:
            raise _nobody(media_list, expansion)
    data: dict[str, object] = {
        "version": version.number,
        "sha256": version.sha256,
        "list": media_list.id,
        "kind": order.kind.value,
        "layout": order.layout.value,
        "wall": wave.wall,
        "zone": wave.zone,
        "due": due.instant.isoformat(),
        "deliveries": expansion.deliveries,
        "excluded": {reason.value: count for reason, count in expansion.excluded.items()},
    }
    if stale is not None:
        data["stale"] = stale.instant.isoformat()
    append(session, Event.WAVE_SCHEDULED, at=now, actor=actor, release_id=release.id, wave_id=wave.id, data=data)
    return Planned(wave, expansion, (*list_warnings(session, media_list), *texts.warnings))


def _at_once(now: datetime, zone: str) -> ZonedTime:
    return ZonedTime.of(now.replace(microsecond=0), zone)


def _stale(order: Order, due: ZonedTime) -> ZonedTime | None:
    ends = [order.not_after] if order.not_after else []
    if order.stale_after is not None:
        ends.append(ZonedTime.of(due.instant + order.stale_after, due.zone))
    return min(ends, key=lambda end: end.instant, default=None)


def _nobody(media_list: MediaList, expansion: Expansion) -> NobodyToSendTo:
    reasons = "; ".join(f"{count} {EXCLUDED_WORDS[reason]}" for reason, count in expansion.excluded.items())
    return NobodyToSendTo(
        name=media_list.name,
        excluded=expansion.excluded.total(),
        reasons=f"{reasons[:1].upper()}{reasons[1:]}."
        if reasons
        else "The list is empty: see dateline lists show.",
    )


def issue_of(
    session: Session, content: VersionContent, version: Version | None, *, kind: Occasion, sender: SenderIdentity
) -> Issue:
    """What the templates are given: a version's content (or, for a preview, a draft's) with pictures and places."""
    wanted = {e.photo.asset for e in content.editions if e.photo and e.photo.asset}
    pictures = {
        asset.sha256: Picture(media_type=asset.media_type, content=asset.content)
        for asset in session.scalars(select(Asset).where(Asset.sha256.in_(wanted)))
    }
    organisations = session.scalars(
        select(Organisation).where(Organisation.slug.in_(content.organisations)).order_by(Organisation.slug)
    )
    cities = {city.name: city for e in content.editions for name in e.cities if (city := known_city(name))}
    return Issue(
        slug=content.slug,
        version=version.number if version else 0,
        version_sha256=version.sha256 if version else "",
        editions={edition.language: edition for edition in content.editions},
        occasion=kind,
        embargo=content.embargo,
        dateline_places=tuple(Place(names=city.names, zone=city.zone) for city in cities.values()),
        assets=pictures,
        sender=sender,
        organisations=tuple(
            {text.language: text.name for text in organisation.texts} or {"en": organisation.acronym}
            for organisation in organisations
        ),
    )


class _Texts:
    """The compiled texts of one wave, each made when the first contact needs it."""

    def __init__(self, session: Session, wave: Wave, template: Template, issue: Issue) -> None:
        self._session, self._wave, self._template, self._issue = session, wave, template, issue
        self._places = {city.id: place_of(city) for city in session.scalars(select(City))}
        self._ids: dict[tuple[tuple[str, ...], int | None], int] = {}
        self.warnings: dict[str, None] = {}

    def compiled_for(self, languages: tuple[str, ...], city_id: int) -> int:
        """The id of the text for those editions in that city."""
        for known in ((languages, None), (languages, city_id)):
            if known in self._ids:
                return self._ids[known]
        message = compile_message(self._template, self._issue, languages=languages, place=self._places[city_id])
        self.warnings |= dict.fromkeys(message.warnings)
        key = (languages, city_id if message.uses_place else None)
        self._ids[key] = self._keep(message, *key)
        return self._ids[key]

    def _keep(self, message: CompiledMessage, languages: tuple[str, ...], city_id: int | None) -> int:
        text = CompiledText(
            wave_id=self._wave.id, languages=",".join(languages), city_id=city_id, content=message.to_bytes()
        )
        self._session.add(text)
        self._session.flush()
        return text.id


def place_of(city: City) -> Place:
    """A city as templates are given it."""
    return Place(names={"en": city.name, "ar": city.arabic, "fr": city.french}, zone=city.zone)
