"""Plain text: cuts it into blocks at empty lines, and writes a paragraph as Markdown that prints the same."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mailer.releases.intake.markdown import link_text
from mailer.releases.intake.parts import BULLET, Block, Line, tidy

_URL = re.compile(r"https?://[^\s<>\"“”«»،؛]+", re.IGNORECASE)

# CommonMark 2.4: a backslash escapes ASCII punctuation only, and needs escaping itself only before that.
_MARKUP = re.compile(
    r"\\(?=[!-/:-@\[-`{-~]|$)|`|\*+|_+|\[|<(?=[A-Za-z/!?])|&(?=#[xX]?[0-9A-Fa-f]+;|[A-Za-z][A-Za-z0-9]*;)"
)
# What makes a block of a line by how it begins: headings, bullets, quotes, fences, rules.
_BEGINNING = re.compile(
    r"(?P<mark>#{1,6}(?=\s|$)|[-+*](?=\s|$)|>|~{3,}|(?P<rule>[-*_])(?:\s*(?P=rule)){2,}\s*$)"
    r"|(?P<number>\d{1,9})(?P<stop>[.)])(?=\s|$)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class TextBlock(Block):
    """A block of plain text: one paragraph however its lines are broken, or a list."""

    @property
    def text(self) -> str:
        return tidy(self.raw)

    @property
    def body(self) -> str:
        return as_markdown([line.text for line in self.lines])

    @property
    def entries(self) -> tuple[Line, ...]:
        return tuple(Line(line.number, tidy(BULLET.sub("", line.text, count=1))) for line in self.lines)


def blocks_of_text(text: str) -> list[TextBlock]:
    """The text's blocks; a line of nothing but white space parts them."""
    blocks: list[list[Line]] = [[]]
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            blocks[-1].append(Line(number, line))
        elif blocks[-1]:
            blocks.append([])
    return [TextBlock(tuple(lines)) for lines in blocks if lines]


def as_markdown(lines: Sequence[str]) -> str:
    """A block's lines as Markdown that shows just what they say: a list where each item has its bullet,
    otherwise one paragraph. Web addresses become links."""
    items = _items(lines)
    if items is None:
        return escaped(tidy(" ".join(lines)))
    return "\n".join(f"{mark} {escaped(text)}" for mark, text in items)


def escaped(text: str) -> str:
    """One line of text as Markdown that shows just that; web addresses become links."""
    out: list[str] = []
    # Brackets make a link only with one of these behind them, CommonMark 6.3 and 4.7.
    linked = any(mark in text for mark in ("](", "][", "]:"))
    end = 0
    for start, stop in _addresses(text):
        out += (_without_markup(text, end, start, linked=linked), f"<{text[start:stop]}>")
        end = stop
    out.append(_without_markup(text, end, len(text), linked=linked))
    whole = "".join(out)
    match = _BEGINNING.match(text)
    if match is None or whole.startswith("\\"):
        return whole
    if match["number"]:
        return f"{match['number']}\\{whole[len(match['number']) :]}"
    return f"\\{whole}"


def _items(lines: Sequence[str]) -> list[tuple[str, str]] | None:
    items: list[tuple[str, list[str]]] = []
    for line in lines:
        if match := BULLET.match(line):
            number = match["mark"] if match["mark"][0].isdecimal() else "-"
            items.append((number, [line[match.end() :]]))
        elif items:
            items[-1][1].append(line)
        else:
            return None
    marks = [mark for mark, _ in items]
    first = int(marks[0][:-1]) if marks and marks[0] != "-" else 0
    counted = [f"{first + n}{marks[0][-1]}" for n in range(len(marks))] if first else ["-"] * len(marks)
    # A list that doesn't count on by ones would be numbered anew: it stays a paragraph.
    return [(mark, tidy(" ".join(text))) for mark, text in items] if len(items) > 1 and marks == counted else None


def _addresses(text: str) -> Iterable[tuple[int, int]]:
    """Where web addresses stand that a Markdown link shows just as they are written."""
    for match in _URL.finditer(text):
        url = match[0].rstrip(".,;:!?'’*_…؟")
        while url.endswith((")", "]")) and url.count(url[-1]) > url.count("(" if url[-1] == ")" else "["):
            url = url[:-1].rstrip(".,;:!?")
        if link_text(url) == url:
            yield match.start(), match.start() + len(url)


def _without_markup(text: str, start: int, end: int, *, linked: bool) -> str:
    """The stretch with a backslash before each character that Markdown would take for its own."""

    def escape(match: re.Match[str]) -> str:
        run = match[0]
        before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        # CommonMark 6.2: a star between spaces is no emphasis, nor is an underscore inside a word.
        alone = run[0] == "*" and before.isspace() and after.isspace()
        inside = run[0] == "_" and before.isalnum() and after.isalnum()
        if alone or inside or (run == "[" and not linked):
            return run
        return "".join(f"\\{character}" for character in run)

    out: list[str] = []
    # Matched in the whole text, so that the neighbours beyond the stretch count.
    for match in _MARKUP.finditer(text, start, end):
        out += (text[start : match.start()], escape(match))
        start = match.end()
    return "".join((*out, text[start:end]))
