"""Tiles: paths that are refused, and stores that are damaged."""

from __future__ import annotations

from hashlib import sha256

import pytest

from indelible.errors import MalformedProof, MissingEntry
from indelible.tlog.merkle import Frontier
from indelible.tlog.proof import prove_consistency, prove_inclusion
from indelible.tlog.tile import TileReader, extend_tiles, parse_path, width_at

LEAVES = [sha256(b"%d" % n).digest() for n in range(600)]


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/1",
        "tile/0/0001",
        "tile/0/x000/001",
        "tile/00/001",
        "tile/64/001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/01",
        "tile/0/x01/002",
        "tile/0/001/002",
        "tile/-1/001",
        "tile/0/001\n",
        "/tile/0/001",
        "tile/0/００１",
    ],
)
def test_bad_paths(path: str) -> None:
    with pytest.raises(MalformedProof):
        parse_path(path)


def test_a_store_that_is_shorter_than_its_size_is_not_extended() -> None:
    tiles = extend_tiles(0, LEAVES[:300], lambda *_: b"")
    with pytest.raises(MissingEntry, match="tile 0/1 has 40 hashes, 44 are needed"):
        extend_tiles(300, LEAVES[300:], lambda level, n: tiles[level, n][: 40 * 32])


def test_a_store_that_is_ahead_gives_the_same_tiles() -> None:
    """After a crash the tiles may hold more than the head says: the rest is written again."""
    whole = extend_tiles(0, LEAVES, lambda *_: b"")
    again = extend_tiles(300, LEAVES[300:], lambda level, n: whole[level, n])
    assert again == {key: data for key, data in whole.items() if key != (0, 0)}


def test_appending_nothing_changes_nothing() -> None:
    assert extend_tiles(300, [], lambda *_: b"") == {}


def test_proofs_only_of_what_is_there() -> None:
    tiles = extend_tiles(0, LEAVES, lambda *_: b"")
    read = lambda level, n: tiles[level, n]  # noqa: E731 - a dictionary as a store
    for index, size in ((-1, 5), (5, 5), (0, 0)):
        with pytest.raises(MalformedProof):
            prove_inclusion(index, size, read)
    with pytest.raises(MalformedProof):
        prove_consistency(6, 5, read)
    assert prove_consistency(0, 5, read) == prove_consistency(5, 5, read) == ()
    with pytest.raises(ValueError, match="not complete"):
        TileReader(5, read).subtree(3, 0)
    assert width_at(1, 0, 600) == 2
    assert width_at(2, 0, 600) == 0


@pytest.mark.parametrize("data", [b"", bytes(7), bytes(9), bytes(8) + bytes(32), b"\xff" * 8])
def test_bad_right_edges(data: bytes) -> None:
    with pytest.raises(MalformedProof):
        Frontier.from_bytes(data)
