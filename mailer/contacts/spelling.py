"""One spelling for comparison: folds what people write differently and mean alike.

The one function serves keys, look-ups and search on both databases, so that what was stored is found.
"""

import re
import unicodedata

# Hamza carriers, ta marbuta, alif maqsura and the Persian letters typed for Arabic ones, as readers take them.
_ARABIC = str.maketrans("أإآٱةىیک", "اااا" + "هييك")
_INVISIBLE = re.compile("[\u0640\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""What no name and no query has: control characters, NUL above all, which PostgreSQL refuses, and halves of
surrogate pairs, which are how Python reads a command line that is not UTF-8."""


def fold(text: str) -> str:
    """The text without case, accents, Arabic vowel signs, tatweel or invisible marks, words one space apart."""
    if text.isascii():  # it has none of all that, and lists are long
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFKD", _INVISIBLE.sub("", text).translate(_ARABIC)).casefold()
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(letters.replace("’", "'").split())
