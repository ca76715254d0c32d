"""While a process runs its log is kept sealed, and nothing that goes wrong with that stops it."""

import threading
from pathlib import Path

from builders import DESK, NOON
from newsroom import TestClock

from mailer.audit import Event, append
from mailer.audit.sealing import Sealed, Sealer, kept_sealed, log_key_of, verify
from mailer.audit.sealing.sealer import BATCH
from mailer.database import Database


def write(database: Database) -> None:
    with database.write() as session:
        append(session, Event.CLOCK_JUMPED, at=NOON, actor=DESK)


def test_entries_are_sealed_while_it_runs_and_the_last_one_at_the_end(database: Database, tmp_path: Path) -> None:
    key, _ = log_key_of(tmp_path, "press.example/log")
    sealed = threading.Event()

    class Watched(Sealer):
        def seal(self, *, at: object) -> Sealed:
            done = super().seal(at=NOON)
            if done.size:
                sealed.set()
            return done

    said: list[str] = []
    with kept_sealed(Watched(database, key), TestClock(), on_trouble=said.append, every=0.001):
        write(database)
        assert sealed.wait(30)
    with kept_sealed(Sealer(database, key), TestClock(), on_trouble=said.append, every=3600):
        write(database)
    with database.read() as session:
        found = verify(session, [key.verifier])
    assert (found.sealed, found.unsealed, found.problems, said) == (2, 0, [], [])


def test_what_goes_wrong_is_said_once_until_it_works_again(database: Database, tmp_path: Path) -> None:
    key, _ = log_key_of(tmp_path, "press.example/log")
    rounds = iter([True, True, False, True])
    done = threading.Event()

    class Failing(Sealer):
        def seal(self, *, at: object) -> Sealed:
            fails = next(rounds, None)
            if fails is None:
                done.set()
            elif fails:
                raise OSError("no space left")
            return Sealed(0, 0)

    said: list[str] = []
    with kept_sealed(Failing(database, key), TestClock(), on_trouble=said.append, every=0.001):
        assert done.wait(30)
    assert said == ["The log cannot be sealed."] * 2


def test_a_long_log_does_not_keep_the_process_from_ending(database: Database, tmp_path: Path) -> None:
    key, _ = log_key_of(tmp_path, "press.example/log")
    begun = threading.Event()
    batches: list[int] = []

    class Endless(Sealer):
        def seal(self, *, at: object) -> Sealed:
            batches.append(BATCH)
            begun.set()
            return Sealed(BATCH, BATCH)

    with kept_sealed(Endless(database, key), TestClock(), on_trouble=print, every=0.001):
        assert begun.wait(30)
    assert batches
