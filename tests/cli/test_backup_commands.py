"""The commands that keep an office: what they say, what they print for programs, and that nothing is sent twice."""

import shutil
from pathlib import Path

import pytest
from newsroom import TestClock

from cli.conftest import Dateline, database_of
from cli.test_json_reference import documented, printed
from mailer.audit.sealing import Checkpoint, log_key_of


def backed_up(dateline: Dateline, home: Path) -> Path:
    return Path(dateline("backup", home=home).out.strip())


def test_a_backup_says_what_is_in_it_and_what_is_not(dateline: Dateline, planned: Path) -> None:
    dateline("log", "seal", home=planned)
    told = dateline("backup", home=planned)
    assert told.code == 0
    file = Path(told.out.strip())
    assert file == planned / "backups" / "dateline-20261124T120000Z.zip"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "Not in it: config/keys/log.pem (it is secret; --with-keys takes it along)" in told.err
    again = dateline("backup", home=planned)
    assert (again.code, "There is a file" in again.err) == (1, True)
    assert dateline("backup", file, "--force", "--with-keys", home=planned).code == 0
    elsewhere = planned / "other"
    elsewhere.mkdir()
    assert dateline("backup", elsewhere, home=planned).out.strip() == str(elsewhere / file.name)


def test_a_password_in_the_settings_is_told(dateline: Dateline, office: Path) -> None:
    assert "password" not in dateline("backup", "one.zip", home=office).err
    file = office / "config" / "dateline.toml"
    file.write_text(file.read_text("utf-8").replace('username = ""', 'username = "x"\npassword = "hush"'), "utf-8")
    told = dateline("backup", "two.zip", home=office)
    assert "there is a password in config/dateline.toml" in told.err
    assert "hush" not in told.err


def test_a_restored_office_holds_its_waves_and_lists_what_to_decide(
    dateline: Dateline, planned: Path, tmp_path: Path, clock: TestClock
) -> None:
    dateline("log", "seal", home=planned)
    file = backed_up(dateline, planned)
    back = tmp_path / "back"
    told = dateline("restore", file, back)
    assert told.code == 0, told.err
    for words in (
        "The office as it was at 2026-11-24 12:00:00 UTC",
        "and the checkpoint in the backup fits",
        "Put back yourself, as it was not in the backup: config/keys/log.pem",
        "dateline waves release NUMBER",
        "dateline waves cancel NUMBER",
    ):
        assert words in told.err
    assert [line.split()[:2] for line in told.out.splitlines()[2:4]] == [["1", "ports"], ["2", "ports"]]
    waves = dateline("waves", "list", "--json", home=back).json()
    assert [wave["state"] for wave in waves] == ["held", "held"]
    assert "restored from a backup of 2026-11-24 12:00 UTC" in waves[0]["reason"]
    assert dateline("waves", "release", "1", home=back).code == 0
    assert dateline("waves", "cancel", "2", home=back).code == 0
    (entry,) = dateline("log", "list", "--event", "office.restored", "--json", home=back).lines()
    assert entry["data"]["by"] == "restore"


def test_restore_prints_for_programs_what_is_documented(dateline: Dateline, planned: Path, tmp_path: Path) -> None:
    document = dateline("restore", backed_up(dateline, planned), tmp_path / "back", "--json").json()
    assert printed(document) == set(documented()["restore"])
    assert [wave["was"] for wave in document["waves"]] == ["scheduled", "scheduled"]


def test_what_cannot_be_restored_is_told_in_words(dateline: Dateline, planned: Path, tmp_path: Path) -> None:
    file = backed_up(dateline, planned)
    full = dateline("restore", file, planned)
    assert (full.code, "something in" in full.err, "Traceback" in full.err) == (1, True, False)
    file.write_bytes(file.read_bytes()[:-100])
    cut = dateline("restore", file, tmp_path / "back")
    assert (cut.code, "not a whole zip archive" in cut.err, "Nothing was restored" in cut.err) == (1, True, True)
    assert not (tmp_path / "back").exists()


def test_a_log_that_does_not_fit_ends_with_1_and_everything_is_held(
    dateline: Dateline, planned: Path, tmp_path: Path
) -> None:
    dateline("log", "seal", home=planned)
    with database_of(planned) as database, database.write() as session:
        session.connection().exec_driver_sql("DROP TRIGGER log_entry_no_update")
        session.connection().exec_driver_sql("UPDATE log_entry SET actor = 'cli:nobody' WHERE id = 3")
    told = dateline("restore", backed_up(dateline, planned), tmp_path / "back")
    assert (told.code, "Entry 3 is not as it was sealed" in told.err) == (1, True)
    assert {wave["state"] for wave in dateline("waves", "list", "--json", home=tmp_path / "back").json()} == {
        "held"
    }


def test_a_database_put_back_by_hand_sends_nothing_until_recovered(dateline: Dateline, planned: Path) -> None:
    dateline("log", "seal", home=planned)
    keys = planned / "config" / "keys"
    key, _ = log_key_of(keys, "desk.example/dateline-log")
    with database_of(planned) as database, database.read() as session:
        from mailer.audit.sealing import last_checkpoint

        last = last_checkpoint(session)
    assert last is not None
    told = Checkpoint.parsed(last.note)
    # As the sealer leaves it there when the log goes on and its database is lost.
    note = key.sign(str(Checkpoint(told.origin, told.size + 5, bytes(32))))
    (keys / "log.sealed").write_text(note, "utf-8")
    refused = dateline("run", home=planned)
    assert refused.code == 1
    assert "Nothing is sent: the database is older" in refused.err
    assert "dateline recover" in refused.err
    dry = dateline("recover", "--dry-run", "--json", home=planned).json()
    assert (len(dry["older"]), [wave["was"] for wave in dry["waves"]]) == (1, ["scheduled", "scheduled"])
    assert {wave["state"] for wave in dateline("waves", "list", "--json", home=planned).json()} == {"scheduled"}
    done = dateline("recover", home=planned)
    assert (done.code, "checkpoint of" in done.err, "dateline waves release" in done.err) == (0, True, True)
    assert {wave["state"] for wave in dateline("waves", "list", "--json", home=planned).json()} == {"held"}


def test_an_export_is_checked_without_an_office(dateline: Dateline, planned: Path, tmp_path: Path) -> None:
    assert dateline("log", "export", tmp_path / "x", home=planned).code == 1
    sealed = dateline("log", "seal", "--json", home=planned).json()["sealed"]
    assert dateline("log", "export", tmp_path / "x", home=planned).code == 0
    key = dateline("log", "key", home=planned).out.strip()
    note = tmp_path / "kept.checkpoint"
    note.write_text(dateline("log", "checkpoint", home=planned).out, "utf-8")
    shutil.rmtree(planned / "data")
    options = ("--key", key, "--against", note)
    document = dateline("verify-export", tmp_path / "x", *options, "--json", home=tmp_path).json()
    assert printed(document) == set(documented()["verify-export"])
    assert (document["fits"], document["sealed"], document["proven"], document["witnessed"]) == (
        True,
        sealed,
        sealed,
        1,
    )
    assert "This holds if the key is theirs" in dateline("verify-export", tmp_path / "x").err
    (file,) = (tmp_path / "x" / "entries").iterdir()
    file.write_bytes(file.read_bytes().replace(b"contact.added", b"contact.adder", 1))
    told = dateline("verify-export", tmp_path / "x", "--key", key)
    assert (told.code, "is not as it was sealed" in told.err, "Traceback" in told.err) == (1, True, False)


@pytest.mark.parametrize("folder", ["gone", "."])
def test_a_folder_that_is_no_export_is_told(dateline: Dateline, tmp_path: Path, folder: str) -> None:
    told = dateline("verify-export", tmp_path / folder)
    assert (told.code, "is no export of a log" in told.err) == (1, True)
