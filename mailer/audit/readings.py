"""Readings: who was shown people's details, when, and to which question; noted before anything is shown."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from mailer.audit.log import Actor, Event, append


class Question(StrEnum):
    """What was asked for; named after the command that shows it."""

    CONTACTS = "contacts list"
    CONTACT = "contacts show"
    SEARCH = "contacts search"
    NOTES = "contacts notes"
    HISTORY = "contacts history"
    DUPLICATES = "contacts duplicates"
    HYGIENE = "contacts hygiene"
    DOMAINS = "contacts hygiene --dns"
    SUPPRESSIONS = "contacts suppressions"
    DUE = "contacts retention"
    """Who is too old to be kept; those who are then erased have entries of their own."""
    ERASURE = "contacts erase"
    """What of somebody would go; if it does, that is an entry of its own."""
    CHANGE = "contacts change"
    """As it would be, old beside new; so are the other dry runs of what would change or send."""
    MERGE = "contacts merge"
    IMPORT = "contacts import"
    """Of people who are in the registry already."""
    OUTLET = "outlets show"
    LIST = "lists show"
    LIST_PREVIEW = "lists preview"
    LIST_CHANGE = "lists change"
    PLAN = "waves schedule"
    WAVE = "waves show"
    REFRESH = "waves refresh"
    DELIVERIES = "deliveries list"
    MESSAGE = "deliveries show"
    PREVIEW = "releases preview"
    RECEIPT = "log receipt"


def note_reading(
    session: Session, question: Question, whom: Collection[int] | int, *, at: datetime, actor: Actor, **about: int
) -> None:
    """Log that people's details are about to be shown.

    ``whom`` are the people's numbers, or how many where they are told by their addresses. The entry keeps how many;
    who, only where it is one. ``about`` are the numbers of what was asked about: ``release``, ``wave``, ``list``. The
    words of a query are not kept, as they may name a person.
    """
    numbers = set() if isinstance(whom, int) else set(whom)
    people = whom if isinstance(whom, int) else len(numbers)
    data = {"question": question.value, "people": people, **about}
    only = next(iter(numbers)) if len(numbers) == 1 else None
    # In the entry's own columns stands only whom it is about: a reading is no event of a wave or a release.
    append(session, Event.PEOPLE_READ, at=at, actor=actor, contact_id=only, data=data)
