"""Contacts for programs: JSON, one object a line."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import BinaryIO

from mailer.contacts.records import Record


def write_json(people: Iterable[Record], stream: BinaryIO) -> int:
    """Write them; ``docs/reference/json.md`` has the fields."""
    count = 0
    for count, person in enumerate(people, 1):  # noqa: B007
        stream.write(json.dumps(fields(person), ensure_ascii=False).encode() + b"\n")
    return count


def fields(person: Record) -> dict[str, object]:
    """A contact with all that the registry's fields have of her, as JSON takes it."""
    return {
        "contact": person.id,
        "kind": person.kind.value,
        "status": person.status.value,
        "name": person.name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "name_ar": person.name_ar,
        "addresses": list(person.addresses),
        "phones": list(person.phones),
        "city": person.city,
        "country": person.country,
        "languages": list(person.languages),
        "salutations": dict(person.salutations),
        "beats": list(person.beats),
        "outlets": [
            {"name": name, "role": role, "type": kind.value if kind else ""} for name, role, kind in person.outlets
        ],
        "organisation": person.organisation,
        "title": person.title,
        "title_ar": person.title_ar,
        "tags": list(person.tags),
        "embargo_terms": person.embargo_terms.isoformat() if person.embargo_terms else None,
        "source": person.source,
        "basis": person.basis.value if person.basis else "",
        "basis_since": person.basis_since.isoformat() if person.basis_since else None,
        "verified_at": _instant(person.verified_at),
        "added_at": _instant(person.added_at),
    }


def _instant(instant: datetime | None) -> str | None:
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
