"""The commands that prove the log: what they print, and that they end with 1 where it does not fit."""

from pathlib import Path

import pytest
from sqlalchemy import text

from cli.conftest import Dateline, database_of


def spoil(home: Path, statement: str) -> None:
    with database_of(home) as database, database.write() as session:
        session.execute(text("DROP TRIGGER log_entry_no_update"))
        session.execute(text(statement))


def test_a_log_is_sealed_verified_and_witnessed(dateline: Dateline, office: Path, tmp_path: Path) -> None:
    nothing = dateline("log", "verify", home=office)
    assert (nothing.code, "0 sealed entries" in nothing.err) == (0, True)
    assert dateline("log", "checkpoint", home=office).code == 1
    assert "no key yet" in dateline("log", "key", home=office).err
    first = dateline("log", "seal", "--json", home=office).json()
    assert first["sealed_now"] == first["sealed"] > 10
    note = dateline("log", "checkpoint", home=office).out
    assert note.splitlines()[:2] == ["desk.example/dateline-log", str(first["sealed"])]
    kept = tmp_path / "kept.txt"
    kept.write_bytes(note.replace("\n", "\r\n").encode())
    key = dateline("log", "key", home=office).out.strip()
    found = dateline("log", "verify", "--witnessed", kept, "--key", key, "--json", home=office).json()
    assert found == {
        "fits": True,
        "sealed": first["sealed"],
        "unsealed": 0,
        "checkpoints": 1,
        "witnessed": 1,
        "problems": [],
    }
    spoil(office, "UPDATE log_entry SET actor = 'cli:nobody' WHERE id = 3")
    told = dateline("log", "verify", "--witnessed", kept, home=office)
    assert told.code == 1
    assert "Entry 3 is not as it was sealed." in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--key", "mine"], "--key cannot be mine"),
        (["--witnessed", "nowhere.txt"], "nowhere.txt"),
    ],
)
def test_what_cannot_be_read_is_named(dateline: Dateline, office: Path, options: list[str], words: str) -> None:
    told = dateline("log", "verify", *options, home=office)
    assert told.code == 1
    assert words in told.err


def test_a_file_that_is_no_checkpoint_vouches_for_nothing(
    dateline: Dateline, office: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text("Nour's shopping list\n")
    told = dateline("log", "verify", "--witnessed", kept, home=office)
    assert (told.code, "kept elsewhere cannot be read" in told.err) == (1, True)
