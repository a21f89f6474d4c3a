"""Our tree, tiles and proofs against the definitions of RFC 9162."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reference_merkle import mth, path, proof

from indelible.errors import VerificationError
from indelible.tlog.merkle import (
    EMPTY_ROOT,
    Frontier,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from indelible.tlog.proof import prove_consistency, prove_inclusion
from indelible.tlog.tile import ReadTile, TileReader, extend_tiles, tile_root, tiles_of, width_at

LEAVES = [sha256(b"leaf %d" % n).digest() for n in range(70_000)]
SMALL = 66

Tiles = dict[tuple[int, int], bytes]


def grow(sizes: list[int]) -> Tiles:
    """Tiles of a tree grown to each of these sizes in turn."""
    tiles: Tiles = {}
    size = 0
    for to in sizes:
        tiles.update(extend_tiles(size, LEAVES[size:to], lambda level, n: tiles[level, n]))
        size = to
    return tiles


def reader_of(tiles: Tiles) -> ReadTile:
    return lambda level, n: tiles[level, n]


def test_roots_of_all_small_sizes() -> None:
    frontier = Frontier()
    for size in range(300):
        assert frontier.root() == mth(LEAVES[:size]) == root_of(LEAVES[:size])
        assert frontier.size == size
        frontier.append(LEAVES[size : size + 1])


def test_all_inclusion_proofs_of_small_trees() -> None:
    for size in range(1, SMALL):
        tiles = grow([size])
        root = mth(LEAVES[:size])
        for index in range(size):
            found = prove_inclusion(index, size, reader_of(tiles))
            assert list(found) == path(index, LEAVES[:size])
            verify_inclusion(LEAVES[index], index, size, found, root)
            for other in (index - 1, index + 1, size):
                with pytest.raises(VerificationError):
                    verify_inclusion(LEAVES[index], other, size, found, root)


def test_all_consistency_proofs_of_small_trees() -> None:
    tiles = grow([SMALL])
    roots = [mth(LEAVES[:size]) for size in range(SMALL + 1)]
    for new in range(SMALL + 1):
        for old in range(1, new + 1):
            found = prove_consistency(old, new, lambda level, n: tiles[level, n])
            assert list(found) == proof(old, LEAVES[:new])
            verify_consistency(old, roots[old], new, roots[new], found)
            if old != new:
                with pytest.raises(VerificationError):
                    verify_consistency(old, roots[new], new, roots[old], found)
                with pytest.raises(VerificationError):
                    verify_consistency(old - 1, roots[old], new, roots[new], found)


def test_the_empty_tree_is_consistent_with_all_but_only_with_its_own_root() -> None:
    root = mth(LEAVES[:5])
    verify_consistency(0, EMPTY_ROOT, 5, root, ())
    verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, ())
    for case in (
        (0, root, 5, root, ()),
        (0, EMPTY_ROOT, 5, root, (root,)),
        (0, EMPTY_ROOT, 0, root, ()),
        (5, root, 5, EMPTY_ROOT, ()),
        (5, root, 5, root, (root,)),
    ):
        with pytest.raises(VerificationError):
            verify_consistency(*case)


@pytest.mark.parametrize(
    "size", [1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 66_000, 70_000]
)
def test_tiles_hold_what_the_definition_says(size: int) -> None:
    """Hash i of tile n at level l is the root over 256^l leaves (tlog-tiles, Merkle Tree)."""
    tiles = grow([size])
    assert {(t.level, t.n): t.width * 32 for t in tiles_of(size)} == {
        key: len(data) for key, data in tiles.items()
    }
    for (level, n), data in tiles.items():
        span = 256**level
        for i in {0, len(data) // 64, len(data) // 32 - 1}:
            start = (256 * n + i) * span
            assert data[32 * i : 32 * i + 32] == root_of(LEAVES[start : start + span])
        assert len(data) == 32 * width_at(level, n, size)
    assert TileReader(size, lambda level, n: tiles[level, n]).frontier().root() == root_of(
        LEAVES[:size]
    )


@settings(max_examples=30)
@given(st.lists(st.integers(1, 900), min_size=1, max_size=12))
def test_tiles_do_not_depend_on_how_leaves_arrive(steps: list[int]) -> None:
    """A partial tile is a prefix of its later contents, whatever the batches were."""
    sizes = [sum(steps[: k + 1]) for k in range(len(steps))]
    grown = grow(sizes)
    assert grown == grow(sizes[-1:])
    frontier = Frontier()
    before: Tiles = {}
    for size in sizes:
        frontier.append(LEAVES[frontier.size : size])
        now = grow([size])
        assert all(now[key].startswith(data) for key, data in before.items())
        before = now
        assert Frontier.from_bytes(frontier.to_bytes()).root() == frontier.root()


@settings(max_examples=40)
@given(st.data())
def test_proofs_out_of_tiles_of_large_trees(data: st.DataObject) -> None:
    tiles = grow([70_000])
    read = reader_of(tiles)
    new = data.draw(st.integers(1, 70_000))
    old = data.draw(st.integers(1, new))
    index = data.draw(st.integers(0, new - 1))
    reader = TileReader(new, read)
    new_root, old_root = reader.frontier().root(), reader.frontier(old).root()
    inclusion = prove_inclusion(index, new, read)
    verify_inclusion(LEAVES[index], index, new, inclusion, new_root)
    consistency = prove_consistency(old, new, read)
    verify_consistency(old, old_root, new, new_root, consistency)
    if inclusion:
        at = data.draw(st.integers(0, len(inclusion) - 1))
        bit = data.draw(st.integers(0, 255))
        changed = list(inclusion)
        changed[at] = flip(inclusion[at], bit)
        with pytest.raises(VerificationError):
            verify_inclusion(LEAVES[index], index, new, changed, new_root)
        with pytest.raises(VerificationError):
            verify_inclusion(LEAVES[index], index, new, inclusion[:-1], new_root)
        with pytest.raises(VerificationError):
            verify_inclusion(LEAVES[index], index, new, (*inclusion, LEAVES[0]), new_root)
    if consistency:
        at = data.draw(st.integers(0, len(consistency) - 1))
        changed = list(consistency)
        changed[at] = flip(consistency[at], data.draw(st.integers(0, 255)))
        with pytest.raises(VerificationError):
            verify_consistency(old, old_root, new, new_root, changed)


@given(st.integers(0, 64), st.integers(0, 7))
def test_whole_subtrees_may_be_added_at_once(count: int, level: int) -> None:
    width = 1 << level
    one_by_one, at_once = Frontier(), Frontier()
    for n in range(count):
        block = LEAVES[n * width : (n + 1) * width]
        one_by_one.append(block)
        at_once.append_subtree(level, root_of(block))
    assert one_by_one.to_bytes() == at_once.to_bytes()


def test_the_root_of_a_full_tile_is_the_hash_above_it() -> None:
    assert tile_root(b"".join(LEAVES[:256])) == mth(LEAVES[:256])
    with pytest.raises(ValueError, match="full"):
        tile_root(b"".join(LEAVES[:255]))


def flip(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
