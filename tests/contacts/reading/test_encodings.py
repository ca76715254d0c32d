"""Lists come in whatever encoding somebody's spreadsheet wrote, and their names are read right."""

import codecs
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.contacts.reading import open_list
from mailer.contacts.reading.encodings import encoding_called
from mailer.errors import BadTable, UnclearEncoding

ARABIC = (
    "الاسم;البريد الإلكتروني;المدينة;الوسيلة الإعلامية\r\n"
    "نور حداد;nour@courier.example;بيروت;صحيفة المرفأ\r\n"
    "طارق البسيوني;tarek@delta.example;القاهرة;بوابة الدلتا\r\n"
    "رقية الحسبان;ruqayya@sufouh.example;عمان;إذاعة السفوح\r\n"
)
ONE_ROW = "name,name_ar,address,city\nNour Haddad,نور حداد,nour@courier.example,بيروت\n"
ONE_NAME = "name,address\nمحمد حسن,m.hassan@nile.example\n"
VOWELLED = "name,address\nرُقَيَّة الحُسْبان,r@sufouh.example\n"
FRENCH = "Prénom;Nom;Courriel;Ville\r\nHélène;Lefèvre;h.lefevre@rhone.example;Genève\r\n"
SHORT_FRENCH = "name,address\nHélène,h@rhone.example\n"
CAPITALS = "NOM;PRÉNOM;COURRIEL\nBÉRANGÈRE;ÉLODIE;e@rhone.example\n"
CURLY = "name,address,notes\nFrançois L’Hôte,f@rhone.example,«\xa0Œuvre\xa0» – à rappeler\n"
GERMAN = "name,address\nZoë Müller,z@alpine.example\nÅsa Öberg,a@palais.example\nÍñigo Núñez,i@palais.example\n"
MIXED = "name,name_ar,address,outlets\nLeila Mansouri,ليلى منصوري,l@rhone.example,La Dépêche du Nil (rédactrice)\n"
CLASSICAL = "الاسم,العنوان الإلكتروني\nعبد الرحمن محمد إبراهيم,a@qulzum.example\nهبة الله سليم,h@wadi.example\n"
PLAIN = "name,address\nNour Haddad,nour@courier.example\n"

LISTS = [
    *[(text, codec, name) for text in (ARABIC, ONE_ROW, ONE_NAME, VOWELLED, MIXED, CLASSICAL)
      for codec, name in (("cp1256", "Windows-1256"),)],
    *[(text, "iso8859-6", "ISO-8859-6") for text in (ARABIC, ONE_ROW, ONE_NAME, VOWELLED, CLASSICAL)],
    *[(text, "cp1252", "Windows-1252") for text in (FRENCH, SHORT_FRENCH, CAPITALS, CURLY, GERMAN)],
    *[(text, codec, name) for text in (ARABIC, ONE_ROW, FRENCH, SHORT_FRENCH, CURLY, GERMAN, MIXED, PLAIN)
      for codec, name in (
          ("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16-le", "UTF-16 LE"), ("utf-16-be", "UTF-16 BE"),
      )],
]  # fmt: skip


def read(file: Path, **options: str) -> tuple[str, str]:
    """What the file says, cells joined again, and how it was read."""
    opened = open_list(file, **options)
    rows = [opened.headings, *(row.cells for row in opened.rows)]
    return opened.how, "|".join(cell for row in rows for cell in row)


def cells_of(text: str) -> str:
    delimiter = ";" if ";" in text.splitlines()[0] else ","
    return "|".join(cell for line in text.splitlines() for cell in line.split(delimiter))


@pytest.mark.parametrize(("text", "codec", "name"), LISTS)
def test_a_list_is_read_right_in_the_encoding_that_it_is_in(
    tmp_path: Path, text: str, codec: str, name: str
) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(text.encode(codec))
    how, content = read(file)
    assert (content, name) == (cells_of(text), how.split(", ")[1])


@pytest.mark.parametrize(
    ("mark", "codec", "name"),
    [
        (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16 LE"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16 BE"),
        (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
        (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    ],
)
def test_a_byte_order_mark_says_it(tmp_path: Path, mark: bytes, codec: str, name: str) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(mark + ARABIC.encode(codec))
    how, content = read(file)
    assert (how, content) == (f"CSV, {name}, semicolons", cells_of(ARABIC))


def test_a_name_far_down_a_long_list_is_enough(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    rows = "".join(f"Person {n},p{n}@paper.example\n" for n in range(80_000))
    file.write_bytes(b"name,address\n" + rows.encode() + "Hélène,h@rhone.example\n".encode("cp1252"))
    how, content = read(file)
    assert how == "CSV, Windows-1252, commas"
    assert content.endswith("Hélène|h@rhone.example")


@pytest.mark.parametrize("codec", ["mac_roman", "cp850"])
def test_what_none_of_the_usual_ones_fits_is_asked_for_elsewhere(tmp_path: Path, codec: str) -> None:
    file = tmp_path / "list.csv"
    text = (
        FRENCH + "Gaëlle;Bérénice-Façonnable;g@rhone.example;Besançon\r\nNoémie;Chênevière;n@x.example;Orléans\r\n"
    )
    file.write_bytes(text.encode(codec))
    assert "Hélène" in read(file)[1]


def test_damaged_utf_8_is_not_taken_for_something_else(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(ARABIC.encode() + "Hélène;h@rhone.example;;\n".encode("cp1252"))
    with pytest.raises(BadTable, match="UTF-8 with bytes in it that are not"):
        open_list(file)


@pytest.mark.parametrize(
    ("text", "codec"), [(ARABIC, "cp1256"), (ARABIC, "iso8859-6"), (FRENCH, "cp1252"), (SHORT_FRENCH, "cp1252")]
)
@pytest.mark.parametrize("far", [0, 30_000])
def test_lists_of_two_encodings_that_were_pasted_together_are_refused_and_not_half_misread(
    tmp_path: Path, text: str, codec: str, far: int
) -> None:
    old = text.encode(codec) + b"Nour,n@courier.example\n" * far
    utf_8 = text.splitlines(keepends=True)[1].encode()
    for content in (old + utf_8, utf_8 + old, old * 20 + utf_8, utf_8 * 5 + old):
        (tmp_path / "list.csv").write_bytes(content)
        with pytest.raises(BadTable, match="UTF-8 with bytes in it that are not"):
            read(tmp_path / "list.csv")


@pytest.mark.parametrize(
    "name", ["Windows-1256", "windows-1256", "cp1256", "CP1256", "Windows 1256", " windows-1256 "]
)
def test_an_encoding_may_be_named_as_people_write_it(tmp_path: Path, name: str) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes("name,address\nÀ,a@x.example\n".encode("cp1252"))
    how, content = read(file, encoding=name)
    assert how == "CSV, Windows-1256, commas"
    assert "À" not in content


@pytest.mark.parametrize(
    "name", ["klingon", "idna", "unicode_escape", "base64", "rot13", "utf-7", "\0", "é", "x" * 500]
)
def test_an_encoding_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(PLAIN.encode())
    with pytest.raises(BadTable, match="no encoding"):
        open_list(file, encoding=name)


def test_a_wrong_encoding_is_told_with_the_row(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes((PLAIN * 20).encode() + "Hélène,h@rhone.example\n".encode("cp1252"))
    with pytest.raises(BadTable, match=r"row \d+ .*not UTF-8"):
        list(open_list(file, encoding="UTF-8").rows)


def test_every_encoding_has_a_name_by_which_it_is_found_again() -> None:
    for name in (
        "UTF-8",
        "UTF-16",
        "UTF-16 LE",
        "Windows-1252",
        "Windows-1256",
        "ISO-8859-6",
        "DOS 850",
        "Mac Roman",
    ):
        found = encoding_called(name)
        assert found is not None
        assert found.name == name


WORDS = [
    *("محمد", "أحمد", "علي", "حسن", "حسين", "فاطمة", "ليلى", "مريم", "يوسف", "خالد", "سمير", "نور", "حداد", "شرف"),
    *(
        "الدين",
        "عبد",
        "الرحمن",
        "إبراهيم",
        "العلي",
        "صحيفة",
        "المرفأ",
        "قناة",
        "الضفاف",
        "وكالة",
        "أنباء",
        "الوادي",
    ),
    *(
        "إذاعة",
        "السفوح",
        "مجلة",
        "القلزم",
        "مراسلة",
        "محررة",
        "رئيس",
        "تحرير",
        "بيروت",
        "القاهرة",
        "تونس",
        "الهجرة",
    ),
]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(
        st.lists(st.sampled_from(WORDS), min_size=2, max_size=4).map(" ".join), min_size=4, max_size=12
    ),
    codec=st.sampled_from(["cp1256", "iso8859-6", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]),
)
def test_enough_arabic_is_read_back_equal(tmp_path: Path, names: list[str], codec: str) -> None:
    file = tmp_path / "list.csv"
    rows = "".join(f"{name},{n}@x.example\n" for n, name in enumerate(names))
    file.write_bytes(f"name,address\n{rows}".encode(codec))
    opened = open_list(file)
    assert [row.cells[0] for row in opened.rows] == names


SHORT_NAMES = (
    *(
        "نور حداد",
        "طه",
        "سوسن",
        "عفاف",
        "كفاح",
        "ظافر",
        "ندى",
        "مي",
        "هيا",
        "رضا",
        "لمى",
        "وفاء",
        "فيروز",
        "قيس سعيد",
    ),
    *("هدى بركات", "غادة السمان", "لؤي كيالي", "بثينة شعبان", "شيرين أبو عاقلة", "آية", "إيناس", "ضحى", "يمنى"),
)
SHORT_FRENCH_NAMES = (
    *(
        "Hélène",
        "René",
        "Zoé",
        "Éric",
        "Anaïs",
        "Benoît",
        "Çelik",
        "HÉLÈNE",
        "Œuvrard",
        "Sœur Inès",
        "Noël Évrard",
        "É. Dupont",
        "J.-É. Martin",
        "Rana É Haddad",
        "Ö. Yilmaz",
        "Ü. Kaya",
        "À la Une",
    ),
)
HEADINGS = {
    "English": "name,address,city",
    "Arabic": "الاسم,البريد الإلكتروني,المدينة",
    "French": "Prénom,Courriel,Ville",
}
# The cell of a city, which may tell what the name does not; Beirut tells nothing.
SHORT = [
    *(
        (codec, headings, name, city)
        for codec in ("cp1256", "iso8859-6")
        for headings in ("English", "Arabic")
        for name in SHORT_NAMES
        for city in ("Beirut", "مراكش", "صور")
    ),
    *(
        ("cp1252", headings, name, city)
        for headings in ("English", "French")
        for name in SHORT_FRENCH_NAMES
        for city in ("Paris", "Genève")
    ),
]


def short_list(folder: Path, codec: str, text: str) -> str:
    """What is read; empty where the officer is asked, and the right reading is among those that she is shown."""
    file = folder / "list.csv"
    file.write_bytes(text.encode(codec))
    try:
        return read(file)[1]
    except UnclearEncoding as error:
        said = str(error)
    name = encoding_called(codec).name  # type: ignore[union-attr]
    assert f"--encoding {name}" in said
    assert any(f"“{cell}” in {name}" in said for cell in text.replace("\n", ",").split(","))
    assert read(file, encoding=name)[1] == cells_of(text)
    return ""


@pytest.mark.parametrize(("codec", "headings", "name", "city"), SHORT)
def test_a_list_of_one_row_is_read_right_or_the_officer_is_asked(
    tmp_path: Path, codec: str, headings: str, name: str, city: str
) -> None:
    text = f"{HEADINGS[headings]}\n{name},p@x.example,{city}\n"
    found = short_list(tmp_path, codec, text)
    assert found in ("", cells_of(text))
    if headings == "Arabic" or codec == "cp1252":
        assert found  # there is enough to tell


@pytest.mark.parametrize("codec", ["cp1256", "iso8859-6"])
@pytest.mark.parametrize("rows", [2, 3, 5])
def test_a_list_of_a_few_rows_is_read_right_or_the_officer_is_asked(tmp_path: Path, codec: str, rows: int) -> None:
    asked = 0
    for first in range(len(SHORT_NAMES)):
        names = [SHORT_NAMES[(first + n) % len(SHORT_NAMES)] for n in range(rows)]
        text = "name,address,city\n" + "".join(f"{name},p{n}@x.example,Beirut\n" for n, name in enumerate(names))
        found = short_list(tmp_path, codec, text)
        assert found in ("", cells_of(text))
        asked += not found
    assert asked <= {2: 6, 3: 3, 5: 1}[rows]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("name,address,city\nظافر,p@x.example,Beirut\n", True),
        ("name,address,city\nظافر,p@x.example,القاهرة\n", False),
        ("الاسم,address,city\nظافر,p@x.example,Beirut\n", False),
    ],
)
def test_a_known_city_or_heading_tells_what_a_name_does_not(tmp_path: Path, text: str, *, asked: bool) -> None:
    assert short_list(tmp_path, "iso8859-6", text) == ("" if asked else cells_of(text))
