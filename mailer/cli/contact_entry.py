"""``dateline contacts add`` and ``change``: one contact by hand, as an import takes a row of a list."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from mailer.audit import Question
from mailer.cli.office import opened
from mailer.cli.options import WhoArgument, one_of
from mailer.cli.output import say
from mailer.cli.readings import noted
from mailer.contacts.erased import read_key
from mailer.contacts.importing import (
    CLEARABLE,
    REMOVABLE,
    Entered,
    Told,
    add_contact,
    change_contact,
    plan_change,
    plan_contact,
)
from mailer.contacts.search import contact_named

_OPTIONS = {
    "name": "--name",
    "name_ar": "--name-ar",
    "given_name": "--given",
    "family_name": "--family",
    "address": "--address",
    "phone": "--phone",
    "city": "--city",
    "country": "--country",
    "languages": "--language",
    "salutations": "--salutation",
    "outlets": "--outlet",
    "beats": "--beat",
    "tags": "--tag",
    "organisation": "--organisation",
    "title": "--title",
    "title_ar": "--title-ar",
    "source": "--source",
    "basis": "--basis",
    "basis_since": "--basis-since",
    "again": "--again",
}
_REMOVED = {name: f"--remove-{_OPTIONS[name].removeprefix('--')}" for name in REMOVABLE}

Text = str | None
Texts = list[str] | None

NameArOption = Annotated[Text, typer.Option("--name-ar", help="In Arabic letters, as she writes it herself.")]
GivenOption = Annotated[Text, typer.Option("--given", help="Her given name.")]
FamilyOption = Annotated[Text, typer.Option("--family", help="Her family name.")]
PhoneOption = Annotated[
    Texts, typer.Option("--phone", help="Telephone; may be repeated, the first one is called.")
]
CountryOption = Annotated[Text, typer.Option("--country", help="Of the city, where several are called so: LB.")]
OutletOption = Annotated[
    Texts, typer.Option("--outlet", help="Where she works: 'Levant Courier (reporter)'. May be repeated.")
]
BeatOption = Annotated[Texts, typer.Option("--beat", help="What she covers. May be repeated.")]
TagOption = Annotated[Texts, typer.Option("--tag", help="A word of the office's own. May be repeated.")]
SalutationOption = Annotated[
    Texts, typer.Option("--salutation", help="How a mail opens for her: 'en: Dear Ms Haddad'. May be repeated.")
]
OrganisationOption = Annotated[
    Text,
    typer.Option("--organisation", help="For an officer of ours: whose. Its office in her city must be known."),
]
TitleOption = Annotated[Text, typer.Option("--title", help="An officer's title.")]
TitleArOption = Annotated[Text, typer.Option("--title-ar", help="The same in Arabic.")]
SourceOption = Annotated[Text, typer.Option("--source", help="Where the address comes from: her card …")]
BasisOption = Annotated[Text, typer.Option("--basis", help="Why she may be kept: consent, legitimate-interest …")]
SinceOption = Annotated[Text, typer.Option("--basis-since", help="Since which day: 2026-12-22.")]
AgainOption = Annotated[
    bool,
    typer.Option("--again", help="She was erased and asks herself to be in again; needs --source and --basis."),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done, field by field, and change nothing.")
]
AddressHelp = "Where she is written to; further ones of hers after it."


def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="In Latin letters, or as she writes it.")],
    *,
    address: Annotated[list[str], typer.Option("--address", help=f"{AddressHelp} May be repeated.")],
    city: Annotated[str, typer.Option("--city", help="Where she works, in English, Arabic or French.")],
    language: Annotated[
        list[str],
        typer.Option("--language", help="What she reads; may be repeated, the one she likes best first."),
    ],
    country: CountryOption = None,
    name_ar: NameArOption = None,
    given: GivenOption = None,
    family: FamilyOption = None,
    phone: PhoneOption = None,
    outlet: OutletOption = None,
    beat: BeatOption = None,
    tag: TagOption = None,
    salutation: SalutationOption = None,
    organisation: OrganisationOption = None,
    title: TitleOption = None,
    title_ar: TitleArOption = None,
    source: SourceOption = None,
    basis: BasisOption = None,
    basis_since: SinceOption = None,
    again: AgainOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Take somebody new into the registry, by the rules of an import."""
    values = {
        "name": name,
        "address": address,
        "city": city,
        "languages": language,
        "country": country,
        "name_ar": name_ar,
        "given_name": given,
        "family_name": family,
        "phone": phone,
        "outlets": outlet,
        "beats": beat,
        "tags": tag,
        "salutations": salutation,
        "organisation": organisation,
        "title": title,
        "title_ar": title_ar,
        "source": source,
        "basis": basis,
        "basis_since": basis_since,
    }
    told = Told(values=_typed(values), again=again, names={**_OPTIONS, "name": "NAME"})
    with opened() as office:
        key = read_key(office.config.erasure_key_file)
        if dry_run:
            with office.database.read() as session:
                done = plan_contact(session, told, key=key, at=office.clock.now())
        else:
            with office.database.write() as session:
                done = add_contact(session, told, key=key, at=office.clock.now(), actor=office.actor)
    _tell(done)
    say("Nothing was changed." if dry_run else f"{done.name} is contact {done.contact_id}.")


def change(
    who: WhoArgument,
    *,
    name: Annotated[Text, typer.Option("--name", help="In Latin letters, or as she writes it.")] = None,
    name_ar: NameArOption = None,
    given: GivenOption = None,
    family: FamilyOption = None,
    address: Annotated[
        Texts,
        typer.Option("--address", help="Where she is written to from now on; others of hers are kept after it."),
    ] = None,
    city: Annotated[Text, typer.Option("--city", help="Where she works now.")] = None,
    country: CountryOption = None,
    language: Annotated[Texts, typer.Option("--language", help="What she reads too. May be repeated.")] = None,
    phone: PhoneOption = None,
    outlet: OutletOption = None,
    beat: BeatOption = None,
    tag: TagOption = None,
    salutation: SalutationOption = None,
    organisation: OrganisationOption = None,
    title: TitleOption = None,
    title_ar: TitleArOption = None,
    source: SourceOption = None,
    basis: BasisOption = None,
    basis_since: SinceOption = None,
    remove_address: Annotated[
        Texts, typer.Option("--remove-address", help="An address of hers that she has no more. May be repeated.")
    ] = None,
    remove_phone: Annotated[Texts, typer.Option("--remove-phone", help="A telephone number, likewise.")] = None,
    remove_language: Annotated[
        Texts, typer.Option("--remove-language", help="A language that she does not read, with its salutation.")
    ] = None,
    remove_beat: Annotated[Texts, typer.Option("--remove-beat", help="A beat that she covers no more.")] = None,
    remove_tag: Annotated[Texts, typer.Option("--remove-tag", help="A tag, likewise.")] = None,
    clear: Annotated[
        Texts,
        typer.Option(
            "--clear", help="Empty this before the rest is done, such as title or beats. May be repeated."
        ),
    ] = None,
    again: AgainOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Change what the registry has on a contact. What is not named stays as it is; outlets end with left or move."""
    values = {
        "name": name,
        "name_ar": name_ar,
        "given_name": given,
        "family_name": family,
        "address": address,
        "city": city,
        "country": country,
        "languages": language,
        "phone": phone,
        "outlets": outlet,
        "beats": beat,
        "tags": tag,
        "salutations": salutation,
        "organisation": organisation,
        "title": title,
        "title_ar": title_ar,
        "source": source,
        "basis": basis,
        "basis_since": basis_since,
    }
    removed = {
        "address": remove_address,
        "phone": remove_phone,
        "languages": remove_language,
        "beats": remove_beat,
        "tags": remove_tag,
    }
    told = Told(
        values=_typed(values),
        removed=_typed(removed),
        cleared=[_field(word) for word in clear or ()],
        again=again,
        names=_OPTIONS,
        removed_names=_REMOVED,
    )
    with opened() as office:
        key = read_key(office.config.erasure_key_file)
        if dry_run:
            with office.database.read() as session:
                contact = contact_named(session, who)
                done = plan_change(session, contact, told, key=key, at=office.clock.now())
                noted(office, Question.CHANGE, [contact.id])
        else:
            with office.database.write() as session:
                contact = contact_named(session, who)
                done = change_contact(session, contact, told, key=key, at=office.clock.now(), actor=office.actor)
    _tell(done)
    if not done.changes:
        say(f"Nothing was changed: all that is so of {done.name} already.")
    else:
        say("Nothing was changed." if dry_run else f"{done.name}, contact {done.contact_id}, is changed.")


def _typed(values: Mapping[str, str | Sequence[str] | None]) -> Mapping[str, Sequence[str]]:
    """The fields that were named, each with its values."""
    return {
        name: [value] if isinstance(value, str) else value for name, value in values.items() if value is not None
    }


def _field(word: str) -> str:
    """A field by its own name, or by that of its option. Raises ``BadOption``."""
    by_option = {_OPTIONS[name].removeprefix("--"): name for name in CLEARABLE}
    plain = word.strip().removeprefix("--").casefold()
    name = by_option.get(plain, plain.replace("-", "_"))
    return name if name in CLEARABLE else one_of("--clear", word, CLEARABLE)


def _tell(done: Entered) -> None:
    for one in done.changes:
        say(f"  {one.field} {one.old or '(empty)'} → {one.new or '(empty)'}")
    for notice in done.notices:
        say(f"  {notice}.")
