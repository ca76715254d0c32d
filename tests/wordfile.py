"""Makes Word files for tests, part by part, as Word and whoever imitates it write them."""

from collections.abc import Mapping
from io import BytesIO
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_NAMES = (
    f'xmlns:w="{_W}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:v="urn:schemas-microsoft-com:vml"'
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"

STYLES = {
    "Title": "Title",
    "Heading1": "heading 1",
    "Titre1": "heading 1",
    "1": "heading 1",
    "Caption": "caption",
    "Legende": "caption",
    "TOC1": "toc 1",
}
"""By id, the name that Word keeps for them."""
NUMBERING = (
    '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>'
    '<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>'
)


def run(text: str, properties: str = "") -> str:
    """A run with its properties: ``<w:b/>``."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def paragraph(*runs: str, style: str = "", numbered: str = "", properties: str = "") -> str:
    """A paragraph of runs, each as XML or as plain text."""
    style = f"<w:pStyle w:val={quoteattr(style)}/>" if style else ""
    number = f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{numbered}"/></w:numPr>' if numbered else ""
    inner = "".join(item if item.startswith("<") else run(item) for item in runs)
    return f"<w:p><w:pPr>{style}{number}{properties}</w:pPr>{inner}</w:p>"


def word_file(
    *paragraphs: str,
    links: Mapping[str, str] | None = None,
    parts: Mapping[str, str | bytes] | None = None,
    styles: Mapping[str, str] | None = None,
    prologue: str = "",
) -> bytes:
    """A .docx of paragraphs; ``links`` are its targets outside, ``parts`` what else is in the zip."""
    named = "".join(
        f'<w:style w:type="paragraph" w:styleId={quoteattr(key)}><w:name w:val={quoteattr(name)}/></w:style>'
        for key, name in (STYLES if styles is None else styles).items()
    )
    related = "".join(
        f'<Relationship Id="{key}" Type="{_OFFICE}/{target.partition("|")[0]}" '
        f'Target={quoteattr(target.partition("|")[2])} TargetMode="External"/>'
        for key, target in (links or {}).items()
    )
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" Type="{_OFFICE}/officeDocument" '
        'Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<?xml version="1.0" encoding="UTF-8"?>{prologue}<w:document {_NAMES}><w:body>'
        f"{''.join(item if item.startswith('<') else paragraph(item) for item in paragraphs)}</w:body></w:document>",
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{_PACKAGE}">{related}</Relationships>',
        "word/styles.xml": f"<w:styles {_NAMES}>{named}</w:styles>",
        "word/numbering.xml": f"<w:numbering {_NAMES}>{NUMBERING}</w:numbering>",
    }
    for name, content in (parts or {}).items():
        files[name] = content.replace("NAMES", _NAMES) if isinstance(content, str) else content
    target = BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()
