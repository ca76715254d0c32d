"""What Word keeps outside its plain text, or in its form alone, is neither lost nor doubled nor something else."""

import warnings
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from wordfile import paragraph, run, word_file

from mailer.errors import BadRelease
from mailer.releases.intake import read_release
from mailer.releases.intake.formulas import MATH

_M = f'xmlns:m="{MATH[1:-1]}"'
_EMOJI = "http://schemas.microsoft.com/office/word/2015/wordml/symex"


def taken(tmp_path: Path, *middle: str, **parts: object) -> tuple[str, str]:
    """The text between the first paragraph and the boilerplate, and what is told."""
    file = tmp_path / "release.docx"
    head = (paragraph("Centres to open", style="Title"), "Beirut, 24 November 2026 – The first text is here.")
    foot = (paragraph("About the ESRF", style="Heading1"), "The federation helps along the coast.")
    file.write_bytes(word_file(*head, *middle, *foot, **parts))  # type: ignore[arg-type]
    intake = read_release(file, language="en")
    text = intake.content.body.removeprefix("The first text is here.").strip()
    return text, "\n".join(f"{doubt.line} {doubt.text}" for doubt in intake.doubts)


def up(text: str, way: str = "superscript") -> str:
    return run(text, f'<w:vertAlign w:val="{way}"/>')


def math(inside: str) -> str:
    return f"<m:oMath {_M}>{inside}</m:oMath>"


def of(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def box(inside: str) -> str:
    return f"<w:pict><w:txbxContent>{inside}</w:txbxContent></w:pict>"


SIGNS = [
    (run("10") + up("6") + run(" people"), "10⁶ people"),
    (run("10") + up("-3"), "10⁻³"),
    (run("25 km") + up("2"), "25 km²"),
    (run("CO") + up("2", "subscript"), "CO₂"),
    (run("the 1") + up("st"), "the 1st"),
    (run("2") + up("10n"), "2^(10n)"),
    (math(f"<m:sSup><m:e>{of('10')}</m:e><m:sup>{of('6')}</m:sup></m:sSup>"), "10⁶"),
    (math(f"<m:f><m:num>{of('1')}</m:num><m:den>{of('2')}</m:den></m:f>"), "1/2"),
    (math(f"<m:f><m:num>{of('a+b')}</m:num><m:den>{of('2')}</m:den></m:f>"), "(a+b)/2"),
    (math(f"<m:rad><m:deg/><m:e>{of('x')}</m:e></m:rad>"), "√x"),
    (math(f"<m:d><m:e>{of('x')}</m:e></m:d>"), "(x)"),
    ('<w:r><w:sym w:font="Symbol" w:char="F02D"/></w:r>' + run("5"), "−5"),
    ('<w:r><w:sym w:font="Symbol" w:char="F0A3"/></w:r>' + run(" 5"), "≤ 5"),
    ('<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>' + run(" yes"), "✓ yes"),
    ('<w:r><w:sym w:font="Arial" w:char="2212"/></w:r>' + run("5"), "−5"),
    (run("\uf02d5", '<w:rFonts w:ascii="Symbol"/>'), "−5"),
    (
        '<w:r><mc:AlternateContent><mc:Choice Requires="w16se">'
        f'<s:symEx xmlns:s="{_EMOJI}" s:font="Segoe UI Emoji" s:char="1F600"/></mc:Choice>'
        "<mc:Fallback><w:t>\U0001f600</w:t></mc:Fallback></mc:AlternateContent></w:r>",
        "\U0001f600",
    ),
    (
        "<w:r><w:ruby><w:rt><w:r><w:t>above</w:t></w:r></w:rt>"
        "<w:rubyBase><w:r><w:t>base</w:t></w:r></w:rubyBase></w:ruby></w:r>",
        "base",
    ),
    (
        '<w:sdt><w:sdtPr><w:showingPlcHdr w:val="0"/></w:sdtPr><w:sdtContent>'
        f"{run('not ')}</w:sdtContent></w:sdt>{run('agreed')}",
        "not agreed",
    ),
]


@pytest.mark.parametrize(("xml", "text"), SIGNS, ids=[text for _, text in SIGNS])
def test_what_is_no_plain_text_keeps_its_meaning(tmp_path: Path, xml: str, text: str) -> None:
    assert taken(tmp_path, paragraph("So ", xml, " it is."))[0] == f"So {text} it is."


def test_a_style_may_raise_strike_or_hide_its_text(tmp_path: Path) -> None:
    styles = (
        '<w:styles NAMES><w:style w:styleId="Title"><w:name w:val="Title"/></w:style>'
        '<w:style w:styleId="up"><w:rPr><w:vertAlign w:val="superscript"/></w:rPr></w:style>'
        '<w:style w:styleId="gone"><w:rPr><w:strike/></w:rPr></w:style>'
        '<w:style w:styleId="hid"><w:rPr><w:vanish/></w:rPr></w:style></w:styles>'
    )
    text, told = taken(
        tmp_path,
        paragraph("10", run("6", '<w:rStyle w:val="up"/>'), run(" struck", '<w:rStyle w:val="gone"/>'), " stay."),
        paragraph("Nobody sees this.", style="hid"),
        parts={"word/styles.xml": styles},
    )
    assert text == "10⁶ stay."
    assert "line through it" in told
    assert "hidden text" in told


def test_each_place_where_something_is_left_out_is_told(tmp_path: Path) -> None:
    unknown = '<w:r><w:sym w:font="Webdings" w:char="F0AA"/></w:r>'
    _, told = taken(tmp_path, paragraph("One", unknown), "Two.", paragraph("Three", unknown))
    assert [line[0] for line in told.splitlines() if "font of symbols" in line] == ["3", "5"]


def test_a_box_in_a_box_comes_once(tmp_path: Path) -> None:
    inner = f"<w:p><w:r>{box(paragraph('Inner.'))}</w:r></w:p>"
    assert taken(tmp_path, paragraph("Text.", f"<w:r>{box(paragraph('Outer.') + inner)}</w:r>"))[0] == (
        "Text.\n\nOuter.\n\nInner."
    )


def test_a_box_in_hidden_text_is_hidden(tmp_path: Path) -> None:
    text, told = taken(
        tmp_path, paragraph("Text.", f"<w:r><w:rPr><w:vanish/></w:rPr>{box(paragraph('No.'))}</w:r>")
    )
    assert text == "Text."
    assert "hidden text" in told


def test_boxes_in_boxes_do_not_multiply(tmp_path: Path) -> None:
    nested = paragraph("Deep.")
    for _ in range(25):
        nested = f"<w:p><w:r>{box(nested)}</w:r></w:p>"
    assert taken(tmp_path, nested)[0] == "Deep."


def test_a_field_that_never_ends_does_not_take_the_text_with_it(tmp_path: Path) -> None:
    begun = '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
    with pytest.raises(BadRelease, match=r"paragraph 3: a field begins here that does not end"):
        taken(tmp_path, paragraph("So", begun, " it is."), "This would be lost.")


def test_fields_in_fields_have_an_end(tmp_path: Path) -> None:
    begun = '<w:r><w:fldChar w:fldCharType="begin"/><w:fldChar w:fldCharType="separate"/></w:r>'
    with pytest.raises(BadRelease, match="too many fields"):
        taken(tmp_path, paragraph(begun * 60 + run("text") * 60))


@pytest.mark.parametrize(
    "inside",
    [
        '<w:r><w:pict><v:shape><v:textpath string="EMBARGOED UNTIL 22 DECEMBER 2026"/></v:shape></w:pict></w:r>',
        '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><w:txbxContent>BOX</w:txbxContent>'
        "</w:drawing></mc:Choice><mc:Fallback><w:pict><w:txbxContent>BOX</w:txbxContent></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r>".replace("BOX", paragraph("EMBARGOED UNTIL 22 DECEMBER 2026")),
    ],
)
def test_an_embargo_in_a_watermark_or_in_a_headers_box_is_noticed_once(tmp_path: Path, inside: str) -> None:
    _, told = taken(
        tmp_path,
        "Text.",
        links={"r7": "header|header1.xml"},
        parts={"word/header1.xml": f"<w:hdr NAMES><w:p>{inside}</w:p></w:hdr>"},
    )
    assert told.count("EMBARGOED UNTIL 22 DECEMBER 2026") == 1


def numbering(*, override: str = "", form: str = "decimal") -> dict[str, str]:
    return {
        "word/numbering.xml": '<w:numbering NAMES><w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0">'
        f'<w:start w:val="1"/><w:numFmt w:val="{form}"/></w:lvl></w:abstractNum>'
        '<w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>'
        f'<w:num w:numId="3"><w:abstractNumId w:val="1"/>{override}</w:num></w:numbering>'
    }


def items(number: str, *texts: str) -> list[str]:
    return [paragraph(text, numbered=number) for text in texts]


def test_a_list_goes_on_after_a_paragraph_with_its_numbers(tmp_path: Path) -> None:
    middle = [*items("2", "One", "Two"), "See point 3.", *items("2", "Three")]
    assert taken(tmp_path, *middle)[0] == "1. One\n2. Two\n\nSee point 3.\n\n3. Three"


def test_lists_of_one_definition_count_on_unless_one_begins_anew(tmp_path: Path) -> None:
    anew = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    middle = [*items("2", "One"), "Text.", *items("3", "Next", "Last")]
    assert taken(tmp_path, *middle, parts=numbering())[0].endswith("2. Next\n3. Last")
    assert taken(tmp_path, *middle, parts=numbering(override=anew))[0].endswith("5. Next\n6. Last")


def test_a_list_with_letters_is_told(tmp_path: Path) -> None:
    text, told = taken(tmp_path, *items("2", "One", "Two"), parts=numbering(form="lowerLetter"))
    assert text == "1. One\n2. Two"
    assert "have letters" in told


def test_a_strict_document_is_read_like_any_other(tmp_path: Path) -> None:
    loose = ZipFile(BytesIO(word_file("Centres to open", "Beirut, 24 November 2026 – The first text is here.")))
    target = BytesIO()
    with ZipFile(target, "w") as strict:
        for name in loose.namelist():
            strict.writestr(
                name,
                loose.read(name).replace(
                    b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
                    b"http://purl.oclc.org/ooxml/wordprocessingml/main",
                ),
            )
    file = tmp_path / "strict.docx"
    file.write_bytes(target.getvalue())
    assert read_release(file, language="en").content.headline == "Centres to open"


def test_two_parts_of_one_name_are_refused(tmp_path: Path) -> None:
    target = BytesIO(word_file("Shown", "Beirut, 24 November 2026 – The first text is here."))
    with warnings.catch_warnings(action="ignore"), ZipFile(target, "a") as doubled:
        doubled.writestr("word/document.xml", doubled.read("word/document.xml").replace(b"Shown", b"Other"))
    file = tmp_path / "doubled.docx"
    file.write_bytes(target.getvalue())
    with pytest.raises(BadRelease, match="two parts of one name"):
        read_release(file, language="en")
