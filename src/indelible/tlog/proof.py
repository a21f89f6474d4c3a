"""
Inclusion and consistency proofs out of tiles, and the `.tlog-proof` file (C2SP tlog-proof).

Checking proofs is in `merkle`; this module makes them and reads and writes the file.
"""

from __future__ import annotations

import msgspec

from indelible.errors import MalformedProof
from indelible.tlog.merkle import HASH_SIZE, MAX_SIZE, node_hash
from indelible.tlog.note import encode_base64, parse_base64, parse_decimal
from indelible.tlog.tile import ReadTile, TileReader

_HEADER = "c2sp.org/tlog-proof@v1"
# A tree of 2^63 leaves has proofs of 63 hashes.
_MAX_HASHES = 63


def prove_inclusion(index: int, size: int, read_tile: ReadTile) -> tuple[bytes, ...]:
    """The path of a leaf to the root of the tree of `size`, leaf's sibling first (RFC 9162)."""
    if not 0 <= index < size:
        raise MalformedProof(f"index {index} is not in a tree of size {size}")
    tiles = TileReader(size, read_tile)
    path: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(_range_hash(tiles, middle, stop))
            stop = middle
        else:
            path.append(_range_hash(tiles, start, middle))
            start = middle
    return tuple(reversed(path))


def prove_consistency(old_size: int, new_size: int, read_tile: ReadTile) -> tuple[bytes, ...]:
    """The proof that the tree of `old_size` is a prefix of that of `new_size` (RFC 9162)."""
    if not 0 <= old_size <= new_size:
        raise MalformedProof(f"no tree of size {old_size} comes before one of size {new_size}")
    if old_size in (0, new_size):
        return ()
    tiles = TileReader(new_size, read_tile)
    path: list[bytes] = []
    start, stop = 0, new_size
    while old_size < stop:
        middle = start + _split(stop - start)
        if old_size <= middle:
            path.append(_range_hash(tiles, middle, stop))
            stop = middle
        else:
            path.append(_range_hash(tiles, start, middle))
            start = middle
    # The old tree itself is known to the verifier and left out when it is a complete subtree.
    if start:
        path.append(_range_hash(tiles, start, stop))
    return tuple(reversed(path))


def _split(width: int) -> int:
    """The largest power of two below `width` (RFC 9162, 2.1.1)."""
    return 1 << ((width - 1).bit_length() - 1)


def _range_hash(tiles: TileReader, start: int, stop: int) -> bytes:
    """The root over [start, stop), a subtree that appears in the tree."""
    width = stop - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return tiles.subtree(level, start >> level)
    middle = start + _split(width)
    return node_hash(_range_hash(tiles, start, middle), _range_hash(tiles, middle, stop))


class ProofFile(msgspec.Struct, frozen=True):
    """
    An offline proof of one entry.

    `extra` is not covered by any signature: it holds what is needed to rebuild the leaf hash, ours
    is in spec/receipt.md. `checkpoint` is the signed note, verbatim, to be checked by the reader.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def encode_proof(proof: ProofFile) -> bytes:
    """The bytes of a `.tlog-proof` file."""
    if proof.extra == b"":
        raise MalformedProof("an empty extra has no line of its own: leave it out")
    lines = [_HEADER]
    if proof.extra is not None:
        lines.append(f"extra {encode_base64(proof.extra)}")
    lines.append(f"index {proof.index}")
    lines += [encode_base64(h) for h in proof.hashes]
    data = "".join(f"{line}\n" for line in (*lines, "")).encode() + proof.checkpoint
    if parse_proof(data) != proof:
        raise MalformedProof("not a proof that can be read back")
    return data


def parse_proof(data: bytes) -> ProofFile:
    """Reads a whole `.tlog-proof` file; the checkpoint in it is not looked at. MalformedProof."""
    head, blank, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise MalformedProof("a tlog-proof is ASCII up to its checkpoint") from error
    if not blank or not checkpoint or lines.pop(0) != _HEADER:
        raise MalformedProof(f"not a {_HEADER} file")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = parse_base64(lines.pop(0).removeprefix("extra "))
        if not extra:
            raise MalformedProof("the proof has an empty extra line")
    if not lines or not lines[0].startswith("index "):
        raise MalformedProof("the proof has no index line")
    index = parse_decimal(lines.pop(0).removeprefix("index "), MAX_SIZE)
    hashes = tuple(parse_base64(line) for line in lines)
    if len(hashes) > _MAX_HASHES or any(len(h) != HASH_SIZE for h in hashes):
        raise MalformedProof("the proof has too many hashes, or one that is not 32 bytes long")
    return ProofFile(index, hashes, checkpoint, extra)
