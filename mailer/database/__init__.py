"""The database: SQLite or PostgreSQL by URL alone.

``engine`` opens it and gives reading and writing sessions; ``base`` is what every model is built on; ``bulk`` is for
the few places that every delivery passes.
"""

from mailer.database.base import Base, UTCDateTime
from mailer.database.bulk import bulk, fetch, is_sqlite, storing
from mailer.database.engine import Database, first_line

__all__ = ["Base", "Database", "UTCDateTime", "bulk", "fetch", "first_line", "is_sqlite", "storing"]
