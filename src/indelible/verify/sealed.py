"""
Recomputes the leaf hashes of one run from what is stored of it.

The quick path trusts nothing but is made for runs that are whole; at the first irregularity the
run is done again by the careful path, which names entries and parts.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from hashlib import sha256

import msgspec
import zstandard

from indelible.errors import MalformedProof
from indelible.seal import (
    ALL_PARTS,
    CONTENT,
    FACT,
    MAX_RUN,
    PERSON,
    SEED_SIZE,
    EventLeaf,
    commitment,
    event_header,
    expand_salts,
    parse_leaf,
)
from indelible.verify.report import Verdict
from indelible.verify.source import PieceRow, RunRow

PART_NAMES = {FACT: "fact", PERSON: "person", CONTENT: "content"}
# 256 events of at most 256 KiB each, twice: what a damaged frame may claim at most.
_MAX_PIECE = 128 * 1024 * 1024
_MAX_DAY = 0xFFFF_FFFF
_length = struct.Struct(">I")
_unpack_length = _length.unpack_from


class _CategoryOnly(msgspec.Struct, gc=False):
    category: str


class _Identity(msgspec.Struct):
    id: str


_read_category = msgspec.json.Decoder(_CategoryOnly).decode
_read_identity = msgspec.json.Decoder(_Identity).decode


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with the event at position k of a run, known without looking at the tree."""

    k: int
    verdict: Verdict
    reason: str
    part: str | None = None

    @property
    def is_absence(self) -> bool:
        """Whether the bytes of a part are not there, which may be lawful."""
        return self.verdict is Verdict.MISSING and self.part is not None


class CheckedRun(msgspec.Struct, frozen=True):
    """Leaf hashes in order, None where one cannot be recomputed, and what is wrong."""

    first: int
    hashes: list[bytes | None]
    problems: list[Problem]
    # What concerns the run as a whole, and no entry in particular.
    remarks: list[tuple[Verdict, str]]

    @property
    def stop(self) -> int:
        """The index after the run."""
        return self.first + len(self.hashes)


class Opened(msgspec.Struct, frozen=True):
    """A run's stored bytes, decoded as far as they can be."""

    run: RunRow
    layout: list[tuple[int, int]]
    # By (category, part): salts by position, and the items by position.
    salts: dict[tuple[int, int], bytes]
    items: dict[tuple[int, int], dict[int, bytes]]
    # By (category, part): why a piece cannot be used.
    broken: dict[tuple[int, int], str]
    remarks: list[tuple[Verdict, str]]

    def part(self, k: int, part: int) -> bytes | None:
        """The bytes of one part of the event at position k, if they are there and readable."""
        return self.items.get((self.layout[k][1], part), {}).get(k) or None


class Damaged(Exception):
    """Stored bytes that do not decode. Never leaves this package."""


class RunChecker:
    """Owns a decompressor; not safe for concurrent use."""

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdDecompressor()

    def check(
        self,
        run: RunRow,
        pieces: list[PieceRow],
        leaves: Mapping[int, bytes],
        names: Mapping[int, str],
    ) -> CheckedRun:
        """
        Recomputes a run. `leaves` are stored leaves by index, `names` the categories in force.

        Raises Damaged when not even the number of its events can be known.
        """
        if not 0 <= run.day <= _MAX_DAY:
            raise Damaged(f"the run at {run.first} has the impossible day {run.day}")
        if not leaves or leaves.keys().isdisjoint(range(run.first, run.first + run.count)):
            hashes = self._quick(run, pieces, names)
            if hashes is not None:
                return CheckedRun(run.first, hashes, [], [])
        return self._careful(run, pieces, leaves, names)

    def open(self, run: RunRow, pieces: list[PieceRow]) -> Opened:
        """Decodes a run for a closer look. Raises Damaged as `check` does."""
        remarks: list[tuple[Verdict, str]] = []
        raw = self._inflate(run.layout)
        layout = list(struct.iter_unpack(">BH", raw)) if len(raw) % 3 == 0 else []
        if not 1 <= len(layout) <= MAX_RUN:
            raise Damaged(f"the layout of the run at {run.first} is not one")
        if len(layout) != run.count:
            text = f"the run at {run.first} says {run.count} events, has {len(layout)}"
            remarks.append((Verdict.ALTERED, text))
        members: dict[tuple[int, int], list[int]] = {}
        for k, (parts, category) in enumerate(layout):
            for part in (FACT, PERSON, CONTENT):
                if parts & part:
                    members.setdefault((category, part), []).append(k)
        salts: dict[tuple[int, int], bytes] = {}
        items: dict[tuple[int, int], dict[int, bytes]] = {}
        broken: dict[tuple[int, int], str] = {}
        for piece in pieces:
            key = (piece.category, piece.part)
            if key not in members:
                text = f"the run at {run.first} has a piece {key} that nothing calls for"
                remarks.append((Verdict.UNEXPECTED, text))
                continue
            try:
                salts[key], items[key] = self._open_piece(piece, members[key])
            except Damaged as error:
                broken[key] = str(error)
        return Opened(run, layout, salts, items, broken, remarks)

    def _quick(
        self, run: RunRow, pieces: list[PieceRow], names: Mapping[int, str]
    ) -> list[bytes | None] | None:
        """The hashes of a run that is whole and keeps the rules, else None."""
        count = run.count
        try:
            layout = self._inflate(run.layout)
            if not 1 <= count <= MAX_RUN or len(layout) != 3 * count:
                return None
            sources: dict[int, tuple[bytes, list[bytes]]] = {}
            salts_size = 32 * count
            for piece in pieces:
                if piece.seed is None or piece.salts is not None or len(piece.seed) != SEED_SIZE:
                    return None
                items = _split_items(self._inflate(piece.data))
                salts = expand_salts(piece.seed, count)
                if len(salts) != salts_size:
                    return None
                items.reverse()
                if piece.part not in PART_NAMES:
                    return None
                sources[piece.category * 8 + piece.part] = (salts, items)
            hashes: list[bytes | None] = []
            add = hashes.append
            plans: dict[bytes, tuple[bytes, str, list[tuple[bytes, bytes, list[bytes]]]]] = {}
            read_category = _read_category
            at = 0
            for k in range(0, 3 * count, 3):
                plan = plans.get(layout[k : k + 3])
                if plan is None:
                    plan = plans[layout[k : k + 3]] = _plan(
                        layout[k], layout[k + 1] << 8 | layout[k + 2], run.day, names, sources
                    )
                leaf, name, parts = plan
                end = at + 32
                fact = parts[0][2][-1]
                for salts, tag, items in parts:
                    leaf += sha256(salts[at:end] + tag + items.pop()).digest()
                if read_category(fact).category != name:
                    return None
                add(sha256(leaf).digest())
                at = end
        except (Damaged, LookupError, msgspec.MsgspecError, UnicodeDecodeError):
            return None
        used = {id(items) for _, _, parts in plans.values() for _, _, items in parts}
        if len(used) != len(sources) or any(items for _, items in sources.values()):
            return None
        return hashes

    def _careful(
        self,
        run: RunRow,
        pieces: list[PieceRow],
        leaves: Mapping[int, bytes],
        names: Mapping[int, str],
    ) -> CheckedRun:
        opened = self.open(run, pieces)
        hashes: list[bytes | None] = []
        problems: list[Problem] = []
        for k, (parts, category) in enumerate(opened.layout):
            stored = leaves.get(run.first + k)
            commitments, wrong = _part_commitments(opened, k)
            problems += wrong
            if stored is not None:
                problems += _compare_stored(run, k, opened, stored, commitments)
                hashes.append(sha256(b"\x00" + stored).digest())
            elif None in commitments or not parts & FACT or parts & ~ALL_PARTS:
                if not wrong:
                    problems.append(
                        Problem(k, Verdict.ALTERED, f"an event cannot have parts {parts}", "layout")
                    )
                hashes.append(None)
            else:
                leaf = event_header(parts, category, run.day) + b"".join(
                    c for c in commitments if c is not None
                )
                hashes.append(sha256(b"\x00" + leaf).digest())
            fact = opened.part(k, FACT)
            if fact is not None:
                problems += _category_problem(k, fact, category, names)
        return CheckedRun(run.first, hashes, problems, opened.remarks)

    def _open_piece(self, piece: PieceRow, members: list[int]) -> tuple[bytes, dict[int, bytes]]:
        values = _split_items(self._inflate(piece.data))
        if len(values) != len(members):
            raise Damaged(f"it holds {len(values)} items for {len(members)} events")
        if piece.seed is not None and len(piece.seed) == SEED_SIZE:
            salts = expand_salts(piece.seed, members[-1] + 1)
        elif piece.salts is not None and len(piece.salts) == 32 * len(members):
            # Written out one per item; here they are wanted by position.
            spread = bytearray(32 * (members[-1] + 1))
            for position, k in enumerate(members):
                spread[32 * k : 32 * k + 32] = piece.salts[32 * position : 32 * position + 32]
            salts = bytes(spread)
        else:
            raise Damaged("its salts are missing")
        return salts, dict(zip(members, values, strict=True))

    def _inflate(self, data: bytes) -> bytes:
        """The content of one zstd frame of known size. Raises Damaged."""
        try:
            # Looked at first: a damaged frame may claim any size, and memory is taken for it.
            if not 0 <= zstandard.frame_content_size(data) <= _MAX_PIECE:
                raise Damaged("its compressed frame claims an impossible size")
            return self._zstd.decompress(data, allow_extra_data=False)
        except (zstandard.ZstdError, ValueError, MemoryError) as error:
            raise Damaged(f"it cannot be decompressed: {error}") from error


def read_event_id(fact: bytes | None) -> str | None:
    """The event's id, when the fact can be read."""
    if fact is None:
        return None
    try:
        return _read_identity(fact).id
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def is_json(data: bytes) -> bool:
    """Whether a part still is the JSON object that it was."""
    try:
        return isinstance(msgspec.json.decode(data), dict)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def read_category(fact: bytes) -> str | None:
    """The category a fact names, when it can be read."""
    try:
        return _read_category(fact).category
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _split_items(raw: bytes) -> list[bytes]:
    items: list[bytes] = []
    add = items.append
    at, end = 0, len(raw)
    try:
        while at < end:
            start = at + 4
            at = start + _unpack_length(raw, at)[0]
            add(raw[start:at])
    except struct.error as error:
        raise Damaged("it ends inside a length") from error
    if at != end:
        raise Damaged("it ends inside an item")
    return items


def _plan(
    parts: int,
    category: int,
    day: int,
    names: Mapping[int, str],
    sources: dict[int, tuple[bytes, list[bytes]]],
) -> tuple[bytes, str, list[tuple[bytes, bytes, list[bytes]]]]:
    """What to do for events with these parts and this category. LookupError when not whole."""
    if not parts & FACT or parts & ~ALL_PARTS:
        raise LookupError(parts)
    wanted = []
    for part in (FACT, PERSON, CONTENT):
        if parts & part:
            salts, items = sources[category * 8 + part]
            wanted.append((salts, bytes([part]), items))
    return b"\x00" + event_header(parts, category, day), names[category], wanted


def _part_commitments(opened: Opened, k: int) -> tuple[list[bytes | None], list[Problem]]:
    """The commitment of each part the layout asks for, None where it cannot be computed."""
    parts, category = opened.layout[k]
    commitments: list[bytes | None] = []
    problems = []
    for part in (FACT, PERSON, CONTENT):
        if not parts & part:
            continue
        data = opened.part(k, part)
        if data is not None:
            salt = opened.salts[category, part][32 * k : 32 * k + 32]
            commitments.append(commitment(part, salt, data))
            continue
        commitments.append(None)
        broken = opened.broken.get((category, part))
        if broken is None:
            verdict, reason = Verdict.MISSING, f"its {PART_NAMES[part]} is not there"
        else:
            verdict = Verdict.ALTERED
            reason = f"its {PART_NAMES[part]} cannot be read: {broken}"
        problems.append(Problem(k, verdict, reason, PART_NAMES[part]))
    return commitments, problems


def _compare_stored(
    run: RunRow, k: int, opened: Opened, stored: bytes, commitments: list[bytes | None]
) -> list[Problem]:
    """Compares the parts that are there with the commitments written out in a stored leaf."""
    parts, category = opened.layout[k]
    try:
        leaf = parse_leaf(stored)
    except MalformedProof as error:
        return [Problem(k, Verdict.ALTERED, str(error), "leaf")]
    if not isinstance(leaf, EventLeaf) or leaf.header[1:] != (parts, category, run.day):
        return [Problem(k, Verdict.ALTERED, "its stored leaf is that of another event", "leaf")]
    present = [part for part in (FACT, PERSON, CONTENT) if parts & part]
    return [
        Problem(k, Verdict.ALTERED, f"its {PART_NAMES[part]} was changed", PART_NAMES[part])
        for part, want, have in zip(present, leaf.commitments, commitments, strict=True)
        if have is not None and have != want
    ]


def _category_problem(
    k: int, fact: bytes, category: int, names: Mapping[int, str]
) -> list[Problem]:
    named = read_category(fact)
    if named is None:
        return [Problem(k, Verdict.ALTERED, "its fact is not readable as one", "fact")]
    if category not in names:
        reason = f"category id {category} is not in the policy in force"
    elif names[category] != named:
        reason = f"its fact says category {named!r}, its leaf says {names[category]!r}"
    else:
        return []
    return [Problem(k, Verdict.INVALID, reason, "fact")]
