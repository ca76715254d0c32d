"""Whom a release must not be sent to: suppressed addresses, domains and people, worked out for many at once.

A release that several organisations issue is one mail in the name of all of them: it is not sent to who has
unsubscribed from any one of these, as it would bring her the very name that she does not want to see again.

That somebody asked not to be written to is said of the person. It stops her at whichever of her addresses it was
said of, the first or a further one. That a mailbox is not there stops that address only.

An address stands for its mailbox in each of the spellings that are surely one (see ``mailbox.surely``), which is kept
with each suppression, so that an index finds it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

from sqlalchemy import ColumnElement, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from mailer.contacts.domains import domain_of
from mailer.contacts.mailbox import PROVIDERS, surely
from mailer.contacts.models import Contact, ContactPoint, PointKind, Suppression, SuppressionKind
from mailer.database import chunks, fetch, one_of


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
    """By ``Suppression.address_key``, and by the one text of its mailbox (see ``mailbox.surely``)."""
    people: Mapping[int, Stop] = field(default_factory=dict)
    """By the contact's number: who asked, at any of her addresses."""
    domains: bool = False
    """Whether there is a domain among the keys."""
    gone: Mapping[int, int | None] = field(default_factory=dict)
    """Contacts who are active no more, of those who were asked about, with whom each is merged into."""
    kept: frozenset[int] = frozenset()
    """Of those who were asked about, the contacts whom others were merged into."""

    def why(self, contact_id: int, address_key: str) -> Stop | None:
        """Why this contact is not written to at this address."""
        return self._of_mailbox(address_key) or self.people.get(contact_id) or self._of_domain(address_key)

    def of_address(self, address_key: str) -> Stop | None:
        """Why nobody is written to at this address."""
        return self._of_mailbox(address_key) or self._of_domain(address_key)

    def _of_mailbox(self, address_key: str) -> Stop | None:
        return self.keys.get(address_key) or self.keys.get(surely(address_key))

    def _of_domain(self, address_key: str) -> Stop | None:
        if not self.domains:
            return None
        at_domain = domains_over(domain_of(address_key))
        return Stop.DOMAIN if any(key in self.keys for key in at_domain) else None


@lru_cache(maxsize=4096)
def domains_over(domain: str) -> tuple[str, ...]:
    """The keys of a domain and of all above it: ``@desk.paper.example``, ``@paper.example``, ``@example``."""
    parts = domain.split(".")
    return tuple(f"@{'.'.join(parts[start:])}" for start in range(len(parts)))


def all_stops(session: Session, organisation_ids: Collection[int]) -> Stops:
    """All that is suppressed for a release of these organisations."""
    keys = session.execute(select(Suppression.address_key, Suppression.organisation_id)).all()
    asked = Suppression.kind == SuppressionKind.ASKED
    first = select(Contact.id, Suppression.organisation_id).join(
        Suppression, Suppression.address_key == Contact.address_key
    )
    further = (
        select(ContactPoint.contact_id, Suppression.organisation_id)
        .join(Suppression, Suppression.address_key == ContactPoint.key)
        .where(ContactPoint.kind == PointKind.ADDRESS)
    )
    people = session.execute(union_all(first.where(asked), further.where(asked)))
    boxes = _boxes(session, _mailboxes(row[0] for row in keys if not row[0].startswith("@")))
    of_boxes: list[tuple[int, int | None]] = []
    if any(row.asked for rows in boxes.values() for row in rows):
        of_boxes = _asked_of(boxes, owners_at_providers(session))
    return _stops(
        [*((row[0], row[1]) for row in keys), *_rows_of(boxes)],
        [*((row[0], row[1]) for row in people), *of_boxes],
        lambda: organisation_ids,
    )


def stops_among(
    session: Session,
    address_keys: Collection[str],
    organisation_ids: Callable[[], Collection[int]],
    *,
    contact_ids: Collection[int] = (),
) -> Stops:
    """What is suppressed of these addresses, and of these contacts, of whom there are a batch at most.

    One statement for the addresses and two for the contacts, and one more where somebody is at a provider whose
    mailboxes have several spellings: each batch that is sent waits for them.
    ``organisation_ids`` gives who issues the release, and is asked only where somebody has unsubscribed from one.
    """
    domains = set(map(domain_of, address_keys))
    wanted = list(set(address_keys).union(*map(domains_over, domains)))
    among, value = one_of(session, "address_key", wanted)
    suppressed = fetch(session, ("address_key", "organisation_id"), _KEYS.format(among), (value, value))
    asked: list[tuple[int, int | None]] = []
    gone: dict[int, int | None] = {}
    kept: set[int] = set()
    owners: list[tuple[int, str]] = []
    if contact_ids:
        is_one, these = one_of(session, "", list(contact_ids))
        people = _PEOPLE.format(is_one)
        for what, contact, other in fetch(session, ("what", "contact", "other"), people, (these,) * _TIMES):
            if what == "asked":
                asked.append((contact, other))
            elif what == "gone":
                gone[contact] = other
            else:
                kept.add(contact)
        like = [f"%{provider}" for provider in PROVIDERS]
        found = fetch(session, ("id", "key"), _OWNERS.format(is_one), (these, *like) * 2)
        owners = [(row[0], row[1]) for row in found]
    boxes = _boxes(session, _mailboxes([*address_keys, *(key for _, key in owners)]))
    asked += _asked_of(boxes, owners)
    stops = _stops([*((row[0], row[1]) for row in suppressed), *_rows_of(boxes)], asked, organisation_ids)
    return replace(stops, gone=gone, kept=frozenset(kept)) if gone or kept else stops


# Those by all and those by one each have an index of their own, which answers only a question that says which. CROSS:
# the few contacts come first, and SQLite does not walk through all that is suppressed to find them.
_KEYS = """FROM (
    SELECT address_key, organisation_id FROM suppression WHERE organisation_id IS NULL AND {0}
    UNION ALL
    SELECT address_key, organisation_id FROM suppression WHERE organisation_id IS NOT NULL AND {0}
) AS suppressed"""

_ASKED = """SELECT 'asked' AS what, {0} AS contact, suppression.organisation_id AS other
    FROM {1} CROSS JOIN suppression
    WHERE {0} {{0}} AND suppression.kind = 'asked' AND suppression.organisation_id IS {2}
    AND suppression.address_key = """

_PEOPLE = f"""FROM (
    {_ASKED.format("contact.id", "contact", "NULL")} contact.address_key
    UNION ALL
    {_ASKED.format("contact.id", "contact", "NOT NULL")} contact.address_key
    UNION ALL
    {_ASKED.format("contact_point.contact_id", "contact_point", "NULL")} contact_point.key
    AND contact_point.kind = 'address'
    UNION ALL
    {_ASKED.format("contact_point.contact_id", "contact_point", "NOT NULL")} contact_point.key
    AND contact_point.kind = 'address'
    UNION ALL
    SELECT 'gone', contact.id, contact.merged_into_id FROM contact WHERE contact.id {{0}} AND contact.status <> 'active'
    UNION ALL
    SELECT 'kept', contact.merged_into_id, contact.id FROM contact WHERE contact.merged_into_id {{0}}
) AS people"""  # noqa: S608 - fixed texts
"""Who of some contacts asked, with the organisation; who is active no more, with whom she is merged into; and whom
others were merged into."""
_TIMES = _PEOPLE.count("{0}")
"""So often it names the contacts."""


_AT_PROVIDERS = " OR ".join("{0} LIKE ?" for _ in PROVIDERS)
_OWNERS = f"""FROM (
    SELECT id, address_key AS key FROM contact WHERE id {{0}} AND ({_AT_PROVIDERS.format("address_key")})
    UNION ALL
    SELECT contact_id, key FROM contact_point
    WHERE contact_id {{0}} AND kind = 'address' AND ({_AT_PROVIDERS.format("key")})
) AS owners"""  # noqa: S608 - fixed texts
"""The addresses of some contacts at these providers."""


@dataclass(frozen=True, slots=True)
class _Said:
    """One suppression of a mailbox that has several spellings."""

    key: str
    organisation_id: int | None
    asked: bool


def at_providers(column: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether it is an address at a provider whose mailboxes have several spellings."""
    return or_(*(column.like(f"%{provider}") for provider in PROVIDERS))


def owners_at_providers(session: Session) -> list[tuple[int, str]]:
    """All contacts with an address there, with its key."""
    hers = select(Contact.id, Contact.address_key).where(at_providers(Contact.address_key))
    further = select(ContactPoint.contact_id, ContactPoint.key).where(
        ContactPoint.kind == PointKind.ADDRESS, at_providers(ContactPoint.key)
    )
    # By the connection, which passes rows on faster than a session.
    return [(row[0], row[1]) for row in session.connection().execute(union_all(hers, further))]


def suppressed_spellings(
    session: Session, address_keys: Collection[str], *, by_all: bool = False
) -> Mapping[str, Sequence[str]]:
    """By address key, those suppressed addresses that are surely the same mailbox, written otherwise.

    ``by_all``: without what was said of one organisation only.
    """
    boxes = _boxes(session, _mailboxes(address_keys))
    found: dict[str, Sequence[str]] = {}
    for key in address_keys:
        said = boxes.get(surely(key), ())
        others = {s.key for s in said if s.key != key and not (by_all and s.organisation_id is not None)}
        if others:
            found[key] = sorted(others)
    return found


def _mailboxes(address_keys: Iterable[str]) -> set[str]:
    """Those of the addresses that are at providers whose mailboxes have several spellings."""
    return {surely(key) for key in address_keys if key.endswith(PROVIDERS)}


def _boxes(session: Session, mailboxes: Collection[str]) -> Mapping[str, Sequence[_Said]]:
    """What is suppressed of these mailboxes, in whichever spelling."""
    boxes: dict[str, list[_Said]] = {}
    for some in chunks(mailboxes):
        among, value = one_of(session, "mailbox", some)
        rows = fetch(session, ("mailbox", *_OF_BOX), f"FROM suppression WHERE {among}", (value,))
        for mailbox, key, organisation_id, kind in rows:
            boxes.setdefault(mailbox, []).append(_Said(key, organisation_id, kind == SuppressionKind.ASKED.value))
    return boxes


_OF_BOX = ("address_key", "organisation_id", "kind")


def _rows_of(boxes: Mapping[str, Sequence[_Said]]) -> Iterable[tuple[str, int | None]]:
    return ((box, said.organisation_id) for box, rows in boxes.items() for said in rows)


def _asked_of(
    boxes: Mapping[str, Sequence[_Said]], owners: Iterable[tuple[int, str]]
) -> list[tuple[int, int | None]]:
    return [
        (contact, said.organisation_id)
        for contact, key in owners
        for said in boxes.get(surely(key), ())
        if said.asked
    ]


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
