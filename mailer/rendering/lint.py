"""Looks over the mail that the templates make of a release, for what its readers would stumble over."""

import re
import unicodedata
from collections.abc import Iterator

from mailer.errors import DatelineError
from mailer.releases.comparison import Part, Place, language_name
from mailer.releases.lint import Finding, Kind, place_of_link
from mailer.rendering.compiled import CompiledMessage
from mailer.rendering.compiling import HTML_ENOUGH, compile_message
from mailer.rendering.contrast import contrast, enough
from mailer.rendering.issue import Issue
from mailer.rendering.page import Page
from mailer.rendering.templates import Template

SUBJECT_SHOWN = 70
"""Characters. No mail program is known to show more in its list: from 54 to 73 on a desk, from 27 to 48 on a phone held
upright and from 46 to 64 on one that is held across, as measured by theorchardagency.com.au (subject line length and
open rates) and emailtooltester.com (email subject lines: character limit), both read in November 2026."""
SUBJECT_ON_PHONE = 40
"""What a phone held upright shows, of the same measurements. The news should be told by then."""

_FILLED = "https://filled-in-later.invalid/"
_LONE_TARGETS = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def check_mail(template: Template, issue: Issue) -> tuple[Finding, ...]:
    """What to look at in the mail of each edition. One that cannot be made is a finding too."""
    return tuple(found for language in issue.editions for found in _edition(template, issue, language))


def _edition(template: Template, issue: Issue, language: str) -> Iterator[Finding]:
    try:
        message = compile_message(template, issue, languages=[language], place=None)
    except DatelineError as error:
        yield Finding(
            kind=Kind.MAIL,
            language=language,
            place=Place(part=Part.MAIL),
            text=f"The mail cannot be made. {error.problem}",
            remedy=error.advice,
        )
        return
    html = _FILLED.join(message.html.texts)
    page = Page.of(html)
    yield from _subject(message, language)
    yield from _links(page, issue, language)
    yield from _pictures(page, issue, language)
    yield from _size(html, language)
    yield from _colours(page, language)


def shown_length(text: str) -> int:
    """The characters that are seen: without marks that stand above or below others and without invisible ones.

    A Chinese or Japanese character takes the room of two.
    """
    return sum(map(_width, text))


def cut_at(text: str, length: int) -> str:
    """As much of the text as takes ``length`` characters' room."""
    room = length
    for place, character in enumerate(text):
        room -= _width(character)
        if room < 0:
            return text[:place].rstrip()
    return text


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf", "Cc"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _subject(message: CompiledMessage, language: str) -> Iterator[Finding]:
    length = shown_length(message.subject)
    if length > SUBJECT_SHOWN:
        cut, phone = cut_at(message.subject, SUBJECT_SHOWN), cut_at(message.subject, SUBJECT_ON_PHONE)
        yield Finding(
            kind=Kind.SUBJECT,
            language=language,
            place=Place(part=Part.SUBJECT, words=f"{cut} …"),
            text=f"The subject has {length} characters. Mail programs show {SUBJECT_SHOWN} of them at most, and a "
            f"phone held upright about {SUBJECT_ON_PHONE}: “{phone} …”.",
            remedy=f"Say what is new in the first {SUBJECT_ON_PHONE} characters, or shorten the headline.",
        )


def _links(page: Page, issue: Issue, language: str) -> Iterator[Finding]:
    for url in page.links:
        if url in ("", "#"):
            # The text's own are found with the text.
            if place_of_link(issue.editions[language], url) is None:
                yield _dead(Place(part=Part.MAIL, words=url), language, "A link of the template leads nowhere.")
        elif url.startswith("#"):
            if url[1:] not in page.targets:
                place = place_of_link(issue.editions[language], url)
                text = f"The link {url} leads to a place in the mail that is not there."
                yield _dead(place or Place(part=Part.MAIL, words=url), language, text)
        elif not _LONE_TARGETS.match(url):
            place = place_of_link(issue.editions[language], url)
            text = f"The link {url} is no whole address: from a mail it leads nowhere."
            yield _dead(place or Place(part=Part.MAIL, words=url), language, text)


def _dead(place: Place, language: str, text: str) -> Finding:
    remedy = (
        "Correct it in the template."
        if place.part is Part.MAIL
        else "Give the whole address, with https://, or take the link out."
    )
    return Finding(kind=Kind.LINK, language=language, place=place, text=text, remedy=remedy)


def _pictures(page: Page, issue: Issue, language: str) -> Iterator[Finding]:
    for source in page.unnamed:
        photo = issue.editions[language].photo
        ours = source.startswith("cid:") and photo is not None
        yield Finding(
            kind=Kind.IMAGE,
            language=language,
            place=Place(part=Part.PICTURE if ours else Part.MAIL, words="" if ours else source),
            text=f"A picture of the {language_name(language)} mail says nothing to those who cannot see it, or whose "
            "mail program does not load pictures.",
            remedy="Give the photo a caption, or alt: in the front matter."
            if ours
            else 'Write alt="…" into the template\'s img; alt is needed unless the picture is one pixel wide.',
        )


def _size(html: str, language: str) -> Iterator[Finding]:
    size = len(html.encode())
    if size > HTML_ENOUGH:
        yield Finding(
            kind=Kind.SIZE,
            language=language,
            place=Place(part=Part.MAIL),
            text=f"The mail's HTML has {size // 1000} kB. Gmail cuts a mail off at 102 kB, and the press contacts and "
            "the way to unsubscribe are at its end.",
            remedy="Shorten the text, or put the longer part on a page and link to it.",
        )


def _colours(page: Page, language: str) -> Iterator[Finding]:
    for ink, words in page.inks.items():
        if ink.colour is None or ink.ground is None:
            continue
        ratio, needed = contrast(ink.colour, ink.ground), enough(large=ink.large)
        if ratio < needed:
            yield Finding(
                kind=Kind.CONTRAST,
                language=language,
                place=Place(part=Part.MAIL, words=words[:80]),
                text=f"Text in {ink.colour} on {ink.ground} is hard to read: its contrast is {ratio:.1f} to 1, and "
                f"{needed} to 1 is needed (WCAG 2.2, 1.4.3).",
                remedy="Choose a darker or lighter colour in the template's styles.",
            )
