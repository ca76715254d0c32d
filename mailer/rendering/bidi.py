"""Writing in both directions: runs of the other one are isolated, blocks say their language and direction.

A Latin acronym, a telephone number or an address inside Arabic text (and Arabic inside Latin text) is put in
an isolate, so that punctuation beside it stays on the side where it belongs (Unicode Standard Annex 9).
Brackets and quotation marks round such a run belong to the text outside and are left there.
"""

import re
import unicodedata
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser

from mailer.rendering.languages import direction
from mailer.rendering.slots import Slot

_RTL = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff"
_LTR_LETTER = rf"(?:(?![{_RTL}])[^\W\d_])"
_LTR_END = rf"(?:(?![{_RTL}])[^\W_]|[\u0300-\u036f])"
_NUMBER = r"\d+(?:[.,]\d+)*"

# What stands from left to right as a whole wherever it is, and is torn apart inside Arabic.
_IN_RTL = re.compile(
    "|".join(
        [
            r"https?://[^\s<>«»]*[^\s<>«».,;:!?)\]،؛؟]",
            r"[\w.+%-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",
            r"(?<!\d)(?:\+|\(?0)\d?[\d ()./\u00a0-]{5,}\d",  # telephone, with a country code or a leading 0
            r"(?<!\d)\d{3}[ .-]\d{3}[ .-]\d{4}(?!\d)",
            r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)",
            rf"[+\-−±]?{_NUMBER}[ \u00a0\u202f]?%",
            rf"[$€£]\s?{_NUMBER}|{_NUMBER}\s?[$€£]",
            rf"(?<!\w)[+\-−±]{_NUMBER}",
            rf"(?P<span>[@#]?{_LTR_LETTER}(?:[^{_RTL}\n]*{_LTR_END})?)",
        ]
    )
)
_IN_LTR = re.compile(rf"(?P<span>[{_RTL}](?:(?!{_LTR_LETTER})[^\n])*[{_RTL}]|[{_RTL}])")
_LAST_LETTER = re.compile(rf".*(?:{_LTR_END}|[{_RTL}])")
_ONLY_NUMBER = re.compile(r"[^\w]*\d[\d.,:]*")
_BRACKETS = {"(": ")", "[": "]", "«": "»", "“": "”", "{": "}"}
_BRACKET = re.compile(r"[()\[\]{}«»“”]")

_ISOLATE = {"ltr": "\u2066", "rtl": "\u2067", "auto": "\u2068"}  # LRI, RLI, FSI
_END = "\u2069"
_MARK = {"ltr": "\u200e", "rtl": "\u200f"}
# Controls that could turn round what stands after them (Trojan Source); LRM, RLM and the joiners cannot.
CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def runs(text: str, base: str, opaque: re.Pattern[str] | None = None) -> Iterator[tuple[str, str]]:
    """The text in pieces, each with the direction in which it must be isolated, or an empty string.

    What ``opaque`` matches is a slot whose text is not known here: names may run either way, the rest is Latin.
    """
    position = 0
    for slot in opaque.finditer(text) if opaque else ():
        yield from _known_runs(text[position : slot.start()], base)
        yield slot[0], {Slot.NAME: "auto", Slot.SECTION: ""}.get(Slot(slot[1]), "ltr" if base == "rtl" else "")
        position = slot.end()
    yield from _known_runs(text[position:], base)


def _known_runs(text: str, base: str) -> Iterator[tuple[str, str]]:
    pattern, other = (_IN_RTL, "ltr") if base == "rtl" else (_IN_LTR, "rtl")
    position = 0
    while match := pattern.search(text, position):
        if match.start() > position:
            yield text[position : match.start()], ""
        position = _end_of_span(match) if match["span"] else match.end()
        yield text[match.start() : position], other
    if position < len(text):
        yield text[position:], ""


def _end_of_span(match: re.Match[str]) -> int:
    """Where a run of letters ends: before numbers that only follow it and brackets that don't close inside it."""
    span = match[0]
    # "ESRF 2025" inside Arabic is two things: the number belongs to the sentence.
    while len(words := span.rsplit(maxsplit=1)) == 2 and _ONLY_NUMBER.fullmatch(words[1]):
        span = words[0]
    if not _balanced(span):
        span = _BRACKET.split(span)[0]
    kept = _LAST_LETTER.match(span)
    return match.start() + (kept.end() if kept else len(match[0]))


def _balanced(span: str) -> bool:
    expected = []
    for bracket in _BRACKET.findall(span):
        if closing := _BRACKETS.get(bracket):
            expected.append(closing)
        elif not expected or expected.pop() != bracket:
            return False
    return not expected


def _first_strong(text: str) -> str:
    for character in text:
        match unicodedata.bidirectional(character):
            case "L":
                return "ltr"
            case "R" | "AL":
                return "rtl"
    return ""


def isolate_line(line: str, base: str, opaque: re.Pattern[str] | None = None) -> str:
    """A line of plain text with its isolates, and a mark in front where it would start in the wrong direction."""
    # An address counts like a number: it has no say in the line's direction.
    known = opaque.sub(lambda slot: "" if slot[1] == Slot.SECTION else "0", line) if opaque else line
    strong = _first_strong(known)
    wrong = strong != base if strong else base == "rtl" and any(c.isalnum() for c in known)
    pieces = (f"{_ISOLATE[way]}{piece}{_END}" if way else piece for piece, way in runs(line, base, opaque))
    return (_MARK[base] if wrong else "") + "".join(pieces)


def isolate_text(text: str, language: str, opaque: re.Pattern[str] | None = None) -> str:
    """Every line of a plain text in that language, each being a paragraph."""
    base = direction(language)
    return "\n".join(isolate_line(line, base, opaque) for line in text.split("\n"))


_BLOCKS = frozenset(
    ["html", "body", "div", "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre",
     "table", "td", "th", "caption", "dl", "dt", "dd", "figure", "figcaption", "address", "section", "article",
     "aside", "main", "nav", "header", "footer"]
)  # fmt: skip
_VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"])
_RAW = frozenset({"style", "script", "title"})
_ISOLATED = frozenset({"bdi", "bdo"})


class _Walker(HTMLParser):
    """Writes the document again, with ``lang`` and ``dir`` on its blocks and isolates in its text."""

    def __init__(self, language: str, opaque: re.Pattern[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.opaque = opaque
        self.out: list[str] = []
        self.remote: list[str] = []
        self.open: list[tuple[str, str, str]] = [("", language, direction(language))]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        _, language, way = self.open[-1]
        if values.get("lang"):
            language = str(values["lang"])
            way = direction(language)
        way = str(values.get("dir") or way)
        if tag in _BLOCKS or "lang" in values:
            values |= {"lang": language, "dir": way}
        if tag in _ISOLATED:
            way = "isolated"
        for name in ("src", "background", "srcset", "poster"):
            if re.match(r"(?i)\s*(https?:)?//", values.get(name) or ""):
                self.remote.append(str(values[name]))
        written = "".join(
            f" {name}" if value is None else f' {name}="{escape(value)}"' for name, value in values.items()
        )
        self.out.append(f"<{tag}{written}>")
        if tag not in _VOID:
            self.open.append((tag, language, way))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        self.out.append(f"</{tag}>")
        for place in range(len(self.open) - 1, 0, -1):
            if self.open[place][0] == tag:
                del self.open[place:]
                break

    def handle_data(self, data: str) -> None:
        tag, _, way = self.open[-1]
        if tag in _RAW:
            self.out.append(escape(data, quote=False) if tag == "title" else data)
        elif way not in ("ltr", "rtl"):
            self.out.append(escape(data, quote=False))
        else:
            for piece, other in runs(data, way, self.opaque):
                text = escape(piece, quote=False)
                self.out.append(f'<bdi dir="{other}">{text}</bdi>' if other else text)

    def handle_decl(self, decl: str) -> None:
        self.out.append(f"<!{decl}>")


def isolate_html(html: str, language: str, opaque: re.Pattern[str]) -> tuple[str, tuple[str, ...]]:
    """The document with its isolates, and the addresses from which it would load something. Comments go."""
    walker = _Walker(language, opaque)
    walker.feed(html)
    walker.close()
    return "".join(walker.out), tuple(walker.remote)
