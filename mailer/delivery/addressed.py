"""Whether the address that a delivery was made for is still an address of whoever it is for.

A frozen wave keeps the addresses of the day on which it was scheduled, as they were shown then. One that was taken away
from somebody since is not written to: she may have said that it is not hers any more, or not to be used. Nor is her new
address in its place, which nobody has seen beside this wave; another wave of the same version reaches her there.

One that is a further address of hers by now is still hers, and so is another spelling of the same mailbox.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.contacts.mailbox import surely
from mailer.contacts.models import Contact, ContactPoint, PointKind
from mailer.database import chunks, fetch, one_of
from mailer.schedule.models import Delivery, DeliveryState, Wave

ADDRESS_CHANGED = "address-changed"
"""The address was taken away from her after the wave was scheduled."""


class Addressed(NamedTuple):
    """A delivery, with who it is for: of those who were merged, the one who is kept."""

    delivery: int
    person: int
    address_key: str


def no_longer_hers(session: Session, addressed: Sequence[Addressed]) -> set[int]:
    """Which of these deliveries would go to an address that is not that person's any more.

    One statement for all of them, and another one where somebody's first address is a different one by now.
    """
    now = _first_addresses(session, {one.person for one in addressed})
    moved = [one for one in addressed if surely(now.get(one.person, "")) != surely(one.address_key)]
    further = _further_addresses(session, {one.person for one in moved})
    return {one.delivery for one in moved if surely(one.address_key) not in further[one.person]}


def readdressed(session: Session, wave: Wave) -> Sequence[tuple[int, str]]:
    """Of those whom a wave waits for, numbers and names of those who would not get it, as its address for them is
    theirs no more; by name."""
    query = (
        select(Delivery.id, Contact.id.label("contact"), Delivery.address_key, Contact.name)
        .join(Contact, Contact.id == Delivery.contact_id)
        .where(
            Delivery.wave_id == wave.id,
            Delivery.state == DeliveryState.QUEUED,
            Delivery.address_key != Contact.address_key,
            # Whom she was merged into has her addresses, and a claim asks there.
            Contact.merged_into_id.is_(None),
        )
    )
    rows = session.execute(query).all()
    gone: set[int] = set()
    for some in chunks(rows):
        gone |= no_longer_hers(session, [Addressed(row.id, row.contact, row.address_key) for row in some])
    return sorted(((row.contact, row.name) for row in rows if row.id in gone), key=lambda one: (one[1], one[0]))


def _first_addresses(session: Session, people: Collection[int]) -> Mapping[int, str]:
    is_one, these = one_of(session, "id", list(people))
    return {
        row[0]: row[1] for row in fetch(session, ("id", "address_key"), f"FROM contact WHERE {is_one}", (these,))
    }


def _further_addresses(session: Session, people: Collection[int]) -> Mapping[int, set[str]]:
    """Their mailboxes."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    if people:
        points = select(ContactPoint.contact_id, ContactPoint.key)
        points = points.where(ContactPoint.kind == PointKind.ADDRESS, ContactPoint.contact_id.in_(people))
        for contact, key in session.execute(points):
            found[contact].add(surely(key))
    return found
