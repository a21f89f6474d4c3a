"""
Tiles: their paths, their arithmetic, and what changes when leaves are appended (C2SP tlog-tiles).

Nothing here reads or writes storage; readers come in as functions. A tile is named (level, n). Its
bytes only ever grow: a partial tile is a prefix of its later contents.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

from indelible.errors import MalformedProof, MissingEntry
from indelible.tlog.merkle import HASH_SIZE, MAX_SIZE, Frontier

HEIGHT = 8
WIDTH = 1 << HEIGHT
FULL_TILE = WIDTH * HASH_SIZE
MAX_LEVEL = 63
# 2^63 leaves fill eight levels of tiles; level 7 holds the last.
TOP_LEVEL = (MAX_SIZE.bit_length() - 1) // HEIGHT

# Returns all bytes the store has of tile (level, n). Raises MissingEntry when it has none.
ReadTile = Callable[[int, int], bytes]


class Tile(NamedTuple):
    """A tile's name as in a URL. `level` None means a bundle of entries; width 256 is full."""

    level: int | None
    n: int
    width: int


_PATH = re.compile(
    r"tile/(?P<level>entries|[0-9]{1,2})/(?P<n>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<w>[0-9]{1,3}))?",
    re.ASCII,
)


def encode_path(tile: Tile) -> str:
    """The path below the log's prefix: `tile/0/x001/x234/067.p/112`."""
    level = "entries" if tile.level is None else str(tile.level)
    groups = [f"{tile.n % 1000:03}"]
    rest = tile.n // 1000
    while rest:
        groups.append(f"x{rest % 1000:03}")
        rest //= 1000
    partial = "" if tile.width == WIDTH else f".p/{tile.width}"
    return f"tile/{level}/{'/'.join(reversed(groups))}{partial}"


def parse_path(path: str) -> Tile:
    """Reads a path that `encode_path` could have written. Raises MalformedProof otherwise."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise MalformedProof(f"not the path of a tile: {path!r}")
    level = None if match["level"] == "entries" else int(match["level"])
    n = int(match["n"].replace("x", "").replace("/", ""))
    width = WIDTH if match["w"] is None else int(match["w"])
    tile = Tile(level, n, width)
    if (level or 0) > MAX_LEVEL or not 1 <= width <= WIDTH or encode_path(tile) != path:
        raise MalformedProof(f"not the path of a tile: {path!r}")
    return tile


def tiles_of(size: int) -> list[Tile]:
    """Every hash tile of a tree of this size, level by level, left to right; none is empty."""
    tiles = []
    level = 0
    while size > 0:
        full, partial = divmod(size, WIDTH)
        tiles += [Tile(level, n, WIDTH) for n in range(full)]
        if partial:
            tiles.append(Tile(level, full, partial))
        size, level = full, level + 1
    return tiles


def width_at(level: int, n: int, size: int) -> int:
    """How many hashes tile (level, n) has in a tree of this size: 0 to 256."""
    return max(0, min(WIDTH, (size >> (HEIGHT * level)) - n * WIDTH))


def tile_root(hashes: bytes) -> bytes:
    """The root of a full tile: the hash that stands for it one level up."""
    if len(hashes) != FULL_TILE:
        raise ValueError(f"only a full tile has a hash above it, not {len(hashes)} bytes")
    return _collapse(hashes)


def _collapse(row: bytes) -> bytes:
    """The root over a power of two of hashes."""
    while len(row) > HASH_SIZE:
        step = 2 * HASH_SIZE
        row = b"".join(
            [sha256(b"\x01" + row[at : at + step]).digest() for at in range(0, len(row), step)]
        )
    return row


def extend_tiles(
    size: int, leaf_hashes: Sequence[bytes], read_tile: ReadTile
) -> dict[tuple[int, int], bytes]:
    """
    The new contents of every tile that changes when leaves are appended to a tree of `size`.

    Reads at most one tile per level: the partial one at the right edge. Raises MissingEntry when
    that tile is shorter than the size says; the store is then damaged and must not be extended.
    """
    changed: dict[tuple[int, int], bytes] = {}
    hashes: Sequence[bytes] = leaf_hashes
    level = 0
    while hashes:
        start = size >> (HEIGHT * level)
        n, width = divmod(start, WIDTH)
        data = _first(read_tile(level, n), width, level, n) if width else b""
        above: list[bytes] = []
        at = 0
        while at < len(hashes):
            take = min(WIDTH - width, len(hashes) - at)
            data += b"".join(hashes[at : at + take])
            changed[level, n] = data
            if width + take == WIDTH:
                above.append(tile_root(data))
            at += take
            n, width, data = n + 1, 0, b""
        hashes = above
        level += 1
    return changed


def _first(data: bytes, width: int, level: int, n: int) -> bytes:
    """The first `width` hashes of a tile; the store may already hold more of it."""
    if len(data) < width * HASH_SIZE:
        have = len(data) // HASH_SIZE
        raise MissingEntry(f"tile {level}/{n} has {have} hashes, {width} are needed")
    return data[: width * HASH_SIZE]


class TileReader:
    """
    Hashes of any complete subtree of a tree of `size`, from tiles.

    Keeps the tiles it has read for as long as it lives: make one per proof, not one per log.
    """

    def __init__(self, size: int, read_tile: ReadTile) -> None:
        self._size = size
        self._read = read_tile
        self._tiles: dict[tuple[int, int], bytes] = {}

    def subtree(self, level: int, n: int) -> bytes:
        """The hash over leaves [n * 2^level, (n + 1) * 2^level), all of which must exist."""
        if (n + 1) << level > self._size:
            raise ValueError(f"subtree ({level}, {n}) is not complete at size {self._size}")
        tile_level, inside = divmod(level, HEIGHT)
        per_tile = HEIGHT - inside
        tile_n, position = n >> per_tile, n & ((1 << per_tile) - 1)
        data = self._tile(tile_level, tile_n)
        span = HASH_SIZE << inside
        return _collapse(data[position * span : (position + 1) * span])

    def frontier(self, size: int | None = None) -> Frontier:
        """The right edge at `size`, which may be any size up to the reader's own."""
        size = self._size if size is None else size
        hashes = []
        start = 0
        for level in range(size.bit_length() - 1, -1, -1):
            if size >> level & 1:
                hashes.append(self.subtree(level, start >> level))
                start += 1 << level
        return Frontier(size, hashes)

    def _tile(self, level: int, n: int) -> bytes:
        tile = self._tiles.get((level, n))
        if tile is None:
            tile = _first(self._read(level, n), width_at(level, n, self._size), level, n)
            self._tiles[level, n] = tile
        return tile
