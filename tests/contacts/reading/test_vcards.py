"""vCards of any version and program become rows; what no registry needs in them is not even decoded."""

import base64
import quopri
from pathlib import Path

import pytest
import vobject
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_bound import on_linux, read_within

from mailer.contacts.fields import split_values
from mailer.contacts.reading import open_list
from mailer.errors import BadTable


def people(folder: Path, content: str | bytes, name: str = "people.vcf") -> list[dict[str, str]]:
    """The fields that each card has something in."""
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.replace("\n", "\r\n").encode())
    opened = open_list(file)
    return [
        {heading: cell for heading, cell in zip(opened.headings, row.cells, strict=True) if cell}
        for row in opened.rows
    ]


def card(*lines: str, version: str = "3.0") -> str:
    return "\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""])


APPLE = card(
    "PRODID:-//Apple Inc.//macOS 14.4//EN",
    "N:Haddad;Nour;;;",
    "FN:Nour Haddad",
    "ORG:Levant Courier;News desk",
    "TITLE:Reporter",
    "item1.EMAIL;type=INTERNET:nour.home@courier.example",
    "item1.X-ABLabel:_$!<Other>!$_",
    "item2.EMAIL;type=INTERNET;type=WORK;type=pref:nour@courier.example",
    "TEL;type=WORK;type=FAX:+961 1 555 0199",
    "TEL;type=CELL;type=VOICE;type=pref:+961 3 555 010",
    "item3.ADR;type=WORK;type=pref:;;12 Port Street\\, 3rd floor;Beirut;;1100;Lebanon",
    "NOTE:Met at the port\\; likes\\nshort mails",
    "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD",
    "  /2wBDAAgGBgcGBQgHBwcJCQ",
    "BDAY:1980-01-01",
)
NOUR = {
    "name": "Nour Haddad",
    "given_name": "Nour",
    "family_name": "Haddad",
    "outlets": "Levant Courier",
    "role": "Reporter",
    "address": "nour@courier.example; nour.home@courier.example",
    "phone": "+961 3 555 010",
    "city": "Beirut",
    "country": "Lebanon",
    "notes": "Met at the port; likes\nshort mails",
}

FOUR = card(
    "FN;ALTID=1:Rim Itani",
    "FN;ALTID=1;LANGUAGE=ar:ريم عيتاني",
    "N:Itani;Rim;;;",
    "EMAIL;PREF=2:rim.second@marfa.example",
    "EMAIL;PREF=1:rim@marfa.example",
    'TEL;VALUE=uri;TYPE="voice,work":tel:+961-1-555-0103;ext=12',
    "LANG;PREF=2:en",
    "LANG;PREF=1:ar",
    "CATEGORIES:migration,human-rights,a\\,b",
    "ROLE:Editor",
    version="4.0",
)
RIM = {
    "name": "Rim Itani",
    "name_ar": "ريم عيتاني",
    "given_name": "Rim",
    "family_name": "Itani",
    "address": "rim@marfa.example; rim.second@marfa.example",
    "phone": "+961-1-555-0103 ext. 12",
    "languages": "ar; en",
    "beats": "migration; human-rights; a,b",
    "role": "Editor",
}

OWN = card(
    "PRODID:-//Dateline//EN",
    "FN:Nour Haddad",
    "EMAIL;PREF=1:nour@courier.example",
    "OUTLET1.ORG:Levant Courier",
    "OUTLET1.ROLE:reporter",
    "OUTLET2.ORG:Radio\\; Bahr",
    "TITLE:Head",
    "ADR:;;;Beirut;;;LB",
    "X-DATELINE-NAME-AR:نور حداد",
    "X-DATELINE-EMBARGO-TERMS:2026-01-05",
    "X-DATELINE-SALUTATIONS:en: Dear Nour\\; ar: عزيزتي",
    "X-DATELINE-NO-SUCH-FIELD:x",
    version="4.0",
)
OWN_FIELDS = {
    "name": "Nour Haddad",
    "name_ar": "نور حداد",
    "address": "nour@courier.example",
    "city": "Beirut",
    "country": "LB",
    "salutations": "en: Dear Nour; ar: عزيزتي",
    "outlets": 'Levant Courier (reporter); "Radio; Bahr"',
    "title": "Head",
    "embargo_terms": "2026-01-05",
}


@pytest.mark.parametrize(("text", "fields"), [(APPLE, NOUR), (FOUR, RIM), (OWN, OWN_FIELDS)])
def test_cards_of_any_program_are_read(tmp_path: Path, text: str, fields: dict[str, str]) -> None:
    assert people(tmp_path, text) == [fields]


def test_many_cards_are_in_a_file_and_keep_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text(APPLE + "\n" + FOUR + OWN.lower().replace("begin:vcard", "begin:vCard"))
    opened = open_list(tmp_path / "list.txt")
    assert opened.how == "vCard 3.0 and 4.0, UTF-8"
    assert [row.number for row in opened.rows] == [1, 2, 3]


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "cp1256"])
def test_cards_come_in_other_encodings_too(tmp_path: Path, codec: str) -> None:
    assert people(tmp_path, (FOUR + FOUR).encode(codec)) == [RIM, RIM]


def printable(text: str, codec: str) -> str:
    """Quoted-printable, with the soft line breaks of a program that breaks where it likes."""
    return quopri.encodestring(text.encode(codec)).decode()


LONG = "مراسلة شؤون الهجرة واللجوء في صحيفة المرفأ وفي إذاعة السفوح منذ سنوات"


@pytest.mark.parametrize(
    ("parameters", "codec"),
    [
        ("CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE", "utf-8"),
        ("ENCODING=QUOTED-PRINTABLE;CHARSET=windows-1256", "cp1256"),
        ("QUOTED-PRINTABLE;CHARSET=ISO-8859-6", "iso8859-6"),
        ("ENCODING=QUOTED-PRINTABLE", "utf-8"),
        ("ENCODING=QUOTED-PRINTABLE", "cp1256"),  # as old telephones wrote it
    ],
)
def test_quoted_printable_of_vcard_2_1_is_read_in_its_own_encoding(
    tmp_path: Path, parameters: str, codec: str
) -> None:
    text = card(
        f"N;{parameters}:{printable('حداد;نور', codec)}",
        f"NOTE;{parameters}:{printable(LONG, codec)}",
        version="2.1",
    )
    (fields,) = people(tmp_path, text)
    assert (fields["name"], fields["notes"]) == ("نور حداد", LONG)


def test_a_line_of_vcard_2_1_may_have_an_encoding_of_its_own(tmp_path: Path) -> None:
    content = (
        b"BEGIN:VCARD\r\nVERSION:2.1\r\nFN;CHARSET=windows-1256:" + "نور حداد".encode("cp1256")
        + b"\r\nORG;CHARSET=UTF-8:" + "صحيفة المرفأ".encode() + b"\r\nEND:VCARD\r\n"
    )  # fmt: skip
    assert people(tmp_path, content) == [{"name": "نور حداد", "outlets": "صحيفة المرفأ"}]


def test_text_that_is_folded_inside_a_character_is_put_together(tmp_path: Path) -> None:
    name = "نور حداد".encode()
    content = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:" + name[:3] + b"\r\n " + name[3:] + b"\r\nEND:VCARD\r\n"
    assert people(tmp_path, content) == [{"name": "نور حداد"}]


def test_pictures_keys_and_a_secretary_s_card_are_passed_over(tmp_path: Path) -> None:
    picture = base64.encodebytes(b"\xff\xd8" * 3000).decode()
    text = card(
        f"PHOTO;JPEG;ENCODING=BASE64:\n {picture.replace(chr(10), chr(10) + ' ')}",
        "",
        f"KEY;ENCODING=BASE64:{picture}",
        "AGENT:",
        *card("FN:The Secretary", "EMAIL:s@x.example", version="2.1").splitlines(),
        "FN:Nour Haddad",
        version="2.1",
    )
    assert people(tmp_path, text) == [{"name": "Nour Haddad"}]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("BEGIN:VCARD\nVERSION:3.0\nFN:Nour\n", "card 1 does not end"),
        (APPLE + "BEGIN:VCARD\nFN:Rim\n", "card 2 does not end"),
        (card("FN:No\x00ur"), "NUL"),
        (card(*["EMAIL:n@x.example"] * 3000), "card 1 has more than 2,000 lines"),
    ],
)
def test_broken_cards_are_told_by_their_number(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(BadTable, match=reason):
        people(tmp_path, text)


@on_linux
@pytest.mark.parametrize("head", [b"NOTE:", b"PHOTO;ENCODING=b:", b"NOTE;ENCODING=QUOTED-PRINTABLE:"])
@pytest.mark.parametrize("piece", [b"x" * 1000, b"x" * 990 + b"=\r\n", b"x" * 990 + b"\r\n "])
def test_a_value_of_50_mb_is_bounded(tmp_path: Path, head: bytes, piece: bytes) -> None:
    with (tmp_path / "list.vcf").open("wb") as stream:
        stream.write(b"BEGIN:VCARD\r\nVERSION:2.1\r\nFN:Nour\r\n" + head)
        for _ in range(50):
            stream.write(piece * 1000)
        stream.write(b"\r\nEND:VCARD\r\n" * 2)
    assert "1 rows" in read_within(tmp_path / "list.vcf", 12)


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs")), min_size=1, max_size=40
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(family=TEXT, given_name=TEXT, note=TEXT, addresses=st.lists(TEXT, min_size=1, max_size=3, unique=True))
def test_what_another_library_writes_is_read_back(
    tmp_path: Path, family: str, given_name: str, note: str, addresses: list[str]
) -> None:
    written = vobject.vCard()
    written.add("n").value = vobject.vcard.Name(family=family, given=given_name)
    written.add("fn").value = f"{given_name} {family}"
    written.add("note").value = note
    for address in addresses:
        written.add("email").value = address
    (fields,) = people(tmp_path, written.serialize().encode())
    assert (fields["family_name"], fields["given_name"], fields["notes"]) == (family, given_name, note)
    assert split_values(fields["address"]) == addresses


def test_the_groups_of_google_s_own_are_no_beats(tmp_path: Path) -> None:
    cards = card("FN:Nour", "EMAIL:n@courier.example", "CATEGORIES:myContacts,migration,starred")
    cards += card("FN:Rim", "EMAIL:r@courier.example", "CATEGORIES:myContacts")
    assert [person.get("beats") for person in people(tmp_path, cards)] == ["migration", None]
