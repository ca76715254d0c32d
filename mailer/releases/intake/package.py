"""Opens a Word file for what it is, a zip of XML from anybody: reads few parts, within bounds, and fetches nothing."""

import zlib
from io import BytesIO
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from mailer.releases.intake.parts import BadPart

MAX_WORD = 30_000_000
"""Bytes of the file; pictures are in it."""
_MAX_PART = 20_000_000
"""Bytes of one part when it is unpacked; a long release has some 200 kB."""
_MAX_PARTS = 5_000
_MAX_DEPTH = 150
_MAX_ELEMENTS = 400_000

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SAVE_AGAIN = "Open it in Word and save it as a Word document (.docx)."
_LOCKED = "Open it with its password, and save it without one (File, Info, Protect Document)."

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
"""What the names of a document's text begin with."""
RELATIONSHIP = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_PACKAGE = "{http://schemas.openxmlformats.org/package/2006/relationships}"


def is_word(content: bytes) -> bool:
    """Whether a file is one of Word's by what it begins with, of whatever age."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06", _OLE))


class Package:
    """The parts of a Word file."""

    def __init__(self, content: bytes) -> None:
        """Open it. Raises ``BadPart`` for what is no Word document, or locked."""
        if content.startswith(_OLE):
            if "EncryptedPackage".encode("utf-16-le") in content:
                raise BadPart("the file", "it is locked with a password", _LOCKED)
            raise BadPart("the file", "it is a document of an old Word (.doc)", _SAVE_AGAIN)
        try:
            self._zip = ZipFile(BytesIO(content))
        except (BadZipFile, ValueError, NotImplementedError) as error:
            raise BadPart("the file", "it is damaged", _SAVE_AGAIN) from error
        if len(self._zip.namelist()) != len(set(self._zip.namelist())):
            # Which of the two a program shows is its own affair: what was read might not be what was seen.
            raise BadPart("the file", "it has two parts of one name", _SAVE_AGAIN)
        if len(self._zip.infolist()) > _MAX_PARTS:
            raise BadPart("the file", f"it has more than {_MAX_PARTS:,} parts", _SAVE_AGAIN)
        self.names = frozenset(self._zip.namelist())
        self.main = self._main()

    def xml(self, name: str) -> Element | None:
        """A part as its tree; ``None`` where it isn't there. Raises ``BadPart``."""
        if name not in self.names:
            return None
        try:
            info = self._zip.getinfo(name)
            if info.flag_bits & 1:
                raise BadPart("the file", "it is locked with a password", _LOCKED)
            with self._zip.open(info) as part:
                # What the zip says of its sizes is not to be trusted.
                content = part.read(_MAX_PART + 1)
        except (BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise BadPart("the file", "it is damaged", _SAVE_AGAIN) from error
        if len(content) > _MAX_PART:
            raise BadPart("the file", f"its text is larger than {_MAX_PART // 1_000_000} MB", _SAVE_AGAIN)
        return _tree(content)

    def targets(self, name: str) -> dict[str, tuple[str, str]]:
        """What a part refers to: by its id the kind's last word and the target; nothing of it is opened or fetched."""
        folder, _, base = name.rpartition("/")
        root = self.xml(f"{folder}/_rels/{base}.rels" if folder else f"_rels/{base}.rels")
        return {
            entry.get("Id", ""): (entry.get("Type", "").rpartition("/")[2], entry.get("Target", ""))
            for entry in (root if root is not None else ())
            if entry.tag == f"{_PACKAGE}Relationship"
        }

    def beside_main(self, target: str) -> str:
        """The name of a part that the document names relative to itself."""
        return target.lstrip("/") if target.startswith("/") else f"{self.main.rpartition('/')[0]}/{target}"

    def _main(self) -> str:
        named = [target.lstrip("/") for kind, target in self.targets("").values() if kind == "officeDocument"]
        main = next((name for name in (*named, "word/document.xml") if name in self.names), "")
        if not main or not main.startswith("word/"):
            raise BadPart("the file", "it is not a Word document", _SAVE_AGAIN)
        return main


def _tree(content: bytes) -> Element:
    """Parse XML without any declaration of a document type: no entities, no other files."""
    parser = expat.ParserCreate(namespace_separator="}")
    builder = TreeBuilder()
    depth = count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > _MAX_DEPTH or count > _MAX_ELEMENTS:
            raise BadPart("the file", "it is built in a way that no Word document is", _SAVE_AGAIN)
        builder.start(_name(name), {_name(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_name(name))

    def refuse(*_: object) -> None:
        raise BadPart("the file", "it declares entities, which no Word document does", _SAVE_AGAIN)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)  # noqa: FBT003 - expat's own form
        return builder.close()
    except (expat.ExpatError, ValueError, LookupError, AssertionError) as error:
        raise BadPart("the file", "it is damaged", _SAVE_AGAIN) from error


_STRICT = "http://purl.oclc.org/ooxml/"
"""What the names of a “Strict Open XML Document” begin with, ISO/IEC 29500-1; all others are as in part 4."""
_LOOSE = {
    "wordprocessingml/main": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "officeDocument/relationships": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "officeDocument/math": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "drawingml/main": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "drawingml/wordprocessingDrawing": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
}


def _name(name: str) -> str:
    space, parted, local = name.rpartition("}")
    if space.startswith(_STRICT):
        space = _LOOSE.get(space.removeprefix(_STRICT), space)
    return f"{{{space}}}{local}" if parted else name
