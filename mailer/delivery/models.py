"""The tables of sending: the processes that send, and every attempt with the relay's reply."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from mailer.database import Base
from mailer.schedule.models import BigId


class Process(Base):
    """A running ``dateline run``; it is alive as long as it holds its lock (see ``delivery.claims``)."""

    __tablename__ = "process"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    started_at: Mapped[datetime]
    beat_at: Mapped[datetime]
    """The last sign of life of its clockwork, written every few seconds."""
    ended_at: Mapped[datetime | None]


class Attempt(Base):
    """One SMTP conversation about one delivery. The reply's text may hold an address, so it is kept here, where
    erasure reaches, and not in the log."""

    __tablename__ = "attempt"

    delivery_id: Mapped[int] = mapped_column(BigId, ForeignKey("delivery.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    relay: Mapped[str] = mapped_column(String(60))
    stage: Mapped[str] = mapped_column(String(20))
    """How far the conversation came."""
    code: Mapped[int]
    """Of RFC 5321 4.2; 0 where there was no reply."""
    enhanced: Mapped[str] = mapped_column(String(16))
    """Of RFC 3463; empty where the relay gave none."""
    text: Mapped[str] = mapped_column(String(500))
