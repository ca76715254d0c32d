"""One edition as it is compared: its passages as a reader sees them, each with its place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from mailer.releases.comparison.alignment import Shape
from mailer.releases.comparison.differing import Difference, Kind, Part, Place, language_name, shortened
from mailer.releases.comparison.figures import Figure, figures
from mailer.releases.comparison.links import links
from mailer.releases.comparison.voices import voices
from mailer.releases.content import EditionContent
from mailer.releases.intake.markdown import visible


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of an edition's text."""

    part: Part
    number: int
    """As in ``Place``."""
    text: str
    """As a reader sees it."""
    markdown: str
    figures: tuple[Figure, ...]

    @classmethod
    def of(cls, part: Part, number: int, markdown: str, language: str) -> Self:
        """The passage with what it counts."""
        text = visible(markdown)
        return cls(part, number, text, markdown, figures(text, language))

    def place(self, words: str = "") -> Place:
        """Here; with the passage's own words where no others are given."""
        return Place(part=self.part, number=self.number, words=shortened(words or self.text))

    @property
    def shape(self) -> Shape:
        """What is known of it before it is known what answers it."""
        days = (
            Decimal(number) for figure in self.figures for day in figure.days for number in (day.year, day.day)
        )
        numbers = (value for figure in self.figures for value in figure.values)
        return Shape(
            length=len(self.text),
            heading=self.markdown.startswith("#"),
            quoted=bool(voices([self.markdown]).quotes),
            # Ones and twos are in every paragraph.
            values=frozenset(value for value in (*numbers, *days) if value > 2),
            links=frozenset(link.target for link in links(self.markdown)),
        )


@dataclass(frozen=True, slots=True)
class Side:
    """An edition, cut into passages."""

    content: EditionContent
    head: tuple[Passage, ...]
    """Headline and subhead."""
    body: tuple[Passage, ...]
    caption: tuple[Passage, ...]
    boilerplates: tuple[Passage, ...]

    @classmethod
    def of(cls, content: EditionContent) -> Self:
        """Cut an edition."""

        def passages(part: Part, texts: Iterable[str], *, numbered: bool = False) -> tuple[Passage, ...]:
            return tuple(
                Passage.of(part, number if numbered else 0, text, content.language)
                for number, text in enumerate(texts, 1)
                if text.strip()
            )

        return cls(
            content,
            head=(
                *passages(Part.HEADLINE, [content.headline]),
                *passages(Part.SUBHEAD, [content.subhead]),
            ),
            body=passages(Part.PARAGRAPH, content.paragraphs, numbered=True),
            caption=passages(Part.CAPTION, [content.photo.caption] if content.photo else []),
            boilerplates=passages(Part.BOILERPLATE, (b.text for b in content.boilerplates), numbered=True),
        )

    @property
    def name(self) -> str:
        """“the English edition” without its article."""
        return f"{language_name(self.content.language)} edition"

    @property
    def counted(self) -> tuple[Figure, ...]:
        """All figures outside the boilerplates, each once."""
        found = (figure for p in (*self.head, *self.body, *self.caption) for figure in p.figures)
        return tuple({figure.meaning: figure for figure in found}.values())


def difference(
    sides: tuple[Side, Side], kind: Kind, text: str, place: Place | None, other: Place | None
) -> Difference:
    """What an officer is told of both sides."""
    return Difference(
        kind=kind,
        text=text,
        language=sides[0].content.language,
        other_language=sides[1].content.language,
        place=place,
        other=other,
    )


def only_in(
    sides: tuple[Side, Side], which: int, kind: Kind, what: str, place: Place, other: Place | None
) -> Difference:
    """What the one side (0 or 1) has and the other has not; ``what`` begins the sentence."""
    has, lacks = sides[which], sides[1 - which]
    near = f" (see its {other})" if other and other.number else ""
    text = f"{what} is in the {has.name} ({place}) and not in the {lacks.name}{near}."
    places = (place, other) if which == 0 else (other, place)
    return difference(sides, kind, text, *places)


def first_place(passages: Sequence[Passage]) -> Place | None:
    """Where the passages begin; ``None`` for none."""
    return passages[0].place() if passages else None
