"""``dateline waves refresh``, and what is told of how a wave's audience stands beside its list."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from mailer.audit import Question
from mailer.cli.office import opened
from mailer.cli.options import JsonOption
from mailer.cli.output import out, say, show_document
from mailer.cli.readings import noted
from mailer.schedule.audience import EXCLUDED_WORDS
from mailer.schedule.comings import Coming
from mailer.schedule.following import Difference
from mailer.schedule.live import Refreshed, names_of, refresh
from mailer.schedule.models import Wave
from mailer.schedule.waves import relied_upon, wave_numbered

_NAMED = 10
"""Names that are told before the rest is counted."""

_COMING_WORDS: Mapping[Coming, str] = {
    Coming.JOINED_LIST: "comes: is on the list now",
    Coming.LET_IN: "comes: the reason to leave her out is gone",
    Coming.NEW_ADDRESS: "stays: the address is a new one",
    Coming.NEW_DETAILS: "stays: the languages, the name or the city has changed",
}


def refresh_wave(
    number: Annotated[int, typer.Argument(metavar="WAVE", help="The wave's number.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say who would come and go, and change nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring the audience of a wave that follows its list up to date, and say who comes and who goes."""
    with opened() as office, office.database.write() as session:
        wave = wave_numbered(session, number)
        now, actor = office.clock.now(), office.actor
        refreshed = refresh(session, wave, templates=office.templates, at=now, actor=actor)
        names = names_of(session, {*refreshed.came, *refreshed.went, *refreshed.left_out})
        if not as_json:
            tell_relied_upon(session, wave)
        if dry_run:
            session.rollback()
            noted(office, Question.REFRESH, names, wave=number)
    if as_json:
        show_document(_document(refreshed, names))
        return
    _tell(refreshed, names, dry_run=dry_run)


def tell_changes(wave: Wave, changes: Difference) -> None:
    """How the list has changed since the wave's audience was made of it."""
    if wave.follows_list:
        say(f"The list {wave.media_list.name} has changed since, and this wave will follow it:")
        words = ("will get it, being on the list now", "will not get it, having left the list")
        advice = f"To have this done now: dateline waves refresh {wave.id}"
    else:
        # An officer may take the audience for today's list.
        say(f"The list {wave.media_list.name} has changed since this wave was scheduled, and the wave has not:")
        words = ("gets nothing, though on the list now", "is in its audience still")
        advice = "To have today's list, cancel the wave and schedule it anew."
    for text, people in zip(words, (changes.joined, changes.left), strict=True):
        _name(text, [name for _, name in people])
    say(advice)


def tell_readdressed(wave: Wave, names: list[str]) -> None:
    """Whose address was taken away since, so that a frozen wave will leave them out."""
    say("The wave was made for an address that was taken away from them since, and will not go to them:")
    _name("has another address now", names)
    say(
        f"To reach them, schedule another wave of this version to {wave.media_list.name} once this one has gone out, "
        "or cancel this one and schedule it anew."
    )


def tell_relied_upon(session: Session, wave: Wave) -> None:
    """Whom other waves left out, as this one was to reach them and does not."""
    for other, count in relied_upon(session, wave).items():
        say(f"Look at wave {other}: it left out {count} people because this one was to reach them.")


def _tell(refreshed: Refreshed, names: Mapping[int, str], *, dry_run: bool) -> None:
    would = "would go" if dry_run else "goes"
    out.print(f"wave {refreshed.wave_id} {would} to {refreshed.deliveries} contacts", markup=False)
    for coming, words in _COMING_WORDS.items():
        _name(words, [name for number, name in names.items() if refreshed.came.get(number) is coming])
    went = set(refreshed.went)
    _name("goes: has left the list", [name for number, name in names.items() if number in went])
    for reason in dict.fromkeys(refreshed.left_out.values()):
        people = [name for number, name in names.items() if refreshed.left_out.get(number) is reason]
        _name(f"is left out, with those who {EXCLUDED_WORDS[reason]}", people)
    if not refreshed.changed:
        say("Nobody comes and nobody goes.")
    elif dry_run:
        say("Nothing was changed.")


def _name(words: str, names: list[str]) -> None:
    for name in names[:_NAMED]:
        say(f"  {name}: {words}")
    if len(names) > _NAMED:
        say(f"  and {len(names) - _NAMED} more: {words}")


def _document(refreshed: Refreshed, names: Mapping[int, str]) -> dict[str, object]:
    def people(reasons: Mapping[int, StrEnum] | Mapping[int, str]) -> Iterable[dict[str, object]]:
        return [
            {"contact": number, "name": name, "reason": str(reasons[number])}
            for number, name in names.items()
            if number in reasons
        ]

    return {
        "wave": refreshed.wave_id,
        "deliveries": refreshed.deliveries,
        "came": people(refreshed.came),
        "went": people(dict.fromkeys(refreshed.went, "left-list")),
        "left_out": people(refreshed.left_out),
    }
