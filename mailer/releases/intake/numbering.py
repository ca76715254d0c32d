"""The numbers of a Word file's lists, which stand nowhere in its text. ISO/IEC 29500-1, section 17.9."""

from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from mailer.releases.intake.package import W


@dataclass(slots=True)
class _List:
    """What all lists of one definition share; in Word they count on from each other."""

    forms: dict[int, str] = field(default_factory=dict)
    """By the depth: ``bullet``, ``decimal``, ``lowerLetter`` …"""
    starts: dict[int, int] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Use:
    """A list as paragraphs name it."""

    of: _List
    overrides: dict[int, int]
    """Where it begins anew when it is first met."""


class Numbering:
    """Counts the items of lists as they are met, in the document's order."""

    def __init__(self, root: Element | None) -> None:
        """Take in the part that defines them; without it every item has a bullet."""
        lists = {item.get(f"{W}abstractNumId", ""): _list(item) for item in _all(root, "abstractNum")}
        self._uses: dict[str, _Use] = {}
        for item in _all(root, "num"):
            key = item.find(f"{W}abstractNumId")
            found = lists.get(key.get(f"{W}val", "") if key is not None else "")
            if found is not None:
                overrides = {
                    _number(over.get(f"{W}ilvl")): _value(over.find(f"{W}startOverride"))
                    for over in item.iter(f"{W}lvlOverride")
                    if over.find(f"{W}startOverride") is not None
                }
                self._uses[item.get(f"{W}numId", "")] = _Use(found, overrides)

    def mark(self, number: str, depth: int) -> tuple[str, int]:
        """``-``, or ``1.`` with the number, of the next item of a list; empty for no list."""
        if number in ("", "0"):
            return "", 0
        use = self._uses.get(number)
        form = use.of.forms.get(depth, "bullet") if use else "bullet"
        if use is None or form in ("bullet", "none"):
            return "-", 0
        shared = use.of
        for over, start in use.overrides.items():
            shared.counts[over] = start - 1
        use.overrides.clear()
        count = shared.counts.get(depth, shared.starts.get(depth, 1) - 1) + 1
        shared.counts = {other: value for other, value in shared.counts.items() if other < depth} | {depth: count}
        return "1.", max(count, 0)

    def is_lettered(self, number: str, depth: int) -> bool:
        """Whether the items of a list are marked by other than bullets and plain numbers."""
        use = self._uses.get(number)
        return use is not None and use.of.forms.get(depth, "bullet") not in ("bullet", "none", "decimal")


def _all(root: Element | None, name: str) -> list[Element]:
    return list(root.iter(f"{W}{name}")) if root is not None else []


def _list(item: Element) -> _List:
    found = _List()
    for level in item.iter(f"{W}lvl"):
        form, start, depth = level.find(f"{W}numFmt"), level.find(f"{W}start"), _number(level.get(f"{W}ilvl"))
        found.forms[depth] = form.get(f"{W}val", "bullet") if form is not None else "bullet"
        if start is not None:
            found.starts[depth] = _value(start)
    return found


def _value(element: Element | None) -> int:
    return _number(element.get(f"{W}val")) if element is not None else 1


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) <= 6 else 0
