"""Makes the mail of a release for oneself or colleagues, marked as a test, and says to whom no test may go."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from pathlib import Path

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from mailer.contacts.address import Address, address
from mailer.contacts.erased import erased_among, read_key
from mailer.contacts.mailbox import surely
from mailer.contacts.models import Contact, ContactKind, ContactPoint, Organisation, PointKind
from mailer.contacts.stops import owners_at_providers, stops_among
from mailer.delivery.dkim import Signer, sign
from mailer.errors import NoEdition, TrialRefused
from mailer.releases.models import Release, Version
from mailer.releases.versions import current_content
from mailer.rendering import (
    CompiledMessage,
    Layout,
    Occasion,
    Personal,
    SenderIdentity,
    compile_message,
    direction,
    load_template,
    pick_languages,
)
from mailer.schedule.texts import issue_of

_MARKS: Mapping[str, tuple[str, str]] = {
    "en": ("[TEST]", "This is a test, sent inside the office. It is not for publication."),
    "ar": ("[اختبار]", "هذه رسالة اختبار داخل المكتب، وليست للنشر."),
    "fr": ("[ESSAI]", "Ceci est un essai interne. Ne pas publier."),
    "es": ("[PRUEBA]", "Esto es una prueba interna. No publicar."),
}
_STYLE = (
    "margin:0;padding:12px 18px;background-color:#fff3c4;color:#3d2f00;"
    "font-size:15px;line-height:24px;font-weight:700"
)
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Trial:
    """A test that is ready to be sent."""

    release_id: int
    version: int | None
    """``None`` for what the release says now."""
    mails: tuple[tuple[str, list[bytes]], ...]
    """For each address, the whole message in chunks."""


def trial_of(
    session: Session,
    release: Release,
    *,
    version: Version | None,
    to: Sequence[str],
    language: str,
    default_language: str,
    template: str,
    templates: Path,
    sender: SenderIdentity,
    signers: Sequence[Signer],
    erased_key: Path,
    at: datetime,
) -> Trial:
    """The mails of a test, in that language or else the office's; under its embargo as long as that lasts.

    Raises ``TrialRefused``, ``NoEdition``, or what is wrong with the template.
    """
    content = version.frozen if version else current_content(release)
    offered = tuple(edition.language for edition in content.editions)
    if language and language not in offered:
        raise NoEdition(release=release.slug, language=language, known=", ".join(offered))
    addresses = _permitted(session, to, content.organisations, erased_key)
    held = content.embargo is not None and content.embargo.instant > at
    kind = Occasion.UNDER_EMBARGO if held else Occasion.PUBLIC
    issue = issue_of(session, content, version, kind=kind, sender=sender)
    languages = pick_languages(
        [language or default_language], offered, default=default_language, layout=Layout.PREFERRED
    )
    message = marked(compile_message(load_template(templates, template), issue, languages=languages, place=None))
    return Trial(
        release.id,
        version.number if version else None,
        tuple((one.text, _signed(message, one.text, signers, at)) for one in addresses),
    )


def marked(message: CompiledMessage) -> CompiledMessage:
    """The message with the mark of a test in its subject and on top of both its texts."""
    language = message.languages[0]
    subject, words = _MARKS.get(language.partition("-")[0], _MARKS["en"])
    text, html = message.text.texts, message.html.texts
    told = (
        f'<div lang="{language}" dir="{direction(language)}" style="{_STYLE}">{escape(f"{subject} {words}")}</div>'
    )
    body = _BODY.search(html[0])
    end = body.end() if body else 0
    return replace(
        message,
        subject=f"{subject} {message.subject}",
        text=replace(message.text, texts=(f"{subject} {words}\n\n{text[0]}", *text[1:])),
        html=replace(message.html, texts=(html[0][:end] + told + html[0][end:], *html[1:])),
    )


def _signed(message: CompiledMessage, to: str, signers: Sequence[Signer], at: datetime) -> list[bytes]:
    # A token that no delivery has: the way to unsubscribe in it is nobody's.
    head, body = message.splice_parts(Personal(name="", address=to, token=secrets.token_hex(16), date=at))
    signing = [signer for signer in signers if not signer.retired]
    return [sign(signing, head, body, at=at) if signing else b"", *head, b"\r\n", *body]


def _permitted(session: Session, to: Sequence[str], organisations: Sequence[str], key: Path) -> list[Address]:
    """The addresses, each once. Raises ``TrialRefused`` for the first that no test may go to."""
    checked: dict[str, Address] = {}
    for text in to:
        try:
            one = address(text)
        except ValueError as error:
            raise TrialRefused(address=text.strip()[:80], reason=str(error).rstrip(".")) from error
        checked.setdefault(surely(one.key), one)
    keys = [one.key for one in checked.values()]
    owners = _owners(session, keys)
    numbers = {number for numbers in owners.values() for number in numbers}
    issuers = select(Organisation.id).where(Organisation.slug.in_(organisations))
    stops = stops_among(session, keys, lambda: session.scalars(issuers).all(), contact_ids=numbers)
    hers = select(Contact.id).where(Contact.id.in_(numbers), Contact.kind == ContactKind.JOURNALIST)
    journalists = set(session.scalars(hers))
    erased = erased_among(session, keys, read_key(key))
    for box, one in checked.items():
        people = owners[box]
        if people & journalists:
            raise TrialRefused(address=one.text, reason="it is a journalist's")
        if stops.of_address(one.key) or people & stops.people.keys() or one.key in erased:
            raise TrialRefused(address=one.text, reason="it must not be written to")
    return list(checked.values())


def _owners(session: Session, keys: Sequence[str]) -> Mapping[str, set[int]]:
    """Whose mailboxes these are, by ``mailbox.surely``: everybody in the registry, whatever has become of her."""
    owners: dict[str, set[int]] = {surely(key): set() for key in keys}
    first = select(Contact.id, Contact.address_key).where(Contact.address_key.in_(keys))
    further = select(ContactPoint.contact_id, ContactPoint.key).where(
        ContactPoint.kind == PointKind.ADDRESS, ContactPoint.key.in_(keys)
    )
    # A provider's mailbox has several spellings; of others the key itself is looked for.
    exactly = [(row[0], row[1]) for row in session.execute(union_all(first, further))]
    for number, key in (*exactly, *owners_at_providers(session)):
        if surely(key) in owners:
            owners[surely(key)].add(number)
    return owners
