"""What an attacker who owns the database leaves for the office's own sealer to sign: it signs none of it."""

import threading
from datetime import datetime
from pathlib import Path

import pytest
from attacker import NAME, attack, look, notes, write
from builders import DESK, NOON
from newsroom import TestClock, told
from sqlalchemy import text

from mailer.audit import Event
from mailer.audit.sealing import (
    Checkpoint,
    Fault,
    LogKey,
    Sealed,
    Sealer,
    Verified,
    accept_backup,
    beside_the_keys,
    kept_sealed,
    known_keys,
    log_key_of,
    rotate_key,
    verify,
)
from mailer.audit.sealing.leaf import leaves_of
from mailer.audit.sealing.merkle import leaf_hash
from mailer.audit.sealing.tiles import Growing
from mailer.database import Database
from mailer.errors import BadLogKey, DatelineError, LogNotOurs, LogSetBack, LogTreeBroken

TO_301 = (
    "DELETE FROM log_entry WHERE id > 301",
    "DELETE FROM log_run WHERE first_index >= 301",
    "DELETE FROM log_checkpoint WHERE size > 301",
    "DELETE FROM log_tile WHERE level = 0 AND number = 2",
    "UPDATE log_tile SET hashes = substr(hashes, 1, 45 * 32) WHERE level = 0 AND number = 1",
    "UPDATE log_tile SET hashes = substr(hashes, 1, 32) WHERE level = 1",
)


def examine(database: Database, folder: Path) -> Verified:
    """As the office itself does."""
    with database.read() as session:
        beside = beside_the_keys(folder)
        return verify(session, known_keys(folder), beside=beside, may_be_new=not beside)


def folder_of(key: LogKey) -> Path:
    assert key.folder is not None
    return key.folder


def test_a_tree_that_was_built_anew_is_not_signed_by_the_office_s_own_sealer(log: Database, key: LogKey) -> None:
    attack(log, "UPDATE log_entry SET wave_id = 9 WHERE id = 5")
    with log.read() as session:
        tiles = list(Growing().add([leaf_hash(row) for row in leaves_of(session, range(1, 701)).values()]))
    for level, number, hashes in tiles:
        literal = f"X'{hashes.hex()}'" if log.is_sqlite else f"decode('{hashes.hex()}', 'hex')"
        attack(log, f"UPDATE log_tile SET hashes = {literal} WHERE level = {level} AND number = {number}")
    with pytest.raises(LogTreeBroken, match="the checkpoint of 700 entries"):
        Sealer(log, key).seal(at=NOON)
    assert look(log, key).unsealed == 3


def test_a_seal_that_was_taken_away_is_not_begun_anew(log: Database, key: LogKey) -> None:
    attack(
        log,
        "UPDATE log_entry SET wave_id = 9 WHERE id = 5",
        *(f"DELETE FROM {table}" for table in ("log_run", "log_tile", "log_checkpoint")),
    )
    with pytest.raises(LogSetBack, match="up to 700 entries, and the database has only 0"):
        Sealer(log, key).seal(at=NOON)
    assert [problem.fault for problem in examine(log, folder_of(key)).problems] == [Fault.WITNESS]


def test_yesterday_s_backup_is_not_sealed_further_before_somebody_says_that_it_is_meant(
    log: Database, key: LogKey
) -> None:
    attack(log, *TO_301)
    folder = folder_of(key)
    with pytest.raises(LogSetBack, match="up to 700 entries, and the database has only 301"):
        Sealer(log, key).seal(at=NOON)
    assert "is of 700 entries, and the log has 301 sealed" in examine(log, folder).problems[0].text
    done = accept_backup(log, folder, at=NOON, actor=DESK)
    assert done is not None
    assert (done.sealed, done.there) == (700, 301)
    assert accept_backup(log, folder, at=NOON, actor=DESK) is None
    assert Sealer(log, key).seal_all(at=NOON).size == 302
    found = examine(log, folder)
    assert (found.sealed, found.problems) == (302, [])
    with log.read() as session:
        (entry,) = told(session, Event.LOG_SET_BACK)
        assert (entry.data["sealed"], entry.data["there"]) == (700, 301)
    assert (folder / "set-back-000000000700-log.checkpoint").exists()


def test_a_backup_from_before_the_key_was_changed_can_be_gone_on_with(log: Database, key: LogKey) -> None:
    folder = folder_of(key)
    assert rotate_key(log, key, folder, at=NOON, actor=DESK).since == 704
    attack(log, *TO_301)
    accept_backup(log, folder, at=NOON, actor=DESK)
    keeper = Sealer(log, log_key_of(folder, NAME)[0])
    assert keeper.seal_all(at=NOON).size == 302
    with log.write() as session:
        write(session, 1)
    assert keeper.seal_all(at=NOON).size == 303
    assert examine(log, folder).problems == []


def test_a_log_that_another_key_has_sealed_is_not_sealed_further(
    log: Database, key: LogKey, tmp_path: Path
) -> None:
    with pytest.raises(LogNotOurs, match="of 700 entries"):
        Sealer(log, log_key_of(tmp_path / "other", NAME)[0]).seal(at=NOON)


def test_a_number_up_to_which_no_entry_comes_is_taken_from_what_was_signed(log: Database, key: LogKey) -> None:
    Sealer(log, key).seal(at=NOON)
    attack(
        log,
        "UPDATE log_checkpoint SET settled_entry_id = 0",
        "INSERT INTO log_entry (id, at, event, actor, data) "
        "SELECT -5, at, event, actor, data FROM log_entry WHERE id = 1",
    )
    assert Sealer(log, key).seal(at=NOON) == Sealed(0, 703)
    assert (Fault.INSERTED, -5) in [(problem.fault, problem.entry_id) for problem in look(log, key).problems]


def test_a_key_that_took_over_signs_from_there_and_the_one_before_it_no_more(log: Database, key: LogKey) -> None:
    folder = folder_of(key)
    running = Sealer(log, key)  # of a process that goes on
    new = rotate_key(log, key, folder, at=NOON, actor=DESK)
    assert [known.line for known in known_keys(folder)] == [str(key.verifier), f"{new} from 704"]
    with log.write() as session:
        write(session, 2)
    assert running.seal(at=NOON) == Sealed(2, 706)
    found = examine(log, folder)
    assert (found.sealed, found.checkpoints, found.problems) == (706, 6, [])
    with log.read() as session:
        (entry,) = told(session, Event.LOG_KEY_CHANGED)
        assert entry.data == {"key": str(new), "former": str(key.verifier)}
    handover = (folder / "handover-000000000704.checkpoint").read_text("utf-8")
    assert handover.count(f"— {NAME} ") == 2
    # Who stole the former key, and owns the database.
    stolen = LogKey(key.name, key.secret)
    attack(
        log,
        "UPDATE log_entry SET wave_id = 9 WHERE id = 5",
        *(f"DELETE FROM {table}" for table in ("log_run", "log_tile", "log_checkpoint")),
    )
    Sealer(log, stolen).seal_all(at=NOON)
    found = examine(log, folder)
    assert found.counts[Fault.SIGNATURE] == 1
    assert any("a key that was not in use then" in problem.text for problem in found.problems)
    with pytest.raises(DatelineError):
        running.seal(at=NOON)


@pytest.mark.parametrize("only", [700, 704])
def test_a_stolen_former_key_gives_the_log_no_other_past_up_to_the_handover(
    log: Database, key: LogKey, only: int
) -> None:
    folder = folder_of(key)
    rotate_key(log, key, folder, at=NOON, actor=DESK)
    attack(
        log,
        f"DELETE FROM log_entry WHERE id > {only}",
        "UPDATE log_entry SET wave_id = 9 WHERE id = 5",
        *(f"DELETE FROM {table}" for table in ("log_run", "log_tile", "log_checkpoint")),
    )
    (folder / "log.sealed").unlink()
    Sealer(log, LogKey(key.name, key.secret)).seal_all(at=NOON)
    assert Fault.WITNESS in examine(log, folder).counts


def test_a_key_that_is_made_as_the_old_one_is_lost_takes_over_where_the_log_is(log: Database, key: LogKey) -> None:
    folder = folder_of(key)
    (folder / "log.pem").unlink()
    with pytest.raises(BadLogKey, match=r"log\.pem"):
        Sealer(log, key).seal(at=NOON)
    new, made = log_key_of(folder, NAME)
    assert (made, Sealer(log, new).seal(at=NOON)) == (True, Sealed(3, 703))
    assert [known.since for known in known_keys(folder)] == [0, 700]
    assert examine(log, folder).problems == []


def test_a_key_is_not_joined_to_one_whose_line_has_no_end(log: Database, key: LogKey) -> None:
    folder = folder_of(key)
    (folder / "log.pub").write_text(str(key.verifier))
    rotate_key(log, key, folder, at=NOON, actor=DESK)
    assert len(known_keys(folder)) == 2


def test_an_office_that_has_a_key_and_has_not_sealed_yet_has_nothing_wrong(
    database: Database, key: LogKey
) -> None:
    with database.write() as session:
        write(session, 3)
    assert examine(database, folder_of(key)) == Verified(unsealed=3)
    assert [problem.fault for problem in look(database, key).problems] == [Fault.UNSIGNED]


STRANGE = {"sqlite": "event = CAST(x'ff' AS TEXT)", "postgresql": "at = 'infinity'"}


def test_an_entry_that_nobody_can_read_keeps_no_other_from_its_seal_and_is_named(
    log: Database, key: LogKey
) -> None:
    kind = "sqlite" if log.is_sqlite else "postgresql"
    attack(log, f"UPDATE log_entry SET {STRANGE[kind]} WHERE id = 702")
    keeper = Sealer(log, key)
    assert keeper.seal_all(at=NOON) == Sealed(3, 703, (702,))
    assert keeper.seal_all(at=NOON) == Sealed(0, 703)
    found = look(log, key)
    assert [(problem.fault, problem.entry_id) for problem in found.problems] == [(Fault.UNREADABLE, 702)]
    with log.read() as session:
        data = session.scalars(text("SELECT data FROM log_entry WHERE event = 'log.entry-unreadable'")).all()
    assert len(data) == 1


def test_the_operator_is_told_of_an_entry_that_nobody_can_read(log: Database, key: LogKey) -> None:
    kind = "sqlite" if log.is_sqlite else "postgresql"
    attack(log, f"UPDATE log_entry SET {STRANGE[kind]} WHERE id = 702")
    said: list[str] = []
    with kept_sealed(Sealer(log, key), TestClock(), on_trouble=said.append, every=3600):
        pass
    assert len(said) == 1
    assert "702" in said[0]


def test_thousands_of_faults_are_counted_and_the_first_ones_told(database: Database, key: LogKey) -> None:
    with database.write() as session:
        write(session, 3000)
    Sealer(database, key).seal_all(at=NOON)
    attack(database, "DELETE FROM log_entry WHERE id > 500")
    found = look(database, key)
    assert found.counts == {Fault.MISSING: 2500}
    assert [problem.entry_id for problem in found.problems] == list(range(501, 1501))


def test_what_the_first_sealers_signed_without_time_and_number_still_fits(log: Database, key: LogKey) -> None:
    for note in notes(log):
        told_ = Checkpoint.parsed(note)
        plain = key.sign(str(Checkpoint(told_.origin, told_.size, told_.root)))
        attack(log)
        with log.write() as session:
            session.execute(
                text("UPDATE log_checkpoint SET note = :note WHERE size = :size"),
                {"note": plain, "size": told_.size},
            )
    assert look(log, key).problems == []
    assert Sealer(log, key).seal(at=NOON) == Sealed(3, 703)
    assert look(log, key).problems == []


def test_of_two_who_change_the_key_at_once_one_waits_for_the_other(
    log: Database, key: LogKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(key)
    real, second = Sealer.seal_all, []

    def other() -> None:
        second.append(rotate_key(log, key, folder, at=NOON, actor=DESK))

    officer = threading.Thread(target=other)

    def meanwhile(self: Sealer, *, at: datetime) -> Sealed:
        # Where the first one has taken everything in and not yet changed anything.
        if not officer.ident:
            officer.start()
            officer.join(0.3)
        return real(self, at=at)

    monkeypatch.setattr(Sealer, "seal_all", meanwhile)
    first = rotate_key(log, key, folder, at=NOON, actor=DESK)
    officer.join()
    assert list(known_keys(folder)) == [key.verifier, first, *second]
    with log.read() as session:
        entries = told(session, Event.LOG_KEY_CHANGED)
    assert [(entry.data["former"], entry.data["key"]) for entry in entries] == [
        (str(key.verifier), str(first)),
        (str(first), str(second[0])),
    ]
    assert examine(log, folder).problems == []


def test_a_handover_that_is_spoilt_is_named_where_an_older_copy_is_gone_on_with(
    log: Database, key: LogKey
) -> None:
    folder = folder_of(key)
    attack(log, *TO_301)
    (folder / "handover-000000000009.checkpoint").write_bytes(b"\xff")
    with pytest.raises(BadLogKey, match="handover"):
        accept_backup(log, folder, at=NOON, actor=DESK)


def test_whoever_seals_next_may_read_how_far_it_was_sealed(log: Database, key: LogKey) -> None:
    """As root has sealed once by hand, and the office's own account goes on."""
    Sealer(log, key).seal_all(at=NOON)
    assert (folder_of(key) / "log.sealed").stat().st_mode & 0o777 == 0o644
    assert (folder_of(key) / "log.pem").stat().st_mode & 0o777 == 0o600
