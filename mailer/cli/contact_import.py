"""``dateline contacts import``: takes lists into the registry, and tells what became of each row."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress
from rich.text import Text
from sqlalchemy.orm import Session

from mailer.audit import Criteria, Question, entries
from mailer.cli.office import Office, opened
from mailer.cli.output import Form, bars, err, say, show_list
from mailer.cli.readings import noted
from mailer.contacts.erased import erased_among, read_key
from mailer.contacts.importing import (
    Changed,
    Imported,
    Manner,
    Merged,
    Newcomer,
    defaults_of,
    import_contacts,
    plan_import,
    with_kept,
    write_refused,
)
from mailer.contacts.importing import Progress as Report
from mailer.contacts.importing.people import IsErased
from mailer.contacts.organisations import import_organisations
from mailer.contacts.reading import defaults_named, mapping_named, mapping_of, save_mapping
from mailer.errors import MappingMissing

SHOWN = 50
"""Lines of changes, of joined rows and of notices that are printed for each file; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    manner: Manner
    new_beats: bool
    dry_run: bool
    save_mapping: str


def import_files(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help="Lists as CSV, XLSX, ODS, vCard or JSON, and organisations.toml."),
    ],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, field by field, and change nothing.")
    ] = False,
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", help="A column's field, such as 'Main desk=outlets'; 'Age=-' leaves it out."),
    ] = None,
    default: Annotated[
        list[str] | None,
        typer.Option("--default", help="Of people who are new, where a row does not say it: 'city=Beirut'."),
    ] = None,
    mapping: Annotated[
        str, typer.Option("--mapping", help="The fields of columns, and the defaults, as saved under this name.")
    ] = "",
    keep: Annotated[
        str,
        typer.Option(
            "--save-mapping", help="Keep what --map and --default say under this name for the next time."
        ),
    ] = "",
    encoding: Annotated[
        str, typer.Option("--encoding", help="Of CSV, such as windows-1256; else found out.")
    ] = "",
    delimiter: Annotated[str, typer.Option("--delimiter", help="Between cells of CSV; else found out.")] = "",
    sheet: Annotated[str, typer.Option("--sheet", help="Of a workbook; the first where it is left out.")] = "",
    refused: Annotated[
        Path | None,
        typer.Option("--refused", help="Write the refused rows to this CSV file, to correct and import again."),
    ] = None,
    new_beats: Annotated[
        bool, typer.Option("--new-beats", help="Add beats that nobody knows as the office's own.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print all that was done; its fields are in docs/reference/json.md.")
    ] = False,
) -> None:
    """Take lists into the registry. Good rows go in, bad ones are told; the same file again changes nothing."""
    said, defaults = mapping_of(maps or ()), defaults_of(default or ())
    if keep and not (said or mapping or defaults):
        raise MappingMissing(name=keep)
    # Organisations first, whatever the order on the command line: officers belong to their offices.
    ordered = sorted(files, key=lambda file: (file.suffix != ".toml", file.name))
    with opened() as office:
        begun = office.clock.now()
        with office.database.read() as session:
            newest = _newest_entry(session)
            fields = {**(mapping_named(session, mapping) if mapping else {}), **said}
            defaults = with_kept(defaults, defaults_named(session, mapping) if mapping else {})
        manner = Manner(encoding=encoding, delimiter=delimiter, sheet=sheet, mapping=fields, defaults=defaults)
        wanted = _Wanted(manner=manner, new_beats=new_beats, dry_run=dry_run, save_mapping=keep)
        try:
            done = _take(office, ordered, wanted)
        except KeyboardInterrupt:
            if _was_kept(office, newest, since=begun):
                say("Stopped too late: it was all imported by then. The same again says what of it is as before.")
            else:
                say("Stopped. Nothing was imported.")
            raise SystemExit(130) from None
        if dry_run:
            noted(office, Question.IMPORT, {one.contact_id for account in done for one in account.changes})
    # Only now is it true.
    if as_json:
        rows = [_document(account, dry_run=dry_run) for account in done]
        show_list(rows, (), form=Form.JSON, zone=office.zone, empty="")
    else:
        for account in done:
            _tell(account, dry_run=dry_run)
    _end(ordered, done, wanted, refused)


def _take(office: Office, files: Sequence[Path], wanted: _Wanted) -> list[Imported]:
    at = office.clock.now()
    with _progress() as progress:
        if wanted.dry_run and len(files) == 1 and files[0].suffix != ".toml":
            with office.database.read() as session:
                report = progress(files[0])
                manner, beats = wanted.manner, wanted.new_beats
                known = _erased(session, office)
                return [
                    plan_import(
                        session,
                        files[0],
                        at=at,
                        manner=manner,
                        new_beats=beats,
                        is_erased=known,
                        progress=report,
                    )
                ]
        with office.database.write() as session:
            done = [_take_one(session, office, file, wanted, progress(file)) for file in files]
            if wanted.save_mapping:
                fields, defaults = wanted.manner.mapping, wanted.manner.defaults
                save_mapping(session, wanted.save_mapping, fields, defaults=defaults, at=at, actor=office.actor)
            if wanted.dry_run:
                # Of several files each is planned upon what came of those before it.
                session.rollback()
    return done


def _newest_entry(session: Session) -> int:
    return next((one.id for one in entries(session, limit=1)), 0)


def _was_kept(office: Office, newest: int, *, since: datetime) -> bool:
    """Whether the log has what an import writes there, after that entry: an interrupt that comes while the database
    commits is told of only when it has."""
    with office.database.read() as session:
        later = entries(session, Criteria(since=since))
        return any(one.id > newest and one.actor == office.actor for one in later)


def _erased(session: Session, office: Office) -> IsErased:
    """Which addresses were erased: nobody who asked to be forgotten comes back with a list."""
    key = read_key(office.config.erasure_key_file)
    return lambda keys: erased_among(session, keys, key)


def _take_one(session: Session, office: Office, file: Path, wanted: _Wanted, report: Report) -> Imported:
    at, actor = office.clock.now(), office.actor
    if file.suffix == ".toml":
        done = import_organisations(session, file, at=at, actor=actor)
        done.file = file.name
        return done
    return import_contacts(
        session,
        file,
        at=at,
        actor=actor,
        manner=wanted.manner,
        new_beats=wanted.new_beats,
        is_erased=_erased(session, office),
        progress=report,
    )


@contextmanager
def _progress() -> Iterator["_Bars"]:
    """Bars on a terminal; nothing elsewhere."""
    with bars() as progress:
        yield _Bars(progress)


class _Bars:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def __call__(self, file: Path) -> Report:
        reading = self._progress.add_task(f"Reading {escape(file.name)}", total=None)
        taking = self._progress.add_task("Taking in", total=None, visible=False)

        def report(done: int, of: int) -> None:
            if of:
                self._progress.update(taking, completed=done, total=of, visible=True)
            else:
                self._progress.update(reading, completed=done)

        return report


def _tell(done: Imported, *, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    refused = len(done.refused_rows)
    if done.how:
        say(f"{done.file} was read as {done.how}.")
    say(
        f"{done.file}: {done.added} {would}added, {done.changed} {would}changed, {done.unchanged} as before"
        + (f", {len(done.merged)} {would}merged" if done.merged else "")
        + (f", {refused} refused" if refused else "")
    )
    if done.left_out:
        say(f"  Columns left out: {', '.join(done.left_out)}. To use one: --map 'HEADING=FIELD'")
    if done.new_beats:
        say(f"  Beats {would}added: {', '.join(done.new_beats)}")
    for one in done.by_default:
        say(f"  {one.field} by default: {one.value} for {one.people}")
    if dry_run:
        _first(
            [_given(newcomer) for newcomer in done.newcomers if newcomer.by_default], out_of="people who are new"
        )
        _first([line for changed in done.changes for line in _changes(changed)], out_of="changes")
    _first([_merge(done, merged) for merged in done.merged], out_of="merged rows")
    _first([f"  {notice}" for notice in done.notices], out_of="notices")
    for refusal in done.refused:
        err.print(Text(f"  {refusal}", style="yellow"))


def _first(lines: Sequence[str], *, out_of: str) -> None:
    for line in lines[:SHOWN]:
        say(line)
    if len(lines) > SHOWN:
        say(f"  … and {len(lines) - SHOWN} more {out_of}; all of them with --json")


def _given(newcomer: Newcomer) -> str:
    given = ", ".join(f"{one.field} {one.value}" for one in newcomer.by_default)
    return f"  row {newcomer.row}, {newcomer.name}, new; by default {given}"


def _changes(changed: Changed) -> list[str]:
    who = f"  row {changed.row}, {changed.name}: "
    return [f"{who}{one.field} {one.old or '(empty)'} → {one.new or '(empty)'}" for one in changed.changes]


def _merge(done: Imported, merged: Merged) -> str:
    where = f"  {done.file}, row {merged.row}, {merged.name}: "
    if merged.row == merged.into_row:
        return f"{where}{merged.reason}, {merged.contact_id}"
    kept = f"; kept from there: {', '.join(merged.kept)}" if merged.kept else ""
    return f"{where}one person with row {merged.into_row}, {merged.reason}{kept}"


def _document(done: Imported, *, dry_run: bool) -> Mapping[str, object]:
    """One file as ``--json`` gives it."""
    return {
        "file": done.file,
        "how": done.how,
        "dry_run": dry_run,
        "added": done.added,
        "changed": done.changed,
        "unchanged": done.unchanged,
        "merged": len(done.merged),
        "refused": len(done.refused_rows),
        "left_out": done.left_out,
        "new_beats": done.new_beats,
        "by_default": [asdict(one) for one in done.by_default],
        "newcomers": [asdict(newcomer) for newcomer in done.newcomers],
        "changes": [_changed(changed) for changed in done.changes],
        "merges": [_merged(merged) for merged in done.merged],
        "refusals": [asdict(refusal) for refusal in done.refused],
        "notices": [asdict(notice) for notice in done.notices],
    }


def _changed(changed: Changed) -> Mapping[str, object]:
    fields = [asdict(change) for change in changed.changes]
    return {"row": changed.row, "contact": changed.contact_id, "name": changed.name, "fields": fields}


def _merged(merged: Merged) -> Mapping[str, object]:
    return {
        "row": merged.row,
        "into_row": merged.into_row,
        "contact": merged.contact_id,
        "name": merged.name,
        "reason": merged.reason,
        "kept": merged.kept,
    }


def _end(files: Sequence[Path], done: Sequence[Imported], wanted: _Wanted, to: Path | None) -> None:
    """Say what is to be done about the refused rows, and end with 1 where there are any."""
    with_refusals = [(file, account) for file, account in zip(files, done, strict=True) if account.refused]
    rows = sum(len(account.refused_rows) for _, account in with_refusals)
    if to is not None:
        for file, account in with_refusals:
            name = to if len(with_refusals) == 1 else to.with_name(f"{to.stem}-{file.stem}{to.suffix}")
            count = write_refused(file, account, name, manner=wanted.manner)
            say(f"The refused rows of {file.name} ({count}) are in {name}: correct them and import that file.")
    if wanted.dry_run:
        say("Nothing was changed.")
    elif rows and to is None:
        say(
            f"Correct the refused rows ({rows}) and import the file again: what went in stays as it is. "
            "To have them in a file of their own: --refused FILE.csv"
        )
    if rows:
        raise SystemExit(1)
