"""What an officer says of one contact by hand, as the cells of a row, and laid over what is known of her."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mailer.contacts.address import Address
from mailer.contacts.fields import join_values, lasting_cell
from mailer.contacts.importing.candidate import Candidate, Place
from mailer.contacts.importing.standing import Standing
from mailer.contacts.importing.unfit import Unfit
from mailer.contacts.merging.reached import phone_key
from mailer.contacts.phones import Phone

REMOVABLE = ("address", "phone", "languages", "beats", "tags")
"""Fields of which single values may be taken away. An outlet is left on a day instead: see ``affiliations``."""

CLEARABLE = (
    "name_ar",
    "given_name",
    "family_name",
    "phone",
    "languages",
    "salutations",
    "beats",
    "organisation",
    "title",
    "title_ar",
    "tags",
    "source",
    "basis",
    "basis_since",
)
"""Fields that may be emptied; ``languages`` only to be told anew."""

_WHOLE = ("outlets", "salutations")
_NAMES = frozenset(("name", "given_name", "family_name", "name_ar"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is said of one contact, by the names of ``contacts.fields``. A field that is not named stays as it is."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Each as it was typed. Where there may be several they come to those that she has: addresses and telephone
    numbers before them, because the first is the one that is used; languages behind them."""
    removed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Values to be taken away, of ``REMOVABLE`` fields."""
    cleared: Collection[str] = ()
    """Fields to be emptied before anything is said of them, of ``CLEARABLE``."""
    again: bool = False
    """She asked to be in the registry again, although her address was erased."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What the fields are called where this is typed, such as ``--city``; and ``again``."""
    removed_names: Mapping[str, str] = field(default_factory=dict)
    """The same of values to be taken away."""

    @property
    def touched(self) -> frozenset[str]:
        """The fields that it speaks of."""
        return frozenset((*self.values, *self.removed, *self.cleared))

    def value(self, name: str) -> str:
        """What was typed for that field, for messages."""
        return "; ".join(self.values.get(name, ()))


def removed_cells(told: Told, before: Standing) -> dict[str, str]:
    """What is to be taken away, as the cells of a row."""
    cells = {name: _cell(name, values) for name, values in told.removed.items()}
    if "phone" in cells:
        cells["city"], cells["country"] = before.city
    return cells


def told_cells(told: Told, before: Standing, gone: Candidate) -> dict[str, str]:
    """What is said, as the cells of a row, with what a cell of it cannot be understood without."""
    cells = dict.fromkeys(told.cleared, "") | {name: _cell(name, values) for name, values in told.values.items()}
    if "languages" in told.touched:
        kept = () if "languages" in told.cleared else (c for c in before.languages if c not in gone.languages)
        cells["languages"] = "\n".join([*kept, *told.values.get("languages", ())])
    if not before.id:
        return cells
    if "name" not in cells and not _NAMES.isdisjoint(cells):
        # It does not follow when a part of it is written otherwise.
        cells["name"] = lasting_cell(before.name)
    if "phone" in cells and "city" not in cells:
        # A number is read as its country writes it.
        cells["city"], cells["country"] = before.city
    if "city" in told.values and before.organisation and "organisation" not in cells:
        # An officer's office is in her city.
        cells["organisation"] = before.organisation
    return cells


def lay_over(candidate: Candidate, told: Told, before: Standing, gone: Candidate) -> frozenset[str]:
    """Bring into the candidate what she has and is not taken away; returns the fields that come to it by this.

    Raises ``Unfit`` for a value to be taken away that she has not got, or for her last address.
    """
    candidate.whole = True
    _require_held(gone, before)
    candidate.address = _addresses(candidate, before, gone)
    fields = told.touched
    if "phone" in fields:
        candidate.phone = _phones(candidate, told, before, gone)
    for name in ("beats", "tags"):
        if name in fields:
            kept = () if name in told.cleared else getattr(before, name)
            taken = getattr(gone, name)
            values = {*(value for value in kept if value not in taken), *getattr(candidate, name)}
            setattr(candidate, name, tuple(sorted(values)))
    if "outlets" in fields:
        candidate.outlets = tuple(_outlets(candidate, before))
    if not fields.isdisjoint(("languages", "salutations")):
        kept = () if "salutations" in told.cleared else before.salutations
        # One in a language that she reads no more goes with it.
        reads = candidate.languages or before.languages
        words = {code: text for code, text in kept if code in reads} | dict(candidate.salutations)
        candidate.salutations = tuple(sorted(words.items()))
        return frozenset(("salutations",))
    return frozenset()


def _cell(name: str, values: Sequence[str]) -> str:
    """The values of a field as one cell; the apostrophe that hides a formula in a spreadsheet hides nothing here."""
    # An outlet or a salutation may have a semicolon in it; of the others several may be typed as one.
    return lasting_cell(join_values(values) if name in _WHOLE else "\n".join(values))


def _require_held(gone: Candidate, before: Standing) -> None:
    country = before.city[1]
    held: Mapping[str, Collection[str]] = {
        "address": [one.key for one in before.address],
        "phone": [_phone_key(one, country) for one in before.phone],
        "languages": before.languages,
        "beats": before.beats,
        "tags": before.tags,
    }
    for name in REMOVABLE:
        for value in getattr(gone, name):
            key = value.key if isinstance(value, Address | Phone) else value
            if key not in held[name]:
                shown = value.text if isinstance(value, Address | Phone) else value
                has = "; ".join(one if isinstance(one, str) else one.text for one in getattr(before, name))
                raise Unfit(name, "she has not got it", f"She has: {has}." if has else "She has none.", shown)


def _addresses(candidate: Candidate, before: Standing, gone: Candidate) -> tuple[Address, ...]:
    taken = {one.key for one in gone.address}
    told = {one.key: one for one in candidate.address}
    kept = (one for one in before.address if one.key not in taken and one.key not in told)
    found = (*told.values(), *kept)
    if not found:
        remedy = "Say with it where she is written to from now on, or erase her if nothing is to be kept."
        raise Unfit("address", "it is the only one that she has", remedy, before.address[0].text)
    return found


def _phones(candidate: Candidate, told: Told, before: Standing, gone: Candidate) -> tuple[Phone, ...]:
    taken = {one.key for one in gone.phone}
    found = {one.key: one for one in candidate.phone}
    for one in () if "phone" in told.cleared else before.phone:
        key = _phone_key(one, before.city[1])
        if key not in taken:
            found.setdefault(key, Phone(one.text, key))
    return tuple(found.values())


def _phone_key(one: Phone, country: str) -> str:
    """The first number's row has no key."""
    return one.key or phone_key(one.text, country)


def _outlets(candidate: Candidate, before: Standing) -> Iterator[Place]:
    told = {place.key: place for place in candidate.outlets}
    for place in before.outlets:
        if (again := told.pop(place.key, None)) is None:
            yield place
        else:
            # Named without a role, she keeps the one that she has there.
            yield replace(again, role=again.role or place.role)
    yield from told.values()
