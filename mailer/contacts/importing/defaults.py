"""What an officer says of all who are new in a list, where their rows say nothing: ``--default city=Beirut``."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from mailer.contacts.importing.account import ByDefault
from mailer.contacts.importing.candidate import Candidate, Place
from mailer.contacts.importing.cells import Checker, Faulty, Heads
from mailer.contacts.importing.plan import shown
from mailer.contacts.importing.vocabulary import Vocabulary
from mailer.contacts.reading.headings import field_called
from mailer.errors import BadDefault, nearest

FIELDS = (
    "city",
    "country",
    "languages",
    "beats",
    "outlets",
    "organisation",
    "tags",
    "source",
    "basis",
    "basis_since",
)
"""What may be so of many people. Not what is each one's own: her name, her address, the terms that she accepted."""
_NEEDS = {"country": "city", "basis_since": "basis"}
"""Fields that tell nothing without another."""
_SHOWN = 60  # characters of a value in a message


def defaults_of(options: Sequence[str]) -> Mapping[str, str]:
    """What is said with ``--default field=value``, value by field. Raises ``BadDefault``; values are checked later."""
    told: dict[str, str] = {}
    for option in options:
        called, _, value = (part.strip() for part in option.partition("="))
        field = called.casefold().replace("-", "_").replace(" ", "_")
        if field not in FIELDS:
            field = field_called(called)
        if field not in FIELDS:
            raise _bad(option, f"it names none of the fields {', '.join(FIELDS)}", nearest(called, FIELDS))
        if not value:
            raise _bad(option, "it says no value", f"Write it as --default {field}=VALUE, or leave it out.")
        if told.setdefault(field, value) != value:
            raise _bad(option, f"{field} is said twice", "Several values go into one, semicolons between them.")
    for field, other in _NEEDS.items():
        if field in told and other not in told:
            reason = f"it tells nothing without a default for {other}"
            raise _bad(f"{field}={told[field]}", reason, f"Say that too: --default {other}=VALUE")
    return told


def with_kept(said: Mapping[str, str], kept: Mapping[str, str]) -> Mapping[str, str]:
    """What is said now goes before what was kept, and so does its city before a kept country."""
    return {field: value for field, value in kept.items() if _NEEDS.get(field) not in said} | dict(said)


class Defaults:
    """The values, checked once for a list, and for how many people each was used."""

    def __init__(self, told: Mapping[str, str], vocabulary: Vocabulary, *, day: date) -> None:
        """Raises ``BadDefault``."""
        self._values = _checked(told, vocabulary, day)
        self._used: Counter[str] = Counter()
        self.fields = frozenset(self._values)
        city = self._values.get("city")
        self.country = city.country if city else ""
        """As whose telephone numbers are read, where nothing else says it."""
        self.outlets: tuple[Place, ...] = self._values.get("outlets", ())

    def fill(self, candidate: Candidate) -> Mapping[str, str]:
        """Say of somebody new what she lacks; returns it, as cells show it."""
        given = [field for field in self._values if not getattr(candidate, field)]
        if "basis_since" in given and "basis" not in given:
            given.remove("basis_since")  # the day is that of the default's basis
        for field in given:
            setattr(candidate, field, self._values[field])
        return {field: shown(field, self._values[field]) for field in given}

    def count(self, given: Mapping[str, str]) -> None:
        """Count somebody who was taken in with what ``fill`` gave."""
        self._used.update(given.keys())

    def account(self) -> tuple[ByDefault, ...]:
        """Those that were used."""
        used = ((field, self._used[field]) for field in self._values if self._used[field])
        return tuple(ByDefault(field, shown(field, self._values[field]), people) for field, people in used)


def _checked(told: Mapping[str, str], vocabulary: Vocabulary, day: date) -> Mapping[str, Any]:
    found = Checker(Heads("", {}), tuple(told), vocabulary, day=day).check(1, told)
    if isinstance(found, Faulty):
        one = found.refusals[0]
        # Of a country that none is, the city is told.
        raise _bad(f"{one.column}={told.get(one.column, one.value)}", one.reason, one.remedy)
    values = {field: getattr(found, field) for field in told if field != "country"}
    for field, value in values.items():
        if not value:
            raise _bad(f"{field}={told[field]}", "it says no value", f"Write it as --default {field}=VALUE")
    return values


def _bad(option: str, reason: str, remedy: str) -> BadDefault:
    shown_option = "".join(sign if sign.isprintable() else "\ufffd" for sign in option[:_SHOWN])
    return BadDefault(default=shown_option, reason=reason, remedy=remedy)
