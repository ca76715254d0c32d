"""The tables of releases: editions and pictures, frozen versions and their approvals."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from mailer.clock import ZonedTime
from mailer.contacts.models import Organisation
from mailer.database import Base
from mailer.releases.content import EditionContent, VersionContent


class Release(Base):
    """One piece of news."""

    __tablename__ = "release"
    __table_args__ = (
        CheckConstraint(
            "(embargo_at IS NULL) = (embargo_wall IS NULL) AND (embargo_at IS NULL) = (embargo_zone IS NULL)",
            name="embargo_whole",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    added_at: Mapped[datetime]
    embargo_wall: Mapped[str | None] = mapped_column(String(20))
    """ISO 8601 without offset: what the clocks on the wall show. Null where there is no embargo."""
    embargo_zone: Mapped[str | None] = mapped_column(String(60))
    embargo_at: Mapped[datetime | None]
    embargo_line: Mapped[str] = mapped_column(String(300), default="")
    """An embargo that the text speaks of and nobody has entered yet; nothing is frozen before that."""
    organisations: Mapped[list[Organisation]] = relationship(
        secondary="release_organisation", order_by=Organisation.slug, lazy="selectin"
    )
    editions: Mapped[list["Edition"]] = relationship(
        cascade="all, delete-orphan", order_by="Edition.language", lazy="selectin"
    )
    versions: Mapped[list["Version"]] = relationship(order_by="Version.number", lazy="selectin")

    @property
    def embargo(self) -> ZonedTime | None:
        """The embargo as wall time, zone and instant."""
        if self.embargo_at is None or self.embargo_wall is None or self.embargo_zone is None:
            return None
        return ZonedTime(datetime.fromisoformat(self.embargo_wall), self.embargo_zone, self.embargo_at)

    @embargo.setter
    def embargo(self, value: ZonedTime | None) -> None:
        self.embargo_wall = value.wall.isoformat() if value else None
        self.embargo_zone = value.zone if value else None
        self.embargo_at = value.instant if value else None


class ReleaseOrganisation(Base):
    """An organisation that issues a release; a joint release has several."""

    __tablename__ = "release_organisation"

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)


class Edition(Base):
    """A release in one language, as it stands now; a version keeps what it said."""

    __tablename__ = "edition"
    __table_args__ = (UniqueConstraint("release_id", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"))
    language: Mapped[str] = mapped_column(String(20))
    content_json: Mapped[dict[str, Any]] = mapped_column("content", JSON)

    @property
    def content(self) -> EditionContent:
        """What it says."""
        return EditionContent.from_json(self.content_json)

    @content.setter
    def content(self, value: EditionContent) -> None:
        self.language = value.language
        self.content_json = value.to_json()


class Asset(Base):
    """A picture's bytes, kept once under their own hash."""

    __tablename__ = "asset"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(60))
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))


class Version(Base):
    """The frozen text of all editions."""

    __tablename__ = "version"
    __table_args__ = (UniqueConstraint("release_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"))
    number: Mapped[int]
    content: Mapped[str] = deferred(mapped_column(Text, nullable=False))
    """The canonical form, see ``releases.content``."""
    sha256: Mapped[str] = mapped_column(String(64))
    frozen_at: Mapped[datetime]
    embargo_at: Mapped[datetime | None]
    """The instant of the embargo in ``content``."""
    approvals: Mapped[list["Approval"]] = relationship(order_by="Approval.id", lazy="selectin")

    @property
    def frozen(self) -> VersionContent:
        """What it says."""
        return VersionContent.parse(self.content)


class Approval(Base):
    """One organisation's sign-off of one version."""

    __tablename__ = "approval"
    __table_args__ = (UniqueConstraint("version_id", "organisation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("version.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(120))
    """Who entered it; see ``audit.Actor``."""
    organisation: Mapped[Organisation] = relationship(lazy="joined")
