"""Tiles give the same tree however it grew."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.audit.sealing.merkle import leaf_hash, root
from mailer.audit.sealing.tiles import WIDTH, Growing, Tiles

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
