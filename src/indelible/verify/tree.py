"""
Compares recomputed leaf hashes with the stored tiles, and both with the signed checkpoints.

Three witnesses speak for each leaf: the hash recomputed from what is stored of the entry, the hash
in its level-0 tile, and the hash over that tile one level up (in the last tile: a checkpoint inside
it). Where two agree, the third was changed. So a changed tile is told apart from a changed entry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from indelible.tlog.merkle import HASH_SIZE, Frontier
from indelible.tlog.tile import FULL_TILE, HEIGHT, WIDTH, tile_root
from indelible.verify.report import Finding, Verdict

ReadTile = Callable[[int, int], bytes | None]


class SignedRoot(msgspec.Struct, frozen=True):
    """A size and root that a trusted signature or the guard vouches for."""

    size: int
    root: bytes
    # Who only remembers it: the guard, a pin file. Empty when a key of the log signed it: then it
    # decides.
    keeper: str = ""


class Judged(msgspec.Struct, frozen=True):
    """The outcome for one level-0 tile."""

    # How many entries were judged.
    width: int
    # Positions in the tile whose entry is not what the tree says, with the tree's leaf hash.
    altered: dict[int, bytes]
    # Below this position the tree itself settled each difference; from it on entry and tile stand
    # against each other.
    certain: int
    # For each root inside this tile: whether the tree leads to it.
    answers: list[tuple[SignedRoot, bool]]


class TreeChecker:
    """
    Takes level-0 tiles from left to right. Owned by one check.

    Keeps one right edge and at most one partial tile per level: memory grows with the logarithm of
    the size.
    """

    def __init__(self, read_tile: ReadTile, report: Callable[[Finding], None]) -> None:
        self._read = read_tile
        self._report = report
        # None once a part of the tree is lost: nothing after it can be compared.
        self._edge: Frontier | None = Frontier()
        # By level from 1: hashes of the tile being filled, and what is stored of it.
        self._filling: list[list[bytes]] = []
        self._stored: list[tuple[int, bytes | None]] = []
        self._done = 0

    @property
    def edge(self) -> Frontier | None:
        """The right edge of the tree so far; None when a part of the tree is lost."""
        return self._edge

    def tile(
        self, leaves: Sequence[bytes | None], stored: bytes | None, signed: list[SignedRoot]
    ) -> Judged:
        """
        Judges the next tile: 256 leaves, or fewer at the end. None is a leaf that is not known.

        `signed` are the trusted roots of sizes inside this tile, in order.
        """
        n = self._done
        width = len(leaves)
        known = None if None in leaves else b"".join(leaf for leaf in leaves if leaf is not None)
        if stored is not None and known == stored[: width * HASH_SIZE]:
            return self._accept(n, leaves, signed, {}, certain=width)

        in_tile = _slots(stored, width)
        parent = self._parent(n) if width == WIDTH else None
        differ = [i for i in range(width) if leaves[i] is not None and leaves[i] != in_tile[i]]
        candidates = (
            in_tile,
            leaves,
            [a if a is not None else b for a, b in zip(leaves, in_tile, strict=True)],
            [b if b is not None else a for a, b in zip(leaves, in_tile, strict=True)],
        )
        for chosen in candidates:
            if parent is not None and _root(chosen) == parent:
                return self._settle(n, leaves, in_tile, chosen, signed, width)
        trusted = [root for root in signed if not root.keeper]
        for chosen in candidates:
            # A signed root speaks for the leaves below its size, not for those after it.
            if trusted and self._roots(chosen, trusted[-1:])[0]:
                certain = trusted[-1].size - n * WIDTH
                return self._settle(n, leaves, in_tile, chosen, signed, certain)
        # Nothing outside decides: the tile is believed, and the report says that it may be wrong.
        chosen = candidates[3]
        altered = {i: hash_ for i in differ if (hash_ := in_tile[i]) is not None}
        self._report_short(n, in_tile, differ)
        return self._accept(n, chosen, signed, altered, certain=0, parent=parent)

    def finish(self, growing: bool) -> None:
        """Looks at the right end of the upper tiles; a growing log may have more by now."""
        if growing or self._edge is None:
            return
        above = zip(self._filling, self._stored, strict=True)
        for level, (hashes, (n, stored)) in enumerate(above, 1):
            if hashes and stored is not None and len(stored) > HASH_SIZE * len(hashes):
                self._tile_finding(level, n, Verdict.UNEXPECTED, "it holds more than the log has")

    def _settle(
        self,
        n: int,
        leaves: Sequence[bytes | None],
        in_tile: Sequence[bytes | None],
        chosen: Sequence[bytes | None],
        signed: list[SignedRoot],
        certain: int,
    ) -> Judged:
        """What the tree says is known: compare both sides with it."""
        altered = {}
        bad_slots = []
        for i, right in enumerate(chosen):
            if right is None:
                continue
            if leaves[i] is not None and leaves[i] != right:
                altered[i] = right
            if in_tile[i] != right:
                bad_slots.append(i)
        self._report_short(n, in_tile, bad_slots)
        return self._accept(n, chosen, signed, altered, certain=certain)

    def _report_short(self, n: int, in_tile: Sequence[bytes | None], bad_slots: list[int]) -> None:
        if all(slot is None for slot in in_tile):
            self._tile_finding(0, n, Verdict.MISSING, "it is not there or cannot be read")
        elif None in in_tile:
            self._tile_finding(0, n, Verdict.ALTERED, "it is too short")
        elif bad_slots:
            first = n * WIDTH + bad_slots[0]
            reason = f"its hash of entry {first} differs from that of the entry"
            self._tile_finding(0, n, Verdict.ALTERED, reason, first)

    def _accept(
        self,
        n: int,
        hashes: Sequence[bytes | None],
        signed: list[SignedRoot],
        altered: dict[int, bytes],
        *,
        certain: int,
        parent: bytes | None = None,
    ) -> Judged:
        """Takes these leaves into the tree, and compares it with the signed roots inside."""
        answers = list(zip(signed, self._roots(hashes, signed), strict=True))
        self._done = n + 1
        if len(hashes) == WIDTH:
            node = parent or _root(hashes) or self._parent(n)
            if node is None:
                self._edge = None
            elif self._edge is not None:
                self._push(1, n, node)
                self._edge.append_subtree(HEIGHT, node)
        elif self._edge is not None:
            self._edge = None if None in hashes else self._edge
            for leaf in hashes:
                if self._edge is not None and leaf is not None:
                    self._edge.append((leaf,))
        return Judged(len(hashes), altered, certain, answers)

    def _roots(self, hashes: Sequence[bytes | None], signed: list[SignedRoot]) -> list[bool]:
        """For each signed root: whether the tree with these leaves has it."""
        if not signed or self._edge is None:
            return [False] * len(signed)
        edge = self._edge.copy()
        start = edge.size
        answers: list[bool] = []
        for item in signed:
            for leaf in hashes[edge.size - start : item.size - start]:
                if leaf is None:
                    return answers + [False] * (len(signed) - len(answers))
                edge.append((leaf,))
            answers.append(edge.root() == item.root)
        return answers

    def _parent(self, n: int) -> bytes | None:
        """The stored hash over a full level-0 tile, one level up."""
        return self._slot(1, n)

    def _slot(self, level: int, n: int) -> bytes | None:
        while len(self._filling) < level:
            self._filling.append([])
            self._stored.append((-1, None))
        if self._stored[level - 1][0] != n // WIDTH:
            self._stored[level - 1] = (n // WIDTH, self._read(level, n // WIDTH))
        stored = self._stored[level - 1][1]
        at = n % WIDTH * HASH_SIZE
        slot = b"" if stored is None else stored[at : at + HASH_SIZE]
        return slot if len(slot) == HASH_SIZE else None

    def _push(self, level: int, n: int, node: bytes) -> None:
        """Puts a hash into the tile above, compares it with what is stored, and goes up."""
        slot = self._slot(level, n)
        above, position = divmod(n, WIDTH)
        if self._stored[level - 1][1] is None:
            if position == 0:
                self._tile_finding(level, above, Verdict.MISSING, "it is not there or not readable")
        elif slot is None:
            self._tile_finding(level, above, Verdict.ALTERED, "it is too short")
        elif slot != node:
            reason = f"its hash {position} is not that of what lies below"
            self._tile_finding(level, above, Verdict.ALTERED, reason)
        filling = self._filling[level - 1]
        filling.append(node)
        if len(filling) == WIDTH:
            whole = tile_root(b"".join(filling))
            filling.clear()
            self._push(level + 1, above, whole)

    def _tile_finding(
        self, level: int, n: int, verdict: Verdict, reason: str, index: int | None = None
    ) -> None:
        stop = None if index is None else index + 1
        text = f"tile {level}/{n} (not an entry): {reason}"
        self._report(Finding(verdict, text, index, stop, part=f"tile {level}/{n}"))


def _slots(stored: bytes | None, width: int) -> list[bytes | None]:
    """The hashes of a tile, None where it is too short."""
    data = stored or b""
    slots = [data[at : at + HASH_SIZE] for at in range(0, width * HASH_SIZE, HASH_SIZE)]
    return [slot if len(slot) == HASH_SIZE else None for slot in slots]


def _root(hashes: Sequence[bytes | None]) -> bytes | None:
    """The hash over a full tile; None when a hash of it is not known."""
    whole = b"".join(h for h in hashes if h is not None)
    return tile_root(whole) if len(whole) == FULL_TILE else None
