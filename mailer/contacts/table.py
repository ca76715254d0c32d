"""A cell of a list as one line of clean text, and how long one may be."""

import re
import unicodedata

MAX_CELL = 10_000
"""Characters; a longer cell is a broken quotation mark, not a name."""

# Embeddings, overrides and isolates: in a name they would turn the text around it.
_BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """One line of text: white space and line breaks as single spaces, composed (NFC), no bidi controls."""
    return " ".join(unicodedata.normalize("NFC", _BIDI_CONTROLS.sub("", text)).split())
