"""The words of a text for full-text search: one normalising function for what is stored and what is asked.

A database is given words of letters and digits with a space between them, and does nothing to them: so the same
search finds the same people on both.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain

from mailer.contacts.spelling import fold

IN_NAME = "·"
"""Stands before a word of a contact's name, which is kept a second time so: names are looked for by themselves, and
come first. It is no letter, and SQLite's plainest tokenizer takes it for one."""

MAX_WORD = 60
"""Characters; the rest of a longer one does not count, neither in what is stored nor in what is asked. PostgreSQL
takes no lexeme of more than 2,046 bytes."""

# Marks of Indic scripts belong to their words, though Python counts them neither as letters nor as accents.
_WORD = re.compile(r"(?:[^\W_]|[\u0900-\u0963\u0966-\u0dff])+")
# Written without spaces between words (Han, Japanese, Thai, Lao, Khmer, Burmese): each letter is a word, as nobody can
# tell where a word begins without a dictionary.
_LETTERS = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff"
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_UNSPACED = re.compile(f"[{_LETTERS}]")
_PIECES = re.compile(f"[{_LETTERS}]|[^{_LETTERS}]+")
# O'Brien, L'Orient, Sa‘id, and the signs with which scholars write hamza and ayn.
_APOSTROPHES = "'’‘ʼʻʹʿʾˈ`´′"
_APOSTROPHE = re.compile(f"[{_APOSTROPHES}]")
_HYPHEN = re.compile(r"(?<=\w)[-‐‑](?=\w)")
# Letters that Unicode does not take apart, a lone hamza, what ``fold`` leaves of Arabic ligatures, and digits of Arabic
# and Persian keyboards.
_ALIKE = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
    | {"ء": None, "ـ": None, "ة": "ه", "ى": "ي", "ی": "ي", "ک": "ك", "ٱ": "ا"}
    | {chr(base + digit): str(digit) for base in (0x660, 0x6F0) for digit in range(10)}
)
# The Arabic article, also behind "and", "with", "as", "for": al-Haddad is found as Haddad too.
_ARTICLE = re.compile("(?:[وفبك]?ال|لل)(?=..)")
_ASKED_ARTICLE = re.compile("^ال(?=..)")


def words_of(text: str) -> tuple[str, ...]:
    """What is stored of a text: its words, each once, in every form by which it may be asked for.

    No form reaches over a space, and names have the same parts again and again: each part is looked at once.
    """
    if text.isascii() and len(text) <= MAX_WORD and (words := text.lower().split()) and "".join(words).isalnum():
        return tuple(dict.fromkeys(words))  # most names, and it has one form
    parts = [_simple(part) for part in text.split()]
    if None in parts:
        return whole_words_of(text)
    found = [part for part in parts if part]
    return tuple(dict.fromkeys(chain(*(words for words, _ in found), *(bare for _, bare in found))))


@lru_cache(maxsize=10_000)
def whole_words_of(text: str) -> tuple[str, ...]:
    """The same, of any text and looked at as a whole."""
    plain = _plain(text)
    found = dict.fromkeys(_split(_APOSTROPHE.sub(" ", plain)))
    whole = _APOSTROPHE.sub("", plain)
    if whole is not plain:
        found |= dict.fromkeys(_split(whole))
    if _HYPHEN.search(whole):
        found |= dict.fromkeys(_split(_HYPHEN.sub("", whole)))
    found |= dict.fromkeys(_without_article(found))
    return tuple(found)


@lru_cache(maxsize=50_000)
def _simple(part: str) -> tuple[Sequence[str], Sequence[str]] | None:
    """The words of a part without spaces, and those without their article; ``None`` for one with several forms."""
    plain = _plain(part)
    if _APOSTROPHE.search(plain) or _HYPHEN.search(plain):
        return None
    words = _split(plain)
    return words, _without_article(words)


def _without_article(words: Iterable[str]) -> list[str]:
    return [word[article.end() :] for word in words if (article := _ARTICLE.match(word))]


def asked(text: str) -> tuple[str, ...]:
    """What is looked for when somebody writes that text: words that must all be there, each once, in their order."""
    plain = _APOSTROPHE.sub("", _plain(text))
    return tuple(dict.fromkeys(_ASKED_ARTICLE.sub("", word) for word in _split(plain)))


def _plain(text: str) -> str:
    return fold(text).translate(_ALIKE)


def _split(plain: str) -> list[str]:
    words = _WORD.findall(plain)
    if _UNSPACED.search(plain):
        words = [piece for word in words for piece in _PIECES.findall(word)]
    return [word[:MAX_WORD] for word in words]
