"""Finds what is quoted in a body, and who is quoted."""

import re
from dataclasses import dataclass

from mailer.releases.intake.anatomy import ANATOMIES, Folded, any_of
from mailer.releases.intake.markdown import visible

_MARKED = re.compile(r"“([^“”]+)”|«\s*([^«»]+?)\s*»|(?<!\w)\"([^\"]+)\"(?!\w)")
_SAID = any_of(tuple(verb for anatomy in ANATOMIES.values() for verb in anatomy.said))
# “…,” added Dr. X | « … », a déclaré X, directrice de … : the full stop of an abbreviation does not end a name.
_AFTER = re.compile(rf"[\s,،.]*{_SAID} +(?P<who>(?:\b\w{{1,4}}\.(?= )|[^,،.:؛;“«\"])+)")
# Dr. X, director of …, said: “…” | وقالت الدكتورة س، المديرة …: «…»
# “…,” Dr. X said.
_NAME_FIRST = re.compile(rf"[\s,،.]*(?P<who>(?:\b\w{{1,4}}\.(?= )|[^,،.:؛;“«\"]){{2,60}}?) {_SAID}(?!\w)")
_BEFORE = re.compile(rf"(?P<who>[^,،:؛;“”«»]+)(?:[,،][^:“”«»]*?)?[,،]? {_SAID}[:,،]? *$")
_VERB_FIRST = re.compile(rf"(?:^|[.؛;”»] +){_SAID} +(?P<who>[^,،:“”«»]+)(?:[,،][^:“”«»]*)?: *$")

_NEAR = 300
"""Characters; the name of who speaks stands within them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A stretch in quotation marks."""

    text: str
    speaker: str = ""
    """As named beside it; empty where the paragraph doesn't say, as it is for a title or a term."""


def quotes(body: str) -> tuple[Quote, ...]:
    """The stretches in quotation marks of a Markdown body, in order, each with its speaker if one is named."""
    found = []
    for paragraph in body.split("\n\n"):
        text = visible(paragraph)
        end = 0
        for match in _MARKED.finditer(text):
            words = (match[1] or match[2] or match[3]).rstrip(" ,،")
            speaker = _speaker(
                text[max(end, match.start() - _NEAR) : match.start()], text[match.end() : match.end() + _NEAR]
            )
            found.append(Quote(text=words, speaker=speaker))
            end = match.end()
    return tuple(found)


def unbalanced(text: str, following: str) -> bool:
    """Whether a quotation mark lacks its other half. A quote that goes on in the next paragraph is whole:
    there it is opened again."""
    for opening, closing in ("“”", "«»"):
        depth = 0
        for mark in re.findall(f"[{opening}{closing}]", text):
            depth += 1 if mark == opening else -1
            if depth not in (0, 1):
                return True
        if depth and not following.startswith(opening):
            return True
    # A mark after a digit is inches or seconds.
    straight = re.findall(r'(?<!\d)"', text)
    return len(straight) % 2 == 1 and not following.startswith('"')


def _speaker(before: str, after: str) -> str:
    behind, ahead = Folded.of(after), Folded.of(before)
    for match, written, folded in (
        (_AFTER.match(behind.text), after, behind),
        (_NAME_FIRST.match(behind.text), after, behind),
        (_VERB_FIRST.search(ahead.text), before, ahead),
        (_BEFORE.search(ahead.text), before, ahead),
    ):
        if match:
            who = written[folded.places[match.start("who")] : folded.places[match.end("who")]].strip(" .,،")
            if match.re is not _NAME_FIRST or who[:1].isupper():
                return who
    return ""
