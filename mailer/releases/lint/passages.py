"""The pieces of an edition's text, each with its place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailer.releases.comparison import Part, Place
from mailer.releases.comparison.differing import shortened
from mailer.releases.comparison.links import links
from mailer.releases.content import EditionContent
from mailer.releases.intake.markdown import visible

_AROUND = 40
"""Characters that are shown on each side of the words in question."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One piece."""

    part: Part
    number: int
    """As in ``Place``."""
    text: str
    """As a reader sees it."""
    markdown: str = ""
    """As written; empty where it is no Markdown, so that there can be no link in it."""

    def place(self, start: int = 0, end: int = 0) -> Place:
        """Here, with the words from ``start`` to ``end`` and some around them; with its first words for none."""
        words = shortened(self.text)
        if end:
            # At the words' ends; a text without spaces is shown from its beginning.
            left = self.text.rfind(" ", 0, max(start - _AROUND, 0)) + 1
            right = self.text.find(" ", end + _AROUND) if end + _AROUND < len(self.text) else -1
            right = len(self.text) if right < 0 else right
            words = self.text[left:right].strip()
            words = f"{'… ' if left else ''}{words}{' …' if right < len(self.text) else ''}"
        return Place(part=self.part, number=self.number, words=words)


def passages(content: EditionContent) -> Iterator[Passage]:
    """Every piece of the edition that has text, as it is read from the headline on."""
    return (passage for passage in _all(content) if passage.text.strip())


def place_of_link(content: EditionContent, url: str) -> Place | None:
    """Where the text has that link first; ``None`` where it is not the text's."""
    for passage in passages(content):
        if url in (link.url for link in links(passage.markdown)):
            return Place(part=passage.part, number=passage.number, words=url)
    return None


def _all(content: EditionContent) -> Iterator[Passage]:
    yield Passage(Part.HEADLINE, 0, content.headline)
    yield Passage(Part.SUBHEAD, 0, content.subhead)
    yield Passage(Part.DATELINE, 0, " / ".join(content.cities))
    for number, paragraph in enumerate(content.paragraphs, 1):
        yield Passage(Part.PARAGRAPH, number, _seen(paragraph), paragraph)
    if content.photo:
        yield Passage(Part.CAPTION, 0, content.photo.caption)
        yield Passage(Part.CREDIT, 0, content.photo.credit)
        yield Passage(Part.PICTURE, 0, content.photo.alt)
    for number, boilerplate in enumerate(content.boilerplates, 1):
        yield Passage(Part.BOILERPLATE, number, boilerplate.heading)
        yield Passage(Part.BOILERPLATE, number, _seen(boilerplate.text), boilerplate.text)
    for number, person in enumerate(content.press_contacts, 1):
        for text in (person.city, person.title, person.organisation, person.name, person.address, person.phone):
            yield Passage(Part.CONTACT, number, text)
    for number, related in enumerate(content.related, 1):
        yield Passage(Part.RELATED, number, related.title)


def _seen(markdown: str) -> str:
    # A mail shows “<name>” as it is written; whoever reads Markdown in full takes it for HTML.
    return visible(re.sub(r"<(?=[^<>@:/]{1,60}>)", r"\<", markdown))
