"""Offices, disks and accounts that are not as one would set them up: they are kept and brought back as well."""

import errno
import os
from pathlib import Path
from uuid import uuid4

import pytest
from builders import DESK, NOON
from newsroom import told
from offices import LATER, brought_back, kept, seal
from sqlalchemy import text

from mailer.audit import Event, append
from mailer.config import load
from mailer.database import Database, migrate
from mailer.errors import BadBackup, FileExists, UnreadableFile

FILE = "dateline.toml"


@pytest.fixture
def plain(finished_file: Path, tmp_path: Path) -> Database:
    """A database of which it does not matter on which kind it is."""
    (tmp_path / "dateline.db").write_bytes(finished_file.read_bytes())
    return Database(f"sqlite:///{tmp_path}/dateline.db")


def test_folders_that_lie_elsewhere_are_in_it(plain: Database, home: Path, tmp_path: Path) -> None:
    with plain.write() as session:
        append(session, Event.CLOCK_JUMPED, at=NOON, actor=DESK)
    assert seal(plain, home) == 1
    keys, elsewhere = home / "config" / "keys", tmp_path / "another-disk"
    keys.rename(elsewhere)
    keys.symlink_to(elsewhere)
    (home / "contacts" / "round").symlink_to(home / "contacts")
    (home / "contacts" / "out").symlink_to(tmp_path)
    done = kept(plain, home, tmp_path / "b.zip").manifest
    assert done.left_out == ["config/keys/log.pem", "config/keys/log.sealed", "contacts/out", "contacts/round"]
    names = {member.name for member in done.members}
    assert "office/config/keys/log.pub" in names
    assert not any("/round/" in name or "/out/" in name for name in names)
    back = brought_back(tmp_path / "b.zip", tmp_path / "back")
    assert (back.log.problems, back.log.witnessed) == ([], 1)
    # How far the former copy had come is not to be put beside this one, which would then be taken for an older one.
    assert back.missing == ["config/keys/log.pem", "contacts/out", "contacts/round"]


@pytest.mark.parametrize("name", ["a\\b.csv", "/".join(["x" * 200] * 6), "tab\there.csv"])
def test_a_file_that_could_not_be_brought_back_is_left_out_and_told(
    plain: Database, home: Path, tmp_path: Path, name: str
) -> None:
    file = home / "contacts" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("name\n", "utf-8")
    done = kept(plain, home, tmp_path / "b.zip")
    assert [paper.why_not for paper in done.left_out] == ["its name"]
    brought_back(tmp_path / "b.zip", tmp_path / "back")


def test_a_file_that_is_taken_away_meanwhile_is_not_in_it(
    plain: Database, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: object, **_: object) -> None:
        (home / "contacts" / "beirut.csv").unlink(missing_ok=True)
        append(*args, **_)  # type: ignore[arg-type]

    monkeypatch.setattr("mailer.keeping.backup.append", gone)
    done = kept(plain, home, tmp_path / "b.zip")
    assert "office/contacts/beirut.csv" not in {member.name for member in done.manifest.members}
    brought_back(tmp_path / "b.zip", tmp_path / "back")


def test_a_file_that_this_account_may_not_read_is_named(
    plain: Database, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.open

    def forbidden(self: Path, *args: object, **more: object) -> object:
        if self.name == "beirut.csv":
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return real(self, *args, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(UnreadableFile, match=r"beirut\.csv"):
        kept(plain, home, tmp_path / "b.zip")
    assert not (tmp_path / "b.zip").exists()


def test_a_disk_that_knows_no_links_can_have_it(
    plain: Database, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("os.link", no_links)
    kept(plain, home, tmp_path / "b.zip")
    with pytest.raises(FileExists):
        kept(plain, home, tmp_path / "b.zip")
    brought_back(tmp_path / "b.zip", tmp_path / "back")


def test_a_folder_that_is_there_is_filled_and_stays_the_one_that_it_is(
    plain: Database, home: Path, tmp_path: Path
) -> None:
    # It may be a disk of its own, or in a folder of somebody else's: then nothing could be put in its place.
    kept(plain, home, tmp_path / "b.zip")
    folder = tmp_path / "mounted"
    folder.mkdir(mode=0o750)
    (tmp_path / "link").symlink_to(folder)
    before = folder.stat()
    done = brought_back(tmp_path / "b.zip", tmp_path / "link")
    after = folder.stat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert (folder / "config" / FILE).is_file()
    assert not [name for name in os.listdir(folder) if name.startswith(".")]  # noqa: PTH208
    assert done.database.endswith("link/data/dateline.db")
    migrate.require(Database(load(folder, {}).database_url))


@pytest.mark.parametrize("there", [True, False])
def test_what_a_killed_restore_left_is_cleared_away_by_the_next(
    plain: Database, home: Path, tmp_path: Path, *, there: bool
) -> None:
    kept(plain, home, tmp_path / "b.zip")
    folder = tmp_path / "back"
    if there:
        folder.mkdir()
    left = (folder if there else tmp_path) / ".back.restoring-0123"
    left.mkdir()
    (left / "dateline.db").write_text("everybody", "utf-8")
    brought_back(tmp_path / "b.zip", folder)
    assert not left.exists()


def test_a_backup_of_the_first_level_is_brought_forward(
    empty_database: Database, home: Path, tmp_path: Path
) -> None:
    from alembic import command

    config = migrate.configuration()
    with empty_database.write() as session:
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "0001")
    with empty_database.write() as session:
        append(session, Event.CLOCK_JUMPED, at=NOON, actor=DESK)
    kept(empty_database, home, tmp_path / "b.zip")
    url = ""
    if not empty_database.is_sqlite:
        name = f"r{uuid4().hex}"
        with empty_database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        url = str(empty_database.engine.url.set(database=name).render_as_string(hide_password=False))
    done = brought_back(tmp_path / "b.zip", tmp_path / "back", url)
    assert (done.level_before, [*done.waves]) == ("0001", [])
    back = Database(url or load(tmp_path / "back", {}).database_url)
    migrate.require(back)
    with back.read() as session:
        assert [entry.at for entry in told(session, Event.OFFICE_RESTORED)] == [LATER]
    back.close()


def test_a_database_that_has_other_tables_than_its_level_is_refused(
    plain: Database, home: Path, tmp_path: Path
) -> None:
    with plain.write() as session:
        session.execute(text("PRAGMA defer_foreign_keys = ON"))
        session.execute(text("DROP TABLE process"))
    kept(plain, home, tmp_path / "b.zip")
    with pytest.raises(BadBackup, match="not of the level that it says"):
        brought_back(tmp_path / "b.zip", tmp_path / "back")
    assert not (tmp_path / "back").exists()
