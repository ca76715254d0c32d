"""How alike two names are, whatever their script, spelling and the order of given and family name."""

from dataclasses import dataclass

from rapidfuzz import fuzz

from mailer.contacts.names import skeleton, words

SURE = 100.0
ACROSS = 92.0
"""Two names with one skeleton may yet be two: Salem and Salim, سالم and سليم."""
PARTS = 88.0
"""One has a name more than the other."""
INITIALS = 82.0
"""N. Haddad and Nour Haddad."""
OTHER_CONSONANTS = 0.93
_CONSONANTS = 4
"""In a skeleton of fewer there is too little to go by."""


@dataclass(frozen=True, slots=True)
class Name:
    """One way in which somebody's name is written, made ready for comparison."""

    words: tuple[str, ...]
    plain: str
    """The words in order of letters."""
    bones: tuple[str, ...]
    """Their skeletons, in the order of the words."""
    frame: str
    """The skeletons in order of letters."""
    initials: bool
    """Whether a word is an initial only."""

    @classmethod
    def of(cls, text: str) -> "Name":
        """Of a name as it stands in the registry."""
        found = words(text)
        bones = tuple(skeleton(word) for word in found)
        return cls(
            found, " ".join(sorted(found)), bones, " ".join(sorted(bones)), any(len(word) == 1 for word in found)
        )


def likeness(one: Name, two: Name) -> float:
    """From 0 to 100: how likely the two name one person, as far as names can tell."""
    if not one.words or not two.words:
        return 0.0
    if one.plain == two.plain:
        return SURE if len(one.words) > 1 else INITIALS
    found = fuzz.ratio(one.plain, two.plain)
    if one.frame != two.frame:
        # Samir is not Sami misspelt, as Haddad may be Hadad.
        found *= OTHER_CONSONANTS
    enough = min(len(one.frame), len(two.frame)) - (min(len(one.bones), len(two.bones)) - 1) >= _CONSONANTS
    if enough and len(one.bones) > 1 and len(two.bones) > 1:
        found = max(found, fuzz.ratio(one.frame, two.frame) * ACROSS / 100)
    if len(one.words) != len(two.words) or one.initials or two.initials:
        parts = max(_partly(one, two), _partly(two, one))
        # An initial that fits none of the other's words speaks against it, however long the rest is.
        found = max(found if parts or not (one.initials or two.initials) else found * 0.7, parts)
    return min(found, SURE - 1)


def _partly(fewer: Name, more: Name) -> float:
    """Whether each word of the one is one of the other's, or its initial."""
    if not 1 < len(fewer.words) <= len(more.words):
        return 0.0
    left = list(zip(more.words, more.bones, strict=True))
    best = SURE
    for word, bone in sorted(zip(fewer.words, fewer.bones, strict=True), key=lambda pair: -len(pair[0])):
        match, score = None, 0.0
        for pair in left:
            if word == pair[0]:
                match, score = pair, PARTS
                break
            if len(word) == 1 and pair[0].startswith(word):
                match, score = pair, INITIALS
            elif len(bone) > 2 and bone == pair[1]:
                match, score = pair, min(PARTS, ACROSS) - 4
        if match is None:
            return 0.0
        left.remove(match)
        best = min(best, score)
    whole = sum(len(word) > 1 for word in fewer.words)
    return best if whole else 0.0
