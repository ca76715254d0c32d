"""Tiles give the same tree however it grew."""

from pathlib import Path

import pytest
from attacker import attack, notes, write
from builders import NOON
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.audit.sealing import Checkpoint, LogKey, Sealer, signer_of, write_tree
from mailer.audit.sealing.merkle import HASH_BYTES, consistency_proof, is_consistent, leaf_hash, root
from mailer.audit.sealing.static import tile_path
from mailer.audit.sealing.tiles import WIDTH, Growing, Tiles, cut, top
from mailer.database import Database
from mailer.errors import LogTreeBroken, NothingSealed, OtherTiles

HASHES = [leaf_hash(str(number).encode()) for number in range(70_000)]


class Kept(Tiles):
    """Tiles in memory."""

    def __init__(self) -> None:
        self.tiles: dict[tuple[int, int], bytes] = {}

    def tile(self, level: int, number: int) -> bytes:
        return self.tiles.get((level, number), b"")

    def keep(self, level: int, number: int, content: bytes) -> None:
        assert content.startswith(self.tile(level, number))
        self.tiles[level, number] = content


steps = st.lists(st.sampled_from([1, 2, 3, 100, 255, 256, 257, 511, 512, 1000]), min_size=1, max_size=12)


@given(steps, st.booleans())
@settings(deadline=None)
def test_a_tree_that_grows_in_steps_is_the_one_that_its_tiles_have(parts: list[int], anew: bool) -> None:
    kept, growing, size = Kept(), Growing(), 0
    for part in parts:
        if anew:
            growing = Growing.of(kept, size)
        for tile in growing.add(HASHES[size : size + part]):
            kept.keep(*tile)
        size += part
        assert growing.root() == root(size, kept.subtree)
    assert b"".join(kept.tile(0, number) for number in range(size // WIDTH + 1)) == b"".join(HASHES[:size])


def test_the_third_level_is_reached() -> None:
    kept, growing = Kept(), Growing()
    for tile in growing.add(HASHES):
        kept.keep(*tile)
    assert {level for level, _ in kept.tiles} == {0, 1, 2}
    assert growing.root() == root(len(HASHES), kept.subtree)
    assert growing.root() == Growing.of(kept, len(HASHES)).root()


@pytest.mark.parametrize(
    ("level", "number", "width", "path"),
    [
        # The examples of C2SP tlog-tiles: index 1234067, and a partial tile of it.
        (0, 1234067, 256, "tile/0/x001/x234/067"),
        (0, 1234067, 8, "tile/0/x001/x234/067.p/8"),
        (0, 0, 256, "tile/0/000"),
        (0, 999, 255, "tile/0/999.p/255"),
        (1, 1000, 256, "tile/1/x001/000"),
        (2, 1_000_000, 1, "tile/2/x001/x000/000.p/1"),
    ],
)
def test_a_tile_lies_where_the_specification_says(level: int, number: int, width: int, path: str) -> None:
    assert tile_path(level, number, width) == path


class FromFiles:
    """Reads a tree as somebody else's program does, who has the files alone."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder, self.size = folder, size

    def subtree(self, height: int, number: int) -> bytes:
        level, above = divmod(height, 8)
        place, offset = divmod(number << above, 256)
        hashes = self.size >> 8 * level
        width = min(256, hashes - place * 256)
        content = (self.folder / tile_path(level, place, width)).read_bytes()
        assert len(content) == width * HASH_BYTES
        return top(list(cut(content))[offset : offset + (1 << above)])


def test_somebody_who_has_the_files_alone_can_check_that_the_log_has_only_grown(
    log: Database, key: LogKey, tmp_path: Path
) -> None:
    folder = tmp_path / "static"
    with log.read() as session:
        assert write_tree(session, folder).size == 700
    before = Checkpoint.parsed((folder / "checkpoint").read_text("utf-8"))
    with log.write() as session:
        write(session, 1_000)
    Sealer(log, key).seal_all(at=NOON)
    with log.read() as session:
        done = write_tree(session, folder)
        assert write_tree(session, folder).tiles == 0
    note = (folder / "checkpoint").read_text("utf-8")
    now = Checkpoint.parsed(note)
    assert (now.size, signer_of(note, [key.verifier])) == (done.size, key.verifier)
    files = FromFiles(folder, now.size)
    assert root(now.size, files.subtree) == now.root
    path = consistency_proof(before.size, now.size, files.subtree)
    assert is_consistent(before.size, before.root, now.size, now.root, path)
    assert (folder / "tile/0/000").stat().st_size == 256 * HASH_BYTES
    for told in map(Checkpoint.parsed, notes(log)):
        assert root(told.size, files.subtree) == told.root


def test_no_tree_is_written_that_is_not_the_one_that_was_signed(
    log: Database, database: Database, tmp_path: Path
) -> None:
    attack(log, "UPDATE log_tile SET number = 7 WHERE level = 0 AND number = 2")
    with log.read() as session, pytest.raises(LogTreeBroken):
        write_tree(session, tmp_path)
    assert not (tmp_path / "checkpoint").exists()


def test_of_a_log_without_a_seal_there_is_nothing_to_write(database: Database, tmp_path: Path) -> None:
    with database.read() as session, pytest.raises(NothingSealed):
        write_tree(session, tmp_path)


def test_tiles_of_what_was_lost_are_not_mixed_with_those_that_came_since(
    log: Database, key: LogKey, tmp_path: Path
) -> None:
    """As after a restore: the log has another continuation than the folder."""
    with log.read() as session:
        write_tree(session, tmp_path)
    last = Checkpoint.parsed((tmp_path / "checkpoint").read_text("utf-8"))
    for size, words in ((last.size, "700 other entries"), (last.size + 1, "701 entries, and this log has 700")):
        note = key.sign(str(Checkpoint(last.origin, size, bytes(32))))
        (tmp_path / "checkpoint").write_text(note, "utf-8")
        with log.read() as session, pytest.raises(OtherTiles, match=words):
            write_tree(session, tmp_path)
        assert (tmp_path / "checkpoint").read_text("utf-8") == note
    (tmp_path / "checkpoint").write_bytes(b"\xff")
    with log.read() as session, pytest.raises(OtherTiles, match="cannot be read"):
        write_tree(session, tmp_path)


def test_a_tile_that_a_power_cut_has_emptied_is_written_again(log: Database, tmp_path: Path) -> None:
    with log.read() as session:
        write_tree(session, tmp_path)
        (tmp_path / "tile/0/000").write_bytes(b"")
        assert write_tree(session, tmp_path).tiles == 1
    assert (tmp_path / "tile/0/000").stat().st_size == 256 * HASH_BYTES
