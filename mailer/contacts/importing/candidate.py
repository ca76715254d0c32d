"""A row that has been checked: the person whom it tells of, in the values of the registry."""

from dataclasses import dataclass
from datetime import date

from mailer.contacts.address import Address
from mailer.contacts.cities import KnownCity
from mailer.contacts.models import LawfulBasis, OutletType
from mailer.contacts.phones import Phone


@dataclass(frozen=True, slots=True)
class Place:
    """An outlet with her role there."""

    key: str
    """See ``Outlet.key``."""
    name: str
    role: str
    type: OutletType | None = None
    """As far as the list tells it."""


class Candidate:
    """What a row says; its attributes are the names of ``contacts.fields``.

    Only those whose column the file has say anything. A file's hundred thousand are held at once, so that rows which
    are far apart can be one person: what a row does not say is kept with the class, and equal cells share their values.
    """

    row: int
    joined: bool = False
    """Whether it was put together from several rows."""
    whole: bool = False
    """Whether its addresses are all that she is to have: none that it leaves out is kept."""
    address: tuple[Address, ...] = ()
    name: str = ""
    """Empty where only the Arabic name is told."""
    given_name: str = ""
    family_name: str = ""
    name_ar: str = ""
    phone: tuple[Phone, ...] = ()
    city: KnownCity | None = None
    languages: tuple[str, ...] = ()
    salutations: tuple[tuple[str, str], ...] = ()
    """Language and words, sorted."""
    beats: tuple[str, ...] = ()
    """Slugs, sorted."""
    outlets: tuple[Place, ...] = ()
    organisation: str = ""
    """The slug; empty for journalists."""
    title: str = ""
    title_ar: str = ""
    tags: tuple[str, ...] = ()
    embargo_terms: date | None = None
    source: str = ""
    basis: LawfulBasis | None = None
    basis_since: date | None = None
    verified: date | None = None
    notes: str = ""
    national: str = ""
    """The cell of her telephone numbers where they lack their country, and the row names no city: they wait for it."""

    def __init__(self, row: int) -> None:
        self.row = row


MANY = ("phone", "languages", "beats", "outlets", "tags", "salutations")
"""Fields with several values, which several rows about one person add to each other; addresses apart."""

SINGLE = (
    "name",
    "given_name",
    "family_name",
    "name_ar",
    "city",
    "organisation",
    "title",
    "title_ar",
    "embargo_terms",
    "source",
    "basis",
    "basis_since",
    "verified",
    "notes",
)
"""Fields with one value, of which the first row's is kept."""
