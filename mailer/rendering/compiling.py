"""Compiles a message: a template is run over the editions of one mail, what is personal becomes a slot."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import css_inline
from markupsafe import Markup

from mailer.errors import PictureMissing
from mailer.rendering.bidi import isolate_html, isolate_text
from mailer.rendering.compiled import CompiledMessage, Picture, domain_of
from mailer.rendering.headers import one_line
from mailer.rendering.issue import Issue, Occasion, Place
from mailer.rendering.slots import Mint, PersonalValue, Segments, Slot, Unprintable
from mailer.rendering.templates import Template
from mailer.rendering.view import ContactView, EditionView, EmbargoView, PlaceWatch, view_edition, view_release

HTML_ENOUGH = 100_000
"""Gmail cuts longer messages off (at 102 kB) and hides the footer with them."""
_SUFFIX = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"}

# No file and no address named in a template or its styles is opened.
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False)


@dataclass(frozen=True, slots=True)
class Section:
    """One of ``sections``: an edition that is finished, for the frame."""

    edition: EditionView
    content: object
    """To be printed as it is."""


def compile_message(
    template: Template, issue: Issue, *, languages: Sequence[str], place: Place | None
) -> CompiledMessage:
    """The message in these languages, best first, for contacts in that city (``None``: not known).

    Raises ``TemplateProblem``, ``PictureMissing`` or ``UnfitAddress``.
    """
    if not languages or not set(languages) <= set(issue.editions):
        raise ValueError(f"the release has no edition in one of {languages!r}")
    if issue.occasion is Occasion.UNDER_EMBARGO and issue.embargo is None:
        raise ValueError("a wave under embargo needs an embargo")
    return _Compilation(template, issue, tuple(languages), place).message()


class _Compilation:
    """The state of one compilation."""

    def __init__(self, template: Template, issue: Issue, languages: tuple[str, ...], place: Place | None) -> None:
        self.template = template
        self.issue = issue
        self.languages = languages
        self.mint = Mint()
        self.watch = PlaceWatch(place)
        self.warnings: list[str] = []
        self.pictures = {picture.sha256: picture for picture in self._pictures()}

    def message(self) -> CompiledMessage:
        """Everything together."""
        subject, text, html = self._subject(), self._text(), self._html()
        for language in self.languages:
            if not self.template.catalogue(language).language:
                self.warnings.append(f"the templates are not translated into {language}: their words stay English")
        return CompiledMessage(
            subject=subject,
            languages=self.languages,
            sender=self.issue.sender,
            text=text,
            html=html,
            pictures=tuple(self.pictures.values()),
            assets={sha256: self.issue.assets[sha256] for sha256 in self.pictures},
            uses_place=self.watch.seen,
            warnings=tuple(self.warnings),
        )

    def _subject(self) -> str:
        mark = self.mint.issued
        first = self._view(self.languages[0], html=False, shown={})
        subject = one_line(self.template.render("subject.txt", first.language, self._values(first)))
        if self.mint.issued > mark:
            raise self.template.problem("subject.txt", "the subject is the same for everyone: no personal values")
        if not subject:
            raise self.template.problem("subject.txt", "the subject is empty")
        return subject

    def _text(self) -> Segments:
        mark = self.mint.issued
        sections = []
        for language in self.languages:
            edition = self._view(language, html=False, shown={})
            text = self._isolated(self.template.render("edition.txt", language, self._values(edition)), language)
            sections.append(Section(edition, PersonalValue(self.mint, Slot.SECTION, text)))
        frame = self._frame("frame.txt", sections)
        text = self.mint.fill(self._isolated(frame, self.languages[0]))
        return self._cut("frame.txt", text + "\n", mark)

    def _html(self) -> Segments:
        mark = self.mint.issued
        sections = []
        to_show = dict(self.pictures)
        for language in self.languages:
            photo = self.issue.editions[language].photo
            # In a mail with several editions a picture is shown once.
            picture = to_show.pop(photo.asset, None) if photo else None
            shown = {picture.sha256: f"cid:{picture.content_id}"} if picture else {}
            edition = self._view(language, html=True, shown=shown)
            html = self.template.render("edition.html", language, self._values(edition))
            sections.append(Section(edition, Markup(html)))  # noqa: S704 - its values were escaped
        html, outside = isolate_html(self._frame("frame.html", sections), self.languages[0], self.mint.pattern)
        if "<script" in html.lower():
            raise self.template.problem("frame.html", "a mail cannot hold a script")
        self.warnings += [f"the HTML loads something from elsewhere: {address}" for address in outside]
        segments = self._cut("frame.html", _INLINER.inline(html), mark)
        size = sum(len(text.encode()) for text in segments.texts)
        if size > HTML_ENOUGH:
            self.warnings.append(f"the HTML has {size // 1000} kB; some readers cut off all that is over 100 kB")
        return segments

    def _frame(self, part: str, sections: list[Section]) -> str:
        first = sections[0].edition
        return self.template.render(part, first.language, self._values(first) | {"sections": tuple(sections)})

    def _view(self, language: str, *, html: bool, shown: dict[str, str]) -> EditionView:
        catalogue = self.template.catalogue(language)
        return view_edition(self.issue.editions[language], self.issue, catalogue, html=html, sources=shown)

    def _values(self, edition: EditionView) -> dict[str, object]:
        """What a template may use."""
        language, catalogue = edition.language, self.template.catalogue(edition.language)
        return {
            "release": view_release(self.issue),
            "edition": edition,
            "embargo": EmbargoView(self.issue, language, catalogue, self.watch),
            "contact": ContactView(self.mint, language, self.watch),
            "sender": self.issue.sender,
            "unsubscribe_url": PersonalValue(self.mint, Slot.UNSUBSCRIBE_URL),
            "message_id": PersonalValue(self.mint, Slot.MESSAGE_ID),
        }

    def _isolated(self, text: str, language: str) -> str:
        """Without blanks at the ends of lines and more than one empty line, and with its isolates."""
        text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
        return isolate_text(re.sub(r"\n{3,}", "\n\n", text).strip("\n"), language, self.mint.pattern)

    def _cut(self, part: str, text: str, mark: int) -> Segments:
        try:
            return self.mint.cut(text, since=mark)
        except Unprintable as error:
            reason = f"{error}, whole and where a reader sees it; one was changed or left out"
            raise self.template.problem(part, reason) from error

    def _pictures(self) -> Iterator[Picture]:
        domain = domain_of(self.issue.sender)
        slug = re.sub(r"[^A-Za-z0-9-]+", "-", self.issue.slug)
        photos = [photo for language in self.languages if (photo := self.issue.editions[language].photo)]
        for number, sha256 in enumerate(dict.fromkeys(photo.asset for photo in photos if photo.asset)):
            if (asset := self.issue.assets.get(sha256)) is None:
                raise PictureMissing(asset=sha256[:12], language=self.languages[0])
            if asset.media_type not in _SUFFIX:
                raise ValueError(f"{asset.media_type} is not a picture for mail")
            name = f"{slug}-{number}" if number else slug
            yield Picture(
                sha256=sha256,
                filename=f"{name}.{_SUFFIX[asset.media_type]}",
                content_id=f"{sha256[:32]}@{domain}",
            )
