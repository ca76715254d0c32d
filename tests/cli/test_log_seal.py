"""The commands that prove the log: what they print, and that they end with 1 where it does not fit."""

from pathlib import Path

import pytest
from builders import NOON
from newsroom import SENDER
from sqlalchemy import text

from cli.conftest import Dateline, database_of
from cli.test_json_reference import documented
from mailer.delivery.checkpoint_mail import checkpoint_mail


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
    found = dateline("log", "verify", "--against", kept, "--key", key, "--json", home=office).json()
    assert found == {
        "fits": True,
        "sealed": first["sealed"],
        "unsealed": 0,
        "checkpoints": 1,
        "witnessed": 1,
        "faults": 0,
        "counts": {},
        "problems": [],
    }
    spoil(office, "UPDATE log_entry SET actor = 'cli:nobody' WHERE id = 3")
    told = dateline("log", "verify", "--against", kept, home=office)
    assert told.code == 1
    assert "Entry 3 is not as it was sealed." in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--key", "mine"], "--key cannot be mine"),
        (["--against", "nowhere.txt"], "nowhere.txt"),
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
    told = dateline("log", "verify", "--against", kept, home=office)
    assert (told.code, "kept elsewhere cannot be read" in told.err) == (1, True)


def test_mails_that_the_partner_kept_are_what_the_log_is_held_to(
    dateline: Dateline, office: Path, tmp_path: Path
) -> None:
    dateline("log", "seal", home=office)
    note = dateline("log", "checkpoint", home=office).out
    mail = checkpoint_mail(note, "desk@partner.example", language="ar", sender=SENDER, at=NOON)
    folder = tmp_path / "mails"
    folder.mkdir()
    (folder / "one.eml").write_bytes(mail)
    (folder / "two.EML").write_bytes(b"Received: by gateway.example\r\n" + mail.replace(b"\r\n", b"\n"))
    (folder / "three.checkpoint").write_text(note)
    (folder / "notes.txt").write_text("not one of them")
    found = dateline("log", "verify", "--against", folder, "--json", home=office).json()
    assert (found["witnessed"], found["fits"]) == (3, True)
    assert set(found) == {field for field in documented()["log verify"] if "[" not in field}
    (folder / "four.eml").write_text("Subject: lunch\n\nAt one?\n")
    told = dateline("log", "verify", "--against", folder / "four.eml", home=office)
    assert (told.code, "kept elsewhere cannot be read" in told.err) == (1, True)


def test_a_new_office_has_nothing_wrong_before_its_first_seal(dateline: Dateline, office: Path) -> None:
    dateline("log", "seal", home=office)
    with database_of(office) as database, database.write() as session:
        for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            session.execute(text(f"DROP TRIGGER {name}"))
        for table in ("log_run", "log_tile", "log_checkpoint"):
            session.execute(text(f"DELETE FROM {table}"))
    told = dateline("log", "verify", home=office)
    assert (told.code, "lies beside the keys is of" in told.err) == (1, True)
    (office / "config" / "keys" / "log.sealed").unlink()
    assert dateline("log", "verify", home=office).code == 0


def test_a_key_is_changed_and_every_receipt_and_check_goes_on(dateline: Dateline, office: Path) -> None:
    dateline("log", "seal", home=office)
    first = dateline("log", "key", home=office).out.strip()
    done = dateline("log", "rotate-key", "--json", home=office).json()
    assert set(done) == set(documented()["log rotate-key"])
    keys = dateline("log", "key", home=office).out.splitlines()
    assert keys == [first, done["key"]]
    assert keys[1].endswith(f" from {done['sealed']}")
    assert dateline("log", "verify", home=office).code == 0
    both = dateline("log", "verify", "--key", keys[0], "--key", keys[1], "--json", home=office).json()
    assert (both["fits"], both["checkpoints"]) == (True, 2)
    changed = dateline("log", "list", "--event", "log.key-changed", "--json", home=office).lines()
    assert [entry["data"]["key"] for entry in changed] == [keys[1].partition(" ")[0]]


def test_an_older_copy_is_gone_on_with_only_when_somebody_says_so(
    dateline: Dateline, office: Path, tmp_path: Path
) -> None:
    dateline("log", "seal", home=office)
    database = office / "data" / "dateline.db"
    copy = database.read_bytes()
    dateline("log", "rotate-key", home=office)
    for file in database.parent.glob("dateline.db*"):
        file.unlink()
    database.write_bytes(copy)
    refused = dateline("log", "seal", home=office)
    assert (refused.code, "dateline recover" in refused.err) == (1, True)
    assert "dateline recover" in dateline("run", home=office).err
    assert dateline("recover", home=office).code == 0
    assert dateline("log", "seal", home=office).code == 0
    assert dateline("log", "verify", home=office).code == 0


def test_the_tree_is_written_for_others(dateline: Dateline, office: Path, tmp_path: Path) -> None:
    assert dateline("log", "tiles", tmp_path / "static", home=office).code == 1
    dateline("log", "seal", home=office)
    done = dateline("log", "tiles", tmp_path / "static", "--json", home=office).json()
    assert set(done) == set(documented()["log tiles"])
    assert (tmp_path / "static" / "checkpoint").read_text("utf-8") == dateline(
        "log", "checkpoint", home=office
    ).out
    (tile,) = (tmp_path / "static" / "tile" / "0").rglob("*.p/*")
    assert tile.stat().st_size == done["sealed"] * 32


@pytest.mark.parametrize("command", ["seal", "verify"])
def test_what_nobody_can_read_ends_with_one(dateline: Dateline, office: Path, command: str) -> None:
    spoil_all = "UPDATE log_entry SET event = CAST(x'ff' AS TEXT) WHERE id = 3"
    with database_of(office) as database, database.write() as session:
        session.execute(text("DROP TRIGGER log_entry_no_update"))
        session.execute(text(spoil_all))
    told = dateline("log", "seal", home=office)
    if command == "verify":
        told = dateline("log", "verify", home=office)
    assert (told.code, "Traceback" in told.err) == (1, False)
    assert "3" in told.err
