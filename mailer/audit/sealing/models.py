"""The tables of the seal, which the database itself keeps from being changed (see migrations), and its witnesses.

Only a tile that is not full may grow, at its end.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Integer, LargeBinary, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mailer.database import Base

_BIG = BigInteger().with_variant(Integer, "sqlite")


class LogRun(Base):
    """Entries that follow each other by number and in the tree; so many of them that none needs a row of its own."""

    __tablename__ = "log_run"
    __table_args__ = (UniqueConstraint("first_entry_id"),)

    first_index: Mapped[int] = mapped_column(_BIG, primary_key=True, autoincrement=False)
    """Where the first of them stands in the tree, from 0."""
    first_entry_id: Mapped[int] = mapped_column(BigInteger)
    length: Mapped[int]


class LogTile(Base):
    """Hashes of the tree, 256 to a tile, by the C2SP specification tlog-tiles."""

    __tablename__ = "log_tile"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """0 for hashes of leaves; one more is eight levels higher in the tree."""
    number: Mapped[int] = mapped_column(_BIG, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)


class LogCheckpoint(Base):
    """The tree of so many entries, signed."""

    __tablename__ = "log_checkpoint"

    size: Mapped[int] = mapped_column(_BIG, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text)
    settled_entry_id: Mapped[int] = mapped_column(BigInteger)
    """No entry up to this number will come any more that is not sealed."""


class LogWitness(Base):
    """Who else is given checkpoints, and how that went. No part of the seal: it may be changed."""

    __tablename__ = "log_witness"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    tried_at: Mapped[datetime]
    given_at: Mapped[datetime | None]
    size: Mapped[int] = mapped_column(BigInteger)
    """Entries of the last checkpoint that it took; 0 before it took one."""
    trouble: Mapped[str] = mapped_column(Text)
    """Why it could not be given the last one; empty where it has it."""


def last_checkpoint(session: Session) -> LogCheckpoint | None:
    """The one of most entries; ``None`` before there is any."""
    return session.scalars(select(LogCheckpoint).order_by(LogCheckpoint.size.desc()).limit(1)).first()
