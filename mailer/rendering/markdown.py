"""An edition's Markdown as safe HTML and as plain text.

CommonMark without raw HTML, code and pictures; what comes out passes an allow-list all the same.
"""

import re
from collections.abc import Sequence
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

_TAGS: Final = {"p", "br", "strong", "em", "a", "ul", "ol", "li", "blockquote", "h2", "h3", "h4", "hr"}
_ATTRIBUTES: Final[dict[str, set[str]]] = {"a": {"href"}, "ol": {"start"}, "*": set()}
_SCHEMES: Final = {"http", "https", "mailto"}

# A line that begins with four blanks is a paragraph that somebody indented, not a program.
_PARSER = MarkdownIt("commonmark", {"html": False}).disable(
    ["code", "fence", "backticks", "html_block", "html_inline"]
)


def parse(markdown: str, *, lead: str = "") -> list[Token]:
    """The text's tokens, with a bold lead before its first paragraph (the dateline)."""
    tokens = _PARSER.parse(markdown)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(max(int(token.tag[1]), 2), 4)}"
        # A picture in the text would be loaded from elsewhere: its words take its place.
        for child in token.children or []:
            if child.type == "image":
                child.type, child.tag = "text", ""
    if lead:
        if not tokens or tokens[0].type != "paragraph_open":
            inline = Token("inline", "", 0, children=[])
            tokens[:0] = [Token("paragraph_open", "p", 1, block=True), inline,
                          Token("paragraph_close", "p", -1, block=True)]  # fmt: skip
        children = tokens[1].children or []
        bold, end = Token("strong_open", "strong", 1), Token("strong_close", "strong", -1)
        tokens[1].children = [bold, Token("text", "", 0, content=lead), end]
        if children:
            tokens[1].children += [Token("text", "", 0, content=" – "), *children]
    return tokens


def to_html(tokens: Sequence[Token]) -> str:
    """As HTML that holds only what a release may hold."""
    html = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=None)


def to_text(tokens: Sequence[Token]) -> str:
    """As plain text: one line for a paragraph, links written out, emphasis dropped."""
    lines: list[str] = []
    before: list[str] = []  # what stands before each line here: "> ", the blanks under "- "
    counters: list[int | None] = []
    opened = 0  # how many of them are new since the last line
    pending = ""  # the bullet or number of the next line
    tight = False
    for token in tokens:
        match token.type:
            case "bullet_list_open":
                counters.append(None)
            case "ordered_list_open":
                counters.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                counters.pop()
                tight = False
            case "list_item_open":
                number = counters[-1]
                pending = "- " if number is None else f"{number}. "
                counters[-1] = None if number is None else number + 1
                before.append(" " * len(pending))
                opened += 1
            case "blockquote_open":
                before.append("> ")
                opened += 1
            case "list_item_close" | "blockquote_close":
                before.pop()
                opened = max(opened - 1, 0)
            case "paragraph_open":
                # CommonMark's tight list: its paragraphs are hidden and follow each other closely.
                if lines and not (token.hidden and tight):
                    lines.append("".join(before[: len(before) - opened]).rstrip())
                tight = token.hidden
            case "heading_open" | "hr":
                if lines:
                    lines.append("".join(before[: len(before) - opened]).rstrip())
                tight = False
                if token.type == "hr":
                    lines.append("* * *")
            case "inline":
                for text in _inline(token.children or []).split("\n"):
                    start = "".join(before)
                    lines.append(start[: len(start) - len(pending)] + pending + text)
                    pending, opened = "", 0
    return "\n".join(lines)


def _inline(tokens: Sequence[Token]) -> str:
    out: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        match token.type:
            case "text" | "text_special":
                out.append(token.content)
            case "softbreak":
                out.append(" ")
            case "hardbreak":
                out.append("\n")
            case "link_open":
                links.append((str(token.attrs["href"]), len(out)))
            case "link_close":
                address, start = links.pop()
                shown = address.removeprefix("mailto:")
                if "".join(out[start:]) != shown:
                    out.append(f" ({shown})")
    return re.sub(r" *\n *", "\n", "".join(out))
