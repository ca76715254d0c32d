"""What changed between the versions of a release: per edition and part, words that went and came, and figures."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy.orm import Session

from mailer.releases.differences import Change, Part, differences
from mailer.releases.models import Release, Version
from mailer.releases.versions import versions_between
from mailer.reports.report import Column, Figure, Kind, Report, Row, seal_of
from mailer.reports.words import Said, said

PARTS: Mapping[str, Said] = {
    Part.EMBARGO.value: said("embargo"),
    Part.ORGANISATIONS.value: said("organisations"),
    Part.EDITION.value: said("edition"),
    Part.HEADLINE.value: said("headline"),
    Part.SUBHEAD.value: said("subhead"),
    Part.DATELINE.value: said("dateline"),
    Part.PARAGRAPH.value: said("paragraph"),
    Part.PICTURE.value: said("picture"),
    Part.CAPTION.value: said("caption"),
    Part.CREDIT.value: said("credit"),
    Part.ALT.value: said("description of the picture"),
    Part.BOILERPLATE.value: said("boilerplate"),
    Part.PRESS_CONTACT.value: said("press contact"),
    Part.RELATED.value: said("related release"),
}

CHANGES: Mapping[str, Said] = {
    Change.ADDED.value: said("added"),
    Change.REMOVED.value: said("removed"),
    Change.CHANGED.value: said("changed"),
    Change.MOVED.value: said("moved"),
    Change.SPACING.value: said("spacing"),
}

_COLUMNS = (
    Column("from", said("From version"), Kind.NUMBER),
    Column("to", said("To version"), Kind.NUMBER),
    Column("language", said("Edition"), width=0),
    Column("part", said("Part"), Kind.WORD, words=PARTS, width=1),
    Column("before", said("Was no."), Kind.NUMBER),
    Column("after", said("Is no."), Kind.NUMBER),
    Column("change", said("Change"), Kind.WORD, words=CHANGES, width=1),
    Column("text", said("Text"), width=8),
    Column("figures", said("Figures"), width=2),
    Column("removed", said("Words that went"), Kind.LIST, printed=False),
    Column("added", said("Words that came"), Kind.LIST, printed=False),
    Column("words_removed", said("How many went"), Kind.NUMBER, printed=False),
    Column("words_added", said("How many came"), Kind.NUMBER, printed=False),
    Column("figures_removed", said("Figures that went"), Kind.LIST, printed=False),
    Column("figures_added", said("Figures that came"), Kind.LIST, printed=False),
)


def versions(
    session: Session, release: Release, *, before: int | None = None, after: int | None = None, at: datetime
) -> Report:
    """The answer: between two versions, or, where neither is named, between each and the one before it.

    Raises ``NotFrozen``.
    """
    # Without a second version there is nothing to compare, which is told as it is for two that are named.
    one = versions_between(release, before, after)
    in_order = sorted(release.versions, key=lambda version: version.number)
    pairs = [one] if before is not None or after is not None else list(pairwise(in_order))
    rows = [row for pair in pairs for row in _rows(*pair)]
    return Report(
        question="versions",
        title=said("What changed between versions of %(release)s", release=release.slug),
        asked=tuple(_asked(pairs)),
        made_at=at,
        columns=_COLUMNS,
        rows=rows,
        figures=(Figure("parts", said("Parts that differ"), len(rows)),),
        notes=(
            said("Words that went stand in [- -], words that came in [+ +]."),
            said("A figure in other digits is the same figure; a number in letters is a word."),
        ),
        seal=seal_of(session),
        release_id=release.id,
    )


def _asked(pairs: Sequence[tuple[Version, Version]]) -> Iterator[Said]:
    for version in dict.fromkeys(version for pair in pairs for version in pair):
        yield said(
            "Version %(version)s has the SHA-256 %(sha256)s.", version=version.number, sha256=version.sha256
        )


def _rows(before: Version, after: Version) -> Iterator[Row]:
    for one in differences(before.frozen, after.frozen):
        figures = ("; ".join(some) for some in (one.wording.figures_removed, one.wording.figures_added))
        yield (
            before.number,
            after.number,
            one.language,
            one.part.value,
            one.before,
            one.after,
            one.change.value,
            one.wording.marked,
            " → ".join(figures).strip() if one.wording.figures_removed or one.wording.figures_added else "",
            one.wording.removed,
            one.wording.added,
            one.wording.words_removed,
            one.wording.words_added,
            one.wording.figures_removed,
            one.wording.figures_added,
        )
