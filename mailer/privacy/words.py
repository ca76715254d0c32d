"""The words of a dossier's page, for the person whom it is about; ``locale/`` has them in other languages."""

from collections.abc import Mapping

from mailer.audit import Event

_WORDS: Mapping[Event, str] = {
    Event.CONTACT_ADDED: "Taken into the registry",
    Event.CONTACT_CHANGED: "Details changed",
    Event.CONTACT_MERGED: "Found to be the same person as another contact",
    Event.CONTACT_UNMERGED: "Found not to be the same person as another contact",
    Event.CONTACT_NOTED: "A note was written",
    Event.CONTACT_VERIFIED: "Details confirmed as right",
    Event.CONTACT_ERASED: "Erased",
    Event.CONTACT_READMITTED: "Taken in again, as was asked",
    Event.CONTACT_DISCLOSED: "Everything held was given out",
    Event.PEOPLE_READ: "Shown to an officer",
    Event.REPORT_READ: "Shown to an officer in a report",
    Event.TERMS_ACCEPTED: "Embargo terms accepted",
    Event.TERMS_WITHDRAWN: "Acceptance of embargo terms withdrawn",
    Event.SUPPRESSION_ADDED: "Not to be written to from now on",
    Event.SUPPRESSION_REMOVED: "May be written to again",
    Event.LIST_CREATED: "Put on, or kept off, a new media list",
    Event.LIST_CHANGED: "Put on, taken off, or kept off a media list",
    Event.DELIVERY_EXCLUDED: "Left out of a release’s sending",
    Event.DELIVERY_ACCEPTED: "A release was sent",
    Event.DELIVERY_DEFERRED: "A release could not be sent yet",
    Event.DELIVERY_FAILED: "A release could not be sent",
    Event.DELIVERY_IN_DOUBT: "Not known whether a release was sent",
    Event.DELIVERY_HELD: "A release waits for an officer",
    Event.DELIVERY_REQUEUED: "A release is sent again",
    Event.DELIVERY_CANCELLED: "A release is not sent",
    Event.DELIVERY_SUPPRESSED: "A release is not sent, as was asked",
}


SECTIONS: Mapping[str, str] = {
    "contacts": "Who we have you as",
    "notes": "Notes",
    "merges": "Contacts that were found to be one person",
    "lists": "Media lists",
    "suppressions": "Addresses that are not written to",
    "deliveries": "What was sent",
    "exclusions": "What was not sent, and why",
    "log": "What the log says",
}
"""The parts of a dossier, in their order."""

FIELDS: Mapping[str, str] = {
    "contact": "Number",
    "kind": "Kind",
    "status": "Status",
    "merged_into": "Merged into",
    "name": "Name",
    "given_name": "Given name",
    "family_name": "Family name",
    "name_ar": "Name in Arabic",
    "address": "Address",
    "phone": "Telephone",
    "further": "Further addresses and telephones",
    "value": "Value",
    "city": "City",
    "country": "Country",
    "languages": "Languages",
    "language": "Language",
    "salutation": "Salutation",
    "beats": "Beats",
    "tags": "Tags",
    "affiliations": "Outlets",
    "outlet": "Outlet",
    "role": "Role",
    "since": "Since",
    "until": "Until",
    "title": "Title",
    "title_ar": "Title in Arabic",
    "embargo_acceptances": "Embargo terms accepted",
    "accepted_on": "Accepted on",
    "withdrawn_on": "Withdrawn on",
    "how": "How",
    "terms": "Terms",
    "text": "Text",
    "source": "Where the address comes from",
    "basis": "Lawful basis",
    "basis_since": "Lawful basis since",
    "verified_at": "Last verified",
    "added_at": "Added",
    "erased_at": "Erased",
    "at": "When",
    "local": "When",
    "by": "By",
    "kept": "Kept",
    "merged": "Merged",
    "undone_at": "Undone",
    "before": "What it was before",
    "list": "List",
    "on_it": "On it now",
    "by_hand": "By hand",
    "queries": "Queries that find you",
    "reason": "Reason",
    "delivery": "Delivery",
    "wave": "Wave",
    "release": "Release",
    "version": "Version",
    "state": "State",
    "finished_local": "When",
    "attempts": "The relay’s answers",
    "relay": "Relay",
    "reply": "Answer",
    "message_id": "Part of its Message-ID",
    "message_sha256": "SHA-256 of the message",
    "entry": "Entry",
    "words": "What happened",
    "data": "More",
}
"""What a dossier's fields are called on its page; those with another of the same instant are left out there."""

FRAME = (
    "What we hold on %(name)s",
    "Given out by %(office)s on %(moment)s.",
    "Times are those of %(zone)s, with the same in UTC.",
    "Nothing.",
    "yes",
    "no",
)
"""The rest of the page."""


def event_in_words(event: str) -> str:
    """What it means in English; its name where it is not about a person."""
    return next((words for known, words in _WORDS.items() if known == event), event)


def all_words() -> tuple[str, ...]:
    """Everything that a page may say, for the translations."""
    return (*FRAME, *SECTIONS.values(), *FIELDS.values(), *_WORDS.values())
