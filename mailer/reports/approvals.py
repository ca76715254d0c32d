"""Who approved which version of a release when, and whether that version is the one that was sent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from mailer.audit import Event, LogEntry
from mailer.contacts.models import Organisation
from mailer.releases.models import Release, Version
from mailer.reports.report import Column, Figure, Kind, Report, Row, seal_of
from mailer.reports.words import said
from mailer.schedule.models import Delivery, DeliveryState, Wave

SENT, NOT_SENT = "sent", "not-sent"

_COLUMNS = (
    Column("version", said("Version"), Kind.NUMBER),
    Column("version_sha256", said("SHA-256 of the version"), printed=False),
    Column("frozen_at", said("Frozen"), Kind.INSTANT),
    Column("frozen_by", said("Frozen by"), width=2),
    Column("organisation", said("Organisation"), width=2),
    Column("approved_at", said("Approved"), Kind.INSTANT),
    Column("approved_by", said("Approved by"), width=2),
    Column("sent", said("Sent?"), Kind.WORD, words={SENT: said("sent"), NOT_SENT: said("not sent")}, width=0),
    Column("waves", said("Waves"), Kind.LIST, width=1),
    Column("accepted", said("Accepted by relays"), Kind.NUMBER),
)


def approvals(session: Session, release: Release, *, at: datetime) -> Report:
    """The answer: a row for each version and each organisation that issues it, also for one that has not approved."""
    sendings = _sendings(session, release)
    rows = list(_rows(session, release, sendings))
    return Report(
        question="approvals",
        title=said("Who approved %(release)s", release=release.slug),
        asked=(),
        made_at=at,
        columns=_COLUMNS,
        rows=rows,
        figures=(
            Figure("versions", said("Versions"), len(release.versions)),
            Figure("approvals", said("Approvals"), sum(row[5] is not None for row in rows)),
        ),
        notes=(
            *(
                said("Version %(version)s has the SHA-256 %(sha256)s.", version=v.number, sha256=v.sha256)
                for v in release.versions
            ),
            said("Sent means that a relay took at least one message with this version."),
        ),
        seal=seal_of(session),
        release_id=release.id,
    )


@dataclass(frozen=True, slots=True)
class _Sending:
    wave: int
    accepted: int


def _rows(session: Session, release: Release, sendings: Mapping[int, Sequence[_Sending]]) -> Iterator[Row]:
    froze = _frozen_by(session, release)
    acronyms: Mapping[str, str] = dict(session.execute(select(Organisation.slug, Organisation.acronym)).all())
    for version in release.versions:
        waves = sendings.get(version.id, ())
        accepted = sum(wave.accepted for wave in waves)
        given = {approval.organisation.slug: approval for approval in version.approvals}
        for slug in version.frozen.organisations:
            approval = given.get(slug)
            yield (
                version.number,
                version.sha256,
                version.frozen_at,
                froze.get(version.number, ""),
                acronyms.get(slug, slug),
                approval.at if approval else None,
                approval.actor if approval else "",
                SENT if accepted else NOT_SENT,
                tuple(str(wave.wave) for wave in waves if wave.accepted),
                accepted,
            )


def _sendings(session: Session, release: Release) -> Mapping[int, Sequence[_Sending]]:
    """By the version's id: its waves, with how many of their messages a relay took."""
    taken = and_(Delivery.wave_id == Wave.id, Delivery.state == DeliveryState.ACCEPTED)
    query = (
        select(Wave.version_id, Wave.id, func.count(Delivery.id))
        .join(Version, Version.id == Wave.version_id)
        .outerjoin(Delivery, taken)
        .where(Version.release_id == release.id)
        .group_by(Wave.version_id, Wave.id)
        .order_by(Wave.id)
    )
    found: dict[int, list[_Sending]] = {}
    for version_id, wave, accepted in session.execute(query):
        found.setdefault(version_id, []).append(_Sending(wave, accepted))
    return found


def _frozen_by(session: Session, release: Release) -> Mapping[int, str]:
    """Who froze each version, by its number, as the log has it."""
    # Such an entry is about no wave: with that, the index of waves and events leads to it past all deliveries.
    query = select(LogEntry.data, LogEntry.actor).where(
        LogEntry.wave_id.is_(None), LogEntry.event == Event.VERSION_FROZEN, LogEntry.release_id == release.id
    )
    return {
        number: actor for data, actor in session.execute(query) if isinstance(number := data.get("version"), int)
    }
