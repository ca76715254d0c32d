"""The tree is that of RFC 6962: held to its own recursive definition and to another implementation of it."""

from functools import cache
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from mailer.audit.sealing.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    leaf_hash,
    root,
    root_of_inclusion,
)

LEAVES = [f"leaf {number}".encode() for number in range(300)]


@cache
def by_definition(start: int, end: int) -> bytes:
    """MTH(D[start:end]) word for word (RFC 6962 2.1)."""
    if end - start == 0:
        return sha256().digest()
    if end - start == 1:
        return sha256(b"\x00" + LEAVES[start]).digest()
    k = 1
    while k * 2 < end - start:
        k *= 2
    return sha256(b"\x01" + by_definition(start, start + k) + by_definition(start + k, end)).digest()


def subtree(height: int, number: int) -> bytes:
    return by_definition(number << height, (number + 1) << height)


@pytest.mark.parametrize("size", range(300))
def test_the_root_is_that_of_the_definition(size: int) -> None:
    assert root(size, subtree) == by_definition(0, size)


def test_the_root_is_that_of_another_implementation() -> None:
    other = InmemoryTree(algorithm="sha256")
    assert root(0, subtree) == EMPTY_ROOT
    for size, leaf in enumerate(LEAVES, 1):
        other.append_entry(leaf)
        assert root(size, subtree) == other.get_root(size)


@given(st.data())
def test_a_leaf_is_proven_and_nothing_else_is(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 299))
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_proof(index, size, subtree)
    whole = by_definition(0, size)
    leaf = leaf_hash(LEAVES[index])
    assert root_of_inclusion(leaf, index, size, path) == whole
    other = data.draw(st.integers(0, 299).filter(lambda number: number != index))
    assert root_of_inclusion(leaf_hash(LEAVES[other]), index, size, path) != whole
    # At another place, of another size, with a step less, more or changed.
    assert root_of_inclusion(leaf, other, size, path) != whole
    assert root_of_inclusion(leaf, index, size, path[:-1]) != whole or not path
    assert root_of_inclusion(leaf, index, size, [*path, whole]) != whole
    if path:
        place = data.draw(st.integers(0, len(path) - 1))
        bent = [*path[:place], bytes(32), *path[place + 1 :]]
        assert root_of_inclusion(leaf, index, size, bent) != whole


@given(st.data())
def test_a_tree_is_proven_to_begin_with_an_older_one_and_with_no_other(data: st.DataObject) -> None:
    new = data.draw(st.integers(0, 299))
    old = data.draw(st.integers(0, new))
    path = consistency_proof(old, new, subtree)
    first, last = by_definition(0, old), by_definition(0, new)
    assert is_consistent(old, first, new, last, path)
    assert not is_consistent(old, bytes(32), new, last, path)
    assert not is_consistent(old, first, new, last, [*path, last])
    if 0 < old < new:
        assert not is_consistent(old, first, new, bytes(32), path)
        assert not is_consistent(old, first, new, last, path[:-1])
        place = data.draw(st.integers(0, len(path) - 1))
        assert not is_consistent(old, first, new, last, [*path[:place], bytes(32), *path[place + 1 :]])


def test_proofs_have_the_lengths_of_the_standard_s_example() -> None:
    # RFC 6962 2.1.3, the tree of seven leaves.
    assert [len(inclusion_proof(index, 7, subtree)) for index in (0, 3, 4, 6)] == [3, 3, 3, 2]
    assert [len(consistency_proof(old, 7, subtree)) for old in (3, 4, 6)] == [4, 1, 3]


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="has no leaf"):
        inclusion_proof(index, size, subtree)
    assert root_of_inclusion(bytes(32), index, size, []) is None
