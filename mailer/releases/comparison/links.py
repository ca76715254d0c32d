"""The links of a text, and when two of them lead to the same page in two languages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKDOWN = MarkdownIt("commonmark")
_LANGUAGE = re.compile(r"(?:ar|en|fr|es)(?:[-_][a-z]{2})?", re.IGNORECASE)
_FOLLOWED = re.compile(r"utm_|fbclid|gclid|mc_[ce]id|(?:lang|locale|language|hl)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """Where a link leads."""

    url: str
    """As written."""
    target: str
    """Without what names a language or follows a reader: the same for the same page in two languages."""
    own_language: bool
    """Whether the address names a language; the rest of it may then be translated as well."""

    @property
    def site(self) -> str:
        return self.target.partition("/")[0]

    def agrees(self, other: "Link") -> bool:
        """Whether both lead to one page, as far as an address tells."""
        return self.target == other.target or (
            self.site == other.site and self.own_language and other.own_language
        )


def links(markdown: str) -> tuple[Link, ...]:
    """The links of a Markdown text in their order, each once."""
    urls = (url for token in _MARKDOWN.parse(markdown) for url in _urls(token.children or []))
    return tuple(dict.fromkeys(link_to(url) for url in urls))


def link_to(url: str) -> Link:
    """What an address leads to."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return Link(url, url, own_language=False)
    if parts.scheme not in ("http", "https"):
        return Link(url, url.casefold(), own_language=False)
    query = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True)]
    kept = sorted(pair for pair in query if not _FOLLOWED.match(pair[0]))
    segments = [segment for segment in parts.path.split("/") if segment]
    plain = [segment for segment in segments if not _LANGUAGE.fullmatch(segment)]
    subdomain, _, rest = host.partition(".")
    named = len(plain) < len(segments) or any(re.match("(?:lang|locale|language|hl)$", key) for key, _ in query)
    if _LANGUAGE.fullmatch(subdomain) and "." in rest:
        host, named = rest, True
    if plain and (match := re.match(r"(.+)[-_.](?:ar|en|fr|es)(\.\w+)?$", plain[-1], re.IGNORECASE)):
        plain[-1], named = f"{match[1]}{match[2] or ''}", True
    path = "/".join((host, *plain))
    return Link(url, f"{path}?{kept}" if kept else path, named)


def _urls(tokens: list[Token]) -> Iterator[str]:
    return (str(token.attrs.get("href", "")) for token in tokens if token.type == "link_open")
