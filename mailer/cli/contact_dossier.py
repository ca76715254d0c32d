"""``dateline contacts dossier``: everything held on a person, for herself when she asks."""

import json
from typing import Annotated

import typer

from mailer.cli.files import ForceOption, OutputOption, delivered
from mailer.cli.office import opened
from mailer.cli.options import WhoArgument, one_of
from mailer.cli.output import plain, say
from mailer.contacts.search import contact_named
from mailer.privacy.dossier import dossier, note_disclosure
from mailer.privacy.page import LANGUAGES, as_html


def show_dossier(
    who: WhoArgument,
    *,
    html: Annotated[bool, typer.Option("--html", help="As a page to read and print, not as JSON.")] = False,
    language: Annotated[str, typer.Option("--language", help="Of the page: en, ar or fr.")] = "en",
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Write everything that is held on a person, and on all contacts that were merged into hers. The log notes it."""
    one_of("--language", language, LANGUAGES)
    with opened() as office:
        now = office.clock.now()
        with office.database.read() as session:
            contact = contact_named(session, who)
            document = dossier(session, contact, office=office.config.office.name, zone=office.zone, at=now)
        text = (
            as_html(document, language=language)
            if html
            else json.dumps(plain(document), ensure_ascii=False, indent=2)
        )

        def note() -> None:
            with office.database.write() as session:
                note_disclosure(session, document, at=now, actor=office.actor)

        with delivered(output, force=force, binary=False, before=note) as stream:
            stream.write(f"{text.rstrip()}\n".encode())
    say(
        f"Contact {document['contact']}: {len(document['deliveries'])} deliveries, {len(document['log'])} log entries."
    )
