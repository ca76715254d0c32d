"""A database that somebody put back by hand is noticed before it sends, by what lies beside it."""

import errno
import os
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event as Signal

import pytest
from builders import DESK, NOON
from newsroom import told
from offices import LATER, ORIGIN, brought_back, kept, plan, seal
from sqlalchemy import select

from mailer.audit import Event, append
from mailer.audit.sealing import Checkpoint, accept_backup, last_checkpoint, log_key_of, rotate_key
from mailer.audit.sealing.notes import time_text
from mailer.audit.sealing.witness import into_folder
from mailer.config import Config, load
from mailer.database import Database
from mailer.delivery.claims import register
from mailer.delivery.journal import Ended, Journal, journal_file
from mailer.errors import DatabaseOlder
from mailer.keeping import Evidence, evidence, put_away, recover, refuse_older
from mailer.schedule.models import Delivery, DeliveryState, Wave, WaveState


def note_of(database: Database) -> str:
    with database.read() as session:
        last = last_checkpoint(session)
        assert last is not None
        return last.note


def more(database: Database, home: Path) -> None:
    """Something happens, and is sealed."""
    with database.write() as session:
        append(session, Event.CLOCK_JUMPED, at=NOON, actor=DESK)
    seal(database, home)


def look(database: Database, config: Config) -> Evidence:
    with database.read() as session:
        return evidence(session, config, config.home / "data" / "process")


def refuse(database: Database, config: Config) -> None:
    with database.read() as session:
        refuse_older(session, config, config.home / "data" / "process")


def test_a_database_that_knows_all_is_sent_from(database: Database, home: Path) -> None:
    config = load(home, {})
    refuse(database, config)
    plan(database)
    seal(database, home)
    (config.keys_folder / "log.sealed").write_text(note_of(database), "utf-8")
    refuse(database, config)
    more(database, home)
    refuse(database, config)


def forward(database: Database, home: Path, folder: Path | None = None) -> None:
    """What lies beside the database is of a log that goes on, as after its loss; a copy of it is in nobody's hands."""
    key, _ = log_key_of(home / "config" / "keys", "desk.example/dateline-log")
    told = Checkpoint.parsed(note_of(database))
    note = key.sign(str(Checkpoint(told.origin, told.size + 7, bytes(32))))
    if folder is None:
        (home / "config" / "keys" / "log.sealed").write_text(note, "utf-8")
    else:
        into_folder(folder, note)


def test_a_mark_of_more_entries_than_the_log_has_keeps_it_from_sending(database: Database, home: Path) -> None:
    plan(database)
    sealed = seal(database, home)
    forward(database, home)
    with pytest.raises(
        DatabaseOlder, match=f"has {sealed} sealed entries, and .* is a checkpoint of {sealed + 7}"
    ):
        refuse(database, load(home, {}))
    # Also when it was put aside since, so that the log can be sealed again.
    last = home / "config" / "keys" / "log.sealed"
    last.rename(last.with_name("set-back-000000000099-log.checkpoint"))
    with pytest.raises(DatabaseOlder):
        refuse(database, load(home, {}))


def test_so_does_a_witness_who_has_seen_more(database: Database, home: Path, tmp_path: Path) -> None:
    plan(database)
    seal(database, home)
    config = load(home, {"DATELINE_LOG__CHECKPOINT_FOLDER": str(tmp_path / "partner")})
    refuse(database, config)
    (tmp_path / "partner").mkdir()
    into_folder(tmp_path / "partner", note_of(database))
    refuse(database, config)
    forward(database, home, tmp_path / "partner")
    with pytest.raises(DatabaseOlder):
        refuse(database, config)


def test_what_no_known_key_has_signed_stops_nobody(database: Database, home: Path, tmp_path: Path) -> None:
    plan(database)
    seal(database, home)
    config = load(home, {"DATELINE_LOG__CHECKPOINT_FOLDER": str(tmp_path / "partner")})
    (tmp_path / "partner").mkdir()
    note = note_of(database)
    lines = note.split("\n")
    lines[1] = "999999"
    for name, content in (("000000999999", "\n".join(lines)), ("000000999998", ""), ("000000999997", "x\n9\n")):
        (tmp_path / "partner" / f"{name}.checkpoint").write_text(content, "utf-8")
    (config.keys_folder / "log.sealed").write_bytes(b"\xff\xfe")
    refuse(database, config)
    # Where the keys are lost too, the log's name is all that there is.
    (home / "config" / "keys" / "log.pub").unlink()
    with pytest.raises(DatabaseOlder):
        refuse(database, config)


def test_an_officer_goes_on_with_everything_held_and_written_down(database: Database, home: Path) -> None:
    waves = plan(database)
    sealed = seal(database, home)
    forward(database, home)
    config = load(home, {})
    found = look(database, config)
    with database.write() as session:
        done = recover(session, found, at=LATER, actor=DESK)
    assert [wave.number for wave in done.waves] == list(waves.values())
    with database.read() as session:
        assert set(session.scalars(select(Wave.state))) == {WaveState.HELD}
        (entry,) = told(session, Event.OFFICE_RESTORED)
        assert (entry.data["by"], entry.data["witnessed"]) == ("hand", sealed + 7)
    # It is known now, and stays so while the log is still shorter than it was.
    refuse(database, config)
    accept_backup(database, config.keys_folder, at=LATER, actor=DESK)
    seal(database, home)
    refuse(database, config)


def test_a_journal_of_a_process_that_is_not_known_keeps_it_from_sending(database: Database, home: Path) -> None:
    waves = plan(database)
    config = load(home, {})
    folder = home / "data" / "process"
    with database.write() as session:
        register(session, "a" * 32, at=NOON)
        ids = session.scalars(select(Delivery.id).where(Delivery.wave_id == waves[WaveState.SCHEDULED])).all()
    Journal(folder, "a" * 32).begin(ids[0], "0" * 64)
    Journal(folder, "b" * 32)
    refuse(database, config)  # one that is known is taken over, and one that had sent nothing says nothing
    Journal(folder, "c" * 32).begin(ids[1], "0" * 64)
    with pytest.raises(DatabaseOlder, match="c" * 32):
        refuse(database, config)
    found = look(database, config)
    with database.write() as session:
        assert recover(session, found, at=LATER, actor=DESK).deliveries == 2
    put_away(found.journals)
    with database.read() as session:
        states = dict(session.execute(select(Delivery.id, Delivery.state).where(Delivery.id.in_(ids[:2]))).all())
    assert states == dict.fromkeys(ids[:2], DeliveryState.HELD)
    refuse(database, config)
    assert not journal_file(folder, "c" * 32).exists()


def test_what_restore_brings_back_may_be_sent_from_without_more_ado(
    database: Database, home: Path, tmp_path: Path, empty_url: str
) -> None:
    partner = tmp_path / "partner"
    partner.mkdir()
    settings = home / "config" / "dateline.toml"
    text = settings.read_text("utf-8").replace('checkpoint_folder = ""', f'checkpoint_folder = "{partner}"')
    settings.write_text(text, "utf-8")
    plan(database)
    seal(database, home)
    kept(database, home, tmp_path / "b.zip", at=NOON + timedelta(hours=1))
    more(database, home)
    into_folder(partner, note_of(database))
    brought_back(tmp_path / "b.zip", tmp_path / "back", empty_url)
    back = Database(empty_url or load(tmp_path / "back", {}).database_url)
    refuse(back, load(tmp_path / "back", {}))
    back.close()


def signed(database: Database, home: Path, size: int, *, at: datetime) -> str:
    """A checkpoint as the office signed it at that instant."""
    key, _ = log_key_of(home / "config" / "keys", ORIGIN)
    return key.sign(
        str(Checkpoint(Checkpoint.parsed(note_of(database)).origin, size, bytes(32), 0, time_text(at)))
    )


@pytest.mark.parametrize("beside", [True, False])
def test_a_second_older_copy_is_noticed_though_the_first_had_lost_more(
    database: Database, home: Path, tmp_path: Path, *, beside: bool
) -> None:
    plan(database)
    sealed = seal(database, home)
    config = load(home, {"DATELINE_LOG__CHECKPOINT_FOLDER": str(tmp_path)})
    into_folder(tmp_path, signed(database, home, sealed + 500, at=NOON))
    with database.write() as session:
        recover(session, look(database, config), at=LATER, actor=DESK)
    refuse(database, config)
    note = signed(database, home, sealed + 50, at=LATER + timedelta(days=1))
    if beside:
        (config.keys_folder / "log.sealed").write_text(note, "utf-8")
    else:
        into_folder(tmp_path, note)
    with pytest.raises(DatabaseOlder, match=f"is a checkpoint of {sealed + 50}"):
        refuse(database, config)
    assert look(database, config).witnessed == sealed + 500
    with database.write() as session:
        recover(session, look(database, config), at=LATER + timedelta(days=2), actor=DESK)
    refuse(database, config)


def test_what_was_signed_before_it_was_put_back_stops_nobody_though_nothing_had_shown_it_then(
    database: Database, home: Path, tmp_path: Path
) -> None:
    plan(database)
    sealed = seal(database, home)
    config = load(home, {"DATELINE_LOG__CHECKPOINT_FOLDER": str(tmp_path / "partner")})
    with database.write() as session:
        recover(session, look(database, config), at=LATER, actor=DESK)
    # The partner's machine is there again, and the keys are back from where they were kept.
    (tmp_path / "partner").mkdir()
    into_folder(tmp_path / "partner", signed(database, home, sealed + 500, at=LATER - timedelta(hours=1)))
    refuse(database, config)


def test_a_former_key_that_was_stolen_stops_nobody(database: Database, home: Path, tmp_path: Path) -> None:
    plan(database)
    sealed = seal(database, home)
    config = load(home, {"DATELINE_LOG__CHECKPOINT_FOLDER": str(tmp_path)})
    false = signed(database, home, sealed + 500, at=NOON)
    rotate_key(database, log_key_of(config.keys_folder, ORIGIN)[0], config.keys_folder, at=NOON, actor=DESK)
    into_folder(tmp_path, false)
    refuse(database, config)


def test_a_pipe_in_a_witness_s_folder_is_not_waited_for(database: Database, home: Path, tmp_path: Path) -> None:
    plan(database)
    seal(database, home)
    os.mkfifo(tmp_path / "000000999999.checkpoint")
    refuse(database, load(home, {"DATELINE_LOG__CHECKPOINT_FOLDER": str(tmp_path)}))


def test_a_witness_s_folder_that_does_not_answer_stops_nobody(
    database: Database,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    plan(database)
    seal(database, home)
    mounted = Signal()
    monkeypatch.setattr("mailer.audit.high_water._in_folder", lambda _folder: mounted.wait() and [])
    monkeypatch.setattr("mailer.audit.high_water._PATIENCE", 0.01)
    refuse(database, load(home, {"DATELINE_LOG__CHECKPOINT_FOLDER": str(tmp_path)}))
    assert "does not answer" in caplog.text
    mounted.set()


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO, errno.EACCES])
def test_a_witness_s_folder_that_cannot_be_read_stops_nobody(
    database: Database, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def broken(*_: object) -> list[str]:
        raise OSError(number, os.strerror(number))

    plan(database)
    seal(database, home)
    monkeypatch.setattr("os.listdir", broken)
    monkeypatch.setattr("os.scandir", broken)
    refuse(database, load(home, {"DATELINE_LOG__CHECKPOINT_FOLDER": str(tmp_path)}))


def test_what_a_known_process_has_sent_since_the_copy_is_held_for_itself(database: Database, home: Path) -> None:
    """It had begun before the copy was made, and was killed long after."""
    waves = plan(database)
    config = load(home, {})
    folder = home / "data" / "process"
    with database.write() as session:
        register(session, "a" * 32, at=NOON)
        ids = session.scalars(
            select(Delivery.id).where(Delivery.wave_id == waves[WaveState.SCHEDULED]).order_by(Delivery.id)
        ).all()
    journal = Journal(folder, "a" * 32)
    for number, verdict in enumerate(("accepted", "deferred", "failed", "in-doubt")):
        journal.begin(ids[number], "0" * 64)
        journal.end(Ended(ids[number], NOON, "main", "end", verdict, 250, "2.0.0", "ok", "0" * 64))
    journal.begin(ids[4], "0" * 64)
    found = look(database, config)
    assert found.texts == []
    with database.write() as session:
        assert recover(session, found, at=LATER, actor=DESK).deliveries == 3
    put_away(found.journals)
    with database.read() as session:
        states = dict(session.execute(select(Delivery.id, Delivery.state).where(Delivery.id.in_(ids))).all())
    assert [number for number, state in states.items() if state is DeliveryState.HELD] == [ids[0], ids[3], ids[4]]
    assert not journal_file(folder, "a" * 32).exists()
