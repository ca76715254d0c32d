"""The tables of the plan: waves, the deliveries they were expanded into, and who was left out."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from mailer.clock import ZonedTime
from mailer.contacts.models import MediaList
from mailer.database import Base, kept_as_text
from mailer.releases.models import Release, Version
from mailer.rendering import Layout, Occasion

BigId = BigInteger().with_variant(Integer, "sqlite")


class WaveState(StrEnum):
    """Where a wave stands; ``schedule.waves`` has the only ways from one to another."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    HELD = "held"
    """Waits for an officer: missed by more than its grace, or the clock is not to be trusted."""
    CANCELLED = "cancelled"
    DONE = "done"


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    SENDING = "sending"
    """Claimed by a process that sends."""
    ACCEPTED = "accepted"
    """A relay answered 2yz to the message."""
    DEFERRED = "deferred"
    """A passing failure (4yz, network); tried again at ``next_at``."""
    FAILED = "failed"
    IN_DOUBT = "in-doubt"
    """The process or the connection died between the end of the data and the reply."""
    HELD = "held"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"

    # A member is its text, in C: the enumeration's own way costs a call for each look into a table.
    __hash__ = str.__hash__


OPEN_STATES = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.DEFERRED, DeliveryState.IN_DOUBT)
"""A wave with none of these left is done."""

RECEIVING_STATES = (*OPEN_STATES, DeliveryState.ACCEPTED, DeliveryState.HELD)
"""She has it, or may yet have it."""


class Audience(StrEnum):
    """Whose a wave is."""

    FROZEN = "frozen"
    """Of those who were on its media list when it was scheduled."""
    LIVE = "live"
    """Of those who are on it when the wave opens; see ``schedule.live``."""


class ExclusionReason(StrEnum):
    """Why a contact of the audience gets nothing."""

    SUPPRESSED = "suppressed"
    SUPPRESSED_DOMAIN = "suppressed-domain"
    UNSUBSCRIBED = "unsubscribed"
    """From one of the organisations that issue the release."""
    NO_EMBARGO_TERMS = "no-embargo-terms"
    ALREADY_RECEIVES = "already-receives"
    """She has, or is about to have, this release from another wave of the same kind, in whichever version."""
    LEFT_LIST = "left-list"
    """She was in a live audience, and has left the list before the wave opened."""


class Wave(Base):
    """One dispatch of one version to one audience at one time."""

    __tablename__ = "wave"
    __table_args__ = (
        Index("ix_wave_state_due_at", "state", "due_at"),
        Index("ix_wave_release_id", "release_id"),
        CheckConstraint("kind IN ('under-embargo', 'public')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("version.id"))
    list_id: Mapped[int] = mapped_column(ForeignKey("media_list.id"))
    kind: Mapped[Occasion] = mapped_column(kept_as_text(Occasion))
    layout: Mapped[Layout] = mapped_column(kept_as_text(Layout))
    template: Mapped[str] = mapped_column(String(60))
    state: Mapped[WaveState] = mapped_column(kept_as_text(WaveState))
    wall: Mapped[str] = mapped_column(String(20))
    """ISO 8601 without offset: what the clocks on the wall show when it goes out."""
    zone: Mapped[str] = mapped_column(String(60))
    due_at: Mapped[datetime]
    scheduled_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    """The date of its messages; set once."""
    give_up_at: Mapped[datetime | None]
    """What has not been handed over by then has failed. Counted anew whenever an officer lets it go on."""
    stale_at: Mapped[datetime | None]
    """From then on none of it may leave, as an officer said when she scheduled it."""
    done_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    """When an officer let it go after it had been held: its lateness is no longer a reason to hold it."""
    reason: Mapped[str] = mapped_column(String(300), default="")
    """Why it is held, paused or cancelled."""
    audience: Mapped[Audience] = mapped_column(kept_as_text(Audience), default=Audience.FROZEN)
    refreshed_at: Mapped[datetime | None]
    """When a live audience was last brought up to date."""
    again: Mapped[bool] = mapped_column(default=False)
    """Also to those who have it from another wave: who comes to a live audience is let in by the same rules."""
    default_language: Mapped[str] = mapped_column(String(20), default="")
    """For who reads none of the release's languages, as it was when the wave was scheduled."""
    source_sha256: Mapped[str] = mapped_column(String(64), default="")
    """Of what its texts were compiled with: see ``schedule.texts.Source``. Empty in a wave of an older Dateline."""

    release: Mapped[Release] = relationship(lazy="joined")
    version: Mapped[Version] = relationship(lazy="joined")
    media_list: Mapped[MediaList] = relationship(lazy="joined")

    @property
    def due(self) -> ZonedTime:
        """Its time as wall time, zone and instant."""
        return ZonedTime(datetime.fromisoformat(self.wall), self.zone, self.due_at)

    @property
    def follows_list(self) -> bool:
        """Whether its audience may yet change with its media list."""
        ended = self.state in (WaveState.CANCELLED, WaveState.DONE)
        return self.audience is Audience.LIVE and self.opened_at is None and not ended

    @property
    def frozen_at(self) -> datetime | None:
        """Since when its audience is settled; ``None`` while it follows the list."""
        if self.follows_list:
            return None
        return self.scheduled_at if self.audience is Audience.FROZEN else self.opened_at or self.done_at

    @property
    def stale(self) -> ZonedTime | None:
        """From when on it is stale, in its own zone."""
        return ZonedTime.of(self.stale_at, self.zone) if self.stale_at else None

    def is_stale(self, now: datetime) -> bool:
        """Whether it must not be sent any more at that instant."""
        return self.stale_at is not None and now >= self.stale_at


class CompiledText(Base):
    """What is the same in many of a wave's messages, compiled when it was scheduled and kept as evidence."""

    __tablename__ = "compiled_text"
    __table_args__ = (UniqueConstraint("wave_id", "languages", "city_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"))
    languages: Mapped[str] = mapped_column(String(200))
    """The editions in it, in their order, between commas."""
    city_id: Mapped[int | None] = mapped_column(ForeignKey("city.id"))
    """Null where the text does not depend on the contact's city."""
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))
    """See ``rendering.CompiledMessage.to_bytes``; pictures are named by hash and lie in ``asset``."""


class Delivery(Base):
    """One wave to one contact at one address; what is personal in its message is kept with it."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("wave_id", "contact_id"),
        UniqueConstraint("wave_id", "address_key"),
        UniqueConstraint("token"),
        # What is next, what is left, and how many are where: each without a look at the rows.
        Index("ix_delivery_wave_id_state_id", "wave_id", "state", "id"),
        Index(
            "ix_delivery_deferred",
            "wave_id",
            "next_at",
            sqlite_where=text("state = 'deferred'"),
            postgresql_where=text("state = 'deferred'"),
        ),
        # What was sent between two times; what waits is not in it, so that planning costs nothing more.
        Index(
            "ix_delivery_finished_at",
            "finished_at",
            sqlite_where=text("finished_at IS NOT NULL"),
            postgresql_where=text("finished_at IS NOT NULL"),
        ),
        Index("ix_delivery_contact_id", "contact_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    compiled_id: Mapped[int] = mapped_column(ForeignKey("compiled_text.id"))
    name: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(320))
    address_key: Mapped[str] = mapped_column(String(320))
    language: Mapped[str] = mapped_column(String(20))
    """Of the edition, or of the first one in her mail."""
    token: Mapped[str] = mapped_column(String(32))
    """Names this delivery in its Message-ID, envelope sender and unsubscribe link; can't be guessed."""
    state: Mapped[DeliveryState] = mapped_column(kept_as_text(DeliveryState))
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None]
    """When a deferred one is tried again."""
    process_id: Mapped[str | None] = mapped_column(String(32))
    """The process that has claimed it, while it is ``sending``."""
    finished_at: Mapped[datetime | None]
    sha256: Mapped[str] = mapped_column(String(64), default="")
    """Of the message that a relay has taken, or may have (CRLF lines, before dot-stuffing); empty before that. Whoever
    may have it gets no other under its Message-ID."""


class Exclusion(Base):
    """A contact of a wave's audience who gets nothing, and why."""

    __tablename__ = "exclusion"

    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), primary_key=True)
    reason: Mapped[ExclusionReason] = mapped_column(kept_as_text(ExclusionReason))
