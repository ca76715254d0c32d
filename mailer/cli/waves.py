"""``dateline waves``: schedule, list, show, refresh, pause, resume, hold, release, cancel."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.text import Text

from mailer.audit import Question
from mailer.cli.follow import follow
from mailer.cli.identity import sender_of
from mailer.cli.office import Office, opened
from mailer.cli.options import CsvOption, JsonOption, ZoneOption, duration_of
from mailer.cli.output import (
    Column,
    Form,
    err,
    fail_usage,
    form_of,
    look_at,
    out,
    say,
    show_document,
    show_list,
    shown,
)
from mailer.cli.readings import noted
from mailer.cli.wave_audience import refresh_wave, tell_changes, tell_readdressed, tell_relied_upon
from mailer.contacts.lists import list_named
from mailer.delivery.addressed import readdressed
from mailer.delivery.report import LeftOut, left_out, timing
from mailer.errors import NoEmbargo
from mailer.releases.versions import release_named, version_numbered
from mailer.rendering import Layout, Occasion
from mailer.schedule.audience import EXCLUDED_WORDS
from mailer.schedule.following import since_scheduled
from mailer.schedule.models import Audience, DeliveryState, Wave, WaveState
from mailer.schedule.plan import Order, Planned, schedule
from mailer.schedule.waves import (
    all_waves,
    cancel,
    hold_by_hand,
    is_overdue,
    pause,
    release,
    resume,
    tally,
    wave_numbered,
)

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

WaveArgument = Annotated[int, typer.Argument(metavar="WAVE", help="The wave's number.")]

COLUMNS = (
    Column("wave", "Wave", number=True),
    Column("release", "Release"),
    Column("version", "Version", number=True),
    Column("kind", "Kind"),
    Column("list", "List"),
    Column("audience", "Audience"),
    Column("due", "Goes out"),
    Column("stale_at", "Stale from"),
    Column("state", "State"),
    Column("deliveries", "Deliveries"),
    Column("reason", "Why"),
)


_FOLLOWS = "follows the list until it opens"


def fields(wave: Wave, counts: Mapping[DeliveryState, int]) -> dict[str, object]:
    """A wave as ``--json`` gives it."""
    return {
        "wave": wave.id,
        "release": wave.release.slug,
        "version": wave.version.number,
        "version_sha256": wave.version.sha256,
        "kind": wave.kind.value,
        "layout": wave.layout.value,
        "list": wave.media_list.name,
        "audience": wave.audience.value,
        "frozen_at": wave.frozen_at,
        "refreshed_at": wave.refreshed_at,
        "state": wave.state.value,
        "reason": wave.reason,
        "due": str(wave.due),
        "due_at": wave.due_at,
        "due_wall": wave.wall,
        "due_zone": wave.zone,
        "scheduled_at": wave.scheduled_at,
        "stale_at": wave.stale_at,
        "opened_at": wave.opened_at,
        "give_up_at": wave.give_up_at,
        "done_at": wave.done_at,
        "total": sum(counts.values()),
        "deliveries": {state.value: count for state, count in sorted(counts.items())},
    }


@app.command("schedule")
def schedule_wave(
    release_name: Annotated[str, typer.Argument(metavar="RELEASE", help="The release's short name.")],
    *,
    to: Annotated[str, typer.Option("--list", help="The media list that gets it.")],
    at: Annotated[
        str,
        typer.Option(
            "--at",
            help="'2026-12-22 10:00', a wall time in --zone; 'embargo' for the moment that it ends; else now.",
        ),
    ] = "",
    zone: ZoneOption = "",
    under_embargo: Annotated[
        bool, typer.Option("--under-embargo", help="Before the embargo, to those who accepted its terms only.")
    ] = False,
    both: Annotated[
        bool, typer.Option("--both", help="All languages in one mail, each reader's own first.")
    ] = False,
    version: Annotated[int | None, typer.Option("--version", min=1, help="The latest where left out.")] = None,
    template: Annotated[str, typer.Option("--template", help="The template's name.")] = "release",
    again: Annotated[
        bool, typer.Option("--again", help="Also to those who have this release from another wave already.")
    ] = False,
    stale_after: Annotated[
        str,
        typer.Option(
            "--stale-after", help="So long after its time (90m, 6h, 2d) it is stale: none is sent any more."
        ),
    ] = "",
    not_after: Annotated[
        str,
        typer.Option(
            "--not-after", help="The same as a wall time in the wave's zone, such as '2026-12-22 18:00'."
        ),
    ] = "",
    live: Annotated[
        bool,
        typer.Option("--live", help="Its audience follows the list until it opens; else it is frozen now."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say who would get it and schedule nothing.")] = False,
) -> None:
    """Put a wave into the plan: one version to one media list at one time."""
    if zone and (not at or at == "embargo"):
        fail_usage("--zone is the zone of a time given with --at.")
    with opened() as office, office.database.write() as session:
        found = release_named(session, release_name)
        chosen = version_numbered(found, version)
        due = None
        if at == "embargo":
            due = chosen.frozen.embargo
            if due is None:
                raise NoEmbargo(release=release_name, version=chosen.number)
        elif at:
            due = office.when(at, zone)
        order = Order(
            kind=Occasion.UNDER_EMBARGO if under_embargo else Occasion.PUBLIC,
            due=due,
            zone=office.zone,
            layout=Layout.BOTH if both else Layout.PREFERRED,
            template=template,
            again=again,
            stale_after=duration_of("--stale-after", stale_after) if stale_after else None,
            not_after=office.when(not_after, due.zone if due else "") if not_after else None,
            audience=Audience.LIVE if live else Audience.FROZEN,
        )
        planned = schedule(
            session,
            found,
            chosen,
            list_named(session, to),
            order,
            templates=office.templates,
            sender=sender_of(office.config),
            default_language=office.config.office.default_language,
            now=office.clock.now(),
            actor=office.actor,
        )
        people = left_out(session, planned.wave.id)
        if dry_run:
            # What it would be is told after it has been undone, which would empty it.
            session.expunge_all()
            session.rollback()
            noted(office, Question.PLAN, {person.contact for person in people})
    # Only now is it true: told before the commit, a wave might be believed in that isn't there.
    _tell(planned, people, dry_run=dry_run)


def _tell(planned: Planned, people: Sequence[LeftOut], *, dry_run: bool) -> None:
    wave, expansion = planned.wave, planned.expansion
    languages = ", ".join(f"{count} in {code}" for code, count in sorted(expansion.languages.items()))
    head = "It would be" if dry_run else f"Wave {wave.id}:"
    article = "an" if wave.kind is Occasion.UNDER_EMBARGO else "a"
    out.print(
        f"{head} {article} {wave.kind.value} wave of {wave.release.slug}, version {wave.version.number} "
        f"({wave.version.sha256[:12]}), goes out {wave.due}",
        markup=False,
    )
    if wave.stale:
        out.print(f"stale from {wave.stale}: what has not gone out by then will not", markup=False)
    out.print(f"to {expansion.deliveries} contacts of “{wave.media_list.name}”: {languages}", markup=False)
    out.print(f"its audience {_FOLLOWS if wave.follows_list else 'is frozen now'}", markup=False)
    look_at(planned.warnings)
    if expansion.excluded:
        words = "; ".join(f"{count} {EXCLUDED_WORDS[reason]}" for reason, count in expansion.excluded.items())
        err.print(Text(f"left out: {words}", style="yellow"))
        for person in people[:20]:
            err.print(Text(f"  {person.name}, {person.city}: {person.reason}"))
        if expansion.excluded.total() > 20:
            say(f"  … and {expansion.excluded.total() - 20} more: dateline waves show {wave.id}")
    say("Nothing was scheduled." if dry_run else "dateline run sends it at its time; take it back with: "
        f"dateline waves cancel {wave.id}")  # fmt: skip


@app.command("list")
def list_waves(
    *,
    release_name: Annotated[str, typer.Option("--release", help="Only this release's.")] = "",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List the waves in the order of their times."""
    form = form_of(as_json=as_json, as_csv=as_csv)
    with opened() as office, office.database.read() as session:
        release_id = release_named(session, release_name).id if release_name else None
        waves = all_waves(session, release_id=release_id)
        counts = tally(session, [wave.id for wave in waves])
        show_list(
            [_row(wave, counts[wave.id], form=form, zone=office.zone) for wave in waves],
            [c for c in COLUMNS if c.field != "stale_at" or any(wave.stale_at for wave in waves)],
            form=form,
            zone=office.zone,
            empty="Nothing is planned: dateline waves schedule RELEASE --list LIST",
        )
        if any(is_overdue(wave, office.clock.now()) for wave in waves):
            err.print(
                Text("A wave's time is past and nothing keeps the clock: start dateline run", style="bold red")
            )


def _row(wave: Wave, counts: Mapping[DeliveryState, int], *, form: Form, zone: str) -> Mapping[str, object]:
    row = fields(wave, counts)
    return row | {"audience": _audience(wave, zone)} if form is Form.TABLE else row


def _audience(wave: Wave, zone: str) -> str:
    """For people: whether it may change."""
    return _FOLLOWS if wave.follows_list else f"frozen at {shown(wave.frozen_at, zone)}"


@app.command("show")
def show(
    number: WaveArgument,
    *,
    as_json: JsonOption = False,
    live: Annotated[
        bool,
        typer.Option("--follow", help="Go on showing how far it is, how fast and until when, until it is done."),
    ] = False,
) -> None:
    """Show one wave: its time, how far it is, and who was left out and why."""
    if live:
        if as_json:
            fail_usage("--follow and --json exclude each other.")
        with opened() as office:
            follow(office, number)
        return
    with opened() as office, office.database.read() as session:
        wave = wave_numbered(session, number)
        counts = tally(session, [wave.id])[wave.id]
        taken = timing(session, wave.id)
        changes = since_scheduled(session, wave, at=office.clock.now())
        moved = readdressed(session, wave) if changes and not wave.follows_list else ()
        without = left_out(session, wave.id)
        named = {person.contact for person in without} | {number for number, _ in moved}
        named |= {number for number, _ in (*changes.joined, *changes.left)} if changes else set()
        noted(office, Question.WAVE, named, wave=wave.id)
        people = [
            {"contact": p.contact, "name": p.name, "address": p.address, "city": p.city, "reason": p.reason}
            for p in without
        ]
        document: dict[str, object] = {
            **fields(wave, counts),
            "first_accepted_at": taken.first,
            "last_accepted_at": taken.last,
            "left_out": people,
            "list_joined": [name for _, name in changes.joined] if changes else [],
            "list_left": [name for _, name in changes.left] if changes else [],
            "address_changed": [name for _, name in moved],
        }
        if as_json:
            show_document(document)
            return
        for name in ("wave", "release", "version", "version_sha256", "kind", "list", "due", "state", "reason"):
            out.print(Text.assemble((f"{name.replace('_', ' '):15} ", "bold"), str(document[name])))
        out.print(Text.assemble(("audience        ", "bold"), _audience(wave, office.zone)))
        if wave.refreshed_at is not None:
            out.print(Text.assemble(("brought to date ", "bold"), shown(wave.refreshed_at, office.zone)))
        if wave.stale:
            out.print(Text.assemble(("stale from      ", "bold"), str(wave.stale)))
        for name in ("opened_at", "first_accepted_at", "last_accepted_at", "done_at"):
            moment = document[name]
            after = ""
            if isinstance(moment, datetime):
                after = f"  ({(moment - wave.due_at).total_seconds():+.1f} s)"
            out.print(
                Text.assemble((f"{name[:-3].replace('_', ' '):15} ", "bold"), shown(moment, office.zone) + after)
            )
        if wave.state is WaveState.SENDING:
            out.print(Text.assemble(("tried until     ", "bold"), shown(wave.give_up_at, office.zone)))
        out.print(Text.assemble(("deliveries      ", "bold"), shown(document["deliveries"], office.zone)))
        if wave.state is WaveState.CANCELLED and (sent := counts.get(DeliveryState.ACCEPTED, 0)):
            partly = f"{sent} of {sum(counts.values())} have it; who has it is in: dateline deliveries list --wave"
            out.print(Text.assemble(("partly sent     ", "bold"), f"{partly} {number} --state accepted"))
        columns = (
            Column("name", "Left out"),
            Column("city", "City"),
            Column("address", "Address"),
            Column("reason", "Why"),
        )
        show_list(people, columns, form=Form.TABLE, zone=office.zone, empty="Nobody was left out.")
        if changes and changes.broken:
            look_at([f"whether the list has changed since is not known. {changes.broken}"])
        if changes and (changes.joined or changes.left):
            tell_changes(wave, changes)
        if moved:
            tell_readdressed(wave, [name for _, name in moved])
        if wave.state is WaveState.CANCELLED or wave.audience is Audience.LIVE:
            tell_relied_upon(session, wave)


def _nothing_more(_: Office) -> Mapping[str, object]:
    return {}


def _time_anew(office: Office) -> Mapping[str, object]:
    return {"give_up_after": office.config.delivery.give_up_after}


def _act(
    number: int,
    act: Callable[..., Any],
    done: str,
    options: Callable[[Office], Mapping[str, object]] = _nothing_more,
) -> None:
    with opened() as office, office.database.write() as session:
        wave = wave_numbered(session, number)
        result = act(session, wave, at=office.clock.now(), actor=office.actor, **options(office))
        text = done.format(wave=number, state=wave.state.value, due=wave.due, result=result)
    say(text)


@app.command("pause")
def pause_wave(number: WaveArgument) -> None:
    """Stop a wave for now; it stops within a second and loses nothing."""
    _act(number, pause, "Wave {wave} is paused. Go on with: dateline waves resume {wave}")


@app.command("resume")
def resume_wave(number: WaveArgument) -> None:
    """Go on with a paused wave."""
    _act(number, resume, "Wave {wave} is {state} again.", _time_anew)


@app.command("hold")
def hold_wave(
    number: WaveArgument, reason: Annotated[str, typer.Option("--reason", help="Why.")] = "held by an officer"
) -> None:
    """Stop a wave until an officer decides."""
    done = "Wave {wave} is held. Let it go with: dateline waves release {wave}"
    _act(number, hold_by_hand, done, lambda _: {"reason": reason})


@app.command("release")
def release_wave(number: WaveArgument) -> None:
    """Let a held wave go: at its time if that is to come, at once if it is past."""
    _act(number, release, "Wave {wave} is {state}; its time is {due}.", _time_anew)


@app.command("cancel")
def cancel_wave(number: WaveArgument) -> None:
    """Stop a wave for good. Who has it already has it; nobody else will get it."""
    _act(number, cancel, "Wave {wave} is cancelled; {result} deliveries will not go out.")
    with opened() as office, office.database.read() as session:
        tell_relied_upon(session, wave_numbered(session, number))


app.command("refresh")(refresh_wave)
