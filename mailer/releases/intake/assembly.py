"""Finds the parts of a release among its blocks: each block lands in one part, once."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from mailer.contacts.spelling import fold
from mailer.releases.content import Boilerplate, EditionContent, Photo, Related
from mailer.releases.intake.anatomy import Anatomy, anatomy_of
from mailer.releases.intake.dateline import Dateline, find_dateline, read_date, read_dateline, same_city
from mailer.releases.intake.headings import Heading, Part, heading_of, is_embargo, is_immediate, is_label
from mailer.releases.intake.markdown import FrontMatter
from mailer.releases.intake.officers import Officer, read_officers
from mailer.releases.intake.parts import BadPart, Block, Doubt, Intake, Line
from mailer.releases.intake.photo import Head, read_head
from mailer.releases.intake.quotes import unbalanced

_LATEST_DATELINE = 8
"""Blocks; further down it is a place and a day in the text."""
_LABEL_LINES = 4
"""Lines of a block; labels stand in the first ones."""
_LONGEST_HEADLINE = 300
_URL = re.compile(r"<?(https?://[^\s<>\"]+)>?", re.IGNORECASE)


@dataclass(slots=True)
class _Sections:
    """The blocks, each in the part that it belongs to."""

    body: list[tuple[int, str, str]] = field(default_factory=list)
    """Line, what a reader sees, Markdown."""
    about: list[tuple[int, str, list[Block]]] = field(default_factory=list)
    contacts: list[Block] = field(default_factory=list)
    related: list[Block] = field(default_factory=list)
    related_line: int = 0
    definitions: list[Block] = field(default_factory=list)

    def add(self, block: Block) -> None:
        self.body.append((block.line, block.text, block.body))


def assemble(blocks: Sequence[Block], front: FrontMatter, language: str) -> Intake:
    """What the blocks say, with all doubts. Raises ``BadPart`` where they are no release."""
    anatomy = anatomy_of(language)
    assert anatomy is not None, language  # noqa: S101 - the language was checked at the door
    doubts = list(front.doubts)
    blocks, embargo_line = _without_labels(list(blocks), anatomy, front, doubts)
    headline, blocks, under = _headline(blocks, anatomy, front, doubts)
    dateline, head, blocks = _dateline(blocks, anatomy, front, language, doubts)
    found = read_head(head, anatomy, under=under, dated=dateline is not None) if head or under else Head()
    for block in found.left:
        doubts.append(
            Doubt(
                line=block.line,
                text="This stands before the dateline and is kept as the text's beginning. Move it if it is not.",
            )
        )
    sections = _sections([*found.left, *blocks], anatomy, doubts)
    officers, left, wrong = read_officers(sections.contacts, anatomy)
    doubts += wrong
    for block in left:
        sections.add(block)
        doubts.append(
            Doubt(
                line=block.line,
                text="This stands among the press contacts and reads like text; it is kept at the text's end.",
            )
        )
    for block in sections.definitions:
        sections.add(block)
    if not sections.body:
        raise BadPart(
            f"line {max(1, found.last)}", "there is no text below the headline", "Add the release's text."
        )
    doubts += found.doubts
    dateline = dateline or Dateline()
    _doubt_dateline(dateline, sections, officers, front, doubts)
    content = EditionContent(
        language=language,
        headline=headline,
        subhead=front["subhead"] or found.subhead,
        cities=dateline.cities,
        day=dateline.day,
        body="\n\n".join(markdown for _, _, markdown in sections.body),
        photo=_photo(front, found, doubts),
        boilerplates=tuple(_boilerplates(sections, doubts)),
        press_contacts=tuple(officer.contact for officer in officers),
        related=_related(sections, doubts),
    )
    return Intake(
        content=content,
        photo_file=front["photo"],
        embargo_line=embargo_line,
        embargo=front["embargo"],
        zone=front["zone"],
        organisations=front.lists.get("organisations", ()),
        slug=front["slug"],
        doubts=tuple(sorted(dict.fromkeys(doubts))),
    )


def _without_labels(
    blocks: list[Block], anatomy: Anatomy, front: FrontMatter, doubts: list[Doubt]
) -> tuple[list[Block], str]:
    """The blocks without “Press release” and lines about an embargo; and what those said."""
    kept: list[Block] = []
    embargoes: list[str] = []
    immediate = 0
    for place, block in enumerate(blocks):
        above = place < _LATEST_DATELINE
        lines: list[Line] = []
        for line in block.lines[:_LABEL_LINES]:
            text = block.only(line).text
            # An embargo may stand at the foot as well, but then on a line of its own.
            if text and (above or len(block.lines) == 1) and is_embargo(text, anatomy):
                embargoes.append(text.strip(" *_"))
                doubts.append(Doubt(line=line.number, text=_about_embargo(text, front)))
            elif above and is_label(text, anatomy):
                immediate = immediate or (line.number if is_immediate(text, anatomy) else 0)
            else:
                lines.append(line)
        lines += block.lines[_LABEL_LINES:]
        if lines:
            kept.append(block if len(lines) == len(block.lines) else block.only(*lines))
    if immediate and (embargoes or front["embargo"]):
        text = (
            "The text says that it may be published at once, and yet there is an embargo. Find out which is right."
        )
        doubts.append(Doubt(line=immediate, text=text))
    return kept, "; ".join(dict.fromkeys(embargoes))[:300]


def _about_embargo(text: str, front: FrontMatter) -> str:
    said = f"The text speaks of an embargo (“{text[:160]}”), which was taken out of it."
    if front["embargo"]:
        return (
            f"{said} Check that it says the same as the front matter: {front['embargo']} {front['zone']}.".rstrip()
        )
    return f"{said} Enter it with its time zone; until then it does not hold."


def _headline(
    blocks: list[Block], anatomy: Anatomy, front: FrontMatter, doubts: list[Doubt]
) -> tuple[str, list[Block], tuple[Line, ...]]:
    """The headline, the blocks below it, and lines right under it that a wrapped line does not explain."""
    under: tuple[Line, ...] = ()
    headline = front["headline"]
    first = next((block for block in blocks[:_LATEST_DATELINE] if _may_be_headline(block, anatomy)), None)
    if first is None and blocks and not front.lines and not blocks[0].level:
        first = blocks[0]
    if first and not headline:
        kept, under = _wrapped(first, blocks)
        headline = kept.text
    if first and fold(headline) == fold(first.text if not under else headline):
        blocks = [block for block in blocks if block is not first]
    if not headline:
        raise BadPart(
            f"line {blocks[0].line if blocks else 1}",
            "it has no headline",
            "Begin with a line “# Headline”, or the key headline.",
        )
    if len(headline) > _LONGEST_HEADLINE:
        doubts.append(
            Doubt(
                line=first.line if first else front.line("headline"),
                text=f"The headline has {len(headline)} characters. Is it the text's first paragraph?",
            )
        )
    return headline, blocks, under


def _may_be_headline(block: Block, anatomy: Anatomy) -> bool:
    """Whether a block is a first heading, and none of a part: in Word “About …” often has the same style."""
    heading = heading_of(block, anatomy) if block.level == 1 else None
    return heading is not None and heading.part is Part.OTHER


def _wrapped(first: Block, blocks: Iterable[Block]) -> tuple[Block, tuple[Line, ...]]:
    """A headline over several lines is wrapped only where the next word would not have fitted."""
    if first.level:
        return first, ()
    width = max(len(line.text) for block in blocks for line in block.lines)
    for n, (line, following) in enumerate(zip(first.lines, first.lines[1:], strict=False), 1):
        if len(line.text.rstrip()) + 1 + len(following.text.strip().partition(" ")[0]) <= width:
            return first.only(*first.lines[:n]), first.lines[n:]
    return first, ()


def _dateline(
    blocks: list[Block], anatomy: Anatomy, front: FrontMatter, language: str, doubts: list[Doubt]
) -> tuple[Dateline | None, list[Block], list[Block]]:
    """The dateline, what stands above it and what stands below."""
    given = [key for key in ("dateline", "cities", "date") if key in front.lines]
    if "dateline" in given and len(given) > 1:
        raise BadPart(
            f"line {front.line('dateline')}",
            f"dateline and {given[1]} are both there",
            "Use either dateline, or cities and date.",
        )
    if given:
        line = front.line(given[0])
        if "dateline" in given:
            dateline = read_dateline(front["dateline"], language)
        else:
            day, wrong = read_date(front["date"], language) if front["date"] else (None, ())
            dateline = Dateline(cities=front.lists.get("cities", ()), day=day, doubts=wrong)
        if dateline.rest:
            doubts.append(Doubt(line=line, text=f"“{dateline.rest[:60]}” in the dateline was left out."))
        doubts += [Doubt(line=line, text=text) for text in dateline.doubts]
        return dateline, [], blocks
    for place, block in enumerate(blocks[:_LATEST_DATELINE]):
        if heading_of(block, anatomy):
            break
        found, rest = _found_in(block, language)
        if found:
            doubts += [Doubt(line=block.line, text=text) for text in found.doubts]
            below = [block.saying(rest)] if rest else []
            return found, blocks[:place], [*below, *blocks[place + 1 :]]
    return None, *_above_text(blocks, anatomy)


def _found_in(block: Block, language: str) -> tuple[Dateline | None, str]:
    """The dateline of a block and the words behind it, as they stand in the file."""
    raw = block.raw.replace("\n", " ")
    # In Markdown a dateline is often set in bold.
    bold = re.match(r"\s*(\*\*|__|[*_])(.+?)\1\s*(.*)", raw)
    if bold and (found := find_dateline(bold[2].strip(), language)) and not found.rest:
        return found, bold[3].lstrip(" \u00a0.,،:–—-")
    found = find_dateline(raw.strip(), language)
    return found, found.rest if found else ""


def _above_text(blocks: list[Block], anatomy: Anatomy) -> tuple[list[Block], list[Block]]:
    """Without a dateline: the photo's words if they stand first, and the rest."""
    photo = read_head(blocks[:5], anatomy, under=(), dated=False)
    above = [block for block in blocks if block.line <= photo.last] if photo.last else []
    return above, blocks[len(above) :]


def _sections(blocks: Iterable[Block], anatomy: Anatomy, doubts: list[Doubt]) -> _Sections:
    sections = _Sections()
    part = Part.OTHER
    after = ""
    for block in blocks:
        heading: Heading | None = heading_of(block, anatomy)
        current: Block | None = block
        if heading:
            current = heading.rest
            if heading.part is Part.ENDS:
                part, after = Part.ENDS, heading.text
                continue
            if heading.part is Part.OTHER:
                _doubt_stray(block, part, after, doubts)
                current = block
            part = heading.part
            match part:
                case Part.ABOUT:
                    sections.about.append((block.line, heading.text, []))
                case Part.RELATED:
                    sections.related_line = block.line
                case Part.NOTES:
                    text = block.body if block.level else f"## {heading.text}"
                    sections.body.append((block.line, heading.text, text))
        if current is None:
            continue
        if not current.text:
            # A link's definition shows nothing and serves the whole text; a rule stays where it is.
            (sections.add if part in (Part.OTHER, Part.NOTES) else sections.definitions.append)(current)
            continue
        match part:
            case Part.ABOUT:
                sections.about[-1][2].append(current)
            case Part.CONTACTS:
                sections.contacts.append(current)
            case Part.RELATED:
                sections.related.append(current)
            case Part.ENDS:
                _doubt_stray(current, part, after, doubts)
                sections.add(current)
                part = Part.NOTES
            case _:
                sections.add(current)
    _doubt_quotes(sections, doubts)
    return sections


def _doubt_stray(block: Block, part: Part, after: str, doubts: list[Doubt]) -> None:
    if part not in (Part.OTHER, Part.NOTES):
        where = f"after “{after}”" if part is Part.ENDS else "below the text"
        doubts.append(
            Doubt(
                line=block.line,
                text=f"“{block.text[:60]}” stands {where} and is no part that Dateline knows; "
                "it is kept at the text's end.",
            )
        )


def _doubt_quotes(sections: _Sections, doubts: list[Doubt]) -> None:
    for (line, text, _), (_, after, _) in pairwise([*sections.body, (0, "", "")]):
        if unbalanced(text, after):
            doubts.append(
                Doubt(
                    line=line, text="A quotation mark lacks its other half. Check where the quote begins and ends."
                )
            )


def _doubt_dateline(
    dateline: Dateline, sections: _Sections, officers: Sequence[Officer], front: FrontMatter, doubts: list[Doubt]
) -> None:
    line = front.line("dateline") or front.line("cities") or front.line("date") or sections.body[0][0]
    if not dateline.cities and dateline.day is None and not dateline.doubts:
        doubts.append(
            Doubt(
                line=line,
                text="There is no dateline. Begin the text with its cities and date: Beirut, 24 November 2026 …",
            )
        )
    elif not dateline.cities:
        doubts.append(Doubt(line=line, text="The dateline has no city. Put the cities before the date."))
    elif dateline.day is None and not dateline.doubts:
        doubts.append(Doubt(line=line, text="The dateline has no date with a year. Write it as 24 November 2026."))
    if not officers:
        doubts.append(
            Doubt(line=0, text="There is no press contact. Add them under “For more information please contact:”.")
        )
        return
    for city in dateline.cities:
        if not any(same_city(city, officer.contact.city) for officer in officers):
            doubts.append(
                Doubt(line=0, text=f"There is no press contact for {city}. Add one: In {city}, title, name, …")
            )


def _photo(front: FrontMatter, found: Head, doubts: list[Doubt]) -> Photo | None:
    photo = Photo(
        caption=front["caption"] or found.caption, credit=front["credit"] or found.credit, alt=front["alt"]
    )
    if photo == Photo() and not front["photo"]:
        return None
    line = found.credit_line or front.line("credit") or front.line("photo")
    if photo.credit and not photo.caption:
        doubts.append(Doubt(line=line, text="The photo has a credit and no caption. Say what it shows."))
    if not photo.credit:
        doubts.append(Doubt(line=line, text="The photo has no credit. Say who took it, as: Photo: ESRF/Name"))
    return photo


def _boilerplates(sections: _Sections, doubts: list[Doubt]) -> Iterable[Boilerplate]:
    if not sections.about:
        doubts.append(
            Doubt(line=0, text="There is no paragraph “About …” for any organisation. Add one for each.")
        )
    for line, heading, blocks in sections.about:
        if not blocks:
            doubts.append(
                Doubt(line=line, text=f"There is nothing below “{heading}”. Add the text, or take it out.")
            )
        yield Boilerplate(heading=heading, text="\n\n".join(block.body for block in blocks))


def _related(sections: _Sections, doubts: list[Doubt]) -> tuple[Related, ...]:
    found: list[Related] = []
    for block in sections.related:
        for place, entry in enumerate(block.entries):
            match = _URL.search(entry.text)
            title = _URL.sub("", entry.text).strip(" \u00a0:|–—-")
            url = match[1].rstrip(".,;") if match else ""
            alone = found and not found[-1].url and match and not title
            wraps = place and found and not found[-1].url and entry.text[:1].islower()
            if alone or wraps:
                last = found.pop()
                found.append(Related(title=f"{last.title} {title}".strip(), url=url))
            elif title or url:
                found.append(Related(title=title or url, url=url))
    if sections.related_line and not found:
        doubts.append(
            Doubt(
                line=sections.related_line,
                text="There is a heading for related releases and nothing below it. Name them, or leave it out.",
            )
        )
    return tuple(found)
