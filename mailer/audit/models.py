"""The log's table. The database itself refuses to change or delete an entry (triggers, see migrations)."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from mailer.database import Base


class LogEntry(Base):
    """One event. It names people by number only: what erasure must reach lies beside the log, not in it."""

    __tablename__ = "log_entry"
    __table_args__ = (
        Index("ix_log_entry_release_id", "release_id"),
        Index("ix_log_entry_wave_id_event", "wave_id", "event"),
        Index("ix_log_entry_delivery_id", "delivery_id"),
        Index("ix_log_entry_contact_id", "contact_id"),
    )

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(String(60))
    actor: Mapped[str] = mapped_column(String(120))
    release_id: Mapped[int | None]
    wave_id: Mapped[int | None]
    delivery_id: Mapped[int | None] = mapped_column(BigInteger)
    contact_id: Mapped[int | None]
    data: Mapped[dict[str, object]] = mapped_column(JSON)
