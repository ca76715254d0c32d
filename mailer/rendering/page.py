"""What a finished mail's HTML holds for its reader: where its links lead, its pictures, its colours."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self

from mailer.rendering.contrast import BLACK, WHITE, Colour

_VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"])
_UNSEEN = frozenset(["style", "script", "title", "head"])
_DECLARATION = re.compile(r"\s*([a-z-]+)\s*:\s*([^;]+)")
# CSS pixels: WCAG 2.2 calls 18 point large, and 14 point where it is bold.
_LARGE, _LARGE_BOLD = 24.0, 18.66


@dataclass(frozen=True, slots=True)
class Ink:
    """How some text is printed."""

    colour: Colour | None
    ground: Colour | None
    size: float
    """CSS pixels."""
    bold: bool

    @property
    def large(self) -> bool:
        """Whether it may have less contrast."""
        return self.size >= _LARGE or (self.bold and self.size >= _LARGE_BOLD)


@dataclass(slots=True)
class Page:
    """A document's links, pictures and inks."""

    targets: set[str] = field(default_factory=set)
    """What ``#…`` may lead to."""
    links: list[str] = field(default_factory=list)
    """As written, in their order, each once."""
    unnamed: list[str] = field(default_factory=list)
    """The sources of pictures that say nothing to who cannot see them."""
    inks: dict[Ink, str] = field(default_factory=dict)
    """With the first words that are printed so."""

    @classmethod
    def of(cls, html: str) -> Self:
        """Read a document whose styles are written into its elements."""
        page = cls()
        reader = _Reader(page)
        reader.feed(html)
        reader.close()
        page.links = list(dict.fromkeys(page.links))
        return page


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__(convert_charrefs=True)
        self._page = page
        self._open: list[tuple[str, Ink]] = [("", Ink(BLACK, WHITE, 16.0, bold=False))]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        page = self._page
        page.targets.update(filter(None, (values.get("id"), values.get("name") if tag == "a" else None)))
        if tag == "a" and "href" in values:
            page.links.append(values["href"].strip())
        drawn = values.get("width") != "1" and values.get("role") != "presentation"
        if tag == "img" and drawn and not values.get("alt", "").strip():
            page.unnamed.append(values.get("src", ""))
        if tag not in _VOID:
            self._open.append((tag, _ink(self._open[-1][1], tag, values)))

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self._open) - 1, 0, -1):
            if self._open[place][0] == tag:
                del self._open[place:]
                break

    def handle_data(self, data: str) -> None:
        words = " ".join(data.split())
        if words and not any(tag in _UNSEEN for tag, _ in self._open):
            self._page.inks.setdefault(self._open[-1][1], words)


def _ink(outer: Ink, tag: str, values: dict[str, str]) -> Ink:
    style = {match[1]: match[2] for match in _DECLARATION.finditer(values.get("style", "").lower())}
    colour, ground, size, bold = outer.colour, outer.ground, outer.size, outer.bold or tag in ("b", "strong", "th")
    if tag == "a" and "href" in values and "color" not in style:
        # Links are blue unless they are told otherwise, whatever the text round them is.
        colour = Colour(0, 0, 238)
    if bgcolor := values.get("bgcolor"):
        ground = Colour.parsed(bgcolor)
    for name in ("background", "background-color"):
        if name in style and style[name].strip() not in ("transparent", "none", "inherit"):
            ground = Colour.parsed(style[name])
    if "color" in style and style["color"].strip() != "inherit":
        colour = Colour.parsed(style["color"])
    if match := re.match(r"\s*(\d+(?:\.\d+)?)px", style.get("font-size", "")):
        size = float(match[1])
    if match := re.match(r"\s*(bold|[6-9]00|normal|[1-5]00)", style.get("font-weight", "")):
        bold = match[1] == "bold" or match[1][0] in "6789"
    return Ink(colour, ground, size, bold)
