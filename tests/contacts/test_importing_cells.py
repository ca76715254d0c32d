"""What the cells of a list may say, and that every problem of a row is told with its remedy."""

from datetime import date
from pathlib import Path

import pytest
from builders import make_organisation
from listing import NOUR, somebody, take, take_file, told

from mailer.contacts.models import LawfulBasis, OutletType
from mailer.database import Database


@pytest.fixture
def office(database: Database) -> Database:
    return database


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("a@x.example", ["a@x.example"]),
        (" A@X.example ", ["A@x.example"]),
        ("a@x.example; b@y.example", ["a@x.example", "b@y.example"]),
        ("a@x.example؛b@y.example", ["a@x.example", "b@y.example"]),
        ("a@x.example, b@y.example", ["a@x.example", "b@y.example"]),
        ("a@x.example / b@y.example", ["a@x.example", "b@y.example"]),
        ("a@x.example|b@y.example", ["a@x.example", "b@y.example"]),
        ("a@x.example b@y.example", ["a@x.example", "b@y.example"]),
        ("a@x.example\nb@y.example", ["a@x.example", "b@y.example"]),
        ("a@x.example; A@X.example", ["a@x.example"]),
        ("Nour Haddad <a@x.example>", ["a@x.example"]),
        ('"Haddad, Nour" <a@x.example>', ["a@x.example"]),
        ("Nour <a@x.example>, Desk <b@y.example>", ["a@x.example", "b@y.example"]),
        ("<a@x.example> <b@y.example>", ["a@x.example", "b@y.example"]),
        ("mailto:a@x.example", ["a@x.example"]),
        ("نور <nour@صحيفة-المرفأ.example>", ["nour@صحيفة-المرفأ.example"]),
        ("o'neil/press@x.example", ["o'neil/press@x.example"]),
    ],
)
def test_addresses_of_a_cell_are_taken_apart(
    office: Database, tmp_path: Path, cell: str, found: list[str]
) -> None:
    done = take(office, tmp_path, NOUR | {"address": cell})
    assert done.refused == []
    assert list(somebody(office).addresses) == found


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("+41 22 917 12 34", ["+41 22 917 12 34"]),
        ("022 917 12 34", ["+41 22 917 12 34"]),
        ("022 917 12 34 / +961 1 975 310", ["+41 22 917 12 34", "+961 1 975 310"]),
        ("022 917 12 34; 022 917 12 35", ["+41 22 917 12 34", "+41 22 917 12 35"]),
        ("022 917 12 34\n+41229171234", ["+41 22 917 12 34"]),
        ("'+41 22 917 12 34", ["+41 22 917 12 34"]),
        ("", []),
    ],
)
def test_telephone_numbers_are_read_as_the_city_s_country_writes_them(
    office: Database, tmp_path: Path, cell: str, found: list[str]
) -> None:
    done = take(office, tmp_path, NOUR | {"city": "Genève", "phone": cell})
    assert done.refused == []
    assert list(somebody(office).phones) == found


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("ar;en", ["ar", "en"]),
        ("AR, EN", ["ar", "en"]),
        ("ar/en", ["ar", "en"]),
        ("ar en", ["ar", "en"]),
        ("Arabic and English", ["ar", "en"]),
        ("arabe et français", ["ar", "fr"]),
        ("العربية، الإنجليزية", ["ar", "en"]),
        ("en\nar\nen", ["en", "ar"]),
        ("ar-eg", ["ar-EG"]),
    ],
)
def test_languages_are_known_by_code_and_by_name(
    office: Database, tmp_path: Path, cell: str, found: list[str]
) -> None:
    done = take(office, tmp_path, NOUR | {"languages": cell})
    assert done.refused == []
    assert list(somebody(office).languages) == found


@pytest.mark.parametrize(
    ("cells", "name", "name_ar"),
    [
        ({"name": "Nour Haddad"}, "Nour Haddad", ""),
        ({"name": "", "given_name": "Nour", "family_name": "Haddad"}, "Nour Haddad", ""),
        ({"given_name": "Nour", "family_name": "Haddad"}, "Nour Haddad", ""),
        ({"name": "Dr N. Haddad", "given_name": "Nour", "family_name": "Haddad"}, "Dr N. Haddad", ""),
        ({"name_ar": "نور حداد"}, "نور حداد", "نور حداد"),
        ({"name": "", "name_ar": "نور حداد"}, "نور حداد", "نور حداد"),
        ({"family_name": "Madonna"}, "Madonna", ""),
    ],
)
def test_a_name_is_told_whole_in_parts_or_in_arabic(
    office: Database, tmp_path: Path, cells: dict[str, str], name: str, name_ar: str
) -> None:
    row = {heading: cell for heading, cell in NOUR.items() if heading != "name"}
    take(office, tmp_path, cells | row)
    found = somebody(office)
    assert (found.name, found.name_ar) == (name, name_ar)
    assert (found.given_name, found.family_name) == (cells.get("given_name", ""), cells.get("family_name", ""))


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ({"outlets": "Courier"}, [("Courier", "", None)]),
        ({"outlets": "Courier (reporter); Radio Bahr"}, [("Courier", "reporter", None), ("Radio Bahr", "", None)]),
        ({"outlets": "Courier", "role": "editor"}, [("Courier", "editor", None)]),
        ({"outlets": "Courier (editor)", "role": "Editor"}, [("Courier", "editor", None)]),
        ({"outlets": "Courier", "role": "", "outlet_type": "journal"}, [("Courier", "", OutletType.NEWSPAPER)]),
        ({"outlets": "الموجة", "outlet_type": "إذاعة"}, [("الموجة", "", OutletType.RADIO)]),
        ({"outlets": '"Courier; Sunday"'}, [("Courier; Sunday", "", None)]),
        ({"outlets": "", "role": "freelance"}, []),
        ({"outlets": "Radio (96.2) (host)"}, [("Radio (96.2)", "host", None)]),
        ({"outlets": "Radio (96.2) ()", "role": "host"}, [("Radio (96.2)", "host", None)]),
        (
            {"outlets": "A; Radio Bahr", "outlet_type": "radio bahr: إذاعة\nA: journal"},
            [("A", "", OutletType.NEWSPAPER), ("Radio Bahr", "", OutletType.RADIO)],
        ),
        (
            {"outlets": "A; B; C (x)", "outlet_type": "B: tv"},
            [("A", "", None), ("B", "", OutletType.TELEVISION), ("C", "x", None)],
        ),
        (
            {"outlets": "A; B", "outlet_type": "tv; tv"},
            [("A", "", OutletType.TELEVISION), ("B", "", OutletType.TELEVISION)],
        ),
        ({"outlets": "A", "outlet_type": "A: tv"}, [("A", "", OutletType.TELEVISION)]),
    ],
)
def test_outlets_have_their_role_and_type_from_the_same_row(
    office: Database, tmp_path: Path, cells: dict[str, str], found: list[tuple[str, str, OutletType | None]]
) -> None:
    done = take(office, tmp_path, NOUR | cells)
    assert done.refused == []
    assert list(somebody(office).outlets) == found


def test_everything_else_of_a_contact_is_taken_too(office: Database, tmp_path: Path) -> None:
    row = {
        "salutations": "en: Dear Ms Haddad; Arabic: عزيزتي نور",
        "beats": "Migration; الصحة",
        "tags": "Cedar trip; VIP",
        "source": "her card",
        "basis": "intérêt légitime",
        "basis_since": "2026-01-05",
        "verified": "٢٠٢٦-٠٢-٠١",
        "embargo_terms": "2026-03-01",
        "notes": "Asks before noon.\nSpeaks softly.",
        "title": "Ms",
    }
    done = take(office, tmp_path, NOUR | row)
    assert done.refused == []
    found = somebody(office)
    assert dict(found.salutations) == {"ar": "عزيزتي نور", "en": "Dear Ms Haddad"}
    assert (found.beats, found.tags) == (("health", "migration"), ("cedar trip", "vip"))
    assert (found.source, found.basis) == ("her card", LawfulBasis.LEGITIMATE_INTEREST)
    assert found.basis_since == date(2026, 1, 5)
    assert found.verified_at is not None
    assert found.verified_at.date() == date(2026, 2, 1)
    assert found.embargo_terms == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("cell", "basis"),
    [
        ("consent", LawfulBasis.CONSENT),
        ("Legitimate interests", LawfulBasis.LEGITIMATE_INTEREST),
        ("legal_obligation", LawfulBasis.LEGAL_OBLIGATION),
        ("Consentement", LawfulBasis.CONSENT),
        ("موافقة", LawfulBasis.CONSENT),
        ("المصلحة العامة", LawfulBasis.PUBLIC_INTEREST),
    ],
)
def test_a_lawful_basis_is_known_in_three_languages(
    office: Database, tmp_path: Path, cell: str, basis: LawfulBasis
) -> None:
    take(office, tmp_path, NOUR | {"basis": cell})
    assert somebody(office).basis is basis


HOSTILE = [
    ({"address": ""}, "address", "empty"),
    ({"address": "a@x.example, nobody"}, "address", "invalid characters"),
    ({"address": "Nour Haddad"}, "address", "@-sign"),
    ({"address": "=HYPERLINK(1)"}, "address", "formula"),
    ({"address": "a" * 400 + "@x.example"}, "address", ""),
    ({"name": "Nour\x07"}, "name", "control"),
    ({"name": "+1"}, "name", "formula"),
    ({"name": "'=1+1"}, "name", "formula"),
    ({"name": "N" * 201}, "name", "200"),
    ({"name": "N" * 20_000}, "name", "quotation mark"),
    ({"name": ""}, "name", "empty"),
    ({"name": "\u202e\u2066"}, "name", "empty"),
    ({"city": ""}, "city", "empty"),
    ({"city": "Beirrut"}, "city", "Beirut"),
    ({"city": "Tripoli"}, "city", "Tripoli, Lebanon"),
    ({"city": "Beirut", "country": "Egypt"}, "city", "not a city"),
    ({"languages": ""}, "languages", "empty"),
    ({"languages": "ar; Klingonish"}, "languages", "Klingonish"),
    ({"phone": "12"}, "phone", "short"),
    ({"phone": "+961 1 975 310 / call me"}, "phone", "letters"),
    ({"beats": "migratoin"}, "beats", "Did you mean migration"),
    ({"outlets": "(editor)"}, "outlets", "Levant Courier (reporter)"),
    ({"outlets": "A; B", "role": "editor"}, "role", "which of the outlets"),
    ({"outlets": "A (editor)", "role": "reporter"}, "role", "another role"),
    ({"outlets": "A", "role": "r" * 121}, "role", "120"),
    ({"outlets": "A", "outlet_type": "balloon"}, "outlet_type", "newspaper"),
    ({"outlets": "A; B", "outlet_type": "radio"}, "outlet_type", "which of the outlets"),
    ({"outlets": "A; B", "outlet_type": "A: balloon"}, "outlet_type", "newspaper"),
    ({"outlets": "A; B", "outlet_type": "A: radio; C: radio"}, "outlet_type", "as it is in their column"),
    ({"outlets": "A; B; C", "outlet_type": "radio; tv"}, "outlet_type", "which of the outlets"),
    ({"outlets": "A (editor) B (host)"}, "outlets", "semicolons"),
    ({"outlets": "A (editor"}, "outlets", "semicolons"),
    ({"tags": "<script>"}, "tags", "tag"),
    ({"embargo_terms": "05/01/2026"}, "embargo_terms", "2026-03-01"),
    ({"embargo_terms": "2026-02-30"}, "embargo_terms", "not a day"),
    ({"verified": "2030-01-01"}, "verified", "still to come"),
    ({"basis_since": "2030-01-01"}, "basis_since", "still to come"),
    ({"basis": "because"}, "basis", "legitimate-interest"),
    ({"salutations": "Dear Ms Haddad"}, "salutations", "en: Dear"),
    ({"salutations": "fr: Chère Nour"}, "salutations", "does not read fr"),
    ({"source": "s" * 301}, "source", "300"),
    ({"organisation": "nobody"}, "organisation", "organisations"),
    ({"organisation": "esrf", "city": "Cairo"}, "city", "no office in Cairo"),
    ({"notes": "=1+1"}, "notes", "formula"),
]


@pytest.mark.parametrize(("cells", "column", "words"), HOSTILE)
def test_what_is_wrong_with_a_cell_is_told_with_place_value_reason_and_remedy(
    office: Database, tmp_path: Path, cells: dict[str, str], column: str, words: str
) -> None:
    with office.write() as session:
        make_organisation(session, "esrf")
    done = take(office, tmp_path, NOUR | cells)
    assert (done.added, len(done.refused)) == (0, 1), done
    (refusal,) = done.refused
    assert (refusal.file, refusal.row, refusal.column) == ("people.csv", 2, column)
    assert words in f"{refusal.reason} {refusal.remedy}"
    assert refusal.reason
    assert refusal.remedy
    assert bool(refusal.value) or not cells[column].strip("\u202e\u2066")
    assert len(refusal.value) <= 200


def test_every_problem_of_a_row_is_told_and_not_the_first_alone(office: Database, tmp_path: Path) -> None:
    row = {
        "name": "",
        "address": "nobody",
        "city": "Nowhereville",
        "languages": "?",
        "phone": "12",
        "beats": "xyz",
    }
    done = take(office, tmp_path, NOUR, row)
    assert done.added == 1
    assert {refusal.column for refusal in done.refused} == set(row)
    assert {refusal.row for refusal in done.refused} == {3}
    assert list(done.refused_rows) == [3]


def test_a_column_is_told_as_the_file_heads_it(office: Database, tmp_path: Path) -> None:
    done = take(
        office, tmp_path, {"Nom complet": "Nour", "Courriel": "nobody", "Ville": "Beyrouth", "Langues": "ar"}
    )
    assert [refusal.column for refusal in done.refused] == ["Courriel"]


def test_unknown_beats_go_in_as_the_office_s_own_where_that_is_allowed(office: Database, tmp_path: Path) -> None:
    rows = (
        NOUR | {"beats": "Kite flying; migration"},
        {"name": "Rim", "address": "nobody", "city": "Beirut", "languages": "ar", "beats": "Never used"},
    )
    done = take(office, tmp_path, *rows, new_beats=True)
    assert done.new_beats == ("Kite flying",)
    assert somebody(office).beats == ("kite-flying", "migration")
    assert take(office, tmp_path, NOUR | {"beats": "kite FLYING; Migration"}).unchanged == 1


def test_a_beat_without_a_latin_name_is_not_made_up(office: Database, tmp_path: Path) -> None:
    done = take(office, tmp_path, NOUR | {"beats": "إنقاذ بحري"}, new_beats=True)
    assert "dateline beats add" in told(done.refused)


def test_a_row_with_more_cells_than_headings_is_refused(office: Database, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("name,address,city,languages\nHaddad, Nour,a@x.example,Beirut,ar\n", "utf-8")
    (refusal,) = take_file(office, file).refused
    assert (refusal.row, refusal.value) == (2, "ar")
    assert "quotation marks" in refusal.remedy
