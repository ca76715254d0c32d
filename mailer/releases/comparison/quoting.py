"""Compares what is quoted: a quote in one edition only, a speaker named in one only, another speaker."""

from collections.abc import Iterator, Sequence

from mailer.releases.comparison.alignment import in_measure
from mailer.releases.comparison.differing import Difference, Kind, shortened
from mailer.releases.comparison.side import Passage, Side, difference, only_in
from mailer.releases.comparison.voices import Voices, is_named, known_as, same_name, same_script, voices

_MUCH = 2.5
"""Times: by so much two languages do not differ in the length of a quote."""


class Quoting:
    """Goes through the paragraphs in order, since a speaker is named in full once and by a pronoun later."""

    def __init__(self, sides: tuple[Side, Side], people: Sequence[frozenset[str]]) -> None:
        self._sides = sides
        self._people = people
        self._named: tuple[list[str], list[str]] = ([], [])
        self._texts = tuple(" ".join(p.text for p in (*side.head, *side.body, *side.caption)) for side in sides)

    def pass_over(self, left: Sequence[Passage], right: Sequence[Passage]) -> None:
        """Note who speaks in paragraphs that have no answer, which have been told of."""
        for names, passages in zip(self._named, (left, right), strict=True):
            names += voices([p.markdown for p in passages]).speakers

    def compare(self, left: Sequence[Passage], right: Sequence[Passage]) -> Iterator[Difference]:
        """What differs in the quotes of paragraphs that answer each other."""
        heard = (voices([p.markdown for p in left]), voices([p.markdown for p in right]))
        passages = (left, right)
        lone = [which for which in (0, 1) if heard[which].quotes and not _has_marks(passages[1 - which])]
        for which in lone:
            quote = heard[which].quotes[0].text
            yield only_in(
                self._sides,
                which,
                Kind.QUOTE,
                f"The quote “{shortened(quote, 60)}”",
                passages[which][0].place(quote),
                passages[1 - which][0].place(),
            )
        if not lone and heard[0].quotes and heard[1].quotes:
            yield from self._lengths(heard, passages)
            yield from self._speakers(heard, passages)
        for names, voice in zip(self._named, heard, strict=True):
            names += voice.speakers

    def _lengths(
        self, heard: tuple[Voices, Voices], passages: tuple[Sequence[Passage], Sequence[Passage]]
    ) -> Iterator[Difference]:
        measured = [
            in_measure(voice.length, side.content.language) for voice, side in zip(heard, self._sides, strict=True)
        ]
        long, short = (0, 1) if measured[0] > measured[1] else (1, 0)
        if measured[long] > _MUCH * measured[short]:
            places = tuple(p[0].place(v.quotes[0].text) for p, v in zip(passages, heard, strict=True))
            text = (
                f"Much less is quoted in the {self._sides[short].name} ({places[short]}) than in the "
                f"{self._sides[long].name} ({places[long]})."
            )
            yield difference(self._sides, Kind.QUOTE, text, *places)

    def _speakers(
        self, heard: tuple[Voices, Voices], passages: tuple[Sequence[Passage], Sequence[Passage]]
    ) -> Iterator[Difference]:
        left, right = heard[0].speakers, heard[1].speakers
        if left and right:
            if self._may_be_the_same(left[0], right[0]) and len(left) == len(right):
                return
            places = (passages[0][0].place(", ".join(left)), passages[1][0].place(", ".join(right)))
            text = (
                f"The {self._sides[0].name} ({places[0]}) quotes {', '.join(left)}; "
                f"the {self._sides[1].name} ({places[1]}) quotes {', '.join(right)}."
            )
            yield difference(self._sides, Kind.SPEAKER, text, *places)
            return
        for which, speakers in enumerate((left, right)):
            for speaker in speakers:
                if not self._is_new(speaker, which) or self._is_named_across(speaker, which):
                    continue
                yield only_in(
                    self._sides,
                    which,
                    Kind.SPEAKER,
                    f"The name of who is quoted, {speaker},",
                    passages[which][0].place(speaker),
                    passages[1 - which][0].place(),
                )

    def _may_be_the_same(self, one: str, other: str) -> bool:
        left, right = known_as(one, self._people), known_as(other, self._people)
        if left and right:
            return left == right
        if left or right:
            # Somebody whom we know, under a name that we do not: only if she is called so in neither script.
            person, name = (left, other) if left else (right, one)
            known = [spelling for spelling in person or () if same_script(spelling, name)]
            return not known or any(same_name(spelling, name) for spelling in known)
        return not same_script(one, other) or same_name(one, other)

    def _is_new(self, speaker: str, which: int) -> bool:
        return not any(same_name(speaker, name) for name in self._named[which])

    def _is_named_across(self, speaker: str, which: int) -> bool:
        """Whether the other edition names her, as far as that can be known."""
        person = known_as(speaker, self._people)
        across = self._texts[1 - which]
        if person:
            return is_named(person, across)
        return is_named(frozenset((speaker.casefold(),)), across)


def _has_marks(passages: Sequence[Passage]) -> bool:
    """Whether there is anything in quotation marks; a quote that goes on in the next paragraph has one mark."""
    return any(mark in passage.text for passage in passages for mark in '“”«»"„')
