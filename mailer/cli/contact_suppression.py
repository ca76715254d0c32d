"""``dateline contacts suppress``, ``unsuppress``, ``suppressions``: who must not be written to."""

import sys
from collections.abc import Mapping
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from mailer.audit import Question
from mailer.cli.office import opened
from mailer.cli.options import CsvOption, JsonOption
from mailer.cli.output import Column, fail_usage, form_of, say, show_list
from mailer.cli.readings import noted
from mailer.contacts.mailbox import surely
from mailer.contacts.models import Organisation, Suppression, SuppressionKind
from mailer.contacts.organisations import require_organisation
from mailer.contacts.suppression import asked_elsewhere, concerned, key_of, lift, suppress, suppressions

AddressArgument = Annotated[
    str, typer.Argument(metavar="ADDRESS", help="An address, or @paper.example for a domain and all below it.")
]
OrganisationOption = Annotated[
    str, typer.Option("--organisation", help="Only releases that this one issues, alone or with others.")
]


def suppress_address(
    address: AddressArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why: asked by telephone, left the paper …")],
    *,
    organisation: OrganisationOption = "",
    undeliverable: Annotated[
        bool, typer.Option("--undeliverable", help="There is no such mailbox; that says nothing of the person.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before a whole domain is suppressed.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how many contacts it concerns and change nothing.")
    ] = False,
) -> None:
    """Never write to an address or a domain again, whichever list names it."""
    with opened() as office:
        with office.database.read() as session:
            count = concerned(session, address)
            of_domain = key_of(address).startswith("@")
            _issuer(session, organisation)
        if of_domain or dry_run:
            say(f"{count} contacts have an address at {address}.")
        if dry_run:
            say("Nothing was changed.")
            return
        # Asked with no transaction open: an answer may take an hour.
        if of_domain and not yes and not _sure(address):
            say("Nothing was changed.")
            return
        with office.database.write() as session:
            issuer = _issuer(session, organisation)
            changed = suppress(
                session,
                address,
                reason=reason,
                at=office.clock.now(),
                actor=office.actor,
                organisation=issuer,
                kind=SuppressionKind.UNDELIVERABLE if undeliverable else SuppressionKind.ASKED,
            )
            about = f" in the name of {issuer.acronym}" if issuer else ""
    say(
        f"{address} is not written to any more{about}."
        if changed
        else f"{address} was suppressed already{about}; nothing was changed."
    )


def lift_suppression(address: AddressArgument, *, organisation: OrganisationOption = "") -> None:
    """Allow an address or a domain again that had been suppressed."""
    with opened() as office, office.database.write() as session:
        issuer = _issuer(session, organisation)
        lifted = lift(session, address, at=office.clock.now(), actor=office.actor, organisation=issuer)
        about = f" in the name of {issuer.acronym}" if issuer else ""
        same = {key for key in lifted if surely(key) == surely(key_of(address))}
        elsewhere = asked_elsewhere(session, address, organisation=issuer)
    say(
        f"{address} may be written to again{about}."
        if lifted
        else f"{address} was not suppressed{about}. See: dateline contacts suppressions"
    )
    if otherwise := sorted(same - {key_of(address)}):
        say(f"It was suppressed as {', '.join(otherwise)}, which is the same mailbox.")
    if hers := sorted(set(lifted) - same):
        say(f"With it {', '.join(hers)}: the same person's, and suppressed only since she had asked here.")
    if elsewhere:
        say(
            f"She is still not written to{about}, as she asked so at {', '.join(elsewhere)} too. To take that back: "
            "dateline contacts unsuppress, with that address"
        )


def list_suppressions(*, as_json: JsonOption = False, as_csv: CsvOption = False) -> None:
    """List the addresses and domains that must not be written to, and why."""
    with opened() as office, office.database.read() as session:
        found = suppressions(session)
        noted(office, Question.SUPPRESSIONS, len(found))
        show_list(
            (_fields(suppression, organisation) for suppression, organisation in found),
            (
                Column("address", "Address or domain"),
                Column("organisation", "Releases of"),
                Column("kind", "Kind"),
                Column("since", "Since"),
                Column("reason", "Why"),
            ),
            form=form_of(as_json=as_json, as_csv=as_csv),
            zone=office.zone,
            empty="Nothing is suppressed.",
        )


def _fields(suppression: Suppression, organisation: Organisation | None) -> Mapping[str, object]:
    return {
        "address": suppression.address_key,
        "organisation": organisation.slug if organisation else "",
        "kind": suppression.kind.value,
        "reason": suppression.reason,
        "since": suppression.since,
    }


def _issuer(session: Session, name: str) -> Organisation | None:
    # A name that nobody has must not become the whole office's suppression.
    return require_organisation(session, name) if name else None


def _sure(address: str) -> bool:
    if not sys.stdin.isatty():
        # Nobody is there to be asked.
        fail_usage("Say --yes to suppress a whole domain without being asked.")
    return typer.confirm(f"Write to nobody at {address} any more?", err=True)
