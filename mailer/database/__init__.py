"""The database: SQLite or PostgreSQL by URL alone.

``engine`` opens it and gives reading and writing sessions; ``base`` is what every model is built on; ``bulk`` is for
the few places that every delivery passes, with ``alongside`` a long statement of it runs while Python works, and
``turns`` is for what must not happen at once.
"""

from mailer.database.alongside import Alongside
from mailer.database.base import Base, UTCDateTime, kept_as_text
from mailer.database.bulk import Rows, chunks, fetch, insert_rows, is_sqlite, one_of, run, storing, update_rows
from mailer.database.engine import Database, first_line, is_writing
from mailer.database.turns import take_family_turn, take_turn

__all__ = [
    "Alongside",
    "Base",
    "Database",
    "Rows",
    "UTCDateTime",
    "chunks",
    "fetch",
    "first_line",
    "insert_rows",
    "is_sqlite",
    "is_writing",
    "kept_as_text",
    "one_of",
    "run",
    "storing",
    "take_family_turn",
    "take_turn",
    "update_rows",
]
