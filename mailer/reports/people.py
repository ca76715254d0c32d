"""What the questions about deliveries share: words for what happened, and what has become of a person since."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.contacts.merging import kept_of
from mailer.contacts.models import City, Contact, ContactStatus
from mailer.contacts.terms import day_of
from mailer.database import chunks
from mailer.rendering import Occasion
from mailer.reports.words import Named, Said, said
from mailer.schedule.models import DeliveryState

KINDS: Mapping[str, Said] = {
    Occasion.UNDER_EMBARGO.value: said("under embargo"),
    Occasion.PUBLIC.value: said("public"),
}

STATES: Mapping[str, Said] = {
    DeliveryState.QUEUED.value: said("queued"),
    DeliveryState.SENDING.value: said("being sent"),
    DeliveryState.ACCEPTED.value: said("accepted"),
    DeliveryState.DEFERRED.value: said("deferred"),
    DeliveryState.FAILED.value: said("failed"),
    DeliveryState.IN_DOUBT.value: said("in doubt"),
    DeliveryState.HELD.value: said("held"),
    DeliveryState.CANCELLED.value: said("cancelled"),
    DeliveryState.SUPPRESSED.value: said("suppressed"),
}

CITIES_NOW = said("The city is the one where somebody is now, wherever she was then.")

_Item = TypeVar("_Item")
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Fate:
    """Who she is by now."""

    erased: Said | None = None
    """In place of her name; ``None`` for who was not erased."""
    since: Said | str = ""
    """What has become of her contact; empty where nothing has."""

    def name(self, name: str) -> Said | str:
        """What to call her, whom a delivery has under that name."""
        return self.erased or name


def fates(session: Session, contact_ids: Iterable[int]) -> Mapping[int, Fate]:
    """Those of these contacts who were erased, or merged into another; by number."""
    found: dict[int, Fate] = {}
    gone = (ContactStatus.ERASED, ContactStatus.MERGED)
    for some in chunks(sorted(set(contact_ids))):
        query = select(Contact).where(Contact.id.in_(some), Contact.status.in_(gone))
        for contact in session.scalars(query).unique():
            if contact.status is ContactStatus.ERASED:
                day = day_of(contact.erased_at).isoformat() if contact.erased_at else "?"
                found[contact.id] = Fate(said("erased on %(day)s", day=day), said("erased"))
            else:
                kept = kept_of(session, contact)
                found[contact.id] = Fate(None, said("merged into contact %(contact)s", contact=kept.id))
    return found


NOBODY = Fate()


def cities(session: Session) -> Mapping[str, Named]:
    """The registry's cities by their English names; not those whose name means two cities with different ones."""
    found: dict[str, Named] = {}
    for name, arabic, french in session.execute(select(City.name, City.arabic, City.french)):
        names = {"en": name, "ar": arabic, "fr": french}
        found[name] = Named(names if name not in found or found[name].names == names else {"en": name})
    return found


def paged(rows: Iterable[_Item]) -> Iterator[Sequence[_Item]]:
    """The rows a page at a time, so that what else is asked about them is asked once for a page."""
    iterator = iter(rows)
    while page := list(islice(iterator, _PAGE)):
        yield page
