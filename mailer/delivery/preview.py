"""Shows the mail that a contact would receive, before anything is scheduled."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from mailer.contacts.models import Contact
from mailer.errors import NoEmbargo
from mailer.releases.models import Release, Version
from mailer.releases.versions import current_content
from mailer.rendering import (
    Layout,
    Occasion,
    Personal,
    SenderIdentity,
    compile_message,
    load_template,
    pick_languages,
)
from mailer.schedule.texts import issue_of, place_of

_TOKEN = "preview" + "a" * 19
# Invented, on a reserved domain (RFC 2606).
_READERS: Mapping[str, str] = {"ar": "نور حداد", "fr": "Élodie Karam"}
_READER = "Nour Haddad"
_ADDRESS = "nour.haddad@example.com"


@dataclass(frozen=True, slots=True)
class Shown:
    """One mail as it would be."""

    languages: str
    subject: str
    text: str
    html: str
    message: bytes
    warnings: tuple[str, ...]


def preview_for(
    session: Session,
    release: Release,
    *,
    version: Version | None,
    contact: Contact | None,
    kind: Occasion,
    layout: Layout,
    template: str,
    templates: Path,
    sender: SenderIdentity,
    default_language: str,
    at: datetime,
) -> Iterator[Shown]:
    """The mail for a contact, or without one a mail in each language to an invented reader.

    Of a version, or of what the release says now. Raises ``NoEmbargo``, or what is wrong with the template.
    """
    content = version.frozen if version else current_content(release)
    if kind is Occasion.UNDER_EMBARGO and content.embargo is None:
        raise NoEmbargo(release=release.slug, version=version.number if version else "0 (the draft)")
    issue = issue_of(session, content, version, kind=kind, sender=sender)
    offered = tuple(issue.editions)
    reads = [[item.language for item in contact.languages]] if contact else [[language] for language in offered]
    place = place_of(contact.city) if contact else None
    for hers in reads:
        languages = pick_languages(hers, offered, default=default_language, layout=layout)
        message = compile_message(load_template(templates, template), issue, languages=languages, place=place)
        personal = _personal(contact, languages[0], at)
        shown = message.preview(personal)
        yield Shown(
            "-".join(languages),
            shown.subject,
            shown.text,
            shown.html,
            b"".join(message.splice(personal)),
            message.warnings,
        )


def _personal(contact: Contact | None, language: str, at: datetime) -> Personal:
    if contact is None:
        return Personal(name=_READERS.get(language, _READER), address=_ADDRESS, token=_TOKEN, date=at)
    name = (contact.arabic_name or contact.name) if language.partition("-")[0] == "ar" else contact.name
    return Personal(name=name, address=contact.address, token=_TOKEN, date=at)
