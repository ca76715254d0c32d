"""The seal of a log: what is taken in, in which order, and what an attacker with the whole database cannot hide."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from attacker import NAME, TABLES, attack, look, notes, rebuild, write
from builders import NOON
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from mailer.audit.sealing import (
    Fault,
    LogCheckpoint,
    LogKey,
    LogRun,
    Sealed,
    Sealer,
    Verified,
    known_keys,
    log_key_of,
    sealer,
    verify,
)
from mailer.database import Database
from mailer.errors import BadLogKey

PEM = (
    Ed25519PrivateKey.from_private_bytes(bytes(32))
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)


def test_a_log_that_nobody_touched_is_as_it_was_sealed(log: Database, key: LogKey) -> None:
    found = look(log, key, *notes(log))
    assert found == Verified(sealed=700, unsealed=3, checkpoints=3, witnessed=3, problems=[])
    assert Sealer(log, key).seal_all(at=NOON) == Sealed(3, 703)
    assert Sealer(log, key).seal_all(at=NOON) == Sealed(0, 703)
    assert look(log, key).checkpoints == 4


def test_an_empty_log_has_nothing_to_seal_and_nothing_wrong_before_there_is_a_key(
    database: Database, key: LogKey
) -> None:
    assert Sealer(database, key).seal_all(at=NOON) == Sealed(0, 0)
    with database.read() as session:
        assert verify(session, []) == Verified()


def test_more_than_a_batch_is_sealed_in_several(
    database: Database, key: LogKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealer, "BATCH", 100)
    with database.write() as session:
        write(session, 350)
    assert Sealer(database, key).seal_all(at=NOON) == Sealed(350, 350)
    found = look(database, key)
    assert (found.sealed, found.checkpoints, found.problems) == (350, 4, [])


def test_two_sealers_at_once_seal_every_entry_once(database: Database, key: LogKey) -> None:
    stop = threading.Event()

    def keep_sealing() -> None:
        own = Sealer(database, key)
        while not stop.is_set():
            own.seal(at=NOON)

    threads = [threading.Thread(target=keep_sealing) for _ in range(2)]
    for thread in threads:
        thread.start()
    for many in range(1, 40):
        with database.write() as session:
            write(session, many)
    stop.set()
    for thread in threads:
        thread.join()
    Sealer(database, key).seal_all(at=NOON)
    found = look(database, key)
    assert (found.sealed, found.unsealed, found.problems) == (780, 0, [])


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_entry_that_comes_after_higher_numbers_is_sealed_and_no_intruder(
    database: Database, key: LogKey
) -> None:
    keeper = Sealer(database, key)
    with database.write() as slow:
        write(slow, 2)  # numbers 1 and 2, which nobody sees yet
        for many in (3, 4):
            with database.write() as session:
                write(session, many)
            keeper.seal(at=NOON)
        found = look(database, key)
        assert (found.sealed, found.unsealed, found.problems) == (7, 0, [])
    with database.write() as session:
        session.execute(text("SELECT nextval('log_entry_id_seq')"))  # a number that nobody will have
        write(session, 1)
    keeper.seal(at=NOON)
    found = look(database, key)
    assert (found.sealed, found.unsealed, found.problems) == (10, 0, [])
    keeper.seal_all(at=NOON)
    with database.write() as session:
        write(session, 1)
    keeper.seal(at=NOON)
    with database.read() as session:
        settled = session.scalars(select(LogCheckpoint.settled_entry_id).order_by(LogCheckpoint.size)).all()
        assert settled == [0, 0, 11, 12]
        assert [run.first_entry_id for run in session.scalars(select(LogRun).order_by(LogRun.first_index))] == [
            *(3, 6, 1, 11),
            12,
        ]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_first_number_of_all_is_not_settled_before_it_is_taken(database: Database, key: LogKey) -> None:
    keeper = Sealer(database, key)
    assert keeper.seal(at=NOON) == Sealed(0, 0)
    with database.write() as slow:
        write(slow, 1)
        with database.write() as session:
            write(session, 1)
        assert keeper.seal(at=NOON) == Sealed(1, 1)
    assert keeper.seal(at=NOON) == Sealed(1, 2)
    assert look(database, key).problems == []


# What an attacker does who owns the database.


@pytest.mark.parametrize(
    "statement",
    [
        *(f"DELETE FROM {table}" for table in TABLES),
        "UPDATE log_entry SET wave_id = 1",
        "UPDATE log_run SET length = 1",
        "UPDATE log_checkpoint SET settled_entry_id = 1",
        "UPDATE log_tile SET number = number + 1000",
        "UPDATE log_tile SET hashes = substr(hashes, 1, 32)",
    ],
)
def test_the_database_itself_refuses(log: Database, key: LogKey, statement: str) -> None:
    with pytest.raises(DBAPIError, match=r"append-only|never changed"), log.write() as session:
        session.execute(text(statement))
    assert look(log, key).problems == []


def faults(found: Verified) -> list[tuple[Fault, int | None]]:
    return [(problem.fault, problem.entry_id) for problem in found.problems]


@pytest.mark.parametrize(
    "change",
    [
        "at = '2026-01-01 00:00:00.000000'",
        "event = 'delivery.failed'",
        "actor = 'cli:somebody'",
        "release_id = 1",
        "wave_id = 0",
        "delivery_id = 0",
        "contact_id = NULL",
        "contact_id = 1",
        """data = '{"reply": "250  حسنًا"}'""",
        """data = '{"reply": "250 \\u062d"}'""",
    ],
)
def test_an_entry_that_is_changed_is_named_and_the_rest_is_shown_to_be_whole(
    log: Database, key: LogKey, change: str
) -> None:
    attack(log, f"UPDATE log_entry SET {change} WHERE id = 257")
    found = look(log, key)
    assert faults(found) == [(Fault.CHANGED, 257)]
    assert (found.sealed, found.checkpoints) == (700, 3)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "change",
    [
        "wave_id = 'null'",
        "wave_id = x'01'",
        "contact_id = 1.5",
        "contact_id = 9e999",
        "at = replace(at, ' ', 'T')",
        "at = 5",
        "at = x'01'",
        "event = CAST(event AS BLOB)",
        "data = CAST(data AS BLOB)",
        "data = CAST(x'7bff7d' AS TEXT)",
        "data = data || char(0)",
        "data = 5",
    ],
)
def test_sqlite_s_loose_types_hide_no_change(log: Database, key: LogKey, change: str) -> None:
    attack(log, f"UPDATE log_entry SET {change} WHERE id = 257")
    found = look(log, key)
    assert faults(found) == [(Fault.CHANGED, 257)]
    assert (found.sealed, found.checkpoints) == (700, 3)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("at", ["infinity", "-infinity", "0044-03-15 BC", "12026-01-01"])
def test_a_time_that_no_calendar_of_ours_has_hides_no_change(log: Database, key: LogKey, at: str) -> None:
    attack(log, f"UPDATE log_entry SET at = '{at}' WHERE id IN (257, 300)")
    found = look(log, key)
    assert faults(found) == [(Fault.CHANGED, 257), (Fault.CHANGED, 300)]
    assert (found.sealed, found.checkpoints) == (700, 3)


def test_an_entry_that_is_deleted_is_named(log: Database, key: LogKey) -> None:
    attack(log, "DELETE FROM log_entry WHERE id IN (1, 700)")
    assert faults(look(log, key)) == [(Fault.MISSING, 1), (Fault.MISSING, 700)]


def test_two_entries_that_change_places_are_named(log: Database, key: LogKey) -> None:
    attack(
        log,
        "UPDATE log_entry SET id = -1 WHERE id = 12",
        "UPDATE log_entry SET id = 12 WHERE id = 400",
        "UPDATE log_entry SET id = 400 WHERE id = -1",
    )
    assert faults(look(log, key)) == [(Fault.CHANGED, 12), (Fault.CHANGED, 400)]


def test_an_entry_that_is_put_among_sealed_ones_is_named(log: Database, key: LogKey) -> None:
    attack(
        log,
        "UPDATE log_entry SET id = id + 10000 WHERE id = 200",
        "INSERT INTO log_entry (id, at, event, actor, data) "
        "SELECT -5, at, event, actor, data FROM log_entry WHERE id = 1",
    )
    found = look(log, key)
    assert faults(found) == [(Fault.MISSING, 200), (Fault.INSERTED, -5)]
    assert found.unsealed == 4


def test_a_tail_that_is_cut_off_is_noticed(log: Database, key: LogKey) -> None:
    attack(log, "DELETE FROM log_entry WHERE id > 650")
    assert [number for _, number in faults(look(log, key))] == list(range(651, 701))


def test_a_tail_that_is_cut_off_with_its_place_in_the_tree_is_noticed(log: Database, key: LogKey) -> None:
    attack(log, "DELETE FROM log_entry WHERE id > 301", "DELETE FROM log_run WHERE first_index >= 301")
    found = look(log, key)
    assert (Fault.MISSING, None) in faults(found)
    assert any("is of 700 entries, and the log has 301" in problem.text for problem in found.problems)


def test_a_changed_entry_with_its_hash_in_the_tree_does_not_fit_what_was_signed(
    log: Database, key: LogKey, tmp_path: Path
) -> None:
    signed = notes(log)
    rebuild(log, log_key_of(tmp_path / "other", NAME)[0], "UPDATE log_entry SET wave_id = 9 WHERE id = 301")
    with log.write() as session:
        session.execute(text("DELETE FROM log_checkpoint"))
        for size, note in zip((300, 301, 700), signed, strict=True):
            session.add(LogCheckpoint(size=size, at=NOON, note=note, settled_entry_id=size))
    found = look(log, key)
    assert [(problem.fault, problem.size) for problem in found.problems] == [
        (Fault.UNSIGNED, None),
        (Fault.ROOT, 301),
        (Fault.ROOT, 700),
    ]
    assert "the last one that fits is of 300 entries" in found.problems[1].text


def resealed(database: Database, size: int, *statements: str) -> None:
    """Change entries and the whole tree to fit them, and leave only the checkpoints of up to so many entries."""
    with database.read() as session:
        kept = [(row.size, row.note) for row in session.scalars(select(LogCheckpoint)) if row.size <= size]
    other = LogKey("press.example/log", Ed25519PrivateKey.generate())
    rebuild(database, other, *statements)
    attack(database, "DELETE FROM log_checkpoint")
    with database.write() as session:
        session.add_all(LogCheckpoint(size=size, at=NOON, note=note, settled_entry_id=size) for size, note in kept)


@pytest.mark.parametrize("size", [0, 300, 301])
def test_entries_that_stand_in_the_tree_under_no_checkpoint_are_not_called_sealed(
    log: Database, key: LogKey, size: int
) -> None:
    resealed(log, size, "UPDATE log_entry SET wave_id = 9 WHERE id = 500")
    found = look(log, key)
    assert found.sealed == size
    assert [problem.fault for problem in found.problems] == [Fault.UNSIGNED]
    assert f"no checkpoint of more than {size} entries" in found.problems[0].text


@pytest.mark.parametrize("tables", [TABLES, TABLES[1:], TABLES[3:]])
def test_a_log_whose_seal_was_taken_away_is_not_like_one_that_never_had_any(
    log: Database, key: LogKey, tables: tuple[str, ...]
) -> None:
    attack(log, *(f"DELETE FROM {table}" for table in tables))
    found = look(log, key)
    assert Fault.UNSIGNED in [problem.fault for problem in found.problems]
    assert found.sealed == 0


def test_a_run_that_is_said_to_be_endless_does_not_keep_the_verifier(log: Database, key: LogKey) -> None:
    attack(log, "UPDATE log_run SET length = 2147483647 WHERE first_index = 301")
    found = look(log, key)
    assert [problem.fault for problem in found.problems] == [Fault.UNSIGNED]
    assert (found.sealed, found.checkpoints) == (700, 3)


@pytest.mark.parametrize("number", [-(2**63), -(2**62), -(2**62) - 1, 0])
def test_an_entry_of_any_number_that_was_put_before_the_others_is_named(
    log: Database, key: LogKey, number: int
) -> None:
    attack(
        log,
        "INSERT INTO log_entry (id, at, event, actor, data) "
        f"SELECT {number}, at, event, actor, data FROM log_entry WHERE id = 1",
    )
    assert faults(look(log, key)) == [(Fault.INSERTED, number)]


def test_a_tree_signed_with_another_key_is_noticed(log: Database, key: LogKey, tmp_path: Path) -> None:
    other = log_key_of(tmp_path / "other", NAME)[0]
    rebuild(log, other, "UPDATE log_entry SET wave_id = 9 WHERE id = 5")
    assert [problem.fault for problem in look(log, key).problems] == [Fault.SIGNATURE, Fault.UNSIGNED]


def test_who_has_the_key_as_well_is_found_out_by_a_witness_alone(log: Database, key: LogKey) -> None:
    # The limit of any log that proves itself; docs/operators/log.md says so.
    kept = notes(log)
    stolen = LogKey(key.name, key.secret)
    rebuild(log, stolen, "UPDATE log_entry SET wave_id = 9 WHERE id = 301")
    assert look(log, key).problems == []
    found = look(log, key, *kept)
    assert [(problem.fault, problem.size) for problem in found.problems] == [
        (Fault.WITNESS, 301),
        (Fault.WITNESS, 700),
    ]
    assert found.witnessed == 1


def test_yesterday_s_backup_is_found_out_by_a_witness_alone(log: Database, key: LogKey) -> None:
    kept = notes(log)
    attack(
        log,
        "DELETE FROM log_entry WHERE id > 301",
        "DELETE FROM log_run WHERE first_index >= 301",
        "DELETE FROM log_checkpoint WHERE size > 301",
        "DELETE FROM log_tile WHERE level = 0 AND number = 2",
        "UPDATE log_tile SET hashes = substr(hashes, 1, 45 * 32) WHERE level = 0 AND number = 1",
        "UPDATE log_tile SET hashes = substr(hashes, 1, 32) WHERE level = 1",
    )
    assert look(log, key).problems == []
    found = look(log, key, kept[-1])
    assert [(problem.fault, problem.size) for problem in found.problems] == [(Fault.WITNESS, 700)]
    assert "is of 700 entries, and the log has 301 sealed" in found.problems[0].text


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE log_tile SET hashes = substr(hashes, 1, 32) WHERE level = 1", Fault.TREE),
        ("DELETE FROM log_tile WHERE level = 0 AND number = 2", Fault.TREE),
        ("UPDATE log_tile SET hashes = hashes || hashes WHERE level = 0 AND number = 2", Fault.TREE),
        ("INSERT INTO log_tile SELECT level, 3, hashes FROM log_tile WHERE level = 0 AND number = 1", Fault.TREE),
        ("UPDATE log_run SET first_index = first_index + 1000 WHERE first_index > 0", Fault.TREE),
        ("UPDATE log_checkpoint SET note = 'x' WHERE size = 301", Fault.SIGNATURE),
        ("UPDATE log_checkpoint SET size = 302 WHERE size = 301", Fault.TREE),
        ("UPDATE log_checkpoint SET settled_entry_id = 0 WHERE size = 301", Fault.SIGNATURE),
        ("UPDATE log_checkpoint SET at = '2026-01-01 00:00:00.000000' WHERE size = 700", Fault.SIGNATURE),
        ("UPDATE log_run SET first_entry_id = 9223372036854775800 WHERE first_index = 301", Fault.TREE),
        ("UPDATE log_run SET first_entry_id = -9223372036854775808 WHERE first_index = 0", Fault.TREE),
    ],
)
def test_what_does_not_fit_in_the_tree_s_own_tables_is_noticed(
    log: Database, key: LogKey, statement: str, fault: Fault
) -> None:
    attack(log, statement)
    assert fault in [problem.fault for problem in look(log, key).problems]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log_tile SET hashes = CAST(hashes AS TEXT)",
        "UPDATE log_tile SET hashes = 5",
        "UPDATE log_run SET length = 'many' WHERE first_index > 0",
        "UPDATE log_run SET first_entry_id = x'01' WHERE first_index = 301",
        "UPDATE log_checkpoint SET note = x'ff'",
        "UPDATE log_checkpoint SET note = CAST(x'ff' AS TEXT)",
        "UPDATE log_checkpoint SET at = 'never', settled_entry_id = 'all'",
    ],
)
def test_sqlite_s_loose_types_do_not_end_the_verifier(log: Database, key: LogKey, statement: str) -> None:
    attack(log, statement)
    found = look(log, key)
    # The bytes of a hash are the same in a text.
    assert found.problems or "hashes AS TEXT" in statement


def test_the_key_is_made_once_and_kept_apart(tmp_path: Path, key: LogKey) -> None:
    folder = tmp_path / "keys"
    assert (folder / "log.pem").stat().st_mode & 0o777 == 0o600
    again, made = log_key_of(folder, "another.example/log")
    assert (again.name, again.verifier, made) == (NAME, key.verifier, False)
    assert list(known_keys(folder)) == [key.verifier]
    (folder / "log.pub").unlink()  # as if killed in between
    log_key_of(folder, NAME)
    assert list(known_keys(folder)) == [key.verifier]
    assert sorted(file.name for file in folder.iterdir()) == ["log.pem", "log.pub"]
    assert list(known_keys(tmp_path / "nowhere")) == []


def test_two_who_make_the_key_at_once_have_the_same_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = list(threads.map(lambda _: log_key_of(tmp_path, NAME), range(8)))
    assert len({key.verifier for key, _ in keys}) == 1
    assert [made for _, made in keys].count(True) == 1
    assert set(known_keys(tmp_path)) == {keys[0][0].verifier}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "not a private key"),
        ("Log: a\n", "not a private key"),
        (PEM, "its first line"),
        (f"Log: a b\n{PEM}", "its first line"),
    ],
)
def test_a_key_that_cannot_be_used_is_named_and_never_quoted(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "log.pem").write_text(content)
    with pytest.raises(BadLogKey, match=reason) as caught:
        log_key_of(tmp_path, NAME)
    assert "MC4C" not in str(caught.value)
