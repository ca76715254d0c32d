"""What a Word file's styles and lists mean: which paragraph is a heading, which an item, which a caption."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from mailer.contacts.spelling import fold
from mailer.releases.intake.numbering import Numbering
from mailer.releases.intake.package import Package, W

# Word keeps a built-in style's English name in every language; other programs write what their user sees.
_HEADING = re.compile(
    r"(?:heading|titre|titulo|encabezado|uberschrift|titolo|intestazione|عنوان|العنوان) *(?P<level>[1-9])"
)
_TITLE = ("title", "titre", "titulo", "titel", "titolo", "عنوان", "العنوان")
_CAPTION = ("caption", "legende", "leyenda", "epigrafe", "descripcion", "beschriftung", "تسميه توضيحيه")
_CONTENTS = re.compile(r"(?:toc|tm|tdc) ?\d|toc heading")
_DEEPEST = 12
"""Styles that one is based on; a circle ends here."""


@dataclass(frozen=True, slots=True)
class Style:
    """What we need of a style."""

    level: int = 0
    """1 for a title or first heading."""
    caption: bool = False
    contents: bool = False
    """A line of the table of contents."""
    bold: bool = False
    italic: bool = False
    hidden: bool = False
    struck: bool = False
    lift: str = ""
    """``superscript`` or ``subscript``."""
    numbering: tuple[str, int] | None = None
    """A list's number and the depth there."""


def is_on(properties: Element | None, name: str) -> bool | None:
    """Whether a property is switched on; ``None`` where nothing is said of it. ISO/IEC 29500-1, 17.17.4."""
    found = properties.find(f"{W}{name}") if properties is not None else None
    return None if found is None else found.get(f"{W}val", "true") not in ("false", "0", "off", "none")


class Styles:
    """A file's styles and lists."""

    def __init__(self, package: Package) -> None:
        """Read them; what is not there has no effect. Raises ``BadPart``."""
        root = package.xml(package.beside_main("styles.xml"))
        elements = root.iter(f"{W}style") if root is not None else ()
        self._elements: Mapping[str, Element] = {style.get(f"{W}styleId", ""): style for style in elements}
        self._found: dict[str, Style] = {}
        self.numbering = Numbering(package.xml(package.beside_main("numbering.xml")))

    def named(self, identifier: str) -> Style:
        """The style of that id; one without effect where it isn't there."""
        if identifier not in self._found:
            self._found[identifier] = self._read(identifier)
        return self._found[identifier]

    def _read(self, identifier: str) -> Style:
        chain = list(self._chain(identifier))
        names = [_name(element, identifier) for element in chain] or [_spelled(identifier)]
        level = next((found for name in names if (found := _level(name))), 0) or _outline(chain)
        runs = [element.find(f"{W}rPr") for element in chain]
        return Style(
            level=level,
            caption=any(name in _CAPTION for name in names),
            contents=any(_CONTENTS.fullmatch(name) for name in names),
            bold=next((on for run in runs if (on := is_on(run, "b")) is not None), False),
            italic=next((on for run in runs if (on := is_on(run, "i")) is not None), False),
            hidden=next((on for run in runs if (on := is_on(run, "vanish")) is not None), False),
            struck=next((on for run in runs if (on := is_on(run, "strike")) is not None), False),
            lift=next(filter(None, map(_lift, runs)), ""),
            numbering=next(filter(None, (numbering_of(element.find(f"{W}pPr")) for element in chain)), None),
        )

    def _chain(self, identifier: str) -> Iterator[Element]:
        for _ in range(_DEEPEST):
            element = self._elements.get(identifier)
            if element is None:
                return
            yield element
            based = element.find(f"{W}basedOn")
            identifier = based.get(f"{W}val", "") if based is not None else ""


def numbering_of(properties: Element | None) -> tuple[str, int] | None:
    """A list's number and the depth there, of a paragraph's properties."""
    found = properties.find(f"{W}numPr") if properties is not None else None
    if found is None:
        return None
    number, depth = found.find(f"{W}numId"), found.find(f"{W}ilvl")
    level = depth.get(f"{W}val", "0") if depth is not None else "0"
    return (number.get(f"{W}val", "") if number is not None else ""), int(level) if level.isdecimal() else 0


def _lift(run: Element | None) -> str:
    found = run.find(f"{W}vertAlign") if run is not None else None
    return found.get(f"{W}val", "") if found is not None else ""


def _name(element: Element, identifier: str) -> str:
    name = element.find(f"{W}name")
    return fold(name.get(f"{W}val", "")) if name is not None else _spelled(identifier)


def _spelled(identifier: str) -> str:
    """An id as a name: “Heading1”, “Titre1”."""
    return fold(re.sub(r"(?<=\D)(?=\d)", " ", identifier))


def _level(name: str) -> int:
    if name in _TITLE:
        return 1
    match = _HEADING.fullmatch(name)
    return min(int(match["level"]), 6) if match else 0


def _outline(chain: list[Element]) -> int:
    for element in chain:
        properties = element.find(f"{W}pPr")
        found = properties.find(f"{W}outlineLvl") if properties is not None else None
        value = found.get(f"{W}val", "9") if found is not None else ""
        if value.isdecimal():
            return int(value) + 1 if int(value) < 6 else 0
    return 0
