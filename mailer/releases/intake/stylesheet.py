"""A page's style sheet: what it says of whole classes, for any reader and in any state of the page."""

import re
from collections.abc import Iterator

_PIECE = re.compile(r"[{}]|[^{}]+")
_CLASS = re.compile(r"(?:[a-z][a-z0-9]*)?\.([\w-]{1,60})", re.IGNORECASE)
_LONGEST = 2_000
"""Characters that are said of a class; Google Docs says 100."""


def classes(sheet: str) -> Iterator[tuple[str, str]]:
    """The classes that a rule is for by themselves, and what it says.

    Rules for print or for small windows, and rules for a class inside of another, tell of some moments only: what
    is hidden by them is there for most readers.
    """
    selector = ""
    depth = 0
    inside = ""
    for match in _PIECE.finditer(re.sub(r"/\*.*?\*/|<!--|-->", " ", sheet, flags=re.DOTALL)):
        piece = match[0]
        if piece == "{":
            depth += 1
        elif piece == "}":
            if depth == 1 and not selector.startswith("@"):
                for one in selector.split(","):
                    if found := _CLASS.fullmatch(one.strip()):
                        yield found[1], inside
            depth = max(depth - 1, 0)
            if not depth:
                selector = inside = ""
        elif not depth:
            # An order without braces, such as @import, ends with a semicolon.
            selector = piece.rpartition(";")[2].strip()
        elif depth == 1:
            inside = piece[:_LONGEST]
