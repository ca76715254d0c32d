"""Asks the database's own index for words: SQLite's FTS5 or PostgreSQL's ``tsvector``, with the same answer."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean

from mailer.contacts.models import Contact
from mailer.contacts.words import IN_NAME, asked


def having(text: str, *, whole: bool = False) -> ColumnElement[bool]:
    """Of a ``Contact``: all words of the text are among hers; unless ``whole``, the last may be a word's beginning."""
    return _HasWords(*_arguments(asked(text), whole=whole))


def in_name(text: str, *, whole: bool = False) -> ColumnElement[bool]:
    """The same of the words of her names alone."""
    return _HasWords(*_arguments([IN_NAME + word for word in asked(text)], whole=whole))


def fts5(words: Sequence[str], *, whole: bool) -> str:
    """The words as SQLite's FTS5 is asked for them. They are letters and digits, so nothing in them is a sign."""
    return " AND ".join(f'"{word}"' for word in words) + ("" if whole else " *")


def tsquery(words: Sequence[str], *, whole: bool) -> str:
    """The same for PostgreSQL."""
    return " & ".join(f"'{word}'" for word in words) + ("" if whole else ":*")


def _arguments(words: Sequence[str], *, whole: bool) -> tuple[Any, ...]:
    ours, theirs = fts5(words, whole=whole), tsquery(words, whole=whole)
    return Contact.id, bindparam(None, ours, String(), unique=True), bindparam(None, theirs, String(), unique=True)


class _HasWords(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


@compiles(_HasWords)
def _in_sqlite(element: _HasWords, compiler: Any, **options: Any) -> str:
    contact, words, _ = (
        compiler.process(part, **options) if n < 2 else "" for n, part in enumerate(element.clauses)
    )
    return f"({contact} IN (SELECT rowid FROM contact_search WHERE contact_search MATCH {words}))"  # noqa: S608 - a bound parameter


@compiles(_HasWords, "postgresql")
def _in_postgresql(element: _HasWords, compiler: Any, **options: Any) -> str:
    contact, _, words = (
        compiler.process(part, **options) if n != 1 else "" for n, part in enumerate(element.clauses)
    )
    return f"({contact} IN (SELECT contact_id FROM contact_text WHERE lexemes @@ CAST({words} AS tsquery)))"  # noqa: S608 - the same
