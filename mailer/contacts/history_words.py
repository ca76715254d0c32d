"""What happened to a contact, in an officer's words: one table from the log's events, and what of it is told beside."""

from collections.abc import Mapping

from babel import Locale

from mailer.audit import Event

NOTE, REQUEST = "note", "request"
"""What officers wrote down, beside the log's events."""

WORDS: Mapping[str, str] = {
    Event.CONTACT_ADDED: "added to the registry",
    Event.CONTACT_CHANGED: "details changed",
    Event.CONTACT_MERGED: "found to be one person with another contact",
    Event.CONTACT_UNMERGED: "found to be another person after all",
    Event.CONTACT_NOTED: "note written",
    Event.CONTACT_VERIFIED: "details confirmed as right",
    Event.CONTACT_ERASED: "erased",
    Event.CONTACT_READMITTED: "taken in again after erasure, as she asked",
    Event.CONTACT_DISCLOSED: "everything held on her given out",
    Event.TERMS_ACCEPTED: "embargo terms accepted",
    Event.TERMS_WITHDRAWN: "embargo terms withdrawn",
    Event.SUPPRESSION_ADDED: "not written to from now on",
    Event.SUPPRESSION_REMOVED: "may be written to again",
    Event.DELIVERY_EXCLUDED: "left out of a sending",
    Event.DELIVERY_ADDED: "let in while the list was followed",
    Event.DELIVERY_ACCEPTED: "sent",
    Event.DELIVERY_DEFERRED: "not taken yet, tried again later",
    Event.DELIVERY_FAILED: "not delivered",
    Event.DELIVERY_IN_DOUBT: "not known whether it was sent",
    Event.DELIVERY_HELD: "waits for an officer",
    Event.DELIVERY_REQUEUED: "sent again",
    Event.DELIVERY_CANCELLED: "not sent: cancelled",
    Event.DELIVERY_SUPPRESSED: "not sent: not to be written to",
    NOTE: "note",
    REQUEST: "she asked",
}

_FIELDS: Mapping[str, str] = {
    "name_ar": "Arabic name",
    "given_name": "given name",
    "family_name": "family name",
    "address": "addresses",
    "phone": "telephones",
    "title_ar": "Arabic title",
    "embargo_terms": "embargo terms",
    "basis": "lawful basis",
    "basis_since": "lawful basis since",
    "outlet_type": "type of outlet",
}
"""Those whose name in a list is no word."""

_STATUS: Mapping[str, str] = {"active": "brought back", "inactive": "set aside"}

_REASONS: Mapping[str, str] = {
    "suppressed": "her address is not to be written to",
    "suppressed-domain": "her domain is not to be written to",
    "unsubscribed": "she unsubscribed from an organisation that issues it",
    "no-embargo-terms": "she has not accepted embargo terms",
    "already-receives": "she gets it from another wave, or under another contact merged into this one",
    "not-active": "she was set aside, erased or merged into another contact",
    "address-changed": "the address that it was to go to was taken away from her since it was scheduled",
    "left-list": "she had left the list",
    "asked": "she asked for it",
    "age": "not used for as long as the settings keep anybody",
}

_KINDS: Mapping[str, str] = {"asked": "she asked", "undeliverable": "no such mailbox"}


def in_words(event: str) -> str:
    """What happened; the event's own name where nobody has said it in words."""
    return WORDS.get(event, event)


def of_sending(release: str, version: int, language: str) -> str:
    """What was sent, or was to be."""
    said = f", in {_language(language)}" if language else ""
    return f"{release}, version {version}{said}"


def of_reply(data: Mapping[str, object], text: str) -> str:
    """What a relay answered; empty where none was asked."""
    if not (relay := data.get("relay")):
        return ""
    if not data.get("code"):
        return f"{relay} gave no answer" + (f": {text}" if text else "")
    return " ".join(str(part) for part in (relay, "answered", data["code"], data.get("enhanced"), text) if part)


def of_reason(data: Mapping[str, object]) -> str:
    """Why, where the log says so."""
    reason = str(data.get("reason") or "")
    return _REASONS.get(reason, reason)


def of_change(data: Mapping[str, object], outlets: Mapping[int, str]) -> str:
    """Which details were changed, and how as far as the log knows."""
    for key, verb in (("joined", "went to"), ("left", "left")):
        if isinstance(number := data.get(key), int):
            return f"{verb} {outlets.get(number, 'an outlet that is not known any more')}"
    if status := data.get("status"):
        return _STATUS.get(str(status), str(status))
    fields = data.get("fields")
    names = [str(field) for field in fields] if isinstance(fields, list) else []
    if names == ["distinct"]:
        return f"is not one person with contact {data.get('from')}"
    return ", ".join(_FIELDS.get(name, name.replace("_", " ")) for name in names)


def of_merge(data: Mapping[str, object]) -> str:
    """Into whom, or whom, and which details came from her."""
    if number := data.get("kept"):
        return f"contact {number}, who stands for both"
    changed = of_change(data, {})
    return f"contact {data.get('merged')}" + (f"; changed by it: {changed}" if changed else "")


def of_parting(data: Mapping[str, object]) -> str:
    """From whom."""
    return f"contact {data.get('kept') or data.get('merged')}"


def of_terms(data: Mapping[str, object], names: Mapping[int, str]) -> str:
    """Which terms, on which day."""
    number = data.get("terms")
    parts = [
        names.get(number, "") if isinstance(number, int) else "",
        f"on {data['on']}" if data.get("on") else "",
        f"until {data['until']}" if data.get("until") else "",
    ]
    return ", ".join(filter(None, parts))


def of_suppression(organisation: str, kind: str, reason: str) -> str:
    """By whom, and why as far as it is still known."""
    whose = f"releases of {organisation}" if organisation else "all releases"
    why = ": ".join(filter(None, (_KINDS.get(kind, kind), reason)))
    return f"{whose}; {why}" if why else whose


def _language(code: str) -> str:
    return str(Locale("en").languages.get(code.partition("-")[0], code))
