"""Names for comparison across spellings and scripts: the words of one, and the skeleton of consonants in each.

Vowels are what transliterations differ in, and what Arabic leaves out: Haddad and حداد, Mohammed, Muhammad and محمد
have one skeleton. It serves to compare, never to spell: no name is written from it.
"""

import re
from functools import lru_cache

from mailer.contacts.spelling import fold

_TITLES = frozenset(
    (
        *("mr", "mrs", "ms", "miss", "dr", "prof", "mme", "mlle", "monsieur", "madame", "eng", "sir"),
        *("الاستاذ", "الاستاذه", "استاذ", "دكتور", "الدكتور", "الدكتوره", "السيد", "السيده", "د", "ا", "م"),
    )
)
_ARTICLES = frozenset(("al", "el", "ul", "ال"))
_SERVANT = frozenset(("abd", "abdul", "abdel", "abdal", "abdol", "عبد"))

_ARABIC = {
    **dict.fromkeys("بپ", "b"),
    **dict.fromkeys("تطث", "t"),
    **dict.fromkeys("جغگ", "j"),
    **dict.fromkeys("حهخة", "h"),
    **dict.fromkeys("دضذ", "d"),
    "ر": "r",
    **dict.fromkeys("زظ", "z"),
    **dict.fromkeys("سصشچ", "s"),
    **dict.fromkeys("فڤ", "f"),
    **dict.fromkeys("قك", "k"),
    "ل": "l",
    "م": "m",
    "ن": "n",
    **dict.fromkeys("اويىءئؤع", ""),
}
_DIGRAPHS = (
    *(("tch", "s"), ("sch", "s"), ("kh", "h"), ("gh", "j"), ("dj", "j"), ("sh", "s"), ("ch", "s"), ("th", "t")),
    *(("dh", "d"), ("ph", "f"), ("ck", "k"), ("x", "ks"), ("ce", "s"), ("ci", "s"), ("cy", "s"), ("qu", "k")),
)
"""English and French ways, as both are used around the eastern Mediterranean. Longer ones first."""
_LATIN = {
    **{letter: letter for letter in "bdfhjklmnrstz"},
    **dict.fromkeys("aeiouwy", ""),
    "g": "j",
    "q": "k",
    "c": "k",
    "v": "f",
    "p": "b",
}
# After folding, which leaves no accents; any script's letters make a word.
_WORD = re.compile(r"[^\W\d_]+")
_IS_ARABIC = re.compile("[\u0620-\u06ff]")


def words(name: str) -> tuple[str, ...]:
    """The folded words of a name that tell people apart: no titles, no articles; Abd with what it serves."""
    found: list[str] = []
    servant = False
    for word in _WORD.findall(fold(name).replace("'", "")):
        if word in _ARTICLES or (word in _TITLES and not servant):
            continue
        if word in _SERVANT:
            servant = True
            continue
        plain = word[2:] if servant and word.startswith("ال") else _without_article(word)
        found.append((("عبد" if _IS_ARABIC.search(plain) else "abd") + plain) if servant else plain)
        servant = False
    if servant:
        found.append("abd")
    return tuple(found)


def _without_article(word: str) -> str:
    if word.startswith("عبدال") and len(word) > 6:
        return "عبد" + word[5:]
    if word.startswith("ال") and len(word) > 4:
        return word[2:]
    # Abdelrahman, Abdul-Rahman and Abdurrahman are one name.
    return re.sub(r"^abd[aeou](?:l|r(?=r))(?=[a-z]{2})", "abd", word)


@lru_cache(maxsize=65536)
def skeleton(word: str) -> str:
    """The consonants of a folded word, in classes that both scripts share; a word of vowels alone has its first."""
    if _IS_ARABIC.search(word):
        letters = "".join(_ARABIC.get(letter, letter) for letter in word)
    else:
        plain = re.sub(r"(.)\1", r"\1", word)
        for spelled, sound in _DIGRAPHS:
            plain = plain.replace(spelled, sound)
        letters = "".join(_LATIN.get(letter, letter) for letter in plain)
    # A closing h is written or not: Fatima, Fatimah, فاطمة.
    return (letters[:-1] if letters.endswith("h") and len(letters) > 1 else letters) or _vowel(word)


def _vowel(word: str) -> str:
    return {"ع": "a", "ا": "a", "و": "u", "ي": "i", "o": "u", "e": "a", "y": "i", "w": "u"}.get(word[0], word[0])
