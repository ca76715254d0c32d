"""Looks over what a release says in each language, without its mail."""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from urllib.parse import urlsplit

from mailer.clock import ZonedTime
from mailer.releases.comparison import Part, Place, language_name
from mailer.releases.comparison.links import links
from mailer.releases.content import EditionContent, VersionContent
from mailer.releases.intake.dateline import same_city
from mailer.releases.lint.directions import runs_against, unpaired_marks
from mailer.releases.lint.finding import Finding, Kind
from mailer.releases.lint.passages import Passage, passages
from mailer.releases.lint.placeholders import placeholders

# RFC 2606 keeps these for examples. A name under “.example” is left in peace: that is how an invented office is called.
_EXAMPLES = re.compile(r"(?:www\.)?(?:example(?:\.(?:com|org|net))?|localhost|url|link|domain\.com|xx+\.\w+)")

_UNTIL = r"(?:until|till|before|jusqu|hasta|حتي|حتى|لغاي|قبل)"
_SPEAKS = re.compile(
    rf"(?<!arms )(?<!weapons )(?<!trade )(?<!oil )(?<!economic )\bembarg(?:o(?:ed)?|ad[oa])\s*(?:{_UNTIL}|:\s*\d)"
    r"|\bstrictly embargoed\b|\bembargoed (?:copy|text|release)\b"
    r"|\bnot (?:for|to be) (?:publication|release|broadcast|published|released|broadcast) (?:before|until)\b"
    r"|\bhold for release\b|\bne pas (?:publier|diffuser) avant\b|\bno publicar antes\b"
    r"|(?:حظر|محظور|ممنوع|يحظر|يُحظر)\s+(?:ال)?نشر(?:ه|ها)?\s+(?:حتى|قبل)|(?:لا|عدم)\s+(?:ينشر|يُنشر|النشر)\s+قبل",
    re.IGNORECASE,
)
_AT_ONCE = re.compile(
    r"\bfor immediate release\b|\bpour diffusion imm[ée]diate\b|\b(?:para )?publicaci[óo]n inmediata\b|للنشر الفوري",
    re.IGNORECASE,
)


def check_texts(content: VersionContent, *, embargo_line: str, at: datetime) -> tuple[Finding, ...]:
    """What to look at in the editions' texts, edition by edition, what is about all of them first.

    ``at`` is the moment that the embargo is held against: now, or when a version was frozen. ``embargo_line`` is what
    the release's text said of an embargo that nobody has entered.
    """
    return (
        *_embargo(content.embargo, embargo_line, at),
        *chain.from_iterable(_edition(edition, content.embargo) for edition in content.editions),
    )


def _embargo(embargo: ZonedTime | None, line: str, at: datetime) -> Iterator[Finding]:
    if embargo is not None and embargo.instant <= at:
        yield Finding(
            kind=Kind.EMBARGO,
            language="",
            place=Place(part=Part.EMBARGO, words=str(embargo)),
            text=f"The embargo, {embargo}, is past, so that it holds nothing back.",
            remedy="If the year, the hour or the zone is mistyped, enter it anew with “dateline releases embargo”.",
        )
    if embargo is None and line:
        yield Finding(
            kind=Kind.EMBARGO,
            language="",
            place=Place(part=Part.EMBARGO, words=line),
            text="The text that was imported named an embargo, and none is entered. It cannot be frozen like this.",
            remedy="Enter the embargo with “dateline releases embargo”, or say there with --none that there is none.",
        )


def _edition(content: EditionContent, embargo: ZonedTime | None) -> Iterator[Finding]:
    for passage in passages(content):
        yield from _placeholders(content, passage)
        yield from _empty_links(content, passage)
        yield from _embargo_words(content, passage, embargo)
        yield from _marks(content, passage)
    yield from _related_links(content)
    yield from _directions(content)
    yield from _contacts(content)
    yield from _picture(content)


def _placeholders(content: EditionContent, passage: Passage) -> Iterator[Finding]:
    for start, end in placeholders(passage.text):
        yield Finding(
            kind=Kind.PLACEHOLDER,
            language=content.language,
            place=passage.place(start, end),
            text=f"“{passage.text[start:end].strip()}” looks like something that is still to be filled in.",
            remedy="Write what belongs there, or take it out.",
        )


def _empty_links(content: EditionContent, passage: Passage) -> Iterator[Finding]:
    # Where a link has no address, the parser still tells of one.
    for link in links(passage.markdown):
        if _leads_nowhere(link.url):
            yield _no_target(
                content, Place(part=passage.part, number=passage.number, words=link.url or passage.text)
            )


def _related_links(content: EditionContent) -> Iterator[Finding]:
    for number, related in enumerate(content.related, 1):
        if related.url and _leads_nowhere(related.url):
            yield _no_target(content, Place(part=Part.RELATED, number=number, words=related.url))
    for number, person in enumerate(content.press_contacts, 1):
        if person.address and _EXAMPLES.fullmatch(person.address.rpartition("@")[2].casefold()):
            yield Finding(
                kind=Kind.PLACEHOLDER,
                language=content.language,
                place=Place(part=Part.CONTACT, number=number, words=person.address),
                text=f"{person.address} is an example of an address: no mail arrives there.",
                remedy="Write the press contact's own address.",
            )


def _no_target(content: EditionContent, place: Place) -> Finding:
    return Finding(
        kind=Kind.LINK,
        language=content.language,
        place=place,
        text="A link has no real address behind it, only what somebody put there for the time being.",
        remedy="Put the page's address into the link, or take the link out.",
    )


def _leads_nowhere(url: str) -> bool:
    if url.strip() in ("", "#"):
        return True
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").casefold()
    except ValueError:
        return True
    if parts.scheme in ("http", "https"):
        return not host or _EXAMPLES.fullmatch(host) is not None
    return parts.scheme == "mailto" and (
        "@" not in parts.path or _EXAMPLES.fullmatch(parts.path.rpartition("@")[2].casefold()) is not None
    )


def _embargo_words(content: EditionContent, passage: Passage, embargo: ZonedTime | None) -> Iterator[Finding]:
    if embargo is None and (match := _SPEAKS.search(passage.text)):
        text = "The text speaks of an embargo, and this release has none: it would go out as free to publish."
        remedy = "Enter the embargo with “dateline releases embargo”, or take these words out."
    elif embargo is not None and (match := _AT_ONCE.search(passage.text)):
        text = f"The text says that it may be published at once, and the release is embargoed until {embargo}."
        remedy = (
            "Find out which is right. Take these words out, or the embargo: “dateline releases embargo --none”."
        )
    else:
        return
    yield Finding(
        kind=Kind.EMBARGO,
        language=content.language,
        place=passage.place(*match.span()),
        text=text,
        remedy=remedy,
    )


def _marks(content: EditionContent, passage: Passage) -> Iterator[Finding]:
    if names := unpaired_marks(passage.text):
        yield Finding(
            kind=Kind.DIRECTION,
            language=content.language,
            place=passage.place(),
            text=f"Invisible marks that turn the text's direction do not come in pairs here ({', '.join(names)}). "
            "The mail leaves them all out.",
            remedy="Take them out, and look in the preview whether the words stand in their order.",
        )


def _directions(content: EditionContent) -> Iterator[Finding]:
    # What rendering knows of scripts is above this room; Arabic is the one that is written from right to left here.
    right_to_left = content.language.partition("-")[0] == "ar"
    script = "Latin" if right_to_left else "Arabic"
    written = [p for p in passages(content) if p.part not in (Part.CONTACT, Part.DATELINE, Part.RELATED)]
    wrong = [passage for passage in written if runs_against(passage.text, right_to_left=right_to_left)]
    body = [passage for passage in written if passage.part is Part.PARAGRAPH]
    name = language_name(content.language)
    if len(body) > 1 and all(passage in wrong for passage in body):
        yield Finding(
            kind=Kind.DIRECTION,
            language=content.language,
            place=body[0].place(),
            text=f"Every paragraph of the {name} edition is in {script} letters.",
            remedy="If it is another language's text, import it again with --language.",
        )
        wrong = [passage for passage in wrong if passage not in body]
    for passage in wrong:
        yield Finding(
            kind=Kind.DIRECTION,
            language=content.language,
            place=passage.place(),
            text=f"This piece of the {name} edition is mostly in {script} letters.",
            remedy="Put the translation there; if it is meant to be so, leave it.",
        )


def _contacts(content: EditionContent) -> Iterator[Finding]:
    there = [person.city for person in content.press_contacts]
    missing = [city for city in content.cities if not any(same_city(city, other) for other in there)]
    for city in missing if there else missing[:1]:
        whom = f"whom a journalist in {city} could call" if there else "whom anybody could call"
        yield Finding(
            kind=Kind.CONTACT,
            language=content.language,
            place=Place(part=Part.DATELINE, words=city),
            text=f"The dateline says {city}, and no press contact is printed {whom}.",
            remedy="Add an officer of that city to the press contacts and import the edition again.",
        )


def _picture(content: EditionContent) -> Iterator[Finding]:
    photo = content.photo
    if (
        photo
        and photo.asset
        and photo.alt
        and re.fullmatch(r"[\w .-]+\.(?i:jpe?g|png|gif|webp)", photo.alt.strip())
    ):
        yield Finding(
            kind=Kind.IMAGE,
            language=content.language,
            place=Place(part=Part.PICTURE, words=photo.alt),
            text="The words for those who cannot see the photo are the name of a file.",
            remedy="Say in a sentence what the photo shows.",
        )
