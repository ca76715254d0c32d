"""The journal tells after a crash what was on the wire, however it was cut off."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery import journal as module
from mailer.delivery.journal import Ended, Journal, Sync, journal_file, read_remains
from mailer.errors import BadJournal

AT = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)


def ended(number: int, text: str = "Ok") -> Ended:
    return Ended(
        delivery_id=number,
        at=AT,
        relay="main",
        stage="end",
        verdict="accepted",
        code=250,
        enhanced="2.0.0",
        text=text,
        sha256="a" * 64,
    )


def test_what_began_and_did_not_end_is_told_apart_from_what_ended(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "p")
    journal.begin(1, "a" * 64)
    journal.begin(2, "b" * 64)
    journal.end(ended(1))
    remains = read_remains(journal.file)
    assert (remains.begun, remains.ended, remains.whole) == ({2: "b" * 64}, (ended(1),), True)


def test_a_delivery_that_is_tried_again_is_open_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "p")
    for _ in range(2):
        journal.begin(1, "a" * 64)
        journal.end(ended(1))
    journal.begin(1, "a" * 64)
    assert read_remains(journal.file).begun == {1: "a" * 64}
    assert read_remains(journal.file).ended == ()


def test_a_line_that_the_crash_cut_short_leaves_its_message_in_doubt(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "p")
    journal.begin(1, "a" * 64)
    journal.end(ended(1))
    content = journal.file.read_bytes()
    whole = content.index(b"<")
    for cut in range(whole, len(content) - 80):
        journal.file.write_bytes(content[:cut])
        assert read_remains(journal.file).begun == {1: "a" * 64}


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=500))
def test_any_reply_survives_the_journal(text: str) -> None:
    assert Ended.parse(ended(7, text).line()) == ended(7, text)


def test_another_boot_means_that_lines_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Journal(tmp_path, "p").begin(1, "a" * 64)
    monkeypatch.setattr(module, "boot_id", lambda: "another")
    assert not read_remains(journal_file(tmp_path, "p")).whole
    assert not read_remains(journal_file(tmp_path, "missing")).whole


def test_a_long_journal_is_made_small_and_keeps_what_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ROLL", 1000)
    journal = Journal(tmp_path, "p")
    journal.begin(99, "c" * 64)
    for number in range(100):
        journal.begin(number, "a" * 64) if number != 99 else None
        if number < 98:
            journal.end(ended(number))
    before = journal.file.stat().st_size
    journal.settle(pending=[ended(97)])
    assert journal.file.stat().st_size < before / 10
    journal.end(ended(98))
    remains = read_remains(journal.file)
    assert remains.begun == {99: "c" * 64}
    assert remains.ended == (ended(97), ended(98))
    assert remains.whole


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadJournal, match="file"):
        Journal(tmp_path / "file", "p")


def test_a_full_disk_stops_the_message_before_it_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path, "p")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "write", full)
    with pytest.raises(BadJournal, match="No space left"):
        journal.begin(1, "a" * 64)
    with pytest.raises(BadJournal):
        journal.probe()
    monkeypatch.undo()
    journal.probe()
    assert read_remains(journal.file).begun == {}


def taking_at_most(octets: int) -> Callable[[int, bytes], int]:
    """A disk with so much room for each write."""
    write = os.write
    return lambda fd, content: write(fd, content[:octets])


@pytest.mark.parametrize("room", [0, 1, 2, 5, 30, 67])
def test_a_line_that_a_full_disk_cut_short_is_no_part_of_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    journal = Journal(tmp_path, "p")
    journal.begin(1, "a" * 64)
    with monkeypatch.context() as full:
        full.setattr(module.os, "write", taking_at_most(room))
        with pytest.raises(BadJournal, match="No space left"):
            journal.begin(2, "b" * 64)
        with pytest.raises(BadJournal):
            journal.end(ended(1))
    # What was not written to its end has not begun; what ended without a line is in doubt until it is in the database.
    assert read_remains(journal.file).begun == {1: "a" * 64}
    journal.begin(3, "c" * 64)
    assert read_remains(journal.file).begun == {1: "a" * 64, 3: "c" * 64}
    journal.end(ended(3))
    remains = read_remains(journal.file)
    assert (remains.begun, remains.ended) == ({1: "a" * 64}, (ended(3),))


def test_a_journal_that_cannot_be_made_small_is_kept_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ROLL", 10)
    journal = Journal(tmp_path, "p")
    journal.begin(1, "a" * 64)
    opened = len(list(Path("/proc/self/fd").iterdir()))
    with monkeypatch.context() as full:
        full.setattr(module.os, "write", taking_at_most(60))
        for _ in range(3):
            with pytest.raises(BadJournal, match="No space left"):
                journal.settle(pending=[ended(2)])
    assert len(list(Path("/proc/self/fd").iterdir())) == opened
    journal.begin(3, "c" * 64)
    assert read_remains(journal.file).begun == {1: "a" * 64, 3: "c" * 64}
    journal.settle(pending=[ended(2)])
    assert read_remains(journal.file).begun == {1: "a" * 64, 3: "c" * 64}
    assert read_remains(journal.file).ended == (ended(2),)


@pytest.mark.parametrize(
    ("sync", "waits"), [(Sync.NEVER, [0, 0, 0]), (Sync.BEGIN, [1, 1, 2]), (Sync.ALWAYS, [1, 2, 3])]
)
def test_the_disk_is_waited_for_as_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sync: Sync, waits: list[int]
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(module.os, "fdatasync", synced.append)
    journal = Journal(tmp_path, "p", sync=sync)
    counts = []
    for write in (lambda: journal.begin(1, "a" * 64), lambda: journal.end(ended(1)), journal.probe):
        write()
        counts.append(len(synced))
    assert counts == waits


@pytest.mark.parametrize(("sync", "whole"), [(Sync.NEVER, False), (Sync.BEGIN, True), (Sync.ALWAYS, True)])
def test_a_journal_that_the_disk_was_waited_for_is_whole_after_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sync: Sync, whole: bool
) -> None:
    journal = Journal(tmp_path, "p", sync=sync)
    journal.begin(1, "a" * 64)
    assert read_remains(journal.file).whole
    monkeypatch.setattr(module, "boot_id", lambda: "another")
    assert read_remains(journal.file).whole is whole
    journal.file.write_bytes(b"")
    assert not read_remains(journal.file).whole


def test_a_message_does_not_leave_if_the_disk_cannot_be_waited_for_and_the_journal_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path, "p", sync=Sync.BEGIN)
    journal.begin(1, "a" * 64)

    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as fault:
        fault.setattr(module.os, "fdatasync", broken)
        with pytest.raises(BadJournal, match="Input/output"):
            journal.begin(2, "b" * 64)
    before = journal.file.stat().st_ino
    journal.settle()
    assert journal.file.stat().st_ino != before
    assert read_remains(journal.file).begun == {1: "a" * 64}
