"""What somebody new cannot be without: what a row, or a whole list, says too little of."""

from collections.abc import Collection

from mailer.contacts.importing.candidate import Candidate
from mailer.contacts.importing.unfit import Unfit

NEEDED = ("name", "city", "languages")
"""Besides her address."""
NAMES = frozenset(("name", "given_name", "family_name", "name_ar"))

_REMEDIES = {
    "name": "Write the person's name there, or her Arabic name as name_ar.",
    "city": "Write the city that she works in.",
    "languages": "Write the languages that she reads, the one she likes best first.",
}
_DEFAULTS = {"city": "--default city=Beirut", "languages": "--default languages=en"}


def without_column(fields: Collection[str]) -> list[str]:
    """What is needed and has no column among the fields."""
    named = not NAMES.isdisjoint(fields)
    return [field for field in NEEDED if field not in fields and not (field == "name" and named)]


def empty_cells(candidate: Candidate, fields: Collection[str]) -> list[Unfit]:
    """The problems of a row whose cell of something needed is empty."""
    there = {
        "name": candidate.name or candidate.name_ar,
        "city": candidate.city,
        "languages": candidate.languages,
    }
    untold = {field for field, value in there.items() if not value}.difference(without_column(fields))
    return [Unfit(field, "it is empty", remedy) for field, remedy in _REMEDIES.items() if field in untold]


def lacking(candidate: Candidate, fields: Collection[str]) -> list[Unfit]:
    """All that the row of somebody new lacks; none where she can be taken in."""
    if candidate.languages and candidate.city and (candidate.name or candidate.name_ar):
        return []
    problems = empty_cells(candidate, fields)
    for unfit in problems:
        if default := default_advice([unfit.field]):
            unfit.remedy += f" Or say it of all who are new: {default}"
    there = {"name": candidate.name, "city": candidate.city, "languages": candidate.languages}
    if missing := [field for field in without_column(fields) if not there[field]]:
        reason = "she is new to the registry, and the list has no such column"
        remedy = f"Add the columns that are missing: {', '.join(missing)}."
        if default := default_advice(missing):
            remedy += f" Or say it of all who are new: {default}"
        problems.append(Unfit(missing[0], reason, remedy))
    return problems


def default_advice(fields: Collection[str]) -> str:
    """The options that tell these fields of all who are new, as far as there are any."""
    return " ".join(option for field, option in _DEFAULTS.items() if field in fields)
