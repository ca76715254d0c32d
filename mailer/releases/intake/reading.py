"""Opens a release's file: what encoding, what form, what language; then hands it on."""

import re
import unicodedata
from dataclasses import replace
from pathlib import Path, PurePosixPath

from mailer.contacts.spelling import fold
from mailer.errors import BadRelease, UnreadableFile
from mailer.releases.intake.anatomy import ANATOMIES, Anatomy, anatomy_of
from mailer.releases.intake.assembly import assemble
from mailer.releases.intake.headings import is_embargo
from mailer.releases.intake.markdown import FrontMatter, blocks_of_markdown, split_front_matter
from mailer.releases.intake.package import MAX_WORD, is_word
from mailer.releases.intake.parts import UNSEEN, BadPart, Block, Counted, Doubt, Intake
from mailer.releases.intake.photo import caption_and_credit
from mailer.releases.intake.text import blocks_of_text
from mailer.releases.intake.webpage import read_page
from mailer.releases.intake.word import read_word
from mailer.releases.intake.written import Paragraph, Run, Written, blocks_of_paragraphs

MAX_BYTES = 300_000
"""Some forty thousand words; a file with its pictures inside is not text."""
MAX_PARAGRAPH = 20_000
"""Characters; what goes on for longer without an empty line is no paragraph."""
_AS_UTF8 = "Save it as plain text in UTF-8 (in Word: Plain Text, Other encoding, Unicode UTF-8)."
_LANGUAGES = ", ".join(ANATOMIES)

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# Letters of Persian, Urdu and Kurdish that Arabic has not.
_NOT_ARABIC = frozenset("پچژگیکٹڈړڕڵۆێە")


def read_release(file: Path, *, language: str = "") -> Intake:
    """Read a release in one language: a Word file or a web page, Markdown by its name or its front matter, plain
    text otherwise.

    Raises ``UnreadableFile`` or ``BadRelease``; whatever else is wrong comes back as a doubt.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_WORD + 1)
    except OSError as error:
        raise UnreadableFile(file=file, reason=error.strerror or "unknown reason") from error
    try:
        if is_word(content):
            return _read_written(_word(content), language, Counted.PARAGRAPHS)
        if file.suffix.casefold() in (".htm", ".html"):
            return _read_written(read_page(content), language, Counted.LINES)
        return _read(content, file, language)
    except BadPart as bad:
        raise BadRelease(file=file, place=bad.place, reason=bad.reason, remedy=bad.remedy) from bad


def _read(content: bytes, file: Path, language: str) -> Intake:
    text, doubts = _cleaned(_decoded(content))
    if not text.strip():
        raise BadPart("line 1", "it is empty", "Choose the file with the release's text.")
    _check_lengths(text)
    marked = file.suffix.casefold() in (".md", ".markdown") or text.partition("\n")[0].rstrip() == "---"
    front, below, above = split_front_matter(text) if marked else (FrontMatter(), text, 0)
    _check(front)
    spoken, doubt = _language(language, front, f"{front['headline']}\n{below}")
    blocks: list[Block] = [*(blocks_of_markdown(below, above) if marked else blocks_of_text(below))]
    intake = assemble(blocks, front, spoken)
    return replace(intake, doubts=tuple(sorted((*doubts, *doubt, *intake.doubts))))


def _word(content: bytes) -> Written:
    if len(content) > MAX_WORD:
        raise BadPart("size", f"it is larger than {MAX_WORD // 1_000_000} MB", "Take pictures out of it.")
    return read_word(content)


def _read_written(written: Written, language: str, counted: Counted) -> Intake:
    """What a word processor or a page gave, taken apart as Markdown is."""
    if not written.paragraphs:
        raise BadPart("the file", "it has no text", "Choose the file with the release's text.")
    try:
        for paragraph in written.paragraphs:
            if len(paragraph.text) > MAX_PARAGRAPH:
                raise BadPart(
                    f"line {paragraph.number}",
                    f"a paragraph has more than {MAX_PARAGRAPH:,} characters",
                    "Divide it into paragraphs.",
                )
        text = "\n".join(paragraph.text for paragraph in written.paragraphs)
        if len(text) > MAX_BYTES:
            raise BadPart("size", f"its text has more than {MAX_BYTES:,} characters", "Choose the release alone.")
        spoken, doubt = _language(language, FrontMatter(), text)
        anatomy = anatomy_of(spoken)
        assert anatomy is not None, spoken  # noqa: S101 - the language was just checked
        # An embargo is often printed above each page and nowhere else.
        margins = [line for line in dict.fromkeys(written.margins) if is_embargo(line, anatomy)]
        above = [Paragraph(number=1, runs=(Run(text=line),)) for line in margins]
        blocks: list[Block] = [*blocks_of_paragraphs([*above, *written.paragraphs])]
        intake = assemble(blocks, _about_photo(written, anatomy), spoken)
    except BadPart as bad:
        raise BadPart(bad.place.replace("line", counted), bad.reason, bad.remedy) from bad
    return replace(intake, counted=counted, doubts=tuple(sorted({*written.doubts, *doubt, *intake.doubts})))


def _about_photo(written: Written, anatomy: Anatomy) -> FrontMatter:
    """What the file itself calls a caption, and what it says that its picture shows."""
    found = [caption_and_credit(caption, anatomy) for caption in written.captions]
    captions = [
        caption or text
        for (caption, credit), text in zip(found, written.captions, strict=True)
        if caption or not credit
    ]
    values = {
        "caption": next(iter(captions), ""),
        "credit": next((credit for _, credit in found if credit), ""),
        "alt": next(iter(written.alts), ""),
    }
    further = tuple(
        Doubt(line=0, text=f"“{caption[:80]}” is the caption of another picture and was left out.")
        for caption in captions[1:]
    )
    return FrontMatter(values=values if written.captions else {}, doubts=further)


def _decoded(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise BadPart("size", f"it is larger than {MAX_BYTES // 1_000} kB", "Take pictures out of it.")
    encoding = next((name for bom, name in _BOMS if content.startswith(bom)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadPart(f"line {line}", "it is not UTF-8 text", _AS_UTF8) from error
    if (place := text.find("\x00")) >= 0:
        raise BadPart(f"line {text.count(chr(10), 0, place) + 1}", "it is not text but binary data", _AS_UTF8)
    return text


def _cleaned(text: str) -> tuple[str, list[Doubt]]:
    """The text with plain line breaks and without what cannot be seen, and where that was."""
    # A vertical tab is Word's line break inside a paragraph, U+2029 ends one.
    text = re.sub("\r\n?", "\n", text).replace("\u2029", "\n\n")
    text = re.sub("[\v\f\x85\u2028]", " ", text)
    doubts = []
    for number, line in enumerate(text.split("\n"), 1):
        if hidden := {c for c in UNSEEN.findall(line) if c != "\ufeff"}:
            names = ", ".join(sorted(unicodedata.name(c, f"U+{ord(c):04X}").capitalize() for c in hidden))
            doubts.append(Doubt(line=number, text=f"Characters that cannot be seen were taken out: {names}."))
    return UNSEEN.sub("", text), doubts


def _check_lengths(text: str) -> None:
    length = 0
    for number, line in enumerate(text.split("\n"), 1):
        length = length + len(line) if line.strip() else 0
        if length > MAX_PARAGRAPH:
            raise BadPart(
                f"line {number}",
                f"a paragraph has more than {MAX_PARAGRAPH:,} characters",
                "Set its paragraphs apart by empty lines.",
            )


def _check(front: FrontMatter) -> None:
    photo, slug = front["photo"], front["slug"]
    path = PurePosixPath(photo.replace("\\", "/"))
    if photo and (path.is_absolute() or ".." in path.parts or ":" in photo):
        raise BadPart(
            f"line {front.line('photo')}",
            f"the photo {photo[:80]} is not in the release's folder",
            "Put the picture beside the release and write its name alone.",
        )
    if (slug and not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", slug[:81], re.ASCII)) or len(slug) > 80:
        raise BadPart(
            f"line {front.line('slug')}",
            f"{slug[:80]} is not a slug",
            "Use small letters, digits and hyphens, at most 80: ferry-ports-2026",
        )


def _language(asked: str, front: FrontMatter, text: str) -> tuple[str, list[Doubt]]:
    """The language that was asked for, or that the front matter names, or that the text is unmistakably in."""
    said = front["language"]
    if asked and said and asked != said:
        raise BadPart(
            f"line {front.line('language')}",
            f"it says that it is in {said}, and {asked} was asked for",
            "Correct the one that is wrong.",
        )
    seems = _detected(text)
    chosen = asked or said or seems
    place = f"line {front.line('language')}" if said else "language"
    if not chosen:
        raise BadPart(place, "it is not clear in which language it is", f"Say it with --language: {_LANGUAGES}.")
    if anatomy_of(chosen) is None or not re.fullmatch(r"[a-z]{2}(-[A-Z]{2}|-\d{3})?", chosen, re.ASCII):
        raise BadPart(
            place, f"Dateline cannot read a release in {chosen[:20]}", f"It reads these languages: {_LANGUAGES}."
        )
    if seems and seems != chosen.partition("-")[0]:
        return chosen, [Doubt(line=0, text=f"The text reads as if it were in {seems}, not in {chosen}. Check it.")]
    return chosen, []


def _detected(text: str) -> str:
    """The language of a text by its script or its common words; empty unless it is beyond doubt."""
    letters = [c for c in text if c.isalpha()]
    arabic = [c for c in letters if "\u0600" <= c <= "\u06ff"]
    if len(arabic) * 2 > len(letters):
        foreign = sum(c in _NOT_ARABIC for c in arabic)
        return "ar" if foreign * 100 < len(arabic) else ""
    words = re.findall(r"[^\W\d_]+", fold(text))
    counts = {code: sum(word in anatomy.common for word in words) for code, anatomy in ANATOMIES.items()}
    best, second = sorted(counts, key=lambda code: counts[code], reverse=True)[:2]
    # One word in sixteen: running text has more than twice that of its own language's words.
    clear = counts[best] >= 5 and counts[best] * 16 >= len(words) and counts[best] >= 4 * counts[second]
    return best if clear else ""
