"""Whom a release must not be sent to: suppressed addresses, domains and people, worked out for many at once.

A release that several organisations issue is one mail in the name of all of them: it is not sent to who has
unsubscribed from any one of these, as it would bring her the very name that she does not want to see again.

That somebody asked not to be written to is said of the person. It stops her at whichever of her addresses it was
said of, the first or a further one. That a mailbox is not there stops that address only.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from sqlalchemy import Select, select, union_all
from sqlalchemy.orm import Session

from mailer.contacts.models import Contact, ContactPoint, PointKind, Suppression, SuppressionKind

_CHUNK = 500  # keys in one query, well below the 32,766 parameters that SQLite takes


class Stop(StrEnum):
    """Why nothing is sent there."""

    SUPPRESSED = "suppressed"
    """This address or, where she asked, the person: by all."""
    DOMAIN = "suppressed-domain"
    """Everybody at this domain and below it, for all or for an organisation that issues the release."""
    UNSUBSCRIBED = "unsubscribed"
    """She wants nothing more of one of the organisations that issue the release."""


@dataclass(frozen=True, slots=True)
class Stops:
    """What is suppressed for a release."""

    keys: Mapping[str, Stop] = field(default_factory=dict)
    """By ``Suppression.address_key``."""
    people: Mapping[int, Stop] = field(default_factory=dict)
    """By the contact's number: who asked, at any of her addresses."""
    domains: bool = False
    """Whether there is a domain among the keys."""

    def why(self, contact_id: int, address_key: str) -> Stop | None:
        """Why this contact is not written to at this address."""
        return self.keys.get(address_key) or self.people.get(contact_id) or self._of_domain(address_key)

    def of_address(self, address_key: str) -> Stop | None:
        """Why nobody is written to at this address."""
        return self.keys.get(address_key) or self._of_domain(address_key)

    def _of_domain(self, address_key: str) -> Stop | None:
        if not self.domains:
            return None
        at_domain = domains_over(address_key.rpartition("@")[2])
        return Stop.DOMAIN if any(key in self.keys for key in at_domain) else None


@lru_cache(maxsize=4096)
def domains_over(domain: str) -> tuple[str, ...]:
    """The keys of a domain and of all above it: ``@desk.paper.example``, ``@paper.example``, ``@example``."""
    parts = domain.split(".")
    return tuple(f"@{'.'.join(parts[start:])}" for start in range(len(parts)))


def all_stops(session: Session, organisation_ids: Collection[int]) -> Stops:
    """All that is suppressed for a release of these organisations."""
    query = select(Suppression.address_key, Suppression.organisation_id)
    asked = ((row[0], row[1]) for row in session.execute(_people()))
    return _stops([(row[0], row[1]) for row in session.execute(query)], asked, lambda: organisation_ids)


def stops_among(
    session: Session,
    address_keys: Collection[str],
    organisation_ids: Callable[[], Collection[int]],
    *,
    contact_ids: Collection[int] = (),
) -> Stops:
    """What is suppressed of these addresses and contacts, which are few; ``organisation_ids`` gives who issues the
    release, and is asked only where somebody has unsubscribed from one."""
    domains = {address_key.rpartition("@")[2] for address_key in address_keys}
    wanted = list({*address_keys, *(key for domain in domains for key in domains_over(domain))})
    found: list[tuple[str, int | None]] = []
    for start in range(0, len(wanted), _CHUNK):
        query = select(Suppression.address_key, Suppression.organisation_id)
        rows = session.execute(query.where(Suppression.address_key.in_(wanted[start : start + _CHUNK])))
        found += [(row[0], row[1]) for row in rows]
    asked = session.execute(_people(contact_ids)) if contact_ids else ()
    return _stops(found, ((row[0], row[1]) for row in asked), organisation_ids)


def _people(contact_ids: Collection[int] | None = None) -> "Select[int, int | None]":
    """Contacts who asked, with the organisation; of these contacts, or of all."""
    asked = Suppression.kind == SuppressionKind.ASKED
    first = select(Contact.id, Suppression.organisation_id).join(
        Suppression, Suppression.address_key == Contact.address_key
    )
    further = (
        select(ContactPoint.contact_id, Suppression.organisation_id)
        .join(Suppression, Suppression.address_key == ContactPoint.key)
        .where(ContactPoint.kind == PointKind.ADDRESS)
    )
    if contact_ids is not None:
        first = first.where(Contact.id.in_(contact_ids))
        further = further.where(ContactPoint.contact_id.in_(contact_ids))
    both = union_all(first.where(asked), further.where(asked)).subquery()
    return select(both.c[0], both.c[1])


def _stops(
    suppressed: Iterable[tuple[str, int | None]],
    asked: Iterable[tuple[int, int | None]],
    organisation_ids: Callable[[], Collection[int]],
) -> Stops:
    suppressed, asked = list(suppressed), list(asked)
    of_one = any(row[1] is not None for row in (*suppressed, *asked))
    issuers = frozenset(organisation_ids()) if of_one else frozenset()

    def counted(rows: Iterable[tuple[str | int, int | None]]) -> dict[str | int, Stop]:
        known: dict[str | int, Stop] = {}
        for key, organisation_id in rows:
            if organisation_id is None:
                known[key] = Stop.SUPPRESSED
            elif organisation_id in issuers:
                known.setdefault(key, Stop.UNSUBSCRIBED)
        return known

    keys: dict[str, Stop] = counted(suppressed)  # type: ignore[assignment]
    people: dict[int, Stop] = counted(asked)  # type: ignore[assignment]
    return Stops(keys, people, any(key.startswith("@") for key in keys))
