"""JSON is read an object at a time, as an export writes it or as an array; what is wrong in it is told by person."""

import json
from pathlib import Path

import pytest
from memory_bound import on_linux, read_within

from mailer.contacts.reading import open_list
from mailer.errors import BadTable

NOUR = {
    "contact": 7,
    "kind": "journalist",
    "status": "active",
    "name": "Nour Haddad",
    "name_ar": "نور حداد",
    "addresses": ["nour@paper.example", "n@home.example"],
    "phones": [],
    "city": "Beirut",
    "languages": ["ar", "en"],
    "salutations": {"en": "Dear Nour; dear all"},
    "outlets": [
        {"name": "Radio (96.2)", "role": "host", "type": "radio"},
        {"name": "Courier", "role": "", "type": ""},
    ],
    "embargo_terms": None,
    "verified_at": "2026-03-01T23:30:00.000000Z",
    "added_at": "2026-01-01T00:00:00.000000Z",
}
RIM = {"name": "Rim", "email": "rim@paper.example", "Ville": "Tyr", "tags": ["a;b", "c"], "shoes": {"size": 39}}


def opened(folder: Path, text: str | bytes, name: str = "list.json") -> list[dict[str, str]]:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    found = open_list(file)
    assert found.how.startswith("JSON, ")
    return [dict(zip(found.headings, row.cells, strict=True)) for row in found.rows]


def refused(folder: Path, text: str | bytes) -> str:
    with pytest.raises(BadTable) as caught:
        opened(folder, text)
    return str(caught.value)


FORMS = {
    "one object a line": "\n".join(json.dumps(one, ensure_ascii=False) for one in (NOUR, RIM)) + "\n",
    "escaped": "\r\n".join(json.dumps(one) for one in (NOUR, RIM)),
    "an array": json.dumps([NOUR, RIM], indent=2, ensure_ascii=False),
    "with a byte order mark": "\ufeff" + json.dumps([NOUR, RIM], ensure_ascii=False),
}


@pytest.mark.parametrize("name", ["list.json", "list.txt"])
@pytest.mark.parametrize("form", FORMS)
def test_a_list_is_read_in_each_form_that_json_has_for_it(tmp_path: Path, form: str, name: str) -> None:
    nour, rim = opened(tmp_path, FORMS[form], name)
    told = {heading: cell for heading, cell in nour.items() if cell}
    assert told == {
        "name": "Nour Haddad",
        "name_ar": "نور حداد",
        "address": "nour@paper.example; n@home.example",
        "city": "Beirut",
        "languages": "ar; en",
        "salutations": '"en: Dear Nour; dear all"',
        "outlets": "Radio (96.2) (host); Courier",
        "outlet_type": "Radio (96.2): radio",
        "verified": "2026-03-01",
    }
    assert {heading: cell for heading, cell in rim.items() if cell} == {
        "name": "Rim",
        "email": "rim@paper.example",
        "Ville": "Tyr",
        "tags": '"a;b"; c',
    }


def test_utf_16_is_read_too(tmp_path: Path) -> None:
    assert [
        one["name_ar"] for one in opened(tmp_path, json.dumps([NOUR], ensure_ascii=False).encode("utf-16"))
    ] == ["نور حداد"]


def test_many_people_are_read_across_the_pieces_in_which_the_file_comes(tmp_path: Path) -> None:
    people = [{"name": f'Person {n} \\ " {"é" * (n % 97)}', "address": f"p{n}@paper.example"} for n in range(5000)]
    for text in (json.dumps(people), "\n".join(map(json.dumps, people))):
        assert opened(tmp_path, text) == people


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[{"name": "A"}, {"name": 5}]', "person 2 has a 'name' that is a number, not a text"),
        ('[{"name": true}]', "person 1 has a 'name' that is true or false, not a text"),
        ('[{"name": ["a", ["b"]]}]', "person 1 has a 'name' that is a list, not a text"),
        ('{"name": {"first": "A"}}', "person 1 has a 'name' that is an object, not a text"),
        ('{"salutations": {"en": 1}}', "'salutations' that is a number"),
        ('{"outlets": [{"name": "A"}, "B"]}', "'outlets' that is partly a list of objects"),
        ('{"outlets": [{"name": "A", "type": "circus"}]}', "'outlets' that has a type that is none"),
        ('{"verified_at": "yesterday"}', "'verified_at' that is no instant"),
        ('{"verified_at": "2026-03-01T10:00:00"}', "'verified_at' that has no zone"),
        ('{"verified_at": "0001-01-01T00:00:00+14:00"}', "'verified_at' that is no instant"),
        ('{"name": "A", "name": "B"}', "person 1 has a name twice in one object"),
        (
            '{"name": "A"}\n{"name": "B" "city": "C"}',
            "person 2 is not JSON: expecting ',' delimiter, at character 14",
        ),
        (
            '[{"name": "A" "city": "C"}' + ', {"name": "B"}' * 10_000 + "]",
            "person 1 is not JSON: expecting ',' delimiter, at character 14",
        ),
        (
            '{"name": "A\tB", "address": "somebody@paper.example"}',
            "person 1 is not JSON: invalid control character",
        ),
        ('{"name": "A\\u0000B"}', "person 1 has a NUL character in it"),
        ('{"tags": ["A\\u0000B"]}', "'tags' that has a NUL character in it"),
        ('{"name": "\\ud83d"}', "person 1 has half of a character in it (a lone surrogate)"),
        ('{"\\udc00": "A"}', "person 1 has half of a character"),
        ('{"tags": ["\\udc00"]}', "half of a character"),
        ('{"age": ' + "9" * 5000 + "}", "person 1 has a number of more than 20 digits"),
        ('{"age": 1e' + "9" * 50 + "}", "person 1 has a number of more than 20 digits"),
        ('{"age": NaN}', "person 1 has NaN in it, which is no number in JSON"),
        ('{"age": -Infinity}', "person 1 has -Infinity in it"),
        ('{"a": ' * 100_000, "person 1 has lists in lists without end"),
        ("[" * 100_000, "person 1 is no object"),
        ('[{"name": "A"}, "B"]', "person 2 is no object"),
        ('[{"name": "A"} {"name": "B"}]', "person 1 has no comma"),
        ('[{"name": "A"}] {}', "person 1 is followed by something behind the end"),
        ('[{"name": "A"}', "its array does not end: it is cut off"),
        ('[{"name": "A"},', "person 2 is no object"),
        ('{"name": "A"}\n{"name": "B', "person 2 is not whole: the file is cut off there"),
        ("[]", "it has nobody in it"),
        ("[ \n", "its array does not end"),
        ("[{" + ", ".join(f'"n{n}": "x"' for n in range(501)) + "}]", "has names that make more than 500"),
    ],
)
def test_what_is_wrong_is_told_by_person(tmp_path: Path, text: str, words: str) -> None:
    assert words in refused(tmp_path, text)


def test_the_mistake_itself_is_not_repeated(tmp_path: Path) -> None:
    assert "secret" not in refused(tmp_path, '{"name": "A" "secret": "secret"}')


@on_linux
@pytest.mark.parametrize(
    "piece", ['{"name": "{}"}', '{"name": "A"}, {"tags": [{}', '{"name": "A", "notes": {}', '[{"a": {}', "[{}"]
)
def test_what_never_ends_is_refused_within_bounded_memory(tmp_path: Path, piece: str) -> None:
    filling = "x" * 50_000_000 if '"{}"' in piece else '"x",' * 12_000_000
    file = tmp_path / "list.json"
    before, _, after = piece.partition("{}")
    file.write_text(before + filling + after)
    said = read_within(file, 60)
    assert "person" in said
    assert "rows" not in said.splitlines()[0]


@on_linux
def test_a_large_list_is_read_within_bounded_memory(tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    one = json.dumps(NOUR)
    file.write_text("[" + ",".join([one] * 60_000) + "]")
    assert read_within(file, 60) == "60000 rows\n"
