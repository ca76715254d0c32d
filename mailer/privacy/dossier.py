"""Gathers everything held on a person (GDPR, Article 15): what the registry, the plan and the log have of her."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit import Actor, Criteria, Event, append, entries
from mailer.clock import ZonedTime
from mailer.contacts.domains import domain_of
from mailer.contacts.membership import lists_of
from mailer.contacts.merging import kept_of, numbers_of
from mailer.contacts.models import Contact, ContactMerge, ContactNote, Organisation, Suppression
from mailer.contacts.stops import domains_over, suppressed_spellings
from mailer.delivery.models import Attempt
from mailer.delivery.report import release_names
from mailer.privacy.words import event_in_words
from mailer.releases.models import Release, Version
from mailer.schedule.models import Delivery, Exclusion, Wave

Document = dict[str, Any]
"""A JSON object; days and instants are values, which ``cli.output.plain`` writes."""


def dossier(session: Session, contact: Contact, *, office: str, zone: str, at: datetime) -> Document:
    """Everything held on her, and on all contacts that were merged into hers. Local times are in that zone."""
    root = kept_of(session, contact)
    numbers = list(numbers_of(session, [root.id])) or [root.id]
    people = session.scalars(select(Contact).where(Contact.id.in_(numbers)).order_by(Contact.id)).unique().all()
    return {
        "office": office,
        "made_at": at,
        "zone": zone,
        "name": root.name,
        "contact": root.id,
        "contacts": [_contact(person) for person in people],
        "notes": _notes(session, numbers),
        "merges": _merges(session, numbers),
        "lists": _lists(session, numbers, at),
        "suppressions": _suppressions(session, people),
        "deliveries": _deliveries(session, numbers, zone),
        "exclusions": _exclusions(session, numbers),
        "log": _log(session, numbers, zone),
    }


def note_disclosure(session: Session, document: Document, *, at: datetime, actor: Actor) -> None:
    """Log that it was given out."""
    numbers = [person["contact"] for person in document["contacts"]]
    data = {"contacts": numbers}
    append(session, Event.CONTACT_DISCLOSED, at=at, actor=actor, contact_id=document["contact"], data=data)


def _contact(person: Contact) -> Document:
    return {
        "contact": person.id,
        "kind": person.kind.value,
        "status": person.status.value,
        "merged_into": person.merged_into_id,
        "name": person.name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "name_ar": person.arabic_name,
        "address": person.address,
        "phone": person.phone,
        "further": [{"kind": point.kind.value, "value": point.value} for point in person.points],
        "city": person.city.name,
        "country": person.city.country,
        "languages": [{"language": item.language, "salutation": item.salutation} for item in person.languages],
        "beats": [item.beat for item in person.beats],
        "tags": [item.tag for item in person.tags],
        "affiliations": [
            {"outlet": place.outlet.name, "role": place.role, "since": place.since, "until": place.until}
            for place in person.affiliations
        ],
        "title": person.title,
        "title_ar": person.arabic_title,
        "embargo_acceptances": [
            {
                "accepted_on": acceptance.accepted_on,
                "until": acceptance.until,
                "withdrawn_on": acceptance.withdrawn_on,
                "how": acceptance.how,
                "terms": acceptance.terms.name if acceptance.terms else "",
                "text": acceptance.terms.text if acceptance.terms else "",
            }
            for acceptance in person.acceptances
        ],
        "source": person.source,
        "basis": person.lawful_basis.value if person.lawful_basis else "",
        "basis_since": person.basis_since,
        "verified_at": person.verified_at,
        "added_at": person.added_at,
        "erased_at": person.erased_at,
    }


def _notes(session: Session, numbers: Sequence[int]) -> list[Document]:
    query = select(ContactNote).where(ContactNote.contact_id.in_(numbers)).order_by(ContactNote.at, ContactNote.id)
    return [
        {"contact": note.contact_id, "at": note.at, "by": note.actor, "kind": note.kind.value, "text": note.text}
        for note in session.scalars(query)
    ]


def _merges(session: Session, numbers: Sequence[int]) -> list[Document]:
    merge = ContactMerge
    query = select(merge).where(merge.kept_id.in_(numbers) | merge.merged_id.in_(numbers)).order_by(merge.id)
    return [
        {
            "kept": found.kept_id,
            "merged": found.merged_id,
            "at": found.at,
            "by": found.actor,
            "undone_at": found.undone_at,
            "before": found.laid_over,
        }
        for found in session.scalars(query)
    ]


def _lists(session: Session, numbers: Sequence[int], at: datetime) -> list[Document]:
    """Each list that names or finds her, with how."""
    hands = {None: "", True: "kept off", False: "put on it"}
    return [
        {
            "list": listed.media_list.name,
            "on_it": listed.on_it,
            "by_hand": hands[listed.kept_off],
            "queries": list(listed.queries),
        }
        for listed in lists_of(session, numbers, at=at)
    ]


def _suppressions(session: Session, people: Sequence[Contact]) -> list[Document]:
    keys = {key for person in people for key in (person.address_key, *(point.key for point in person.points))}
    domains = {domain for key in keys if "@" in key for domain in domains_over(domain_of(key))}
    spellings = {other for others in suppressed_spellings(session, keys).values() for other in others}
    query = (
        select(Suppression, Organisation.acronym)
        .outerjoin(Organisation, Organisation.id == Suppression.organisation_id)
        .where(Suppression.address_key.in_(keys | domains | spellings))
        .order_by(Suppression.since, Suppression.id)
    )
    return [
        {
            "address": found.address_key,
            "by": acronym or "",
            "kind": found.kind.value,
            "reason": found.reason,
            "since": found.since,
        }
        for found, acronym in session.execute(query)
    ]


def _deliveries(session: Session, numbers: Sequence[int], zone: str) -> list[Document]:
    query = (
        select(Delivery, Wave.kind, Release.slug, Version.number.label("version"))
        .join(Wave, Wave.id == Delivery.wave_id)
        .join(Release, Release.id == Wave.release_id)
        .join(Version, Version.id == Wave.version_id)
        .where(Delivery.contact_id.in_(numbers))
        .order_by(Delivery.id)
    )
    found: list[Document] = []
    attempts = _attempts(session, numbers, zone)
    for delivery, kind, slug, version in session.execute(query):
        found.append(
            {
                "delivery": delivery.id,
                "contact": delivery.contact_id,
                "wave": delivery.wave_id,
                "kind": kind.value,
                "release": slug,
                "version": version,
                "name": delivery.name,
                "address": delivery.address,
                "language": delivery.language,
                "state": delivery.state.value,
                "finished_at": delivery.finished_at,
                "finished_local": _local(delivery.finished_at, zone),
                "message_id": delivery.token,
                "message_sha256": delivery.sha256,
                "attempts": attempts.get(delivery.id, []),
            }
        )
    return found


def _attempts(session: Session, numbers: Sequence[int], zone: str) -> Mapping[int, list[Document]]:
    hers = select(Delivery.id).where(Delivery.contact_id.in_(numbers))
    found: dict[int, list[Document]] = {}
    query = select(Attempt).where(Attempt.delivery_id.in_(hers)).order_by(Attempt.delivery_id, Attempt.number)
    for attempt in session.scalars(query):
        reply = " ".join(filter(None, (str(attempt.code or ""), attempt.enhanced, attempt.text)))
        row = {"at": attempt.at, "local": _local(attempt.at, zone), "relay": attempt.relay, "reply": reply}
        found.setdefault(attempt.delivery_id, []).append(row)
    return found


def _exclusions(session: Session, numbers: Sequence[int]) -> list[Document]:
    query = (
        select(Exclusion.contact_id, Exclusion.wave_id, Exclusion.reason, Release.slug)
        .join(Wave, Wave.id == Exclusion.wave_id)
        .join(Release, Release.id == Wave.release_id)
        .where(Exclusion.contact_id.in_(numbers))
        .order_by(Exclusion.wave_id, Exclusion.contact_id)
    )
    return [
        {"contact": row.contact_id, "wave": row.wave_id, "release": row.slug, "reason": row.reason.value}
        for row in session.execute(query)
    ]


def _log(session: Session, numbers: Sequence[int], zone: str) -> list[Document]:
    releases = release_names(session)
    hers = select(Contact.id).where(Contact.id.in_(numbers))
    found = {entry.id: entry for entry in entries(session, Criteria(contact_ids=hers))}
    for event in (Event.LIST_CREATED, Event.LIST_CHANGED):
        # An entry about a list has everybody whom it moved, by number.
        for entry in entries(session, Criteria(event=event)):
            moved = {number for ids in entry.data.values() if isinstance(ids, list) for number in ids}
            if moved.intersection(numbers):
                found[entry.id] = entry
    return [
        {
            "entry": entry.id,
            "at": entry.at,
            "local": _local(entry.at, zone),
            "event": entry.event,
            "words": event_in_words(entry.event),
            "by": entry.actor,
            "contact": entry.contact_id,
            "release": releases.get(entry.release_id, "") if entry.release_id else "",
            "wave": entry.wave_id,
            "delivery": entry.delivery_id,
            # Of a list, the others who were moved are no matter of hers.
            "data": {} if entry.contact_id is None else entry.data,
        }
        for _, entry in sorted(found.items())
    ]


def _local(instant: datetime | None, zone: str) -> str:
    """With the zone and its offset: an hour without it is a trap."""
    return str(ZonedTime.of(instant.replace(microsecond=0), zone)) if instant else ""
