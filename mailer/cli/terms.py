"""``dateline terms``: the texts that journalists accept before they get anything under embargo."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from mailer.cli.office import opened
from mailer.cli.options import CsvOption, JsonOption
from mailer.cli.output import Column, form_of, out, say, show_document, show_list, shown
from mailer.contacts.models import EmbargoTerms
from mailer.contacts.terms import MAX_TEXT, add_terms, all_terms, terms_named
from mailer.errors import UnreadableFile

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The terms' name, such as 'Embargo 2026'.")]


@app.command("add")
def add(
    name: NameArgument, file: Annotated[Path, typer.Argument(metavar="FILE", help="Their text: plain, in UTF-8.")]
) -> None:
    """Keep a text of embargo terms. It never changes: a new text gets a new name."""
    text = _read(file)
    with opened() as office, office.database.write() as session:
        terms = add_terms(session, name, text, at=office.clock.now(), actor=office.actor)
        done = f"Embargo terms “{terms.name}” are kept (SHA-256 {terms.sha256[:12]})."
    say(f"{done} Record who accepts them: dateline contacts accept WHO --terms NAME --on DAY --how TEXT")


@app.command("list")
def list_terms(*, as_json: JsonOption = False, as_csv: CsvOption = False) -> None:
    """List the texts of embargo terms."""
    with opened() as office, office.database.read() as session:
        show_list(
            map(_fields, all_terms(session)),
            (Column("terms", "Terms"), Column("added_at", "Since"), Column("sha256", "SHA-256")),
            form=form_of(as_json=as_json, as_csv=as_csv),
            zone=office.zone,
            empty="There are no embargo terms yet: dateline terms add NAME FILE",
        )


@app.command("show")
def show(name: NameArgument, *, as_json: JsonOption = False) -> None:
    """Show the text of embargo terms."""
    with opened() as office, office.database.read() as session:
        terms = terms_named(session, name)
        if as_json:
            show_document({**_fields(terms), "text": terms.text})
            return
        say(f"{terms.name}, since {shown(terms.added_at, office.zone)}, SHA-256 {terms.sha256}")
        out.print(Text(terms.text))


def _fields(terms: EmbargoTerms) -> Mapping[str, object]:
    return {"terms": terms.name, "added_at": terms.added_at, "sha256": terms.sha256}


def _read(file: Path) -> str:
    try:
        # A character has at most four bytes in UTF-8; a text that is too long is refused by what keeps it.
        with file.open("rb") as opened_file:
            return opened_file.read(4 * MAX_TEXT + 4).decode("utf-8-sig")
    except OSError as error:
        raise UnreadableFile(file=file, reason=error.strerror or "unknown reason") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(file=file, reason="it is not UTF-8 text") from error
