"""A Word file (.docx): its paragraphs as its last reader is meant to see them, and what was not taken of it.

Read straight from WordprocessingML (ISO/IEC 29500-1, section 17): what was struck out, hidden or put in a box must
be known as such, and the libraries for it lose one or the other.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from mailer.releases.intake.formulas import MATH, formula
from mailer.releases.intake.package import RELATIONSHIP, Package, W
from mailer.releases.intake.parts import UNSEEN, BadPart
from mailer.releases.intake.signs import from_font, is_private, lowered, raised
from mailer.releases.intake.word_styles import Styles, is_on, numbering_of
from mailer.releases.intake.written import BREAK, Paragraph, Run, Written, row_of, web_address

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_V = "{urn:schemas-microsoft-com:vml}"
_EMOJI = "{http://schemas.microsoft.com/office/word/2015/wordml/symex}symEx"

_INSIDE = frozenset(
    f"{W}{name}"
    for name in ("ins", "moveTo", "smartTag", "customXml", "sdt", "sdtContent", "bdo", "dir", "hyperlink")
) | {f"{W}fldSimple", f"{_MC}AlternateContent"}
"""What holds runs and is seen through."""
_STRUCK = frozenset(f"{W}{name}" for name in ("del", "moveFrom"))
_MOST_FIELDS = 50
"""Fields in a field; a person makes three."""
_INSTRUCTION = 4_000
"""Characters of a field's instruction; an address has fewer."""
_MOST_TOLD = 20
"""Places of one kind."""
_FIELD_LINK = re.compile(r'\s*HYPERLINK\s+"([^"]+)"', re.IGNORECASE)


def read_word(content: bytes) -> Written:
    """What a Word file holds. Nothing that it refers to is fetched or run. Raises ``BadPart``."""
    return _Reader(Package(content)).read()


@dataclass(slots=True)
class _Field:
    """A field that is open: its instruction is not text, its result is."""

    number: int
    """Of the paragraph where it begins."""
    instruction: str = ""
    result: bool = False

    @property
    def href(self) -> str:
        match = _FIELD_LINK.match(self.instruction)
        return web_address(match[1]) if match else ""


@dataclass(slots=True)
class _Reader:
    package: Package
    written: Written = field(default_factory=Written)
    number: int = 0
    """Of the paragraph that is being read, as a reader counts them."""
    fields: list[_Field] = field(default_factory=list)
    boxes: list[Element] = field(default_factory=list)
    """Text boxes that are anchored in the paragraph."""
    carried: list[Run] = field(default_factory=list)
    """Of a paragraph whose mark was struck out: it runs on in the next one."""
    hidden: bool = False
    """Whether the paragraph's style hides it."""
    noted: dict[str, list[int]] = field(default_factory=dict)
    """What was met, with the paragraphs where it was."""
    styles: Styles = field(init=False)
    targets: dict[str, tuple[str, str]] = field(init=False)
    footnotes: dict[tuple[str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.styles = Styles(self.package)
        self.targets = self.package.targets(self.package.main)

    def read(self) -> Written:
        root = self.package.xml(self.package.main)
        body = root.find(f"{W}body") if root is not None else None
        for kind in ("footnote", "endnote"):
            notes = self.package.xml(self.package.beside_main(f"{kind}s.xml"))
            for note in notes if notes is not None else ():
                self.footnotes[kind, note.get(f"{W}id", "")] = _all_text(note)
        if body is not None:
            self._blocks(body)
        self._flush()
        for unended in self.fields:
            if not unended.result:
                # All that stands behind it would be taken for its instruction, and be lost.
                raise BadPart(f"paragraph {unended.number}", "a field begins here that does not end", _SAVE_AGAIN)
        self._margins()
        self._say_what_was_met()
        return self.written

    def _blocks(self, parent: Element) -> None:
        for element in parent:
            if element.tag == f"{W}p":
                self._paragraph(element)
            elif element.tag == f"{W}tbl":
                self._table(element)
            elif element.tag == f"{W}altChunk":
                self._note("chunk")
            elif element.tag in _STRUCK:
                self._note("changes")
            elif element.tag in _INSIDE:
                self._blocks(_chosen(element))

    def _paragraph(self, element: Element) -> None:
        properties = element.find(f"{W}pPr")
        style_id = properties.find(f"{W}pStyle") if properties is not None else None
        style = self.styles.named(style_id.get(f"{W}val", "") if style_id is not None else "")
        mark = properties.find(f"{W}rPr") if properties is not None else None
        self.number += 1
        self.hidden = style.hidden
        runs = list(self._runs(element, bold=style.bold and not style.level, italic=style.italic, href=""))
        struck = mark is not None and any(mark.find(tag) is not None for tag in _STRUCK)
        if struck:
            self._note("changes")
            self.carried += runs
            return
        runs, self.carried = [*self.carried, *runs], []
        paragraph = Paragraph(number=self.number, runs=tuple(runs), level=style.level)
        if not paragraph.text:
            self.number -= 1
        elif style.contents:
            self._note("contents")
        elif style.caption:
            self.written.captions.append(paragraph.text)
        else:
            list_number, depth = numbering_of(properties) or style.numbering or ("", 0)
            bullet, count = self.styles.numbering.mark(list_number, depth)
            if bullet and not style.level and self.styles.numbering.is_lettered(list_number, depth):
                self._note("lettered")
            self.written.add(
                Paragraph(
                    number=self.number,
                    runs=tuple(runs),
                    level=style.level,
                    bullet="" if style.level else bullet,
                    depth=depth,
                    count=count,
                )
            )
        boxes, self.boxes = self.boxes, []
        for box in boxes:
            self._note("box")
            self._blocks(box)

    def _flush(self) -> None:
        if self.carried:
            self.written.add(Paragraph(number=self.number, runs=tuple(self.carried)))

    def _table(self, table: Element) -> None:
        """Row by row: a table of one column is a layout and its cells are paragraphs."""
        for row in _children(table, f"{W}tr"):
            properties = row.find(f"{W}trPr")
            if properties is not None and any(properties.find(tag) is not None for tag in _STRUCK):
                self._note("changes")
                continue
            start = len(self.written.paragraphs)
            filled = 0
            for cell in _children(row, f"{W}tc"):
                before = len(self.written.paragraphs)
                self._blocks(cell)
                filled += len(self.written.paragraphs) > before
            taken = self.written.paragraphs[start:]
            if filled > 1:
                self._note("table")
            if len(taken) == filled > 1:
                self.written.paragraphs[start:] = [row_of(taken)]

    def _runs(self, parent: Element, *, bold: bool, italic: bool, href: str) -> Iterator[Run]:
        for element in parent:
            tag = element.tag
            if tag == f"{W}r":
                yield from self._run(element, bold=bold, italic=italic, href=href)
            elif tag in (f"{MATH}oMath", f"{MATH}oMathPara"):
                self._note("formula")
                yield Run(text=self._clean(formula(element)), href=href)
            elif tag in _STRUCK:
                self._note("changes")
            elif tag == f"{W}hyperlink":
                target = self.targets.get(element.get(f"{RELATIONSHIP}id", ""), ("", ""))[1]
                yield from self._runs(element, bold=bold, italic=italic, href=web_address(target) or href)
            elif tag == f"{W}fldSimple":
                link = _Field(self.number, element.get(f"{W}instr", "")[:_INSTRUCTION]).href
                yield from self._runs(element, bold=bold, italic=italic, href=link or href)
            elif tag in _INSIDE:
                if tag == f"{W}ins":
                    self._note("changes")
                yield from self._runs(_chosen(element), bold=bold, italic=italic, href=href)
            elif tag == f"{W}commentRangeStart":
                self._note("comments")

    def _run(self, element: Element, *, bold: bool, italic: bool, href: str) -> Iterator[Run]:
        properties = element.find(f"{W}rPr")
        style_id = properties.find(f"{W}rStyle") if properties is not None else None
        style = self.styles.named(style_id.get(f"{W}val", "") if style_id is not None else "")
        # What is written from the right has its own bold, 17.3.2.2.
        right = is_on(properties, "rtl")
        own = is_on(properties, "bCs" if right else "b"), is_on(properties, "iCs" if right else "i")
        hidden = is_on(properties, "vanish")
        hidden = (style.hidden or self.hidden) if hidden is None else hidden
        strikes = is_on(properties, "strike"), is_on(properties, "dstrike")
        struck = any(strikes) or (style.struck and strikes[0] is None)
        lift = properties.find(f"{W}vertAlign") if properties is not None else None
        shift = _SHIFTS.get(lift.get(f"{W}val", "") if lift is not None else style.lift, str)
        boxes = len(self.boxes)
        for text in self._texts(element):
            if not text:
                continue
            if hidden:
                self._note("hidden")
            elif struck:
                self._note("strike")
            else:
                link = next((found.href for found in reversed(self.fields) if found.href), "")
                yield Run(
                    text=shift(text),
                    bold=own[0] if own[0] is not None else bold or style.bold,
                    italic=own[1] if own[1] is not None else italic or style.italic,
                    href=href or link,
                )
        if hidden and len(self.boxes) > boxes:
            self._note("hidden")
            del self.boxes[boxes:]

    def _texts(self, run: Iterable[Element]) -> Iterator[str]:
        for element in run:
            if element.tag == f"{_MC}AlternateContent":
                for inner in _chosen(element):
                    if inner.tag in (f"{W}drawing", f"{W}pict", f"{W}object"):
                        self._drawing(inner)
                    else:
                        yield from self._texts([inner])
                continue
            match element.tag.removeprefix(W):
                case "fldChar":
                    self._field(element.get(f"{W}fldCharType", ""))
                case "instrText" if self.fields:
                    opened = self.fields[-1]
                    opened.instruction = (opened.instruction + (element.text or ""))[:_INSTRUCTION]
                case _ if not all(found.result for found in self.fields):
                    continue
                case "t":
                    yield self._clean(self._lettered(element.text or "", run))
                case "tab" | "ptab":
                    yield " "
                case "br" | "cr":
                    yield BREAK.text
                case "noBreakHyphen":
                    yield "\u2011"
                case "sym":
                    yield self._symbol(element.get(f"{W}char", ""), element.get(f"{W}font", ""))
                case _ if element.tag == _EMOJI:
                    space = _EMOJI.removesuffix("symEx")
                    yield self._symbol(element.get(f"{space}char", ""), element.get(f"{space}font", ""))
                case "ruby":
                    for base in element.findall(f"{W}rubyBase/{W}r"):
                        yield from self._texts(base)
                case "footnoteReference" | "endnoteReference" as name:
                    self._footnote(name.removesuffix("Reference"), element.get(f"{W}id", ""))
                case "commentReference":
                    self._note("comments")
                case "drawing" | "pict" | "object":
                    self._drawing(element)
                case _:
                    continue

    def _symbol(self, code: str, font: str) -> str:
        number = int(code, 16) if re.fullmatch(r"[0-9A-Fa-f]{1,6}", code, re.ASCII) else 0
        found = from_font(number, font)
        if not found:
            self._note("symbol")
        return self._clean(found)

    def _lettered(self, text: str, run: Iterable[Element]) -> str:
        """Text with what means something in its font only written out."""
        if not any(map(is_private, text)):
            return text
        fonts = run.find(f"{W}rPr/{W}rFonts") if isinstance(run, Element) else None
        font = fonts.get(f"{W}ascii", "") if fonts is not None else ""
        return "".join(self._symbol(f"{ord(c):X}", font) if is_private(c) else c for c in text)

    def _field(self, kind: str) -> None:
        if kind == "begin":
            if len(self.fields) >= _MOST_FIELDS:
                raise BadPart(f"paragraph {self.number}", "it has too many fields in one another", _SAVE_AGAIN)
            self.fields.append(_Field(self.number))
        elif kind == "separate" and self.fields:
            self.fields[-1].result = True
        elif kind == "end" and self.fields:
            self.fields.pop()

    def _footnote(self, kind: str, identifier: str) -> None:
        if text := self.footnotes.get((kind, identifier), ""):
            self.written.doubt(
                self.number,
                f"The {kind} here was left out: “{text[:200]}”. If journalists need it, put it into the text.",
            )

    def _drawing(self, element: Element) -> None:
        boxes = list(_outermost(element, f"{W}txbxContent"))
        self.boxes += boxes
        if any(True for tag in (f"{_A}blip", f"{_V}imagedata") for _ in element.iter(tag)):
            self._note("picture")
            for described in element.iter(f"{_WP}docPr"):
                if alt := self._clean(described.get("descr", "")):
                    self.written.alts.append(alt)
        elif element.tag == f"{W}object" or (not boxes and element.tag == f"{W}drawing"):
            self._note("object")

    def _clean(self, text: str) -> str:
        if UNSEEN.search(text):
            self._note("unseen")
        # A soft hyphen is for the width of a page that is not ours.
        return re.sub("[\v\f\x85\u2028\u2029\n\r\t]", " ", UNSEEN.sub("", text)).replace("\xad", "")

    def _margins(self) -> None:
        """What stands above and below each page, also in a box or as a watermark. Each part is read once."""
        named = dict.fromkeys(target for kind, target in self.targets.values() if kind in ("header", "footer"))
        for target in named:
            root = self.package.xml(self.package.beside_main(target))
            for paragraph in _outermost(root, f"{W}p", inside=True) if root is not None else ():
                if text := self._clean(_all_text(paragraph)).strip():
                    self.written.margins.append(text)

    def _note(self, what: str) -> None:
        places = self.noted.setdefault(what, [])
        if not places or (what in _WHERE and places[-1] != self.number and len(places) < _MOST_TOLD):
            places.append(self.number)

    def _say_what_was_met(self) -> None:
        if any(name.rpartition("/")[2].casefold() == "vbaproject.bin" for name in self.package.names):
            self.written.doubt(0, "There are macros in the file. They were not read, and nothing of it was run.")
        for what, numbers in self.noted.items():
            for number in numbers:
                self.written.doubt(number if what in _WHERE else 0, _MET[what])


_SAVE_AGAIN = "Open it in Word, and save it as a new document (.docx)."
_SHIFTS: Mapping[str, Callable[[str], str]] = {"superscript": raised, "subscript": lowered}
_MET = {
    "changes": "Changes were tracked in this file: what was struck out was left out, what was put in was taken. "
    "Look whether all were agreed.",
    "comments": "There are comments in the file, which were left out. Look whether something is still open.",
    "hidden": "There is hidden text here, which was left out.",
    "strike": "There is text with a line through it, which was left out.",
    "table": "There is a table here. Each row was taken as a paragraph; look at it.",
    "box": "There is a text box here, whose text was put below this paragraph. Move it if it belongs elsewhere.",
    "picture": "There is a picture in the file, which is not taken from there: save it beside the release and name it "
    "with --photo.",
    "object": "There is an embedded object or a drawing here, which was left out.",
    "chunk": "Another document is embedded in this one, which was left out. Copy its text into this one.",
    "contents": "A table of contents was left out.",
    "symbol": "There is a character from a font of symbols here, which was left out. Write it out.",
    "lettered": "The items of a list have letters or signs of their own here, and are numbered 1, 2, 3 in the "
    "release. Look whether the text refers to them.",
    "formula": "There is a formula here, which was taken as one line of text; look at it.",
    "unseen": "Characters that cannot be seen were taken out.",
}
_WHERE = frozenset(("hidden", "strike", "table", "box", "object", "symbol", "formula", "lettered"))


def _chosen(element: Element) -> Element:
    """One way of what is given in several, part 3, 10.2: never both, or a box's text would come twice. Of a form's
    field nothing while it asks to be filled in."""
    if is_on(element.find(f"{W}sdtPr"), "showingPlcHdr"):
        return Element("nothing")
    if element.tag != f"{_MC}AlternateContent":
        return element
    choice = element.find(f"{_MC}Choice")
    fallback = element.find(f"{_MC}Fallback")
    return next((found for found in (choice, fallback) if found is not None), element)


def _children(parent: Element, tag: str) -> Iterator[Element]:
    """The children of a kind, also those in what is seen through."""
    for element in parent:
        if element.tag == tag:
            yield element
        elif element.tag in _INSIDE:
            yield from _children(_chosen(element), tag)


def _outermost(element: Element, tag: str, *, inside: bool = False) -> Iterator[Element]:
    """The descendants of a kind, of what is given in several ways in one; those ``inside`` of others too."""
    for child in _chosen(element):
        if child.tag == tag:
            yield child
        if child.tag != tag or inside:
            yield from _outermost(child, tag, inside=inside)


def _all_text(element: Element) -> str:
    """A note's or a margin's text on one line, without the boxes in it, which are paragraphs of their own."""
    return " ".join("".join(_pieces(element)).split())


def _pieces(element: Element) -> Iterator[str]:
    for child in _chosen(element):
        match child.tag.removeprefix(W):
            case "t":
                yield child.text or ""
            case "tab" | "br" | "cr":
                yield " "
            case "noBreakHyphen":
                yield "\u2011"
            case "p":
                yield " "
                yield from _pieces(child)
            case "del" | "moveFrom" | "txbxContent":
                continue
            case _ if child.tag == f"{_V}textpath":
                yield child.get("string", "")
            case _:
                yield from _pieces(child)
