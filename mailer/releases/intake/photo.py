"""What stands between headline and text: the subhead and the photo's caption and credit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mailer.contacts.spelling import fold
from mailer.releases.intake.anatomy import Anatomy, Folded, any_of, said_first
from mailer.releases.intake.parts import Block, Doubt, Line, tidy

_LONGEST_CREDIT = 100
"""Characters; what is longer behind “Photo:” is a caption."""
_LONGEST_CAPTION = 1000
_LONGEST_SUBHEAD = 250


@dataclass(frozen=True, slots=True)
class Head:
    """What was found, and the blocks that are none of it."""

    subhead: str = ""
    caption: str = ""
    credit: str = ""
    credit_line: int = 0
    last: int = 0
    """The line at which the last block of the photo begins."""
    left: tuple[Block, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def read_head(blocks: Sequence[Block], anatomy: Anatomy, *, under: tuple[Line, ...], dated: bool) -> Head:
    """Sort the blocks above the text. A subhead is believed only where a dateline says that the text is yet to
    come, or as a line right ``under`` the headline."""
    head = Head(subhead=tidy(" ".join(line.text for line in under)))
    doubts = [_about_subhead(under[0].number, head.subhead)] if under else []
    others: list[Block] = []
    for block in blocks:
        caption, credit = caption_and_credit(block.text, anatomy)
        if (caption and not head.caption) or (credit and not head.credit):
            head = replace(
                head,
                caption=head.caption or caption,
                credit=head.credit or credit,
                credit_line=head.credit_line or (block.line if credit else 0),
                last=block.line,
            )
        else:
            others.append(block)
    caption_block = _caption(others, head)
    if caption_block and (not head.caption or fold(head.caption) == fold(caption_block.text)):
        same = [block for block in others if fold(block.text) == fold(caption_block.text)]
        head = replace(head, caption=caption_block.text, last=max(head.last, same[-1].line))
        others = [block for block in others if block not in same]
    first = others[0] if others else None
    if dated and first and not head.subhead and not first.level and len(first.text) <= _LONGEST_SUBHEAD:
        head = replace(head, subhead=first.text)
        doubts.append(_about_subhead(first.line, first.text))
        del others[0]
    return replace(head, left=tuple(others), doubts=tuple(doubts))


def caption_and_credit(text: str, anatomy: Anatomy) -> tuple[str, str]:
    """The caption and the credit in “Caption. Photo: Credit” and the like; empty where not there."""
    if len(text) > _LONGEST_CAPTION:
        return "", ""
    labelled = said_first(anatomy.caption, text)
    if labelled is not None and labelled.lstrip(" \u00a0").startswith((":", "\uff1a")):
        text = labelled.lstrip(" \u00a0:\uff1a")
        caption, credit = caption_and_credit(text, anatomy)
        return caption or ("" if credit else text), credit
    mark = rf"(?:{any_of(anatomy.credit)} *: *(?:©|\(c\))?|©|\(c\)) *"
    folded = Folded.of(text)
    match = re.fullmatch(rf"(?:(?P<before>.*?)[\s(\[|/–—-]+)??[(\[]?{mark}(?P<credit>.+?)[)\].]*", folded.text)
    if match is None:
        return "", ""
    before = text[: folded.places[match.end("before")]].strip(" \u00a0|/–—-([") if match["before"] else ""
    credit = text[folded.places[match.start("credit")] : folded.places[match.end("credit")]].strip()
    if not before:
        # “Photo: Families on the quay. © ESRF/Name”
        inner, name = caption_and_credit(credit, anatomy)
        if inner:
            return inner, name
    if len(credit) > _LONGEST_CREDIT:
        return ("", "") if before else (credit, "")
    return before, credit


def _about_subhead(line: int, text: str) -> Doubt:
    return Doubt(line=line, text=f"“{text[:80]}” was taken for the subhead. If it is not, set it right.")


def _caption(others: Sequence[Block], head: Head) -> Block | None:
    """The caption: what is printed twice, as web pages do; or else what is nearest to the credit."""
    seen: set[str] = set()
    for block in others:
        if fold(block.text) in seen:
            return block
        seen.add(fold(block.text))
    if head.caption:
        return next((block for block in others if fold(block.text) == fold(head.caption)), None)
    if not head.credit_line:
        return None
    above = [block for block in others if block.line < head.credit_line]
    return above[-1] if above else next(iter(others), None)
