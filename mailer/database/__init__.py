"""The database: SQLite or PostgreSQL by URL alone.

``engine`` opens it and gives reading and writing sessions; ``base`` is what every model is built on.
"""

from mailer.database.base import Base, UTCDateTime
from mailer.database.engine import Database

__all__ = ["Base", "Database", "UTCDateTime"]
