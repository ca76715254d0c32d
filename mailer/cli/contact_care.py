"""``dateline contacts note``, ``history``, ``tag``, ``verify`` and the like: the care of contacts."""

from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from mailer.audit import Question
from mailer.cli.office import opened
from mailer.cli.options import CsvOption, JsonOption, WhoArgument
from mailer.cli.output import Column, form_of, say, show_list
from mailer.cli.readings import noted
from mailer.contacts.history import Passage, history_of
from mailer.contacts.models import Contact, NoteKind
from mailer.contacts.notes import add_note, notes_of, tag, untag, verify
from mailer.contacts.search import contact_named
from mailer.contacts.standing import bring_back, set_aside

EachArgument = Annotated[list[str], typer.Argument(metavar="CONTACT…", help="Addresses, numbers or exact names.")]
WordOption = Annotated[str, typer.Option("--as", metavar="TAG", help="The word, such as board.")]

HISTORY = (
    Column("at", "When"),
    Column("words", "What"),
    Column("details", "Details"),
    Column("contact", "No.", number=True),
    Column("by", "By"),
)
NOTES = (Column("at", "When"), Column("kind", "Kind"), Column("by", "By"), Column("text", "Text"))


def note(
    who: WhoArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to remember.")],
    *,
    request: Annotated[bool, typer.Option("--request", help="She asked for it.")] = False,
) -> None:
    """Write something down about a contact."""
    with opened() as office, office.database.write() as session:
        contact = contact_named(session, who)
        kind = NoteKind.REQUEST if request else NoteKind.NOTE
        add_note(session, contact, text, kind=kind, at=office.clock.now(), actor=office.actor)
        told = f"Noted about {contact.name}."
    say(told)


def list_notes(who: WhoArgument, *, as_json: JsonOption = False, as_csv: CsvOption = False) -> None:
    """List what was written down about a contact, newest first."""
    with opened() as office, office.database.read() as session:
        contact = contact_named(session, who)
        found = notes_of(session, contact)
        noted(office, Question.NOTES, [contact.id])
        show_list(
            ({"at": n.at, "kind": n.kind.value, "by": n.actor, "text": n.text} for n in found),
            NOTES,
            form=form_of(as_json=as_json, as_csv=as_csv),
            zone=office.zone,
            empty="Nothing is noted about her.",
        )


def show_history(who: WhoArgument, *, as_json: JsonOption = False, as_csv: CsvOption = False) -> None:
    """Show what a contact was sent, and all that was changed or noted about her, newest first."""
    with opened() as office, office.database.read() as session:
        contact = contact_named(session, who)
        found = history_of(session, contact)
        noted(office, Question.HISTORY, [contact.id])
        show_list(
            map(_passage, found),
            HISTORY,
            form=form_of(as_json=as_json, as_csv=as_csv),
            zone=office.zone,
            empty="The log has nothing on her.",
        )


def tag_contacts(who: EachArgument, *, word: WordOption) -> None:
    """Sort contacts under a word of the office's own; queries find them by tag:WORD."""
    with opened() as office, office.database.write() as session:
        people = [contact_named(session, one) for one in who]
        count = sum(tag(session, one, word, at=office.clock.now(), actor=office.actor) for one in people)
    say(f"{count} contacts are tagged {word} now, {len(people) - count} were.")


def untag_contacts(who: EachArgument, *, word: WordOption) -> None:
    """Take such a word off contacts again."""
    with opened() as office, office.database.write() as session:
        people = [contact_named(session, one) for one in who]
        count = sum(untag(session, one, word, at=office.clock.now(), actor=office.actor) for one in people)
    say(f"{word} is taken off {count} contacts, {len(people) - count} had not got it.")


def verify_contacts(who: EachArgument) -> None:
    """Record that all that is known of these contacts has been checked today and is right."""
    with opened() as office, office.database.write() as session:
        people = [contact_named(session, one) for one in who]
        for one in people:
            verify(session, one, at=office.clock.now(), actor=office.actor)
    say(f"{len(people)} contacts are verified.")


def deactivate(who: WhoArgument) -> None:
    """Set a contact aside: she is on no media list any more, and stays in the registry."""
    _stand(who, set_aside, "is on no media list any more", "was set aside already")


def activate(who: WhoArgument) -> None:
    """Let a contact who was set aside be on media lists again."""
    _stand(who, bring_back, "may be on media lists again", "was not set aside")


def _stand(who: str, change: Callable[..., bool], done: str, was: str) -> None:
    with opened() as office, office.database.write() as session:
        contact: Contact = contact_named(session, who)
        changed = change(session, contact, at=office.clock.now(), actor=office.actor)
        told = f"{contact.name} {done if changed else was}."
    say(told)


def _passage(passage: Passage) -> Mapping[str, object]:
    return {
        "at": passage.at,
        "what": passage.what,
        "words": passage.words,
        "details": passage.details,
        "contact": passage.contact_id,
        "by": passage.actor,
        "release": passage.release_id,
        "slug": passage.release,
        "version": passage.version,
        "language": passage.language,
        "wave": passage.wave_id,
        "delivery": passage.delivery_id,
        "reply": passage.reply,
        "data": dict(passage.data),
    }
