"""An entry of the log as the bytes that are hashed: every value of its row, as the database has it."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from json import dumps
from typing import Any

from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm import Session

from mailer.audit.sealing.notes import time_text
from mailer.database import fetch, is_sqlite

_COLUMNS = ("id", "at", "event", "actor", "release_id", "wave_id", "delivery_id", "contact_id")
_BETWEEN = "FROM log_entry WHERE id >= ? AND id <= ? ORDER BY id"

# SQLite's words for bytes where a text should be.
_STRANGE = ("JSON cannot hold BLOB", "Could not decode to UTF-8")


def leaf(
    number: int,
    at: str,
    event: str,
    actor: str,
    release: int | None,
    wave: int | None,
    delivery: int | None,
    contact: int | None,
    data: str,
) -> bytes:
    """A JSON object on one line, in UTF-8. ``at`` is UTC as ``2026-03-01T07:00:00.000000Z``; ``data`` the JSON text as
    it lies in the database, taken over character by character, so that no two rows have the same leaf.
    """
    return (
        f'{{"entry":{number},"at":{_plain(at)},"event":{_often(event)},"actor":{_often(actor)},'
        f'"release":{_number(release)},"wave":{_number(wave)},"delivery":{_number(delivery)},'
        f'"contact":{_number(contact)},"data":{data}}}'
    ).encode()


_often = lru_cache(maxsize=1000)(dumps)


def _plain(text: str) -> str:
    """What has neither of these marks is its own JSON text."""
    return dumps(text) if '"' in text or "\\" in text else f'"{text}"'


def _number(value: int | None) -> str:
    # SQLite takes a text for a number: the text null would have the leaf of no number.
    return "null" if value is None else str(value) if isinstance(value, int) else dumps(value)


def leaves(session: Session, source: str, values: tuple[Any, ...]) -> Iterator[tuple[int, bytes]]:
    """Number and leaf of each entry of ``FROM log_entry WHERE …``, with ``?`` for values, in its order."""
    data, instant = ("data", _of_text) if is_sqlite(session) else ("data::text", time_text)
    for row in fetch(session, (*_COLUMNS, data), source, values):
        number, at, event, actor, release, wave, delivery, contact, text = row
        yield number, leaf(number, instant(at), event, actor, release, wave, delivery, contact, text)


UNREADABLE = (DataError, OperationalError, ValueError)
"""What reading an entry raises that has a value which nothing of ours can have written."""


def is_of_a_value(error: Exception) -> bool:
    """Whether one of these errors is about a value, and not about the database."""
    return not isinstance(error, OperationalError) or any(words in str(error) for words in _STRANGE)


def leaves_of(session: Session, numbers: Sequence[int]) -> dict[int, bytes]:
    """The leaf of each of these entries that is there, and no bytes for one that has a value that nothing of ours can
    have written, so that it cannot be read. ``numbers`` ascend."""
    if not numbers:
        return {}
    wanted = numbers if isinstance(numbers, range) else frozenset(numbers)
    try:
        found = leaves(session, _BETWEEN, (numbers[0], numbers[-1]))
        return {number: row for number, row in found if number in wanted}
    except UNREADABLE as error:
        if not is_of_a_value(error):
            raise
    if len(numbers) == 1:
        return {numbers[0]: b""}
    middle = len(numbers) // 2
    return leaves_of(session, numbers[:middle]) | leaves_of(session, numbers[middle:])


def _of_text(at: object) -> str:
    # Only the spelling that ``UTCDateTime`` writes: another one sorts elsewhere and is another row.
    return f"{at.replace(' ', 'T')}Z" if isinstance(at, str) and "T" not in at else repr(at)
