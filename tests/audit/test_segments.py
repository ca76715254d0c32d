"""The log as files: whoever has them checks them without the database, and what was done to them is told."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import DESK, NOON
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mailer.audit import Event, append_many, entry
from mailer.audit.sealing import LogKey, Sealer, last_checkpoint
from mailer.audit.segments import Checked, check, export
from mailer.database import Database
from mailer.errors import BadExport, LogTreeBroken, NothingSealed, OtherExport, UnwritableFile

KEY = LogKey("press.example/log", Ed25519PrivateKey.from_private_bytes(bytes(32)))
OTHER = LogKey("press.example/log", Ed25519PrivateKey.from_private_bytes(bytes([1] * 32)))


@pytest.fixture(autouse=True)
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of four entries, so that a log of a few has many."""
    monkeypatch.setattr("mailer.audit.segments.LENGTH", 4)
    monkeypatch.setattr("mailer.audit.segments._BATCH", 3)


def grow(database: Database, many: int, key: LogKey = KEY) -> str:
    """So many entries more, sealed; returns the checkpoint."""
    with database.write() as session:
        append_many(
            session,
            [entry(Event.CLOCK_JUMPED, at=NOON, actor=DESK, data={"reason": f"نور {n}"}) for n in range(many)],
        )
    Sealer(database, key).seal_all(at=NOON)
    with database.read() as session:
        last = last_checkpoint(session)
    assert last is not None
    return last.note


def exported(database: Database, folder: Path, key: LogKey = KEY) -> int:
    """How many segments were written."""
    with database.read() as session:
        return export(session, folder, [key.verifier]).written


def checked(folder: Path, *witnessed: str) -> Checked:
    return check(folder, [KEY.verifier], witnessed=witnessed)


def test_logs_of_every_length_are_exported_and_fit(database: Database, tmp_path: Path) -> None:
    notes = []
    for size in range(1, 24):
        notes.append(grow(database, 1))
        folder = tmp_path / str(size)
        assert exported(database, folder) == (size + 3) // 4
        found = checked(folder, *notes)
        assert (found.problems, found.size, found.entries, found.witnessed) == ([], size, size, size)


def test_a_line_is_the_entry_as_it_was_sealed(database: Database, tmp_path: Path) -> None:
    grow(database, 5)
    exported(database, tmp_path / "x")
    files = sorted((tmp_path / "x" / "entries").iterdir())
    assert [file.name for file in files] == ["000000000000.jsonl", "000000000004.jsonl"]
    lines = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    assert [line["entry"] for line in lines] == [1, 2, 3, 4, 5]
    assert lines[4]["data"] == {"reason": "نور 4"}


def test_a_second_export_adds_what_has_come_since(database: Database, tmp_path: Path) -> None:
    first = grow(database, 10)
    assert exported(database, tmp_path / "x") == 3
    assert exported(database, tmp_path / "x") == 0
    grow(database, 10)
    # The one that was not full, and two more.
    assert exported(database, tmp_path / "x") == 3
    found = checked(tmp_path / "x", first)
    assert (found.problems, found.size, found.witnessed) == ([], 20, 1)


def test_entries_whose_numbers_have_gaps_stand_in_the_order_of_the_tree(
    database: Database, tmp_path: Path
) -> None:
    with database.write() as session:
        for number in (109, 105, 107, 106, 102):
            row = entry(Event.CLOCK_JUMPED, at=NOON, actor=DESK) | {"id": number}
            append_many(session, [row])
    grow(database, 2)
    exported(database, tmp_path / "x")
    assert checked(tmp_path / "x").problems == []


Tamper = Callable[[Path], object]


def rewrite(name: str, change: Callable[[bytes], bytes]) -> Tamper:
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes()))


SECOND = "entries/000000000004.jsonl"


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (rewrite(SECOND, lambda c: c.replace(b"cli:desk", b"cli:dusk", 1)), "not as it was sealed"),
        (rewrite(SECOND, lambda c: b"".join(reversed(c.splitlines(keepends=True)))), "not as it was sealed"),
        (rewrite(SECOND, lambda c: b"".join(c.splitlines(keepends=True)[1:])), "has not the 4 lines"),
        (rewrite(SECOND, lambda c: c + b"{}\n"), "has not the 4 lines"),
        (rewrite(SECOND, lambda c: c[:-1]), "has not the 4 lines"),
        (rewrite(SECOND, lambda c: c.replace(b"\n", b"\r\n")), "not as it was sealed"),
        (rewrite(SECOND, lambda _: b""), "has not the 4 lines"),
        (lambda folder: (folder / SECOND).unlink(), "cannot be read"),
    ],
)
def test_a_segment_that_was_tampered_with_is_named_and_the_others_are_proven(
    database: Database, tmp_path: Path, tamper: Tamper, words: str
) -> None:
    grow(database, 10)
    exported(database, tmp_path / "x")
    tamper(tmp_path / "x")
    found = checked(tmp_path / "x")
    assert (found.size, found.entries) == (10, 6)
    (problem,) = found.problems
    assert SECOND in problem
    assert words in problem


def test_an_index_that_was_made_to_fit_does_not_fit_the_signature(database: Database, tmp_path: Path) -> None:
    grow(database, 10)
    exported(database, tmp_path / "x")
    file = tmp_path / "x" / SECOND
    file.write_bytes(file.read_bytes().replace(b"cli:desk", b"cli:dusk"))
    from mailer.audit.sealing.merkle import leaf_hash
    from mailer.audit.sealing.tiles import top

    index = tmp_path / "x" / "export.json"
    document = json.loads(index.read_text("utf-8"))
    document["segments"][1]["root"] = top([leaf_hash(line) for line in file.read_bytes().splitlines()]).hex()
    index.write_text(json.dumps(document), "utf-8")
    assert checked(tmp_path / "x").problems == ["The tree over its segments is not that of its checkpoint."]


def test_a_checkpoint_that_another_key_has_signed_is_not_believed(database: Database, tmp_path: Path) -> None:
    grow(database, 3, OTHER)
    exported(database, tmp_path / "x", OTHER)
    assert "signed by no key" in checked(tmp_path / "x").problems[0]
    # By itself it fits: that is what --key is for.
    assert check(tmp_path / "x", []).problems == []


def test_checkpoints_kept_elsewhere_are_compared(database: Database, tmp_path: Path) -> None:
    grow(database, 6)
    exported(database, tmp_path / "x")
    text = f"press.example/log\n5\n{'A' * 43}=\n"
    longer = grow(database, 4)
    found = checked(tmp_path / "x", KEY.sign(text), longer, "nothing\n", OTHER.sign(text))
    assert found.witnessed == 0
    for words in (
        "first 5 entries are not",
        "of 10 entries, and the export has 6",
        "cannot be read",
        "by no known key",
    ):
        assert [words in problem for problem in found.problems].count(True) == 1, words
    assert len(found.problems) == 4


def test_an_export_of_another_log_is_not_written_over(database: Database, tmp_path: Path) -> None:
    grow(database, 6)
    exported(database, tmp_path / "x")
    index = tmp_path / "x" / "export.json"
    good = index.read_text("utf-8")
    document = json.loads(good)
    document["segments"][0]["root"] = "0" * 64
    index.write_text(json.dumps(document), "utf-8")
    with pytest.raises(OtherExport, match="are others"):
        exported(database, tmp_path / "x")
    grow(database, 4)
    index.write_text(good, "utf-8")
    exported(database, tmp_path / "x")
    index.write_text(index.read_text("utf-8")[:50], "utf-8")
    with pytest.raises(OtherExport):
        exported(database, tmp_path / "x")


def test_a_log_that_does_not_fit_is_not_exported(database: Database, tmp_path: Path) -> None:
    with database.read() as session, pytest.raises(NothingSealed):
        export(session, tmp_path / "x", [])
    grow(database, 6)
    with database.write() as session:
        connection = session.connection()
        if database.is_sqlite:
            connection.exec_driver_sql("DROP TRIGGER log_entry_no_update")
        else:
            connection.exec_driver_sql("ALTER TABLE log_entry DISABLE TRIGGER ALL")
        connection.exec_driver_sql("UPDATE log_entry SET actor = 'cli:nobody' WHERE id = 3")
    with pytest.raises(LogTreeBroken):
        exported(database, tmp_path / "x")
    assert not (tmp_path / "x" / "export.json").exists()


def test_a_folder_that_cannot_be_written_is_told(database: Database, tmp_path: Path) -> None:
    grow(database, 1)
    (tmp_path / "file").write_text("x")
    with pytest.raises(UnwritableFile):
        exported(database, tmp_path / "file" / "x")


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"version": 9},
        {"segments": []},
        {"segments": 7},
        {"segments": [{"first": 0, "length": 4, "root": "x"}, {"first": 4, "length": 2, "root": "0" * 64}]},
        {"segments": [{"first": 4, "length": 4, "root": "0" * 64}, {"first": 0, "length": 2, "root": "0" * 64}]},
        {"segments": [{"first": "../0", "length": 4, "root": "0" * 64}, {"first": 4, "length": 2, "root": 1}]},
        {"checkpoint": "nothing"},
        {"checkpoint": 7},
        {"checkpoint": "press.example/log\n999999999999999999\n" + "A" * 43 + "=\n"},
    ],
    ids=str,
)
def test_an_index_of_another_form_is_no_export(
    database: Database, tmp_path: Path, change: dict[str, object]
) -> None:
    grow(database, 6)
    exported(database, tmp_path / "x")
    index = tmp_path / "x" / "export.json"
    index.write_text(json.dumps(json.loads(index.read_text("utf-8")) | change), "utf-8")
    with pytest.raises(BadExport):
        checked(tmp_path / "x")


@pytest.mark.parametrize("content", [b"", b"[]", b"7", b"\xff", b"[" * 100_000, b'{"checkpoint": '])
def test_an_index_of_anything_is_no_export(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "export.json").write_bytes(content)
    with pytest.raises(BadExport):
        checked(tmp_path)
