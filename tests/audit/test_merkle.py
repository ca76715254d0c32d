"""The tree is that of RFC 6962: held to its own recursive definitions and to Certificate Transparency's vectors."""

from functools import cache
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.audit.sealing.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    leaf_hash,
    node_hash,
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
    k = split(end - start)
    return sha256(b"\x01" + by_definition(start, start + k) + by_definition(start + k, end)).digest()


def split(n: int) -> int:
    """The largest power of two that is smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def subtree(height: int, number: int) -> bytes:
    return by_definition(number << height, (number + 1) << height)


@pytest.mark.parametrize("size", range(300))
def test_the_root_is_that_of_the_definition(size: int) -> None:
    assert root(size, subtree) == by_definition(0, size)


def path(m: int, start: int, end: int) -> list[bytes]:
    """PATH(m, D[start:end]) word for word (RFC 6962 2.1.1)."""
    if end - start == 1:
        return []
    k = split(end - start)
    if m < k:
        return [*path(m, start, start + k), by_definition(start + k, end)]
    return [*path(m - k, start + k, end), by_definition(start, start + k)]


def subproof(m: int, start: int, end: int, whole: bool) -> list[bytes]:
    """SUBPROOF(m, D[start:end], b) word for word (RFC 6962 2.1.2)."""
    if m == end - start:
        return [] if whole else [by_definition(start, end)]
    k = split(end - start)
    if m <= k:
        return [*subproof(m, start, start + k, whole), by_definition(start + k, end)]
    return [*subproof(m - k, start + k, end, False), by_definition(start, start + k)]


@given(st.data())
def test_proofs_are_those_of_the_definitions(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 299))
    index = data.draw(st.integers(0, size - 1))
    assert inclusion_proof(index, size, subtree) == path(index, 0, size)
    assert consistency_proof(index + 1, size, subtree) == subproof(index + 1, 0, size, True)


# The eight leaves that the first implementations of Certificate Transparency are tested with, their roots and paths.
EIGHT = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAF_1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
LEAF_4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
LEAVES_2_3 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
LEAVES_4_5 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
LEAVES_6_7 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
LEAVES_4_7 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"


def of_eight(height: int, number: int) -> bytes:
    if not height:
        return leaf_hash(EIGHT[number])
    return node_hash(of_eight(height - 1, number * 2), of_eight(height - 1, number * 2 + 1))


@pytest.mark.parametrize(("size", "expected"), list(enumerate(ROOTS, 1)))
def test_the_roots_of_the_known_leaves_are_the_known_ones(size: int, expected: str) -> None:
    assert root(size, of_eight).hex() == expected


@pytest.mark.parametrize(
    ("index", "size", "expected"),
    [
        (0, 1, []),
        (0, 8, [LEAF_1, LEAVES_2_3, LEAVES_4_7]),
        (5, 8, [LEAF_4, LEAVES_6_7, ROOTS[3]]),
        (2, 3, [ROOTS[1]]),
        (1, 5, [ROOTS[0], LEAVES_2_3, LEAF_4]),
    ],
)
def test_the_paths_of_the_known_leaves_are_the_known_ones(index: int, size: int, expected: list[str]) -> None:
    proof = inclusion_proof(index, size, of_eight)
    assert [step.hex() for step in proof] == expected
    assert root_of_inclusion(leaf_hash(EIGHT[index]), index, size, proof) == bytes.fromhex(ROOTS[size - 1])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (1, 1, []),
        (1, 8, [LEAF_1, LEAVES_2_3, LEAVES_4_7]),
        (6, 8, [LEAVES_4_5, LEAVES_6_7, ROOTS[3]]),
        (2, 5, [LEAVES_2_3, LEAF_4]),
    ],
)
def test_the_known_trees_are_proven_to_begin_with_each_other(old: int, new: int, expected: list[str]) -> None:
    proof = consistency_proof(old, new, of_eight)
    assert [step.hex() for step in proof] == expected
    assert is_consistent(old, bytes.fromhex(ROOTS[old - 1]), new, bytes.fromhex(ROOTS[new - 1]), proof)


def test_the_root_of_no_leaf_is_the_hash_of_nothing() -> None:
    assert root(0, subtree) == EMPTY_ROOT == by_definition(0, 0)


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
