"""The history of a contact: what the log has on her and on all who were merged into her, with what officers noted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from mailer.audit import Criteria, Event, LogEntry, entries
from mailer.contacts import history_words as words
from mailer.contacts.merging import with_merged
from mailer.contacts.models import (
    Contact,
    ContactNote,
    ContactPoint,
    EmbargoTerms,
    Organisation,
    Outlet,
    Suppression,
)
from mailer.contacts.notes import notes_of
from mailer.contacts.sent import Dispatch, dispatches, languages_sent, replies

_READINGS = (Event.PEOPLE_READ, Event.REPORT_READ)
"""Who looked at her is no event of hers, and reading her history would lengthen it."""
_TERMS = (Event.TERMS_ACCEPTED, Event.TERMS_WITHDRAWN)
_SUPPRESSIONS = (Event.SUPPRESSION_ADDED, Event.SUPPRESSION_REMOVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One thing that happened."""

    at: datetime
    what: str
    """An event of the log, ``note`` or ``request``: for programs."""
    words: str
    """The same for people."""
    details: str
    """What more is to be said of it, for people."""
    contact_id: int
    """Under which number: her own, or that of a contact who was merged into her."""
    actor: str
    release_id: int | None = None
    wave_id: int | None = None
    delivery_id: int | None = None
    release: str = ""
    """The slug of what was sent, or was to be."""
    version: int | None = None
    language: str = ""
    reply: str = ""
    """The relay's, in its own words; kept apart from the log, and gone when she is erased."""
    data: Mapping[str, object]
    """What the log keeps of it; of a note its text."""


def history_of(session: Session, contact: Contact) -> Sequence[Passage]:
    """All of it, newest first. A note stands for the log's entry that it was written."""
    hers = with_merged(contact.id)
    log = [one for one in entries(session, Criteria(contact_ids=hers)) if one.event not in _READINGS]
    notes = notes_of(session, contact)
    known = _Known(session, hers, log)
    noted = {(note.contact_id, note.at) for note in notes}
    found = [
        _of_entry(entry, known)
        for entry in log
        if entry.event != Event.CONTACT_NOTED or (entry.contact_id, entry.at) not in noted
    ]
    found += [_of_note(note) for note in notes]
    # Of what happened in one instant the last that was written comes first.
    found.sort(key=attrgetter("at"))
    found.reverse()
    return found


class _Known:
    """What the log names by number only, looked up for all entries at once."""

    def __init__(self, session: Session, hers: Select[int], log: Sequence[LogEntry]) -> None:
        self.dispatches = dispatches(session, {entry.wave_id for entry in log if entry.wave_id})
        self.languages, self.replies = languages_sent(session, hers), replies(session, hers)
        outlets = {*_numbers(log, "joined"), *_numbers(log, "left")}
        self.outlets = _named(session, select(Outlet.id, Outlet.name).where(Outlet.id.in_(outlets)))
        terms = select(EmbargoTerms.id, EmbargoTerms.name).where(EmbargoTerms.id.in_(_numbers(log, "terms")))
        self.terms = _named(session, terms)
        organisations = select(Organisation.id, Organisation.acronym)
        self.organisations = _named(
            session, organisations.where(Organisation.id.in_(_numbers(log, "organisation")))
        )
        own = select(Contact.address_key).where(Contact.id.in_(hers))
        further = select(ContactPoint.key).where(ContactPoint.contact_id.in_(hers))
        held = select(Suppression).where(Suppression.address_key.in_(own.union(further)))
        self.suppressions = {(one.since, one.organisation_id): one for one in session.scalars(held)}


def _numbers(log: Iterable[LogEntry], key: str) -> set[int]:
    return {number for entry in log if isinstance(number := entry.data.get(key), int)}


def _named(session: Session, query: Select[int, str]) -> Mapping[int, str]:
    return dict(session.execute(query).all())


def _of_entry(entry: LogEntry, known: _Known) -> Passage:
    sent = known.dispatches.get(entry.wave_id) if entry.wave_id else None
    language, reply = "", ""
    if entry.delivery_id is not None:
        language = known.languages.get(entry.delivery_id, "")
        attempt = entry.data.get("attempt")
        reply = known.replies.get((entry.delivery_id, attempt), "") if isinstance(attempt, int) else ""
    return Passage(
        at=entry.at,
        what=entry.event,
        words=words.in_words(entry.event),
        details=_details(entry, known, sent, language, reply),
        contact_id=entry.contact_id or 0,
        actor=entry.actor,
        release_id=entry.release_id,
        wave_id=entry.wave_id,
        delivery_id=entry.delivery_id,
        release=sent.release if sent else "",
        version=sent.version if sent else None,
        language=language,
        reply=reply,
        data=entry.data,
    )


def _details(entry: LogEntry, known: _Known, sent: Dispatch | None, language: str, reply: str) -> str:
    data = entry.data
    if entry.event == Event.CONTACT_CHANGED:
        return words.of_change(data, known.outlets)
    if entry.event == Event.CONTACT_MERGED:
        return words.of_merge(data)
    if entry.event == Event.CONTACT_UNMERGED:
        return words.of_parting(data)
    if entry.event in _TERMS:
        return words.of_terms(data, known.terms)
    if entry.event in _SUPPRESSIONS:
        return _suppression(entry, known)
    what = words.of_sending(sent.release, sent.version, language) if sent else ""
    return "; ".join(filter(None, (what, words.of_reason(data), words.of_reply(data, reply))))


def _suppression(entry: LogEntry, known: _Known) -> str:
    number = entry.data.get("organisation")
    organisation = known.organisations.get(number, "") if isinstance(number, int) else ""
    held = known.suppressions.get((entry.at, number if isinstance(number, int) else None))
    if held is None or entry.event != Event.SUPPRESSION_ADDED:
        return words.of_suppression(organisation, "", "")
    return words.of_suppression(organisation, held.kind.value, held.reason)


def _of_note(note: ContactNote) -> Passage:
    kind = note.kind.value
    return Passage(
        at=note.at,
        what=kind,
        words=words.in_words(kind),
        details=note.text,
        contact_id=note.contact_id,
        actor=note.actor,
        data={"text": note.text},
    )
