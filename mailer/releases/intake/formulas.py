"""A formula of Word's as one line of text: 10⁶, 1/2, √(x). ISO/IEC 29500-1, section 22.1."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from mailer.releases.intake.signs import lowered, raised

MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_GONE = ("}del", "}moveFrom", "Pr")
"""How the names end of what is struck out or tells of the form."""


def formula(element: Element) -> str:
    """The formula's text, without any of its form that a line cannot have; brackets say what belongs together."""
    return "".join(_pieces(element))


def _pieces(element: Element) -> Iterator[str]:
    name = element.tag.removeprefix(MATH)
    if name == "t" or element.tag.endswith("}t"):
        yield element.text or ""
    elif name == "f":
        yield f"{_together(element, 'num')}/{_together(element, 'den')}"
    elif name in ("sSup", "sSub", "sSubSup"):
        yield _part(element, "e") + _below(_part(element, "sub")) + _above(_part(element, "sup"))
    elif name == "rad":
        yield f"{_above(_part(element, 'deg'))}√{_together(element, 'e')}"
    elif name == "nary":
        sign = _said(element, "naryPr", "chr", "∫")
        yield f"{sign}{_below(_part(element, 'sub'))}{_above(_part(element, 'sup'))} {_part(element, 'e')}"
    elif name == "d":
        inside = _said(element, "dPr", "sepChr", "|").join(map(formula, element.findall(f"{MATH}e")))
        yield f"{_said(element, 'dPr', 'begChr', '(')}{inside}{_said(element, 'dPr', 'endChr', ')')}"
    else:
        for child in element:
            if not child.tag.endswith(_GONE):
                yield from _pieces(child)
            if child.tag in (f"{MATH}mr", f"{MATH}fName"):
                yield " "


def _part(element: Element, name: str) -> str:
    found = element.find(f"{MATH}{name}")
    return formula(found) if found is not None else ""


def _together(element: Element, name: str) -> str:
    text = _part(element, name)
    return text if text.isalnum() else f"({text})"


def _above(text: str) -> str:
    shown = raised(text)
    return f"^({text})" if shown == text and text else shown


def _below(text: str) -> str:
    shown = lowered(text)
    return f"_({text})" if shown == text and text else shown


def _said(element: Element, properties: str, name: str, otherwise: str) -> str:
    found = element.find(f"{MATH}{properties}/{MATH}{name}")
    return found.get(f"{MATH}val", otherwise) if found is not None else otherwise
