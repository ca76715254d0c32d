"""Who changed whom on which media list, and when."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit import Event, LogEntry
from mailer.contacts.models import MediaList
from mailer.database import chunks
from mailer.reports.named import family_of, list_called, lists_called, people_called
from mailer.reports.people import paged
from mailer.reports.report import Column, Kind, Report, Row, seal_of
from mailer.reports.words import Said, said, span_words

_OF_LISTS = (
    Event.LIST_CREATED,
    Event.LIST_CHANGED,
    Event.LIST_ARCHIVED,
    Event.LIST_RESTORED,
    Event.LIST_DELETED,
)
_OF_PEOPLE = (Event.CONTACT_MERGED, Event.CONTACT_UNMERGED, Event.CONTACT_ERASED)
"""What moves her on every list."""
_OF_ONE = (*_OF_PEOPLE, Event.CONTACT_ADDED, Event.CONTACT_CHANGED)
"""For one person also what makes the queries of lists find her, or find her no more."""

WORDS: Mapping[str, Said] = {
    "added": said("put on it"),
    "removed": said("taken off it"),
    "excluded": said("kept off it"),
    "queries_added": said("queries added: %(count)s", count=""),
    "queries_removed": said("queries taken away: %(count)s", count=""),
    "renamed": said("renamed"),
    Event.LIST_CREATED: said("made"),
    Event.LIST_ARCHIVED: said("put aside"),
    Event.LIST_RESTORED: said("taken back into use"),
    Event.LIST_DELETED: said("deleted"),
    Event.CONTACT_MERGED: said("made one with contact %(contact)s: her places too", contact=""),
    Event.CONTACT_UNMERGED: said("parted from contact %(contact)s: her places too", contact=""),
    Event.CONTACT_ERASED: said("erased, and so off every list"),
    Event.CONTACT_ADDED: said("added to the registry"),
    Event.CONTACT_CHANGED: said("details changed: %(fields)s", fields=""),
}
"""What happened, by the log's own word for it."""

_COLUMNS = (
    Column("at", said("When"), Kind.INSTANT),
    Column("by", said("Done by"), width=2),
    Column("list", said("Number of the list"), Kind.NUMBER, printed=False),
    Column("list_name", said("Media list"), width=2),
    Column("what", said("What, as programs know it"), printed=False),
    Column("words", said("What"), width=3),
    Column("contact", said("Contact"), Kind.NUMBER),
    Column("name", said("Name"), width=3),
    Column("since_then", said("Since then"), width=2),
    Column("entry", said("Entry in the log"), Kind.NUMBER),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which changes; what is ``None`` does not matter."""

    media_list: MediaList | None = None
    contact_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def list_changes(session: Session, asked: Asked, *, at: datetime) -> Report:
    """The answer, oldest first. A person is asked about under all numbers that are one with hers."""
    hers = family_of(session, asked.contact_id) if asked.contact_id is not None else None
    return Report(
        question="lists",
        title=said("Who changed whom on which media list"),
        asked=tuple(_sentences(asked)),
        made_at=at,
        columns=_COLUMNS,
        rows=_rows(session, asked, hers),
        notes=(
            said(
                "Whom a list’s saved queries find follows people’s details; here are the changes by hand, and those of "
                "one person’s details where she is asked about."
            ),
        ),
        seal=seal_of(session),
        contact_id=asked.contact_id,
    )


def _sentences(asked: Asked) -> Iterator[Said]:
    if asked.media_list is not None:
        yield said("Media list: %(name)s.", name=asked.media_list.name)
    if asked.contact_id is not None:
        yield said("Contact: %(contact)s.", contact=asked.contact_id)
    yield from span_words(asked.since, asked.until)


@dataclass(frozen=True, slots=True)
class _Step:
    """One thing that an entry tells."""

    entry: LogEntry
    list_id: int | None
    what: str
    words: Said
    contact: int | None = None


def _rows(session: Session, asked: Asked, hers: frozenset[int] | None) -> Iterator[Row]:
    names = lists_called(session)
    for page in paged(_steps(session, asked, hers)):
        people = people_called(session, {step.contact for step in page if step.contact is not None})
        for step in page:
            name, since = people[step.contact] if step.contact is not None else ("", "")
            yield (
                step.entry.at,
                step.entry.actor,
                step.list_id,
                list_called(step.list_id, names),
                step.what,
                step.words,
                step.contact,
                name,
                since,
                step.entry.id,
            )


def _steps(session: Session, asked: Asked, hers: frozenset[int] | None) -> Iterator[_Step]:
    of_lists = _entries_of_lists(session, asked)
    concerned = hers if hers is not None else frozenset(n for entry in of_lists for n in _moved(entry.data))
    of_people = _entries_of(session, concerned, _OF_ONE if hers is not None else _OF_PEOPLE)
    for entry in sorted((*of_lists, *of_people), key=attrgetter("id")):
        if (asked.since is None or entry.at >= asked.since) and (asked.until is None or entry.at < asked.until):
            yield from (step for step in _told(entry) if hers is None or step.contact in hers)


def _entries_of_lists(session: Session, asked: Asked) -> list[LogEntry]:
    """Those about lists, whenever: who was ever moved on one is followed beyond it."""
    # Such an entry is about no wave: with that, the index of waves and events leads to it past all deliveries.
    query = select(LogEntry).where(
        LogEntry.wave_id.is_(None), LogEntry.event.in_([event.value for event in _OF_LISTS])
    )
    wanted = asked.media_list.id if asked.media_list else None
    return [entry for entry in session.scalars(query) if wanted is None or entry.data.get("list") == wanted]


def _entries_of(session: Session, people: Collection[int], events: Sequence[Event]) -> Iterator[LogEntry]:
    for some in chunks(sorted(people)):
        named = [event.value for event in events]
        yield from session.scalars(
            select(LogEntry).where(LogEntry.contact_id.in_(some), LogEntry.event.in_(named))
        )


_MOVES = ("added", "removed", "excluded")


def _moved(data: Mapping[str, object]) -> Iterator[int]:
    for what in _MOVES:
        numbers = data.get(what)
        if isinstance(numbers, list):
            yield from numbers


def _told(entry: LogEntry) -> Iterator[_Step]:
    data = entry.data
    if entry.event not in _OF_LISTS:
        yield _Step(entry, None, entry.event, _of_person(entry), entry.contact_id)
        return
    number = data.get("list")
    list_id = number if isinstance(number, int) else None
    if entry.event != Event.LIST_CHANGED:
        yield _Step(entry, list_id, entry.event, WORDS[entry.event])
    if data.get("renamed"):
        yield _Step(entry, list_id, "renamed", WORDS["renamed"])
    counts = {
        "queries_added": data.get("queries_added") or data.get("queries"),
        "queries_removed": data.get("queries_removed"),
    }
    for what, count in counts.items():
        if count:
            yield _Step(entry, list_id, what, said(WORDS[what].message, count=count))
    for what in _MOVES:
        numbers = data.get(what)
        for contact in numbers if isinstance(numbers, list) else ():
            yield _Step(entry, list_id, what, WORDS[what], contact)


def _of_person(entry: LogEntry) -> Said:
    words, data = WORDS[entry.event], entry.data
    if entry.event in (Event.CONTACT_MERGED, Event.CONTACT_UNMERGED):
        return said(words.message, contact=data.get("kept") or data.get("merged") or "")
    if entry.event == Event.CONTACT_CHANGED:
        fields = data.get("fields")
        told = [str(field).replace("_", " ") for field in fields] if isinstance(fields, list) else sorted(data)
        return said(words.message, fields=tuple(told))
    return words
