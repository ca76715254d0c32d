"""A Word file is read as its last reader is meant to see it, and what is not taken of it is told."""

from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wordfile import paragraph, run, word_file

from mailer.errors import BadRelease
from mailer.releases.intake import Intake, read_release
from mailer.releases.intake.package import Package
from mailer.releases.intake.parts import BadPart

HEAD = (
    paragraph("Centres to open in three ports", style="Title"),
    "Beirut, 24 November 2026 – The first text is here.",
)
FOOT = (
    paragraph("About the ESRF", style="Heading1"),
    "The federation helps along the coast.",
    paragraph("For more information please contact", style="Heading1"),
    "In Beirut, ESRF Head of Communications, Lamia Tarazi, lamia.tarazi@esrf.example",
)


def taken(tmp_path: Path, content: bytes, language: str = "en", name: str = "release.docx") -> Intake:
    file = tmp_path / name
    file.write_bytes(content)
    return read_release(file, language=language)


def body(tmp_path: Path, *middle: str, **parts: object) -> str:
    intake = taken(tmp_path, word_file(*HEAD, *middle, *FOOT, **parts))  # type: ignore[arg-type]
    return intake.content.body.removeprefix("The first text is here.").strip()


def told(intake: Intake) -> str:
    return "\n".join(f"{doubt.line} {doubt.text}" for doubt in intake.doubts)


def test_a_release_from_word_has_all_its_parts(tmp_path: Path) -> None:
    intake = taken(tmp_path, word_file(*HEAD, *FOOT))
    content = intake.content
    assert content.headline == "Centres to open in three ports"
    assert (content.cities, str(content.day)) == (("Beirut",), "2026-11-24")
    assert content.body == "The first text is here."
    assert [boilerplate.heading for boilerplate in content.boilerplates] == ["About the ESRF"]
    assert content.press_contacts[0].address == "lamia.tarazi@esrf.example"
    assert intake.doubts == ()


def test_bold_italics_links_and_lists_stay(tmp_path: Path) -> None:
    link = f'<w:hyperlink r:id="r5">{run("the ", "<w:b/>")}{run("list", "<w:b/>")}</w:hyperlink>'
    text = body(
        tmp_path,
        paragraph("See ", link, " of ", run("all", "<w:i/>"), " 14 ", run("ports.", "<w:b w:val='0'/>")),
        paragraph("Water", numbered="1"),
        paragraph("Food", numbered="1"),
        paragraph("Ask", numbered="2"),
        paragraph("Listen", numbered="2"),
        links={"r5": "hyperlink|https://esrf.example/a (b)"},
    )
    assert text == (
        "See [**the list**](https://esrf.example/a%20%28b%29) of *all* 14 ports.\n\n"
        "- Water\n- Food\n\n1. Ask\n2. Listen"
    )


@pytest.mark.parametrize(
    "text",
    ["2 * 3 * 4 [a](b) _x_ `c` <b> &amp; \\", "# no heading", "1. no list", "- no list", "https://esrf.example/x"],
)
def test_what_looks_like_markdown_shows_as_it_was_written(tmp_path: Path, text: str) -> None:
    from mailer.releases.intake.markdown import visible

    assert visible(body(tmp_path, text)) == text


@given(
    st.lists(
        st.tuples(st.text(alphabet="ab *_[](`<>&!#-1.\\ نص«»\u00a0", max_size=12), st.booleans(), st.booleans()),
        min_size=1,
        max_size=6,
    )
)
def test_a_reader_sees_just_the_words_whatever_their_form(pieces: list[tuple[str, bool, bool]]) -> None:
    from mailer.releases.intake.markdown import visible
    from mailer.releases.intake.parts import tidy
    from mailer.releases.intake.written import Run, markdown_of

    runs = [Run(text=text, bold=bold, italic=italic) for text, bold, italic in pieces]
    assert visible(markdown_of(runs)) == tidy("".join(text for text, _, _ in pieces))


def test_struck_out_changes_stay_out_and_inserted_ones_come_in(tmp_path: Path) -> None:
    deleted = '<w:del w:id="1"><w:r><w:delText>four</w:delText></w:r></w:del>'
    inserted = f'<w:ins w:id="2">{run("five")}</w:ins>'
    moved = f'<w:moveFrom w:id="3">{run(" gone")}</w:moveFrom><w:moveTo w:id="4">{run(" come")}</w:moveTo>'
    intake = taken(tmp_path, word_file(*HEAD, paragraph("In ", deleted, inserted, " years", moved, "."), *FOOT))
    assert intake.content.paragraphs[-1] == "In five years come."
    assert "Changes were tracked in this file" in told(intake)


def test_a_paragraph_mark_that_was_struck_out_joins_two_paragraphs(tmp_path: Path) -> None:
    first = paragraph("One and ", properties='<w:rPr><w:del w:id="1"/></w:rPr>')
    assert body(tmp_path, first, "two.") == "One and two."


def test_comments_and_hidden_text_stay_out_and_are_told(tmp_path: Path) -> None:
    comment = '<w:commentRangeStart w:id="0"/><w:r><w:commentReference w:id="0"/></w:r>'
    intake = taken(
        tmp_path,
        word_file(
            *HEAD,
            paragraph("Seen", comment, run(" hidden", "<w:vanish/>"), run(" old", "<w:strike/>"), "."),
            *FOOT,
        ),
    )
    assert intake.content.paragraphs[-1] == "Seen."
    text = told(intake)
    assert "There are comments in the file" in text
    assert "3 There is hidden text here" in text
    assert "3 There is text with a line through it" in text
    assert intake.counted == "paragraph"


FIELD = (
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
    '<w:r><w:instrText> HYPERLINK "https://esrf.example/x" </w:instrText></w:r>'
    f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run("here")}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
)


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        (("Read ", FIELD, "."), "Read [here](https://esrf.example/x)."),
        (("On ", f'<w:fldSimple w:instr="DATE">{run("Tuesday")}</w:fldSimple>', "."), "On Tuesday."),
        (("soft\xadhyphen",), "softhyphen"),
        ((f"<w:smartTag>{run('Beirut')}</w:smartTag>", " and Tyre"), "Beirut and Tyre"),
        ((f"<w:sdt><w:sdtContent>{run('Filled')}</w:sdtContent></w:sdt>",), "Filled"),
        (
            (
                "Full.",
                f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{run('Click')}</w:sdtContent></w:sdt>",
            ),
            "Full.",
        ),
        (("a", "<w:r><w:tab/></w:r>", "b", "<w:r><w:noBreakHyphen/></w:r>", "c"), "a b\u2011c"),
        (("two  spaces", "\u00a0and", " more "), "two spaces\u00a0and more"),
        ((run("نص", "<w:rtl/><w:bCs/>"), " x"), "**نص** x"),
        ((run("نص", "<w:rtl/><w:b/>"), " x"), "نص x"),
        ((f'<w:hyperlink r:id="bad">{run("file")}</w:hyperlink>',), "file"),
        ((f'<w:hyperlink w:anchor="top">{run("top")}</w:hyperlink>',), "top"),
        (("first", "<w:r><w:br/></w:r>", "second"), "first\nsecond"),
    ],
)
def test_what_word_wraps_text_in_is_seen_through(tmp_path: Path, inner: tuple[str, ...], text: str) -> None:
    assert body(tmp_path, paragraph(*inner), links={"bad": "hyperlink|file:///etc/passwd"}) == text


def test_a_text_box_comes_once_and_is_told(tmp_path: Path) -> None:
    content = f"<w:txbxContent>{paragraph('Boxed words.')}</w:txbxContent>"
    box = (
        f"<w:r><mc:AlternateContent><mc:Choice><w:drawing>{content}</w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict>{content}</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    intake = taken(tmp_path, word_file(*HEAD, paragraph("Beside a box.", box), *FOOT))
    assert intake.content.paragraphs[1:] == ("Beside a box.", "Boxed words.")
    assert "There is a text box here" in told(intake)


def test_a_footnote_is_left_out_with_its_words(tmp_path: Path) -> None:
    notes = f'<w:footnotes NAMES><w:footnote w:id="2">{paragraph("Figures of 2025.")}</w:footnote></w:footnotes>'
    text = paragraph("Many", '<w:r><w:footnoteReference w:id="2"/></w:r>', " came.")
    intake = taken(tmp_path, word_file(*HEAD, text, *FOOT, parts={"word/footnotes.xml": notes}))
    assert intake.content.paragraphs[-1] == "Many came."
    assert "3 The footnote here was left out: “Figures of 2025.”" in told(intake)


def table(*rows: tuple[str, ...]) -> str:
    cells = ("".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def test_a_table_comes_row_by_row_and_is_told(tmp_path: Path) -> None:
    intake = taken(tmp_path, word_file(*HEAD, table(("Ports", "14"), ("Doctors", "3")), *FOOT))
    assert intake.content.paragraphs[1:] == ("Ports | 14", "Doctors | 3")
    assert "There is a table here" in told(intake)


def test_a_table_of_one_column_is_a_layout(tmp_path: Path) -> None:
    intake = taken(tmp_path, word_file(table(("Centres to open in three ports",)), *HEAD[1:], *FOOT))
    assert intake.content.headline == "Centres to open in three ports"
    assert "table" not in told(intake)


PICTURE = (
    '<w:r><w:drawing><wp:inline><wp:docPr id="1" descr="Tents on a quay"/><a:blip r:embed="r9" r:link="r8"/>'
    "</wp:inline></w:drawing></w:r>"
)


@pytest.mark.parametrize("style", ["Caption", "Legende"])
def test_a_picture_gives_its_caption_and_is_asked_for(tmp_path: Path, style: str) -> None:
    caption = paragraph("Families on the quay. Photo: ESRF/Dalia Sfeir", style=style)
    intake = taken(tmp_path, word_file(*HEAD, paragraph(PICTURE), caption, "More text.", *FOOT))
    assert intake.content.photo is not None
    assert (intake.content.photo.caption, intake.content.photo.credit) == (
        "Families on the quay.",
        "ESRF/Dalia Sfeir",
    )
    assert intake.content.photo.alt == "Tents on a quay"
    assert intake.content.paragraphs == ("The first text is here.", "More text.")
    assert "save it beside the release and name it with --photo" in told(intake)


@pytest.mark.parametrize("style", ["Heading1", "Titre1", "1", "عنوان 1", "Título 1", "Überschrift1"])
def test_headings_are_known_by_style_in_whatever_language_word_speaks(tmp_path: Path, style: str) -> None:
    # Where a file has no such style, its id is all that is known.
    about = paragraph("About the ESRF", style=style)
    intake = taken(tmp_path, word_file(*HEAD, about, "The federation helps.", *FOOT[2:]))
    assert [boilerplate.heading for boilerplate in intake.content.boilerplates] == ["About the ESRF"]
    assert intake.content.headline == "Centres to open in three ports"


def test_a_heading_far_below_is_not_the_headline(tmp_path: Path) -> None:
    long = "The quay is where help begins, and help is what people there need most of all in these months. " * 4
    document = word_file("Centres to open", "Beirut, 24 November 2026 – Text.", long, *FOOT)
    assert taken(tmp_path, document).content.headline == "Centres to open"


def test_an_embargo_above_each_page_is_told(tmp_path: Path) -> None:
    header = (
        f"<w:hdr NAMES>{paragraph('EMBARGOED until 25 November 2026, 10:00')}{paragraph('Letterhead')}</w:hdr>"
    )
    intake = taken(
        tmp_path,
        word_file(*HEAD, *FOOT, links={"r3": "header|header1.xml"}, parts={"word/header1.xml": header}),
    )
    assert intake.embargo_line == "EMBARGOED until 25 November 2026, 10:00"
    assert "Letterhead" not in intake.content.body


def test_macros_are_told_and_nothing_else(tmp_path: Path) -> None:
    intake = taken(
        tmp_path, word_file(*HEAD, *FOOT, parts={"word/vbaProject.bin": b"\xd0\xcf"}), name="release.docm"
    )
    assert "There are macros in the file" in told(intake)


ARABIC = (
    paragraph("توقيع اتفاق الموانئ", style="1"),
    "بيروت / القاهرة، 24 نوفمبر 2026 – وُقّع اليوم اتفاق في الموانئ.",
    paragraph("نبذة عن اتحاد الساحل الشرقي للإغاثة", style="1"),
    "يعمل الاتحاد على امتداد الساحل.",
    paragraph("للمزيد من المعلومات", style="1"),
    "في بيروت، رئيسة قسم الاتصال، لمياء طرزي، lamia.tarazi@esrf.example",
    "في القاهرة، مسؤول الاتصال، شريف مندور، sherif.mandour@wpa.example",
)
FRENCH = (
    paragraph("Accord sur les ports", style="Titre1"),
    "Beyrouth, 24 novembre 2026 – Un accord a été signé aujourd’hui dans les ports.",
    paragraph("À propos de l’ESRF", style="Titre1"),
    "La fédération aide le long de la côte.",
    paragraph("Contacts presse", style="Titre1"),
    "À Beyrouth, directrice de la communication, Lamia Tarazi, lamia.tarazi@esrf.example",
)
SPANISH = (
    paragraph("Comunicado de prensa conjunto"),
    paragraph("Acuerdo sobre los puertos", style="Heading1"),
    "Beirut, 24 de noviembre de 2026 – Hoy se firmó un acuerdo en los puertos.",
    paragraph("Acerca de la ESRF", style="Heading1"),
    "La federación ayuda a lo largo de la costa.",
    paragraph("Para más información", style="Heading1"),
    "En Beirut, jefa de comunicación, Lamia Tarazi, lamia.tarazi@esrf.example",
)


@pytest.mark.parametrize(
    ("language", "document", "headline"),
    [
        ("ar", ARABIC, "توقيع اتفاق الموانئ"),
        ("fr", FRENCH, "Accord sur les ports"),
        ("es", SPANISH, "Acuerdo sobre los puertos"),
    ],
)
def test_documents_in_other_languages_have_the_same_parts(
    tmp_path: Path, language: str, document: tuple[str, ...], headline: str
) -> None:
    intake = taken(tmp_path, word_file(*document), language)
    content = intake.content
    assert content.headline == headline
    assert str(content.day) == "2026-11-24"
    assert len(content.paragraphs) == 1
    assert len(content.boilerplates) == 1
    assert content.press_contacts[0].address == "lamia.tarazi@esrf.example"
    assert intake.doubts == ()


def bomb() -> bytes:
    target = BytesIO(word_file(*HEAD))
    with ZipFile(target, "a", ZIP_DEFLATED) as archive:
        archive.writestr("word/footnotes.xml", b" " * 30_000_000)
    return target.getvalue()


LAUGHS = '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600


def plain_zip() -> bytes:
    target = BytesIO()
    with ZipFile(target, "w") as archive:
        archive.writestr("a.txt", "a")
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (bomb(), "its text is larger than 20 MB"),
        (word_file("&a;", prologue=LAUGHS), "it declares entities"),
        (word_file("x", prologue=OUTSIDE), "it declares entities"),
        (OLE, "it is a document of an old Word"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "it is locked with a password"),
        (word_file(*HEAD)[:900], "it is damaged"),
        (plain_zip(), "it is not a Word document"),
        (word_file("<w:p>" * 200 + "</w:p>" * 200), "it is built in a way that no Word document is"),
        (word_file("<w:p>"), "it is damaged"),
        (word_file(), "it has no text"),
        (word_file(*["x"] * 3_001), "more than 3,000 paragraphs"),
        (word_file("x" * 21_000), "a paragraph has more than 20,000 characters"),
    ],
)
def test_a_hostile_or_broken_file_is_refused_in_words(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(BadRelease) as refused:
        taken(tmp_path, content)
    assert reason in str(refused.value)
    # By whatever name it comes.
    with pytest.raises(BadRelease):
        taken(tmp_path, content, name="release.doc")


def test_a_refusal_names_the_paragraph(tmp_path: Path) -> None:
    with pytest.raises(BadRelease, match="paragraph 1"):
        taken(tmp_path, word_file("Headline alone"))


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(rubbish: bytes) -> None:
    whole = word_file(*HEAD, *FOOT)
    for content in (b"PK\x03\x04" + rubbish, whole[:100] + rubbish + whole[100 + len(rubbish) :]):
        try:
            package = Package(content)
            package.xml(package.main)
        except BadPart:
            continue
