"""A report: a question that an officer or an auditor asked, and its answer, however it is going to be presented."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as made
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.audit.sealing import Checkpoint, last_checkpoint
from mailer.reports.words import Said, Words, said


class Kind(StrEnum):
    """What a value is, and so how it is aligned, sorted and written."""

    TEXT = "text"
    NUMBER = "number"
    INSTANT = "instant"
    """An aware ``datetime``."""
    DAY = "day"
    SECONDS = "seconds"
    """A length of time, as a number."""
    WORD = "word"
    """A text that programs know, and people read as ``Column.words`` has it."""
    LIST = "list"
    """Several texts."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the field that it is for programs, its heading for people."""

    field: str
    heading: Said
    kind: Kind = Kind.TEXT
    words: Mapping[str, Said] = made(default_factory=dict)
    """Of a ``Kind.WORD``; what is not in it is shown as it is."""
    printed: bool = True
    """Whether it stands in the table on a terminal and on paper, and not only in CSV, XLSX and JSON."""
    spare: bool = False
    """Whether a table leaves it out where it would be empty in every row."""
    width: int = 1
    """Its share of what is left of a page's width; 0 for what it needs, as numbers and instants have it always."""


Row = tuple[object, ...]
"""A value for each column, in their order."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, or another value, that stands above the table."""

    field: str
    label: Said
    value: object
    kind: Kind = Kind.NUMBER


@dataclass(frozen=True, slots=True)
class Seal:
    """The log's last checkpoint when the report was made, by which it can be held against the sealed log."""

    size: int
    """So many entries are under it; what happened later waits for the next one."""
    root: str
    """Of their Merkle tree, in hexadecimal."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A question and its answer."""

    question: str
    """Its name for programs and for the log, such as ``received``."""
    title: Said
    asked: Sequence[Said]
    """What was asked, a sentence or a condition each."""
    made_at: datetime
    columns: Sequence[Column]
    rows: Iterable[Row]
    """Read once, and as they come: ten million of them need not fit into memory."""
    figures: Sequence[Figure] = ()
    notes: Sequence[Said] = ()
    """What a reader has to know in order not to take it wrong."""
    seal: Seal | None
    release_id: int | None = None
    """The release that it is about, for the log."""
    contact_id: int | None = None
    """The one person whom it is about, for the log."""


def seal_of(session: Session) -> Seal | None:
    """The log's last checkpoint, as this session sees it; ``None`` before anything was sealed."""
    last = last_checkpoint(session)
    if last is None:
        return None
    told = Checkpoint.parsed(last.note)
    return Seal(told.size, told.root.hex(), last.at)


def seal_words(report: Report) -> Said:
    """What a report says about the log's seal."""
    if report.seal is None:
        return said("The log was not sealed yet when this was made.")
    return said(
        "The log’s last checkpoint then: %(size)s entries, root %(root)s, %(at)s.",
        size=report.seal.size,
        root=report.seal.root,
        at=report.seal.at,
    )


def head_words(report: Report, words: Words) -> Sequence[str]:
    """The sentences before the table: what was asked, and when the answer was made."""
    made_then = said("Made %(at)s; times are those of %(zone)s.", at=report.made_at, zone=words.zone)
    return [words.say(sentence) for sentence in (*report.asked, made_then)]


def foot_words(report: Report, words: Words) -> Sequence[str]:
    """The sentences after it: what to mind, and what it can be held against."""
    return [words.say(sentence) for sentence in (*report.notes, seal_words(report))]


def watched(report: Report) -> tuple[Report, Collection[int]]:
    """The report, and the numbers of the people in its rows: whoever has read them all has all of those."""
    people: set[int] = set()
    place = next((place for place, column in enumerate(report.columns) if column.field == "contact"), None)

    def rows(place: int) -> Iterator[Row]:
        for row in report.rows:
            if isinstance(number := row[place], int):
                people.add(number)
            yield row

    return report if place is None else replace(report, rows=rows(place)), people


def note_read(
    session: Session, report: Report, people: Collection[int], *, rows: int, form: str, at: datetime, actor: Actor
) -> None:
    """Log that a report was read: which question, about what, how many rows and people, in which format.

    Whom, only where it is one, or where it was asked about one.
    """
    only = next(iter(people)) if len(people) == 1 else None
    data = {"question": report.question, "rows": rows, "format": form}
    append(
        session,
        Event.REPORT_READ,
        at=at,
        actor=actor,
        release_id=report.release_id,
        contact_id=report.contact_id or only,
        data=data | ({"people": len(people)} if people else {}),
    )
