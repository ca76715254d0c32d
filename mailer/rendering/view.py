"""What a template sees, worked out so that it only has to choose and repeat.

The contact's city is given out by a watch that remembers whether the template looked at it: a message that
did not may serve every city.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from markdown_it.token import Token
from markupsafe import Markup

from mailer.errors import PictureMissing
from mailer.releases.content import EditionContent, PressContact
from mailer.rendering import markdown
from mailer.rendering.bidi import CONTROLS
from mailer.rendering.issue import Issue, Occasion, Place
from mailer.rendering.languages import best_of, direction, locale_of
from mailer.rendering.moments import Moment, day_text, embargo_moments
from mailer.rendering.slots import Mint, PersonalValue, Slot
from mailer.rendering.translations import Catalogue

_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class PlaceWatch:
    """Holds the contact's city and notices who looks at it."""

    def __init__(self, place: Place | None) -> None:
        self._place = place
        self.seen = False

    def look(self) -> Place | None:
        """The city; from now on it counts as used."""
        self.seen = True
        return self._place


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseView:
    """``release``: what is the same in every edition."""

    slug: str
    version: int
    digest: str
    """The first 12 digits of the version's SHA-256."""
    under_embargo: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoView:
    """``edition.photo``."""

    src: str
    """Empty where an edition above it in the same mail shows the picture, and in the text part."""
    alt: str
    caption: str
    credit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoilerplateView:
    """One of ``edition.boilerplates``."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """A press contact."""

    name: str
    title: str
    organisation: str
    address: str
    phone: str
    call: str
    """The phone's digits, for a link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeView:
    """One of ``edition.offices``: a city and the press contacts there."""

    city: str
    people: tuple[PersonView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedView:
    """One of ``edition.related``."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionView:
    """``edition``: one language. Texts are plain but for ``body`` and boilerplates: HTML in HTML, text in text."""

    language: str
    direction: str
    language_name: str
    """In the language itself: ``English``, ``العربية``."""
    below: str
    """``English below``, in the language itself."""
    issuers: tuple[str, ...]
    """The organisations' names in this language, or the sender's."""
    headline: str
    subhead: str
    dateline: str
    body: str
    photo: PhotoView | None
    boilerplates: tuple[BoilerplateView, ...]
    offices: tuple[OfficeView, ...]
    related: tuple[RelatedView, ...]


class EmbargoView:
    """``embargo``: by the clocks of the contact's city, the dateline's cities and UTC."""

    __slots__ = ("_catalogue", "_issue", "_language", "_watch")

    def __init__(self, issue: Issue, language: str, catalogue: Catalogue, watch: PlaceWatch) -> None:
        self._issue, self._language, self._catalogue, self._watch = issue, language, catalogue, watch

    @property
    def moments(self) -> tuple[Moment, ...]:
        """One for each city, the contact's first, and UTC last."""
        if self._issue.embargo is None:
            return ()
        place = self._watch.look()
        places = (*((place,) if place else ()), *self._issue.dateline_places)
        return embargo_moments(self._issue.embargo, places, self._language, self._catalogue)

    @property
    def moment(self) -> Moment:
        """By the clock of the contact's city, or of the dateline's first."""
        return self.moments[0]


class ContactView:
    """``contact``: who it is sent to. Name and address are personal values, the city is not."""

    __slots__ = ("_language", "_watch", "address", "name")

    def __init__(self, mint: Mint, language: str, watch: PlaceWatch) -> None:
        self.name = PersonalValue(mint, Slot.NAME)
        self.address = PersonalValue(mint, Slot.ADDRESS)
        self._language, self._watch = language, watch

    @property
    def city(self) -> str:
        """In the edition's language; empty where it is not known."""
        place = self._watch.look()
        return place.name_in(self._language) if place else ""


def view_release(issue: Issue) -> ReleaseView:
    """What every part sees of the release."""
    return ReleaseView(
        slug=issue.slug,
        version=issue.version,
        digest=issue.version_sha256[:12],
        under_embargo=issue.occasion is Occasion.UNDER_EMBARGO,
    )


def view_edition(
    content: EditionContent, issue: Issue, catalogue: Catalogue, *, html: bool, sources: Mapping[str, str]
) -> EditionView:
    """An edition for the HTML or the text part; ``sources`` says what to write for each picture that is shown.

    Raises ``PictureMissing``.
    """
    language = content.language
    write: Callable[[Sequence[Token]], str] = _html if html else markdown.to_text
    dateline = _dateline(content, catalogue)
    name = locale_of(language).get_display_name(language.replace("-", "_")) or language
    return EditionView(
        language=language,
        direction=direction(language),
        language_name=name,
        below=catalogue.say("English below") if catalogue.knows("English below") else name,
        issuers=tuple(_named(names, language) for names in issue.organisations) or (_plain(issue.sender.name),),
        headline=_plain(content.headline),
        subhead=_plain(content.subhead),
        dateline=dateline,
        body=write(markdown.parse(_safe(content.body), lead=dateline)),
        photo=_photo(content, issue, sources),
        boilerplates=tuple(
            BoilerplateView(heading=_plain(b.heading), text=write(markdown.parse(_safe(b.text))))
            for b in content.boilerplates
        ),
        offices=tuple(
            OfficeView(city=_plain(city), people=tuple(_person(p) for p in people))
            for city, people in groupby(content.press_contacts, key=lambda person: person.city)
        ),
        related=tuple(RelatedView(title=_plain(r.title), url=_web(r.url)) for r in content.related),
    )


def _html(tokens: Sequence[Token]) -> str:
    return Markup(markdown.to_html(tokens))  # noqa: S704 - it has passed the allow-list


def _photo(content: EditionContent, issue: Issue, sources: Mapping[str, str]) -> PhotoView | None:
    photo = content.photo
    if photo is None or not photo.asset:
        return None
    if photo.asset not in issue.assets:
        raise PictureMissing(asset=photo.asset[:12], language=content.language)
    return PhotoView(
        src=sources.get(photo.asset, ""),
        alt=_plain(photo.alt or photo.caption),
        caption=_plain(photo.caption),
        credit=_plain(photo.credit),
    )


def _dateline(content: EditionContent, catalogue: Catalogue) -> str:
    cities = " / ".join(map(_plain, content.cities))
    day = day_text(content.day, content.language) if content.day else ""
    return catalogue.say("%(cities)s, %(day)s", cities=cities, day=day) if cities and day else cities or day


def _person(person: PressContact) -> PersonView:
    return PersonView(
        name=_plain(person.name),
        title=_plain(person.title),
        organisation=_plain(person.organisation),
        address=_plain(person.address),
        phone=_plain(person.phone),
        call=re.sub(r"[^\d+]", "", person.phone, flags=re.ASCII),
    )


def _named(names: Mapping[str, str], language: str) -> str:
    best = best_of(language, names) or ("en" if "en" in names else next(iter(names)))
    return _plain(names[best])


def _web(url: str) -> str:
    """Only what may stand in a link."""
    return url if url.startswith(("https://", "http://")) else ""


def _safe(text: str) -> str:
    """Without control characters and those that could turn round the text of others."""
    return CONTROLS.sub("", _UNFIT.sub("", text))


def _plain(text: str) -> str:
    return " ".join(_safe(text).split())
