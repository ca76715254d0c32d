"""Outlets in the cell of a list, each with her role there, and the cell of their types; written, and read back.

``Levant Courier (reporter)`` is an outlet and a role, ``Radio Liban (96.2) (editor)`` one with brackets in its name,
which has an empty pair behind it where no role is known: ``Radio Liban (96.2) ()``. Whatever would not be read so has a
backslash before each of its brackets.
"""

import re
from collections.abc import Iterable, Sequence

from mailer.contacts.fields import join_values, split_values
from mailer.contacts.models import OutletType
from mailer.contacts.outlets import outlet_type
from mailer.contacts.spelling import fold

# Brackets inside a name are understood at its end alone: a list in which a semicolon is missing, "Courier (reporter)
# Herald (editor)", must be told and not become one outlet.
_OUTLET = re.compile(
    r"(?P<name>(?:\\.|[^()\\]|\\(?!.))+?(?:\s*\((?:\\.|[^()\\]|\\(?!.))*\)(?=\s*\())?)"
    r"\s*(?:\((?P<role>(?:\\.|[^()\\]|\\(?!.))*)\))?",
    re.DOTALL,
)
_LONGEST = 700
"""Characters: a name of 200 and a role of 120, each with a backslash."""
_ESCAPED = re.compile(r"\\([()\\])")
_TO_ESCAPE = re.compile(r"[()\\]")


def outlet_value(name: str, role: str) -> str:
    """An outlet with her role there, such that ``read_outlet`` gives them back."""
    if "(" not in name and "\\" not in name and ")" not in name:
        return f"{name} ({_safe(role)})" if role else name
    for plain in (f"{name} ({role})" if role else name, f"{name} ({role})"):
        if read_outlet(plain) == (name, role):
            return plain
    return f"{_escape(name)} ({_safe(role)})" if role else _escape(name)


def read_outlet(value: str) -> tuple[str, str] | None:
    """An outlet's name and her role there, which is empty where none is told; ``None`` for what is neither."""
    match = _OUTLET.fullmatch(value) if len(value) <= _LONGEST else None
    if match is None:
        return None
    name = _ESCAPED.sub(r"\1", match["name"])
    return name, _ESCAPED.sub(r"\1", match["role"] or "").strip()


def types_cell(outlets: Sequence[tuple[str, OutletType | None]]) -> str:
    """The types of these outlets, by name, as far as they are known: ``radio`` of a single outlet, of several each with
    its outlet before it: ``Levant Courier: newspaper; Radio Bahr: radio``."""
    if len(outlets) == 1:
        ((_, kind),) = outlets
        return kind.value if kind else ""
    return join_values(f"{name}: {kind.value}" for name, kind in outlets if kind)


def read_types(cell: str, keys: Sequence[str]) -> dict[str, OutletType]:
    """The types that a cell tells of the outlets of these keys, in their order: one for a single outlet, one for each,
    or with the outlet's name before each. Raises ``ValueError`` with the reason and the remedy."""
    values = split_values(cell)
    kinds = [outlet_type(value) for value in values]
    if len(values) == len(keys) and all(kinds):
        return {key: kind for key, kind in zip(keys, kinds, strict=True) if kind}
    return dict(_named_types(values, keys))


def _named_types(values: Iterable[str], keys: Sequence[str]) -> Iterable[tuple[str, OutletType]]:
    for value in values:
        name, colon, text = value.rpartition(":")
        if not colon and outlet_type(value) and len(keys) > 1:
            remedy = "Write the outlet before each type: Levant Courier: newspaper; Radio Bahr: radio."
            raise ValueError("it is not clear to which of the outlets it belongs", remedy)
        kind = outlet_type(text)
        if kind is None:
            raise ValueError(
                f"“{text.strip()[:40]}” is not a type of outlet", f"Write one of: {', '.join(OutletType)}."
            )
        if colon and fold(name) not in keys:
            raise ValueError(
                f"“{name.strip()[:40]}” is not among her outlets", "Write its name as it is in their column."
            )
        yield (fold(name) if colon else keys[0]), kind


def _safe(role: str) -> str:
    return _escape(role) if _TO_ESCAPE.search(role) else role


def _escape(text: str) -> str:
    return _TO_ESCAPE.sub(r"\\\g<0>", text)
