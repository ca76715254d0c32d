"""The Merkle tree of RFC 6962: its hashes, and proofs about them that anybody can check."""

from collections.abc import Callable, Sequence
from hashlib import sha256

HASH_BYTES = 32

Subtree = Callable[[int, int], bytes]
"""Gives the hash of a whole subtree by its height and its number among those of that height, from the left and from 0:
that of height 3 and number 2 has the leaves 16 to 23."""

EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without a leaf (RFC 6962 2.1)."""


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf (RFC 6962 2.1)."""
    return sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two hashes (RFC 6962 2.1)."""
    return sha256(b"\1" + left + right).digest()


def root(size: int, subtree: Subtree) -> bytes:
    """The hash of the tree of the first ``size`` leaves."""
    return _span(0, size, subtree) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """The path that proves the leaf of this index, from 0, in the tree of this size (RFC 6962 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _largest_power_below(end - start)
        if index < middle:
            path.append(_span(middle, end, subtree))
            end = middle
        else:
            path.append(_span(start, middle, subtree))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """The path that proves that the tree of the old size is how the one of the new size begins (RFC 6962 2.1.2)."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} leaves does not begin with {old}")
    path: list[bytes] = []
    start, end = 0, new
    while old not in (0, end):
        middle = start + _largest_power_below(end - start)
        if old <= middle:
            path.append(_span(middle, end, subtree))
            end = middle
        else:
            path.append(_span(start, middle, subtree))
            start = middle
    if start:
        path.append(_span(start, end, subtree))
    return path[::-1]


def root_of_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that the path leads to from a leaf's hash, to be compared; ``None`` for a path of another length.

    RFC 9162 2.1.3.2.
    """
    if not 0 <= index < size:
        return None
    place, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            found = node_hash(step, found)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, step)
        place, last = place >> 1, last >> 1
    return found if last == 0 else None


def is_consistent(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path proves that the tree of the new size begins with that of the old one (RFC 9162 2.1.4.2)."""
    if not 0 < old < new:
        # Every tree begins with the empty one, and with itself.
        return not path and ((old == 0 and old_root == EMPTY_ROOT) or (old == new and old_root == new_root))
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    found_old = found_new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            found_old, found_new = node_hash(step, found_old), node_hash(step, found_new)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            found_new = node_hash(found_new, step)
        place, last = place >> 1, last >> 1
    return last == 0 and found_old == old_root and found_new == new_root


def _span(start: int, end: int, subtree: Subtree) -> bytes:
    """The hash of these leaves, of which the first begins a whole subtree at least as large as the largest in them."""
    whole: list[bytes] = []
    while start < end:
        height = (end - start).bit_length() - 1
        whole.append(subtree(height, start >> height))
        start += 1 << height
    found = whole.pop()
    while whole:
        found = node_hash(whole.pop(), found)
    return found


def _largest_power_below(number: int) -> int:
    return 1 << (number - 1).bit_length() - 1
