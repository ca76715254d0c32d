"""Keeps releases: adds editions, freezes a version with its hash, takes the organisations' approvals."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.clock import ZonedTime
from mailer.contacts.models import Organisation
from mailer.contacts.spelling import fold
from mailer.errors import (
    AlreadyApproved,
    BadPicture,
    BadSlug,
    NotFrozen,
    NotIssuedBy,
    ReleaseIncomplete,
    UnknownRelease,
    UnreadableFile,
    nearest,
)
from mailer.releases.content import EditionContent, Photo, VersionContent, digest
from mailer.releases.models import Approval, Asset, Edition, Release, Version

MAX_PICTURE = 2_000_000
"""Bytes. A picture travels in every mail: above this a mailbox refuses or a phone waits."""

_EMBARGO_LINE = 300  # characters, as in the table

_MAGIC = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"GIF8": "image/gif"}
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)


def slug_for(headline: str) -> str:
    """A short name from a headline in Latin letters; empty where there are none to make it from."""
    words = re.findall(r"[a-z0-9]+", fold(headline))
    return "-".join(words[:8])[:80].strip("-")


def release_named(session: Session, slug: str) -> Release:
    """The release of that slug. Raises ``UnknownRelease``."""
    release = session.scalar(select(Release).where(Release.slug == slug))
    if release is None:
        raise UnknownRelease(release=slug, nearest=nearest(slug, session.scalars(select(Release.slug)).all()))
    return release


def all_releases(session: Session) -> Sequence[Release]:
    """Every release, the newest first."""
    return session.scalars(select(Release).order_by(Release.added_at.desc(), Release.id.desc())).all()


def keep_picture(session: Session, file: Path) -> str:
    """Take a picture's bytes; returns their SHA-256. Raises ``UnreadableFile`` or ``BadPicture``."""
    try:
        with file.open("rb") as handle:
            content = handle.read(MAX_PICTURE + 1)
    except OSError as error:
        raise UnreadableFile(file=file, reason=error.strerror or "unknown reason") from error
    if len(content) > MAX_PICTURE:
        raise BadPicture(file=file, reason=f"it is larger than {MAX_PICTURE // 1_000_000} MB")
    media_type = next((name for magic, name in _MAGIC.items() if content.startswith(magic)), None)
    if media_type is None:
        raise BadPicture(file=file, reason="it is not a JPEG, PNG or GIF picture")
    asset = digest(content)
    if session.get(Asset, asset) is None:
        session.add(Asset(sha256=asset, media_type=media_type, content=content))
        session.flush()
    return asset


def add_edition(
    session: Session,
    content: EditionContent,
    *,
    slug: str,
    organisations: Sequence[Organisation],
    embargo: ZonedTime | None,
    embargo_line: str,
    at: datetime,
    actor: Actor,
) -> Release:
    """Add an edition to the release of that slug, which is made if it isn't there; one that is there is replaced.

    An edition without a picture takes the one that another edition of the release has. Organisations are added
    to those that it has; an embargo, where given, replaces the one that it has. Raises ``BadSlug``.
    """
    if not _SLUG.fullmatch(slug) or len(slug) > 80:
        raise BadSlug(slug=slug)
    release = session.scalar(select(Release).where(Release.slug == slug))
    fresh = release is None
    if release is None:
        release = Release(slug=slug, added_at=at, embargo_line="")
        session.add(release)
    changed = _lay_edition(release, content)
    data: dict[str, object] = {"language": content.language, "changed": changed}
    new = [o for o in organisations if o not in release.organisations]
    if new:
        release.organisations.extend(new)
        changed.append("organisations")
    if embargo is not None and embargo != release.embargo:
        release.embargo = embargo
        changed.append("embargo")
        data |= _told(embargo)
    line = "" if release.embargo else embargo_line[:_EMBARGO_LINE] or release.embargo_line
    if line != release.embargo_line:
        release.embargo_line = line
        changed.append("embargo_line")
    session.flush()
    if fresh or changed:
        event = Event.RELEASE_ADDED if fresh else Event.RELEASE_CHANGED
        append(session, event, at=at, actor=actor, release_id=release.id, data=data)
    return release


def _lay_edition(release: Release, content: EditionContent) -> list[str]:
    editions = {edition.language: edition for edition in release.editions}
    edition = editions.get(content.language)
    former = _asset(edition.content) if edition else ""
    shared = next(filter(None, (_asset(other.content) for other in release.editions)), "")
    content = _with_asset(content, _asset(content) or former or shared)
    changed = []
    if edition is None:
        release.editions.append(Edition(language=content.language, content_json=content.to_json()))
        changed.append(f"edition {content.language}")
    elif edition.content != content:
        edition.content = content
        changed.append(f"edition {content.language}")
    # A picture belongs to the release: editions that had none, or the one that this edition had before, take it too.
    for other in release.editions:
        told = other.content
        if _asset(content) and _asset(told) in ("", former) and _asset(told) != _asset(content):
            other.content = _with_asset(told, _asset(content))
            changed.append(f"edition {other.language}")
    return changed


def _asset(content: EditionContent) -> str:
    return content.photo.asset if content.photo else ""


def _with_asset(content: EditionContent, asset: str) -> EditionContent:
    return replace(content, photo=replace(content.photo or Photo(), asset=asset)) if asset else content


def set_embargo(
    session: Session, release: Release, embargo: ZonedTime | None, *, at: datetime, actor: Actor
) -> None:
    """Set, move or take away the embargo of what is frozen from now on."""
    if release.embargo == embargo and not release.embargo_line:
        return
    release.embargo, release.embargo_line = embargo, ""
    session.flush()
    data = {"changed": ["embargo"]} | _told(embargo)
    append(session, Event.RELEASE_CHANGED, at=at, actor=actor, release_id=release.id, data=data)


def _told(embargo: ZonedTime | None) -> dict[str, object]:
    """For the log."""
    return {
        "embargo": embargo.instant.isoformat() if embargo else None,
        "zone": embargo.zone if embargo else None,
    }


def lock(session: Session, release: Release) -> None:
    """Have the release to oneself until the end of the transaction, as others have left it: two that freeze, approve
    or plan at once would not see each other's work."""
    session.flush()
    session.refresh(release, with_for_update=True)


def current_content(release: Release) -> VersionContent:
    """What would be frozen now."""
    return VersionContent(
        slug=release.slug,
        organisations=tuple(o.slug for o in release.organisations),
        embargo=release.embargo,
        editions=tuple(e.content for e in release.editions),
    )


def freeze(session: Session, release: Release, *, at: datetime, actor: Actor) -> Version:
    """The version of what the release says now: the latest one if nothing has changed since, else a new one.

    Raises ``ReleaseIncomplete`` while something is missing that must not be guessed.
    """
    lock(session, release)
    _require_complete(release)
    text = current_content(release).canonical()
    sha256 = digest(text.encode())
    latest = latest_version(release)
    if latest is not None and latest.sha256 == sha256:
        return latest
    number = latest.number + 1 if latest else 1
    version = Version(
        release_id=release.id,
        number=number,
        content=text,
        sha256=sha256,
        frozen_at=at,
        embargo_at=release.embargo_at,
    )
    release.versions.append(version)
    session.flush()
    data = {"version": number, "sha256": sha256}
    append(session, Event.VERSION_FROZEN, at=at, actor=actor, release_id=release.id, data=data)
    return version


def _require_complete(release: Release) -> None:
    def refuse(reason: str, remedy: str) -> ReleaseIncomplete:
        return ReleaseIncomplete(release=release.slug, reason=reason, remedy=remedy)

    if release.embargo_line:
        raise refuse(
            f"its text speaks of an embargo (“{release.embargo_line[:80]}”) that nobody has entered",
            "Enter it: dateline releases embargo RELEASE --at '2026-12-22 10:00' --zone Asia/Beirut, "
            "or say that there is none with --none.",
        )
    if not release.organisations:
        raise refuse(
            "no organisation issues it",
            "Import it again with --organisation and the organisation's slug.",
        )
    for edition in release.editions:
        for part in ("headline", "body"):
            if not getattr(edition.content, part).strip():
                raise refuse(f"its {edition.language} edition has no {part}", "Import that edition again.")


def latest_version(release: Release) -> Version | None:
    """The version with the highest number."""
    return max(release.versions, key=lambda v: v.number, default=None)


def version_numbered(release: Release, number: int | None) -> Version:
    """That version, or the latest one. Raises ``NotFrozen``."""
    found = [v for v in release.versions if number in (None, v.number)]
    if not found:
        raise NotFrozen(release=release.slug, number=f"version {number}" if number else "a version")
    return max(found, key=lambda v: v.number)


def versions_between(release: Release, before: int | None, after: int | None) -> tuple[Version, Version]:
    """The two versions of these numbers: the latest, and the one before it, where they are left out.

    Raises ``NotFrozen``.
    """
    new = version_numbered(release, after)
    if before is not None:
        return version_numbered(release, before), new
    older = [version for version in release.versions if version.number < new.number]
    if not older:
        raise NotFrozen(release=release.slug, number=f"a version before version {new.number}")
    return max(older, key=lambda version: version.number), new


def approve(
    session: Session, release: Release, version: Version, organisation: Organisation, *, at: datetime, actor: Actor
) -> Approval:
    """One organisation signs off one version. Raises ``NotIssuedBy`` or ``AlreadyApproved``."""
    lock(session, release)
    session.refresh(version, ["approvals"])
    if organisation.slug not in version.frozen.organisations:
        raise NotIssuedBy(release=release.slug, organisation=organisation.acronym)
    if any(a.organisation_id == organisation.id for a in version.approvals):
        raise AlreadyApproved(release=release.slug, organisation=organisation.acronym, version=version.number)
    approval = Approval(organisation=organisation, at=at, actor=actor)
    version.approvals.append(approval)
    session.flush()
    data = {"version": version.number, "sha256": version.sha256, "organisation": organisation.slug}
    append(session, Event.VERSION_APPROVED, at=at, actor=actor, release_id=release.id, data=data)
    return approval


def missing_approvals(version: Version) -> tuple[str, ...]:
    """The slugs of the organisations that have not approved it yet."""
    given = {a.organisation.slug for a in version.approvals}
    return tuple(slug for slug in version.frozen.organisations if slug not in given)
