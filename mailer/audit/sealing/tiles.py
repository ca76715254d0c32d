"""The tree's hashes in tiles of 256: written once as the tree grows, read for proofs.

C2SP tlog-tiles: the tile of level L and number N has the hashes of 256 subtrees of height 8 × L, from number 256 × N.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import LargeBinary, cast, select
from sqlalchemy.orm import Session

from mailer.audit.sealing.merkle import HASH_BYTES, node_hash
from mailer.audit.sealing.models import LogTile
from mailer.database import is_sqlite

HEIGHT = 8
WIDTH = 1 << HEIGHT
TILE_BYTES = WIDTH * HASH_BYTES

_KEPT = 1000
"""Tiles in memory at the most, which are 8 MB."""

_WRITE = (
    "INSERT INTO log_tile (level, number, hashes) VALUES ({0}, {0}, {0}) "
    "ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes"
)


class Tiles:
    """The tiles of one database, of which the last ones read are kept."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._read: dict[tuple[int, int], bytes] = {}

    def tile(self, level: int, number: int) -> bytes:
        """Its hashes, one behind the other; none where it is not there."""
        key = (level, number)
        if key not in self._read:
            if len(self._read) == _KEPT:
                self._read.clear()
            # SQLite may have it as a text, which nobody can read.
            query = select(cast(LogTile.hashes, LargeBinary)).where(
                LogTile.level == level, LogTile.number == number
            )
            self._read[key] = self._session.execute(query).scalar() or b""
        return self._read[key]

    def subtree(self, height: int, number: int) -> bytes:
        """The hash of a whole subtree: see ``merkle.Subtree``. Raises ``ValueError`` where the tree lacks it."""
        level, above = divmod(height, HEIGHT)
        place, offset = divmod(number << above, WIDTH)
        hashes = list(cut(self.tile(level, place)))[offset : offset + (1 << above)]
        if len(hashes) < 1 << above:
            raise ValueError(f"the tile {number} of level {level} is not there, or is cut off")
        return top(hashes)


class Growing:
    """The right edge of a tree, to which leaves are added; holds at most 256 hashes of each level."""

    def __init__(self, edges: Sequence[bytes] = (), *, sizes: Sequence[int] = ()) -> None:
        """``edges`` are the hashes of the tile that is not full, of each level; ``sizes`` how many hashes it has."""
        self._edges = [bytearray(edge) for edge in edges]
        self._full = [size // WIDTH for size in sizes]

    @classmethod
    def of(cls, tiles: Tiles, size: int) -> "Growing":
        """The edge of the tree of so many leaves. Raises ``ValueError`` where a tile lacks what it should have."""
        sizes = list(levels_of(size))
        edges = [tiles.tile(level, many // WIDTH) if many % WIDTH else b"" for level, many in enumerate(sizes)]
        for level, (many, edge) in enumerate(zip(sizes, edges, strict=True)):
            if len(edge) != many % WIDTH * HASH_BYTES:
                raise ValueError(f"the last tile of level {level} has not the hashes of {size} entries")
        return cls(edges, sizes=sizes)

    def add(self, hashes: Sequence[bytes]) -> Iterator[tuple[int, int, bytes]]:
        """Add leaves by their hashes; gives level, number and content of every tile that is new or has grown."""
        level = 0
        while hashes:
            if level == len(self._edges):
                self._edges.append(bytearray())
                self._full.append(0)
            edge = self._edges[level]
            edge += b"".join(hashes)
            above: list[bytes] = []
            start = 0
            while len(edge) - start >= TILE_BYTES:
                tile = bytes(edge[start : start + TILE_BYTES])
                start += TILE_BYTES
                yield level, self._full[level], tile
                self._full[level] += 1
                above.append(top(list(cut(tile))))
            del edge[:start]
            if edge:
                yield level, self._full[level], bytes(edge)
            hashes, level = above, level + 1

    def root(self) -> bytes:
        """The root of the tree as it is now, which has a leaf."""
        found = b""
        # From the lowest level, whose leaves are the last ones; in each the largest subtrees stand first.
        for edge in self._edges:
            hashes = list(cut(bytes(edge)))
            while hashes:
                many = len(hashes) & -len(hashes)
                whole = top(hashes[-many:])
                found = node_hash(whole, found) if found else whole
                del hashes[-many:]
        return found


def write_tiles(session: Session, tiles: Sequence[tuple[int, int, bytes]]) -> None:
    """Keep tiles, new ones and those that have grown."""
    statement = _WRITE.format("?" if is_sqlite(session) else "%s")
    if tiles:
        session.connection().exec_driver_sql(statement, list(tiles))


def tiles_of(size: int) -> int:
    """How many tiles the tree of so many leaves has."""
    return sum(-(-many // WIDTH) for many in levels_of(size))


def cut(tile: bytes) -> Iterator[bytes]:
    """The hashes of a tile."""
    return (tile[start : start + HASH_BYTES] for start in range(0, len(tile), HASH_BYTES))


def top(hashes: list[bytes]) -> bytes:
    """The hash over 1, 2, 4 … 256 hashes."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[place], hashes[place + 1]) for place in range(0, len(hashes), 2)]
    return hashes[0]


def levels_of(size: int) -> Iterator[int]:
    """How many hashes each level of the tree of so many leaves has, from the lowest."""
    while size:
        yield size
        size //= WIDTH
