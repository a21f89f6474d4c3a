"""
The Merkle tree of RFC 6962 and RFC 9162, section 2.1, with SHA-256.

Hashes only; where they are stored is not known here. Every hash is 32 bytes, checked on entry of a
proof.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Iterable, Sequence
from hashlib import sha256

from indelible.errors import HashMismatch, Inconsistent, MalformedProof

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()
# Tree sizes are 64-bit on the wire, POSIX-time and SQLite integers are signed.
MAX_SIZE = (1 << 63) - 1


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00, data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01, left, right)."""
    return sha256(b"\x01" + left + right).digest()


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root of a whole tree (RFC 9162, 2.1.1), in one pass and logarithmic memory."""
    frontier = Frontier()
    frontier.append(leaf_hashes)
    return frontier.root()


class Frontier:
    """
    The right edge of a growing tree: one hash per set bit of its size, largest subtree first.

    Not safe for concurrent use; whoever appends owns it.
    """

    __slots__ = ("_hashes", "_size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if not 0 <= size <= MAX_SIZE:
            raise MalformedProof(f"a tree of size {size} cannot be")
        if len(hashes) != size.bit_count() or any(len(h) != HASH_SIZE for h in hashes):
            raise MalformedProof(f"{len(hashes)} hashes are not the right edge of size {size}")
        self._size = size
        self._hashes = list(hashes)

    @property
    def size(self) -> int:
        """Number of leaves so far."""
        return self._size

    def append(self, leaf_hashes: Iterable[bytes]) -> None:
        """Adds leaves at the right end."""
        hashes = self._hashes
        push, pop = hashes.append, hashes.pop
        size = self._size
        for leaf in leaf_hashes:
            h = leaf
            bits = size
            while bits & 1:
                h = sha256(b"\x01" + pop() + h).digest()
                bits >>= 1
            push(h)
            size += 1
        self._size = size

    def append_subtree(self, level: int, root: bytes) -> None:
        """
        Adds a complete subtree of 2^level leaves, known by its root.

        The size must be a multiple of 2^level.
        """
        if self._size & ((1 << level) - 1):
            raise ValueError(f"a subtree of level {level} does not fit at {self._size}")
        bits = self._size >> level
        while bits & 1:
            root = node_hash(self._hashes.pop(), root)
            bits >>= 1
        self._hashes.append(root)
        self._size += 1 << level

    def root(self) -> bytes:
        """The root of the tree so far; of no leaves, SHA-256 of nothing."""
        if not self._hashes:
            return EMPTY_ROOT
        h = self._hashes[-1]
        for left in reversed(self._hashes[:-1]):
            h = sha256(b"\x01" + left + h).digest()
        return h

    def copy(self) -> Frontier:
        """A frontier of its own with the same leaves."""
        return Frontier(self._size, self._hashes)

    def to_bytes(self) -> bytes:
        """u64 size, then the hashes."""
        return struct.pack(">Q", self._size) + b"".join(self._hashes)

    @classmethod
    def from_bytes(cls, data: bytes) -> Frontier:
        """Reads what `to_bytes` wrote. Raises MalformedProof for anything else."""
        if len(data) < 8 or (len(data) - 8) % HASH_SIZE:
            raise MalformedProof(f"a right edge of {len(data)} bytes cannot be")
        (size,) = struct.unpack_from(">Q", data)
        return cls(size, [data[at : at + HASH_SIZE] for at in range(8, len(data), HASH_SIZE)])


def verify_inclusion(
    leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """
    Raises unless the leaf is at `index` of the tree with this root (RFC 9162, 2.1.3.2).

    Raises:
        HashMismatch: the proof is well formed but leads to another root.
        MalformedProof: its length cannot be right for this index and size.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise MalformedProof(f"index {index} is not in a tree of size {size}")
    _check_hashes((leaf_hash, root, *proof))
    fn, sn, r = index, size - 1, leaf_hash
    for p in proof:
        if sn == 0:
            raise MalformedProof("the inclusion proof is too long")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            r = node_hash(r, p)
        fn >>= 1
        sn >>= 1
    if sn:
        raise MalformedProof("the inclusion proof is too short")
    if not hmac.compare_digest(r, root):
        raise HashMismatch(f"the inclusion proof of entry {index} leads to another root")


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """
    Raises unless the old tree is a prefix of the new one (RFC 9162, 2.1.4.2).

    Size 0 is consistent with everything, but only with the root of the empty tree and an empty
    proof; implementations differ here, this is our rule.

    Raises:
        Inconsistent: the proof is well formed but does not connect the two roots.
        MalformedProof: its length cannot be right for these sizes.
    """
    if not 0 <= old_size <= new_size <= MAX_SIZE:
        raise MalformedProof(f"no tree of size {old_size} comes before one of size {new_size}")
    _check_hashes((old_root, new_root, *proof))
    for size, root in ((old_size, old_root), (new_size, new_root)):
        if size == 0 and root != EMPTY_ROOT:
            raise Inconsistent("the tree of size 0 has the root of the empty string, not this one")
    if old_size in (0, new_size):
        if proof:
            raise MalformedProof("the consistency proof must be empty")
        if old_size == new_size and old_root != new_root:
            raise Inconsistent(f"two different roots for size {old_size}")
        return
    if not proof:
        raise MalformedProof("the consistency proof is empty")

    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            raise MalformedProof("the consistency proof is too long")
        if fn & 1 or fn == sn:
            fr = node_hash(c, fr)
            sr = node_hash(c, sr)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            sr = node_hash(sr, c)
        fn >>= 1
        sn >>= 1
    if sn:
        raise MalformedProof("the consistency proof is too short")
    if not (hmac.compare_digest(fr, old_root) and hmac.compare_digest(sr, new_root)):
        raise Inconsistent(f"the trees of size {old_size} and {new_size} are not consistent")


def _check_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(h) != HASH_SIZE for h in hashes):
        raise MalformedProof("a hash is not 32 bytes long")
