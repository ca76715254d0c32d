"""Who looked at what: each time that people's details were shown or given out, as the log noted it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit import Event, LogEntry
from mailer.delivery.report import release_names
from mailer.reports.named import family_of, list_called, lists_called, people_called
from mailer.reports.people import paged
from mailer.reports.report import Column, Kind, Report, Row, seal_of
from mailer.reports.words import Said, said, span_words

READINGS = (Event.PEOPLE_READ, Event.REPORT_READ, Event.CONTACT_DISCLOSED, Event.CONTACTS_EXPORTED)
"""The events by which something about people was shown or given out."""

_COLUMNS = (
    Column("at", said("When"), Kind.INSTANT),
    Column("by", said("Done by"), width=2),
    Column("question", said("What was asked"), width=2),
    Column("people", said("People"), Kind.NUMBER),
    Column("rows", said("Rows"), Kind.NUMBER),
    Column("contact", said("Contact"), Kind.NUMBER),
    Column("name", said("Name"), width=3),
    Column("since_then", said("Since then"), width=2),
    Column("release", said("Release"), width=2),
    Column("wave", said("Wave"), Kind.NUMBER),
    Column("list", said("Media list"), width=2),
    Column("format", said("Format"), width=1),
    Column("entry", said("Entry in the log"), Kind.NUMBER),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which readings; what is ``None`` does not matter."""

    contact_id: int | None = None
    actor: str | None = None
    """As the log has it, ``cli:lamia``, or only the account."""
    since: datetime | None = None
    until: datetime | None = None


def readings(session: Session, asked: Asked, *, at: datetime) -> Report:
    """The answer, oldest first. A person is asked about under all numbers that are one with hers."""
    return Report(
        question="reads",
        title=said("Who looked at what"),
        asked=tuple(_sentences(asked)),
        made_at=at,
        columns=_COLUMNS,
        rows=_rows(session, asked),
        notes=(
            said(
                "The log has whom a reading showed where it was one person; of several it has how many, so that it "
                "does not become a list of people itself."
            ),
        ),
        seal=seal_of(session),
        contact_id=asked.contact_id,
    )


def _sentences(asked: Asked) -> Iterator[Said]:
    if asked.contact_id is not None:
        yield said("Contact: %(contact)s.", contact=asked.contact_id)
    if asked.actor is not None:
        yield said("By %(actor)s.", actor=asked.actor)
    yield from span_words(asked.since, asked.until)


def _rows(session: Session, asked: Asked) -> Iterator[Row]:
    lists, releases = lists_called(session), release_names(session)
    for page in paged(_entries(session, asked)):
        people = people_called(session, {entry.contact_id for entry in page if entry.contact_id is not None})
        for entry in page:
            data = entry.data
            name, since = people[entry.contact_id] if entry.contact_id is not None else ("", "")
            release = entry.release_id or _number(data.get("release"))
            yield (
                entry.at,
                entry.actor,
                _question(entry),
                _people(entry),
                _number(data.get("rows")),
                entry.contact_id,
                name,
                since,
                releases.get(release, "") if release is not None else "",
                _number(data.get("wave")),
                list_called(_number(data.get("list")), lists),
                str(data.get("format") or ""),
                entry.id,
            )


def _entries(session: Session, asked: Asked) -> Iterator[LogEntry]:
    # Such an entry is about no wave: with that, the index of waves and events leads to it past all deliveries.
    query = select(LogEntry).where(
        LogEntry.wave_id.is_(None), LogEntry.event.in_([event.value for event in READINGS])
    )
    if asked.contact_id is not None:
        query = query.where(LogEntry.contact_id.in_(family_of(session, asked.contact_id)))
    if asked.since is not None:
        query = query.where(LogEntry.at >= asked.since)
    if asked.until is not None:
        query = query.where(LogEntry.at < asked.until)
    if asked.actor is not None:
        whole = asked.actor if ":" in asked.actor else f"cli:{asked.actor}"
        query = query.where(LogEntry.actor == whole)
    yield from session.scalars(query.order_by(LogEntry.id).execution_options(yield_per=1000))


def _question(entry: LogEntry) -> str:
    """The command that asks it."""
    question = str(entry.data.get("question") or "")
    if entry.event == Event.REPORT_READ:
        return f"report {question}"
    return {
        Event.CONTACT_DISCLOSED.value: "contacts dossier",
        Event.CONTACTS_EXPORTED.value: "contacts export",
    }.get(entry.event, question)


def _people(entry: LogEntry) -> int | None:
    if entry.event == Event.CONTACT_DISCLOSED:
        return 1
    return _number(entry.data.get("count" if entry.event == Event.CONTACTS_EXPORTED else "people"))


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
