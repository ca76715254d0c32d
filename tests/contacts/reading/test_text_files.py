"""CSV in all its ways: delimiters, quotation marks, line ends; and what is no list is refused within bounds."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from memory_bound import on_linux, read_within

from mailer.contacts.reading import OpenedList, open_list
from mailer.contacts.table import MAX_CELL
from mailer.errors import BadTable, UnreadableFile

PLAIN = "name,address,city\nNour Haddad,nour@courier.example,Beirut\nRim Itani,rim@marfa.example,Tyre\n"


def opened(folder: Path, content: str | bytes, name: str = "list.csv", **options: str) -> OpenedList:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_list(file, **options)


def cells(opened: OpenedList) -> list[tuple[str, ...]]:
    return [opened.headings, *(row.cells for row in opened.rows)]


@pytest.mark.parametrize(
    ("delimiter", "name"),
    [
        (",", "commas"), (";", "semicolons"), ("\t", "tabs"), ("|", "bars"),
        ("؛", "Arabic semicolons"), ("،", "Arabic commas"),
    ],
)  # fmt: skip
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str, name: str) -> None:
    found = opened(tmp_path, PLAIN.replace(",", delimiter))
    assert found.how == f"CSV, UTF-8, {name}"
    assert cells(found)[1] == ("Nour Haddad", "nour@courier.example", "Beirut")


def test_delimiters_inside_quotation_marks_do_not_count(tmp_path: Path) -> None:
    text = 'name;address;beats\n"Haddad, Nour, Jr.";n@x.example;"a, b, c"\n"Itani, Rim, Dr.";r@x.example;"a, b"\n'
    assert cells(opened(tmp_path, text))[1] == ("Haddad, Nour, Jr.", "n@x.example", "a, b, c")


def test_several_values_in_cells_do_not_look_like_more_columns(tmp_path: Path) -> None:
    text = "name,address,languages\nNour,n@x.example,ar;en;fr\nRim,r@x.example,ar;en;fr\n"
    assert opened(tmp_path, text).headings == ("name", "address", "languages")


@pytest.mark.parametrize("sign", ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"])
def test_a_sign_that_ends_no_row_does_not_hide_the_delimiter(tmp_path: Path, sign: str) -> None:
    text = f"name,address,languages,notes,tags\nNour,n@x.example,ar;en;fr,a{sign}b,c;d;e\n"
    assert opened(tmp_path, text).headings == ("name", "address", "languages", "notes", "tags")


def test_a_list_of_one_column_is_one(tmp_path: Path) -> None:
    assert cells(opened(tmp_path, "E-mail\nnour@courier.example\n")) == [("E-mail",), ("nour@courier.example",)]


@pytest.mark.parametrize("first", ["sep=|\n", "SEP=|\r\n", "\ufeffsep=|\n"])
def test_excel_s_first_line_is_taken_at_its_word_and_is_no_row(tmp_path: Path, first: str) -> None:
    found = opened(tmp_path, first + "name|address\nNour; Rim; Dana, Ola|n@x.example\n")
    assert found.headings == ("name", "address")
    assert [(row.number, row.cells[0]) for row in found.rows] == [(2, "Nour; Rim; Dana, Ola")]


@pytest.mark.parametrize("said", [";", "semicolon", "semicolons", " Semicolon "])
def test_the_delimiter_may_be_said(tmp_path: Path, said: str) -> None:
    assert opened(tmp_path, "name,x;address\nNour,y;n@x.example\n", delimiter=said).headings == (
        "name,x",
        "address",
    )


@pytest.mark.parametrize("said", ["a", ",,", '"', "\n", "\0", "nonsense"])
def test_a_delimiter_that_can_be_none_is_refused(tmp_path: Path, said: str) -> None:
    with pytest.raises(BadTable, match="between cells"):
        opened(tmp_path, PLAIN, delimiter=said)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_will_do_and_rows_count_as_in_a_spreadsheet(tmp_path: Path, end: str) -> None:
    text = 'name,address\nNour,n@x.example\n\n"Rim\nItani",r@x.example\nDana,d@x.example\n'
    found = opened(tmp_path, text.replace("\n", end))
    rows = [(row.number, row.cells[0].split()) for row in found.rows]
    assert rows == [(2, ["Nour"]), (4, ["Rim", "Itani"]), (5, ["Dana"])]


def test_a_title_above_the_headings_is_passed_over(tmp_path: Path) -> None:
    found = opened(tmp_path, "Press contacts 2026,,\n,,\nNom complet,Courriel,Ville\nNour,n@x.example,Tyr\n")
    assert found.headings == ("Nom complet", "Courriel", "Ville")
    assert [row.number for row in found.rows] == [4]


def test_a_title_above_headings_that_nobody_knows_is_passed_over(tmp_path: Path) -> None:
    assert opened(tmp_path, "My list\n\nWer,Wo\nNour,Tyre\n").headings == ("Wer", "Wo")


def test_a_column_without_a_heading_is_called_by_its_letter(tmp_path: Path) -> None:
    assert opened(tmp_path, "name,,address,\nNour,x,n@x.example,\n").headings == ("name", "column B", "address")


def test_rows_keep_the_cells_that_they_have(tmp_path: Path) -> None:
    found = opened(tmp_path, "name,address,city\nNour\nHaddad, Rim,r@x.example,Tyre\n")
    assert [len(row.cells) for row in found.rows] == [1, 4]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\r\n , ,\n\n", "empty"),
        (b"nour@courier.example,Nour\nrim@marfa.example,Rim\n", "row 1 should name the columns"),
        (b'name,address\nNour,n@x.example\n"Rim,r@x.example\nDana,d@x.example\n', "opens in row 3 never closes"),
        (b'name,address\n"Nour" Haddad,n@x.example\n', "row 2 has a quotation mark in the wrong place"),
        (b"name,address\nNo\x00ur,n@x.example\n", "row 2 has NUL"),
        (b"name,address\n" + b"a," * 400_000 + b"\n", "row 2 has 400,001 cells"),
        (b"name,address\n" + b"a," * 1_000_000 + b"\n", "row 2 is longer than 1,000,000"),
        (b"name,address\n" + b"x" * 200_000 + b",n@x.example\n", "a cell in row 2 is longer than 131,072"),
        (b"name,address\n" + b'"a\nb",' * 300_000, "row 2 is longer than 1,000,000"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "picture"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"<html><table><tr><td>name", "HTML"),
        (b"\x1f\x8b\x08\x00", "compressed"),
    ],
)
def test_what_is_no_list_is_refused_and_said_why(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(BadTable, match=reason):
        list(opened(tmp_path, content).rows)


def test_headings_alone_are_a_list_of_nobody(tmp_path: Path) -> None:
    assert cells(opened(tmp_path, "name,address\n")) == [("name", "address")]


def test_a_long_cell_is_cut_just_beyond_the_bound_so_that_its_row_is_refused(tmp_path: Path) -> None:
    (row,) = opened(tmp_path, "name,address\n" + "x" * 100_000 + ",n@x.example\n").rows
    assert [len(cell) for cell in row.cells] == [MAX_CELL + 1, 11]


def test_what_is_no_plain_file_is_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.csv")
    for name, reason in (("fifo.csv", "not a plain file"), ("", "folder"), ("no.csv", "No such file")):
        with pytest.raises(UnreadableFile, match=reason):
            open_list(tmp_path / name)


@contextmanager
def somebody_else() -> Iterator[None]:
    """Not root, who may read everything."""
    me = os.geteuid()
    if me == 0:
        os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(me)


def test_a_file_that_this_user_may_not_read_is_named() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "list.csv"
        file.write_text(PLAIN)
        file.chmod(0)
        Path(folder).chmod(0o755)  # it is the file that keeps her out
        with somebody_else(), pytest.raises(UnreadableFile, match=r"list\.csv .*Permission"):
            open_list(file)


@on_linux
@pytest.mark.parametrize(
    ("begin", "piece", "times", "said"),
    [
        (b"name,address\n", b"Nour Haddad,nour@courier.example\n", 500_000, "500000 rows"),
        (b"name,address\n", b"x" * 1000, 50_000, "row 2"),
        (b'name,address\n"', b"x" * 999 + b"\n", 50_000, "row 2"),
        (b"name,address\n", b"a," * 500, 40_000, "row 2"),
        (b"name,address\n", b'"a\nb",' * 500, 10_000, "row 2"),
        (b"", b"x" * 1000, 50_000, "row 1"),
    ],
)
def test_memory_is_bounded_whatever_the_file(
    tmp_path: Path, begin: bytes, piece: bytes, times: int, said: str
) -> None:
    file = tmp_path / "list.csv"
    with file.open("wb") as stream:
        stream.write(begin)
        for _ in range(times // 1000):
            stream.write(piece * 1000)
    assert said in read_within(file, 12)
