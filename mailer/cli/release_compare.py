"""``dateline releases compare``, and the count of differences that freezing and approving tell."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text
from sqlalchemy.orm import Session

from mailer.cli.office import Office, opened
from mailer.cli.options import JsonOption
from mailer.cli.output import Form, look_at, out, say, show_list
from mailer.releases.comparison import Difference, Place, compare_all, language_name, officers_names
from mailer.releases.content import EditionContent
from mailer.releases.versions import current_content, release_named, version_numbered

_SIDE_BY_SIDE = 90
"""Columns of a terminal; below that two columns of text are too narrow to read."""


def compare_editions(
    release: Annotated[str, typer.Argument(metavar="RELEASE", help="The release's short name (slug).")],
    *,
    version: Annotated[
        int | None, typer.Option("--version", min=1, help="A version; the draft where left out.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what the editions of a release say differently: paragraphs, figures, days, quotes, links, photo."""
    with opened() as office, office.database.read() as session:
        found = release_named(session, release)
        frozen = version_numbered(found, version).frozen if version else current_content(found)
        differences = _differences(office, session, frozen.editions)
        if as_json:
            rows = map(_row, differences)
            show_list(rows, (), form=Form.JSON, zone=office.zone, empty="")
            return
    if len(frozen.editions) < 2:
        say(f"{release} has one edition; there is nothing to compare it with.")
        return
    if not differences:
        say("Nothing was found that differs. What the words mean is yours to judge.")
    for (language, other), group in groupby(differences, key=lambda d: (d.language, d.other_language)):
        _show(list(group), language, other)


def tell_differences(
    office: Office, session: Session, editions: Sequence[EditionContent], release: str, version: int
) -> None:
    """How many things differ between the editions of a version, and where to see them."""
    differences = _differences(office, session, editions)
    counts = [
        (len(list(group)), pair)
        for pair, group in groupby(differences, key=lambda d: (d.language, d.other_language))
    ]
    look_at(
        f"{count} {'thing differs' if count == 1 else 'things differ'} between the {language_name(language)} and "
        f"the {language_name(other)} edition: dateline releases compare {release} --version {version}"
        for count, (language, other) in counts
    )


def _differences(office: Office, session: Session, editions: Sequence[EditionContent]) -> tuple[Difference, ...]:
    first = office.config.office.default_language
    return compare_all(editions, first=first, people=officers_names(session))


def _row(difference: Difference) -> Mapping[str, object]:
    return {
        "kind": difference.kind,
        "text": difference.text,
        "language": difference.language,
        "place": place_row(difference.place),
        "other_language": difference.other_language,
        "other_place": place_row(difference.other),
    }


def place_row(place: Place | None) -> Mapping[str, object] | None:
    """A place as ``--json`` gives it."""
    return {"part": place.part, "number": place.number or None, "words": place.words} if place else None


def _show(differences: Sequence[Difference], language: str, other: str) -> None:
    names = (language_name(language), language_name(other))
    out.print(Text(f"{names[0]} and {names[1]}: {len(differences)} to look at", style="bold"))
    for number, difference in enumerate(differences, 1):
        out.print()
        out.print(Text(isolated([f"{number}. {difference.text}"]), style="yellow"))
        sides = list(zip(names, (difference.place, difference.other), strict=True))
        if all(place for _, place in sides) and out.width >= _SIDE_BY_SIDE:
            width = (out.width - 8) // 2
            table = Table(box=box.SIMPLE, show_header=False, show_edge=False, padding=(0, 2))
            table.add_row(*(Text(_told(name, place, width)) for name, place in sides))
            out.print(table)
        else:
            for name, place in sides:
                if place:
                    told = _told(name, place, max(out.width - 4, 20))
                    out.print(Text(textwrap.indent(told, "   ")))
    out.print()


def _told(name: str, place: Place | None, width: int) -> str:
    return isolated([f"{name}, {place}:", *textwrap.wrap(place.words, width)]) if place else ""


def isolated(lines: Iterable[str]) -> str:
    """Each line with its own direction, so that none turns what is beside it."""
    return "\n".join(
        f"\u2068{line}\u2069" if any("\u0590" <= c <= "\u08ff" for c in line) else line for line in lines
    )
