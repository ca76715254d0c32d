"""Paragraphs with their bold, links and lists, as a word processor or a web page has them; and as Markdown blocks."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from urllib.parse import parse_qs, quote, urlsplit

from mailer.releases.intake.markdown import MarkdownBlock, visible
from mailer.releases.intake.parts import UNSEEN, BadPart, Doubt, Line, tidy
from mailer.releases.intake.text import escaped

_ABOVE_HEADLINE = 300
"""Characters; where more text stands above a heading, it is not the headline."""
_NO_LINK_IN_IT = re.compile(r"([\\`*_\[\]<>&])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A stretch of text in one form."""

    text: str
    bold: bool = False
    italic: bool = False
    href: str = ""


_MOST = 3_000
"""Paragraphs; a long release has sixty."""

BREAK = Run(text="\n")
"""A line break inside a paragraph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph, a heading or an item of a list."""

    number: int
    """Where it stands in the file, as ``Doubt.line``."""
    runs: tuple[Run, ...]
    level: int = 0
    """1 to 6 for a heading."""
    bullet: str = ""
    """``-`` or ``1.`` for an item of a list."""
    depth: int = 0
    """Of a list in a list."""
    count: int = 0
    """The number of an item where the file says it; 0 for one that counts on."""

    @property
    def text(self) -> str:
        """What a reader sees, as one line."""
        return tidy("".join(run.text for run in self.runs))


@dataclass(slots=True)
class Written:
    """What a file holds, in the order of its text."""

    paragraphs: list[Paragraph] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)
    """Marked as such in the file."""
    alts: list[str] = field(default_factory=list)
    """What its pictures show."""
    margins: list[str] = field(default_factory=list)
    """Lines above and below each page."""
    doubts: list[Doubt] = field(default_factory=list)

    def add(self, paragraph: Paragraph) -> None:
        """Take a paragraph in. Raises ``BadPart`` for more of them than any release has."""
        if len(self.paragraphs) >= _MOST:
            raise BadPart(
                f"line {paragraph.number}",
                f"it has more than {_MOST:,} paragraphs",
                "Copy the release alone into a new file.",
            )
        self.paragraphs.append(paragraph)

    def doubt(self, number: int, text: str) -> None:
        """Have the officer look at something."""
        self.doubts.append(Doubt(line=number, text=text))


def web_address(target: str) -> str:
    """A link's address if it leads to the web or to a mailbox, without Google's detour; otherwise empty."""
    target = UNSEEN.sub("", target).strip()
    try:
        parts = urlsplit(target)
        if parts.hostname in ("www.google.com", "google.com") and parts.path == "/url":
            target = next(iter(parse_qs(parts.query).get("q", [])), target)
            parts = urlsplit(target)
    except ValueError:
        return ""
    if parts.scheme.casefold() not in ("http", "https", "mailto") or not (parts.netloc or parts.path):
        return ""
    return re.sub(r"[\s<>()\\]", lambda match: quote(match[0]), target)


def blocks_of_paragraphs(paragraphs: Iterable[Paragraph]) -> list[MarkdownBlock]:
    """The paragraphs as Markdown that shows just what they say; the items of a list together are one block."""
    blocks: list[MarkdownBlock] = []
    shown = [paragraph for paragraph in _with_one_headline(list(paragraphs)) if paragraph.text]
    stop = ""
    for group in _lists_together(shown):
        first = group[0]
        # Two lists that stop alike are one in Markdown and count on, CommonMark 5.3.
        stop = (")" if stop == "." else ".") if first.bullet == "1." else ""
        if first.bullet:
            blocks.append(MarkdownBlock(tuple(Line(item.number, text) for item, text in _marked(group, stop))))
            continue
        lines = tuple(Line(first.number, line) for line in _lines(first))
        if first.level:
            text = " ".join(line.text for line in lines)
            lines = (Line(first.number, f"{'#' * first.level} {text}"),)
        blocks.append(MarkdownBlock(lines, first.level))
    return blocks


def row_of(cells: Sequence[Paragraph]) -> Paragraph:
    """The cells of a table's row as one paragraph."""
    runs = [run for cell in cells for run in (*cell.runs, Run(text=" | "))][:-1]
    return Paragraph(number=cells[0].number, runs=tuple(runs))


def _lists_together(paragraphs: Iterable[Paragraph]) -> Iterator[list[Paragraph]]:
    """The items of each list, and every other paragraph alone."""
    items: list[Paragraph] = []
    for paragraph in paragraphs:
        goes_on = paragraph.bullet and items and (paragraph.depth > 0 or _goes_on(paragraph, items))
        if items and not goes_on:
            yield items
            items = []
        if paragraph.bullet:
            items.append(paragraph)
        else:
            yield [paragraph]
    if items:
        yield items


def _goes_on(item: Paragraph, items: Sequence[Paragraph]) -> bool:
    """Whether an item belongs to the list that was begun: marked alike, and the next one if it says its number."""
    if item.bullet != items[0].bullet:
        return False
    same = [other for other in items if other.depth == 0]
    return not item.count or not same[:1] or item.count == (same[0].count or 1) + len(same)


def _with_one_headline(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """A first heading with little above it is the headline; all others stand below it."""
    seen = 0
    found = False
    kept: list[Paragraph] = []
    for paragraph in paragraphs:
        level = paragraph.level
        if level == 1 and (found or seen > _ABOVE_HEADLINE):
            level = 2
        found = found or level == 1
        seen += len(paragraph.text)
        kept.append(replace(paragraph, level=level))
    return kept


def _marked(items: Sequence[Paragraph], stop: str) -> Iterator[tuple[Paragraph, str]]:
    """Each item with its bullet or its number, which counts on from the one before it at the same depth."""
    counts: dict[int, int] = {}
    for item in items:
        depth = min(item.depth, max(counts, default=-1) + 1)
        counts = {other: count for other, count in counts.items() if other <= depth}
        counts[depth] = item.count or counts.get(depth, 0) + 1
        mark = f"{counts[depth]}{stop}" if item.bullet != "-" else "-"
        yield item, f"{'    ' * depth}{mark} {' '.join(_lines(item))}"


def _lines(paragraph: Paragraph) -> list[str]:
    """The paragraph's lines as Markdown."""
    lines: list[list[Run]] = [[]]
    for run in paragraph.runs:
        for number, text in enumerate(run.text.split("\n")):
            if number:
                lines.append([])
            lines[-1].append(replace(run, text=text))
    # A heading is bold by itself.
    plain = bool(paragraph.level)
    return [line for runs in lines if (line := markdown_of(runs, plain=plain))]


def markdown_of(runs: Iterable[Run], *, plain: bool = False) -> str:
    """One line of runs as Markdown; without their form where Markdown cannot say it, or where it is ``plain``."""
    merged = _merged([replace(run, bold=False, italic=False) if plain else run for run in runs])
    text = tidy("".join(run.text for run in merged))
    if not text:
        return ""
    marked = "".join(
        _link(href, "".join(_emphasised(run, in_link=bool(href)) for run in group), text)
        for href, group, text in _by_link(merged)
    )
    marked = tidy(marked)
    return marked if visible(marked) == text else escaped(text)


def _merged(runs: Iterable[Run]) -> list[Run]:
    """Runs of one form together, white space outside of what is emphasised, no two spaces in a row."""
    merged: list[Run] = []
    for run in runs:
        text = re.sub("[ \t\n]+", " ", run.text)
        if not text.strip() and merged:
            run = replace(merged[-1], text=text)
        if merged and replace(merged[-1], text="") == replace(run, text=""):
            merged[-1] = replace(run, text=re.sub("  +", " ", merged[-1].text + text))
        elif text:
            merged.append(replace(run, text=text))
    return merged


def _by_link(runs: Sequence[Run]) -> Iterator[tuple[str, list[Run], str]]:
    for href, group in groupby(runs, key=lambda run: run.href):
        found = list(group)
        yield href, found, "".join(run.text for run in found)


def _link(href: str, marked: str, text: str) -> str:
    if not href or not text.strip():
        return marked
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    bare = text.strip()
    if bare in (href, href.removeprefix("mailto:")) and re.match("https?://", bare):
        return f"{before}<{bare}>{after}"
    return f"{before}[{marked.strip()}]({href}){after}"


def _emphasised(run: Run, *, in_link: bool) -> str:
    words = run.text.strip()
    if not words:
        return run.text
    before, after = run.text[: len(run.text) - len(run.text.lstrip())], run.text[len(run.text.rstrip()) :]
    text = _NO_LINK_IN_IT.sub(r"\\\1", words) if in_link else escaped(words)
    mark = "*" * (2 * run.bold + run.italic)
    return f"{before}{mark}{text}{mark}{after}"
