"""A log record is a line for people, or one line of JSON, and says nothing that an exception may quote."""

import json
import logging
import re
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from mailer.database import Database
from mailer.logs import JsonFormatter, TextFormatter, fields

SECRET = "nour@courier.example"


@pytest.fixture
def records() -> list[logging.LogRecord]:
    """What was logged to ``log()``."""
    found: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = found.append  # type: ignore[method-assign]
    logger = log()
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
    return found


def log() -> logging.Logger:
    return logging.getLogger("mailer.delivery.test")


def test_a_record_is_one_line_of_json_with_its_event_and_fields(records: list[logging.LogRecord]) -> None:
    log().warning("relay %s:\nnot\u2028now", "الأول", extra=fields("relay.down", relay="الأول", wait_seconds=1.5))
    (record,) = records
    record.created = 1795521600.25
    line = JsonFormatter().format(record)
    assert len(line.splitlines()) == 1
    assert json.loads(line) == {
        "time": "2026-11-24T12:00:00.250Z",
        "level": "warning",
        "room": "delivery.test",
        "event": "relay.down",
        "message": "relay الأول:\nnot\u2028now",
        "relay": "الأول",
        "wait_seconds": 1.5,
    }


def test_a_record_of_somebody_else_has_no_event(records: list[logging.LogRecord]) -> None:
    log().info("hello")
    assert json.loads(JsonFormatter().format(records[0]))["event"] == ""


def test_a_field_cannot_stand_in_place_of_what_every_record_has() -> None:
    with pytest.raises(ValueError, match="level"):
        fields("relay.down", level="high")


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_a_traceback_is_told_without_what_the_exception_says(
    records: list[logging.LogRecord], formatter: logging.Formatter
) -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        log().exception("it failed", extra=fields("it.failed"))
    told = formatter.format(records[0])
    assert "ValueError" in told
    assert "test_a_traceback_is_told" in told
    assert SECRET not in told


def test_an_error_of_the_database_does_not_quote_the_values(database: Database) -> None:
    with pytest.raises(DBAPIError) as caught, database.write() as session:
        session.execute(text("INSERT INTO nowhere VALUES (:address)"), {"address": SECRET})
    assert SECRET not in str(caught.value)


def test_every_event_is_documented() -> None:
    root = Path(__file__).parents[1]
    source = "".join(file.read_text("utf-8") for file in (root / "mailer").rglob("*.py"))
    known = set(re.findall(r'fields\(\s*"([a-z.-]+)"', source))
    page = (root / "docs" / "operators" / "logs.md").read_text("utf-8")
    rows = re.findall(r"^\| (`[a-z-]+\.[^|]*) \|", page, re.MULTILINE)
    told = {event for row in rows for event in re.findall(r"`([a-z-]+\.[a-z-]+)`", row)}
    assert told - {"delivery.accepted"} == known
