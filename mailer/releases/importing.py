"""Takes a release's file into the office: reads it, finds who issues it, keeps its picture, lays its edition."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit import Actor
from mailer.clock import ZonedTime
from mailer.contacts.models import Organisation
from mailer.contacts.organisations import require_organisation
from mailer.contacts.spelling import fold
from mailer.errors import EmbargoWithoutZone, SlugNeeded
from mailer.releases.content import EditionContent, Photo
from mailer.releases.intake import Doubt, Intake, read_release
from mailer.releases.models import Release
from mailer.releases.versions import add_edition, keep_picture, slug_for


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a file."""

    release: Release
    intake: Intake


def import_file(
    session: Session,
    file: Path,
    *,
    slug: str,
    language: str,
    organisations: Sequence[Organisation],
    photo: Path | None,
    embargo: ZonedTime | None,
    at: datetime,
    actor: Actor,
) -> Taken:
    """Add the edition that a file holds. What the caller gives goes before what the file says; nothing is guessed.

    Raises ``BadRelease``, ``UnreadableFile``, ``BadPicture``, ``UnknownOrganisation``, ``EmbargoWithoutZone``,
    ``SlugNeeded``, or what is wrong with the embargo's time.
    """
    intake = read_release(file, language=language)
    doubts = list(intake.doubts)
    if intake.embargo and embargo is None:
        if not intake.zone:
            raise EmbargoWithoutZone(file=file, embargo=intake.embargo)
        embargo = ZonedTime.parse(intake.embargo, intake.zone)
    content = intake.content
    picture = photo or (file.parent / intake.photo_file if intake.photo_file else None)
    if picture is not None:
        content = replace(content, photo=replace(content.photo or Photo(), asset=keep_picture(session, picture)))
    if content.photo and content.photo.asset and not (content.photo.alt or content.photo.caption):
        doubts.append(
            Doubt(line=0, text="the picture has no caption and no text for those who cannot see it (alt)")
        )
    issuers = list(organisations) or _issuers(session, intake)
    if not issuers:
        doubts.append(
            Doubt(
                line=0,
                text="who issues the release was not found in it; name the organisation with --organisation",
            )
        )
    name = slug or intake.slug or slug_for(content.headline)
    if not name:
        raise SlugNeeded(file=file)
    there = session.scalar(select(Release).where(Release.slug == name))
    before = there.embargo if there else None
    replaced = next((e.content for e in there.editions if e.language == content.language), None) if there else None
    if replaced and replaced.headline != content.headline:
        doubts.append(
            Doubt(
                line=0, text=f"it replaces “{replaced.headline}”; if that is another story, name this with --slug"
            )
        )
    if before and embargo and embargo != before:
        doubts.append(
            Doubt(
                line=0,
                text=f"the release was embargoed until {before} and is now until {embargo}; which is right?",
            )
        )
    release = add_edition(
        session,
        content,
        slug=name,
        organisations=issuers,
        embargo=embargo,
        embargo_line=intake.embargo_line,
        at=at,
        actor=actor,
    )
    return Taken(release, replace(intake, content=content, doubts=tuple(sorted(doubts))))


def _issuers(session: Session, intake: Intake) -> list[Organisation]:
    """Those that the front matter names, or whose boilerplate the release carries."""
    if intake.organisations:
        return [require_organisation(session, name) for name in intake.organisations]
    known = session.scalars(select(Organisation).order_by(Organisation.slug)).all()
    return [organisation for organisation in known if _has_boilerplate(intake.content, organisation)]


def _has_boilerplate(content: EditionContent, organisation: Organisation) -> bool:
    names = {fold(organisation.acronym), *(fold(text.name) for text in organisation.texts)}
    headings = [f" {fold(boilerplate.heading)} " for boilerplate in content.boilerplates]
    return any(f" {name} " in heading for name in names for heading in headings)
