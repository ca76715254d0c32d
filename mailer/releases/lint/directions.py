"""Which way the letters of a text run, and whether its invisible marks of direction come in pairs."""

import re
import unicodedata

_ENOUGH = 20
"""Letters; fewer may be a name or a title."""
_LATIN_ANYWHERE = re.compile(r"https?://\S+|\S+@\S+|\bwww\.\S+")
_OPEN_EMBEDDING, _OPEN_ISOLATE = "\u202a\u202b\u202d\u202e", "\u2066\u2067\u2068"
_END_EMBEDDING, _END_ISOLATE = "\u202c", "\u2069"


def runs_against(text: str, *, right_to_left: bool) -> bool:
    """Whether most letters of the text run the other way. Addresses do not count, nor does a text of a few letters."""
    bidi = [unicodedata.bidirectional(c) for c in _LATIN_ANYWHERE.sub(" ", text) if c.isalpha()]
    rightward = sum(way in ("R", "AL") for way in bidi)
    against = len(bidi) - rightward if right_to_left else rightward
    return len(bidi) >= _ENOUGH and against * 2 > len(bidi)


def unpaired_marks(text: str) -> tuple[str, ...]:
    """The names of the embeddings, overrides and isolates that are not closed, and of ends that close nothing.

    By the pairs of Unicode Standard Annex 9, BD9 and BD11: what ends an isolate ends the embeddings inside it too.
    """
    open_marks: list[str] = []
    wrong: list[str] = []
    for letter in text:
        if letter in _OPEN_EMBEDDING or letter in _OPEN_ISOLATE:
            open_marks.append(letter)
        elif letter == _END_EMBEDDING:
            if open_marks and open_marks[-1] in _OPEN_EMBEDDING:
                open_marks.pop()
            else:
                wrong.append(letter)
        elif letter == _END_ISOLATE:
            places = [n for n, mark in enumerate(open_marks) if mark in _OPEN_ISOLATE]
            if places:
                wrong += open_marks[places[-1] + 1 :]
                del open_marks[places[-1] :]
            else:
                wrong.append(letter)
    return tuple(dict.fromkeys(unicodedata.name(mark).lower() for mark in (*wrong, *open_marks)))
