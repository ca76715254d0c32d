"""A web page (.html), or a text saved as one by Word or Google Docs: its paragraphs as a reader sees them."""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise

from mailer.contacts.spelling import fold
from mailer.releases.intake.parts import UNSEEN, BadPart
from mailer.releases.intake.written import BREAK, Paragraph, Run, Written, row_of, web_address

MAX_PAGE = 2_000_000
"""Bytes; a page saved by Word has some 100 kB of markup round a release."""
_DEEPEST = 500
_MOST_TAGS = 50_000

_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset"),
        *(
            "figcaption",
            "figure",
            "footer",
            "form",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "hr",
            "html",
            "li",
        ),
        *("main", "ol", "p", "pre", "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    )
)
_VOID = frozenset(
    (
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track"),
        "wbr",
    )
)
_UNREAD = frozenset(
    (
        *(
            "applet",
            "audio",
            "button",
            "canvas",
            "datalist",
            "head",
            "iframe",
            "math",
            "nav",
            "noscript",
            "object",
        ),
        *("script", "select", "style", "svg", "template", "textarea", "title", "video"),
    )
)
_HIDDEN = re.compile(r"display:none|visibility:hidden|mso-hide:all")
_MARK = re.compile(r"(?P<number>\(?[\divxa-z]{1,4}[.)])|[^\w\s]|o(?=\s)", re.IGNORECASE)


def read_page(content: bytes) -> Written:
    """What a page holds. Nothing that it names is fetched or run. Raises ``BadPart``."""
    if len(content) > MAX_PAGE:
        raise BadPart("size", f"it is larger than {MAX_PAGE // 1_000_000} MB", "Take pictures out of it.")
    text = _decoded(content)
    reader = _Reader()
    reader.feed(_without_comments(text))
    reader.close()
    return reader.finished()


@dataclass(frozen=True, slots=True)
class _Form:
    """How text looks inside an element."""

    tag: str = ""
    bold: bool = False
    italic: bool = False
    href: str = ""
    unread: bool = False
    struck: bool = False
    level: int = 0
    bullet: str = ""
    depth: int = 0
    caption: bool = False
    mso_list: bool = False


@dataclass(slots=True)
class _Open:
    """The paragraph that is being read."""

    number: int
    form: _Form
    runs: list[Run] = field(default_factory=list)
    mark: str = ""
    """Word writes the bullet of an item as text."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._classes: dict[str, str] = {}
        self._forms: list[_Form] = [_Form()]
        self._open: _Open | None = None
        self._unsupported = False
        self._tags = 0
        self._written = Written()
        self._noted: dict[str, int] = {}
        self._rows: list[list[int]] = []
        """Of each table that is open, where the cells of its row begin among the paragraphs."""

    def finished(self) -> Written:
        """What was read."""
        self._end_paragraph()
        for what, number in self._noted.items():
            self._written.doubt(number, _MET[what])
        return self._written

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._tags += 1
        if self._tags > _MOST_TAGS:
            raise BadPart(
                f"line {self.getpos()[0]}", "it has more markup than any text", "Copy its text into a new one."
            )
        if tag in _BLOCKS:
            self._start_block(tag)
            self._close_before(tag)
        form = self._formed(tag, given)
        if form.unread:
            if tag not in _VOID:
                self._push(form)
            return
        match tag:
            case "br":
                self._add(replace(BREAK, href=""))
            case "img":
                self._picture(given)
            case "ins" | "del":
                self._note("changes")
        if tag not in _VOID:
            self._push(form)

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._end_block(tag)
        place = next((n for n in range(len(self._forms) - 1, 0, -1) if self._forms[n].tag == tag), 0)
        if place:
            del self._forms[place:]

    def handle_data(self, data: str) -> None:
        form = self._forms[-1]
        if form.tag == "style":
            # Google Docs has its bold in the page's style sheet.
            self._classes.update(re.findall(r"(?<![\w-])\.([\w-]{1,60})\s*\{([^{}]{0,2000})\}", data))
        if form.unread:
            return
        if form.struck:
            if data.strip():
                self._note("strike")
            return
        if UNSEEN.search(data):
            self._note("unseen")
        text = re.sub(r"[ \t\n\r\f\v\x85\u2028\u2029]+", " ", UNSEEN.sub("", data).replace("\xad", ""))
        if form.mso_list or self._unsupported:
            if self._open is None:
                self._open = _Open(self.getpos()[0], form)
            self._open.mark += text
            return
        self._add(Run(text=text, bold=form.bold and not form.level, italic=form.italic, href=form.href))

    def parse_html_declaration(self, i: int) -> int:
        """Where a declaration that begins at a place ends. The library's own way fails on what no browser minds."""
        end = self.rawdata.find(">", i)
        if end >= 0:
            self.unknown_decl(self.rawdata[i + 2 : end].strip("[] "))
        return end + 1 if end >= 0 else -1

    def unknown_decl(self, data: str) -> None:
        # Word's conditional sections: what is for programs without lists is the bullet.
        if data.strip().startswith("if"):
            self._unsupported = "!supportLists" in data or "!vml" in data
        elif data.strip().startswith("endif"):
            self._unsupported = False

    def _close_before(self, tag: str) -> None:
        """What a block ends without saying so: a paragraph, the item before it, a head. HTML, 13.1.2.4."""
        if tag == "body":
            del self._forms[1:]
            return
        until = {"li": ("ul", "ol"), "td": ("tr", "table"), "th": ("tr", "table"), "tr": ("table",)}.get(tag, ())
        ended = {"li": ("li",), "td": ("td", "th"), "th": ("td", "th"), "tr": ("tr",)}.get(tag, ())
        for place in range(len(self._forms) - 1, 0, -1):
            found = self._forms[place].tag
            if found == "p" or found in ended:
                del self._forms[place:]
            elif found in _BLOCKS and (found in until or not ended):
                return

    def _push(self, form: _Form) -> None:
        if len(self._forms) > _DEEPEST:
            raise BadPart(
                f"line {self.getpos()[0]}", "the page is nested too deeply", "Copy its text into a new one."
            )
        self._forms.append(form)

    def _formed(self, tag: str, given: Mapping[str, str]) -> _Form:
        form = replace(self._forms[-1], tag=tag)
        names = given.get("class", "").split()
        style = ";".join((*(self._classes.get(name, "") for name in names), given.get("style", ""))).casefold()
        style = re.sub(r"\s", "", style)
        hidden = "hidden" in given or given.get("aria-hidden") == "true" or _HIDDEN.search(style) is not None
        if hidden and tag not in _UNREAD and not form.unread:
            self._note("hidden")
        form = replace(
            form,
            bold=form.bold or tag in ("b", "strong", "th"),
            italic=form.italic or tag in ("i", "em"),
            unread=form.unread or hidden or tag in _UNREAD or tag == "del",
            struck=form.struck or tag in ("s", "strike") or "text-decoration:line-through" in style,
            mso_list=form.mso_list or "mso-list:ignore" in style,
        )
        if weight := re.search(r"font-weight:(\w+)", style):
            # Google Docs wraps a whole text into a <b> that is not bold.
            form = replace(
                form, bold=weight[1] in ("bold", "bolder") or (weight[1].isdecimal() and int(weight[1]) > 500)
            )
        if slant := re.search(r"font-style:(\w+)", style):
            form = replace(form, italic=slant[1] in ("italic", "oblique"))
        if tag == "a":
            form = replace(form, href=web_address(given.get("href", "")))
        if re.fullmatch("h[1-6]", tag) and form.level == 0:
            form = replace(form, level=int(tag[1]))
        if any(fold(name) in ("msotitle", "title") for name in names) and tag == "p":
            form = replace(form, level=1)
        if tag == "figcaption" or "MsoCaption" in names:
            form = replace(form, caption=True)
        if tag in ("ul", "ol"):
            form = replace(form, bullet="-" if tag == "ul" else "1.", depth=form.depth + bool(form.bullet))
        if "mso-list:l" in style and (level := re.search(r"level(\d)", style)):
            form = replace(form, bullet="-", depth=int(level[1]) - 1)
        return form

    def _start_block(self, tag: str) -> None:
        self._end_paragraph()
        if tag == "table":
            self._rows.append([])
        elif tag == "tr":
            self._end_row()
        elif tag in ("td", "th") and self._rows:
            self._rows[-1].append(len(self._written.paragraphs))

    def _end_block(self, tag: str) -> None:
        self._end_paragraph()
        if tag in ("tr", "table"):
            self._end_row()
        if tag == "table" and self._rows:
            self._rows.pop()

    def _end_row(self) -> None:
        """A row of a table in which each cell holds one paragraph becomes one; other tables are for the layout."""
        if not self._rows or not self._rows[-1]:
            return
        bounds = [*self._rows[-1], len(self._written.paragraphs)]
        self._rows[-1] = []
        taken = self._written.paragraphs[bounds[0] :]
        filled = sum(end > start for start, end in pairwise(bounds))
        if filled > 1:
            self._note("table")
        if len(taken) == filled > 1:
            self._written.paragraphs[bounds[0] :] = [row_of(taken)]

    def _add(self, run: Run) -> None:
        if self._open is None:
            if not run.text.strip():
                return
            self._open = _Open(self.getpos()[0], self._forms[-1])
        self._open.runs.append(run)

    def _end_paragraph(self) -> None:
        opened, self._open = self._open, None
        if opened is None:
            return
        form = opened.form
        bullet = form.bullet
        if bullet and opened.mark:
            match = _MARK.search(opened.mark)
            bullet = "1." if match and match["number"] else "-"
        paragraph = Paragraph(
            number=opened.number, runs=tuple(opened.runs), level=form.level, bullet=bullet, depth=form.depth
        )
        if not paragraph.text:
            return
        if form.caption:
            self._written.captions.append(paragraph.text)
        else:
            self._written.add(paragraph)

    def _picture(self, given: Mapping[str, str]) -> None:
        if given.get("width") == "1" or given.get("height") == "1":
            return  # It counts readers.
        self._note("picture")
        if alt := " ".join(UNSEEN.sub("", given.get("alt", "")).split()):
            self._written.alts.append(alt)

    def _note(self, what: str) -> None:
        self._noted.setdefault(what, self.getpos()[0])


_MET = {
    "changes": "Changes were tracked in this file: what was struck out was left out, what was put in was taken.",
    "hidden": "There is hidden text here, which was left out.",
    "strike": "There is text with a line through it, which was left out.",
    "table": "There is a table here. Each row was taken as a paragraph; look at it.",
    "picture": "There is a picture on the page, which is not taken from there: save it beside the release and name it "
    "with --photo.",
    "unseen": "Characters that cannot be seen were taken out.",
}


def _decoded(content: bytes) -> str:
    declared = re.search(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{1,40})", content[:4096], re.IGNORECASE)
    boms = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
    said = declared[1].decode("ascii") if declared else "utf-8"
    name = next((name for bom, name in boms if content.startswith(bom)), said)
    try:
        name = codecs.lookup(name).name
        # A page that says so in ASCII is not in UTF-16; some programs write that all the same. HTML, 13.2.3.2.
        if declared and name.startswith("utf-16") and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
            name = "utf-8"
        text = content.decode("cp1252" if name == "iso8859-1" else name)
    except (LookupError, UnicodeDecodeError) as error:
        reason = "it is not in the letters that it says it is in"
        raise BadPart("the page", reason, "Save it as a web page in UTF-8.") from error
    if "\x00" in text:
        raise BadPart("the page", "it is not text but binary data", "Save it as a web page in UTF-8.")
    return text


def _without_comments(text: str) -> str:
    """The page without its comments, each line where it was; one that does not end takes the rest with it."""
    head, *pieces = text.split("<!--")
    kept = [head]
    for piece in pieces:
        comment, end, rest = piece.partition("-->")
        kept.append("\n" * comment.count("\n") + (rest if end else ""))
    whole, end, rest = "".join(kept).rpartition(">")
    # What never ends is no markup; looking for its end from each of its beginnings would take for ever.
    return f"{whole}{end}{rest.replace('<', '&lt;')}"
