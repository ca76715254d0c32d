"""While a process runs its log is kept sealed, and nothing that goes wrong with that stops it."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from builders import DESK, NOON
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from newsroom import TestClock

from mailer.audit import Event, append
from mailer.audit.sealing import (
    Checkpoint,
    Sealed,
    Sealer,
    Witness,
    kept_sealed,
    kept_witnessed,
    log_key_of,
    verify,
    witnesses,
)
from mailer.audit.sealing.notes import sign
from mailer.audit.sealing.sealer import BATCH
from mailer.audit.sealing.witness import into_folder, to_address
from mailer.database import Database
from mailer.errors import WitnessDiffers, WitnessFailed

HOUR = timedelta(hours=1)
SECRET = Ed25519PrivateKey.from_private_bytes(bytes(32))


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
    assert said == ["The sealer has failed."] * 2


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


# Witnesses.


class Answering(BaseHTTPRequestHandler):
    """Takes what is sent to it, or answers with what the test said."""

    def do_POST(self) -> None:
        server: Any = self.server
        server.received.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(server.answer)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[tuple[str, Any]]:
    server: Any = HTTPServer(("127.0.0.1", 0), Answering)
    server.received, server.answer = [], 204
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/log", server
    server.shutdown()
    thread.join()
    server.server_close()


def note_of(size: int, root: bytes = bytes(32)) -> str:
    return sign(str(Checkpoint("press.example/log", size, root)), "press.example/log", SECRET)


def test_a_checkpoint_is_given_to_every_witness_when_the_process_ends(
    database: Database, tmp_path: Path, address: tuple[str, Any]
) -> None:
    key, _ = log_key_of(tmp_path / "keys", "press.example/log")
    url, server = address
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    said: list[str] = []
    with (
        kept_witnessed(database, TestClock(), witnesses(folder, url, every=HOUR), on_trouble=said.append),
        kept_sealed(Sealer(database, key), TestClock(), on_trouble=said.append, every=3600),
    ):
        write(database)
    kept = (folder / "000000000001.checkpoint").read_text("utf-8")
    assert (server.received, said) == ([kept], [])
    with database.read() as session:
        assert verify(session, [key.verifier], witnessed=[kept]).witnessed == 1


def test_with_nothing_sealed_there_is_nothing_to_give(database: Database, tmp_path: Path) -> None:
    with kept_witnessed(
        database, TestClock(), witnesses(tmp_path / "gone", "", every=HOUR), on_trouble=pytest.fail
    ):
        pass


def test_one_witness_that_fails_keeps_no_other_from_it(
    database: Database, tmp_path: Path, address: tuple[str, Any]
) -> None:
    key, _ = log_key_of(tmp_path / "keys", "press.example/log")
    write(database)
    Sealer(database, key).seal_all(at=NOON)
    url, server = address
    said: list[str] = []
    with kept_witnessed(
        database, TestClock(), witnesses(tmp_path / "gone", url, every=HOUR), on_trouble=said.append
    ):
        pass
    assert len(server.received) == len(said) == 1
    assert "gone: No such file or directory" in said[0]


def test_one_that_never_answers_or_fails_as_nobody_knows_keeps_neither_the_others_nor_the_end(
    database: Database, tmp_path: Path
) -> None:
    key, _ = log_key_of(tmp_path / "keys", "press.example/log")
    write(database)
    Sealer(database, key).seal_all(at=NOON)
    given, said, mounted = [], list[str](), threading.Event()

    def broken(_note: str) -> None:
        raise UnicodeError

    everybody = [
        Witness("dead mount", lambda _note: mounted.wait() and None, HOUR),
        Witness("broken", broken, HOUR),
        Witness("well", given.append, HOUR),
    ]
    with kept_witnessed(database, TestClock(), everybody, on_trouble=said.append, patience=0.2):
        pass
    mounted.set()
    assert len(given) == 1
    assert said == ["The witness has failed.", "The witness does not come to an end, and is left."]


def test_a_folder_keeps_what_it_has_and_tells_of_another(tmp_path: Path) -> None:
    into_folder(tmp_path, note_of(7))
    into_folder(tmp_path, note_of(7))
    with pytest.raises(WitnessDiffers, match=r"7\.checkpoint"):
        into_folder(tmp_path, note_of(7, b"1" * 32))
    assert [file.read_text("utf-8") for file in tmp_path.iterdir()] == [note_of(7)]


def test_an_address_that_does_not_take_it_is_named(address: tuple[str, Any]) -> None:
    url, server = address
    server.answer = 503
    with pytest.raises(WitnessFailed, match="503"):
        to_address(url, note_of(7))
    with pytest.raises(WitnessFailed, match=r"127\.0\.0\.1:1"):
        to_address("http://127.0.0.1:1/", note_of(7))
