"""What the log has by number only, called by the names that are still held."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.contacts.merging import kept_of, numbers_of
from mailer.contacts.models import Contact, MediaList
from mailer.database import chunks
from mailer.reports.people import NOBODY, fates
from mailer.reports.words import Said, said

Person = tuple[Said | str, Said | str]
"""What to call her, and what has become of her contact since."""


def people_called(session: Session, numbers: Iterable[int]) -> Mapping[int, Person]:
    """The contacts of these numbers: who was erased has the day instead of a name."""
    wanted = sorted(set(numbers))
    names: dict[int, str] = {}
    for some in chunks(wanted):
        names.update(session.execute(select(Contact.id, Contact.name).where(Contact.id.in_(some))).all())
    became = fates(session, wanted)
    found: dict[int, Person] = {}
    for number in wanted:
        fate = became.get(number, NOBODY)
        found[number] = (fate.name(names.get(number, "")), fate.since)
    return found


def lists_called(session: Session) -> Mapping[int, str]:
    """The name of each media list."""
    return dict(session.execute(select(MediaList.id, MediaList.name)).all())


def list_called(number: int | None, names: Mapping[int, str]) -> Said | str:
    """Its name; where it was deleted its number, and nothing where there is none."""
    if number is None:
        return ""
    return names.get(number) or said("list %(list)s, deleted since", list=number)


def family_of(session: Session, contact_id: int) -> frozenset[int]:
    """Her number, and those of all contacts who are one person with her."""
    kept = kept_of(session, session.get_one(Contact, contact_id)).id
    return frozenset((kept, *numbers_of(session, [kept])))
