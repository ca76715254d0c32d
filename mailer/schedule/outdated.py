"""Whose delivery in a live audience would be made otherwise today: in another language, for another city, by another
name or to her address in another spelling, as she was changed after it was made."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from mailer.contacts.models import Contact, ContactLanguage
from mailer.rendering import pick_languages
from mailer.schedule.models import CompiledText, Delivery, DeliveryState, Wave


def outdated(session: Session, wave: Wave) -> Iterator[int]:
    """The contacts whose delivery waits, and shows what is so no more. Another address is another matter."""
    yield from session.scalars(_other_details(wave)).all()
    yield from _other_languages(session, wave)


def _waiting(wave: Wave, *columns: Any) -> Select[Any]:
    return (
        select(Delivery.contact_id, *columns)
        .join(CompiledText, CompiledText.id == Delivery.compiled_id)
        .where(Delivery.wave_id == wave.id, Delivery.state == DeliveryState.QUEUED)
    )


def _other_details(wave: Wave) -> Select[Any]:
    arabic = or_(Delivery.language == "ar", Delivery.language.startswith("ar-"))
    her_name = case(
        (arabic, func.coalesce(func.nullif(Contact.arabic_name, ""), Contact.name)), else_=Contact.name
    )
    # A text of no city is the same everywhere.
    moved = and_(CompiledText.city_id.is_not(None), CompiledText.city_id != Contact.city_id)
    return (
        _waiting(wave)
        .join(Contact, Contact.id == Delivery.contact_id)
        # A capital before the @ may matter to her server, though it makes no other address of it.
        .where(or_(Delivery.name != her_name, Delivery.address != Contact.address, moved))
        .order_by(Delivery.contact_id)
    )


def _other_languages(session: Session, wave: Wave) -> Iterator[int]:
    """In Python, where the rule is: which edition serves a reader of a language is not for a database to say."""
    offered = [edition.language for edition in wave.version.frozen.editions]
    picked: dict[tuple[str, ...], str] = {}

    def languages(reads: tuple[str, ...]) -> str:
        if reads not in picked:
            own = pick_languages(reads, offered, default=wave.default_language, layout=wave.layout)
            picked[reads] = ",".join(own)
        return picked[reads]

    query = _waiting(wave, CompiledText.languages, ContactLanguage.language).outerjoin(
        ContactLanguage, ContactLanguage.contact_id == Delivery.contact_id
    )
    # All of it first, by the connection: rows that pass through the session's loading take twice as long.
    rows: Sequence[Any] = (
        session.connection().execute(query.order_by(Delivery.contact_id, ContactLanguage.position)).all()
    )
    for contact, hers in groupby(rows, key=itemgetter(0)):
        listed = list(hers)
        if languages(tuple(row[2] for row in listed if row[2])) != listed[0][1]:
            yield contact
