"""A web page (.html), or a text saved as one by Word or Google Docs: its paragraphs as a reader sees them."""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise

from mailer.contacts.spelling import fold
from mailer.releases.intake.parts import UNSEEN, BadPart
from mailer.releases.intake.signs import lowered, raised
from mailer.releases.intake.stylesheet import classes
from mailer.releases.intake.written import BREAK, Paragraph, Run, Written, row_of, web_address

MAX_PAGE = 2_000_000
"""Bytes; a page saved by Word has some 100 kB of markup round a release."""
_DEEPEST = 500
_MOST_TAGS = 50_000

_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog"),
        *("dir", "div", "dl", "dt", "fieldset", "hgroup", "legend", "menu", "search", "summary", "caption"),
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
_IN_HEAD = frozenset(("base", "link", "meta", "noscript", "script", "style", "template", "title"))
_MOST_CLASSES = 50
"""Of one element."""
_HIDDEN = re.compile(r"display:none|visibility:hidden|mso-hide:all")
_LINE_THROUGH = re.compile(r"text-decoration(?:-line)?:[^;]*line-through")
_SPACE = re.compile(r"white-space:([\w-]+)")
_TELLING = frozenset(("applet", "button", "canvas", "math", "object", "svg", "textarea"))
"""What is left out and may hold words that a reader sees."""
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
    count: int = 0
    """The number of an item, where it is known."""
    caption: bool = False
    mso_list: bool = False
    shift: str = ""
    """``sup`` or ``sub``."""
    telling: bool = False
    """Whether words in what is unread are to be told."""
    kept: bool = False
    """Whether a line that ends in the file ends for a reader as well."""


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
        self._counts: list[int] = []
        """Of each list that is open, the number of its next item; 0 for one that is not numbered."""
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
        if self._forms[-1].tag == "head" and tag not in _IN_HEAD:
            # It needs no end, HTML, 13.1.2.4.
            self._forms.pop()
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
                self._break()
            case "q":
                self._add(Run(text=self._quotation(0)))
            case "img":
                self._picture(given)
            case "ins" | "del":
                self._note("changes")
        if tag not in _VOID:
            self._push(form)

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._end_block(tag)
        if tag in ("ul", "ol") and self._counts:
            self._counts.pop()
        if tag == "q" and self._forms[-1].tag == "q" and not self._forms[-1].unread:
            self._add(Run(text=self._quotation(1)))
        place = next((n for n in range(len(self._forms) - 1, 0, -1) if self._forms[n].tag == tag), 0)
        if place:
            del self._forms[place:]

    def handle_data(self, data: str) -> None:
        form = self._forms[-1]
        if form.tag == "style":
            # Google Docs has its bold in the page's style sheet.
            self._classes.update(classes(data))
        if form.unread:
            if form.telling and data.strip():
                self._note("unread")
            return
        if form.struck:
            if data.strip():
                self._note("strike")
            return
        if UNSEEN.search(data):
            self._note("unseen")
        if form.kept and "\n" in data:
            for number, line in enumerate(data.split("\n")):
                if number:
                    self._break()
                self.handle_data(line)
            return
        text = re.sub(r"[ \t\n\r\f\v\x85\u2028\u2029]+", " ", UNSEEN.sub("", data).replace("\xad", ""))
        if form.mso_list or self._unsupported:
            if self._open is None:
                self._open = _Open(self.getpos()[0], form)
            self._open.mark += text
            return
        text = {"sup": raised, "sub": lowered}.get(form.shift, str)(text)
        self._add(Run(text=text, bold=form.bold and not form.level, italic=form.italic, href=form.href))

    def _break(self) -> None:
        """A line ends; two in a row end the paragraph."""
        runs = self._open.runs if self._open else []
        place = next((n for n in range(len(runs) - 1, -1, -1) if runs[n].text.strip() or runs[n] == BREAK), -1)
        form = self._forms[-1]
        if place >= 0 and runs[place] == BREAK and not (form.bullet or form.level or form.caption):
            self._end_paragraph()
        else:
            self._add(BREAK)

    def _quotation(self, end: int) -> str:
        """The mark that a browser sets round a <q>; another one inside of another."""
        deep = sum(other.tag == "q" for other in self._forms) - end
        return ("“”", "‘’")[deep % 2][end]

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

    def _count(self, given: Mapping[str, str]) -> int:
        """The number of the item that begins."""
        number = _number(given.get("value", "")) or (self._counts[-1] if self._counts else 0)
        if self._counts and number:
            self._counts[-1] = number + 1
        return number

    def _push(self, form: _Form) -> None:
        if len(self._forms) > _DEEPEST:
            raise BadPart(
                f"line {self.getpos()[0]}", "the page is nested too deeply", "Copy its text into a new one."
            )
        self._forms.append(form)

    def _formed(self, tag: str, given: Mapping[str, str]) -> _Form:
        form = replace(self._forms[-1], tag=tag)
        names = list(dict.fromkeys(given.get("class", "").split()))[:_MOST_CLASSES]
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
            struck=form.struck or tag in ("s", "strike") or _LINE_THROUGH.search(style) is not None,
            shift=tag if tag in ("sup", "sub") else form.shift,
            kept=form.kept or tag == "pre",
            telling=not hidden and (form.telling or (tag in _TELLING and not form.unread)),
            mso_list=form.mso_list or "mso-list:ignore" in style,
        )
        if weight := re.search(r"font-weight:(\w+)", style):
            # Google Docs wraps a whole text into a <b> that is not bold.
            form = replace(
                form, bold=weight[1] in ("bold", "bolder") or (weight[1].isdecimal() and int(weight[1]) > 500)
            )
        if space := _SPACE.search(style):
            form = replace(form, kept=space[1].startswith(("pre", "break-spaces")))
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
        if tag == "li" and form.bullet == "1.":
            form = replace(form, count=self._count(given))
        elif tag in _BLOCKS and tag not in ("p", "div"):
            form = replace(form, count=0)
        if tag in ("ul", "ol"):
            start = _number(given.get("start", "")) or 1
            self._counts.append(start if tag == "ol" else 0)
            if (tag == "ol" and given.get("type", "1") != "1") or "reversed" in given:
                self._note("lettered")
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
        bullet, count = form.bullet, form.count
        if bullet and opened.mark:
            match = _MARK.search(opened.mark)
            number = match["number"] if match else None
            bullet = "1." if number else "-"
            count = _number(number.strip("().")) if number else 0
            if number and not count:
                self._note("lettered")
        paragraph = Paragraph(
            number=opened.number,
            runs=tuple(opened.runs),
            level=form.level,
            bullet=bullet,
            depth=form.depth,
            count=count,
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


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,6}", text.strip(), re.ASCII) else 0


_MET = {
    "changes": "Changes were tracked in this file: what was struck out was left out, what was put in was taken.",
    "hidden": "There is hidden text here, which was left out.",
    "unread": "There is a formula, a drawing, a button or something else with words here, which was left out.",
    "lettered": "The items of a list have letters here, or count in another way, and are numbered 1, 2, 3 in the "
    "release. Look whether the text refers to them.",
    "strike": "There is text with a line through it, which was left out.",
    "table": "There is a table here. Each row was taken as a paragraph; look at it.",
    "picture": "There is a picture on the page, which is not taken from there: save it beside the release and name it "
    "with --photo.",
    "unseen": "Characters that cannot be seen were taken out.",
}


_NO_ENCODINGS = frozenset(
    (
        "idna",
        "punycode",
        "unicode-escape",
        "unicode_escape",
        "raw-unicode-escape",
        "raw_unicode_escape",
        "utf-7",
        "undefined",
    )
)
"""What Python calls an encoding and no browser does."""


def _decoded(content: bytes) -> str:
    declared = re.search(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{1,40})", content[:4096], re.IGNORECASE)
    boms = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
    said = declared[1].decode("ascii") if declared else "utf-8"
    name = next((name for bom, name in boms if content.startswith(bom)), said)
    try:
        name = codecs.lookup(name).name
        if name in _NO_ENCODINGS:
            raise LookupError(name)
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


_OPENS = re.compile(r"<!--|<(script|style|textarea|title|iframe|xmp|noembed|noframes)(?=[\s/>])", re.IGNORECASE)
_COMMENT_ENDS = re.compile("--!?>")


def _without_comments(text: str) -> str:
    """The page without its comments, each line where it was; one that does not end takes the rest with it."""
    kept: list[str] = []
    at = 0
    while match := _OPENS.search(text, at):
        if match[1]:
            # In a script it is no comment, HTML, 13.2.5.4; nor is what looks like one the end of it.
            end = re.compile(f"</{match[1]}", re.IGNORECASE).search(text, match.end())
            stop = end.start() if end else len(text)
            kept.append(text[at:stop])
            at = stop
            continue
        kept.append(text[at : match.start()])
        short = re.compile("-?>").match(text, match.end())
        end = short or _COMMENT_ENDS.search(text, match.end())
        stop = end.end() if end else len(text)
        kept.append("\n" * text.count("\n", match.start(), stop))
        at = stop
    kept.append(text[at:])
    # A mark that begins no markup is one of the text; a row of them would be looked at again from each.
    page = re.sub("<(?![A-Za-z/!?])", "&lt;", "".join(kept))
    whole, end_mark, rest = page.rpartition(">")
    # What never ends is no markup; looking for its end from each of its beginnings would take for ever.
    return f"{whole}{end_mark}{rest.replace('<', '&lt;')}"
