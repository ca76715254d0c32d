"""A backup brought back: all that was there is there, the log fits, and nothing goes out until an officer decides."""

from pathlib import Path

import pytest
from builders import DESK
from newsroom import told
from offices import LATER, brought_back, kept, plan, seal
from sqlalchemy import select

from mailer.audit import Event
from mailer.audit.sealing import known_keys, log_key_of, verify
from mailer.config import load
from mailer.database import Database, migrate
from mailer.delivery.claims import claim, register
from mailer.delivery.models import Process
from mailer.errors import (
    BadBackup,
    DatabaseElsewhere,
    DatabaseNotEmpty,
    OfficeNotEmpty,
    OtherDatabaseKind,
)
from mailer.keeping import restore
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState
from mailer.schedule.waves import due_waves, release, wave_numbered, waves_being_sent


def opened(folder: Path, url: str) -> Database:
    return Database(url or load(folder, {}).database_url)


def test_what_would_go_out_is_held_and_listed(
    database: Database, home: Path, tmp_path: Path, empty_url: str
) -> None:
    waves = plan(database)
    with database.write() as session:
        register(session, "f" * 32, at=LATER)
    sealed = seal(database, home)
    kept(database, home, tmp_path / "b.zip")
    done = brought_back(tmp_path / "b.zip", tmp_path / "back", empty_url)
    assert [(wave.number, wave.was) for wave in done.waves] == [(number, state) for state, number in waves.items()]
    sending = next(wave for wave in done.waves if wave.was is WaveState.SENDING)
    assert (sending.accepted, sending.waiting, sending.doubtful) == (1, 2, 3)
    assert (done.log.problems, done.log.sealed, done.log.witnessed) == ([], sealed, 1)
    back = opened(tmp_path / "back", empty_url)
    with back.read() as session:
        assert set(session.scalars(select(Wave.state))) == {WaveState.HELD}
        assert all(
            "restored from a backup of 2026-11-24 12:00 UTC" in r for r in session.scalars(select(Wave.reason))
        )
        assert list(due_waves(session, until=LATER)) == []
        assert list(waves_being_sent(session)) == []
        states = session.scalars(
            select(Delivery.state).where(Delivery.wave_id == waves[WaveState.SENDING]).order_by(Delivery.id)
        )
        assert list(states) == [
            DeliveryState.QUEUED,
            DeliveryState.HELD,  # was sending
            DeliveryState.ACCEPTED,
            DeliveryState.DEFERRED,
            DeliveryState.FAILED,
            DeliveryState.HELD,  # was in doubt
            DeliveryState.HELD,
            DeliveryState.CANCELLED,
        ]
        assert session.scalar(select(Process.id).where(Process.ended_at.is_(None))) is None
        (entry,) = told(session, Event.OFFICE_RESTORED)
        assert entry.actor == DESK
        assert entry.data["made_at"] == "2026-11-24T12:00:00Z"
        assert entry.data["sealed"] == sealed
    with back.write() as session:
        for number in waves.values():
            assert claim(session, number, process_id="a" * 32, limit=10, now=LATER) == []
    back.close()


def test_only_the_wave_that_an_officer_lets_go_is_sent(
    database: Database, home: Path, tmp_path: Path, empty_url: str
) -> None:
    waves = plan(database)
    kept(database, home, tmp_path / "b.zip")
    brought_back(tmp_path / "b.zip", tmp_path / "back", empty_url)
    back = opened(tmp_path / "back", empty_url)
    number = waves[WaveState.SENDING]
    with back.write() as session:
        limit = load(home, {}).delivery.give_up_after
        release(session, wave_numbered(session, number), give_up_after=limit, at=LATER, actor=DESK)
        assert [wave.id for wave in waves_being_sent(session)] == [number]
        # Those that wait, and none of those that were under way.
        assert len(claim(session, number, process_id="a" * 32, limit=10, now=LATER)) <= 2
    back.close()


def test_the_log_goes_on_from_the_backup_and_still_fits(
    database: Database, home: Path, tmp_path: Path, empty_url: str
) -> None:
    plan(database)
    before = seal(database, home)
    kept(database, home, tmp_path / "b.zip", with_keys=True)
    brought_back(tmp_path / "b.zip", tmp_path / "back", empty_url)
    back = opened(tmp_path / "back", empty_url)
    assert seal(back, tmp_path / "back") > before
    with back.read() as session:
        found = verify(session, known_keys(tmp_path / "back" / "config" / "keys"))
    assert (found.problems, found.unsealed) == ([], 0)
    back.close()


def test_a_backup_from_before_the_first_seal_has_nothing_amiss(
    database: Database, home: Path, tmp_path: Path, empty_url: str
) -> None:
    plan(database)
    log_key_of(home / "config" / "keys", "desk.example/dateline-log")
    kept(database, home, tmp_path / "b.zip")
    assert brought_back(tmp_path / "b.zip", tmp_path / "back", empty_url).log.problems == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the same way on both
def test_a_log_that_was_changed_before_the_backup_is_told(database: Database, home: Path, tmp_path: Path) -> None:
    plan(database)
    seal(database, home)
    with database.write() as session:
        session.connection().exec_driver_sql("DROP TRIGGER log_entry_no_update")
        session.connection().exec_driver_sql("UPDATE log_entry SET actor = 'cli:nobody' WHERE id = 3")
    kept(database, home, tmp_path / "b.zip")
    done = brought_back(tmp_path / "b.zip", tmp_path / "back")
    assert [problem.entry_id for problem in done.log.problems] == [3]
    assert len(done.waves) == 4


def test_the_offices_files_are_back_and_only_its_owner_reads_them(
    database: Database, home: Path, tmp_path: Path, empty_url: str
) -> None:
    (home / "contacts" / "هبة.csv").write_text("name\n", "utf-8")
    kept(database, home, tmp_path / "b.zip")
    (tmp_path / "back").mkdir()
    brought_back(tmp_path / "b.zip", tmp_path / "back", empty_url)
    for file in home.rglob("*"):
        back = tmp_path / "back" / file.relative_to(home)
        assert back.is_dir() if file.is_dir() else back.read_bytes() == file.read_bytes()
    assert [f for f in (tmp_path / "back").rglob("*") if f.is_file() and f.stat().st_mode & 0o077] == []
    assert [f.name for f in tmp_path.iterdir() if "restoring" in f.name] == []


def test_an_older_database_is_brought_forward(
    database: Database, home: Path, tmp_path: Path, empty_url: str
) -> None:
    from alembic import command

    config = migrate.configuration()
    with database.write() as session:
        config.attributes["connection"] = session.connection()
        command.downgrade(config, "0009")
    kept(database, home, tmp_path / "b.zip")
    done = brought_back(tmp_path / "b.zip", tmp_path / "back", empty_url)
    assert (done.level_before, done.manifest.sealed) == ("0009", 0)
    back = opened(tmp_path / "back", empty_url)
    migrate.require(back)
    with back.read() as session:
        assert len(told(session, Event.OFFICE_RESTORED)) == 1
    back.close()


def test_what_is_there_is_never_written_over(
    database: Database, home: Path, tmp_path: Path, empty_url: str
) -> None:
    kept(database, home, tmp_path / "b.zip")
    with pytest.raises(OfficeNotEmpty):
        brought_back(tmp_path / "b.zip", home, empty_url)
    full = str(database.engine.url.render_as_string(hide_password=False))
    with pytest.raises(DatabaseNotEmpty):
        brought_back(tmp_path / "b.zip", tmp_path / "back", full)
    assert not (tmp_path / "back").exists()
    with database.read() as session:
        assert told(session, Event.OFFICE_RESTORED) == []


def test_a_backup_of_the_other_kind_is_refused(database: Database, home: Path, tmp_path: Path) -> None:
    kept(database, home, tmp_path / "b.zip")
    other = "postgresql://nobody@db.invalid/press" if database.is_sqlite else ""
    with pytest.raises(OtherDatabaseKind):
        brought_back(tmp_path / "b.zip", tmp_path / "back", other)
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize("place", ["/{}/elsewhere/x.db", "../x.db", "data/../../../x.db"])
def test_the_settings_in_a_backup_do_not_choose_a_place_outside_of_the_office(
    home: Path, tmp_path: Path, own_file: Path, place: str
) -> None:
    database = Database(f"sqlite:///{own_file}")
    file = home / "config" / "dateline.toml"
    url = place.format(str(tmp_path).lstrip("/"))
    file.write_text(file.read_text("utf-8").replace("sqlite:///data/dateline.db", f"sqlite:///{url}"), "utf-8")
    kept(database, home, tmp_path / "b.zip")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DatabaseElsewhere):
        brought_back(tmp_path / "b.zip", tmp_path / "back")
    assert sorted(tmp_path.rglob("*")) == before
    named = tmp_path / "mine" / "x.db"
    brought_back(tmp_path / "b.zip", tmp_path / "back", f"sqlite:///{named}")
    assert named.exists()
    assert [f.name for f in named.parent.iterdir()] == ["x.db"]
    database.close()


def test_stopped_in_the_middle_there_is_no_office(
    database: Database, home: Path, tmp_path: Path, empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(database)
    kept(database, home, tmp_path / "b.zip")

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mailer.keeping.restoring.settle", stop)
    with pytest.raises(KeyboardInterrupt):
        brought_back(tmp_path / "b.zip", tmp_path / "back", empty_url)
    assert not (tmp_path / "back").exists()
    assert [f.name for f in tmp_path.iterdir() if "restoring" in f.name] == []
    if empty_url:
        # The rows are there, and no program works with them: it is not an office's database yet.
        half = Database(empty_url)
        assert migrate.level(half).present is None
        half.close()


def test_a_database_that_is_no_database_is_refused(home: Path, tmp_path: Path, own_file: Path) -> None:
    import hashlib
    import json
    import zipfile

    database = Database(f"sqlite:///{own_file}")
    kept(database, home, tmp_path / "b.zip")
    database.close()
    with zipfile.ZipFile(tmp_path / "b.zip") as old, zipfile.ZipFile(tmp_path / "c.zip", "w") as new:
        document = json.loads(old.read("manifest.json"))
        for member in document["members"]:
            content = b"nothing" * 100 if member["name"].startswith("database/") else old.read(member["name"])
            member["size"], member["sha256"] = len(content), hashlib.sha256(content).hexdigest()
            new.writestr(member["name"], content)
        new.writestr("manifest.json", json.dumps(document))
    with pytest.raises(BadBackup, match=r"none of Dateline's"):
        restore(tmp_path / "c.zip", tmp_path / "back", database_url="", environment={}, at=LATER, actor=DESK)
    assert not (tmp_path / "back").exists()
