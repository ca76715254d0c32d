"""Markdown: its front matter, its blocks, and what a reader sees of it."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mailer.releases.intake.parts import BULLET, UNSEEN, BadPart, Block, Doubt, Line, tidy

KEYS = (
    "language",
    "headline",
    "subhead",
    "dateline",
    "cities",
    "date",
    "caption",
    "credit",
    "alt",
    "photo",
    "embargo",
    "zone",
    "organisations",
    "slug",
)
LISTS = ("cities", "organisations")

_MARKDOWN = MarkdownIt("commonmark")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The keys above a Markdown text, each value as written."""

    values: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()

    def __getitem__(self, key: str) -> str:
        return self.values.get(key, "")

    def line(self, key: str) -> int:
        """Where the key stands."""
        return self.lines.get(key, 0)


@dataclass(frozen=True, slots=True)
class MarkdownBlock(Block):
    """A top-level block of Markdown."""

    @property
    def text(self) -> str:
        return visible(self.raw)

    @property
    def body(self) -> str:
        return self.raw

    @property
    def entries(self) -> tuple[Line, ...]:
        return tuple(Line(line.number, spelled_out(BULLET.sub("", line.text, count=1))) for line in self.lines)


@lru_cache(maxsize=256)
def visible(markdown: str) -> str:
    """What a reader sees of a piece of Markdown, as one line."""
    return tidy(" ".join(_shown(token.children or [], spell=False) for token in _inlines(markdown)))


@lru_cache(maxsize=256)
def spelled_out(markdown: str) -> str:
    """The same with the address of each link behind its text."""
    return tidy(" ".join(_shown(token.children or [], spell=True) for token in _inlines(markdown)))


def link_text(url: str) -> str:
    """What a reader sees of ``<url>``: Markdown decodes what is percent-encoded; empty where it is no link."""
    tokens = _MARKDOWN.parseInline(f"<{url}>")[0].children or []
    return tokens[1].content if len(tokens) == 3 and tokens[0].type == "link_open" else ""


def split_front_matter(text: str) -> tuple[FrontMatter, str, int]:
    """The front matter, the text below it and the number of lines above that text. Raises ``BadPart``."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return FrontMatter(), text, 0
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "...")), 0)
    if not end:
        raise BadPart(
            "line 1", "the front matter has no end", "Put a line of three hyphens (---) below its last key."
        )
    return _front_matter("\n".join(lines[1:end])), "\n".join(lines[end + 1 :]), end + 1


def blocks_of_markdown(text: str, above: int) -> list[MarkdownBlock]:
    """The top-level blocks; what makes none (a link's definition) is a block too, so that nothing is lost."""
    lines = text.split("\n")
    taken = 0
    blocks: list[MarkdownBlock] = []

    def take(start: int, end: int, level: int = 0) -> None:
        while start < end and not lines[start].strip():
            start += 1
        while start < end and not lines[end - 1].strip():
            end -= 1
        if start < end:
            blocks.append(
                MarkdownBlock(tuple(Line(above + n + 1, lines[n].rstrip(" \t")) for n in range(start, end)), level)
            )

    for token in _MARKDOWN.parse(text):
        if token.level == 0 and token.map and token.nesting >= 0:
            take(taken, token.map[0])
            take(token.map[0], token.map[1], int(token.tag[1]) if token.type == "heading_open" else 0)
            taken = token.map[1]
    take(taken, len(lines))
    return blocks


def _inlines(markdown: str) -> list[Token]:
    return [token for token in _MARKDOWN.parse(markdown) if token.type == "inline"]


def _shown(tokens: list[Token], *, spell: bool) -> str:
    parts: list[str] = []
    target = ""
    for token in tokens:
        match token.type:
            case "text" | "code_inline":
                parts.append(token.content)
            case "softbreak" | "hardbreak":
                parts.append(" ")
            case "image":
                parts.append(_shown(token.children or [], spell=spell))
            case "link_open":
                target = str(token.attrs.get("href", ""))
            case "link_close" if spell:
                address = re.sub("^mailto:", "", target)
                if re.match("https?://|[^:/]+@", address) and address not in parts:
                    parts.append(f" <{address}>")
    return "".join(parts)


def _front_matter(text: str) -> FrontMatter:
    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise BadPart(
            f"line {line}",
            f"the front matter cannot be read ({error.problem})",
            "Write 'key: value' on each line, and put quotation marks round a value with a colon or # in it.",
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise BadPart("the front matter", "it is not YAML", "Write 'key: value' on each line.") from error
    if root is None:
        return FrontMatter()
    if not isinstance(root, yaml.MappingNode):
        raise BadPart("line 2", "the front matter has no keys", "Write 'key: value' on each line.")
    values: dict[str, str] = {}
    lists: dict[str, tuple[str, ...]] = {}
    lines: dict[str, int] = {}
    for key, node in root.value:
        name, line = str(key.value), key.start_mark.line + 2
        place = f"line {line}"
        if name not in KEYS:
            near = difflib.get_close_matches(name.casefold(), KEYS, n=1, cutoff=0.5)
            remedy = f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(KEYS)}."
            raise BadPart(place, f"{name[:60]} is not a key of the front matter", remedy)
        if name in lines:
            raise BadPart(place, f"{name} is there twice, first in line {lines[name]}", "Take one of them out.")
        lines[name] = line
        if isinstance(node, yaml.ScalarNode):
            values[name] = _value(node, place)
            if name in LISTS:
                lists[name] = tuple(part.strip() for part in re.split("[,،;؛/]", values[name]) if part.strip())
        elif name in LISTS and isinstance(node, yaml.SequenceNode):
            if not all(isinstance(item, yaml.ScalarNode) for item in node.value):
                raise BadPart(place, f"{name} is not a plain list", f"Write it as {name}: [first, second].")
            lists[name] = tuple(filter(None, (_value(item, place) for item in node.value)))
        else:
            raise BadPart(place, f"{name} is not a line of text", "Put quotation marks round its value.")
    return FrontMatter(values, lists, lines, tuple(_comments(text)))


def _value(node: yaml.ScalarNode, place: str) -> str:
    # YAML's escapes, such as "\u202e", write what the file itself has been cleaned of.
    if re.search("[\0\u2028\u2029\ud800-\udfff]", node.value) or UNSEEN.search(node.value):
        raise BadPart(
            place, "a value has an escape for a character that cannot be seen", "Take the backslash out."
        )
    return tidy(node.value)


def _comments(text: str) -> list[Doubt]:
    """YAML takes what follows a number sign for a comment: a headline about “Appeal #3” would lose its end."""
    return [
        Doubt(
            line=number,
            text=f"What follows the number sign (#{match[1][:40].rstrip()}) is a comment and was left out. "
            "If it belongs to the text, put quotation marks round the whole value.",
        )
        for number, line in enumerate(text.split("\n"), 2)
        if (match := re.match(r"\w+:\s+[^\s'\"|>#][^'\"]*?\s#(.*)", line))
    ]
